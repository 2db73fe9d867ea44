"""Processes that compute answers, so that the one that holds the connections never does.

1. Before the server listens, a *nursery* is forked: it has every module in memory, holds no
   connection and no thread, and does nothing but fork workers when it is asked for one. So a
   worker that was lost is replaced in milliseconds, and modules are in memory once for all.
2. A worker takes a job, answers it, takes the next. Between the blocks of an answer it looks
   whether it was told to stop.
3. Nursery and workers end by themselves when the process that talks to them is gone.

Processes tell each other bytes: a job, and what it came to behind a letter that says what it is.
What is too large for one message comes in parts, each a message, and an empty answer after them.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
from typing import NoReturn

from threadpoolctl import threadpool_limits

from forewatch.errors import ForewatchError
from serving import problems
from serving.messages import LENGTH_BYTES, exact_bytes, frame_message, receive_message

# A job is computed in blocks; the second argument is called between them, and raises `Stopped`.
# What it comes to is one content, or the parts of one that is never in memory whole.
Compute = Callable[[bytes, Callable[[], None]], bytes | Iterator[bytes]]

STOP = b""  # in the place of a job: stop what you do
# What a reply is: an answer, a part of one, a problem (`problems.problem_of` as JSON), a fault of
# ours whose trace is in the log, or nothing, because it was stopped.
ANSWER, PART, PROBLEM, FAULT, STOPPED = b"a", b"m", b"p", b"f", b"s"
_LOG = logging.getLogger("uvicorn.error")


class AskerGone(Exception):
    """Whoever asked is gone: the rest of the answer isn't computed."""


class Nursery:
    """Forks workers; to be made before there are threads and connections."""

    def __init__(self, compute: Compute) -> None:
        """Fork the nursery.

        Args:
            compute: what workers do with a job.
        """
        self._control, theirs = socket.socketpair()
        gc.freeze()  # what is in memory now stays shared with the children
        if os.fork() == 0:
            self._control.close()
            _as_child(lambda: _nurse(theirs, compute))
        theirs.close()

    def worker(self, niceness: int) -> tuple[int, socket.socket]:
        """Return the process id of a new worker, and the socket that leads to it.

        Args:
            niceness: how far it steps back for other processes, 0 to 19.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [bytes([niceness])], [theirs.fileno()])
        return int.from_bytes(exact_bytes(self._control, LENGTH_BYTES)), ours

    def close(self) -> None:
        """Let the nursery end; workers end with the sockets that lead to them."""
        self._control.close()


def _as_child(work: Callable[[], None]) -> NoReturn:
    """Do the work of a forked process and end it, whatever happens, without its parent's exits."""
    try:
        # Ctrl-C reaches the whole group: the server finishes what is under way, and then we end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        work()
    except (EOFError, ConnectionError):
        pass  # the server is gone
    except BaseException:  # noqa: BLE001 - nothing above may go on in a second process
        _LOG.exception("a process that answers questions ended")
    finally:
        os._exit(0)


def _nurse(control: socket.socket, compute: Compute) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for workers
    while True:
        said, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not said:
            return
        with socket.socket(fileno=descriptors[0]) as theirs:
            if (child := os.fork()) == 0:
                control.close()
                niceness = said[0]
                _as_child(lambda: _work(theirs, compute, niceness))  # noqa: B023 - at once
        control.sendall(child.to_bytes(LENGTH_BYTES))


def _work(server: socket.socket, compute: Compute, niceness: int) -> None:
    os.nice(niceness)

    def stop_if_told() -> None:
        if select.select([server], [], [], 0)[0]:
            raise AskerGone

    with threadpool_limits(1):  # linear algebra would take every core for one question
        while True:
            job = receive_message(server)
            if job != STOP:  # a stop that came after the answer had gone
                for reply in _replies(compute, job, stop_if_told):
                    server.sendall(frame_message(reply))


def _replies(compute: Compute, job: bytes, stop_if_told: Callable[[], None]) -> Iterator[bytes]:
    try:
        found = compute(job, stop_if_told)
        if isinstance(found, bytes):
            yield ANSWER + found
        else:
            for part in found:
                yield PART + part
            yield ANSWER
    except AskerGone:
        yield STOPPED
    except ForewatchError as error:
        yield PROBLEM + json.dumps(problems.problem_of(error)).encode()
    except Exception:  # noqa: BLE001 - the worker goes on to the next question
        _LOG.exception("a question could not be answered")
        yield FAULT
