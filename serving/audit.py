"""Who asked what, when: one JSON line a request, for whoever answers for the service.

Each line is appended whole, by one write, so that several processes may share the file and none
cuts another's line. A file that has reached its size is set aside under a number (1 is the latest)
and the oldest is removed. A process that a kill ends loses nothing; a power cut may take the last
seconds, because no request waits for the disk.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic

from pydantic_core import to_json

from forewatch.durable import OWNER_ONLY
from forewatch.locks import hold_lock

_LOOK_SECONDS = 1.0  # between looks at whether another process set the file aside
_SAY_SECONDS = 60.0  # between lines of the log that say that nothing can be written
_LOG = logging.getLogger(__name__)


class AuditFile:
    """Appends lines to a file that only its owner reads; safe in several threads and processes."""

    def __init__(
        self, path: Path, max_bytes: int, files: int, clock: Callable[[], float] = monotonic
    ) -> None:
        """Remember the file; it is made with the first line.

        Args:
            path: the file that is appended to.
            max_bytes: its size from which it is set aside.
            files: how many files there are at most, with the one appended to.
            clock: seconds that only grow.
        """
        self._path = path
        self._max_bytes = max_bytes
        self._files = files
        self._clock = clock
        self._lock = Lock()
        self._file = -1
        self._look_at = 0.0
        self._is_torn = False
        self._lost = 0
        self._say_at = 0.0

    def write(self, said: Mapping[str, object]) -> None:
        """Append a line. A disk that refuses stops no request; the log says how many were lost."""
        line = to_json(said) + b"\n"
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                self._close()
                self._lost += 1
                if (now := self._clock()) >= self._say_at:
                    self._say_at = now + _SAY_SECONDS
                    _LOG.error("%d lines of %s are lost: %s", self._lost, self._path.name, error)

    def _append(self, line: bytes) -> None:
        if self._file < 0 or self._clock() >= self._look_at:
            self._look()
        # What a full disk cut off stays a line of its own.
        whole = b"\n" + line if self._is_torn else line
        written = os.write(self._file, whole)
        self._is_torn = written < len(whole)
        if self._is_torn:
            raise OSError(f"{written} of {len(whole)} bytes were written")

    def _look(self) -> None:
        """Open the file that bears the name, after setting aside one that is large."""
        self._look_at = self._clock() + _LOOK_SECONDS
        if self._size() >= self._max_bytes:
            with hold_lock(self._path.with_suffix(".lock")):
                if self._size() >= self._max_bytes:  # nobody else did it meanwhile
                    self._set_aside()
        if self._file < 0 or self._is_another():
            self._close()
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._file = os.open(self._path, flags, OWNER_ONLY)

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def _is_another(self) -> bool:
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(self._file))
        except FileNotFoundError:
            return True

    def _set_aside(self) -> None:
        for number in range(self._files - 1, 0, -1):
            newer = self._path if number == 1 else self._aside(number - 1)
            with suppress(FileNotFoundError):
                newer.replace(self._aside(number))
        if self._files == 1:
            self._path.unlink()

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
