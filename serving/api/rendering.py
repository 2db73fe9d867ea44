"""An answer as JSON or CSV: numbers a reader can use, and nothing where nothing is known."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from planning.answers import INSTANTS

_DECIMALS = 6  # of a call; far below any meaning, and sums of parts still agree
# Written by this module itself, and so never a formula.
_PLAIN = ("force_day", *INSTANTS)
_TEXT_KINDS = "OU"  # of a column, as NumPy names them
# What a spreadsheet would run as a formula. Source: OWASP, CSV Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Columns = dict[str, list[Any]]


def listed(said: Mapping[str, NDArray[Any]]) -> Columns:
    """Return columns of rows as lists of the same length.

    Unknown numbers are None; instants are texts in UTC, force-days local dates.
    """
    return {name: _values(name, column) for name, column in said.items()}


def as_json(envelope: Mapping[str, Any], said: Columns) -> bytes:
    """Return the envelope with the rows in it, one object each."""
    names = tuple(said)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*said.values(), strict=True)]
    return to_json({**envelope, "rows": rows}, inf_nan_mode="null")


def as_csv(constants: Mapping[str, str | int], said: Columns) -> bytes:
    """Return the rows with a header line, the constants repeated at the end of each row.

    The file says where it came from even when it is saved and passed on.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # as RFC 4180 has it
    writer.writerow((*said, *constants))
    tail = [guarded(value) for value in constants.values()]
    guarded_columns = [
        [guarded(value) for value in values] if _is_foreign_text(name, values) else values
        for name, values in said.items()
    ]
    writer.writerows((*row, *tail) for row in zip(*guarded_columns, strict=True))
    return text.getvalue().encode()


def guarded(value: str | float) -> str | float:
    """Return a cell that no spreadsheet takes for a formula.

    >>> guarded("=1+1"), guarded("district-1"), guarded(-2.5)
    ("'=1+1", 'district-1', -2.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _is_foreign_text(name: str, values: list[Any]) -> bool:
    return name not in _PLAIN and bool(values) and isinstance(values[0], str)


def _values(name: str, column: NDArray[Any]) -> list[Any]:
    if name == "force_day":
        return [str(day) for day in np.datetime_as_string(column, unit="D")]
    if name in INSTANTS:
        texts = np.datetime_as_string(column, unit="s")
        return [
            None if unknown else f"{text}Z"
            for text, unknown in zip(texts, np.isnat(column), strict=True)
        ]
    if column.dtype.kind in _TEXT_KINDS:
        return list(column.tolist())
    is_known = np.isfinite(column)
    numbers = np.where(is_known, column, 0).round(_DECIMALS) + 0.0  # no -0
    values = (numbers.astype(np.int64) if name.startswith("q") else numbers).tolist()
    if is_known.all():
        return list(values)
    return [value if known else None for value, known in zip(values, is_known, strict=True)]
