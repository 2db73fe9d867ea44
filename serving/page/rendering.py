"""Pages from templates: escaped, under one policy, kept by nobody."""

from __future__ import annotations

import re
from functools import partial
from hashlib import sha256
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from serving.page.door import FORM_TOKEN, door
from serving.page.static_files import NAMES, static_address

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# "no-referrer" would make browsers that don't send Sec-Fetch-Site send forms without an Origin.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Vary": "Cookie",
}
# Of a page whose address holds a secret.
SECRET_ADDRESS = {"Referrer-Policy": "no-referrer"}
# Of the big screen, which asks for itself again: nothing of it stays on the screen's disk.
SCREEN_HEADERS = SECRET_ADDRESS | {
    "Content-Security-Policy": f"{POLICY}; connect-src 'self'",
    "Cache-Control": "private, no-store",
}

_TEMPLATES = Environment(
    loader=PackageLoader("serving.page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals["form_token_name"] = FORM_TOKEN
_TEMPLATES.globals["static"] = static_address
# What turns the text after it round, numbers as well: a name may hold one, and is never its end.
# Marks (U+200E, U+200F), which say how one letter runs, stay. Source: UAX 9, section 2.
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _html(template: str, **values: object) -> str:
    return _OVERRIDES.sub("", _TEMPLATES.get_template(template).render(values))


def render(template: str, **values: object) -> str:
    """Return a view as HTML: the same for all who see as much, so without anything of a session."""
    return _html(template, viewer=None, **values)


def templates_digest() -> str:
    """Return a text that changes with templates and style, so that no browser keeps old pages."""
    names = sorted(_TEMPLATES.list_templates())
    loaded = [_TEMPLATES.loader.get_source(_TEMPLATES, name)[0] for name in names]  # type: ignore[union-attr] # given above
    return sha256("".join([*loaded, *map(static_address, NAMES)]).encode()).hexdigest()


def page_response(
    request: Request, template: str, status: int = HTTPStatus.OK, **values: object
) -> HTMLResponse:
    """Return a page.

    Args:
        request: that it answers. Templates get who looks as `viewer`, None for nobody.
        template: name of the file in `serving/page/templates`.
        status: of the answer.
        values: what the template shows.
    """
    here = door(request)
    said = {
        "viewer": getattr(request.state, "viewer", None),
        "form_token": partial(here.form_token, request),
        **values,
    }
    response = HTMLResponse(_html(template, **said), status, HEADERS)
    here.tell_browser(request, response)
    return response
