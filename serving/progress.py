"""Progress of long steps: a bar on a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from forewatch.progress import Progress

_TENTHS = 10


class Lines:
    """A line when a step begins, at each tenth of its way, and when it ends."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a text stream."""
        self._stream = stream
        self._said: dict[str, int] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take note of how far a step is; total 0 means that nobody knows."""
        tenth = _TENTHS * done // total if total else 0
        if self._said.get(what) == tenth:
            return
        self._said[what] = tenth
        where = f" {done:,}/{total:,}" if total else " ..."
        self._stream.write(f"{what}{where}\n")
        self._stream.flush()


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""
    del what, done, total


@contextmanager
def progress_bar(stream: TextIO | None = None) -> Iterator[Progress]:
    """Yield a progress that shows itself while the block runs."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield Lines(stream)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(file=stream)) as bars:
        tasks = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield show
