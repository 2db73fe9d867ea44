"""Where a request came from and where it may go on to: own addresses only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from fastapi import Request

HOME = "/week"
SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
HELP = "/help"
SCREEN_PAGE = "/screen"
SHIFT_PAGE = "/shift"
ACCESSIBILITY = "/accessibility"
BOARDS = "/views"
BRIEF, BRIEF_PDF = "/brief", "/brief.pdf"
STATE = ("week", "area", "call_type", "grade")  # parameters that views share
_MOST_LETTERS = 2000
# No backslash, which browsers take for a slash, and nothing that they leave out, such as a tab.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", re.ASCII)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def own_path(text: str) -> str:
    """Return a path of ours, with its query, as it was given; `HOME` for anything else.

    >>> [own_path(text) for text in ("/week?area=a", "//evil.example", "https://evil.example")]
    ['/week?area=a', '/week', '/week']
    """
    if len(text) > _MOST_LETTERS or not _PATH.fullmatch(text):
        return HOME
    first = urlsplit(text).path.split("/")[1]
    return HOME if f"/{first}" in (SIGN_IN, SIGN_OUT) else text


def page_address(path: str, state: Mapping[str, str], **changes: str | None) -> str:
    """Return the address of a view: all of a page's state, with some of it changed.

    Args:
        path: of the view.
        state: parameters by name, in the order in which they are written.
        changes: what is another; None or "" takes a parameter away.

    >>> page_address("/week", {"week": "2026-W49", "area": "bath"}, area="a b", grade=None)
    '/week?week=2026-W49&area=a+b'
    """
    pairs = {name: value for name, value in ({**state, **changes}).items() if value}
    return f"{path}?{urlencode(pairs)}" if pairs else path


def address_to_sign_in(request: Request) -> str:
    """Return the address to sign in at, from which one comes back to what was asked."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wanted = own_path(asked) if request.method == "GET" else HOME
    return SIGN_IN if wanted == HOME else f"{SIGN_IN}?{urlencode({'next': wanted})}"


def is_loopback(request: Request) -> bool:
    """Return whether a browser on this machine asks, over plain HTTP, which it trusts then."""
    name = re.sub(r":\d+$", "", request.headers.get("host", "").lower())
    return request.url.scheme == "http" and name in _LOOPBACK


def is_secure(request: Request) -> bool:
    """Return whether nobody on the way can read or change what is sent."""
    return request.url.scheme == "https" or is_loopback(request)


def is_from_own_page(request: Request) -> bool:
    """Return whether a page of ours sent a request, by what the browser says of it.

    Browsers before 2023 don't send Sec-Fetch-Site; of these the Origin has to be ours. One that
    says neither is no browser, and has no form of ours to send.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    own = f"{request.url.scheme}://{request.headers.get('host', '')}".lower()
    return request.headers.get("origin", "").lower() == own


def is_looking_ahead(request: Request) -> bool:
    """Return whether nobody opened the address yet: a browser fetches it in case, or asks HEAD."""
    purpose = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return "prefetch" in purpose.lower() or request.scope["state"].get("is_head", False)
