"""What forecasts told of the days of a force and of its places, kept until the days have come.

Kept are what a training's last past origins told, and what its model told since, of days that its
members had not seen: means and variances, under the sizes of shocks as the training has them. By
them `models.recent_sizes` learns how much calmer or wilder the last weeks were.

Source:
    docs/experiments/020-adaptive-sizing.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from features.panel import Panel
from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS
from forewatch.shocks import PERSISTENCES, THIRDS, Shocks, Within
from models.comparison import EPOCH
from models.crossing import Groups

MEMORY_DAYS = 20 * WEEK_DAYS  # before an origin; older looks count less than a thirtieth
_SAME = 0.02  # of a day's calls, that members learn otherwise than they came


@dataclass(frozen=True)
class ToldDays:
    """What forecasts told of force-days that were ahead of them, one a row.

    Args:
        day: number of the day, see `day_numbers`, shape (rows,).
        mean, variance: of the force's calls, then of each place's, shape (rows, 1 + places); NaN
            where nothing is to be learned.
    """

    day: Index
    mean: Array
    variance: Array

    @classmethod
    def none(cls) -> ToldDays:
        """Return that nothing was told."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros((0, 1)), np.zeros((0, 1)))

    @classmethod
    def of(
        cls, days: pd.DatetimeIndex, cells: Array, shocks: Shocks, doubt: Array | None
    ) -> ToldDays:
        """Return what one forecast told of the days ahead; of special days nothing is learned.

        Args:
            days: force-days ahead, shape (H,).
            cells: expected calls, shape (H, places, call types).
            shocks: as a training sized them.
            doubt: see `features.special_days`; None: no day is special.
        """
        calls = np.moveaxis(cells, 0, 2)
        mean = np.column_stack([calls.sum((0, 1)), calls.sum(1).T])
        variance = day_variance(calls, shocks, np.arange(len(days)))
        if doubt is not None:
            variance[doubt.any(1)] = np.nan
        return cls(day_numbers(days), mean, variance)

    @classmethod
    def concat(cls, each: Sequence[ToldDays]) -> ToldDays:
        """Return the rows of several."""
        told = [one for one in each if len(one.day)]
        if not told:
            return cls.none()
        return cls(
            *(np.concatenate([getattr(one, field.name) for one in told]) for field in fields(cls))
        )

    def since(self, day: int) -> ToldDays:
        """Return the rows of a day and later."""
        at = self.day >= day
        return ToldDays(self.day[at], self.mean[at], self.variance[at])

    def within_memory(self, first_day: int) -> ToldDays:
        """Return the rows that count at an origin, by the number of its first day ahead."""
        return self.since(first_day - MEMORY_DAYS)

    def state(self) -> dict[str, Any]:
        """Return arrays that `from_state` reads back."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any] | None) -> ToldDays:
        """Return what was kept; nothing where a model of earlier code kept nothing."""
        return cls.none() if state is None else cls(**{name: state[name] for name in state})


def day_numbers(days: pd.DatetimeIndex) -> Index:
    """Return the days since `models.comparison.EPOCH` of force-days (local dates, no zone)."""
    return np.asarray((days - pd.Timestamp(EPOCH)) // pd.Timedelta(days=1), dtype=np.int64)


def day_variance(calls: Array, shocks: Shocks, lead_days: Index) -> Array:
    """Return the variance of the days of the force, then of each place, (days, 1 + places).

    Thirds of a day are taken for equal parts of it.

    Args:
        calls: expected calls, shape (places, call types, days).
        shocks: their sizes, without those of special days.
        lead_days: of the days, shape (days,).
    """
    places, types, n = calls.shape
    third, day, _ = range(len(PERSISTENCES))
    sd = shocks.sd.copy()
    sd[..., day] = np.sqrt(sd[..., day] ** 2 + sd[..., third] ** 2 / THIRDS)
    sd[..., third] = 0
    whole = replace(shocks, sd=sd)
    by_place, number = calls.sum(1), np.arange(n)
    force = by_place.sum(0)
    of = [np.arange(places), *(np.array([place]) for place in range(places))]
    return np.column_stack(
        [
            whole.variance(
                calls[part],
                lead_days,
                number,
                Within(np.arange(types), number, by_place[part], force),
            )
            for part in of
        ]
    )


def counts_of_areas(now: Panel) -> Array:
    """Return what came of the force and of each place, (D, 1 + places); NaN where nothing is told.

    Of days that members learn otherwise than they came nothing is told: see `Panel.counts`.
    """
    at = [0, *(now.series(place) for place in now.places)]
    happened, learned = now.happened[:, at], now.counts[:, at]
    return np.where(np.abs(learned - happened) <= _SAME * happened, happened, np.nan)


def told_days_of_origins(groups: Groups, cells: Sequence[Array], shocks: Shocks) -> ToldDays:
    """Return what the last past origins told, under the sizes given.

    Args:
        groups: the past origins, ascending.
        cells: blended forecasts of each, (H, places, call types).
        shocks: sizes that what is learned is relative to.
    """
    first = int(day_numbers(groups.folds[-1].days[:1])[0]) - MEMORY_DAYS
    return ToldDays.concat(
        [
            ToldDays.of(fold.days, own, shocks, fold.doubt).since(first)
            for fold, own in zip(groups.folds, cells, strict=True)
            if day_numbers(fold.days[-1:])[0] >= first
        ]
    )


def counts_of_origins(groups: Groups) -> tuple[pd.DatetimeIndex, Array]:
    """Return the days from the first origin on with what came of force and places.

    Of days between horizons nothing is asked: NaN.
    """
    places, types = groups.parts.cells.shape
    at = [0] * (1 + places)
    for i, (some, kinds) in enumerate(groups.sums):
        if len(some) == 1 and len(kinds) == types:
            at[1 + int(some[0])] = i
    told = [day_numbers(fold.days) for fold in groups.folds]
    first = min(int(each[0]) for each in told)
    counts = np.full((max(int(each[-1]) for each in told) + 1 - first, len(at)), np.nan)
    for each, fold in zip(told, groups.folds, strict=True):
        counts[each - first] = fold.counts[:, at]
    numbers = np.arange(first, first + len(counts))
    return pd.Timestamp(EPOCH) + pd.to_timedelta(numbers, unit="D"), counts
