"""The page's door: who looks, by session or key, and what forms of theirs are believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, cast
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import HTTPException

from forewatch.errors import ForeignForm
from serving.accounts.account import Account
from serving.accounts.accounts import Accounts
from serving.accounts.sessions import Browser, Session, Sessions
from serving.accounts.viewers import Viewer
from serving.api.refusals import Refusals
from serving.api.service import (
    NEEDS,
    Need,
    Service,
    admitted,
    service,
    token_of,
    viewer_by_key,
)
from serving.keys import SCREEN
from serving.page.addresses import is_from_own_page, is_loopback
from serving.page.password_line import PasswordLine

FORM_TOKEN = "form_token"  # noqa: S105 - the name of the field
_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 16_384  # of a form
_MOST_FIELDS = 100
_SESSION, _BROWSER = "forewatch_session", "forewatch_browser"
_BROWSER_LIFE = timedelta(days=400)  # no browser keeps a cookie longer
_TRIES_AT_ONCE = 5  # wrong passwords of one account from one address
_TRY_SECONDS = 30.0  # until the next, once these are used up


@dataclass(frozen=True)
class Door:
    """What signing in needs.

    Args:
        accounts: who may sign in.
        sessions: their cookies.
        line: in which passwords wait to be looked at.
        tries: how often passwords were wrong, by address and account.
        lines: of the audit file, about wrong passwords, by address.
    """

    accounts: Accounts
    sessions: Sessions
    line: PasswordLine
    tries: Refusals
    lines: Refusals

    @classmethod
    def of(cls, accounts: Accounts, sessions: Sessions) -> Door:
        """Return a door at which nobody has tried anything."""
        tries = Refusals(at_once=_TRIES_AT_ONCE, seconds_each=_TRY_SECONDS)
        return cls(accounts, sessions, PasswordLine(), tries, Refusals())

    def session(self, request: Request) -> Session | None:
        """Return the session that a request's cookie tells of; whether it is on, accounts know."""
        return self.sessions.session(request.cookies.get(_name(request, _SESSION), ""))

    def browser(self, request: Request) -> Browser:
        """Return the browser that asks; a new one stays with the request, to be told its cookie."""
        known = self.sessions.browser(request.cookies.get(_name(request, _BROWSER), ""))
        if known is None:
            known = getattr(request.state, "browser", None) or self.sessions.new_browser()
            request.state.browser = known
        return known

    def form_token(self, request: Request) -> str:
        """Return the token for forms of the page that answers a request."""
        return self.sessions.form_token(self._nonce(request))

    def refuse_foreign(self, request: Request, token: str) -> None:
        """Raise ForeignForm unless a page of ours sent what was sent, in the same browser."""
        if not is_from_own_page(request):
            raise ForeignForm(
                "the form was sent by another site; open the page itself, and send it there"
            )
        if not self.sessions.is_form_token(token, self._nonce(request)):
            raise ForeignForm(
                "the form is out of date, or the browser keeps no cookies; load the page again, "
                "and send it then"
            )

    def begin_session(self, request: Request, response: Response, account: Account) -> None:
        """Give the browser the cookie of a new session, and note that the account is at home."""
        self._set(request, response, _SESSION, self.sessions.cookie(account), self.sessions.life)
        browser = self.sessions.with_sign_in(self.browser(request), account.name)
        cookie = self.sessions.browser_cookie(browser)
        self._set(request, response, _BROWSER, cookie, _BROWSER_LIFE)

    def end_session(self, request: Request, response: Response) -> None:
        """Take the cookie of a session away."""
        self._set(request, response, _SESSION, "", timedelta())

    def tell_browser(self, request: Request, response: Response) -> None:
        """Give a browser that a form was made for its cookie, where it is new."""
        if (browser := getattr(request.state, "browser", None)) is not None:
            cookie = self.sessions.browser_cookie(browser)
            self._set(request, response, _BROWSER, cookie, _BROWSER_LIFE)

    def _nonce(self, request: Request) -> str:
        session = self.session(request)
        return self.browser(request).nonce if session is None else session.nonce

    def _set(
        self, request: Request, response: Response, name: str, value: str, life: timedelta
    ) -> None:
        response.set_cookie(
            _name(request, name),
            value,
            max_age=int(life.total_seconds()),
            path="/",
            secure=not is_loopback(request),
            httponly=True,
            samesite="lax",
        )


class SignInNeeded(Exception):
    """Nobody is signed in: the browser is sent to where one signs in."""


def door(request: Request) -> Door:
    """Return the door of the app that a request came to."""
    return cast("Door", request.app.state.door)


async def page_viewer(
    request: Request,
    serving: Annotated[Service, Depends(service)],
    token: Annotated[str | None, Depends(token_of)],
) -> Viewer:
    """Return who looks at the page, by a session or by a key.

    Raises:
        SignInNeeded: if nobody is signed in.
        AccessError: if the key isn't good for forecasts.
        LimitReached: if they ask more than one may.
    """
    if token:
        return await viewer_by_key(serving, request, token, NEEDS[page_viewer])
    viewer = await session_viewer(request)
    if viewer is None:
        raise SignInNeeded
    serving.limits.charge(viewer.id, 1)
    return admitted(request, viewer)


NEEDS[page_viewer] = Need("forecasts:read", "within")


async def screen_viewer(
    request: Request, token: str, serving: Annotated[Service, Depends(service)]
) -> Viewer:
    """Return who looks at a screen whose address has the key (`{token}`) in it.

    Raises:
        AccessError: if the key isn't good, or is no screen's.
    """
    return await viewer_by_key(serving, request, token, Need(SCREEN, "within"))


async def session_viewer(request: Request) -> Viewer | None:
    """Return who is signed in; None for nobody."""
    here = door(request)
    session = here.session(request)
    if session is None:
        return None
    account = await run_in_threadpool(here.accounts.in_session, session)
    return None if account is None else account.viewer


async def sent_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form that a page of ours sent, by their names; of several the last.

    Raises:
        ForeignForm: if it came from elsewhere, or without its token.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"a form comes as {_FORM}")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _MOST_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form is too long")
    try:
        pairs = parse_qsl(
            content.decode(),
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the form can't be read") from error
    fields = dict(pairs)
    door(request).refuse_foreign(request, fields.get(FORM_TOKEN, ""))
    return fields


def _name(request: Request, name: str) -> str:
    """Return the name of a cookie, which no other host of the domain can set where it is secure.

    Source: RFC 6265bis, section 4.1.3.2.
    """
    return name if is_loopback(request) else f"__Host-{name}"
