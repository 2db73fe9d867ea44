"""The slowly moving level of a series, with the effects of the calendar taken out.

The level is the ratio of decaying sums, calls ÷ effect, where *effect* is what one call of level
becomes on a day (calendar × hours of the day). Small series are held by a prior worth some calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from features.panel import Panel
from forewatch.arrays import Array, Index, Mask
from models.base import HALF_A_CALL, known_days
from models.lineage import Lineage


@dataclass(frozen=True)
class Level:
    """Levels of all series of a panel.

    Args:
        counts: calls per force-day, 0 where unknown, shape (D, N).
        known: whether the day is known, shape (D, N).
        typical: typical level of each series, positive, shape (N,); a series without history has
            its share of its parents.
        lineage: the parents of the series.
        trust_calls: expected calls at which own evidence counts as much as the prior.
    """

    counts: Array
    known: Mask
    typical: Array
    lineage: Lineage
    trust_calls: float

    @classmethod
    def of(cls, panel: Panel, trust_calls: float) -> Level:
        """Read the counts off a panel."""
        known = np.isfinite(panel.counts)
        counts = np.where(known, panel.counts, 0.0)
        days = known_days(panel.counts)
        mean = np.divide(counts.sum(0), days, out=np.full(days.shape, np.nan), where=days > 0)
        lineage = Lineage.of(panel)
        least = HALF_A_CALL / (days + 1)
        return cls(counts, known, np.maximum(lineage.filled(mean), least), lineage, trust_calls)

    def path(self, effect: Array, half_life_days: float) -> Array:
        """Return the level on each day from the days before and after it, shape (D, N).

        Where a series is small it follows the path of the whole force.
        """
        calls = _decaying_sums(self.counts, half_life_days)
        expected = _decaying_sums(np.where(self.known, effect, 0.0), half_life_days) * self.typical
        found = np.empty_like(calls)
        for series in self.lineage.generations:
            shape = found[:, :1] / self.typical[0] if series[0] else np.ones((len(calls), 1))
            seen = calls[:, series] + self.trust_calls * shape
            found[:, series] = (
                self.typical[series] * seen / (expected[:, series] + self.trust_calls)
            )
        return found

    def before_each_day(
        self, effect: Array, half_life_days: float, long_half_life_days: float
    ) -> Array:
        """Return the level as the days before each day show it, shape (D + 1, N).

        Row d uses days before d only; the last row is the level at the end of the past. It is the
        long-run level times the recent change; the less a series has to show, the more of the
        change it takes from its parents.
        """
        long, change = self.long_and_change(effect, half_life_days, long_half_life_days)
        return np.asarray(long * change)

    def long_and_change(
        self, effect: Array, half_life_days: float, long_half_life_days: float
    ) -> tuple[Array, Array]:
        """Return the two factors of the level before each day, shape (D + 1, N) each."""
        return self._long_and_change(effect, half_life_days, long_half_life_days, _before)

    def at_end(self, effect: Array, half_life_days: float, long_half_life_days: float) -> Array:
        """Return the last row of `before_each_day` without the others, shape (N,)."""
        long, change = self._long_and_change(
            effect, half_life_days, long_half_life_days, _before_the_end
        )
        return np.asarray((long * change)[0])

    def _long_and_change(
        self,
        effect: Array,
        half_life_days: float,
        long_half_life_days: float,
        sums: Callable[[Array, float], Array],
    ) -> tuple[Array, Array]:
        effect = np.where(self.known, effect, 0.0)
        calls = sums(self.counts, long_half_life_days)
        # one day's worth of the typical level stands in for a series that was never seen
        long = (calls + self.typical) / (sums(effect, long_half_life_days) + 1.0)
        calls = sums(self.counts, half_life_days)
        expected = sums(effect, half_life_days) * long
        change = np.ones_like(long)
        for series in self.lineage.generations:
            prior = self._inherited_change(change, series)
            change[:, series] = (calls[:, series] + self.trust_calls * prior) / (
                expected[:, series] + self.trust_calls
            )
        return long, change

    def _inherited_change(self, change: Array, series: Index) -> Array:
        if series[0] == 0:
            return np.ones((len(change), len(series)))
        parent, call_type = self.lineage.parent[series], self.lineage.call_type_of[series]
        of_type = np.where(call_type >= 0, change[:, np.maximum(call_type, 0)] / change[:, :1], 1.0)
        return np.asarray(change[:, parent] * of_type)


def _before(values: Array, half_life_days: float) -> Array:
    """Return decaying sums over the days before each day and the end, shape (D + 1, N)."""
    keep = 0.5 ** (1 / half_life_days)
    sums = lfilter([1.0], [1.0, -keep], values, axis=0)
    return np.concatenate([np.zeros_like(sums[:1]), sums])


def _before_the_end(values: Array, half_life_days: float) -> Array:
    """Return decaying sums over the days before the end, shape (1, N)."""
    age = np.arange(len(values))[::-1]
    return np.asarray((0.5 ** (age / half_life_days))[None] @ values)


def _decaying_sums(values: Array, half_life_days: float) -> Array:
    """Return decaying sums over the days before and after each day, itself included; (D, N)."""
    keep = 0.5 ** (1 / half_life_days)
    before = lfilter([1.0], [1.0, -keep], values, axis=0)
    after = lfilter([1.0], [1.0, -keep], values[::-1], axis=0)[::-1]
    return np.asarray(before + after - values)
