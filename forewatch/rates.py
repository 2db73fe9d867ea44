"""Expected calls for a whole horizon, kept in factors and multiplied out for what is asked.

calls(leaf area, call type, grade, interval) =
    base(place, call type, interval) × leaf share(leaf, call type) × grade share(place, call type,
    hour of day, grade), where *places* are the areas at the modelled level and tile the force.
Shares sum to 1 within their place (and hour), so every total is the sum of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array, Index
from forewatch.count_distribution import CountDistribution
from forewatch.explanations import Cells, Factors, parts
from forewatch.history import Step
from forewatch.shocks import THIRD_HOURS, THIRDS, Shocks, Within


@dataclass(frozen=True)
class Rates:
    """The factors of the expected calls over a horizon of whole force-days.

    Args:
        step: length of an interval, "hour" or (for daily history) "day".
        edges: instants (UTC) that bound the intervals, ascending, shape (intervals + 1,).
        force_days: local dates (no zone) of the force-days of the horizon, shape (days,).
        day: number of the force-day of each interval, from 0, shape (intervals,).
        slot: hour-of-day slot of each interval (local hour, or 0 with step "day"), (intervals,).
        places: ids of the modelled areas; call_types, grades, leaves: ids in order.
        base: expected calls, shape (places, call types, intervals).
        baseline: the honest baseline's calls, same shape.
        leaf_place: index of the place of each leaf, shape (leaves,).
        leaf_shares: share of each leaf in its place, shape (leaves, call types).
        grade_shares: shape (places, call types, slots, grades).
    """

    step: Step
    edges: pd.DatetimeIndex
    force_days: pd.DatetimeIndex
    day: Index
    slot: Index
    places: tuple[str, ...]
    call_types: tuple[str, ...]
    grades: tuple[str, ...]
    leaves: tuple[str, ...]
    base: Array
    baseline: Array
    leaf_place: Index
    leaf_shares: Array
    grade_shares: Array

    @property
    def starts(self) -> pd.DatetimeIndex:
        """Instants (UTC) at which the intervals begin."""
        return self.edges[:-1]

    @cached_property
    def day_edges(self) -> pd.DatetimeIndex:
        """Instants (UTC) that bound the force-days, shape (days + 1,)."""
        return self.edges[np.append(self._first, len(self.edges) - 1)]

    @cached_property
    def edge_seconds(self) -> Array:
        """`edges` in seconds since 1970, as arithmetic needs them."""
        return _seconds(self.edges)

    @cached_property
    def day_edge_seconds(self) -> Array:
        """`day_edges` in seconds since 1970."""
        return _seconds(self.day_edges)

    @cached_property
    def daily(self) -> Array:
        """Expected calls of the force-days, shape (places, call types, days)."""
        return np.asarray(np.add.reduceat(self.base, self._first, axis=2))

    @cached_property
    def third_edge_seconds(self) -> Array:
        """Bounds of the thirds of force-days, in seconds since 1970, shape (3 × days + 1,)."""
        starts = self.day_edge_seconds
        cuts = starts[:-1, None] + np.arange(THIRDS) * THIRD_HOURS * 3600.0
        return np.append(cuts, starts[-1])

    @cached_property
    def _first(self) -> Index:
        """The first interval of each force-day."""
        return np.flatnonzero(np.diff(self.day, prepend=-1))


@dataclass(frozen=True)
class Selection:
    """Which cells a row sums over, as ids; () means all."""

    leaves: tuple[str, ...] = ()
    call_types: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spans:
    """Half-open windows of time (UTC), one a row of an answer; both shapes (rows,)."""

    starts: pd.DatetimeIndex
    ends: pd.DatetimeIndex


@dataclass(frozen=True)
class Answer:
    """Expected calls of one selection over spans, shape (rows,) each; NaN where not forecast."""

    mean: Array
    variance: Array
    baseline: Array

    @property
    def distribution(self) -> CountDistribution:
        """The distribution of the count of each row."""
        return CountDistribution.of(self.mean, self.variance)


@dataclass(frozen=True)
class _Pieces:
    """Spans cut at the bounds of force-days, or of their thirds; all shapes (pieces,)."""

    row: Index
    day: Index
    left: Array
    right: Array


@dataclass(frozen=True)
class _Block:
    """The part of the base that a selection and its spans touch, and what is asked of it.

    Args:
        places, types: indices of the places and call types.
        low, high: first interval, and the one after the last.
        edges: instants that bound the intervals, seconds, shape (high - low + 1,).
        share: share of each cell's calls that is asked for; a last axis of 1 or of intervals.
    """

    places: Index
    types: Index
    low: int
    high: int
    edges: Array
    share: Array

    def of(self, values: Array) -> Array:
        """Return the block's part of values of shape (places, call types, intervals)."""
        return np.asarray(values[:, :, self.low : self.high][np.ix_(self.places, self.types)])


@dataclass(frozen=True)
class Forecast:
    """Rates with the shared shocks that make them a joint distribution.

    Args:
        origin: the instant from which the forecast was made, UTC.
        data_until: the data cut-off, UTC; the last instant known when it was made.
        rates: the expected calls.
        shocks: what makes the counts vary together.
        factors: what explains the expected calls; None where nobody asked for it.
        notes: what readers of an issue should know of it; an issue keeps them among its own.
    """

    origin: pd.Timestamp
    data_until: pd.Timestamp
    rates: Rates
    shocks: Shocks
    factors: Factors | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def lead_days(self) -> Index:
        """Whole days from the origin to each force-day, at least 0, shape (days,)."""
        ahead = (self.rates.day_edges[:-1] - self.origin) // pd.Timedelta(days=1)
        return np.maximum(np.asarray(ahead, dtype=np.int64), 0)

    def answer(self, selection: Selection, spans: Spans) -> Answer:
        """Return mean, variance and baseline of the calls in each span.

        A span that reaches outside the horizon is not forecast: NaN, never a part of it.
        """
        left, right = _seconds(spans.starts), _seconds(spans.ends)
        inside = self._reached(left, right)
        mean, variance, baseline = (np.full(len(left), np.nan) for _ in range(3))
        if inside.any():
            pieces = self._pieces(left[inside], right[inside])
            first = np.flatnonzero(np.diff(pieces.row, prepend=-1))
            block = self._block(selection, pieces)
            calls = _calls(self.rates.base, block, pieces)
            plain = _calls(self.rates.baseline, block, pieces)
            mean[inside] = np.add.reduceat(calls.sum((0, 1)), first)
            baseline[inside] = np.add.reduceat(plain.sum((0, 1)), first)
            lead = self.lead_days[pieces.day]
            within = self._within(block, pieces.day)
            variance[inside] = self.shocks.variance(calls, lead, pieces.row, within)
        return Answer(mean, variance, baseline)

    def counts_of_areas(
        self, areas: Sequence[Sequence[str]], selection: Selection, spans: Spans
    ) -> tuple[Array, Array]:
        """Return mean and variance as `answer` does, of several areas, (areas, rows) each.

        Args:
            areas: the leaf areas that make up each.
            selection: of call types and grades.
            spans: of all areas.
        """
        left, right = _seconds(spans.starts), _seconds(spans.ends)
        inside = self._reached(left, right)
        mean, variance = np.full((2, len(areas), len(left)), np.nan)
        if not inside.any():
            return mean, variance
        pieces = self._pieces(left[inside], right[inside])
        first = np.flatnonzero(np.diff(pieces.row, prepend=-1))
        block = self._block(replace(selection, leaves=()), pieces)
        whole, within = _calls(self.rates.base, block, pieces), self._within(block, pieces.day)
        lead = self.lead_days[pieces.day]
        for i, leaves in enumerate(areas):
            places, share = self._shares(leaves, block.types)
            calls = share[..., None] * whole[places]
            mean[i, inside] = np.add.reduceat(calls.sum((0, 1)), first)
            own = replace(within, places=within.places[places])
            variance[i, inside] = self.shocks.variance(calls, lead, pieces.row, own)
        return mean, variance

    def _shares(self, leaves: Sequence[str], types: Index) -> tuple[Index, Array]:
        """Return the places of leaf areas, and what share of these they are, (places, types)."""
        rates = self.rates
        at = _indices(rates.leaves, tuple(leaves))
        of_place = np.zeros((len(rates.places), len(rates.call_types)))
        np.add.at(of_place, rates.leaf_place[at], rates.leaf_shares[at])
        places = np.unique(rates.leaf_place[at])
        return places, of_place[np.ix_(places, types)]

    def expected(self, selection: Selection, spans: Spans) -> Array:
        """Return expected calls, shape (places, call types, rows), for spans inside the horizon.

        Places and call types are those that the selection touches, in their order.
        """
        pieces = self._pieces(_seconds(spans.starts), _seconds(spans.ends))
        calls = _calls(self.rates.base, self._block(selection, pieces), pieces)
        return np.add.reduceat(calls, np.flatnonzero(np.diff(pieces.row, prepend=-1)), axis=2)

    def parts(self, selection: Selection, spans: Spans) -> Array | None:
        """Return what the mean of each span is made of, (`Factors.parts`, rows); None: not told.

        A span's parts add up to its mean. NaN where the span is not forecast. Of a leaf area or a
        grade each hour's parts are shared out as the hour's calls are.
        """
        if self.factors is None:
            return None
        left, right = _seconds(spans.starts), _seconds(spans.ends)
        inside = self._reached(left, right)
        found = np.full((len(self.factors.parts), len(spans.starts)), np.nan)
        if inside.any():
            pieces = self._pieces(left[inside], right[inside])
            block = self._block(selection, pieces)
            made = (self._cell_parts(self.factors, block) * block.share).sum((1, 2))
            first = np.flatnonzero(np.diff(pieces.row, prepend=-1))
            found[:, inside] = np.add.reduceat(_within(made, block, pieces), first, axis=1)
        return found

    def _cell_parts(self, factors: Factors, block: _Block) -> Array:
        """Return the parts of the block's cells, (parts, places, call types, intervals)."""
        rates = self.rates
        day = rates.day[block.low : block.high]
        hours, day_hours = (
            np.diff(edges) / 3600 for edges in (rates.edge_seconds, rates.day_edge_seconds)
        )
        each_day = np.ix_(block.places, block.types, day)
        return parts(
            Cells(
                block.of(rates.base),
                rates.daily[each_day],
                hours[block.low : block.high],
                day_hours[day],
            ),
            factors.level[np.ix_(block.places, block.types)],
            np.stack([of_factor[each_day] for of_factor in factors.logs]),
        )

    def _within(self, block: _Block, day: Index) -> Within:
        """Return what the pieces of a block on some days are parts of."""
        by_place = self.rates.daily.sum(1)
        whole = by_place[np.ix_(block.places, day)]
        return Within(block.types, day, whole, by_place.sum(0)[day])

    def _reached(self, left: Array, right: Array) -> NDArray[np.bool_]:
        """Return which spans (in seconds) lie within the horizon, shape (rows,)."""
        edges = self.rates.edge_seconds
        return np.asarray((left >= edges[0]) & (right <= edges[-1]))

    def _pieces(self, left: Array, right: Array) -> _Pieces:
        rates, has_thirds = self.rates, self.shocks.has_thirds
        bounds = rates.third_edge_seconds if has_thirds else rates.day_edge_seconds
        first = np.searchsorted(bounds, left, side="right") - 1
        last = np.searchsorted(bounds, right, side="left")
        length = last - first
        row = np.repeat(np.arange(len(left)), length)
        at = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length) + first[row]
        low, high = np.maximum(left[row], bounds[at]), np.minimum(right[row], bounds[at + 1])
        return _Pieces(row, at // THIRDS if has_thirds else at, low, high)

    def _block(self, selection: Selection, pieces: _Pieces) -> _Block:
        rates = self.rates
        types = _indices(rates.call_types, selection.call_types)
        places, shares = self._shares(selection.leaves, types)
        edges = rates.edge_seconds
        low = max(int(np.searchsorted(edges, pieces.left.min(), side="right")) - 1, 0)
        high = int(np.searchsorted(edges, pieces.right.max(), side="left"))
        share = shares[..., None]
        if selection.grades:
            grades = _indices(rates.grades, selection.grades)
            graded = rates.grade_shares[np.ix_(places, types)][..., grades].sum(-1)
            share = share * graded[:, :, rates.slot[low:high]]
        return _Block(places, types, low, high, edges[low : high + 1], share)


def _calls(base: Array, block: _Block, pieces: _Pieces) -> Array:
    """Return expected calls, shape (places touched, call types touched, pieces)."""
    return np.maximum(_within(block.of(base) * block.share, block, pieces), 0)


def _within(values: Array, block: _Block, pieces: _Pieces) -> Array:
    """Return what falls into each piece, shape (..., pieces), of values (..., intervals).

    Cumulated values are linear within an interval, so a span may cut an interval anywhere.
    """
    cumulated = np.concatenate([np.zeros((*values.shape[:-1], 1)), values.cumsum(-1)], axis=-1)
    right = _interpolate(cumulated, block.edges, pieces.right)
    return np.asarray(right - _interpolate(cumulated, block.edges, pieces.left))


def _seconds(instants: pd.DatetimeIndex) -> Array:
    return instants.tz_convert("UTC").as_unit("us").asi8 / 1e6


def _indices(known: tuple[str, ...], asked: tuple[str, ...]) -> Index:
    if not asked:
        return np.arange(len(known))
    position = {name: i for i, name in enumerate(known)}
    return np.array([position[name] for name in asked], dtype=np.int64)


def _interpolate(cumulated: Array, edges: Array, at: Array) -> Array:
    """Return the cumulated calls at instants, linear between edges; (places, types, instants)."""
    i = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 2)
    fraction = (at - edges[i]) / (edges[i + 1] - edges[i])
    return cumulated[..., i] + (cumulated[..., i + 1] - cumulated[..., i]) * fraction
