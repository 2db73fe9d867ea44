"""Locks between processes: who else imports, trains or publishes waits its turn."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold_lock(path: Path, *, waits: bool = True) -> Iterator[None]:
    """Hold the lock of a file while the block runs; wait for whoever holds it.

    The system lets go when a process ends, however it ends, so a lock is never left behind. The
    empty file stays: deleting it would let two processes hold two locks of the same name.

    Raises:
        BlockingIOError: if another holds it and *waits* is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
