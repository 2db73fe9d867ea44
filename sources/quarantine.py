"""Quarantine: the rows of a file that can't be taken, each with its line and its reason.

A person may have written anything into a cell. So nothing stands here as it was written: times and
numbers as they were read, areas, call types and grades as the ids they were mapped to, and a row
whose cells can't be told apart as a digest. Who holds the file finds the rest by the line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from forewatch.durable import OWNER_ONLY, write_file
from sources.lines import LineAccount
from sources.tabular import file_line

BROKEN = "more or fewer cells than the header"
EARLIEST = pd.Timestamp("1990-01-01", tz="UTC")  # a call before it is a source's placeholder
_LARGEST = 1e7
_ABOUT = ("reason", "file", "line")


def reasons(checks: Mapping[str, pd.Series]) -> pd.Series:
    """Return each row's first failed check by name, "" where it passed all.

    Args:
        checks: for each reason, in order, True at the rows that fail it.
    """
    found = pd.Series("", index=next(iter(checks.values())).index, dtype="str")
    for reason, failed in checks.items():
        found = found.mask(failed & (found == ""), reason)
    return found


def totals(reason: pd.Series, account: LineAccount | None) -> dict[str, int]:
    """Return the rows per reason, those that passed left out and broken rows among them."""
    counted = reason[reason != ""].value_counts()
    broken = {} if account is None or not account.broken else {BROKEN: len(account.broken)}
    return {str(name): int(n) for name, n in counted.items()} | broken


def refused_rows(
    readings: pd.DataFrame, reason: pd.Series, account: LineAccount | None
) -> pd.DataFrame:
    """Return the rows that have a reason, and the broken ones, ascending by line.

    Args:
        readings: what was read of each row; nothing as it was written.
        reason: one per row, "" where the row was taken.
        account: of the file's lines; None for Parquet, where a row's number is its line.
    """
    bad = np.flatnonzero((reason != "").to_numpy())
    # the register of breaks has a reason of its own
    found = plausible(readings.iloc[bad]).rename(columns={name: f"its_{name}" for name in _ABOUT})
    found.insert(0, "reason", reason.iloc[bad].to_numpy())
    found.insert(1, "line", file_line(account, bad + 1))
    return with_broken(found, account)


def plausible(readings: pd.DataFrame) -> pd.DataFrame:
    """Return what was read without what the columns can't mean, which may be about a person.

    A date of birth reads as a time before 1990, a telephone number as a number beyond ten million.
    """
    found = readings.copy()
    for name, column in readings.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            found[name] = column.where(column >= EARLIEST)
        elif pd.api.types.is_datetime64_any_dtype(column):
            found[name] = column.where(column >= EARLIEST.tz_localize(None))
        elif pd.api.types.is_float_dtype(column):
            found[name] = column.where(column.abs() <= _LARGEST)
    return found


def with_broken(rows: pd.DataFrame, account: LineAccount | None) -> pd.DataFrame:
    """Return refused rows together with those whose cells can't be told apart, by line."""
    if account is None or not account.broken:
        return rows
    broken = pd.DataFrame([vars(row) for row in account.broken]).assign(reason=BROKEN)
    broken = broken.astype({"cells": "Int64"})  # other rows have none
    together = pd.concat([rows, broken]) if len(rows) else broken
    first = [name for name in ("reason", "line") if name in together]
    rest = [name for name in together if name not in first]
    return together[[*first, *rest]].sort_values("line", kind="stable", ignore_index=True)


def put_aside(folder: Path, table: str, file: Path, rows: pd.DataFrame) -> Path | None:
    """Write refused rows to a CSV that only its owner can read; none writes nothing.

    The CSV is named by the table and by what is in it: the same file again changes nothing.

    Args:
        folder: the quarantine folder, made if it is not there.
        table: name of the table.
        file: where the rows came from; its name stands in each row.
        rows: see `refused_rows`.

    Returns:
        The file written; None where there was nothing to write.
    """
    if not len(rows):
        return None
    out = rows.copy()
    out.insert(1, "file", file.name)
    text = out.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    name = f"{table}-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}.csv"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_file(folder / name, text.encode(), OWNER_ONLY)
    return folder / name
