"""The history as whole force-days by leaf and call type, for the checks: all known by now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS, Clock, instants_us
from forewatch.history import History

_EVERY_DAY = slice(None)
_MIN_KNOWN_DAYS = 4  # of a week, for its count to be told from the days that are known


@dataclass(frozen=True)
class Daily:
    """Counts by force-day.

    Args:
        days: local dates of the whole force-days in the observed span, shape (days,).
        edges: instants at which they begin, and the last one's end, UTC, shape (days + 1,).
        counts: shape (days, leaves, call types).
        known: whether a leaf was observed all day, shape (days, leaves).
    """

    days: pd.DatetimeIndex
    edges: pd.DatetimeIndex
    counts: Array
    known: NDArray[np.bool_]

    def series(self, leaves: NDArray[np.int64], call_type: int | None = None) -> Array:
        """Return the calls per day of a group of leaves, NaN where one of them was unobserved.

        Leaves of which nothing is ever known are left out.
        """
        leaves = self._ever_known(leaves)
        cells = self.counts[:, leaves]
        calls = cells.sum((1, 2)) if call_type is None else cells[:, :, call_type].sum(1)
        return np.where(self.known[:, leaves].all(1), calls, np.nan)

    def weekly_rate(
        self, leaves: NDArray[np.int64], call_type: int | None = None, days: slice = _EVERY_DAY
    ) -> float:
        """Return calls a week over known time; NaN where a leaf has no known day in these days.

        Each leaf's calls of its known days are divided by the number of these, so that the parts
        of a group add up to it, whatever is unknown of one of them. Leaves of which nothing is ever
        known are left out.
        """
        leaves = self._ever_known(leaves)
        known = self.known[days][:, leaves]
        cells = self.counts[days][:, leaves]
        calls = cells.sum(2) if call_type is None else cells[:, :, call_type]
        number = known.sum(0)
        if not (number > 0).all():
            return np.nan
        return float(((calls * known).sum(0) / number).sum() * WEEK_DAYS)

    def _ever_known(self, leaves: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the leaves of which some day is known; all of them where none is."""
        some = leaves[self.known[:, leaves].any(0)]
        return some if some.size else leaves

    def week_starts(self) -> pd.DatetimeIndex:
        """Return the first day of each whole week, counted back from the last day."""
        return self.days[len(self.days) % WEEK_DAYS :: WEEK_DAYS]


def daily(history: History) -> Daily:
    """Return the counts by whole force-days, without days cut by the ends of the observed span."""
    days, edges = force_days(history)
    bounds = instants_us(edges)
    counts = counts_by(history, bounds, "area", "call_type")
    known = np.ones(counts.shape[:2], bool)
    for leaves, start, end in unobserved_by_leaf(history):
        touched = (bounds[1:] > start) & (bounds[:-1] < end)
        known[np.ix_(touched, leaves)] = False
    return Daily(days, edges, counts, known)


def counts_by(history: History, edges: Index, *names: str) -> Array:
    """Return the counts of intervals by categories of the ledger, shape (intervals, categories…).

    Args:
        history: whose counts.
        edges: bounds of the intervals, microseconds since 1970 (UTC), shape (intervals + 1,).
        names: columns of the ledger, in the order of the axes.
    """
    frame = history.counts
    row = np.searchsorted(edges, instants_us(pd.DatetimeIndex(frame["start"])), side="right") - 1
    inside = (row >= 0) & (row < len(edges) - 1)
    shape = (len(edges) - 1, *(len(frame[name].cat.categories) for name in names))
    codes = [frame[name].cat.codes.to_numpy(np.int64)[inside] for name in names]
    cell = np.ravel_multi_index((row[inside], *codes), shape)
    weights = frame["count"].to_numpy(float)[inside]
    return np.bincount(cell, weights, int(np.prod(shape))).astype(float).reshape(shape)


def force_days(history: History) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """Return the local dates of the whole force-days observed, and their edges in UTC."""
    clock = Clock.of(history.profile)
    first = clock.first_day_from(history.observed_from)
    last = clock.force_day(pd.DatetimeIndex([history.observed_until]))[0]
    days = pd.date_range(first, last, freq="D", inclusive="left", unit="us")
    return days, clock.day_edges(first, len(days))


def unobserved_by_leaf(history: History) -> list[tuple[NDArray[np.int64], int, int]]:
    """Return positions of the leaves, start and end (microseconds) of each unobserved window."""
    tree, table = history.tree, history.unobserved
    known = {"", *tree.ids}  # the check reports other areas by themselves
    starts, ends = (instants_us(pd.DatetimeIndex(table[name])) for name in ("start", "end"))
    return [
        (np.array(tree.leaf_positions(area)), int(a), int(b))
        for area, a, b in zip(table["area"], starts, ends, strict=True)
        if area in known
    ]


def weekly(per_day: Array) -> Array:
    """Return calls per week, counted back from the last day; NaN where too few days are known."""
    blocks = per_day[len(per_day) % WEEK_DAYS :].reshape(-1, WEEK_DAYS)
    known = np.isfinite(blocks).sum(1)
    total = np.nansum(blocks, 1) * WEEK_DAYS / np.maximum(known, 1)
    return np.where(known >= _MIN_KNOWN_DAYS, total, np.nan)
