from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from serving.api.connections import (
    MAX_AT_A_TIME,
    MAX_HEAD_BYTES,
    AskerMiddleware,
    Connection,
    Connections,
)

ASK = b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"
BIG = 30_000_000  # more than the buffers of a connection take


class Loop(asyncio.SelectorEventLoop):
    """A loop whose time tests move on."""

    skipped = 0.0

    def time(self) -> float:
        return super().time() + self.skipped


class Town:
    """A real server whose app answers at once, or when it is told, or much."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.told = asyncio.Event()
        self.turned_away = 0
        self.state = ServerState()
        self.writers: list[asyncio.StreamWriter] = []

    async def start(self, most: int = 100) -> None:
        config = uvicorn.Config(
            AskerMiddleware(self.app), interface="asgi3", lifespan="off", ws="none"
        )
        config.load()
        made = partial(
            Connection,
            Connections(most, self.turn_away),
            HttpToolsProtocol,
            config=config,
            server_state=self.state,
            app_state={},
        )
        self.server = await self.loop.create_server(made, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def turn_away(self) -> None:
        self.turned_away += 1

    async def app(self, scope: Any, _: Any, send: Any) -> None:
        body = b"ok"
        if scope["path"] == "/slow":
            await self.told.wait()
        if scope["path"] == "/big":
            body = b"x" * BIG
        length = str(len(body)).encode()
        head = {"type": "http.response.start", "status": 200}
        await send(head | {"headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": body})

    async def connect(
        self, sent: bytes = b"", address: str = "127.0.0.1"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection that the server has seen."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(address, 0), limit=1024
        )
        self.writers.append(writer)
        writer.write(sent)
        await self.answers()
        return reader, writer

    async def answers(self) -> None:
        """Ask on a connection of its own, so that everything sent before has arrived."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        writer.write(ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert (await reader.read()).endswith(b"ok")

    async def later(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.skipped += seconds
        await self.answers()

    async def end(self) -> None:
        """Close both ends of everything."""
        self.server.close()
        self.told.set()
        for transport in [
            *(each.transport for each in self.writers),
            *(each.transport for each in self.state.connections),
        ]:
            transport.abort()
        while self.state.connections or self.state.tasks:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)


Story = Callable[[Town], Awaitable[None]]


@pytest.fixture
def told() -> Iterator[Callable[[Story], None]]:
    with asyncio.Runner(loop_factory=Loop) as runner:

        async def on_a_server(story: Story) -> None:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, Loop)
            town = Town(loop)
            try:
                await story(town)
            finally:
                await town.end()

        yield lambda story: runner.run(on_a_server(story))


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait until the server ends the connection."""
    try:
        while await reader.read(2**16):
            pass
    except ConnectionResetError:
        pass
    return True


async def left_of(reader: asyncio.StreamReader, most: int) -> int:
    """Read so many bytes, or until the server ends the connection, and return how many came."""
    got = 0
    try:
        while got < most and (part := await reader.read(2**20)):
            got += len(part)
    except ConnectionResetError:
        pass
    return got


@pytest.mark.parametrize(
    "sent",
    [b"", b"\r\n", b"GET /quick HTTP/1.1\r\nHost: x\r\nX-Long: "],
    ids=["nothing", "a line", "half a request"],
)
def test_a_connection_without_a_request_ends_after_ten_seconds(
    told: Callable[[Story], None], sent: bytes
) -> None:
    async def story(town: Town) -> None:
        await town.start()
        reader, _ = await town.connect(sent)
        await town.later(9.5)
        assert not reader.at_eof()
        town.loop.skipped += 0.6
        assert await ended(reader)

    told(story)


def test_a_request_that_comes_byte_by_byte_gets_no_more_time(
    told: Callable[[Story], None],
) -> None:
    async def story(town: Town) -> None:
        await town.start()
        reader, writer = await town.connect(b"GET /quick HTTP/1.1\r\nX: ")
        for _ in range(3):
            writer.write(b"a")
            await town.later(3)
        town.loop.skipped += 1.1
        assert await ended(reader)

    told(story)


def test_a_body_that_never_ends_ends_the_connection(told: Callable[[Story], None]) -> None:
    async def story(town: Town) -> None:
        await town.start()
        reader, _ = await town.connect(ASK.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\na"))
        assert await reader.readuntil(b"ok")
        town.loop.skipped += 10.1
        assert await ended(reader)

    told(story)


def test_a_request_under_way_has_all_the_time_it_needs(told: Callable[[Story], None]) -> None:
    async def story(town: Town) -> None:
        await town.start()
        reader, _ = await town.connect(ASK.replace(b"quick", b"slow"))
        await town.later(300)
        town.told.set()
        assert await reader.readuntil(b"ok")

    told(story)


def test_a_connection_is_used_again_and_ends_when_it_is_not(
    told: Callable[[Story], None],
) -> None:
    async def story(town: Town) -> None:
        await town.start()
        reader, writer = await town.connect()
        for _ in range(4):
            await town.later(4)
            writer.write(ASK)
            assert await reader.readuntil(b"ok")
        town.loop.skipped += 10.1
        assert await ended(reader)

    told(story)


def test_an_answer_that_nobody_reads_is_dropped_and_one_read_slowly_is_not(
    told: Callable[[Story], None],
) -> None:
    async def story(town: Town) -> None:
        await town.start()
        asked = ASK.replace(b"quick", b"big")
        (deaf, _), (slow, _) = await town.connect(asked), await town.connect(asked)
        got = 0
        for _ in range(5):
            got += len(await slow.readexactly(4_000_000))
            await town.later(9)
        assert got + await left_of(slow, BIG - got) >= BIG
        # what its own buffers and ours held, and not all of it, late
        assert await left_of(deaf, BIG) < BIG

    told(story)


@pytest.mark.parametrize("again", [False, True], ids=["first request", "later one"])
def test_a_head_without_end_is_refused_before_it_fills_the_memory(
    told: Callable[[Story], None], *, again: bool
) -> None:
    async def story(town: Town) -> None:
        await town.start()
        reader, writer = await town.connect()
        if again:
            writer.write(ASK)
            assert await reader.readuntil(b"ok")
        writer.write(ASK.removesuffix(b"\r\n"))
        for number in range(MAX_HEAD_BYTES // 1000 + 1):
            writer.write(f"X-{number}: ".encode() + b"x" * 990 + b"\r\n")
            await town.answers()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ")
        assert json.loads(body)["type"] == "urn:forewatch:problem:head-too-large"

    told(story)


@pytest.mark.parametrize(
    "header",
    [
        "X-API-Key: {}",
        "Authorization: Bearer {}",
        "Cookie: forewatch_browser=W10.sig; forewatch_session={}; other=1",
        "cookie: __Host-forewatch_session={}",
    ],
)
def test_of_one_key_or_session_so_many_requests_are_taken_up_and_others_are_told_at_once(
    told: Callable[[Story], None], header: str
) -> None:
    def asked(key: str) -> bytes:
        return ASK.replace(b"quick", b"slow").replace(
            b"\r\n\r\n", f"\r\n{header.format(key)}\r\n\r\n".encode()
        )

    async def story(town: Town) -> None:
        await town.start()
        taken = [await town.connect(asked("fw_1_a")) for _ in range(MAX_AT_A_TIME)]
        for _ in range(3):
            refused, _ = await town.connect(asked("fw_1_a"))
            head, _, body = (await refused.read()).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 429 ")
            assert b"retry-after: 1" in head
            assert json.loads(body)["type"] == "urn:forewatch:problem:limit-reached"
        other, _ = await town.connect(asked("fw_1_b"))
        assert town.turned_away == 3
        town.told.set()
        for reader, _ in (*taken, (other, None)):
            assert await reader.readuntil(b"ok")
        again, _ = await town.connect(asked("fw_1_a"))  # connections that are kept count for none
        assert await again.readuntil(b"ok")

    told(story)


def test_where_there_is_no_room_the_longest_silent_one_of_the_loudest_address_ends(
    told: Callable[[Story], None],
) -> None:
    async def story(town: Town) -> None:
        await town.start(most=6)
        busy, _ = await town.connect(ASK.replace(b"quick", b"slow"), "127.0.0.3")
        quiet, _ = await town.connect(b"", "127.0.0.2")
        many = [(await town.connect(b"", "127.0.0.3"))[0] for _ in range(4)]
        assert await ended(many[0])  # when the last one came, or somebody asked after it
        assert not quiet.at_eof()
        assert not many[3].at_eof()
        town.told.set()
        assert await busy.readuntil(b"ok")

    told(story)
