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

Source:
    Whitt (2013), Offered load analysis for staffing, equation 3 (m(t) = ∫ λ(t − s) P(S > s) ds),
    here with the hours' release in the place of presence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from forewatch.arrays import Array, Index
from forewatch.clock import HOUR_US, instants_us, utc_instants
from forewatch.rates import Forecast, Selection, Spans
from planning.casework import SHARES, CaseLength, Workload

if TYPE_CHECKING:
    from features.asof import AsOf

_DAY_HOURS = 24
_WEEK_HOURS = 168
_DISPERSION_STEP = 0.05
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Release:
    """How a case's hours spread over the 24-hour periods since its report.

    Args:
        shares: share of the hours that lands in each period; they add up to 1.
    """

    shares: tuple[float, ...]

    @property
    def hours(self) -> int:
        """The hours after which nothing of a case is left."""
        return _DAY_HOURS * len(self.shares)

    def into(self, starts: Array, ends: Array, edges: Array) -> Array:
        """Return the mean share that reports of each interval bring, shape (windows, intervals).

        Args:
            starts: of the windows, hours from any instant, shape (windows,).
            ends: of the windows, likewise.
            edges: bounds of the intervals of reports, likewise, shape (intervals + 1,).
        """
        landed = self._summed(ends[:, None] - edges) - self._summed(starts[:, None] - edges)
        return np.asarray((landed[:, :-1] - landed[:, 1:]) / np.diff(edges))

    def _summed(self, since: Array) -> Array:
        """Return the integral from 0 to *since* hours of the share that has landed by then."""
        at = np.clip(since, 0, self.hours)
        shares = np.append(self.shares, 0.0)
        before = np.concatenate([[0.0], np.cumsum(self.shares)])
        whole = np.concatenate([[0.0], np.cumsum((before[:-1] + before[1:]) / 2 * _DAY_HOURS)])
        day = np.minimum((at // _DAY_HOURS).astype(np.int64), len(self.shares))
        into = at - day * _DAY_HOURS
        within = before[day] * into + shares[day] * into**2 / (2 * _DAY_HOURS)
        return np.asarray(whole[day] + within + np.maximum(since - self.hours, 0))


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


@dataclass(frozen=True)
class _Timing:
    """Which hours of reports bring which shares into which windows.

    Args:
        edges_us: bounds of the hours of reports, microseconds since 1970, shape (hours + 1,).
        past: which of them are before the horizon, shape (hours,).
        lead: lead of each hour's force-day, whole days, shape (hours,).
        share: share that a report of each hour brings, shape (windows, hours).
        by_share: maps hours to windows × SHARES.
        by_day: maps hours to pieces, the force-days of each window.
        piece_window, piece_lead: of each piece.
    """

    edges_us: Index
    past: NDArray[np.bool_]
    lead: Index
    share: Array
    by_share: sparse.csr_array = field(repr=False)
    by_day: sparse.csr_array = field(repr=False)
    piece_window: Index
    piece_lead: Index


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
    timing = _timing(forecast, spans, release)
    parts = [_area(forecast, tuple(leaves), timing, known) for leaves in areas]
    expected, shared, made, grouped = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Workload(length, expected, shared, made, grouped)


def _timing(forecast: Forecast, spans: Spans, release: Release) -> _Timing:
    horizon = instants_us(forecast.rates.edges)
    starts, ends = instants_us(spans.starts), instants_us(spans.ends)
    first = (starts.min() - horizon[0]) // HOUR_US - release.hours
    last = -(-(ends.max() - horizon[0]) // HOUR_US)
    edges = horizon[0] + np.arange(first, last + 1) * HOUR_US
    edges = np.minimum(edges, horizon[-1])
    day_edges = instants_us(forecast.rates.day_edges)
    # a clock changed by half an hour: no hour of reports lies in two force-days
    edges = np.union1d(edges, day_edges[(day_edges > edges[0]) & (day_edges < edges[-1])])
    share = release.into(
        *((each - horizon[0]) / HOUR_US for each in (starts, ends, edges)),
    )
    past = edges[:-1] < horizon[0]
    day = np.searchsorted(day_edges, edges[:-1], side="right") - 1
    lead = forecast.lead_days[np.maximum(day, 0)]
    # Days before the horizon are told apart too: their shocks are as separate as others.
    day = np.where(past, (edges[:-1] - horizon[0]) // (_DAY_HOURS * HOUR_US), day)
    window, hour = np.nonzero(share > 0)
    days = day - day.min()
    piece, at = np.unique(window * (days.max() + 1) + days[hour], return_inverse=True)
    by_day = sparse.csr_array((share[window, hour], (at, hour)), (len(piece), len(past)))
    leads = np.zeros(len(piece), dtype=np.int64)
    leads[at] = lead[hour]
    return _Timing(
        edges, past, lead, share, _by_share(share), by_day, piece // (days.max() + 1), leads
    )


def _by_share(share: Array) -> sparse.csr_array:
    """Return the map from reports an hour to masses at SHARES: each between two, mean exact."""
    window, hour = np.nonzero(share > 0)
    value = np.clip(share[window, hour], 0, 1)
    points = np.append(SHARES, 0.0)
    up = np.minimum(np.floor(-2 * np.log2(value) + 1e-12).astype(np.int64), len(SHARES) - 1)
    upper = np.clip((value - points[up + 1]) / (points[up] - points[up + 1]), 0, 1)
    n, width = len(SHARES), share.shape[0] * len(SHARES)
    inner = up + 1 < n
    rows = np.concatenate([window * n + up, (window * n + up + 1)[inner]])
    mass = np.concatenate([upper, (1 - upper)[inner]])
    return sparse.csr_array(
        (mass, (rows, np.concatenate([hour, hour[inner]]))), (width, share.shape[1])
    )


def _area(
    forecast: Forecast, leaves: tuple[str, ...], timing: _Timing, known: KnownReports | None
) -> tuple[Array, Array, Array, Array]:
    """Return the fields of one area's Workload after its length."""
    calls = _hourly(forecast, leaves, timing)
    made = np.zeros(calls.shape[1])
    if known is not None and timing.past.any():
        seen = _known_reports(forecast, leaves, known, timing)
        calls[:, timing.past] = np.where(np.isnan(seen), calls[:, timing.past], 0)
        made[timing.past] = np.nansum(seen, axis=0)
    expected, of_known = (
        np.asarray(timing.by_share @ each).reshape(-1, len(SHARES)) for each in (calls.sum(0), made)
    )
    shared, dispersion = _variance(forecast, calls, timing)
    return expected, shared, of_known, dispersion


def _hourly(forecast: Forecast, leaves: tuple[str, ...], timing: _Timing) -> Array:
    """Return expected reports by hour, (places, hours); of the past those of a week later."""
    horizon = instants_us(forecast.rates.edges)
    left, right = timing.edges_us[:-1].copy(), timing.edges_us[1:].copy()
    week = horizon[-1] - horizon[0] >= _WEEK_HOURS * HOUR_US
    cycle = (_WEEK_HOURS if week else _DAY_HOURS) * HOUR_US
    later = np.where(timing.past, -((left - horizon[0]) // cycle) * cycle, 0)
    left, right = left + later, np.minimum(right + later, horizon[-1])
    spans = Spans(*(utc_instants(each) for each in (left, right)))
    return np.asarray(forecast.expected(Selection(leaves), spans).sum(1))


def _known_reports(
    forecast: Forecast, leaves: tuple[str, ...], known: KnownReports, timing: _Timing
) -> Array:
    """Return known reports of the hours before the horizon, (places, hours); NaN unknown."""
    rates = forecast.rates
    position = {leaf: i for i, leaf in enumerate(rates.leaves)}
    place = rates.leaf_place[[position[leaf] for leaf in leaves]]
    edges = timing.edges_us[: timing.past.sum() + 1]
    by_leaf = known.during(leaves, edges)
    return np.stack([by_leaf[place == each].sum(0) for each in np.unique(place)])


def _variance(forecast: Forecast, calls: Array, timing: _Timing) -> tuple[Array, Array]:
    """Return the shared variance and the dispersion of the share-weighted count.

    Below Poisson there are no groups: all of it is shared, and then negative. Reports of missing
    persons have one dispersion and no steadiness (`models.missing.spells`), none is looked for.
    """
    shocks = forecast.shocks
    pieces = np.asarray(timing.by_day @ calls.T).T
    together = shocks.shared_variance(pieces[:, None, :], timing.piece_lead, timing.piece_window)
    calls = calls.sum(0)
    square, mean = timing.share**2, timing.share @ calls
    beyond = square @ ((shocks.dispersion[shocks.block(timing.lead), 0] - 1) * calls)
    alike = square @ calls
    none = np.zeros_like(mean)
    # In whole steps, so that rows are alike; the rest is shared.
    groups = np.divide(beyond, alike, out=none.copy(), where=alike > 0) / _DISPERSION_STEP
    groups = np.maximum(np.floor(groups + _ROUNDING), 0) * _DISPERSION_STEP
    excess = together + beyond - groups * alike
    shared = np.asarray(np.divide(excess, mean**2, out=none, where=mean > 0))
    return shared, 1 + groups
