"""Holidays and school terms by day."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from forewatch.tables import HOLIDAYS
from sources.quarantine import reasons
from sources.table_file import Rows, TableFile, TableImport, no_text

LONGEST_HOLIDAY_DAYS = 400  # a longer one is a slip of the year in from or to
_KIND = r"[a-z][a-z0-9_]*"  # a kind becomes the name of a feature


def holiday_rows(file: TableFile) -> Rows:
    """Return one row a day of holiday: from dates, from spans, or from flags of days."""
    if file.mapping.flags:
        return _flag_rows(file)
    file.require("kind")
    file.require(*(() if "from" in file.has else ("date",)))
    first = file.date("date").fillna(file.date("from"))
    last = file.date("to").fillna(first)
    days = (last - first).dt.days
    kind = file.text("kind")
    told = file.text("announced_at")
    announced = file.instant("announced_at", date_means_end=True)
    reason = reasons(
        {
            "date can't be read": first.isna() | (file.text("to").notna() & file.date("to").isna()),
            "to is before from": days < 0,
            f"longer than {LONGEST_HOLIDAY_DAYS} days": days > LONGEST_HOLIDAY_DAYS,
            "kind is not lower case letters, digits and _": ~kind.fillna("").str.fullmatch(_KIND),
            "announced_at can't be read": told.notna() & announced.isna(),
        }
    )
    rows = pd.DataFrame(
        {
            "kind": kind,
            "name": file.text("name").fillna(kind),
            "area": file.area().fillna(""),
            "known_at": announced,
            "row": range(len(kind)),
        }
    )
    length = (days + 1).where(reason == "", 0).astype("int64")
    rows = rows.loc[rows.index.repeat(length)]
    nth = rows.groupby("row").cumcount()
    rows.insert(0, "date", first.loc[rows.index] + pd.to_timedelta(nth, unit="D"))
    readings = pd.DataFrame({"from": first, "to": last, "known_at": announced})
    return _of_holidays(rows, Rows(rows, reason, no_text(reason), readings))


def _flag_rows(file: TableFile) -> Rows:
    file.require("date")
    day = file.date("date")
    flags = pd.DataFrame({name: file.number(name) for name in file.mapping.flags})
    reason = reasons(
        {
            "date can't be read": day.isna(),
            "a flag is neither 0 nor 1": ~flags.isin([0, 1]).all(axis=1),
        }
    )
    parts = [
        pd.DataFrame(
            {
                "date": day,
                "kind": kind,
                "name": kind,
                "area": file.area().fillna(""),
                "known_at": file.instant("announced_at", date_means_end=True),
                "row": range(len(day)),
            }
        )[(flags[name] == 1) & (reason == "")]
        for name, kind in file.mapping.flags.items()
    ]
    empty = (flags == 0).all(axis=1) & (reason == "")
    filtered = no_text(reason).mask(empty, "no flag of the day is set")
    return _of_holidays(
        pd.concat(parts), Rows(flags, reason, filtered, pd.DataFrame({"date": day}).join(flags))
    )


def _of_holidays(rows: pd.DataFrame, found: Rows) -> Rows:
    # Spans that overlap say the same of a day twice: the first row's name stands.
    rows = rows.drop_duplicates(list(HOLIDAYS.key), ignore_index=True)
    return replace(found, rows=rows.astype(HOLIDAYS.columns))


HOLIDAYS_IMPORT = TableImport(
    HOLIDAYS,
    columns=("date", "from", "to", "kind", "name", "area", "announced_at"),
    times=("date", "from", "to", "announced_at"),
    read=holiday_rows,
)
