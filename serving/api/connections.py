"""Connections that hold the service up are ended: silent ones, slow senders, slow readers.

The web server times out a connection that waits for its next request, but neither one that never
sent a first one, nor a request that comes byte by byte, nor an answer that nobody reads. So each
connection is wrapped:

1. A whole request has to come within 10 seconds of the connection, or of its own first byte.
2. An answer has to be read at 10 kB a second at least, looked at every 10 seconds.
3. Of one key or session, or of one address without either, so many requests are taken up at a time;
   others get 429 at once, before anything of them is parsed. A burst of a thousand requests,
   abandoned or not, costs little then, and the health is told in between.
4. A head (request line and headers) has 32 kB at most: the parser itself knows no limit.
5. Where more connections are open than the machine can hold, the one that has waited longest for a
   request ends, of the address that has the most of these. Only those that wait are ended: however
   many connect and say nothing, who asks is answered.

Source:
    Decision 0011. CWE-400; the rates are those of Apache's mod_reqtimeout and Kestrel, rounded.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from pydantic_core import to_json
from starlette.types import ASGIApp, Receive, Scope, Send

from serving import problems
from serving.api.guards import MAX_QUERY_BYTES

REQUEST_SECONDS = 10.0
READING_SECONDS = 10.0
MAX_AT_A_TIME = 16  # requests of one key or session, or of one address without either
# Of a request before its headers are whole: our own limit on the query, and room for the rest.
MAX_HEAD_BYTES = 4 * MAX_QUERY_BYTES
_TOKEN = re.compile(
    rb"\r\n(?:(?:x-api-key:|authorization: *bearer) *|cookie:[^\r\n]*forewatch_session=)([\w.-]+)",
    re.IGNORECASE,
)
_READING_BYTES = 100_000  # of an answer, in READING_SECONDS


def _refusal(status: HTTPStatus, slug: str, title: str, detail: str, *headers: str) -> bytes:
    """Return a whole answer, after which the connection is closed."""
    body = to_json(problems.problem_document(status, slug, title, detail))
    lines = (
        f"HTTP/1.1 {status} {status.phrase}",
        "content-type: application/problem+json",
        *headers,
        "cache-control: no-store",
        "connection: close",
        f"content-length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


_BUSY = _refusal(
    HTTPStatus.TOO_MANY_REQUESTS,
    "limit-reached",
    "The key has reached a limit",
    f"{MAX_AT_A_TIME} requests of this key, or of this address without one, are under way; "
    "wait for one of them, then ask again",
    "retry-after: 1",
)
_LARGE = _refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "head-too-large",
    "The head of the request is too large",
    f"at most {MAX_HEAD_BYTES:,} bytes of request line and headers are read; ask with less",
)
_CONNECTION = "forewatch.connection"  # in the state of a request
Wrapped = Callable[..., asyncio.Protocol]


class Connections:
    """The open connections, and those of them that wait for a request."""

    def __init__(self, most: int, told: Callable[[], None] = lambda: None) -> None:
        """Hold up to so many.

        Args:
            most: connections that may be open.
            told: called for each request that is turned away.
        """
        self._most = most
        self._told = told
        self._under_way: Counter[bytes] = Counter()
        self._open = 0
        # By address, in the order in which they began to wait.
        self._waiting: dict[str, dict[Connection, None]] = {}

    def is_taken_up(self, asker: bytes) -> bool:
        """Count a request as under way, unless its asker has as many as one may."""
        if self._under_way[asker] >= MAX_AT_A_TIME:
            self._told()
            return False
        self._under_way[asker] += 1
        return True

    def is_done(self, asker: bytes) -> None:
        """Count a request of an asker as answered, or given up."""
        self._under_way[asker] -= 1
        if self._under_way[asker] <= 0:
            del self._under_way[asker]

    def came(self) -> None:
        """Count a connection; end one that waits if there are too many now."""
        self._open += 1
        if self._open > self._most and self._waiting:
            most = max(self._waiting.values(), key=len)
            next(iter(most)).end()

    def left(self, connection: Connection, address: str) -> None:
        """Forget a connection."""
        self._open -= 1
        self.works(connection, address)

    def waits(self, connection: Connection, address: str) -> None:
        """Note that a connection has no whole request under way."""
        self._waiting.setdefault(address, {}).setdefault(connection)

    def works(self, connection: Connection, address: str) -> None:
        """Note that a connection has a request that is being answered."""
        if (held := self._waiting.get(address)) is not None:
            held.pop(connection, None)
            if not held:
                del self._waiting[address]


class Connection(asyncio.Protocol):
    """A connection of the web server's, with what it has to do in time."""

    def __init__(self, connections: Connections, wrapped: Wrapped, **arguments: object) -> None:
        """Wrap a connection.

        Args:
            connections: all of them.
            wrapped: makes the web server's own protocol.
            arguments: what the server makes it with.
        """
        self._connections = connections
        # uvicorn's protocols tell by `cycle` what became of the last request.
        state = {**cast("dict[str, Any]", arguments["app_state"]), _CONNECTION: self}
        self._inner = cast("Any", wrapped(**arguments | {"app_state": state}))
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._address = ""
        self._asker: bytes | None = None  # of a request that no task has begun with
        self._head_bytes = 0  # of a request whose headers are not whole
        self._asking: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # anything that isn't read is told
        self._address = str((transport.get_extra_info("peername") or ("",))[0])
        self._inner.connection_made(transport)
        self._wait()
        self._connections.came()

    def data_received(self, data: bytes) -> None:
        """Pass on what came; the time runs until it is a whole request."""
        if self._is_answered and not self._is_taken_up(data):
            return
        self._inner.data_received(data)
        if not self._is_answered:
            self._head_bytes = 0
        elif (kept := self._head_bytes + len(data)) > MAX_HEAD_BYTES:
            self._refuse(_LARGE)
        else:
            self._head_bytes = kept
        if not self._is_answered and not self._inner.cycle.more_body:
            self._connections.works(self, self._address)
            self._forget_asking()
        elif self._asking is None:
            self._wait()

    @property
    def _is_answered(self) -> bool:
        """Whether every request that came whole is answered."""
        cycle = self._inner.cycle
        return cycle is None or cycle.response_complete

    def _is_taken_up(self, data: bytes) -> bool:
        """Return whether what begins here may be passed on; else say no and end.

        A request whose head comes in pieces counts as its first piece says.
        """
        self.give_back(self.hand_over())  # of bytes that came to no request
        found = _TOKEN.search(data)
        asker = found[1] if found else self._address.encode()
        if self._connections.is_taken_up(asker):
            self._asker = asker
            return True
        self._refuse(_BUSY)
        return False

    def _refuse(self, answer: bytes) -> None:
        """Answer without asking the app, and end."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)
            self._transport.close()

    def hand_over(self) -> bytes | None:
        """Return whose request is taken up; whoever gets it says when it is answered."""
        asker, self._asker = self._asker, None
        return asker

    def give_back(self, asker: bytes | None) -> None:
        """Say that a request is answered, or given up."""
        if asker is not None:
            self._connections.is_done(asker)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return cast("bool | None", self._inner.eof_received())

    def pause_writing(self) -> None:
        """Begin to watch how fast the answer is read."""
        self._inner.pause_writing()
        if self._reading is None:
            self._watch()

    def resume_writing(self) -> None:
        """End watching: the answer is read."""
        self._forget_reading()
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._forget_asking()
        self._forget_reading()
        self.give_back(self.hand_over())
        self._connections.left(self, self._address)
        self._inner.connection_lost(error)

    def end(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _wait(self) -> None:
        self._connections.waits(self, self._address)
        self._asking = self._loop.call_later(REQUEST_SECONDS, self.end)

    def _watch(self, before: int | None = None) -> None:
        """End the connection if too little was read since *before* bytes were to be sent."""
        if self._transport is None:
            return
        left = self._transport.get_write_buffer_size()
        if before is not None and before - left < _READING_BYTES:
            self.end()
        else:
            self._reading = self._loop.call_later(READING_SECONDS, self._watch, left)

    def _forget_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _forget_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None


class AskerMiddleware:
    """The app, with the requests of each asker counted until it has done with them.

    Also where the client hung up meanwhile: else hanging up would be a way to ask without end.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app, outermost."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and give back the request's place among those of its asker."""
        connection: Connection = scope["state"].pop(_CONNECTION)
        asker = connection.hand_over()
        try:
            await self._app(scope, receive, send)
        finally:
            connection.give_back(asker)
