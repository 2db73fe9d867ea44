"""The intervals of the days ahead, and the rates of a forecast in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import AsOf
from forewatch.clock import HOUR_US, instants_us
from forewatch.rates import Rates
from models.hour_rows import Timeline
from models.profiles import Shares

Array = NDArray[np.float64]


def timeline(view: AsOf, days: pd.DatetimeIndex) -> tuple[Timeline, Array]:
    """Return the intervals of force-days, and how much of a slot each of them is.

    Args:
        view: gives the clock, and whether counts are by hour or by day.
        days: force-days (local dates), shape (days,).
    """
    clock, first = view.clock, days[0]
    if view.step == "hour":
        edges, day = clock.hour_edges(first, len(days)), clock.hour_days(first, len(days))
        length = np.diff(instants_us(edges)) / HOUR_US  # of one half hour, say, half a share
        return Timeline(days, day, clock.local_hour(edges[:-1]), edges), length
    edges, day = clock.day_edges(first, len(days)), np.arange(len(days), dtype=np.int64)
    return Timeline(days, day, np.zeros(len(days), np.int64), edges), np.ones(len(days))


def rates(
    view: AsOf, when: Timeline, base: Array, baseline: Array, parts: Shares, types: tuple[str, ...]
) -> Rates:
    """Return the rates of a horizon.

    Args:
        view: gives the tree and what the profile names.
        when: the intervals.
        base: expected calls, shape (places, call types, intervals).
        baseline: the same as the baseline has it.
        parts: shares of leaf areas and grades.
        types: ids of the call types.
    """
    return Rates(
        step=view.step,
        edges=when.edges,
        force_days=when.days,
        day=when.day,
        slot=when.slot,
        places=view.tree.cut(view.profile.levels.modelled),
        call_types=types,
        grades=view.profile.grades,
        leaves=view.tree.leaves,
        base=base,
        baseline=baseline,
        leaf_place=parts.leaf_place,
        leaf_shares=parts.leaves,
        grade_shares=parts.grades,
    )
