"""Instants and dates from text: ISO 8601 or a given format, in a zone or with an offset."""

from __future__ import annotations

from datetime import time

import numpy as np
import pandas as pd

from forewatch.errors import DataError

_DATE = r"\d{4}-\d{2}-\d{2}"
_BEGINS_WITH_DAY = r"\d{4}-?\d{2}-?\d{2}"
_MONTH = r"\d{4}(?:-\d{2})?"
_OFFSET = (
    r".*\d{2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})"  # a date alone ends like an offset: ask for a time
)
ISO = "iso"
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


def written_instants(
    texts: pd.Series,
    zone: str,
    *,
    form: str = ISO,
    date_means_end: bool = False,
    second_hour: bool = False,
) -> pd.Series:
    """Return UTC instants, NaT where a text is missing, unreadable, or an hour that never was.

    Args:
        texts: one text per row; with an offset, or the wall clock of *zone*.
        zone: IANA name.
        form: "iso" or a strptime format.
        date_means_end: read a date without a time as the midnight that ends the day, so that what
            was published on a date is known when that date is over, not before.
        second_hour: read an hour that comes twice in autumn as the second, not as the first.
    """
    texts = texts.astype("str")
    if form != ISO:
        read = pd.to_datetime(texts, format=form, errors="coerce")
        return _in_zone(_of_our_time(read), zone, first=not second_hour)
    offset = texts.str.fullmatch(_OFFSET).fillna(value=False).to_numpy(bool)
    dates = texts.str.fullmatch(_DATE).fillna(value=False).to_numpy(bool)
    with_day = texts.str.match(_BEGINS_WITH_DAY).fillna(value=False).to_numpy(bool)
    wall = pd.to_datetime(texts.where(~offset & with_day), format="ISO8601", errors="coerce")
    if date_means_end:
        wall = wall.where(~dates, wall + pd.Timedelta(days=1))
    aware = pd.to_datetime(texts.where(offset), format="ISO8601", errors="coerce", utc=True)
    wall, aware = _of_our_time(wall), _of_our_time(aware)
    return _in_zone(wall, zone, first=not second_hour).where(~offset, aware.dt.as_unit("us"))


def dates(texts: pd.Series, *, form: str = ISO, months: bool = False) -> pd.Series:
    """Return local dates (midnights without zone), NaT where a text is no date.

    Args:
        texts: one text per row.
        form: "iso" or a strptime format.
        months: a month written "2024-07" is its first day; else it is no date.
    """
    texts = texts.astype("str")
    if form != ISO:
        return _whole_days(pd.to_datetime(texts, format=form, errors="coerce"))
    wanted = f"{_BEGINS_WITH_DAY}|{_MONTH}$" if months else _BEGINS_WITH_DAY
    day = texts.where(texts.str.match(wanted).fillna(value=False)).str.slice(0, 10)
    return _whole_days(pd.to_datetime(day, format="ISO8601", errors="coerce"))


def _whole_days(read: pd.Series) -> pd.Series:
    found: pd.Series = _of_our_time(read).dt.normalize().dt.as_unit("us")
    return found


def _of_our_time(read: pd.Series) -> pd.Series:
    """Return the times of 1900 to 2199, NaT for others: placeholders such as 9999-12-31, slips."""
    found: pd.Series = read.where(read.dt.year.between(_FIRST_YEAR, _LAST_YEAR))
    return found


def stop_at_months(file: str, column: str, texts: pd.Series, form: str) -> None:
    """Stop where a month stands in the place of a day: its first day would be taken for it.

    Raises:
        DataError: naming the file, the column and the first such text.
    """
    if form == ISO:
        found = texts[texts.astype("str").str.fullmatch(_MONTH).fillna(value=False).astype(bool)]
        if len(found):
            raise DataError(
                f"{file}: {column} {found.iloc[0]!r} is a month, and a day belongs there; write "
                "the day, or take the file's figures by day"
            )


def day_start(days: pd.Series, zone: str, day_starts_at: time) -> pd.Series:
    """Return the UTC instant at which each local date's force-day begins; NaT stays NaT.

    Where the clock jumps over that hour the day begins at the first instant after the jump.
    """
    offset = pd.Timedelta(hours=day_starts_at.hour, minutes=day_starts_at.minute)
    return _in_zone(days + offset, zone, nonexistent="shift_forward")


def day_end(starts: pd.Series, zone: str, day_starts_at: time) -> pd.Series:
    """Return the UTC instant at which each force-day ends that begins at an instant."""
    local = starts.dt.tz_convert(zone).dt.tz_localize(None)
    return day_start(local.dt.normalize() + pd.Timedelta(days=1), zone, day_starts_at)


def midnights(days: pd.Series, zone: str) -> pd.Series:
    """Return the UTC instant at which each local calendar date begins; NaT stays NaT."""
    return day_start(days, zone, time(0))


def wall_clock(wall: pd.Series, zone: str) -> pd.Series:
    """Return the UTC instant of each wall-clock time; one that the clock skips is moved forward."""
    return _in_zone(wall, zone, nonexistent="shift_forward")


def _in_zone(
    wall: pd.Series, zone: str, *, nonexistent: str = "NaT", first: bool = True
) -> pd.Series:
    if isinstance(wall.dtype, pd.DatetimeTZDtype):  # the format read an offset
        aware: pd.Series = wall.dt.tz_convert("UTC").dt.as_unit("us")
        return aware
    summer_time = np.full(len(wall), first)
    local = wall.dt.as_unit("us").dt.tz_localize(
        zone, ambiguous=summer_time, nonexistent=nonexistent
    )
    utc: pd.Series = local.dt.tz_convert("UTC")
    return utc
