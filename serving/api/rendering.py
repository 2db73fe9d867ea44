"""An answer as JSON or CSV: numbers a reader can use, and nothing where nothing is known."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice, product
from typing import Any

import numpy as np
import pandas as pd
from pydantic_core import to_json

from planning.answers import Question, answer
from planning.issues import Issue

_DECIMALS = 6  # of a call; far below any meaning, and sums of parts still agree
_TEXT = ("period", "area", "call_type", "grade", "state")
# What a spreadsheet would run as a formula. Source: OWASP, CSV Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Columns = dict[str, list[Any]]


def page(issue: Issue, question: Question, now: pd.Timestamp, offset: int, limit: int) -> Columns:
    """Return the columns of some rows of the answer, of lists of the same length.

    Only the combinations of area, call type and grade that the page touches are computed. Unknown
    numbers are None; instants are texts in UTC, force-days local dates.
    """
    count = len(question.periods)
    stop = min(offset + limit, question.rows)
    first, last = (offset // count, -(-stop // count)) if offset < stop else (0, 0)
    groups = product(question.areas, question.call_types, question.grades)
    parts = []
    for number, (area, call_type, grade) in enumerate(islice(groups, first, last), first):
        low, high = max(offset - number * count, 0), min(stop - number * count, count)
        part = replace(
            question,
            areas=(area,),
            call_types=(call_type,),
            grades=(grade,),
            periods=question.periods.iloc[low:high],
        )
        parts.append(answer(issue, part, now))
    frame = parts[0] if len(parts) == 1 else pd.concat(parts) if parts else None
    if frame is None:
        frame = answer(issue, replace(question, periods=question.periods.iloc[:0]), now)
    return {str(name): _values(str(name), frame[name]) for name in frame}


def as_json(envelope: Mapping[str, Any], columns: Columns) -> bytes:
    """Return the envelope with the rows in it, one object each."""
    names = tuple(columns)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return to_json({**envelope, "rows": rows}, inf_nan_mode="null")


def as_csv(constants: Mapping[str, str | int], columns: Columns) -> bytes:
    """Return the rows with a header line, the constants repeated at the end of each row.

    The file says where it came from even when it is saved and passed on.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # as RFC 4180 has it
    writer.writerow((*columns, *constants))
    tail = [guarded(value) for value in constants.values()]
    guarded_columns = [
        [guarded(value) for value in values] if name in _TEXT else values
        for name, values in columns.items()
    ]
    writer.writerows((*row, *tail) for row in zip(*guarded_columns, strict=True))
    return text.getvalue().encode()


def guarded(value: str | float) -> str | float:
    """Return a cell that no spreadsheet takes for a formula.

    >>> guarded("=1+1"), guarded("district-1"), guarded(-2.5)
    ("'=1+1", 'district-1', -2.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _values(name: str, column: pd.Series[Any]) -> list[Any]:
    if name == "force_day":
        return list(np.datetime_as_string(column.to_numpy("M8[s]"), unit="D").tolist())
    if name in ("start", "end"):
        wall = pd.DatetimeIndex(column).tz_convert("UTC").tz_localize(None).to_numpy("M8[s]")
        return [f"{text}Z" for text in np.datetime_as_string(wall, unit="s").tolist()]
    if name in _TEXT:
        return column.tolist()
    numbers = column.to_numpy(float)
    is_quantile = name.startswith("q")
    whole = [int(n) if is_quantile else n for n in np.nan_to_num(numbers).round(_DECIMALS).tolist()]
    return [n if known else None for n, known in zip(whole, np.isfinite(numbers), strict=True)]
