"""The counts of a history cell by cell, straight from its ledger, for anybody to count again.

1. An interval is an hour or a force-day, cut at the ends of the observed span: a first or last day
   that was observed in part is there with the part that was.
2. A call counts once, where its newest version puts it.
3. An interval of a leaf that an unobserved window touches is unknown: it has no count, not zero,
   and calls that were recorded in it all the same are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Index
from forewatch.clock import Clock, instant_us, instants_us
from forewatch.errors import BadQuestion, SettingsError
from forewatch.history import History, Step
from sources.daily import unobserved_by_leaf

Codes = NDArray[np.integer[Any]]
COLUMNS = ("start", "force_day", "area", "call_type", "grade", "count", "observed")
MOST_ROWS = 50_000_000
_BLOCK_ROWS = 500_000


@dataclass(frozen=True)
class LedgerCells:
    """The cells of a span of a history.

    Args:
        history: everything that is known by now.
        by: length of an interval.
        edges: bounds of the intervals, UTC, shape (intervals + 1,); the first and the last interval
            may be cut by the ends of what was observed.
        zeros: whether cells without a call are rows too.
    """

    history: History
    by: Step
    edges: pd.DatetimeIndex
    zeros: bool = False

    @property
    def calls(self) -> int:
        """Calls in rows that are observed."""
        return int(self._cells[1].sum())

    @property
    def calls_left_out(self) -> int:
        """Calls that were recorded in intervals that are declared unobserved."""
        return int(self._summed[1].sum()) - self.calls

    @cached_property
    def rows(self) -> int:
        """How many rows there are."""
        if self.zeros:
            return len(self._force_days) * int(np.prod(self._shape))
        return len(self._cells[0]) + int(self._unknown.sum())

    def stop_if_too_many(self) -> None:
        """Stop before a file is written that nobody could read.

        Raises:
            SettingsError: with the number of rows, if there are more than `MOST_ROWS`.
        """
        if self.rows > MOST_ROWS:
            raise SettingsError(
                f"this would be {self.rows:,} rows, more than {MOST_ROWS:,}; export a shorter span "
                "with --from and --to, export by day, or leave --zeros out"
            )

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield the rows in blocks, ascending by start and area, as columns `COLUMNS`.

        An unobserved row has no count, and no call type and grade either unless zeros are asked
        for. There is one block at least.
        """
        cell, count = self._cells
        leaves, kinds, grades = self._shape
        per_interval = leaves * kinds * grades
        step = max(_BLOCK_ROWS // per_interval, 1) if self.zeros else len(self._force_days)
        for low in range(0, max(len(self._force_days), 1), max(step, 1)):
            high = min(low + step, len(self._force_days))
            a, b = np.searchsorted(cell, (low * per_interval, high * per_interval))
            if self.zeros:
                yield self._every(low, high, cell[a:b], count[a:b])
            else:
                yield self._some(cell[a:b], count[a:b])

    @property
    def _shape(self) -> tuple[int, int, int]:
        profile = self.history.profile
        return len(self.history.tree.leaves), len(profile.call_types), len(profile.grade_ids)

    @cached_property
    def _force_days(self) -> pd.DatetimeIndex:
        return Clock.of(self.history.profile).force_day(self.edges[:-1])

    @cached_property
    def _summed(self) -> tuple[Index, Index]:
        """Numbers of the cells with a call, ascending, and their calls."""
        frame = self.history.counts
        bounds, starts = instants_us(self.edges), instants_us(pd.DatetimeIndex(frame["start"]))
        # An hour or day that began before the span was observed counts to its first interval.
        first = instant_us(self._whole_start)
        row = np.maximum(np.searchsorted(bounds, starts, side="right") - 1, 0)
        inside = (starts >= first) & (starts < bounds[-1])
        shape = (len(bounds) - 1, *self._shape)
        codes = [frame[name].cat.codes.to_numpy(np.int64) for name in COLUMNS[2:5]]
        key = np.ravel_multi_index([row[inside], *(code[inside] for code in codes)], shape)
        cells, cell = np.unique(key, return_inverse=True)
        count = np.rint(np.bincount(cell, frame["count"].to_numpy(float)[inside], len(cells)))
        return cells[count != 0], count[count != 0].astype(np.int64)

    @property
    def _whole_start(self) -> pd.Timestamp:
        """The beginning of the hour or force-day that holds the first edge."""
        clock, first = Clock.of(self.history.profile), self.edges[:1]
        day = clock.force_day(first)[0]
        edges = clock.day_edges(day, 1) if self.by == "day" else clock.hour_edges(day, 1)
        began: pd.Timestamp = edges[edges <= first[0]][-1]
        return began

    @cached_property
    def _unknown(self) -> NDArray[np.bool_]:
        """Whether an unobserved window touches an interval of a leaf, (intervals, leaves)."""
        bounds = instants_us(self.edges)
        unknown = np.zeros((len(bounds) - 1, self._shape[0]), bool)
        for leaves, start, end in unobserved_by_leaf(self.history):
            low = max(int(np.searchsorted(bounds, start, side="right")) - 1, 0)
            high = int(np.searchsorted(bounds[:-1], end, side="left"))
            unknown[low:high, leaves] = True
        return unknown

    @cached_property
    def _cells(self) -> tuple[Index, Index]:
        """The same as `_summed`, of intervals that were observed."""
        cell, count = self._summed
        leaf_rows = cell // (self._shape[1] * self._shape[2])
        known = ~self._unknown.ravel()[leaf_rows]
        return cell[known], count[known]

    def _some(self, cell: Index, count: Index) -> pd.DataFrame:
        interval, leaf = np.nonzero(self._unknown)
        shape = (len(self._force_days), *self._shape)
        at = np.unravel_index(cell, shape)
        none = np.full(len(leaf), -1)
        columns = [
            np.concatenate(pair) for pair in zip(at, (interval, leaf, none, none), strict=True)
        ]
        counts = np.concatenate([count, np.full(len(leaf), -1)])
        order = np.lexsort(columns[::-1])
        return self._framed([column[order] for column in columns], counts[order])

    def _every(self, low: int, high: int, cell: Index, count: Index) -> pd.DataFrame:
        shape = (high - low, *self._shape)
        counts = np.zeros(shape, np.int64)
        counts.ravel()[cell - low * int(np.prod(self._shape))] = count
        counts[self._unknown[low:high]] = -1
        at = [index.ravel() for index in np.indices(shape, np.int64)]
        return self._framed([at[0] + low, *at[1:]], counts.ravel())

    def _framed(self, at: list[Codes], count: Index) -> pd.DataFrame:
        """Return the rows of cells; a count of -1 is unknown, a code of -1 is none."""
        profile = self.history.profile
        names = (self.history.tree.leaves, profile.call_type_ids, profile.grade_ids)
        coded = {
            column: pd.Categorical.from_codes(code, pd.Index(known, dtype="str"))
            for column, code, known in zip(COLUMNS[2:5], at[1:], names, strict=True)
        }
        return pd.DataFrame(
            {
                "start": self.edges[:-1][at[0]],
                "force_day": self._force_days[at[0]],
                **coded,
                "count": pd.Series(count, dtype="Int64").mask(count < 0),
                "observed": count >= 0,
            }
        )


def ledger_cells(
    history: History,
    by: Step,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    *,
    zeros: bool = False,
) -> LedgerCells:
    """Return the cells of a history between two instants.

    Args:
        history: everything that is known by now.
        by: length of an interval.
        start: beginning of an interval, UTC; None: the beginning of what was observed.
        end: end of an interval, UTC; None: the end of what was observed.
        zeros: whether cells without a call are rows too.

    Raises:
        BadQuestion: if counts by day are asked for by hour, an instant lies within an interval,
            or nothing was observed between the two.
    """
    if by == "hour" and history.step == "day":
        raise BadQuestion("this history was imported by day and has no hours; export it by day")
    first = max(start or history.observed_from, history.observed_from)
    last = min(end or history.observed_until, history.observed_until)
    if first >= last:
        raise BadQuestion(
            f"nothing is observed there; counts are known from {history.observed_from.isoformat()} "
            f"to {history.observed_until.isoformat()}"
        )
    edges = _edges(Clock.of(history.profile), by, first, last)
    for asked in (start, end):
        if asked is not None and first <= asked <= last and asked not in edges:
            or_hour = "" if by == "day" else " or of one of its hours"
            raise BadQuestion(
                f"{asked.isoformat()} lies within one {by}; give the beginning of a force-day"
                + or_hour
            )
    inner = edges[(edges > first) & (edges < last)]
    cut = pd.DatetimeIndex([first, *inner, last]).as_unit("us")
    return LedgerCells(history, by, cut, zeros)


def _edges(clock: Clock, by: Step, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the bounds of the hours or days that hold two instants and what is between."""
    from_day, to_day = clock.force_day(pd.DatetimeIndex([first, last]))
    days = (to_day - from_day).days + 1
    return clock.day_edges(from_day, days) if by == "day" else clock.hour_edges(from_day, days)
