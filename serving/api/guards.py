"""What every request passes and every answer carries, whatever its route."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems
from sources.personal import about_persons

MAX_QUERY_BYTES = 8192  # 100 area ids of 63 letters fit; nothing that a rota system asks is longer

# The answers are data, not pages: a browser may show them, and neither run nor frame them.
# Source: OWASP, REST Security Cheat Sheet, "Security headers".
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NAME_LETTERS = 63  # of a parameter's name, as much as is said back


def refused(query: bytes) -> tuple[HTTPStatus, str, str, str] | None:
    """Return the problem of a query that no route answers: status, type, title and detail."""
    if (length := len(query)) > MAX_QUERY_BYTES:
        status = HTTPStatus.REQUEST_URI_TOO_LONG
        detail = f"the query has {length} bytes, at most {MAX_QUERY_BYTES} are read; ask less"
        return status, "uri-too-long", status.phrase, detail
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    names = dict.fromkeys(name[:_NAME_LETTERS] for name, _ in pairs)
    if personal := [name for name in names if about_persons(name)]:
        # Never the value: what was sent of a person is not repeated.
        detail = (
            f"{', '.join(personal)}: nothing about a person can be asked for here, and nothing is "
            "known; forecasts are of areas and times only: ask by area, week and period"
        )
        title = "Nothing about persons is taken"
        return HTTPStatus.UNPROCESSABLE_ENTITY, "about-persons", title, detail
    return None


class Guarded:
    """The app behind limits on what is asked, with the security headers on each answer.

    Refused is a query that is too long, or has a parameter whose name is about persons: by the same
    list of words that refuses such columns at import.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is asked in such a way, pass on the rest."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if found := refused(scope["query_string"]):
            await problems.response(problems.plain(*found))(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)
