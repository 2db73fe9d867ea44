"""Tables as text: CSV, CSV.gz or Parquet, only the columns asked for, nothing guessed.

A cell is the trimmed text of the file, or missing where that is empty. "NA" and "NULL" are text:
they may be codes, and a code that nobody knows stops an import.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from forewatch.errors import DataError


def column_names(file: Path) -> tuple[str, ...]:
    """Return the names of a file's columns, without reading its rows.

    Raises:
        DataError: if there is no such file, or it is neither CSV nor Parquet.
    """
    if not file.is_file():
        raise DataError(f"no file {file.name}; found none at the path given; check the path")
    try:
        if _is_parquet(file):
            return tuple(pyarrow.parquet.read_schema(file).names)
        with pyarrow.csv.open_csv(file) as reader:
            return tuple(reader.schema.names)
    except pa.ArrowInvalid as error:
        raise _unreadable(file, error) from None


def texts(file: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the columns as categories of text, in the file's order of rows; NaN where empty.

    Raises:
        DataError: if a line has more or fewer cells than the header.
    """
    wanted = list(dict.fromkeys(columns))
    try:
        table = _parquet(file, wanted) if _is_parquet(file) else _csv(file, wanted)
    except pa.ArrowInvalid as error:
        raise _unreadable(file, error) from None
    return pd.DataFrame({name: _categories(table.column(name)) for name in wanted})


def _unreadable(file: Path, error: Exception) -> DataError:
    # The reader's message quotes the whole line, columns about persons included: keep its start.
    said = re.sub(r"(got \d+): .*", r"\1", str(error), flags=re.DOTALL)
    return DataError(f"{file.name} can't be read as a table: {said}; mend the file")


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() in {".parquet", ".pq"}


def _csv(file: Path, columns: list[str]) -> pa.Table:
    convert = pyarrow.csv.ConvertOptions(
        include_columns=columns,
        column_types=dict.fromkeys(columns, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
    )
    return pyarrow.csv.read_csv(file, convert_options=convert)


def _parquet(file: Path, columns: list[str]) -> pa.Table:
    table = pyarrow.parquet.read_table(file, columns=columns)
    return pa.table({name: pc.cast(table.column(name), pa.string()) for name in columns})


def _categories(column: pa.ChunkedArray) -> pd.Series:
    trimmed = pc.utf8_trim_whitespace(column)
    filled = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    encoded = pc.dictionary_encode(filled).unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # a column without rows keeps its chunks
        return pd.Series(pd.Categorical([], categories=pd.Index([], dtype="str")))
    categories = pd.Index(encoded.dictionary.to_pandas().astype("str"))
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return pd.Series(pd.Categorical.from_codes(codes, categories=categories))
