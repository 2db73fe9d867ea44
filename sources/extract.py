"""A call log in blocks: CSV, CSV.gz or Parquet, only the columns that the mapping reads.

Codes come as dictionaries, so that whoever translates them works on the distinct texts of a block
and not on its rows. A file of any length takes the memory of a few blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from forewatch.errors import DataError, MissingColumns
from sources.tabular import column_names

BLOCK_BYTES = 8 << 20
_BATCH_ROWS = 131_072
_PARQUET = (".parquet", ".pq")
_CODED = pa.dictionary(pa.int32(), pa.string())


@dataclass
class Extract:
    """The rows of a file as they stand.

    Args:
        file: CSV (UTF-8, with a header), the same gzipped, or Parquet.
        texts: columns whose texts are nearly all different (references, times).
        coded: columns with few distinct texts.
    """

    file: Path
    texts: tuple[str, ...]
    coded: tuple[str, ...]
    broken: int = field(default=0, init=False)  # lines with more or fewer cells than the header

    def columns(self) -> tuple[str, ...]:
        """Return the names of the file's columns.

        Raises:
            MissingColumns: if the file lacks a column that is to be read.
        """
        found = self._names()
        if missing := [name for name in (*self.texts, *self.coded) if name not in found]:
            raise MissingColumns(
                f"{self.file.name} lacks {', '.join(missing)}; it has {', '.join(found)}; mend "
                "the mapping's names of columns"
            )
        return found

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the file's order; empty cells are null, texts are trimmed.

        Raises:
            DataError: if the file can't be read as what its name says.
        """
        blocks = self._parquet() if self._is_parquet else self._csv()
        try:
            yield from _ahead(map(self._trimmed, blocks))
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise self._unreadable(error) from None

    def _names(self) -> tuple[str, ...]:
        if self._is_parquet or not self.file.is_file():
            return column_names(self.file)
        try:
            with pyarrow.csv.open_csv(self.file, parse_options=_parsing(_passed_over)) as reader:
                return tuple(reader.schema.names)
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise self._unreadable(error) from None

    @property
    def _is_parquet(self) -> bool:
        return self.file.suffix.lower() in _PARQUET

    def _unreadable(self, error: Exception) -> DataError:
        # Arrow's message may quote a line of the file: it stays inside.
        return DataError(
            f"{self.file.name} can't be read ({type(error).__name__}); it should be a CSV in "
            "UTF-8 with a header, the same gzipped, or Parquet; export it again"
        )

    def _csv(self) -> Iterator[pa.RecordBatch]:
        types = dict.fromkeys(self.texts, pa.string()) | dict.fromkeys(self.coded, _CODED)
        with pyarrow.csv.open_csv(
            self.file,
            read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=_parsing(self._skip),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=list(types),
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
            ),
        ) as reader:
            yield from reader

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        names = [*dict.fromkeys((*self.texts, *self.coded))]
        with pyarrow.parquet.ParquetFile(self.file) as source:
            for block in source.iter_batches(_BATCH_ROWS, columns=names):
                columns = [self._as_text(name, block.column(name)) for name in names]
                yield pa.record_batch(columns, names=names)

    def _as_text(self, name: str, column: pa.Array) -> pa.Array:
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

    def _skip(self, _row: object) -> str:
        self.broken += 1
        return "skip"


def _ahead(blocks: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the blocks, each next one read while the present one is worked on."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        following = reader.submit(next, blocks, None)
        while (block := following.result()) is not None:
            following = reader.submit(next, blocks, None)
            yield block


def _parsing(broken: Callable[[object], str]) -> pyarrow.csv.ParseOptions:
    # free text that is never read may still hold line breaks
    return pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=broken)


def _passed_over(_row: object) -> str:
    return "skip"
