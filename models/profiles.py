"""Shares that split a day's calls of a place and type over hours, leaf areas and grades.

1. Hours: counts of the last years by force-day's weekday and local hour, newer weeks counting more,
   public holidays apart. A chain of shrunk shares runs from wide to narrow: call type, its weekday
   (towards its own smoothed week), kind of area, place. A public holiday lies between Sunday and
   its own weekday, as far as past ones did.
2. Leaf areas: shares of the place's calls of a type (`models.leaf_shares`).
3. Grades: shares by hour of the day, from the call type's, from the place's.

Storms (`features.storms`) count in all three as the usual days that they were not.

Each share is pulled towards the wider one as far as chance explains the difference
(`models.shrinkage`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import AsOf
from features.cube import Cube, cube, grade_counts
from features.storms import storm_day_factors, without_storms
from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS
from models.leaf_shares import leaf_shares
from models.member_settings import ShareSettings
from models.shrinkage import shrunk

HOLIDAY = 7  # public holidays by weekday (7 to 13) follow ordinary days (0 Monday to 6 Sunday)
_SUNDAY = 6
_KINDS_OF_DAY = 14
_MIXES = np.linspace(0, 1, 11)  # of a public holiday's own weekday with Sunday
_SMOOTH = np.array([0.25, 0.5, 0.25])  # over neighbouring hours
_FEW = 0.5  # calls added where nothing at all is known


@dataclass(frozen=True)
class Shares:
    """Shares as known at an origin.

    Args:
        hours: share of a day's calls in each slot, by kind of day,
            shape (places, call types, kinds of day, slots); sums to 1 over slots.
        leaves: share of each leaf in its place, shape (leaves, call types).
        grades: shape (places, call types, slots, grades); sums to 1 over grades.
        leaf_place: index of the place of each leaf, shape (leaves,).
        baseline: mean calls of the last weeks' same weekday-hours, (places, call types, 7, slots).
    """

    hours: Array
    leaves: Array
    grades: Array
    leaf_place: Index
    baseline: Array


def shares(view: AsOf, settings: ShareSettings) -> Shares:
    """Return the shares as known at the view's origin."""
    past = cube(view, settings.hour_days)
    leaf_place = leaf_places(view, past.places)
    usual = storm_day_factors(view, past)
    return Shares(
        hour_shares(view, past.times(usual), settings.half_life_days),
        leaf_shares(view, settings.leaf_days, leaf_place, usual),
        _grades(grade_counts(view, settings.days, usual)),
        leaf_place,
        weekday_hour_means(past, settings.baseline_weeks, settings.days),
    )


def hour_profile(view: AsOf, settings: ShareSettings) -> Array:
    """Return the shares of hours alone, as in `Shares`."""
    calm = without_storms(view, cube(view, settings.hour_days))
    return hour_shares(view, calm, settings.half_life_days)


def kinds_of_day(view: AsOf, days: pd.DatetimeIndex) -> Index:
    """Return the kind of each force-day: 0 to 6 by weekday, 7 to 13 a public holiday's, (days,)."""
    weekday = days.day_of_week.to_numpy().astype(np.int64)
    return np.where(public_holidays(view, days), HOLIDAY + weekday, weekday)


def public_holidays(view: AsOf, days: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Return which force-days are public holidays of the whole force, shape (days,)."""
    table = view.demand_holidays()
    chosen = table[(table["kind"] == "bank_holiday") & (table["area"] == "")]
    return np.asarray(days.isin(pd.DatetimeIndex(chosen["date"])))


def split(
    daily: Array, hours: Array, kind: Index, day: Index, slot: Index, bend: Array | float = 1.0
) -> Array:
    """Return calls by interval, shape (places, call types, intervals).

    The intervals of a force-day add up to its calls, on days of 23 and 25 hours too: an hour that
    comes twice gets its share twice, a skipped one none, and the day is scaled to its total.

    Args:
        daily: expected calls by force-day, shape (days, places, call types).
        hours: shares by kind of day and slot, as in `Shares`.
        kind: kind of each day, see `kinds_of_day`, shape (days,).
        day: number of the force-day of each interval, shape (intervals,).
        slot: slot of each interval, same shape.
        bend: factors of the shares, (places, call types, intervals) or what spreads to it; the
            length of each interval in hours among them, where not all are alike.
    """
    part = hours[:, :, kind[day], slot] * bend
    first = np.flatnonzero(np.diff(day, prepend=-1))
    total = np.add.reduceat(part, first, axis=2)
    return np.asarray(part / total[:, :, day] * np.moveaxis(daily, 0, 2)[:, :, day])


def leaf_places(view: AsOf, places: tuple[str, ...]) -> Index:
    """Return the position among the modelled places of each leaf's, shape (leaves,)."""
    return np.array(
        [places.index(view.tree.ancestor_in(leaf, places)) for leaf in view.tree.leaves]
    )


def hour_shares(view: AsOf, past: Cube, half_life_days: float) -> Array:
    """Return shares of hours, shape (places, call types, kinds of day, slots).

    Args:
        view: what was known; gives the calendar and the kinds of area.
        past: counts as known, storms' days as usual ones (`features.storms`).
        half_life_days: how fast older days lose weight.
    """
    slots = _slots(past)
    places, types = past.counts.shape[:2]
    if slots == 1:
        return np.ones((places, types, _KINDS_OF_DAY, 1))
    decay = 0.5 ** ((len(past.force_days) - 1 - past.day) / half_life_days)
    # on this scale a weighted count has the variance of a Poisson count, as shrinkage supposes
    kind = kinds_of_day(view, past.force_days)
    calls, weight = _by_kind(past, kind, decay * decay.sum() / (decay**2).sum(), slots)
    # calls as if every hour of a kind of day had been observed equally often
    rate = np.divide(calls, weight, out=np.zeros(calls.shape), where=weight > 0)
    calls = rate * weight.mean(-1, keepdims=True)
    order = (np.arange(slots) + view.clock.day_starts_at.hour) % slots
    calls = calls[..., order]
    week = _type_week(calls[:, :, :HOLIDAY].sum(0))
    kinds = np.array([view.tree.area(place).kind for place in past.places])
    found = np.empty((places, types, _KINDS_OF_DAY, slots))
    for kind_of_area in np.unique(kinds):
        here = kinds == kind_of_area
        near = shrunk(calls[here][:, :, :HOLIDAY].sum(0), week, per=1)
        found[here, :, :HOLIDAY] = _by_type(calls[here][:, :, :HOLIDAY], near)
    found[:, :, HOLIDAY:] = _festive(calls[:, :, HOLIDAY:].sum(0), week, found[:, :, :HOLIDAY])
    result = np.empty_like(found)
    result[..., order] = found
    return result


def _festive(calls: Array, week: Array, found: Array) -> Array:
    """Return the shares of public holidays by weekday, (places, call types, 7, slots).

    The place's Sunday mixed with its own weekday (a holiday on a Friday has a Friday's night), bent
    as the holidays of the call type differ from the type's mixture.

    Args:
        calls: of public holidays, shape (call types, 7, slots).
        week: shares of the call types by weekday, same shape.
        found: shares of the places by weekday, (places, call types, 7, slots).
    """
    likelihood = [(calls * np.log(_mix_days(week, mix))).sum() for mix in _MIXES]
    mix = _MIXES[int(np.argmax(likelihood))]
    prior = _mix_days(week, mix)
    # calls by weekday as the holidays fell; where there were none, all weekdays alike
    fell = calls.sum(-1, keepdims=True) + _FEW
    expected = (fell * prior).sum(1) / fell.sum(1)
    bent = _mix_days(found, mix) * (shrunk(calls.sum(1), expected) / expected)[:, None]
    return np.asarray(bent / bent.sum(-1, keepdims=True))


def _mix_days(week: Array, mix: float) -> Array:
    """Return Sunday's shares mixed with each weekday's in logarithms, (..., 7, slots)."""
    both = week[..., [_SUNDAY], :] ** (1 - mix) * week**mix
    return np.asarray(both / both.sum(-1, keepdims=True))


def _slots(past: Cube) -> int:
    return 24 if past.step == "hour" else 1


def _by_kind(past: Cube, kind: Index, weight: Array, slots: int) -> tuple[Array, Array]:
    """Return weighted calls and weights known, (places, call types, kinds of day, slots)."""
    cell = kind[past.day] * slots + past.slot
    known = np.isfinite(past.counts)
    shape = (*past.counts.shape[:2], _KINDS_OF_DAY, slots)
    calls = _sums(np.where(known, past.counts, 0.0) * weight, cell, _KINDS_OF_DAY * slots)
    return calls.reshape(shape), _sums(known * weight, cell, _KINDS_OF_DAY * slots).reshape(shape)


def _sums(values: Array, cell: Index, cells: int) -> Array:
    """Return the sums of values (…, intervals) by the cell of their interval, (…, cells)."""
    order = np.argsort(cell, kind="stable")
    present, first = np.unique(cell[order], return_index=True)
    found = np.zeros((*values.shape[:-1], cells))
    if len(present):
        found[..., present] = np.add.reduceat(values[..., order], first, axis=-1)
    return found


def _type_week(calls: Array) -> Array:
    """Return the shares of call types by weekday, shape (call types, 7, slots)."""
    day = _own_smoothed(calls.sum(1))
    return shrunk(calls, day[:, None, :], per=1)


def _own_smoothed(calls: Array) -> Array:
    """Return shares (..., slots) pulled towards themselves smoothed over neighbouring hours."""
    few = calls + _FEW / calls.shape[-1]
    smooth = sum(w * np.roll(few, i - 1, axis=-1) for i, w in enumerate(_SMOOTH))
    prior = np.asarray(smooth / np.sum(smooth, axis=-1, keepdims=True))
    return shrunk(calls, prior, per=1)


def _by_type(calls: Array, prior: Array) -> Array:
    """Return shares (places, types, days, slots), each type with its own strength."""
    return np.moveaxis(shrunk(np.moveaxis(calls, 1, 0), prior[:, None], per=1), 0, 1)


def _grades(calls: Array) -> Array:
    """Return the shares of grades, shape (places, call types, slots, grades)."""
    grades = calls.shape[-1]
    whole = shrunk(calls.sum((0, 2)), np.full(grades, 1 / grades), per=1)
    hourly = shrunk(calls.sum(0), whole[:, None, :], per=1)
    local = shrunk(np.moveaxis(calls.sum(2), 0, 1), whole[:, None, :], per=1)
    # the place's own mix, bent by the hour as the type's is
    bent = np.moveaxis(local, 0, 1)[:, :, None, :] * (hourly / whole[:, None, :])[None]
    prior = bent / bent.sum(-1, keepdims=True)
    by_type = shrunk(np.moveaxis(calls, 1, 0), np.moveaxis(prior, 1, 0), per=1)
    return np.asarray(np.moveaxis(by_type, 0, 1))


def weekday_hour_means(past: Cube, weeks: int, days: int) -> Array:
    """Return the mean of the last same weekday-hours, (places, call types, 7, slots).

    Unknown hours are left out; where none is known, the mean of all known ones stands in.

    Args:
        past: counts as known.
        weeks: the last so many same weekdays.
        days: force-days from which the mean of all known hours is taken.
    """
    slots, last = _slots(past), len(past.force_days)
    cell = past.force_days.day_of_week.to_numpy()[past.day] * slots + past.slot
    year = past.day >= last - days
    overall = _masked_mean(past.counts[:, :, year], np.zeros(int(year.sum()), np.int64), 1)
    recent = past.day >= last - weeks * WEEK_DAYS
    found = _masked_mean(past.counts[:, :, recent], cell[recent], WEEK_DAYS * slots)
    found = np.where(np.isnan(found), np.nan_to_num(overall), found)
    return np.asarray(found.reshape(*past.counts.shape[:2], WEEK_DAYS, slots))


def _masked_mean(counts: Array, cell: Index, cells: int) -> Array:
    known = np.isfinite(counts)
    total = _sums(np.where(known, counts, 0.0), cell, cells)
    n = _sums(known.astype(float), cell, cells)
    return np.asarray(np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0))
