"""Rows of the tables beside the calls from a file, each checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forewatch.areas import AreaTree
from forewatch.history import BREAK_KINDS, COLUMNS
from sources import instants
from sources.areas import nearest
from sources.quarantine import reasons
from sources.table_file import TableFile

LONGEST_HOLIDAY_DAYS = 400  # a longer one is a slip of the year in from or to
_KINDS_THAT_END = ("ramp", "pulse", "exclude")
# Texts of a table that a person wrote.
_WORDS = ("name", "kind", "reason", "decided_by", "covariate")
_KIND = r"[a-z][a-z0-9_]*"  # a kind becomes the name of a feature


@dataclass(frozen=True)
class Rows:
    """The rows of a file for a table.

    Args:
        rows: columns of forewatch.history.COLUMNS for the table, and `row`, the position in the
            file of the row that each comes from; a file's row may give several, or none.
        reason: per row of the file why it can't be taken, "" where it can.
        filtered: per row of the file why the mapping leaves it out, "" where it doesn't.
        readings: per row of the file the times, numbers and ids that were read; nothing as written.
    """

    rows: pd.DataFrame
    reason: pd.Series
    filtered: pd.Series
    readings: pd.DataFrame

    def without(self, excluded: pd.Series) -> Rows:
        """Return the same without the rows of the file that the crosswalk leaves out."""
        left = ~self.rows["row"].isin(np.flatnonzero(excluded))
        return Rows(
            self.rows[left],
            self.reason.mask(excluded, ""),
            self.filtered.mask(excluded, "excluded by the crosswalk"),
            self.readings,
        )


def tourism_rows(file: TableFile) -> Rows:
    """Return visitors by area and month, each publication of them by itself."""
    file.require("area", "month", "visitors")
    lag = file.mapping.time.published_after_days
    if lag is None:
        file.require(
            "published_at",
            hint="say when figures are published: a column published_at, or "
            "published_after_days under [time] (days after the end of the month)",
        )
    month = _first_of_month(file.date("month"))
    published = file.instant("published_at", date_means_end=True)
    if lag is not None:
        ready = month + pd.offsets.MonthBegin(1) + pd.Timedelta(days=lag)
        published = published.fillna(instants.midnights(ready, file.zone))
    rows = pd.DataFrame(
        {
            "area": file.area(),
            "month": month,
            "visitors": file.number("visitors"),
            "known_at": published,
        }
    )
    return _pass_checks(
        "tourism",
        rows,
        {
            "area is missing": rows["area"].isna(),
            "month can't be read": rows["month"].isna(),
            "visitors is no number": rows["visitors"].isna(),
            "visitors is negative": rows["visitors"] < 0,
            "published_at is missing or can't be read": rows["known_at"].isna(),
        },
    )


def event_rows(file: TableFile) -> Rows:
    """Return events with a range of attendance; one with coordinates is of the nearest leaf."""
    file.require("name", "start", "end")
    start = file.instant("start")
    near = nearest(file.tree, file.number("lat"), file.number("lon"))
    low, high = file.number("attendance_low"), file.number("attendance_high")
    rows = pd.DataFrame(
        {
            "name": file.text("name"),
            "area": file.area().fillna(near),
            "start": start,
            "end": file.instant("end", date_means_end=True),
            "attendance_low": low.mask(file.text("attendance_low").isna(), high),
            "attendance_high": high.mask(file.text("attendance_high").isna(), low),
            "known_at": _known_at(file, start, "announced_at", "are announced"),
        }
    )
    return _pass_checks(
        "events",
        rows,
        {
            "name is missing": rows["name"].isna(),
            "no area, and no leaf near its coordinates": rows["area"].isna(),
            "start can't be read": rows["start"].isna(),
            "end can't be read": rows["end"].isna(),
            "end is not after start": rows["end"] <= rows["start"],
            "attendance is missing or no number": rows["attendance_low"].isna()
            | rows["attendance_high"].isna(),
            "attendance is negative": rows["attendance_low"] < 0,
            "attendance_low is above attendance_high": rows["attendance_low"]
            > rows["attendance_high"],
            "announced_at is missing or can't be read": rows["known_at"].isna(),
        },
    )


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
    return _of_holidays(rows, Rows(rows, reason, _none(reason), readings))


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
    filtered = _none(reason).mask(empty, "no flag of the day is set")
    return _of_holidays(
        pd.concat(parts), Rows(flags, reason, filtered, pd.DataFrame({"date": day}).join(flags))
    )


def _of_holidays(rows: pd.DataFrame, found: Rows) -> Rows:
    # Spans that overlap say the same of a day twice: the first row's name stands.
    rows = rows.drop_duplicates(["date", "kind", "area"], ignore_index=True)
    return replace(found, rows=rows.astype(COLUMNS["holidays"]))


def unobserved_rows(file: TableFile) -> Rows:
    """Return windows of which nothing is known; their length is by the wall clock."""
    file.require("start")
    start = file.instant("start")
    hours = file.mapping.time.length_hours
    if hours is None:
        file.require(
            "end", hint="give an end, or length_hours under [time] if all windows are alike"
        )
    end = file.instant("end", date_means_end=True)
    if hours is not None:
        wall = start.dt.tz_convert(file.zone).dt.tz_localize(None) + pd.Timedelta(hours=hours)
        end = end.fillna(instants.wall_clock(wall, file.zone))
    rows = pd.DataFrame({"start": start, "end": end, "area": file.area().fillna("")})
    return _pass_checks(
        "unobserved",
        rows,
        {
            "start can't be read": rows["start"].isna(),
            "end can't be read": rows["end"].isna(),
            "end is not after start": rows["end"] <= rows["start"],
        },
    )


def break_rows(file: TableFile) -> Rows:
    """Return dated changes in recording or policy; a date without a time is the force-day."""
    file.require("start", "kind", "reason", "decided_by")
    start, end, told = _force_days(file, "start"), _force_days(file, "end"), file.text("end")
    announced = _known_at(file, start, "announced_at", "became known")
    rows = pd.DataFrame(
        {
            "start": start,
            "end": end,
            "area": file.area().fillna(""),
            "call_type": file.call_type().fillna(""),
            "kind": file.text("kind"),
            "expected_ratio": file.number("expected_ratio"),
            "reason": file.text("reason"),
            "decided_by": file.text("decided_by"),
            "known_at": announced,
        }
    )
    ratio, ends = file.text("expected_ratio"), rows["kind"].isin(_KINDS_THAT_END)
    modelled = file.tree.cut(file.profile.levels.modelled)
    above = {"", *(area for place in modelled for area in _upwards(file.tree, place))}
    checks = {
        "start can't be read": start.isna(),
        "end can't be read": told.notna() & end.isna(),
        "end is not after start": end <= start,
        f"kind is none of {', '.join(BREAK_KINDS)}": ~rows["kind"].isin(BREAK_KINDS),
        f"end is missing ({', '.join(_KINDS_THAT_END)} need one)": ends & told.isna(),
        "area is below the modelled level": ~rows["area"].isin(above),
        "expected_ratio is no number above 0": ratio.notna() & ~(rows["expected_ratio"] > 0),
        "reason is missing": rows["reason"].isna(),
        "decided_by is missing": rows["decided_by"].isna(),
        "announced_at is missing or can't be read": announced.isna(),
    }
    return _pass_checks("breaks", rows, checks)


def _force_days(file: TableFile, name: str) -> pd.Series:
    """Return instants; a date is its force-day's beginning, as an end the next force-day's."""
    texts = file.text(name)
    is_date = texts.str.fullmatch(r"\d{4}-\d{2}-\d{2}").fillna(value=False).astype(bool)
    days = file.date(name) + pd.Timedelta(days=int(name == "end"))
    begins = instants.day_start(days.where(is_date), file.zone, file.profile.force.day_starts_at)
    return begins.where(is_date, file.instant(name))


def _upwards(tree: AreaTree, area: str) -> tuple[str, ...]:
    """Return an area and all above it."""
    parent = tree.area(area).parent
    return (area,) if parent is None else (area, *_upwards(tree, parent))


def covariate_rows(file: TableFile) -> Rows:
    """Return values of the profile's covariates; a date is the force-day of it."""
    file.require("covariate", "value", *(() if "hour" in file.has else ("date",)))
    begins = file.profile.force.day_starts_at
    start = instants.day_start(file.date("date"), file.zone, begins).fillna(file.instant("hour"))
    lag = file.mapping.time.published_after_days
    if lag is None:
        known = _known_at(file, start, "known_at", "became known")
    else:
        later = start + pd.Timedelta(days=lag + 1)
        known = file.instant("known_at", date_means_end=True).fillna(later)
    rows = pd.DataFrame(
        {
            "covariate": file.text("covariate"),
            "area": file.area().fillna("").replace(file.tree.root, ""),
            "start": start,
            "value": file.number("value"),
            "known_at": known,
        }
    )
    declared, there, measured = (pd.Series(data=False, index=rows.index) for _ in range(3))
    for each in file.profile.covariates:
        here = rows["covariate"] == each.id
        areas = file.tree.cut(each.level or file.tree.levels[0])
        declared |= here
        there |= here & rows["area"].isin(["" if a == file.tree.root else a for a in areas])
        measured |= here & (each.known == "measured")
    checks = {
        "forewatch.toml has no such covariate": ~declared,
        "area is not of the covariate's level": ~there,
        "date or hour is missing or can't be read": start.isna(),
        "value is no number": rows["value"].isna(),
        "known_at is missing or can't be read": known.isna(),
        "known before it was measured": measured & (known <= start),
    }
    return _pass_checks("covariates", rows, checks)


def _known_at(file: TableFile, start: pd.Series, column: str, verb: str) -> pd.Series:
    """Return when rows became known: as written, else so many days before they start."""
    lead = file.mapping.time.announced_before_days
    if lead is None:
        file.require(
            column,
            hint=f"say when {file.table} {verb}: a column {column}, or announced_before_days under "
            "[time] (days before the start)",
        )
    told = file.instant(column, date_means_end=True)
    return told if lead is None else told.fillna(start - pd.Timedelta(days=lead))


READERS: dict[str, Callable[[TableFile], Rows]] = {
    "tourism": tourism_rows,
    "events": event_rows,
    "holidays": holiday_rows,
    "unobserved": unobserved_rows,
    "breaks": break_rows,
    "covariates": covariate_rows,
}
# What makes a row of a table the same row; another import of it then replaces the rest of it.
KEYS: dict[str, tuple[str, ...]] = {
    "tourism": ("area", "month", "known_at"),
    "events": ("name", "area", "start", "known_at"),
    "holidays": ("date", "kind", "area"),
    "unobserved": ("start", "end", "area"),
    "breaks": ("start", "area", "call_type", "kind", "known_at"),
    "covariates": ("covariate", "area", "start", "known_at"),
}


def _pass_checks(table: str, rows: pd.DataFrame, checks: dict[str, pd.Series]) -> Rows:
    """Return the rows that pass the checks, and those of one key that say different things."""
    key = list(KEYS[table])
    bare = reasons(checks)
    passed = rows[bare == ""]
    twice = passed.duplicated(keep="first").reindex(rows.index, fill_value=False)
    once = passed.drop_duplicates()
    differs = once.duplicated(key, keep=False)
    keys = pd.MultiIndex.from_frame(once.loc[differs, key])
    clash = (bare == "") & pd.MultiIndex.from_frame(rows[key]).isin(keys)
    reason = reasons(
        {
            "_": bare != "",
            "the same row twice, with different values": clash,
            "the row stands twice": twice,
        }
    ).where(bare == "", bare)
    kept = rows[reason == ""].assign(row=[i for i, r in enumerate(reason) if r == ""])
    readings = rows.drop(columns=[name for name in _WORDS if name in rows])
    return Rows(kept.astype(COLUMNS[table]), reason, _none(reason), readings)


def _none(like: pd.Series) -> pd.Series:
    return pd.Series("", index=like.index, dtype="str")


def _first_of_month(days: pd.Series) -> pd.Series:
    first: pd.Series = (days - pd.to_timedelta(days.dt.day - 1, unit="D")).dt.as_unit("us")
    return first
