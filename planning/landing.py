"""When the hours of missing-person cases land: after the report, over that day and later ones.

1. A case's hours are spread over the time since its report by the release profile: so much of them
   in the first 24 hours, in the second, and so on, evenly within each.
2. A report at t brings into a window [a, b) the share R(b − t) − R(a − t) of its case's hours,
   where R is the release added up; hence m = ∫ λ(t) (R(b − t) − R(a − t)) dt cases' worth.
3. Before the origin the reports themselves are known (their number by hour and area, nothing about
   whom); where they are not yet known, they are expected as in the same hours a week later.
4. Expected reports share the forecast's shocks: the relative variance of the share-weighted count
   is matched by one factor that they have in common. What is dispersed beyond that comes in groups
   at one time, as the forecast has it.

Elapsed time is counted, not clock readings: a night of 11 hours takes the load of 11 hours.

It is one kind of work among others (`planning.work_times`, `planning.load`); what is its own is
that hours of cases are added up to their quantiles here (`planning.casework`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index
from forewatch.clock import instants_us
from forewatch.rates import Forecast, Spans
from planning.arrivals import Arrivals, Timing, Weights
from planning.casework import SHARES, CaseLength, Workload
from planning.work_times import Release

if TYPE_CHECKING:
    from features.asof import AsOf

_DISPERSION_STEP = 0.05
_ROUNDING = 1e-9
_ROUNDING_LOG = 1e-12


@dataclass(frozen=True)
class KnownReports:
    """How many reports were known at an origin, by leaf area and interval.

    Args:
        edges: instants (UTC) that bound the intervals, ascending, shape (intervals + 1,).
        leaves: ids of the leaf areas.
        count: shape (leaves, intervals); NaN where not, or not yet, known.
    """

    edges: pd.DatetimeIndex
    leaves: tuple[str, ...]
    count: Array

    @classmethod
    def of(cls, view: AsOf, call_types: Sequence[str], days: int) -> KnownReports:
        """Return those of the last force-days before the first one that is forecast.

        Raises:
            NotEnoughHistory: if there is not one whole force-day of the past.
        """
        # Who asks an issue needs no history, and reading how one is counted takes long.
        from features.cube import cube  # noqa: PLC0415

        recent = cube(view, days)
        types = [recent.call_types.index(name) for name in call_types]
        edges = instants_us(recent.edges)
        ledger = view.ledger(since=recent.edges[0])
        at = np.searchsorted(edges, ledger.starts_us, side="right") - 1
        kept = np.isin(ledger.call_type, types) & (at < len(edges) - 1)
        shape = (len(view.tree.leaves), len(edges) - 1)
        key = ledger.leaf[kept].astype(np.int64) * shape[1] + at[kept]
        count = np.bincount(key, ledger.count[kept], shape[0] * shape[1]).reshape(shape)
        places = [
            recent.places.index(view.tree.ancestor_in(leaf, recent.places))
            for leaf in view.tree.leaves
        ]
        unknown = np.isnan(recent.counts[:, types]).sum(1)[places] > 0
        return cls(recent.edges, view.tree.leaves, np.where(unknown, np.nan, count))

    def during(self, leaves: Sequence[str], edges_us: Index) -> Array:
        """Return the reports of leaves between edges, (leaves, intervals); NaN where unknown.

        Reports of a longer interval are spread evenly over it.
        """
        number = {leaf: i for i, leaf in enumerate(self.leaves)}
        count = self.count[[number[leaf] for leaf in leaves]]
        bounds = instants_us(self.edges).astype(np.float64)
        unknown = np.isnan(count)
        sums = [np.nan_to_num(count).cumsum(1), unknown.cumsum(1)]
        known, gaps = (
            np.stack([np.interp(edges_us, bounds, np.append(0.0, row)) for row in each])
            for each in sums
        )
        missing = np.diff(gaps, axis=1) > 0
        missing |= (edges_us[:-1] < bounds[0]) | (edges_us[1:] > bounds[-1])
        return np.where(missing, np.nan, np.diff(known, axis=1))


def landing_hours(
    forecast: Forecast,
    areas: Sequence[Sequence[str]],
    spans: Spans,
    length: CaseLength,
    release: Release,
    known: KnownReports | None = None,
) -> Workload:
    """Return the hours that land in windows, rows areas × windows in that order.

    Args:
        forecast: of missing-person reports.
        areas: leaf areas that make up each area.
        spans: the windows, inside the horizon.
        length: how long a case takes.
        release: how its hours spread over time.
        known: reports before the horizon; None: expected as in the same hours a week later.
    """
    # A day of 23 hours may be among those of the release.
    arrivals = Arrivals.of(forecast, spans.ends.max(), len(release.shares) + 1)
    starts, ends = instants_us(spans.starts), instants_us(spans.ends)
    timing = Timing(arrivals, starts, ends, release.hours)
    expected = arrivals.expected(forecast).sum(1)
    reports = [_reports(forecast, leaves, arrivals, expected, known) for leaves in areas]
    by_place, made = (np.concatenate(each) for each in zip(*reports, strict=True))
    first = np.cumsum([0, *(len(calls) for calls, _ in reports)])[:-1]
    masses = timing.tables(_masses(release))
    reported, of_known = (
        timing.totals(each, masses).reshape(len(SHARES), -1).T
        for each in (np.add.reduceat(by_place, first), made)
    )
    shared, dispersion = _variance(forecast, (by_place, first), timing, release)
    return Workload(length, reported, shared, of_known, dispersion)


def _reports(
    forecast: Forecast,
    leaves: Sequence[str],
    arrivals: Arrivals,
    expected: Array,
    known: KnownReports | None,
) -> tuple[Array, Array]:
    """Return an area's expected reports by place and its known ones, (places or 1, days, hours).

    Args:
        forecast: of the reports.
        leaves: leaf areas that make up the area.
        arrivals: the days and hours.
        expected: reports of whole places, shape (places, days, hours).
        known: reports before the horizon.
    """
    rates = forecast.rates
    position = {leaf: i for i, leaf in enumerate(rates.leaves)}
    at = [position[leaf] for leaf in leaves]
    shares = np.zeros(len(rates.places))
    np.add.at(shares, rates.leaf_place[at], rates.leaf_shares[at, 0])
    places, past = np.unique(rates.leaf_place[at]), arrivals.past
    calls = expected[places] * shares[places, None, None]
    made = np.zeros((1, *arrivals.shape))
    if known is not None:
        by_leaf = known.during(leaves, arrivals.past_edges_us).reshape(len(leaves), past, -1)
        seen = np.stack([by_leaf[rates.leaf_place[at] == each].sum(0) for each in places])
        calls[:, :past] = np.where(np.isnan(seen), calls[:, :past], 0)
        made[0, :past] = np.nansum(seen, axis=0)
    return calls, made


def _masses(release: Release) -> Weights:
    """Return the share that a report brings as masses at SHARES: between two, its mean exact."""

    def masses(left: Array, right: Array, edges: Array) -> Array:
        value = np.clip(release.into(left, right, edges), 0, 1)
        at = np.nonzero(value > 0)
        points = np.append(SHARES, 0.0)
        found = np.zeros((len(points), *value.shape))
        up = np.floor(-2 * np.log2(value[at]) + _ROUNDING_LOG).astype(np.int64)
        up = np.minimum(up, len(SHARES) - 1)
        upper = (value[at] - points[up + 1]) / (points[up] - points[up + 1])
        found[(up, *at)] = np.clip(upper, 0, 1)
        found[(up + 1, *at)] = 1 - found[(up, *at)]
        return found[:-1]

    return masses


def _variance(
    forecast: Forecast, calls: tuple[Array, Index], timing: Timing, release: Release
) -> tuple[Array, Array]:
    """Return the shared variance and the dispersion of the share-weighted count, (rows,) each.

    Below Poisson there are no groups: all of it is shared, and then negative. Reports of missing
    persons have one dispersion and no steadiness (`models.missing.spells`), none is looked for.

    Args:
        forecast: of the reports.
        calls: by place, shape (places of all areas, days, hours), and the first place of each area.
        timing: of the windows.
        release: of the hours.
    """
    shocks, (by_place, first) = forecast.shocks, calls
    share, square = timing.sums(by_place, timing.tables(_moments(release)))
    areas = np.split(share.reshape(len(share), -1), first[1:])
    together = np.concatenate(
        [
            shocks.shared_variance(area[:, None, :], timing.piece_lead, timing.piece_row)
            for area in areas
        ]
    )
    excess = (shocks.dispersion[shocks.block(timing.piece_lead), 0] - 1).reshape(square.shape[1:])
    mean, alike, beyond = (
        np.add.reduceat(each.sum(-1), first).ravel() for each in (share, square, square * excess)
    )
    none = np.zeros_like(mean)
    # In whole steps, so that rows are alike; the rest is shared.
    groups = np.divide(beyond, alike, out=none.copy(), where=alike > 0) / _DISPERSION_STEP
    groups = np.maximum(np.floor(groups + _ROUNDING), 0) * _DISPERSION_STEP
    left = together + beyond - groups * alike
    return np.divide(left, mean**2, out=none, where=mean > 0), 1 + groups


def _moments(release: Release) -> Weights:
    """Return the share that a report brings, and its square."""

    def moments(left: Array, right: Array, edges: Array) -> Array:
        share = release.into(left, right, edges)
        return np.stack([share, share**2])

    return moments
