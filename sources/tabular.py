"""Tables as text: CSV, CSV.gz or Parquet, only the columns asked for, nothing guessed.

A cell is the trimmed text of the file, or missing where that is blank. "NA" and "NULL" are text:
they may be codes, and a code that nobody knows stops an import.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from forewatch.errors import DataError
from sources.extract import Extract
from sources.lines import LineAccount, Quoting, ReadsAsRow, every_line


def texts(file: Path, columns: tuple[str, ...], quoting: Quoting = "double") -> pd.DataFrame:
    """Return the columns as categories of text, in the file's order of rows; NaN where blank.

    Raises:
        DataError: if a line has more or fewer cells than the header: no row may be missing.
    """
    found, account = table_texts(file, columns, quoting, b"", every_line)
    if account is not None and account.broken:
        first = account.broken[0]
        raise DataError(
            f"{file.name}: {len(account.broken)} rows have more or fewer cells than the header, "
            f"the first at line {first.line:,} with {first.cells}; mend the file"
        )
    return found


def table_texts(
    file: Path, columns: tuple[str, ...], quoting: Quoting, key: bytes, reads_as_row: ReadsAsRow
) -> tuple[pd.DataFrame, LineAccount | None]:
    """Return the same of the rows that can be read, and what became of the file's lines.

    Args:
        file: CSV, CSV.gz or Parquet.
        columns: the file's names; none is read that isn't here.
        quoting: whether quotes hold cells together.
        key: of the digests of broken rows.
        reads_as_row: for lines, each as its cells, whether it is a row by itself.

    Raises:
        DataError: if the file can't be read, or a quote swallowed some of its rows.
    """
    wanted = tuple(dict.fromkeys(columns))
    extract = Extract(file, (), wanted, quoting)
    extract.columns()
    blocks = [*extract.blocks()]
    account = extract.account(key, reads_as_row)
    schema = pa.schema([(name, pa.dictionary(pa.int32(), pa.string())) for name in wanted])
    table = pa.Table.from_batches([block.cast(schema) for block in blocks], schema)
    return pd.DataFrame({name: _categories(table.column(name)) for name in wanted}), account


def file_line(account: LineAccount | None, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where rows, counted from 1, stand in the file; in Parquet the row itself."""
    return rows if account is None else account.line(rows)


def _categories(column: pa.ChunkedArray) -> pd.Series[Any]:
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # a column without rows keeps its chunks
        return pd.Series(pd.Categorical([], categories=pd.Index([], dtype="str")))
    trimmed = pd.Series(whole.dictionary.to_pandas(), dtype="str").str.strip()
    codes, categories = pd.factorize(trimmed.mask(trimmed == ""))
    rows = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    taken = np.append(codes, -1)[rows]
    return pd.Series(pd.Categorical.from_codes(taken, categories=pd.Index(categories, dtype="str")))
