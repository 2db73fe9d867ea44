"""The physical lines of a CSV, so that none of them vanishes behind a quote.

1. `LineStream` counts line ends in the file's bytes, and knows nothing of quotes.
2. Where that count is one for the header and one for each row, every line is accounted for.
3. Otherwise `walk` goes through the file once more, row by row, and says which lines are blank,
   which rows have the wrong number of cells, and which lines continue the row before them because
   a quoted cell holds a line break.
4. A line of the last kind that reads as a row by itself was swallowed by a quote that nothing
   closes where it should: the file is refused.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from forewatch.errors import DataError

Quoting = Literal["double", "none"]
ReadsAsRow = Callable[[list[list[str]]], NDArray[np.bool_]]
_STYLES: dict[Quoting, Literal[0, 3]] = {
    "double": csv.QUOTE_MINIMAL, "none": csv.QUOTE_NONE
}  # fmt: skip
_LONGEST_CELL = 1 << 30  # characters; the csv module's own limit would stop at 128 KiB
_DIGEST_BYTES = 8
_HEAD_BYTES = 1 << 20
_BLOCK_BYTES = 8 << 20
_GZIP = ".gz"
# What a file that is no text begins with, and what it is then.
_SIGNATURES = (
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzipped file"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
)


@dataclass(frozen=True)
class LineAccount:
    """What became of the physical lines of a file.

    Args:
        physical: line ends in the file, the last line's missing one included.
        header: lines of the header, more than one if a name in it holds a line break.
        blank: lines between rows without anything but blanks.
        further: lines that continue a row, because a quoted cell holds a line break.
        broken: rows with more or fewer cells than the header.
        first: physical line, from 1, at which each row begins, shape (rows,); None where the
            rows simply follow the header.
    """

    physical: int
    header: int = 1
    blank: int = 0
    further: int = 0
    broken: tuple[BrokenRow, ...] = ()
    first: NDArray[np.int64] | None = None

    def line(self, row: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the physical line at which rows, counted from 1, begin."""
        return row + self.header if self.first is None else self.first[row - 1]


def every_line(lines: list[list[str]]) -> NDArray[np.bool_]:
    """Return that each line is a row by itself, for files of which nothing tells."""
    return np.ones(len(lines), bool)


def unpack_bytes(file: Path) -> pa.NativeFile:
    """Return a file's bytes, unpacked if its name ends as that of a gzipped one does."""
    kind = "gzip" if file.suffix.lower() == _GZIP else None
    return pa.input_stream(str(file), compression=kind)


@dataclass(frozen=True)
class BrokenRow:
    """A row whose cells nobody can tell apart: where it stands, how many there are, a digest."""

    line: int
    cells: int
    digest: str


class LineStream(io.RawIOBase):
    """The bytes of a text file, unpacked, with a count of the lines that went through.

    Args:
        file: the file; gzipped if its name ends so.
    """

    def __init__(self, file: Path) -> None:
        self._bytes = unpack_bytes(file)
        self._ends = self._size = self._crc = 0
        self._last = b""

    def readable(self) -> bool:
        """Return that it can be read, as the interface wants."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most *size*; none at the end."""
        block: bytes = self._bytes.read(None if size < 0 else size)
        if block:
            self._size, self._crc = self._size + len(block), zlib.crc32(block, self._crc)
            self._ends += int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))
            if b"\r" in block:
                self._ends += block.count(b"\r") - block.count(b"\r\n")
            if self._last == b"\r" and block[:1] == b"\n":
                self._ends -= 1  # one end of a line, cut by the end of a block
            self._last = block[-1:]
        return block

    def readinto(self, buffer: object) -> int:
        """Read into a buffer and return the number of bytes, as the interface wants."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        block = self.read(len(view))
        view[: len(block)] = block
        return len(block)

    @property
    def lines(self) -> int:
        """The number of lines so far; LF, CR LF and CR each end one."""
        return self._ends + (self._last not in (b"", b"\n", b"\r"))

    @property
    def content(self) -> str:
        """A text that is the same only for the same bytes: whether a file is read again."""
        return f"{self._crc:08x}-{self._size}"

    def close(self) -> None:
        """Close the file."""
        self._bytes.close()
        super().close()


def count_bytes(file: Path) -> LineStream:
    """Return the stream of a file after all of it went through."""
    with LineStream(file) as stream:
        while stream.read(_BLOCK_BYTES):
            pass
    return stream


def checksum(blocks: Iterable[bytes]) -> str:
    """Return what `LineStream.content` would say of these blocks of bytes."""
    size = crc = 0
    for block in blocks:
        size, crc = size + len(block), zlib.crc32(block, crc)
    return f"{crc:08x}-{size}"


def first_bytes(file: Path) -> bytes:
    """Return the beginning of a text file, the header in it.

    Raises:
        DataError: saying what it looks like.
    """
    try:
        with LineStream(file) as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        if error.errno:  # the machine's fault, not the file's
            raise
        raise DataError(
            f"{file.name} can't be unpacked; it is no gzip file, or is cut short; export it again"
        ) from None
    found = next((what for signature, what in _SIGNATURES if head.startswith(signature)), None)
    if found is None and b"\0" in head:
        found = "UTF-16 text without a mark" if _is_half_zero(head) else "binary, not text"
    if found is not None:
        raise DataError(
            f"{file.name} is {found}; it should be a CSV in UTF-8 (the same gzipped as .csv.gz) or "
            "Parquet as .parquet; export or save it again as one of these"
        )
    return head


def _is_half_zero(head: bytes) -> bool:
    zeros = np.frombuffer(head, np.uint8) == 0
    return bool(max(zeros[::2].mean(), zeros[1::2].mean()) > 1 / 2)


def header_names(head: bytes, quoting: Quoting) -> list[str]:
    """Return the cells of the first line that isn't empty; none where there is no such line."""
    text = io.StringIO(head.decode("utf-8-sig", "replace"), newline="")
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(text, quoting=_STYLES[quoting])
    # the first line that isn't empty, blanks or not: so does Arrow
    return next((cells for cells in rows if cells), [])


def walk(file: Path, quoting: Quoting, key: bytes, reads_as_row: ReadsAsRow) -> LineAccount:
    """Return the account of a file's lines, told apart row by row.

    Args:
        file: the CSV.
        quoting: whether quotes hold cells together.
        key: of the digests of broken rows.
        reads_as_row: for candidate lines, each as its cells, whether it is a row by itself.

    Raises:
        DataError: if a line that a quote swallowed reads as a row by itself.
    """
    csv.field_size_limit(_LONGEST_CELL)
    with LineStream(file) as stream:
        text = io.TextIOWrapper(
            io.BufferedReader(stream, _HEAD_BYTES),
            encoding="utf-8-sig",
            errors="replace",  # a letter that is no UTF-8 makes no line vanish
            newline="",
        )
        found = _Walk(text, quoting, key)
        found.run()
        account = found.account(stream.lines)
    swallowed = found.swallowed(reads_as_row)
    if swallowed is not None:
        raise DataError(
            f"{file.name}: line {swallowed:,} reads as a row by itself but stands inside a quoted "
            "cell, so a quote before it is not closed where it should be; close it at the source, "
            'or write quoting = "none" into the mapping if quotes are letters like others'
        )
    return account


class _Walk:
    """One way through the rows of a CSV."""

    def __init__(self, text: IO[str], quoting: Quoting, key: bytes) -> None:
        self._text, self._key = text, key
        self._style = _STYLES[quoting]
        self._seen: list[str] = []
        self._width = 0
        self._header = self._blank = self._further = self._lines = 0
        self._first: list[int] = []
        self._broken: list[BrokenRow] = []
        self._candidates: list[tuple[int, list[str]]] = []

    def run(self) -> None:
        """Go through all rows."""
        for cells in csv.reader(self._each_line(), quoting=self._style):
            seen, self._seen = self._seen, []
            before, self._lines = self._lines, self._lines + len(seen)
            # in a file of one column blanks are a row, as Arrow has it
            signs = "\r\n" if self._width == 1 else None
            if all(not line.strip(signs) for line in seen):
                self._blank += len(seen)
            elif not self._width:
                self._width, self._header = len(cells), len(seen)
                self._look_for_rows(1, seen, width=len(self._cells(seen[0])))
            else:
                self._row(before + 1, cells, seen)

    def account(self, physical: int) -> LineAccount:
        """Return what was found."""
        return LineAccount(
            physical,
            self._header,
            self._blank,
            self._further,
            tuple(self._broken),
            np.array(self._first, np.int64),
        )

    def swallowed(self, reads_as_row: ReadsAsRow) -> int | None:
        """Return the first line inside a quoted cell that is a row by itself."""
        if not self._candidates:
            return None
        is_row = reads_as_row([cells for _, cells in self._candidates])
        at = np.flatnonzero(is_row)
        return self._candidates[int(at[0])][0] if at.size else None

    def _each_line(self) -> Iterator[str]:
        for line in self._text:
            self._seen.append(line)
            yield line

    def _row(self, line: int, cells: list[str], seen: list[str]) -> None:
        self._further += len(seen) - 1
        if len(cells) == self._width:
            self._first.append(line)
        else:
            text = "".join(seen).encode()
            digest = hashlib.blake2b(text, key=self._key, digest_size=_DIGEST_BYTES).hexdigest()
            self._broken.append(BrokenRow(line, len(cells), digest))
        self._look_for_rows(line, seen, self._width)

    def _look_for_rows(self, line: int, seen: list[str], width: int) -> None:
        for i, further in enumerate(seen[1:], start=1):
            if further.count(",") >= width - 1:
                alone = self._cells(further)
                if len(alone) == width:
                    self._candidates.append((line + i, alone))

    def _cells(self, line: str) -> list[str]:
        return next(csv.reader([line], quoting=self._style), [])
