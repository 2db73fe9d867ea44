"""How long a server keeps connections that hold it up, and whether it answers others meanwhile.

    python benchmarks/connections.py --port 8000 --path /health/live [--big PATH] [--token KEY]

Four kinds of bad client, each with many connections at once: *idle* ones send nothing, *dribbling*
ones a byte of a header a second, *uploading* ones a byte of a body a second, *deaf* ones ask for a
large answer and never read it. For each kind is printed the time until the first and the last of
them was ended by the server, and how a well-behaved client fared meanwhile.

Any server of ASGI apps can be measured with the app of this file, for example
`granian --interface asgi benchmarks.connections:app` (decision 0011).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import numpy as np

_BIG = b"x" * 20_000_000  # more than the buffers of a loopback connection hold
_GIVEN_UP_SECONDS = 45.0


async def app(_: dict[str, Any], __: object, send: Callable[[dict[str, Any]], Any]) -> None:
    """Answer at once: 20 MB for a path with "big" in it, else two bytes."""
    if _["type"] != "http":
        raise NotImplementedError
    body = _BIG if "big" in _["path"] else b"ok"
    length = str(len(body)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    )
    await send({"type": "http.response.body", "body": body})


class Attack:
    """Connections to one server, all bad in the same way."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._port = arguments.port
        self._token = arguments.token
        self._path = arguments.path
        self._big = arguments.big

    def _head(self, path: str, more: str = "") -> bytes:
        return (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Authorization: Bearer {self._token}\r\n{more}"
        ).encode()

    async def idle(self) -> float:
        """Send nothing."""
        return await self._until_ended(b"", b"")

    async def dribbling(self) -> float:
        """Send a header, a byte a second."""
        return await self._until_ended(self._head(self._path, "X-Long: "), b"a")

    async def uploading(self) -> float:
        """Send a body, a byte a second."""
        head = self._head(self._path, "Content-Length: 100000\r\n\r\n")
        return await self._until_ended(head.replace(b"GET", b"POST"), b"a")

    async def deaf(self) -> float:
        """Ask for a large answer, never read it."""
        return await self._until_ended(self._head(self._big, "\r\n"), b"", listening=False)

    async def _until_ended(self, first: bytes, then: bytes, *, listening: bool = True) -> float:
        """Return the seconds until the server ended the connection; infinite if it didn't."""
        began = perf_counter()
        # A small buffer, so that the answer doesn't fit into it.
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1024)
        writer.write(first)
        try:
            while perf_counter() - began < _GIVEN_UP_SECONDS:
                with contextlib.suppress(TimeoutError):
                    if listening and not await asyncio.wait_for(reader.read(65536), 1):
                        return perf_counter() - began
                if not listening:
                    await asyncio.sleep(1)
                    writer.write(b"\r\n")  # is refused once the server has gone
                writer.write(then)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return perf_counter() - began
        finally:
            writer.transport.abort()
        return float("inf")

    async def answered(self) -> tuple[int, float]:
        """Ask on a new connection; return status and milliseconds, 0 for no answer."""
        began = perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(self._head(self._path, "Connection: close\r\n\r\n"))
            line = await asyncio.wait_for(reader.readline(), 5)
            writer.close()
            return int(line.split()[1]), (perf_counter() - began) * 1000
        except (OSError, TimeoutError, IndexError):
            return 0, (perf_counter() - began) * 1000


async def tried(attack: Attack, bad: Callable[[], Awaitable[float]], connections: int) -> None:
    """Print how long the bad connections lived, and how others were answered meanwhile."""
    began = perf_counter()
    held = [asyncio.ensure_future(bad()) for _ in range(connections)]
    await asyncio.sleep(0.5)
    found: list[tuple[int, float]] = []
    while not all(each.done() for each in held):
        found.append(await attack.answered())
        await asyncio.sleep(0.2)
    lives = [each.result() for each in held if not each.exception()]
    statuses = {status: sum(each[0] == status for each in found) for status, _ in found}
    p95 = np.percentile([ms for _, ms in found], 95) if found else 0
    print(
        f"{bad.__name__:10} {connections} connections, ended after {min(lives):5.1f} to "
        f"{max(lives):5.1f} s; others: {statuses}, p95 {p95:6.1f} ms "
        f"({perf_counter() - began:.0f} s)",
        flush=True,
    )


async def main() -> None:
    """Try each kind after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--path", default="/health/live", help="asked by the good client")
    parser.add_argument("--big", default="/big", help="a large answer, for deaf clients")
    parser.add_argument("--token", default="none", help="key for the paths")
    parser.add_argument("--connections", type=int, default=300)
    attack = Attack(parser.parse_args())
    n = parser.parse_args().connections
    for bad in (attack.idle, attack.dribbling, attack.uploading, attack.deaf):
        await tried(attack, bad, n)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
