"""Drawings for a service: one process draws, what it drew is kept, and nobody waits for long.

1. A drawing is known by what is drawn (`Chart.job`). Issues never change, so a question asked again
   gives the same chart, and the drawing that is kept, packed, until room runs out.
2. One thread hands charts to the one process that draws, those somebody waits for first, then
   those drawn ahead of being asked for. Who asks for what is being drawn waits for the same.
3. A drawing that takes too long ends the process, and is not tried again for a while; a process
   that ended is replaced. Who can't wait gets `DrawingUnavailable`: page and brief then show the
   summary and the table, which say the same, and a line.
4. Processes that were forked ask by a socket that only their user may open (`share`, `listen`).
"""

from __future__ import annotations

import asyncio
import atexit
import gzip
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import PriorityQueue
from threading import Lock, Thread

from cachetools import LRUCache, TTLCache

from forewatch.errors import DrawingUnavailable
from serving.charts.chart import Chart
from serving.charts.look import LOOKS, Look
from serving.drawing_process import DrawingProcess
from serving.drawing_socket import Asker, Listener

_SECONDS = 5.0  # that a drawing may take; all take below one
_WAIT_SECONDS = 2.0  # that who asks waits
_MOST_WAITING = 64
_MOST_AHEAD = 4096
_KEPT_BYTES = 16 * 2**20  # packed; about 5,000 drawings
_FAILED_SECONDS = 600.0  # for which a chart that failed isn't tried again
_END_SECONDS = 5.0
_PAUSE_SECONDS = 30.0  # after a process that didn't start
_NOW, _AHEAD, _END = 0, 1, 2  # _END comes first, see `close`
_ORDER = count()


@dataclass(frozen=True)
class Drawing:
    """A drawing.

    Args:
        packed: the SVG as gzip, as it may be sent.
    """

    packed: bytes

    @property
    def svg(self) -> str:
        """The SVG, to stand inside a page; without XML declaration."""
        return gzip.decompress(self.packed).decode()


@dataclass(order=True, frozen=True)
class _Turn:
    urgency: int
    number: int
    digest: str
    job: bytes


class Drawings:
    """Draws and keeps; for several threads, and for the processes forked after `share`."""

    def __init__(self, *, seconds: float = _SECONDS, kept_bytes: int = _KEPT_BYTES) -> None:
        """Start nothing yet.

        Args:
            seconds: that one drawing may take.
            kept_bytes: of drawings, packed.
        """
        self._seconds = seconds
        self._lock = Lock()
        self._kept: LRUCache[str, bytes] = LRUCache(kept_bytes, len)
        self._failed: TTLCache[str, str] = TTLCache(1024, _FAILED_SECONDS)
        self._futures: dict[str, Future[bytes]] = {}
        self._turns: PriorityQueue[_Turn] = PriorityQueue()
        self._waiting = {_NOW: 0, _AHEAD: 0}
        self._process: DrawingProcess | None = None
        self._thread: Thread | None = None
        self._owner: int | None = None  # the process that draws; others ask it
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._listener: Listener | None = None
        self._asker: Asker | None = None
        self._paused_until = 0.0
        self._is_closed = False
        self.lost = 0  # processes that had to be replaced

    def share(self) -> None:
        """Choose where other processes will ask; to be called before they are forked."""
        self._folder = tempfile.TemporaryDirectory(prefix="forewatch-", ignore_cleanup_errors=True)
        self._owner = os.getpid()

    def listen(self) -> None:
        """Start drawing, for other processes too; to be called once they are forked.

        Raises:
            OSError: if there can be no socket where temporary files are.
        """
        if self.path is not None:
            self._listener = Listener(self.path, self._answer)
        with self._lock:
            self._start()

    def drawing(self, chart: Chart, look: Look, wait_seconds: float = _WAIT_SECONDS) -> Drawing:
        """Return the drawing of a chart; in any process and thread but one with an event loop.

        Raises:
            DrawingUnavailable: if there is none within so many seconds, or never will be; one that
                was only late is kept, for who asks again.
        """
        job = chart.job(look)
        if self._is_elsewhere:
            return Drawing(self._ask_owner(job, wait_seconds))
        return Drawing(self._drawn(job, wait_seconds))

    async def drawing_soon(
        self, chart: Chart, look: Look, wait_seconds: float = _WAIT_SECONDS
    ) -> Drawing:
        """Return what `drawing` does, for an event loop of the process that called `listen`."""
        future = self.order(chart, look)
        try:
            waited = asyncio.shield(asyncio.wrap_future(future))
            return Drawing(await asyncio.wait_for(waited, wait_seconds))
        except TimeoutError:
            raise _late(wait_seconds) from None

    def order(self, chart: Chart, look: Look, *, is_ahead: bool = False) -> Future[bytes]:
        """Return what will hold a drawing, packed; in the process that called `listen`.

        For who needs several: they order all, and wait then.

        Raises:
            DrawingUnavailable: if too many wait, or it failed before; else the future has it.
        """
        return self._future(chart.job(look), _AHEAD if is_ahead else _NOW)

    def draw_ahead(self, charts: Iterable[Chart], looks: Iterable[Look] = LOOKS) -> None:
        """Have charts drawn when nobody waits for others; beyond what fits they are left out.

        For the usual views of a new issue: call it in any process, it returns at once.
        """
        forms = tuple(looks)
        for job in (chart.job(look) for chart in charts for look in forms):
            try:
                if self._is_elsewhere:
                    self._ask_owner(job, 0)
                else:
                    self._future(job, _AHEAD)
            except DrawingUnavailable:
                return

    def close(self) -> None:
        """End the process that draws, and stop listening."""
        if self._is_elsewhere:
            return
        if self._listener is not None:
            self._listener.close()
        with self._lock:
            thread, self._is_closed = self._thread, True
        if thread is not None:
            self._turns.put(_Turn(-_END, next(_ORDER), "", b""))
            if (process := self._process) is not None:
                process.interrupt()
            thread.join(_END_SECONDS)  # one that still starts ends by itself when we are gone
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def pid(self) -> int | None:
        """Id of the process that draws; None where none was started."""
        process = self._process
        return None if process is None else process.pid

    @property
    def waiting(self) -> int:
        """How many drawings somebody waits for."""
        return self._waiting[_NOW]

    @property
    def path(self) -> Path | None:
        """Where other processes ask; None before `share`."""
        return None if self._folder is None else Path(self._folder.name) / "drawing"

    @property
    def _is_elsewhere(self) -> bool:
        return self._owner is not None and self._owner != os.getpid()

    def _ask_owner(self, job: bytes, wait_seconds: float) -> bytes:
        """Return the drawing that the owner has, or nothing for 0 seconds, which is ahead."""
        if self._asker is None:
            assert self.path is not None  # noqa: S101 - there is an owner because of `share`
            self._asker = Asker(self.path)
        return self._asker.reply(job, wait_seconds)

    def _answer(self, job: bytes, wait_seconds: float) -> bytes:
        """Return what another process asked for; raises as `drawing` does."""
        if wait_seconds > 0:
            return self._drawn(job, wait_seconds)
        self._future(job, _AHEAD)
        return b""

    def _drawn(self, job: bytes, wait_seconds: float) -> bytes:
        try:
            return self._future(job, _NOW).result(wait_seconds)
        except NotInTime:
            raise _late(wait_seconds) from None

    def _future(self, job: bytes, urgency: int) -> Future[bytes]:
        """Return what will hold a drawing, kept or to be drawn."""
        digest = hashlib.sha256(job).hexdigest()
        with self._lock:
            if (packed := self._kept.get(digest)) is not None:
                had = Future[bytes]()
                had.set_result(packed)
                return had
            if why := self._failed.get(digest):
                raise DrawingUnavailable(why)
            future = self._futures.get(digest)
            if future is not None and urgency == _AHEAD:
                return future
            if self._waiting[urgency] >= (_MOST_WAITING, _MOST_AHEAD)[urgency]:
                raise DrawingUnavailable(
                    "more charts wait than can be drawn soon; look again later"
                )
            if self._is_closed:
                raise DrawingUnavailable("the service is ending")
            if future is None:
                future = self._futures[digest] = Future()
            self._waiting[urgency] += 1
            self._turns.put(_Turn(urgency, next(_ORDER), digest, job))
            self._start()
            return future

    def _start(self) -> None:
        """Start the thread that hands out charts; the lock is held."""
        if self._thread is None:
            self._owner = os.getpid() if self._owner is None else self._owner
            self._thread = Thread(target=self._run, name="drawings", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def _run(self) -> None:
        self._ready_process()  # before anybody asks
        while (turn := self._turns.get()).urgency != -_END:
            with self._lock:
                self._waiting[turn.urgency] -= 1
                future = self._futures.get(turn.digest)
            if future is None:
                continue  # asked for while it waited to be drawn ahead, and drawn since
            try:
                packed = self._draw(turn.job)
            except DrawingUnavailable as error:
                self._settle(turn.digest, future, error)
            else:
                with self._lock:
                    if len(packed) <= self._kept.maxsize:
                        self._kept[turn.digest] = packed
                    self._futures.pop(turn.digest)
                future.set_result(packed)
        self._give_up()

    def _give_up(self) -> None:
        """End the process, and tell those who still wait."""
        if self._process is not None:
            self._process.end()
        with self._lock:
            left, self._futures = list(self._futures.values()), {}
        for future in left:
            future.set_exception(DrawingUnavailable("the service is ending"))

    def _settle(self, digest: str, future: Future[bytes], error: DrawingUnavailable) -> None:
        with self._lock:
            self._futures.pop(digest)
            if time.monotonic() >= self._paused_until:  # else it isn't the chart's fault
                self._failed[digest] = str(error)
        future.set_exception(error)

    def _draw(self, job: bytes) -> bytes:
        """Return a drawing, from a second process where the first one ended."""
        for _ in range(2):
            process = self._ready_process()
            if process is None:
                raise DrawingUnavailable("the process that draws did not start; look again later")
            try:
                return process.draw(job, self._seconds)
            except TimeoutError:
                self._replace()
                raise DrawingUnavailable("drawing the chart took too long") from None
            except EOFError:
                self._replace()
        raise DrawingUnavailable("the process that draws ended twice over this chart")

    def _replace(self) -> None:
        self._process = None
        self.lost += 1

    def _ready_process(self) -> DrawingProcess | None:
        """Return the process that draws; None where it didn't start just now."""
        if self._process is not None and self._process.is_gone:
            self._replace()
        if self._is_closed:
            return None
        if self._process is None and time.monotonic() >= self._paused_until:
            try:
                self._process = DrawingProcess()
            except (DrawingUnavailable, OSError):
                self._paused_until = time.monotonic() + _PAUSE_SECONDS
        return self._process


def _late(seconds: float) -> DrawingUnavailable:
    return DrawingUnavailable(f"the chart was not drawn within {seconds:g} s; look again later")
