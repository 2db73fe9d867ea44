"""The one process that draws, as its parent holds it and as it runs.

vl-convert and altair take 0.2 GB and seconds to start, so they live in a process of their own that
is started anew, not forked: it shares nothing with the service and can be killed at any time. It
takes a chart as plain values (`Chart.job`), and gives the drawing back, packed.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from forewatch.errors import DrawingUnavailable
from serving.messages import frame_message, receive_message

_LOG = logging.getLogger("uvicorn.error")
_READY, _DRAWN, _FAILED = b"r", b"d", b"f"
START_SECONDS = 60.0  # an idle machine takes two
# Resident memory beyond which it ends once it has answered, for a fresh one to take its place; it
# grows to 210 MiB and stays there.
_MOST_MEMORY_BYTES = 280 * 2**20
_NO_LIMITS: dict[str, list[str]] = {"limits": []}
_LEVEL = 9  # packed once, sent often
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class DrawingProcess:
    """A process that draws, for one thread at a time."""

    def __init__(self) -> None:
        """Start it and wait until it can draw.

        Raises:
            DrawingUnavailable: if it doesn't come up.
        """
        self._way, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this Python, this module
                [sys.executable, "-P", "-m", "serving.drawing_process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=process_environment(),
            )
        if self._reply(START_SECONDS) != _READY:
            self.end()
            raise DrawingUnavailable("the process that draws did not start; the log says why")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_gone(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def draw(self, job: bytes, seconds: float) -> bytes:
        """Return a drawing, as gzip.

        Args:
            job: from `Chart.job`.
            seconds: that it may take; then the process is ended.

        Raises:
            TimeoutError: if it took longer.
            EOFError: if the process ended meanwhile.
            DrawingUnavailable: if the chart can't be drawn.
        """
        try:
            self._way.settimeout(seconds)
            self._way.sendall(frame_message(job))
            reply = receive_message(self._way)
        except TimeoutError:
            self.end()
            raise
        except (EOFError, ConnectionError) as error:
            self.end()
            raise EOFError from error
        if reply[:1] == _FAILED:
            raise DrawingUnavailable("the chart could not be drawn; the log has the trace")
        return reply[1:]

    def interrupt(self) -> None:
        """End it from another thread: the one that waits for a drawing gets EOFError."""
        self._process.kill()

    def end(self) -> None:
        """End it at once."""
        self._way.close()
        self._process.kill()
        self._process.wait()

    def _reply(self, seconds: float) -> bytes:
        self._way.settimeout(seconds)
        try:
            return receive_message(self._way)
        except (EOFError, OSError):
            return b""


def process_environment() -> dict[str, str]:
    """Return the environment: modules are found where they are found here, clocks are UTC.

    And nowhere else: a folder in which a service is started may hold a "serving" of its own.
    """
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(each or str(Path.cwd()) for each in sys.path),
        "TZ": "UTC",
        "MALLOC_ARENA_MAX": "2",  # several arenas would hold what one has given back
    }


def _serve(service: socket.socket) -> None:
    """Draw what is asked until the other end is gone, or memory has grown."""
    from serving.charts.chart import Chart  # noqa: PLC0415 - of the child only
    from serving.charts.definitions.drawn import draw_svg  # noqa: PLC0415 - of the child only
    from serving.charts.look import Look  # noqa: PLC0415 - of the child only

    # The first takes seconds. Nothing here imports pandas, which would be a third more memory.
    draw_svg(
        Chart("curve", "", "", ({"officers": 1, "share": 0.1, "label": ""},), _NO_LIMITS), Look()
    )
    service.sendall(frame_message(_READY))
    while _memory_bytes() < _MOST_MEMORY_BYTES:
        job = receive_message(service)
        try:
            svg = draw_svg(*Chart.of_job(job))
            reply = _DRAWN + gzip.compress(svg.encode(), _LEVEL, mtime=0)
        except Exception:  # noqa: BLE001 - the next chart may be a good one
            _LOG.exception("a chart could not be drawn")
            reply = _FAILED
        service.sendall(frame_message(reply))


def _memory_bytes() -> int:
    """Return the resident memory of this process; 0 where the system doesn't say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def draw_for_parent() -> None:
    """Run as the process that draws; its one argument is the number of its open socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent ends us
    with contextlib.suppress(EOFError, ConnectionError):
        _serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    draw_for_parent()
