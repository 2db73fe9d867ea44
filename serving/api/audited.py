"""A line of the audit file for each request that came with a key, or of somebody signed in.

Signing in and out are lines with an event. Refused keys and passwords are among them as long as
their address isn't slowed; requests without a key are counted in the metrics alone: so nobody
without a good key can fill the file and push its lines out.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pandas as pd
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.audit import AuditFile


class AuditMiddleware:
    """The app, with a line written after each answer."""

    def __init__(
        self, app: ASGIApp, file: AuditFile, clock: Callable[[], pd.Timestamp], *, questions: bool
    ) -> None:
        """Wrap the app.

        Args:
            app: what answers.
            file: where lines go.
            clock: gives the present instant, UTC.
            questions: whether a line holds the text of the question, which names places.
        """
        self._app = app
        self._file = file
        self._clock = clock
        self._questions = questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then write who asked."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        status, began = 500, perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if "viewer" in state or "key" in state or "event" in state or state.get("is_refused"):
                seconds = perf_counter() - began
                self._file.write(self._line(scope, state, status) | {"ms": round(seconds * 1e3, 1)})

    def _line(self, scope: Scope, state: dict[str, Any], status: int) -> dict[str, object]:
        key, viewer, client = state.get("key"), state.get("viewer"), scope.get("client")
        person = viewer.name if viewer and not key else None
        line: dict[str, object] = {
            "at": self._clock().tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "key": key.id if key else None,
            "name": key.name if key else None,
            "account": state.get("account", person),
            "address": client[0] if client else None,
            "method": scope["method"],
            "route": getattr(scope.get("route"), "path", "none"),
            "status": status,
            "rows": state.get("rows", 0),
        }
        if "event" in state:
            line["event"] = state["event"]
        if self._questions:
            line["question"] = scope["query_string"].decode("latin-1")
        return line
