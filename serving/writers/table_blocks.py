"""Tables that come in blocks of rows, each written to one file without ever being in memory whole.

CSV has one header line. Parquet has a row group a block; columns describe themselves in both the
metadata of their fields and the manifest of the export that the file is part of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import IO

from planning.tables import Table
from serving.writers.csv_file import csv_file

Blocks = Iterable[Table]


def write_csv(file: IO[bytes], blocks: Blocks) -> Iterator[int]:
    """Write blocks of one table, and yield after each how many rows it had."""
    for number, block in enumerate(blocks):
        plain = replace(block, provenance={})  # the manifest beside the file has it
        file.write(csv_file(plain, has_header=number == 0))
        yield len(block)


def write_parquet(file: IO[bytes], blocks: Blocks) -> Iterator[int]:
    """Write blocks of one table, and yield after each how many rows it had."""
    # Who writes CSV doesn't wait for the import.
    from pyarrow import parquet  # noqa: PLC0415

    from serving.writers.parquet_file import arrow_table  # noqa: PLC0415

    writer = None
    try:
        for block in blocks:
            rows = arrow_table(block)
            if writer is None:
                writer = parquet.ParquetWriter(file, rows.schema)
            writer.write_table(rows)
            yield len(block)
    finally:
        if writer is not None:
            writer.close()


BLOCK_WRITERS: dict[str, Callable[[IO[bytes], Blocks], Iterator[int]]] = {
    "csv": write_csv,
    "parquet": write_parquet,
}
