"""Hours, shifts, force-days and weeks as half-open windows of time, each with a stable id."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from forewatch.clock import ONE_DAY, Clock
from forewatch.errors import BadQuestion
from forewatch.shifts import Shift
from planning.period_kinds import By

COLUMNS = ("period", "force_day", "start", "end")


def periods(
    clock: Clock, shifts: Sequence[Shift], start: pd.Timestamp, end: pd.Timestamp, by: By
) -> pd.DataFrame:
    """Return the periods that begin in [start, end), each one whole.

    Args:
        clock: the force's clock.
        shifts: the force's shifts; they may overlap and cross midnight.
        start: first instant, UTC.
        end: instant before which the last period begins, UTC.
        by: the kind of period.

    Returns:
        Columns period (stable id), force_day (local date, no zone), start and end (UTC), in order
        of start. A week's force_day is its Monday; a shift belongs to the force-day in which it
        starts, so that the night of 31 December holds the first hours of January.

    Raises:
        BadQuestion: if shifts are asked for and the profile has none.
    """
    first = clock.force_day(pd.DatetimeIndex([start]))[0]
    last = clock.force_day(pd.DatetimeIndex([end]))[0]
    days = (last - first).days + 1
    found = {"hour": _hours, "day": _days, "week": _weeks}
    frame = _shifts(clock, shifts, first, days) if by == "shift" else found[by](clock, first, days)
    inside = (frame["start"] >= start) & (frame["start"] < end)
    return frame[inside].sort_values("start", kind="stable", ignore_index=True)


def _frame(
    ids: Sequence[str], days: pd.DatetimeIndex, starts: pd.DatetimeIndex, ends: pd.DatetimeIndex
) -> pd.DataFrame:
    return pd.DataFrame(dict(zip(COLUMNS, (ids, days, starts, ends), strict=True)))


def _hours(clock: Clock, first: pd.Timestamp, days: int) -> pd.DataFrame:
    edges = clock.hour_edges(first, days)
    starts = edges[:-1]
    ids = [f"{start:%Y-%m-%dT%H:%MZ}" for start in starts]
    return _frame(ids, clock.force_day(starts), starts, edges[1:])


def _days(clock: Clock, first: pd.Timestamp, days: int) -> pd.DataFrame:
    edges = clock.day_edges(first, days)
    dates = pd.date_range(first, periods=days, freq="D")
    there = edges[1:] > edges[:-1]  # no period of a date that the clock skips as a whole
    dates, starts, ends = dates[there], edges[:-1][there], edges[1:][there]
    return _frame([f"{date:%Y-%m-%d}" for date in dates], dates, starts, ends)


def _weeks(clock: Clock, first: pd.Timestamp, days: int) -> pd.DataFrame:
    monday = first - first.weekday() * ONE_DAY
    mondays = pd.date_range(monday, first + days * ONE_DAY, freq="7D")
    starts = pd.DatetimeIndex([clock.day_start(date) for date in mondays])
    ends = pd.DatetimeIndex([clock.day_start(date + 7 * ONE_DAY) for date in mondays])
    return _frame([clock.week_label(date) for date in mondays], mondays, starts, ends)


def _shifts(clock: Clock, shifts: Sequence[Shift], first: pd.Timestamp, days: int) -> pd.DataFrame:
    if not shifts:
        raise BadQuestion(
            "the profile has no shifts; add [[shifts]] to forewatch.toml, or ask by day"
        )
    found = clock.shifts(shifts, first, days)
    dates, starts, ends = (pd.DatetimeIndex(found[name]) for name in COLUMNS[1:])
    ids = [f"{date:%Y-%m-%d}/{shift}" for date, shift in zip(dates, found["shift"], strict=True)]
    return _frame(ids, dates, starts, ends)
