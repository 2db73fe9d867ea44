"""What every request passes and every answer carries, whatever its route."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems

MAX_QUERY_BYTES = 8192  # 100 area ids of 63 letters fit; nothing that a rota system asks is longer

# The answers are data, not pages: a browser may show them, and neither run nor frame them.
# Source: OWASP, REST Security Cheat Sheet, "Security headers".
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guarded:
    """The app behind a limit on the query's length, with the security headers on each answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a query that is too long, pass on the rest."""
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

        if (length := len(scope["query_string"])) > MAX_QUERY_BYTES:
            status = HTTPStatus.REQUEST_URI_TOO_LONG
            detail = f"the query has {length} bytes, at most {MAX_QUERY_BYTES} are read; ask less"
            said = problems.plain(status, "uri-too-long", status.phrase, detail)
            await problems.response(said)(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)
