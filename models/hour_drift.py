"""Hours that drift: the profile of hours, moved as far as the last year's days say by now.

1. Calls of an hour, given those of the whole day in that place and of that call type, stand beside
   what profile and trees expect of it, summed by kind of area, kind of day (Monday to Friday, or
   weekends and public holidays) and hour.
2. How far each hour has moved is followed by `models.share_drift`, all calls first, then each call
   type. It begins at the profile and leaves it only as fast as the past says that hours wander.
3. The profile is multiplied by that and scaled to a day; what trees bend is bent afterwards.

Source:
    docs/experiments/017-shares-that-drift.md.
"""

from __future__ import annotations

import numpy as np

from features.asof import AsOf
from features.cube import HOURS_OF_DAY, cube
from features.storms import without_storms
from forewatch.arrays import Array, Index
from models.hour_rows import Timeline
from models.hours import HourTrees, counts_and_expected
from models.profiles import kinds_of_day
from models.share_drift import ShareRecord, StartingRatios, current_ratios, in_blocks

_DAYS = 364  # force-days that tell how far hours have moved
_KINDS_OF_DAY = 2  # Monday to Friday, and all others
_SATURDAY = 5  # the first kind of day, see `models.profiles`, that is none of Monday to Friday
_CERTAIN = 1e6  # calls that the profile rests on: it has learned from the same days


def current_hours(view: AsOf, hours: Array, trees: HourTrees) -> Array:
    """Return the profile of hours as it has moved by the origin, in the shape of *hours*.

    Args:
        view: what was known at the origin.
        hours: shares of hours as in `models.profiles.Shares`.
        trees: what bends them.
    """
    if view.step == "day":
        return hours
    past = without_storms(view, cube(view, _DAYS))
    both = counts_and_expected(view, past, hours, trees.bend(view, Timeline.of(past)))
    places = view.tree.cut(view.profile.levels.modelled)
    _, area = np.unique([view.tree.area(place).kind for place in places], return_inverse=True)
    apart = (kinds_of_day(view, past.force_days) >= _SATURDAY).astype(np.int64)
    cell = past.day * HOURS_OF_DAY + past.slot
    counts, base = (_records(_by_day(calls, cell, len(apart)), area, apart) for calls in both)
    members, types, _ = counts.shape
    group, one = np.arange(members) // HOURS_OF_DAY, np.ones((members, types))
    start = StartingRatios(one[:, 0], one, _CERTAIN * one[:, 0], _CERTAIN * one)
    ratio = current_ratios(ShareRecord(counts, base, group), start)
    factor = np.moveaxis(ratio.reshape(-1, _KINDS_OF_DAY, HOURS_OF_DAY, types), 3, 1)
    kind = (np.arange(hours.shape[2]) >= _SATURDAY).astype(np.int64)
    found = hours * factor[area][:, :, kind]
    return np.asarray(found / found.sum(-1, keepdims=True))


def _by_day(calls: Array, cell: Index, days: int) -> Array:
    """Return calls by day and hour of the clock, (places, call types, days, 24).

    Args:
        calls: by interval, shape (places, call types, intervals).
        cell: number of each interval's day and hour, shape (intervals,).
        days: how many there are.
    """
    n = days * HOURS_OF_DAY
    flat = calls.reshape(-1, calls.shape[2])
    found = np.array([np.bincount(cell, series, n) for series in flat], dtype=np.float64)
    return found.reshape(*calls.shape[:2], days, HOURS_OF_DAY)


def _records(calls: Array, area: Index, apart: Index) -> Array:
    """Return sums over blocks of days, (kinds of area × kinds of day × 24, call types, blocks).

    Args:
        calls: shape (places, call types, days, 24).
        area: kind of area of each place, shape (places,).
        apart: kind of each day, shape (days,).
    """
    found = []
    for kind in range(int(area.max()) + 1):
        here = calls[area == kind].sum(0)
        for kind_of_day in range(_KINDS_OF_DAY):
            of_kind = here * (apart == kind_of_day)[:, None]
            found.append(in_blocks(np.moveaxis(of_kind, 1, 2)))
    return np.concatenate([np.moveaxis(each, 1, 0) for each in found])
