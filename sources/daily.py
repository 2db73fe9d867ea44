"""The history as whole force-days by leaf and call type, for the checks: all known by now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.history import History
from sources import instants

Array = NDArray[np.float64]
WEEK_DAYS = 7
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
        """Return the calls per day of a group of leaves, NaN where one of them was unobserved."""
        cells = self.counts[:, leaves]
        calls = cells.sum((1, 2)) if call_type is None else cells[:, :, call_type].sum(1)
        return np.where(self.known[:, leaves].all(1), calls, np.nan)

    def week_starts(self) -> pd.DatetimeIndex:
        """Return the first day of each whole week, counted back from the last day."""
        return self.days[len(self.days) % WEEK_DAYS :: WEEK_DAYS]


def daily(history: History) -> Daily:
    """Return the counts by whole force-days, without days cut by the ends of the observed span."""
    days, edges = force_days(history)
    tree, types = history.tree, history.profile.call_type_ids
    frame = history.counts
    day = np.searchsorted(_us(edges), _us(pd.DatetimeIndex(frame["start"])), side="right") - 1
    inside = (day >= 0) & (day < len(days))
    shape = (len(days), len(tree.leaves), len(types))
    cell = np.ravel_multi_index(
        (
            day[inside],
            frame["area"].cat.codes.to_numpy(np.int64)[inside],
            frame["call_type"].cat.codes.to_numpy(np.int64)[inside],
        ),
        shape,
    )
    weights = frame["count"].to_numpy(float)[inside]
    counts = np.bincount(cell, weights, int(np.prod(shape))).astype(float).reshape(shape)
    known = np.ones(shape[:2], bool)
    for leaves, start, end in unobserved_by_leaf(history):
        touched = (_us(edges[1:]) > start) & (_us(edges[:-1]) < end)
        known[np.ix_(touched, leaves)] = False
    return Daily(days, edges, counts, known)


def force_days(history: History) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """Return the local dates of the whole force-days observed, and their edges in UTC."""
    force = history.profile.force
    first = history.observed_from.tz_convert(force.zone).tz_localize(None).normalize()
    last = history.observed_until.tz_convert(force.zone).tz_localize(None).normalize()
    dates = pd.Series(pd.date_range(first, last + pd.Timedelta(days=1), freq="D"))
    edges = pd.DatetimeIndex(instants.day_start(dates, force.zone, force.day_starts_at))
    whole = (edges[:-1] >= history.observed_from) & (edges[1:] <= history.observed_until)
    days = pd.DatetimeIndex(dates)[:-1][whole]
    if not whole.any():
        return days, edges[:1]
    start = int(whole.argmax())
    return days, edges[start : start + len(days) + 1]


def unobserved_by_leaf(history: History) -> list[tuple[NDArray[np.int64], int, int]]:
    """Return positions of the leaves, start and end (microseconds) of each unobserved window."""
    tree, table = history.tree, history.unobserved
    position = {leaf: i for i, leaf in enumerate(tree.leaves)}
    known = {"", *tree.ids}  # the check reports other areas by themselves
    bounds = zip(table["area"], _us_of(table["start"]), _us_of(table["end"]), strict=True)
    return [
        (np.array([position[i] for i in tree.leaves_of(area or tree.root)]), int(a), int(b))
        for area, a, b in bounds
        if area in known
    ]


def weekly(per_day: Array) -> Array:
    """Return calls per week, counted back from the last day; NaN where too few days are known."""
    blocks = per_day[len(per_day) % WEEK_DAYS :].reshape(-1, WEEK_DAYS)
    known = np.isfinite(blocks).sum(1)
    total = np.nansum(blocks, 1) * WEEK_DAYS / np.maximum(known, 1)
    return np.where(known >= _MIN_KNOWN_DAYS, total, np.nan)


def _us(instants_: pd.DatetimeIndex) -> NDArray[np.int64]:
    found: NDArray[np.int64] = instants_.tz_convert("UTC").as_unit("us").asi8
    return found


def _us_of(column: pd.Series) -> NDArray[np.int64]:
    return _us(pd.DatetimeIndex(column))
