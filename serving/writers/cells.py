"""The cells of a table as texts and numbers that files can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planning.tables import Column, Table

DECIMALS = 6  # of a call; far below any meaning, and sums of parts still agree

Cells = dict[str, list[Any]]


def cells(table: Table) -> Cells:
    """Return the columns of a table as lists of one length.

    Unknown numbers and times are None; instants are texts in UTC, dates local.
    """
    return {each.name: cells_of(each, table.values[each.name]) for each in table.columns}


def cells_of(column: Column, values: NDArray[Any]) -> list[Any]:
    """Return the cells of one column, as `cells` does."""
    if column.type == "text":
        return list(values.tolist())
    if column.type in ("date", "instant"):
        is_date = column.type == "date"
        end = "" if is_date else "Z"
        texts = np.datetime_as_string(values, unit="D" if is_date else "s").tolist()
        unknown = np.isnat(values).tolist()
        return [None if no else f"{text}{end}" for text, no in zip(texts, unknown, strict=True)]
    is_known = np.isfinite(values)
    numbers = np.where(is_known, values, 0).round(DECIMALS) + 0.0  # no -0
    found = (numbers.astype(np.int64) if column.type == "whole" else numbers).tolist()
    if is_known.all():
        return list(found)
    return [value if known else None for value, known in zip(found, is_known, strict=True)]
