"""From the calls expected of a day to the rates of its hours, leaf areas and grades."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.clock import HOUR_US, instants_us
from forewatch.rates import Rates
from models.hour_rows import Timeline
from models.hours import HourTrees
from models.profiles import Shares, kinds_of_day, split


def rates_over_horizon(
    view: AsOf,
    days: pd.DatetimeIndex,
    daily: Array,
    parts: Shares,
    hours: HourTrees | None = None,
) -> Rates:
    """Return the rates of a horizon.

    Args:
        view: what is known; gives the clock, the tree and the holidays.
        days: force-days of the horizon (local dates), shape (days,).
        daily: calls expected of them, shape (days, places, call types).
        parts: shares of hours, leaf areas and grades.
        hours: what bends the shares of hours; None: nothing.
    """
    when, length = timeline_of(view, days)
    day, slot, weekday = when.day, when.slot, days.day_of_week.to_numpy()
    bend = length if hours is None else hours.bend(view, when) * length
    return Rates(
        step=view.step,
        edges=when.edges,
        force_days=days,
        day=day,
        slot=slot,
        places=view.tree.cut(view.profile.levels.modelled),
        call_types=view.profile.call_type_ids,
        grades=view.profile.grade_ids,
        leaves=view.tree.leaves,
        base=split(daily, parts.hours, kinds_of_day(view, days), day, slot, bend),
        baseline=parts.baseline[:, :, weekday[day], slot] * length,
        leaf_place=parts.leaf_place,
        leaf_shares=parts.leaves,
        grade_shares=parts.grades,
    )


def timeline_of(view: AsOf, days: pd.DatetimeIndex) -> tuple[Timeline, Array]:
    """Return the intervals of force-days, and how much of a slot each of them is."""
    clock, first = view.clock, days[0]
    if view.step == "hour":
        edges, day = clock.hour_edges(first, len(days)), clock.hour_days(first, len(days))
        length = np.diff(instants_us(edges)) / HOUR_US  # of one half hour, say, half a share
        return Timeline(days, day, clock.local_hour(edges[:-1]), edges), length
    edges, day = clock.day_edges(first, len(days)), np.arange(len(days), dtype=np.int64)
    return Timeline(days, day, np.zeros(len(days), np.int64), edges), np.ones(len(days))
