"""Features of a force-day: its weekday, season, holidays and length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from dateutil.easter import easter

from features.asof import AsOf
from features.declaration import (
    ALWAYS,
    ANNOUNCED,
    CYCLE,
    FLAG,
    HOLIDAY,
    NUMBER,
    SHARE,
    SPECIAL_DAY,
    Feature,
    HourColumn,
    Maker,
    Prior,
    Sight,
    Values,
)
from features.public_holidays import BANK_HOLIDAY
from forewatch.arrays import Array
from forewatch.clock import HOUR_US, instants_us

SCHOOL_HOLIDAY = "school_holiday"
SEASON_HARMONICS = 3
_DATES = {  # (month, day)
    "christmas_day": (12, 25),
    "boxing_day": (12, 26),
    "christmas_eve": (12, 24),
    "new_years_eve": (12, 31),
    "new_years_day": (1, 1),
}
_SATURDAY = 5


def day_features(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:
    """Return the features of `CALENDAR`, each of shape (days, areas) or (days, 1).

    A holiday of some of an area's leaves counts by their share.
    """
    found = {name: values[:, None] for name, values in _of_dates(days).items()}
    found["clock_change_hours"] = day_hours(view, days)[:, None] - 24
    holidays = _Holidays(view, areas)
    today = holidays.share(BANK_HOLIDAY, days)
    one = pd.Timedelta(days=1)
    found["bank_holiday"] = today
    found["bank_holiday_eve"] = np.maximum(holidays.share(BANK_HOLIDAY, days + one) - today, 0)
    found["bank_holiday_after"] = np.maximum(holidays.share(BANK_HOLIDAY, days - one) - today, 0)
    found[SCHOOL_HOLIDAY] = holidays.share(SCHOOL_HOLIDAY, days)
    return found


def own_holidays(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:
    """Return a column for each kind of the force's own that was announced, (days, areas)."""
    holidays = _Holidays(view, areas)
    return {name: holidays.share(kind, days) for name, kind in _own_kinds(view).items()}


def _own_kinds(view: AsOf) -> Mapping[str, str]:
    kinds = set(view.holidays()["kind"]) - {BANK_HOLIDAY, SCHOOL_HOLIDAY}
    return {f"holiday_{kind}": kind for kind in sorted(kinds)}


def _own_declared(view: AsOf) -> tuple[Feature, ...]:
    return tuple(
        replace(_OWN_HOLIDAY, name=name, meaning=f"holiday of the kind {kind}")
        for name, kind in _own_kinds(view).items()
    )


def day_hours(view: AsOf, days: pd.DatetimeIndex) -> Array:
    """Return the length of each force-day in hours, shape (days,)."""
    if not len(days):
        return np.zeros(0)
    first, last = days.min(), days.max()
    edges = instants_us(view.clock.day_edges(first, (last - first).days + 1))
    hours = np.diff(edges) / HOUR_US
    return np.asarray(hours[np.asarray((days - first).days)], dtype=np.float64)


def _of_dates(days: pd.DatetimeIndex) -> dict[str, Array]:
    """Return what follows from the date alone, each of shape (days,)."""
    month, day = np.asarray(days.month), np.asarray(days.day)
    found: dict[str, Array] = {
        "weekday": np.asarray(days.day_of_week, dtype=np.float64),
        "weekend": np.asarray(days.day_of_week >= _SATURDAY, dtype=np.float64),
        "day_of_year": np.asarray(days.day_of_year, dtype=np.float64),
        "month_start_days": day - 1.0,
    }
    for name, (in_month, on_day) in _DATES.items():
        found[name] = ((month == in_month) & (day == on_day)).astype(np.float64)
    sundays = pd.DatetimeIndex([easter(year) for year in np.unique(days.year)]).as_unit("us")
    dates = [sundays + pd.Timedelta(days=shift) for shift in (-2, -1, 0, 1)]
    found["easter_days"] = np.any([days.isin(date) for date in dates], axis=0).astype(np.float64)
    of_year = (found["day_of_year"] - 1) / (365.0 + np.asarray(days.is_leap_year))
    for k in range(1, SEASON_HARMONICS + 1):
        found[f"season_sin_{k}"] = np.sin(2 * np.pi * k * of_year)
        found[f"season_cos_{k}"] = np.cos(2 * np.pi * k * of_year)
    return found


class _Holidays:
    """Looks up which share of each area's leaves has a holiday."""

    def __init__(self, view: AsOf, areas: tuple[str, ...]) -> None:
        self._tree = view.tree
        table = view.demand_holidays()
        self._dates = {
            (str(kind), str(area)): pd.DatetimeIndex(rows["date"])
            for (kind, area), rows in table.groupby(["kind", "area"])
        }
        under = [set(self._tree.leaves_of(area)) for area in areas]
        self._weights = np.array(
            [[(leaf in leaves) / len(leaves) for leaves in under] for leaf in self._tree.leaves]
        )

    def share(self, kind: str, days: pd.DatetimeIndex) -> Array:
        """Return the share of leaves with a holiday of the kind, shape (days, areas)."""
        covered = np.zeros((len(days), len(self._tree.leaves)))
        for (its_kind, area), dates in self._dates.items():
            if its_kind == kind:
                leaves = set(self._tree.leaves if area == "" else self._tree.leaves_of(area))
                there = np.array([leaf in leaves for leaf in self._tree.leaves])
                covered[np.outer(days.isin(dates), there)] = 1
        share: Array = covered @ self._weights
        return np.minimum(np.round(share, 12), 1)  # a whole area is 1, not 1 - 1e-16


_CLOCK, _DATE, _HOLIDAYS = "force's clock", "force-day", "public and imported holidays"
_UNIT, _SHARE_UNIT = "0 or 1", "share of the area's leaves, 0 to 1"


def _special(name: str, meaning: str, hour: int, *, sarima: bool = True) -> Feature:
    sight = Sight(sarima=sarima, hours=HourColumn(hour))
    return Feature(name, meaning, _UNIT, _DATE, ALWAYS, FLAG, "holiday", SPECIAL_DAY, sight)


def _public(name: str, meaning: str, hour: int, missing_trees: int | None = None) -> Feature:
    return Feature(
        *(name, meaning, _SHARE_UNIT, _HOLIDAYS, ANNOUNCED, SHARE, "holiday", SPECIAL_DAY),
        Sight(sarima=True, hours=HourColumn(hour), missing_trees=missing_trees),
    )


def _season(wave: str, k: int, missing_trees: int | None = None) -> Feature:
    meaning = f"{'sine' if wave == 'sin' else 'cosine'} of {k} turn{'s' * (k > 1)} a year"
    prior = Prior(0.2, 0.1, "season" if k == 1 else "second_season", harmonic=k)
    sight = Sight(trees=False, missing_trees=missing_trees)
    name = f"season_{wave}_{k}"
    return Feature(name, meaning, "none", _DATE, ALWAYS, CYCLE, "season", prior, sight)


CALENDAR = Maker(
    day_features,
    (
        Feature(
            *("weekday", "weekday of the force-day", "0 Monday to 6 Sunday", _DATE, ALWAYS),
            sight=Sight(hours=HourColumn(1), missing_trees=0),
        ),
        Feature("weekend", "Saturday or Sunday", _UNIT, _DATE, ALWAYS, FLAG),
        _public("bank_holiday", "public holiday", 6, missing_trees=3),
        _public("bank_holiday_eve", "a public holiday tomorrow, none today", 7),
        _public("bank_holiday_after", "a public holiday yesterday, none today", 8),
        _special("christmas_day", "25 December", 10),
        _special("boxing_day", "26 December", 11),
        _special("christmas_eve", "24 December", 9, sarima=False),
        _special("new_years_eve", "31 December and the night after it", 12),
        _special("new_years_day", "1 January from the force's own hour on", 13),
        _special("easter_days", "Good Friday to Easter Monday", 14, sarima=False),
        Feature(
            *(SCHOOL_HOLIDAY, "school holiday", _SHARE_UNIT, "imported holidays", ANNOUNCED),
            *(SHARE, "holiday", HOLIDAY),
            Sight(sarima=True, hours=HourColumn(5, 2, is_yearly=True), missing_trees=4),
        ),
        Feature(
            *("day_of_year", "day of the year, of which log-linear models take the week"),
            *("1 to 366", _DATE, ALWAYS),
            *(NUMBER, "season"),
            sight=Sight(trees=False),
        ),
        _season("sin", 1, missing_trees=1),
        *(_season("sin", k) for k in range(2, SEASON_HARMONICS + 1)),
        _season("cos", 1, missing_trees=2),
        *(_season("cos", k) for k in range(2, SEASON_HARMONICS + 1)),
        Feature(
            *("clock_change_hours", "length of the force-day beyond 24 hours"),
            *("hours (-1, 0, 1)", _CLOCK, ALWAYS),
        ),
        Feature("month_start_days", "days since the first of the month", "days", _DATE, ALWAYS),
    ),
)
_OWN_HOLIDAY = Feature(
    "holiday_<kind>",
    "one column for each other kind of holiday that the force imported",
    *(_SHARE_UNIT, "imported holidays", ANNOUNCED),
    *(SHARE, "holiday", HOLIDAY),
)
OWN_HOLIDAYS = Maker(own_holidays, (_OWN_HOLIDAY,), _own_declared)
