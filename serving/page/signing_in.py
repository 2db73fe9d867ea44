"""Signing in and out: by a name and a password, or by a link that works once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from forewatch.errors import Overloaded
from serving.accounts.account import Account
from serving.api.service import Service, service
from serving.page.addresses import (
    HOME,
    SIGN_IN,
    SIGN_OUT,
    address_to_sign_in,
    is_looking_ahead,
    is_secure,
    own_path,
)
from serving.page.door import door, sent_form, session_viewer
from serving.page.rendering import HEADERS, SECRET_ADDRESS, page_response

LINK = f"{SIGN_IN}/{{token}}"
_WRONG = "The name or the password is wrong."
_OVER = "This link was used already, or its time is over. Ask for a new one."

router = APIRouter(include_in_schema=False)
_Next = Annotated[str, Query(alias="next")]
_Form = Annotated[Mapping[str, str], Depends(sent_form)]
_Serving = Annotated[Service, Depends(service)]


@router.get(SIGN_IN, response_class=Response)
async def sign_in_form(request: Request, wanted: _Next = HOME) -> Response:
    """Return the form; who is signed in goes on to what they wanted."""
    if await session_viewer(request) is not None:
        return _go_on(own_path(wanted))
    return _form(request, own_path(wanted))


@router.post(SIGN_IN, response_class=Response)
async def sign_in(request: Request, form: _Form, serving: _Serving) -> Response:
    """Begin a session, or say that it isn't one, never why."""
    here, address = door(request), _address(request)
    name, wanted = form.get("name", ""), own_path(form.get("next", ""))
    browser = here.browser(request)
    # Who has signed in from this browser before is counted apart from others at the address.
    is_known = here.sessions.has_signed_in(browser, name)
    tried = (f"browser {browser.nonce}" if is_known else address, name.strip().casefold()[:100])
    if wait_seconds := here.tries.wait_seconds(*tried):
        serving.metrics.sign_ins.labels("slowed").inc()
        return _slowed(request, wanted, name, wait_seconds)
    look = partial(here.accounts.by_password, name, form.get("password", ""))
    try:
        found = await here.line.look(address, look)
    except Overloaded as error:
        serving.metrics.sign_ins.labels("overloaded").inc()
        here.tries.give_back(*tried)
        status, said = HTTPStatus.SERVICE_UNAVAILABLE, "Too many people sign in at this moment."
        response = _form(request, wanted, status, name, f"{said} Try again in a few seconds.")
        response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response
    if found.account is None or not found.opens:
        serving.metrics.sign_ins.labels("wrong").inc()
        if not here.lines.wait_seconds(address):
            _note(request, "sign-in refused", found.account)
        return _form(request, wanted, HTTPStatus.FORBIDDEN, name, _WRONG)
    here.tries.forget(*tried)
    return _begun(request, serving, found.account, wanted)


@router.get(SIGN_OUT, response_class=Response)
async def sign_out_form(request: Request) -> Response:
    """Return a page with the button: pages without a form are the same for all who see as much."""
    viewer = await session_viewer(request)
    if viewer is None:
        return _go_on(SIGN_IN)
    request.state.viewer = viewer
    return page_response(request, "sign_out.html", home=HOME)


@router.post(SIGN_OUT, response_class=Response)
async def sign_out(request: Request, form: _Form) -> Response:
    """End the session, here and wherever its cookie was copied to."""
    del form  # it was sent by our page, which is all that matters
    here = door(request)
    if (session := here.session(request)) is not None:
        account = await run_in_threadpool(here.accounts.in_session, session)
        await run_in_threadpool(here.accounts.end_session, session, here.sessions.life)
        if account is not None:
            _note(request, "sign-out", account)
    response = _go_on(SIGN_IN)
    here.end_session(request, response)
    return response


@router.get(LINK, response_class=Response)
async def sign_in_by_link(request: Request, token: str, serving: _Serving) -> Response:
    """Begin a session by a link, which is used up by this; looking ahead uses nothing up."""
    if is_looking_ahead(request):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=HEADERS | SECRET_ADDRESS)
    account = None
    if is_secure(request):
        account = await run_in_threadpool(door(request).accounts.by_link, token)
    if account is not None:
        return _begun(request, serving, account, HOME)
    serving.metrics.sign_ins.labels("link").inc()
    response = _form(request, HOME, HTTPStatus.NOT_FOUND, said=_OVER)
    response.headers.update(SECRET_ADDRESS)
    return response


async def ask_to_sign_in(request: Request, error: Exception) -> Response:
    """Return the way to the form, for somebody who isn't signed in."""
    del error
    return _go_on(address_to_sign_in(request))


def _begun(request: Request, serving: Service, account: Account, wanted: str) -> Response:
    serving.metrics.sign_ins.labels("in").inc()
    _note(request, "sign-in", account)
    response = _go_on(wanted)
    door(request).begin_session(request, response, account)
    return response


def _slowed(request: Request, wanted: str, name: str, wait_seconds: int) -> Response:
    said = f"Too many tries to sign in as this name from here. Try again in {wait_seconds} seconds."
    response = _form(request, wanted, HTTPStatus.TOO_MANY_REQUESTS, name, said)
    response.headers["Retry-After"] = str(wait_seconds)
    return response


def _form(
    request: Request, wanted: str, status: int = HTTPStatus.OK, name: str = "", said: str = ""
) -> Response:
    return page_response(
        request,
        "sign_in.html",
        status,
        wanted=wanted,
        name=name[:100],
        said=said,
        is_secure=is_secure(request),
    )


def _go_on(address: str) -> Response:
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, HEADERS | SECRET_ADDRESS)


def _note(request: Request, event: str, account: Account | None) -> None:
    """Tell the audit file; never what was typed, which may be a password in the wrong place."""
    request.state.event = event
    request.state.account = None if account is None else account.name


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
