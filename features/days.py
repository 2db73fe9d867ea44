"""Features of a force-day: its weekday, season, holidays and length."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import AsOf
from features.public_holidays import BANK_HOLIDAY
from forewatch.clock import HOUR_US, instants_us

Array = NDArray[np.float64]

SCHOOL_HOLIDAY = "school_holiday"
SEASON_HARMONICS = 3
NAMES = (
    "weekday",
    "weekend",
    "bank_holiday",
    "bank_holiday_eve",
    "bank_holiday_after",
    "christmas_day",
    "boxing_day",
    "christmas_eve",
    "new_years_eve",
    "new_years_day",
    "easter_days",
    "school_holiday",
    "day_of_year",
    *(f"season_sin_{k}" for k in range(1, SEASON_HARMONICS + 1)),
    *(f"season_cos_{k}" for k in range(1, SEASON_HARMONICS + 1)),
    "clock_change_hours",
    "month_start_days",
)
_DATES = {  # (month, day)
    "christmas_day": (12, 25),
    "boxing_day": (12, 26),
    "christmas_eve": (12, 24),
    "new_years_eve": (12, 31),
    "new_years_day": (1, 1),
}
_SATURDAY = 5


def holiday_names(view: AsOf) -> tuple[str, ...]:
    """Return a column's name for each kind of the force's own that was announced, sorted."""
    kinds = set(view.holidays()["kind"]) - {BANK_HOLIDAY, SCHOOL_HOLIDAY}
    return tuple(f"holiday_{kind}" for kind in sorted(kinds))


def day_features(
    view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...], names: Iterable[str]
) -> dict[str, Array]:
    """Return `NAMES` and the holiday columns named, each of shape (days, areas) or (days, 1).

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
    for name in names:
        found[name] = holidays.share(name.removeprefix("holiday_"), days)
    return found


def day_hours(view: AsOf, days: pd.DatetimeIndex) -> Array:
    """Return the length of each force-day in hours, shape (days,)."""
    if not len(days):
        return np.zeros(0)
    first, last = days.min(), days.max()
    edges = instants_us(view.clock.day_edges(first, (last - first).days + 1))
    hours = np.diff(edges) / HOUR_US
    return np.asarray(hours[np.asarray((days - first).days)], dtype=np.float64)


def easter_sunday(year: int) -> pd.Timestamp:
    """Return the date of Easter in the Gregorian calendar.

    Source:
        The anonymous algorithm in Meeus (1991), Astronomical Algorithms, chapter 8.

    >>> easter_sunday(2026).date().isoformat()
    '2026-04-05'
    """
    a, b, c = year % 19, year // 100, year % 100
    g = (8 * b + 13) // 25
    h = (19 * a + b - b // 4 - g + 15) % 30
    l = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7  # noqa: E741 (the source's letter)
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return pd.Timestamp(year=year, month=month, day=day + 1).as_unit("us")


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
    sundays = pd.DatetimeIndex([easter_sunday(year) for year in np.unique(days.year)])
    easter = [sundays + pd.Timedelta(days=shift) for shift in (-2, -1, 0, 1)]
    found["easter_days"] = np.any([days.isin(date) for date in easter], axis=0).astype(np.float64)
    of_year = (found["day_of_year"] - 1) / (365.0 + np.asarray(days.is_leap_year))
    for k in range(1, SEASON_HARMONICS + 1):
        found[f"season_sin_{k}"] = np.sin(2 * np.pi * k * of_year)
        found[f"season_cos_{k}"] = np.cos(2 * np.pi * k * of_year)
    return found


class _Holidays:
    """Looks up which share of each area's leaves has a holiday."""

    def __init__(self, view: AsOf, areas: tuple[str, ...]) -> None:
        self._tree = view.tree
        table = view.holidays()
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
