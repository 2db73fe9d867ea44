"""Files as one zip file that is taken away while it grows, so that it is never in memory whole.

Source:
    APPNOTE.TXT 6.3.10, 4.4.4 (sizes that follow the content) and 4.4.6 (times).
"""

from __future__ import annotations

from datetime import datetime
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_MODE = 0o644 << 16
_LEVEL = 4  # as answers are packed: little larger than at 9, in a third of the time


class Archive:
    """A zip file that grows in memory until its beginning is taken away."""

    def __init__(self, at: datetime) -> None:
        """Begin with nothing in it.

        Args:
            at: the time that all files in it have, so that the same files make the same bytes.
        """
        self._at = at
        self._pieces = _Pieces()
        self._zip = ZipFile(
            cast("IO[bytes]", self._pieces), "w", ZIP_DEFLATED, compresslevel=_LEVEL
        )

    def open(self, name: str) -> IO[bytes]:
        """Return a file of the archive to write, closed before the next one is opened."""
        about = ZipInfo(name, self._at.timetuple()[:6])
        about.compress_type = ZIP_DEFLATED
        about.external_attr = _MODE
        return self._zip.open(about, "w")

    def take(self) -> bytes:
        """Return what it grew by since the last time."""
        return self._pieces.take()

    def close(self) -> bytes:
        """End the archive, and return what it grew by."""
        self._zip.close()
        return self.take()


class _Pieces:
    """What was written and not taken yet; nothing can be sought in it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, content: bytes) -> int:
        self._held += content
        return len(content)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken
