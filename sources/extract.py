"""A file of records in blocks: CSV, CSV.gz or Parquet, only the columns that a mapping reads.

Codes come as dictionaries, so that whoever translates them works on the distinct texts of a block
and not on its rows. A file of any length takes the memory of a few blocks.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from forewatch.errors import DataError, MissingColumns
from sources.lines import (
    LineAccount,
    Quoting,
    ReadsAsRow,
    checksum,
    count_bytes,
    every_line,
    first_bytes,
    header_names,
    unpack_bytes,
    walk,
)
from sources.personal import columns_text

BLOCK_BYTES = 8 << 20
_BATCH_ROWS = 131_072
_PARQUET = (".parquet", ".pq")
_CODED = pa.dictionary(pa.int32(), pa.string())
_LONGEST_NAME = 200  # characters; a longer name of a column is a header whose quote never closes
_SEPARATORS = (";", "\t", "|")


@dataclass
class Extract:
    """The rows of a file as they stand.

    Args:
        file: CSV (UTF-8, with a header), the same gzipped, or Parquet.
        texts: columns whose texts are nearly all different (references, times).
        coded: columns with few distinct texts.
        quoting: "double" where quotes hold a cell together, "none" where they are letters.
    """

    file: Path
    texts: tuple[str, ...]
    coded: tuple[str, ...]
    quoting: Quoting = "double"
    _rows: int = field(default=0, init=False)
    _broken: int = field(default=0, init=False)
    _lines: int = field(default=0, init=False)
    _content: str = field(default="", init=False)
    _undecodable: bool = field(default=False, init=False)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the file's columns.

        Raises:
            DataError: if it is no such file, or two of the columns to read have one name.
            MissingColumns: if the file lacks a column that is to be read.
        """
        found = column_names(self.file, self.quoting)
        wanted = (*self.texts, *self.coded)
        if missing := [name for name in wanted if name not in found]:
            hint = next((s for s in _SEPARATORS if len(found) == 1 and s in found[0]), None)
            raise MissingColumns(
                f"{self.file.name} lacks {columns_text(missing)}; it has "
                f"{columns_text(found, wanted)}; "
                + (
                    f"its cells seem to be parted by {hint!r}: export it with commas"
                    if hint
                    else "mend the mapping's names of columns"
                )
            )
        stop_if_doubled(self.file, found, wanted)
        return found

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the file's order; blank cells are null, texts are trimmed.

        Raises:
            DataError: if the file can't be read as what its name says.
        """
        blocks = self._parquet() if is_parquet(self.file) else self._csv()
        try:
            for block in _ahead(map(self._trimmed, blocks)):
                self._rows += block.num_rows
                yield block
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, EOFError) as error:
            if isinstance(error, OSError) and error.errno:
                raise  # the machine's fault, not the file's
            raise self._unreadable(error) from None

    def content(self) -> str:
        """Return a text that is the same only for files of the same bytes, once all are read."""
        if not self._content:
            with self.file.open("rb") as whole:
                self._content = checksum(iter(lambda: whole.read(BLOCK_BYTES), b""))
        return self._content

    def account(self, key: bytes, reads_as_row: ReadsAsRow) -> LineAccount | None:
        """Return what became of the file's lines, once all blocks are read; None for Parquet.

        Args:
            key: of the digests of broken rows.
            reads_as_row: for candidate lines, each as its cells, whether it is a row by itself.

        Raises:
            DataError: if a line was swallowed by a quote, or the lines don't add up.
        """
        if is_parquet(self.file):
            return None
        if self._lines == 1 + self._rows and not self._broken:
            return LineAccount(self._lines)
        found = walk(self.file, self.quoting, key, reads_as_row)
        rows = 0 if found.first is None else len(found.first)
        parts = found.header + found.blank + found.further + rows + len(found.broken)
        if rows != self._rows or not parts == found.physical == self._lines:
            raise DataError(
                f"{self.file.name} has {self._lines:,} lines, and {parts:,} of them can be told "
                f"apart ({rows:,} and {self._rows:,} rows in two counts); export it again"
            )
        return found

    def _unreadable(self, error: Exception) -> DataError:
        # Arrow's message may quote a line of the file: it stays inside. What broke it may be a
        # quote that nothing closes; then the walk names the line.
        if not is_parquet(self.file):
            with suppress(OSError):  # it can't be unpacked a second time either
                walk(self.file, self.quoting, b"", every_line)
        is_other_coding = self._undecodable or "UTF8" in str(error)
        what = "a letter that is no UTF-8" if is_other_coding else type(error).__name__
        return DataError(
            f"{self.file.name} can't be read ({what}); it should be a CSV in UTF-8 with a header, "
            "the same gzipped, or Parquet with plain columns; export it again"
        )

    def _csv(self) -> Iterator[pa.RecordBatch]:
        head = first_bytes(self.file)
        if b"\n" not in head and b"\r" not in head:  # a header that no line end follows
            self._lines = 1
            return
        types = dict.fromkeys(self.texts, pa.string()) | dict.fromkeys(self.coded, _CODED)
        with (
            self._undecodable_rows(),
            # beside, not through Arrow's own reading: there each block would wait for Python
            ThreadPoolExecutor(max_workers=1) as beside,
            pyarrow.csv.open_csv(
                unpack_bytes(self.file),
                read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES),
                parse_options=_parsing(self.quoting, self._skip),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=list(types),
                    column_types=types,
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            ) as reader,
        ):
            count = beside.submit(count_bytes, self.file)
            yield from reader
            self._lines, self._content = count.result().lines, count.result().content

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        names = [*dict.fromkeys((*self.texts, *self.coded))]
        with pyarrow.parquet.ParquetFile(self.file) as source:
            for block in source.iter_batches(_BATCH_ROWS, columns=names):
                columns = [self._as_text(name, block.column(name)) for name in names]
                yield pa.record_batch(columns, names=names)

    def _as_text(self, name: str, column: pa.Array) -> pa.Array:
        if name in self.texts and pa.types.is_floating(column.type):
            raise DataError(
                f"{self.file.name}: {name} is a column of {column.type} numbers, which hold only "
                "some digits, so that different references or times become one; export it as text"
            )
        text = pc.cast(column, pa.string())
        return pc.dictionary_encode(text) if name in self.coded else text

    def _trimmed(self, block: pa.RecordBatch) -> pa.RecordBatch:
        columns = []
        for name in block.schema.names:
            column = block.column(name)
            if name in self.texts:
                trimmed = pc.utf8_trim_whitespace(column)
                blank = pc.equal(trimmed, "")
                column = pc.if_else(blank, pa.scalar(None, pa.string()), trimmed)
            columns.append(column)
        return pa.record_batch(columns, names=block.schema.names)

    @contextmanager
    def _undecodable_rows(self) -> Iterator[None]:
        """Note broken rows that Arrow can't hand over because their text is no UTF-8."""
        before = sys.unraisablehook

        def note(found: sys.UnraisableHookArgs) -> None:
            if isinstance(found.exc_value, UnicodeDecodeError):
                self._undecodable = True
            else:
                before(found)

        sys.unraisablehook = note
        try:
            yield
        finally:
            sys.unraisablehook = before

    def _skip(self, _row: object) -> str:
        self._broken += 1
        return "skip"


def column_names(file: Path, quoting: Quoting = "double") -> tuple[str, ...]:
    """Return the names of a file's columns, without reading its rows.

    Raises:
        DataError: if there is no such file, or it is neither CSV nor Parquet.
    """
    if not file.is_file():
        raise DataError(f"no file {file.name}; found none at the path given; check the path")
    if is_parquet(file):
        try:
            return tuple(pyarrow.parquet.read_schema(file).names)
        except (pa.ArrowInvalid, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise  # the machine's fault, not the file's
            raise DataError(
                f"{file.name} can't be read as Parquet: it is empty, cut short or something else; "
                "export it again"
            ) from None
    found = tuple(header_names(first_bytes(file), quoting))
    if not found:
        raise DataError(f"{file.name} is empty: not even a header is in it; export it again")
    if max(map(len, found)) > _LONGEST_NAME:
        raise DataError(
            f"the first line of {file.name} is no header: a name in it is longer than "
            f"{_LONGEST_NAME} characters; look for a quote that nothing closes"
        )
    return found


def stop_if_doubled(file: Path, names: Iterable[str], read: Iterable[str]) -> None:
    """Stop where two columns have the name of one that is to be read.

    Raises:
        DataError: naming them.
    """
    times = Counter(names)
    if doubled := sorted({name for name in read if times[name] > 1}):
        raise DataError(
            f"{file.name} has several columns named {columns_text(doubled)}, and nobody can say "
            "which is meant; rename or drop all but one at the source"
        )


def is_parquet(file: Path) -> bool:
    """Return whether a file's name says that it is Parquet."""
    return file.suffix.lower() in _PARQUET


def _ahead(blocks: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the blocks, each next one read while the present one is worked on."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        following = reader.submit(next, blocks, None)
        while (block := following.result()) is not None:
            following = reader.submit(next, blocks, None)
            yield block


def _parsing(quoting: Quoting, broken: object) -> pyarrow.csv.ParseOptions:
    # free text that is never read may still hold line breaks
    return pyarrow.csv.ParseOptions(
        quote_char=False if quoting == "none" else '"',
        newlines_in_values=quoting != "none",
        invalid_row_handler=broken,
    )
