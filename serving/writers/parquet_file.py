"""A table as a Parquet file, whose metadata say where it comes from and what its columns are."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from planning.tables import Column, Table

_METADATA = b"forewatch"


def parquet_file(table: Table) -> bytes:
    """Return the rows as a file."""
    file = io.BytesIO()
    parquet.write_table(arrow_table(table), file)
    return file.getvalue()


def arrow_table(table: Table) -> pa.Table:
    """Return the rows; the metadata "forewatch" of the file is the provenance as JSON.

    Each column has its unit and meaning in the metadata of its field. The figures' allowed uses
    stand in a column as well: metadata are seldom read.
    """
    fields, arrays = [], []
    for each in table.columns:
        array = _array(each, table.values[each.name])
        fields.append(_field(each, array))
        arrays.append(array)
    if uses := table.provenance.get("uses"):
        fields.append(pa.field("uses", pa.string()))
        arrays.append(pa.array([uses] * len(table), pa.string()))
    told = {_METADATA: json.dumps(dict(table.provenance)).encode()}
    return pa.table(arrays, schema=pa.schema(fields, metadata=told))


def _array(column: Column, values: NDArray[Any]) -> Any:  # noqa: ANN401 - pyarrow has no types
    types = {"text": pa.string(), "date": pa.timestamp("us"), "instant": pa.timestamp("us", "UTC")}
    if column.type in ("date", "instant"):
        values = values.astype("M8[us]")
    # Unknown numbers are null.
    return pa.array(values, types.get(column.type, pa.float64()), from_pandas=True)


def _field(column: Column, array: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    return pa.field(
        column.name, array.type, metadata={"unit": column.unit, "meaning": column.meaning}
    )
