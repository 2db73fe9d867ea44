"""Calls of the force-days before an issue, as known at its origin: what earlier ones are held to.

They are those of the as-of view: what came later is not among them, and of small areas the view
tells no more than their pool's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from forewatch.arrays import Array

if TYPE_CHECKING:
    from features.asof import AsOf

DAYS = 406  # 58 weeks: last year's week beside the present one, and 13 weeks to look back on


@dataclass(frozen=True)
class PastCounts:
    """Calls of all types by leaf area and force-day.

    Args:
        force_days: local dates without zone, ascending and consecutive, shape (days,).
        leaves: ids of the leaf areas.
        count: shape (leaves, days); NaN where not all is known.
    """

    force_days: pd.DatetimeIndex
    leaves: tuple[str, ...]
    count: Array

    @classmethod
    def of(cls, view: AsOf, days: int = DAYS) -> Self:
        """Return those of the last force-days before the first one that is forecast.

        Raises:
            NotEnoughHistory: if there is not one.
        """
        # Who asks an issue needs no history, and reading how one is counted takes long.
        from features.cube import known_leaf_days  # noqa: PLC0415

        force_days, count = known_leaf_days(view, days)
        return cls(force_days, view.tree.leaves, count)

    def of_days(self, leaves: Sequence[str], first: pd.Timestamp, days: int) -> Array:
        """Return the calls of leaf areas together on force-days, shape (days,); NaN unknown.

        Args:
            leaves: ids; one that isn't there is unknown.
            first: local date of the first force-day.
            days: how many.
        """
        number = {leaf: i for i, leaf in enumerate(self.leaves)}
        if not all(leaf in number for leaf in leaves):
            return np.full(days, np.nan)
        of_all = self.count[[number[leaf] for leaf in leaves]].sum(0)
        wanted = pd.date_range(first, periods=days, freq="D")
        return np.append(of_all, np.nan)[self.force_days.get_indexer(wanted)]
