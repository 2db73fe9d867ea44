"""The known truth behind the demo force: rates, shocks, and the distribution of any count.

Given the rates times the shocks, counts are independent Poisson. The shocks, each of mean 1:

1. the force's, one a force-day, log-normal, with first-order autocorrelation;
2. a district's and a call type's, one a force-day, log-normal, independent from day to day;
3. spells of missing people, one a district and week, gamma: the same people go again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index
from forewatch.count_distribution import CountDistribution
from forewatch.rates import Forecast, Rates, Selection, Spans
from forewatch.shocks import PERSISTENCES, SCOPES, Shocks
from sources.synthetic.grid import HourGrid
from sources.synthetic.plan import EPOCH, SHOCKS, SPELLS, Plan

SPELL_TYPE = "missing_person"


@dataclass(frozen=True)
class ShockSizes:
    """Relative standard deviations of the shocks, and how long the force's lasts.

    With these the day of a full-size force spreads about 1.56 times as much as its districts would
    if they were independent (DOMAIN, section 4).
    """

    force: float = 0.04
    district: float = 0.043
    call_type: float = 0.03
    spell: float = 0.30
    persistence: float = 0.5  # correlation of the force's shock from one day to the next


@dataclass(frozen=True)
class Factors:
    """The shocks that happened, as factors of the rates.

    Args:
        force: shape (force-days,).
        district: shape (districts, force-days).
        call_type: shape (call types, force-days).
        spell: of missing people, shape (districts, force-days); the same for all days of a week.
    """

    force: Array
    district: Array
    call_type: Array
    spell: Array


def _log_normal(z: Array, sd: float) -> Array:
    log_variance = np.log1p(sd**2)
    factor: Array = np.exp(z * np.sqrt(log_variance) - log_variance / 2)
    return factor


def _persistent(z: Array, correlation: float) -> Array:
    """Return a stationary first-order autoregression of variance 1 from independent normals."""
    fresh = float(np.sqrt(1 - correlation**2))
    values = z.tolist()
    for day in range(1, len(values)):
        values[day] = correlation * values[day - 1] + fresh * values[day]
    return np.array(values)


def weeks_of(grid: HourGrid) -> Index:
    """Return the number of the ISO week of each force-day, from the epoch's."""
    first = (grid.first - EPOCH).days + EPOCH.weekday()
    return (first + np.arange(grid.days)) // 7


def factors(plan: Plan, grid: HourGrid, sizes: ShockSizes) -> Factors:
    """Draw the shocks of a grid; those of a day are the same in any longer or shorter history."""
    before = (grid.first - EPOCH).days
    n = before + grid.days
    z = _persistent(plan.stream(SHOCKS, 0).standard_normal(n), sizes.persistence)
    district = np.array(
        [plan.stream(SHOCKS, 1, p).standard_normal(n)[before:] for p in range(plan.districts)]
    )
    call_type = np.array(
        [plan.stream(SHOCKS, 2, t).standard_normal(n)[before:] for t in range(plan.call_types)]
    )
    week, shape = weeks_of(grid), 1 / sizes.spell**2
    spell = np.array(
        [
            plan.stream(SPELLS, p).gamma(shape, 1 / shape, week[-1] + 1)[week]
            for p in range(plan.districts)
        ]
    )
    return Factors(
        _log_normal(z[before:], sizes.force),
        _log_normal(district, sizes.district),
        _log_normal(call_type, sizes.call_type),
        spell,
    )


@dataclass(frozen=True)
class Truth:
    """What nobody knows of a real force.

    Args:
        rates: expected calls before any shock, over the history and the days ahead of it; their
            baseline is the rate itself.
        factors: the shocks that happened.
        sizes: how large the shocks are.
        break_at: the instant (UTC) from which concern-for-welfare calls are fewer, if any.
    """

    rates: Rates
    factors: Factors
    sizes: ShockSizes
    break_at: pd.Timestamp | None

    def conditional(self) -> Array:
        """Return the calls expected given the shocks, shape (districts, call types, hours).

        Counts are independent Poisson around these.
        """
        day = self.rates.day
        calls = self.rates.base * self.factors.force[day]
        calls *= self.factors.district[:, None, day]
        calls *= self.factors.call_type[None, :, day]
        if SPELL_TYPE in self.rates.call_types:
            calls[:, self.rates.call_types.index(SPELL_TYPE)] *= self.factors.spell[:, day]
        return calls

    @property
    def shocks(self) -> Shocks:
        """The shocks in the form of a forecast, without autocorrelation and spells."""
        own = {"force": self.sizes.force, "place": self.sizes.district}
        own["call_type"] = self.sizes.call_type
        sd = np.zeros((1, len(SCOPES), len(PERSISTENCES)))
        sd[0, :, PERSISTENCES.index("day")] = [own.get(scope, 0.0) for scope in SCOPES]
        return Shocks((0,), sd, np.ones((1, 1)))

    def forecast(self, origin: pd.Timestamp, days: int) -> Forecast:
        """Return what a forecaster who knows the rates, not the shocks, would publish.

        Args:
            origin: instant (UTC) from which the forecast is made.
            days: force-days from the first that begins at or after the origin.

        Raises:
            ValueError: if the truth does not reach that far.
        """
        rates = self.rates
        first = int(rates.day_edges.searchsorted(origin))
        if first + days > len(rates.force_days):
            raise ValueError(f"the truth ends {rates.edges[-1]}; ask for fewer days from {origin}")
        low, high = np.searchsorted(rates.day, [first, first + days])
        part = replace(
            rates,
            edges=rates.edges[low : high + 1],
            force_days=rates.force_days[first : first + days],
            day=rates.day[low:high] - first,
            slot=rates.slot[low:high],
            base=rates.base[:, :, low:high],
            baseline=rates.baseline[:, :, low:high],
        )
        return Forecast(origin, origin, part, self.shocks)

    def rate(self, selection: Selection, starts: pd.DatetimeIndex) -> Array:
        """Return expected calls of a selection in the hours that begin at *starts* (UTC)."""
        whole = Forecast(self.rates.edges[0], self.rates.edges[0], self.rates, self.shocks)
        return whole.answer(selection, Spans(starts, starts + pd.Timedelta(hours=1))).mean

    def distribution(self, selection: Selection, spans: Spans) -> CountDistribution:
        """Return the distribution of counts for one who knows rates and sizes, not the shocks.

        Mean and variance are exact but for products of two shocks (relative 1e-6); spans begin and
        end at whole hours.

        Raises:
            ValueError: if a span reaches outside the truth.
        """
        weights = self._weights(selection)
        low = np.searchsorted(self.rates.edges, spans.starts)
        high = np.searchsorted(self.rates.edges, spans.ends)
        if (self.rates.edges[0] > spans.starts).any() or (high >= len(self.rates.edges)).any():
            raise ValueError(f"spans reach outside {self.rates.edges[0]} … {self.rates.edges[-1]}")
        moments = [
            self._moments(weights, a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)
        ]
        mean, variance = np.array(moments).reshape(-1, 2).T
        return CountDistribution.of(mean, variance)

    def _weights(self, selection: Selection) -> Array:
        """Return the part of each cell in a selection, (districts, call types, slots)."""
        rates = self.rates
        leaf = np.isin(rates.leaves, selection.leaves or rates.leaves)
        share = np.zeros((len(rates.places), len(rates.call_types)))
        np.add.at(share, rates.leaf_place[leaf], rates.leaf_shares[leaf])
        share *= np.isin(rates.call_types, selection.call_types or rates.call_types)
        grade = np.isin(rates.grades, selection.grades or rates.grades)
        weights: Array = share[..., None] * rates.grade_shares[..., grade].sum(-1)
        return weights

    def _moments(self, weights: Array, low: int, high: int) -> tuple[float, float]:
        rates, sizes = self.rates, self.sizes
        calls = rates.base[:, :, low:high] * weights[:, :, rates.slot[low:high]]
        first = np.flatnonzero(np.diff(rates.day[low:high], prepend=-1))
        days = np.add.reduceat(calls, first, axis=2)
        by_day = days.sum((0, 1))
        apart = np.abs(np.subtract.outer(np.arange(len(first)), np.arange(len(first))))
        variance = by_day.sum() + sizes.force**2 * (by_day @ sizes.persistence**apart @ by_day)
        variance += sizes.district**2 * (days.sum(1) ** 2).sum()
        variance += sizes.call_type**2 * (days.sum(0) ** 2).sum()
        if SPELL_TYPE in rates.call_types:
            missing = days[:, rates.call_types.index(SPELL_TYPE)]
            number = rates.day[low:high][first] + int(rates.force_days[0].day_of_week)
            week = np.flatnonzero(np.diff(number // 7, prepend=-1))
            variance += sizes.spell**2 * (np.add.reduceat(missing, week, axis=1) ** 2).sum()
        return float(by_day.sum()), float(variance)
