"""Officers busy, found by letting every call happen: another road to what the closed form says.

Calls are drawn hour by hour with the forecast's shared shocks (`tests.oracles.drawn`), each at a
time of its own; it is attended or not, officers come and stay for a lognormal time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forewatch.arrays import Array, Index
from forewatch.clock import HOUR_US, instants_us, utc_instants
from forewatch.duty import Service
from forewatch.rates import Forecast, Selection, Spans
from tests.oracles.drawn import drawn


@dataclass(frozen=True)
class Jobs:
    """Calls that officers go to; shape (jobs,) each, times in hours from the first.

    Args:
        draws: how many times everything was drawn.
        draw: which of them each belongs to.
        start, end: when officers are busy with it.
        officers: how many.
    """

    draws: int
    draw: Index
    start: Array
    end: Array
    officers: Array

    def busy(self, hours: int) -> Index:
        """Return officers busy at the middles of half-hours, shape (draws, 2 × hours)."""
        width = 2 * hours
        found = np.zeros(self.draws * (width + 1))
        for at, sign in ((self.start, 1), (self.end, -1)):
            # Half-hour k is looked at in its middle, k/2 + 1/4 hours.
            k = np.clip(np.ceil(2 * at - 0.5), 0, width).astype(np.int64)
            at_once = np.bincount(self.draw * (width + 1) + k, self.officers, len(found))
            found += sign * at_once
        return found.reshape(self.draws, -1)[:, :width].cumsum(1).round().astype(np.int64)

    def hours_within(self, left: float, right: float) -> Array:
        """Return officer-hours of work within a window, shape (draws,)."""
        within = np.clip(self.end, left, right) - np.clip(self.start, left, right)
        return np.asarray(np.bincount(self.draw, within * self.officers, self.draws), np.float64)


def jobs(
    forecast: Forecast,
    leaves: tuple[str, ...],
    services: Sequence[Service],
    hours: int,
    draws: int,
    seed: int,
) -> Jobs:
    """Return the jobs of calls of the first hours of the horizon; nothing is carried in.

    Services send whole numbers of officers; grades are as in the first of the area's places.
    """
    rates = forecast.rates
    edges = rates.edges[: hours + 1]
    spans = Spans(edges[:-1], edges[1:])
    rng = np.random.default_rng(seed)
    counts = drawn(forecast, Selection(leaves), spans, draws, seed).sum(1)  # over places
    position = {(each.call_type, each.grade): each for each in services}
    place = rates.leaf_place[rates.leaves.index(leaves[0])]
    found: list[tuple[Index, Array, Array, Array]] = []
    for t, call_type in enumerate(rates.call_types):
        mine = [position.get((call_type, grade)) for grade in rates.grades]
        if not any(mine):
            continue
        draw, hour = np.divmod(np.repeat(np.arange(draws * hours), counts[:, t].ravel()), hours)
        odds = rates.grade_shares[place, t][rates.slot[hour]].cumsum(1)
        grade = (rng.random(len(hour))[:, None] > odds).sum(1)
        for g, service in enumerate(mine):
            if service is not None:
                at = np.flatnonzero((grade == g) & (rng.random(len(hour)) < service.attended))
                found.append(_jobs_of(service, draw[at], hour[at], rng))
    return Jobs(draws, *(np.concatenate(each) for each in zip(*found, strict=True)))


def _jobs_of(
    service: Service, draw: Index, hour: Index, rng: np.random.Generator
) -> tuple[Index, Array, Array, Array]:
    variance = np.log1p(service.cv**2)
    middle = np.log(service.minutes / 60) - variance / 2
    start = hour + rng.random(len(hour))
    end = start + rng.lognormal(middle, np.sqrt(variance), len(start))
    return draw, start, end, np.full(len(draw), service.officers)


def half_hour_middles(forecast: Forecast, hours: int) -> Spans:
    """Return the instants at which `Jobs.busy` looks."""
    first = instants_us(forecast.rates.edges[:1])[0]
    at = utc_instants(first + np.arange(2 * hours) * (HOUR_US // 2) + HOUR_US // 4)
    return Spans(at, at)
