"""The demo force's true rates: expected calls by district, call type and hour, before any shock.

1. a shape of the week by call type and kind of area (peaks of the day, week, Friday and Saturday
   night) is laid over the wall clock;
2. season, trend, public holidays, school holidays, visitors, students, events and the break
   multiply it;
3. the result is scaled so that the last year has the plan's calls a week.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array
from sources.synthetic import happenings, weather
from sources.synthetic.catalogue import BREAK_SHARE, BROKEN_TYPE, PATTERNS, Pattern
from sources.synthetic.grid import HourGrid
from sources.synthetic.places import GRADES, districts
from sources.synthetic.plan import ZONE, Plan

RIGHT_CARE_RIGHT_PERSON = date(2024, 7, 1)
ANNOUNCED_DAYS = 60  # before the break
# How much of a night's extra demand each kind of area has.
_NIGHTS: dict[str, float] = {"urban": 1.0, "coast": 0.75, "rural": 0.6, "mixed": 0.8}
_EVE_OF_NIGHT = 0.4  # 22:00 to 24:00 has this part of what 00:00 to 04:00 has
_NIGHT_IMMEDIATE = 1.2  # the immediate grade's share at night over that by day
# Days of the year that differ: (month, day), first hour, last hour, factor.
SPECIAL_HOURS: tuple[tuple[tuple[int, int], int, int, float], ...] = (
    ((12, 24), 18, 24, 1.08),
    ((12, 25), 0, 24, 0.92),
    ((12, 26), 0, 24, 1.18),
    ((12, 31), 18, 24, 1.25),
    ((1, 1), 0, 6, 2.1),
    ((1, 1), 6, 24, 1.22),
)
_OWN_EFFECT = {(month, day) for (month, day), *_ in SPECIAL_HOURS}


@dataclass(frozen=True)
class Surroundings:
    """What surrounds demand: the tables of happenings and their effects on a grid.

    Args:
        school: table of school holidays.
        events: every event, with its true size.
        tourism: table of visitors.
        school_is_out: (districts, force-days).
        crowds: relative growth in event hours, (districts, hours).
        pressure: logarithm of the visitors' factor, (districts, force-days).
        students: factor of university terms, (districts, force-days).
    """

    school: pd.DataFrame
    events: tuple[happenings.Event, ...]
    tourism: pd.DataFrame
    school_is_out: NDArray[np.bool_]
    crowds: Array
    pressure: Array
    students: Array

    @classmethod
    def of(cls, plan: Plan, grid: HourGrid) -> Surroundings:
        """Return what surrounds the demand of a plan on its grid."""
        last = plan.until + timedelta(days=plan.ahead_days + 62)
        school = happenings.school_holidays(plan, last)
        events = happenings.events(plan, last)
        tourism = happenings.tourism(plan, last)
        return cls(
            school,
            events,
            tourism,
            happenings.school_is_out(plan, grid, school),
            happenings.crowds(plan, grid, events),
            happenings.visitor_pressure(plan, grid, tourism),
            happenings.students_present(districts(plan), grid),
        )


def break_at(plan: Plan) -> pd.Timestamp | None:
    """Return the instant (UTC) of the break, or None where the history is too short for one.

    It is Right Care Right Person's own date where the history has eight weeks before it, else
    fourteen months before the end.
    """
    earliest = plan.first + timedelta(weeks=8)
    usual = pd.Timestamp(plan.until) - pd.DateOffset(months=14)
    for day in (RIGHT_CARE_RIGHT_PERSON, usual.date()):
        if earliest <= day < plan.until:
            return (pd.Timestamp(day) + pd.Timedelta(hours=7)).tz_localize(ZONE).tz_convert("UTC")
    return None


def breaks_table(plan: Plan) -> pd.DataFrame:
    """Return the register of breaks as a force keeps it; the size of the break is not in it.

    start (UTC), end (NaT), area, call_type, kind, expected_ratio (NaN), reason, decided_by,
    announced_at (UTC).
    """
    start = break_at(plan)
    happens = start is not None and BROKEN_TYPE in [p.id for p in PATTERNS[: plan.call_types]]
    at = pd.Series([start] if happens else [], dtype="datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "start": at,
            "end": pd.Series(pd.NaT, index=at.index, dtype="datetime64[us, UTC]"),
            "area": pd.Series("", index=at.index, dtype="str"),
            "call_type": pd.Series(BROKEN_TYPE, index=at.index, dtype="str"),
            "kind": pd.Series("level", index=at.index, dtype="str"),
            "expected_ratio": pd.Series(np.nan, index=at.index, dtype="float64"),
            "reason": pd.Series("Right Care Right Person", index=at.index, dtype="str"),
            "decided_by": pd.Series("force policy board", index=at.index, dtype="str"),
            "announced_at": at - pd.Timedelta(days=ANNOUNCED_DAYS),
        }
    )


def week_shape(pattern: Pattern, kind: str) -> Array:
    """Return relative calls by weekday (0 Monday) and local hour, shape (7, 24), of mean 1."""
    hours = np.arange(24) + 0.5
    day = np.full(24, pattern.floor)
    for peak, width, height in pattern.peaks:
        apart = np.abs(hours - peak)
        day += height * np.exp(-0.5 * (np.minimum(apart, 24 - apart) / width) ** 2)
    day[2:7] *= 0.75  # few are awake
    shape = np.outer(pattern.week, day)
    extra = (pattern.night - 1) * _NIGHTS[kind]
    shape[5:7, :4] *= 1 + extra  # after midnight Friday's night is Saturday's date
    shape[4:6, 22:] *= 1 + _EVE_OF_NIGHT * extra
    relative: Array = shape / shape.mean()
    return relative


def special_hours(grid: HourGrid) -> Array:
    """Return the factor of Christmas and New Year that all call types share, shape (hours,)."""
    factor = np.ones(len(grid.slot))
    for (month, day), first, last, size in SPECIAL_HOURS:
        on_day = np.asarray((grid.local.month == month) & (grid.local.day == day))
        factor[on_day & (grid.slot >= first) & (grid.slot < last)] *= size
    return factor


def _bank_holidays(grid: HourGrid) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return whether an hour is on a bank holiday, and whether it is the evening before one."""
    last = (grid.force_days[-1] + pd.Timedelta(days=2)).date()
    known = happenings.bank_holidays(grid.first, last)
    plain = [d for d in known if (d.month, d.day) not in _OWN_EFFECT]
    days = np.array(plain, "datetime64[D]")
    evening = np.isin(grid.dates + 1, days) & (grid.slot >= 19)  # noqa: PLR2004 - the evening
    return np.isin(grid.dates, days), evening


def _hour_factors(plan: Plan, grid: HourGrid) -> Array:
    """Return what a call type's hours share in all districts, shape (call types, hours)."""
    holiday, eve = _bank_holidays(grid)
    day_of_year = np.asarray(grid.local.day_of_year, float)
    years = (grid.seconds[:-1] - pd.Timestamp(plan.until).timestamp()) / (365.25 * 86400)
    common = special_hours(grid) * np.where(eve, 1.07, 1.0)
    moment = break_at(plan)
    factors = np.empty((plan.call_types, len(grid.slot)))
    for t, pattern in enumerate(PATTERNS[: plan.call_types]):
        amplitude, peak = pattern.season
        season = 1 + amplitude * np.cos(2 * np.pi * (day_of_year - peak) / 365.25)
        factors[t] = common * season * (1 + pattern.yearly_trend) ** years
        factors[t] *= np.where(holiday, pattern.bank_holiday, 1.0)
        if pattern.id == BROKEN_TYPE and moment is not None:
            factors[t] *= np.where(grid.seconds[:-1] >= moment.timestamp(), BREAK_SHARE, 1.0)
    return factors


def expected_calls(plan: Plan, grid: HourGrid, around: Surroundings) -> Array:
    """Return expected calls before any shock, shape (districts, call types, hours)."""
    here = districts(plan)
    shared = _hour_factors(plan, grid)
    of_week = grid.weekday * 24 + grid.slot
    by_day = (grid.slot >= 10) & (grid.slot < 20)  # noqa: PLR2004 - when children are about
    calls = np.empty((len(here), plan.call_types, len(grid.slot)))
    for p, district in enumerate(here):
        out = around.school_is_out[p][grid.day] & by_day
        students = around.students[p][grid.day]
        pressure, crowd = around.pressure[p][grid.day], around.crowds[p]
        for t, pattern in enumerate(PATTERNS[: plan.call_types]):
            level = district.residents * pattern.appeal[district.kind]
            moved = np.exp(pattern.visitors * pressure) * (1 + pattern.crowd * crowd) * students
            school = np.where(out, pattern.school_holiday, 1.0)
            shape = week_shape(pattern, district.kind).ravel()[of_week]
            calls[p, t] = level * shape * shared[t] * moved * school
    calls *= _scale(plan, grid, calls)[:, None]
    if plan.hot_weekends:  # on top of the rest, so that no other day's calls change
        degrees = weather.heat(plan, grid.days)[:, None, grid.day]
        crowd = np.array([pattern.crowd for pattern in PATTERNS[: plan.call_types]])
        calls *= np.exp(plan.hot_weekends * crowd[:, None] * degrees)
    return calls


def last_year(plan: Plan, grid: HourGrid) -> NDArray[np.bool_]:
    """Return whether an hour is in the history's last 364 force-days (or all of a shorter one)."""
    end = plan.history_days
    return (grid.day >= max(end - 364, 0)) & (grid.day < end)


def _scale(plan: Plan, grid: HourGrid, calls: Array) -> Array:
    """Return what makes the last year's mean week the plan's, shape (call types,)."""
    within = last_year(plan, grid)
    weeks = len(np.unique(grid.day[within])) / 7
    weekly = np.array([pattern.weekly_calls for pattern in PATTERNS[: plan.call_types]])
    wanted: Array = weekly / weekly.sum() * plan.calls_per_week * plan.scale
    scale: Array = wanted * weeks / calls[:, :, within].sum((0, 2))
    return scale


def grade_shares(plan: Plan, grid: HourGrid, calls: Array) -> Array:
    """Return shares of the grades, shape (districts, call types, 24 local hours, grades).

    Nights have more immediate calls; over the last year each call type has its pattern's share.
    """
    within = last_year(plan, grid)
    tilt = np.where((np.arange(24) >= 22) | (np.arange(24) < 5), _NIGHT_IMMEDIATE, 1.0)  # noqa: PLR2004
    shares = np.empty((plan.call_types, 24, len(GRADES)))
    for t, pattern in enumerate(PATTERNS[: plan.call_types]):
        by_hour = np.bincount(grid.slot[within], calls[:, t, within].sum(0), minlength=24)
        immediate = pattern.immediate * tilt / (by_hour @ tilt / by_hour.sum())
        others = np.array(pattern.others) / sum(pattern.others)
        shares[t] = np.column_stack([immediate, np.outer(1 - immediate, others)])
    return np.broadcast_to(shares, (len(districts(plan)), *shares.shape)).copy()
