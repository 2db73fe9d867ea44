"""The line in which questions wait, and the workers that answer them.

Questions of one key wait behind each other, keys take turns: who asks much waits for himself. Quick
questions have a worker that never takes a slow one. A question whose client hung up leaves the
line, or is stopped where it is worked on.

What comes in parts has a process of its own, behind all others: no question waits for it.

Without processes (`Workers.start` was never called, as in tests and where there is no fork) answers
are computed in threads of this process.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import iterate_in_threadpool

from forewatch.errors import Overloaded
from serving.api.processes import (
    ANSWER,
    FAULT,
    PART,
    PROBLEM,
    STOP,
    AskerGone,
    Compute,
    Nursery,
)
from serving.messages import LENGTH_BYTES, frame_message, length_of
from serving.problems import ForwardedProblem

Gone = Callable[[], Coroutine[Any, Any, None]]

QUICK_COST = 50.0  # units; a quick question is never behind a costlier one
_MOST_WAITING = 100  # of all keys
_LONGEST_SECONDS = 20.0  # a worker that takes longer is lost: no question that is let in does
_LONGEST_PART_SECONDS = 120.0  # it comes after all others, and nobody waits behind it
_STOP_SECONDS = 5.0  # within which a worker heeds a stop
_RETRY_SECONDS = 2
_THREADS = 2
# The server comes first, then quick questions, then slow ones, then what comes in parts.
_QUICK_NICENESS, _SLOW_NICENESS, _PARTS_NICENESS = 0, 5, 10


class WorkerLost(Exception):
    """A worker ended, or went on for too long."""


class WorkerFailed(Exception):
    """A fault of ours in a worker, which is none of what is refused."""


@dataclass(eq=False)
class _Question:
    job: bytes
    key: str
    cost: float
    answer: asyncio.Future[bytes] = field(repr=False)

    def settle(self, answer: bytes) -> None:
        """Give the answer to whoever still waits for it."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Give whoever still waits an error."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Workers:
    """Answers jobs one after the other, or several at a time; for one event loop."""

    def __init__(self, compute: Compute) -> None:
        """Answer in threads until processes are started.

        Args:
            compute: answers a job; whatever it holds is shared with the processes as it is then.
        """
        self._compute = compute
        self._nursery: Nursery | None = None
        self._count = 0
        self._drivers: list[asyncio.Task[None]] = []
        self._workers: dict[int, _Worker] = {}
        self._waiting: OrderedDict[str, list[_Question]] = OrderedDict()
        self._came: asyncio.Condition | None = None
        self._threads: CapacityLimiter | None = None
        self.lost = 0

    @property
    def waiting(self) -> int:
        """How many questions wait in line."""
        return sum(len(each) for each in self._waiting.values())

    def start(self, count: int) -> None:
        """Answer in so many processes from now on; to be called before there are threads."""
        if hasattr(os, "fork"):
            self._nursery, self._count = Nursery(self._compute), count

    async def answer(self, job: bytes, key: str, cost: float, gone: Gone) -> bytes:
        """Return what the job comes to.

        Args:
            job: what is asked, as the workers understand it.
            key: whose question it is.
            cost: in units, which decides where it waits.
            gone: returns when nobody waits for the answer any more.

        Raises:
            Stopped: if nobody waits for it.
            Overloaded: if too many questions wait, or the worker was lost.
            ForewatchError: as the job raises it.
        """
        if self._nursery is None:
            return await self._in_thread(job)
        if self.waiting >= _MOST_WAITING:
            raise Overloaded("more questions wait than can be answered soon", _RETRY_SECONDS)
        question = _Question(job, key, cost, asyncio.get_running_loop().create_future())
        left: asyncio.Future[Any] = asyncio.ensure_future(gone())
        waits: set[asyncio.Future[Any]] = {question.answer, left}
        try:
            await self._put(question)
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not question.answer.done():
                raise AskerGone
            return _read_reply(question.answer.result())
        except WorkerLost as error:
            raise _lost() from error
        finally:
            left.cancel()
            question.answer.cancel()
            self._drop(question)

    async def parts(self, job: bytes) -> AsyncIterator[bytes]:
        """Yield the parts of what the job comes to, from a process of its own.

        Whoever takes no more of them closes the iterator, which ends the process.

        Raises:
            Overloaded: if the process was lost.
            ForewatchError: as the job raises it.
        """
        if self._nursery is None:
            found = self._compute(job, lambda: None)
            async for part in iterate_in_threadpool([found] if isinstance(found, bytes) else found):
                yield part
            return
        process, way = self._nursery.worker(_PARTS_NICENESS)
        worker = _Worker(process, *await asyncio.open_connection(sock=way))
        try:
            async for reply in worker.replies(job):
                if content := _read_reply(reply):
                    yield content
        except WorkerLost as error:
            self.lost += 1
            raise _lost() from error
        finally:
            worker.end()

    async def close(self) -> None:
        """End the processes; a server that ends needs not: they end when it is gone."""
        for driver in self._drivers:
            driver.cancel()
        await asyncio.gather(*self._drivers, return_exceptions=True)
        if self._nursery is not None:
            self._nursery.close()

    def is_any_gone(self) -> bool:
        """Return whether a worker has ended and is not replaced yet."""
        return any(each.is_gone for each in self._workers.values())

    async def _in_thread(self, job: bytes) -> bytes:
        if self._threads is None:
            self._threads = CapacityLimiter(_THREADS)
        found = await to_thread.run_sync(self._compute, job, lambda: None, limiter=self._threads)
        return found if isinstance(found, bytes) else b"".join(found)

    async def _put(self, question: _Question) -> None:
        if self._came is None:
            self._came = asyncio.Condition()
            self._drivers = [asyncio.create_task(self._drive(i)) for i in range(self._count)]
        self._waiting.setdefault(question.key, []).append(question)
        async with self._came:
            self._came.notify_all()

    def _drop(self, question: _Question) -> None:
        mine = self._waiting.get(question.key, [])
        if question in mine:
            mine.remove(question)
        if not mine:
            self._waiting.pop(question.key, None)

    def _pick(self, *, slow: bool) -> _Question | None:
        """Take the next question out of the line: of a slow kind or of a quick one."""
        for key, questions in self._waiting.items():
            for question in questions:
                if (question.cost > QUICK_COST) == slow:
                    self._drop(question)
                    if key in self._waiting:
                        self._waiting.move_to_end(key)  # the next one is another key's
                    return question
        return None

    async def _next(self, place: int) -> _Question:
        """Return the next question for a worker; the first of several takes no slow ones."""
        takes_slow = place > 0 or self._count == 1
        came = self._came
        assert came is not None  # noqa: S101 - made before the drivers were
        async with came:
            while True:
                found = (takes_slow and self._pick(slow=True)) or self._pick(slow=False)
                if found:
                    return found
                await came.wait()

    async def _drive(self, place: int) -> None:
        """Give one worker question after question; replace it when it is lost."""
        worker: _Worker | None = None
        try:
            while True:
                question = await self._next(place)
                try:
                    if worker is None or worker.is_gone:  # it may have ended while idle
                        worker = await self._hire(place)
                    question.settle(await worker.worked(question))
                except Exception as error:  # noqa: BLE001 - who else would answer the next one?
                    self.lost += 1
                    self._let_go(place)
                    worker = None
                    question.fail(WorkerLost(str(error)))
        finally:
            self._let_go(place)

    async def _hire(self, place: int) -> _Worker:
        assert self._nursery is not None  # noqa: S101 - drivers run with one only
        self._let_go(place)
        process, way = self._nursery.worker(_SLOW_NICENESS if place else _QUICK_NICENESS)
        worker = _Worker(process, *await asyncio.open_connection(sock=way))
        self._workers[place] = worker
        return worker

    def _let_go(self, place: int) -> None:
        if (worker := self._workers.pop(place, None)) is not None:
            worker.end()


@dataclass(frozen=True)
class _Worker:
    """One process and the way to it."""

    process: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended."""
        return self.reader.at_eof()

    async def worked(self, question: _Question) -> bytes:
        """Return the reply, whatever it is."""
        self.writer.write(frame_message(question.job))
        reply = asyncio.ensure_future(self._reply())
        await asyncio.wait(
            {reply, question.answer},
            timeout=_LONGEST_SECONDS,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if question.answer.cancelled() and not reply.done():
            self.writer.write(frame_message(STOP))
            await asyncio.wait({reply}, timeout=_STOP_SECONDS)
        if not reply.done():
            reply.cancel()
            raise WorkerLost("it went on for too long")
        return reply.result()

    async def replies(self, job: bytes) -> AsyncIterator[bytes]:
        """Yield reply after reply until one is no part; none may be waited for too long."""
        self.writer.write(frame_message(job))
        reply = PART
        while reply[:1] == PART:
            try:
                reply = await asyncio.wait_for(self._reply(), _LONGEST_PART_SECONDS)
            except TimeoutError as error:
                raise WorkerLost("it went on for too long") from error
            yield reply

    async def _reply(self) -> bytes:
        try:
            length = length_of(await self.reader.readexactly(LENGTH_BYTES))
            return await self.reader.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise WorkerLost("it ended") from error

    def end(self) -> None:
        """End the process, if it has not ended by itself."""
        if not self.is_gone:
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
        self.writer.close()


def _read_reply(reply: bytes) -> bytes:
    """Return the answer in the reply of a worker, or raise what it stands for."""
    kind, content = reply[:1], reply[1:]
    if kind == PROBLEM:
        raise ForwardedProblem(json.loads(content))
    if kind == FAULT:
        raise WorkerFailed("a question could not be answered; the log has the trace")
    if kind not in (ANSWER, PART):
        raise AskerGone
    return content


def _lost() -> Overloaded:
    said = "the process that worked on this ended; ask for less, or later"
    return Overloaded(said, _RETRY_SECONDS)
