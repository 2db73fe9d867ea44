"""Refusals as pages, for people with a browser: what else asks gets the problem as it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from forewatch.errors import ForewatchError
from serving import problems
from serving.page.addresses import HOME, SCREEN_PAGE
from serving.page.rendering import SCREEN_HEADERS, page_response

_FOR_PROGRAMS = ("/v1/", "/health/", "/metrics", "/openapi.json")
_KEPT = ("Retry-After", "Allow")  # headers that a page carries as well
_ERRORS = (ForewatchError, RequestValidationError, HTTPException, Exception)
Handler = Callable[[Request, Exception], Response | Awaitable[Response]]


def add_problem_pages(app: FastAPI) -> None:
    """Make the app answer a browser's refused requests with a page."""
    for kind in _ERRORS:
        answer = cast("Callable[[Request, Exception], Response]", app.exception_handlers[kind])
        app.add_exception_handler(kind, _paged(answer))
    refuse = app.state.refuse

    def refuse_by_page(request: Request, said: dict[str, Any]) -> Response:
        return problem_page(request, said) if _is_browser(request) else refuse(request, said)

    app.state.refuse = refuse_by_page


def problem_page(request: Request, said: dict[str, Any]) -> Response:
    """Return a problem (`serving.problems.problem_document`) as a page."""
    if request.url.path == SCREEN_PAGE or request.url.path.startswith(f"{SCREEN_PAGE}/"):
        response = page_response(request, "screen_problem.html", said["status"], said=said)
        response.headers.update(SCREEN_HEADERS)
        return response
    return page_response(request, "problem.html", said["status"], said=said, home=HOME)


def _paged(answer: Callable[[Request, Exception], Response]) -> Handler:
    def handler(request: Request, error: Exception) -> Response:
        response = answer(request, error)
        is_problem = response.media_type == problems.MEDIA_TYPE
        if not is_problem or not _is_browser(request):
            return response
        page = problem_page(request, from_json(bytes(response.body)))
        for name in _KEPT:
            if name in response.headers:
                page.headers[name] = response.headers[name]
        return page

    return handler


def _is_browser(request: Request) -> bool:
    is_for_people = not request.url.path.startswith(_FOR_PROGRAMS)
    return is_for_people and "text/html" in request.headers.get("accept", "")
