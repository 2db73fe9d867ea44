"""A table as a JSON document: where it comes from, and one object for each row.

A page of hours has thousands of cells, most of them the same in all rows: the cells of a column are
encoded at once, those that are the same only once, and put together as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from planning.tables import Column, Table
from serving.writers.cells import cells, cells_of

_FEW = 16  # rows for which putting texts together takes longer than it saves


def json_document(table: Table, more: Mapping[str, Any] | None = None) -> bytes:
    """Return the document; *more* stands beside the provenance.

    Nothing stands where nothing is known: null, never a number.
    """
    about = {**table.provenance, **(more or {})}
    if len(table) < _FEW:
        return to_json({**about, "rows": dict_rows(table)}, inf_nan_mode="null")
    head = to_json({**about, "rows": []}, inf_nan_mode="null")
    template, varying = [], []
    for each in table.columns:
        values = table.values[each.name]
        name = to_json(each.name).decode()
        if _is_constant(values):
            template.append(f"{name}:{_encode_column(each, values[:1])[0]}".replace("%", "%%"))
        else:
            template.append(f"{name.replace('%', '%%')}:%s")
            varying.append(_encode_column(each, values))
    row = f"{{{','.join(template)}}}"
    cells_of_rows = zip(*varying, strict=True) if varying else [()] * len(table)
    rows = [row % each for each in cells_of_rows]
    return head.removesuffix(b"]}") + ",".join(rows).encode() + b"]}"


def dict_rows(table: Table) -> list[dict[str, Any]]:
    """Return the rows as JSON values by the names of their columns; None where unknown."""
    held = cells(table)
    return [dict(zip(held, row, strict=True)) for row in zip(*held.values(), strict=True)]


def _is_constant(values: NDArray[Any]) -> bool:
    first = values[0]
    return bool((values == first).all()) or (values.dtype.kind in "fM" and bool(_unknown(values)))


def _unknown(values: NDArray[Any]) -> bool:
    return bool((np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)).all())


def _encode_column(column: Column, values: NDArray[Any]) -> list[str]:
    """Return the cells of a column as JSON."""
    found = cells_of(column, values)
    text = to_json(found, inf_nan_mode="null").decode()[1:-1]
    if column.type in ("number", "whole"):
        return text.split(",")
    if None in found:
        return [to_json(cell).decode() for cell in found]
    # Inside a text each quotation mark has a backslash before it, so that these are between texts.
    return [f'"{cell}"' for cell in text[1:-1].split('","')]
