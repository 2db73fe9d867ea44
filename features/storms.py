"""Storms: days far above usual that came and went, and what is usual in their place.

A level that takes three days of four hundred calls for what is to come stays too high for months.
So whoever learns from the past learns of such days what is usual on them; what was counted stays
what happened.

1. A day is a storm's where chance does not explain it and the days about it, or the days since,
   know nothing of it (`forewatch.single_days`). A step lasts: it is let through whole after four
   days.
2. It is asked of each call type of the whole force, of each place and of each cell, place × call
   type, as counted. Of a storm in a sum only those cells are touched that are far above their part.
   How far chance reaches in a cell, all cells of its call type tell, and of a place its call types
   by their calls: of calls that come in clusters (one row a person or a vehicle) a single cell or a
   small place shows too little to be told from a storm.
3. What came at the same time of another year is no storm, it comes again; nor are days of announced
   events, or the first days of a new place. Public holidays and the days beside them are none where
   there is no other year to compare with, or it had a day there that was half as far above usual,
   in logarithms.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.beginnings import P_MAX, as_if_always_there, beginnings
from features.cube import Cube, DayFactors
from features.events import event_crowds
from features.public_holidays import BANK_HOLIDAY
from forewatch.arrays import Array, Index, Mask
from forewatch.single_days import TIMES, SingleDay, clustering, single_days

_YEAR_DAYS = 365
_SAME_TIME_DAYS = 7
_SMALL = 1e-9
_LEAST_CALLS = 3.0  # on fewer nothing can be proved


def storm_factors(
    view: AsOf, daily: Array, places: tuple[str, ...], days: pd.DatetimeIndex
) -> Array | None:
    """Return what counts are multiplied by to be usual, (places, call types, days); None if all 1.

    Args:
        view: what was known at the origin.
        daily: calls by force-day, (places, call types, days); NaN unknown.
        places: ids of the places.
        days: the force-days (local dates), consecutive.
    """
    if not _may_have(daily):
        return None
    daily = as_if_always_there(daily, beginnings(np.nan_to_num(daily).sum(1)))
    holidays = _about_holidays(view, days)
    events = event_crowds(view, view.clock.day_edges(days[0], len(days)), places) > 0
    steady = daily.copy()
    clustered = np.array([clustering(daily[:, t]) for t in range(daily.shape[1])])
    for t in range(daily.shape[1]):
        _calm(steady[:, t], daily[:, t], holidays, np.zeros(len(days), dtype=bool))
    for p in range(daily.shape[0]):
        calls = np.nansum(daily[p], axis=1)
        of_place = float(clustered @ calls / max(calls.sum(), _SMALL))
        _calm(steady[p], daily[p], holidays, events[p], of_place)
        for t in range(daily.shape[1]):
            cell = np.s_[p, t : t + 1]
            _calm(steady[cell], daily[cell], holidays, events[p], clustered[t])
    factor = np.divide(steady, daily, out=np.ones(daily.shape), where=daily > 0)
    return factor if (factor < 1).any() else None


def without_storms(view: AsOf, past: Cube) -> Cube:
    """Return a cube in which storms' days have as many calls as usual days, hour by hour."""
    return past.times(storm_day_factors(view, past))


def storm_day_factors(view: AsOf, past: Cube) -> DayFactors | None:
    """Return what makes counts of a cube's storms usual, None where it has none."""
    factor = storm_factors(view, past.daily(), past.places, past.force_days)
    if factor is None:
        return None
    return DayFactors(view.clock.day_edges(past.force_days[0], len(past.force_days)), factor)


def _may_have(daily: Array) -> bool:
    """Return whether any day of a type, a place or a cell may be a storm's, at a glance."""
    wide = (daily.sum(0), daily.sum(1), daily.reshape(-1, daily.shape[2]))
    return any(_candidates(series).any() for series in wide)


def _candidates(series: Array) -> Mask:
    """Return the days that are far above the mean of their series, (n, days)."""
    known = np.isfinite(series)
    days = np.maximum(known.sum(-1, keepdims=True), 1)
    mean = np.maximum(np.where(known, series, 0.0).sum(-1, keepdims=True) / days, _SMALL)
    calls = np.where(known, np.maximum(series, 1.0), 1.0)
    deviance = calls * np.log(calls / mean) - calls + mean
    far = (calls >= np.maximum(TIMES * mean, _LEAST_CALLS)) & (deviance > -np.log(P_MAX))
    return np.asarray(far & known)


def _calm(
    steady: Array, cells: Array, holidays: Mask, events: Mask, least_dispersion: float = 1.0
) -> None:
    """Put what is usual in the place of the storms of a sum of cells, in place.

    Args:
        steady: what is changed, shape (cells, days).
        cells: as counted, same shape.
        holidays: days that are or stand beside a public holiday, shape (days,).
        events: days of announced events, same shape.
        least_dispersion: variance ÷ mean of the sum at least.
    """
    series = cells.sum(0)
    if not (_candidates(series[None])[0] & ~events).any():
        return
    far_days = single_days(series, P_MAX, least_dispersion)
    found = [one for one in far_days if one.is_above and not events[one.day]]
    far = np.array([one.day for one in found], dtype=np.int64)
    known = np.isfinite(cells)
    mean = np.where(known, cells, 0.0).sum(1) / np.maximum(known.sum(1), 1)
    for one in found:
        if _comes_again(one.day, far) or (holidays[one.day] and _is_festive(one, series)):
            continue
        usual = mean * max(one.usual / max(mean.sum(), _SMALL), 1.0)
        high = cells[:, one.day] >= TIMES * usual
        steady[high, one.day] = np.minimum(steady[high, one.day], usual[high])


def _comes_again(day: int, far: Index) -> bool:
    """Return whether another year had such a day at the same time."""
    apart = np.abs(far - day)
    years = np.maximum(np.round(apart / _YEAR_DAYS), 1)
    return bool((np.abs(apart - years * _YEAR_DAYS) <= _SAME_TIME_DAYS).any())


def _is_festive(one: SingleDay, series: Array) -> bool:
    """Return whether a holiday's calls may be the holiday's, as far as other years tell."""
    beside = np.arange(-_SAME_TIME_DAYS, _SAME_TIME_DAYS + 1)
    other = np.concatenate([one.day - _YEAR_DAYS + beside, one.day + _YEAR_DAYS + beside])
    seen = series[other[(other >= 0) & (other < series.size)]]
    seen = seen[np.isfinite(seen)]
    usual = max(one.usual, _SMALL)
    return not seen.size or bool(seen.max() >= usual * np.sqrt(one.calls / usual))


def _about_holidays(view: AsOf, days: pd.DatetimeIndex) -> Mask:
    """Return the public holidays that are felt, their eves and the days after, shape (days,)."""
    table = view.demand_holidays()
    dates = pd.DatetimeIndex(table.loc[table["kind"] == BANK_HOLIDAY, "date"])
    found = np.zeros(len(days), dtype=bool)
    for beside in (-1, 0, 1):
        found |= days.isin(dates + pd.Timedelta(days=beside))
    return found
