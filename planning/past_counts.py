"""Calls of the force-days before an issue, as known at its origin: what earlier ones are held to.

They are those of the as-of view: what came later is not among them, and of small areas the view
tells no more than their pool's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index
from forewatch.clock import ONE_DAY

if TYPE_CHECKING:
    from features.asof import AsOf

DAYS = 406  # 58 weeks: last year's week beside the present one, and 13 weeks to look back on
_HOURS = 24
YEAR_DAYS = 364  # to the same weekday a year before


@dataclass(frozen=True)
class PastCounts:
    """Calls of all types by leaf area and force-day.

    Args:
        force_days: local dates without zone, ascending and consecutive, shape (days,).
        leaves: ids of the leaf areas.
        count: shape (leaves, days); NaN where not all is known.
        hour_days: those of the force-days whose hours are kept, consecutive; it may be none.
        hour_count: calls by local hour, shape (leaves, hour days, 24); NaN where not all is known,
            and where the wall clock reads an hour twice or not at all.
    """

    force_days: pd.DatetimeIndex
    leaves: tuple[str, ...]
    count: Array
    hour_days: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))
    hour_count: Array = field(default_factory=lambda: np.empty((0, 0, _HOURS)))

    @classmethod
    def of(cls, view: AsOf, ahead_days: int, days: int = DAYS) -> Self:
        """Return those of the last force-days before the first one that is forecast.

        Args:
            view: what was known at the origin.
            ahead_days: force-days that are forecast: the hours of those a year before are kept,
                where the history has hours.
            days: how far back, in force-days.

        Raises:
            NotEnoughHistory: if there is not one.
        """
        # Who asks an issue needs no history, and reading how one is counted takes long.
        from features.cube import known_leaf_days, known_leaf_hours  # noqa: PLC0415

        force_days, count = known_leaf_days(view, days)
        first = force_days[-1] + (1 - YEAR_DAYS) * ONE_DAY
        after = first + ahead_days * ONE_DAY
        of_year = force_days[(force_days >= first) & (force_days < after)]
        hour_days = of_year if view.step == "hour" else of_year[:0]
        if not len(hour_days):
            return cls(force_days, view.tree.leaves, count)
        hours = known_leaf_hours(view, hour_days)
        return cls(force_days, view.tree.leaves, count, hour_days, hours)

    def of_days(self, leaves: Sequence[str], first: pd.Timestamp, days: int) -> Array:
        """Return the calls of leaf areas together on force-days, shape (days,); NaN unknown.

        Args:
            leaves: ids; one that isn't there is unknown.
            first: local date of the first force-day.
            days: how many.
        """
        wanted = pd.date_range(first, periods=days, freq="D")
        return self._of(leaves, self.count[..., None], self.force_days.get_indexer(wanted))[:, 0]

    def of_hours(self, leaves: Sequence[str], days: pd.DatetimeIndex, hours: Index) -> Array:
        """Return the calls of leaf areas together in hours, shape (hours,); NaN unknown.

        Args:
            leaves: ids; one that isn't there is unknown.
            days: local date of the force-day of each hour.
            hours: what the wall clock reads as each hour begins, 0 to 23.
        """
        if not len(self.hour_days):
            return np.full(len(hours), np.nan)
        told = self._of(leaves, self.hour_count, self.hour_days.get_indexer(days))
        return np.asarray(told[np.arange(len(hours)), hours], dtype=np.float64)

    def _of(self, leaves: Sequence[str], count: Array, days: Index) -> Array:
        """Return rows of the days, -1 for one that isn't there, of a (leaves, days, …) grid."""
        number = {leaf: i for i, leaf in enumerate(self.leaves)}
        if not all(leaf in number for leaf in leaves):
            return np.full((len(days), count.shape[2]), np.nan)
        of_all = count[[number[leaf] for leaf in leaves]].sum(0)
        unknown = np.full((1, count.shape[2]), np.nan)
        return np.concatenate([of_all, unknown])[days]
