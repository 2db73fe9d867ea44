"""What is learned of pooled areas: their sum, spread over them by chance.

1. The changes of a pool's cell (call type, grade, interval) are added up by when they were known.
2. The i-th report of a cell goes to the leaf that a draw gives, which depends on the pool, the cell
   and i alone; a correction takes back the last ones. So counts stay whole numbers, the thinning of
   a Poisson count is one, and all sums above a pool are exact.
3. What is not observed, or not believed, of one leaf of a pool is not of these call types for all
   of it.

Two extracts that differ only in how a pool's reports lie among its areas are the same history after
this, whatever is made from it. Which areas are pooled: `features.pool_decision`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.pool_decision import Decisions, decisions, table
from forewatch.arrays import Index
from forewatch.clock import Clock, instants_us
from forewatch.hashes import hash_pairs
from forewatch.history import History
from forewatch.pools import Pool, splits
from forewatch.tables import check

_FIRST, _LAST = (pd.Timestamp(year, 1, 1, tz="UTC").as_unit("us") for year in (1700, 2250))


@dataclass(frozen=True)
class PoolSpan:
    """A pool of a call type, for the reports that began from *since* to *until*."""

    call_type: str
    pool: Pool
    since: pd.Timestamp
    until: pd.Timestamp


@dataclass(frozen=True)
class PooledHistory:
    """A history as it may be learned from.

    Args:
        history: the history, its counts pooled.
        decisions: which areas are pooled, by call type and year.
        parts: the same by span.
    """

    history: History
    decisions: Decisions
    parts: tuple[PoolSpan, ...]

    def unknown(self, windows: pd.DataFrame) -> pd.DataFrame:
        """Return windows of which nothing is known, with those that follow for pools.

        Args:
            windows: columns start, end (UTC), area ("" the whole force), call_type ("" all).
        """
        found = [windows]
        leaves_of = self.history.tree.leaves_of
        areas = {area: frozenset(leaves_of(area)) for area in windows["area"].unique() if area}
        for part in self.parts:
            pool = frozenset(part.pool.leaves)
            touched = [area for area, leaves in areas.items() if splits(leaves, pool)]
            own = windows[
                windows["area"].isin(touched) & windows["call_type"].isin(["", part.call_type])
            ]
            if len(own):
                start = own["start"].where(own["start"] > part.since, part.since)
                end = own["end"].where(own["end"] < part.until, part.until)
                inside = own.assign(start=start, end=end, call_type=part.call_type)[start < end]
                found += [inside.assign(area=leaf) for leaf in part.pool.leaves]
        return pd.concat(found, ignore_index=True)


def pool_history(history: History) -> PooledHistory:
    """Return a history as it may be learned from.

    Args:
        history: everything that is known by now, as recorded; where it holds no decision on pools,
            or none for its last year, they are decided from it.
    """
    found = decisions(history)
    parts = tuple(_parts(history, found))
    if parts:
        history = replace(history, counts=_counts(history.counts, parts), pools=table(found))
    return PooledHistory(history, found, parts)


def pools_at(found: Decisions, year: int) -> dict[str, tuple[Pool, ...]]:
    """Return the pools of a year by call type: of the last decision by then, or the first one."""
    known = {
        kind: [own for own in years if own <= year] or [min(years)] for kind, years in found.items()
    }
    return {kind: found[kind][max(years)].pools for kind, years in known.items()}


def _parts(history: History, found: Decisions) -> Iterator[PoolSpan]:
    """Yield every pool of every year; the first year has no beginning, the last no end."""
    clock = Clock.of(history.profile)
    for kind, years in found.items():
        begins = [clock.day_start(pd.Timestamp(year, 1, 1)) for year in years][1:]
        bounds = zip((_FIRST, *begins), (*begins, _LAST), strict=True)
        for one, (since, until) in zip(years.values(), bounds, strict=True):
            for pool in one.pools:
                yield PoolSpan(kind, pool, since, until)


def _counts(counts: pd.DataFrame, parts: Sequence[PoolSpan]) -> pd.DataFrame:
    """Return the ledger with the reports of every pool drawn anew."""
    touched = counts["call_type"].isin({part.call_type for part in parts})
    rest = counts[touched].reset_index(drop=True)
    kept = np.ones(len(rest), dtype=bool)
    drawn = []
    for part in parts:
        here = (rest["call_type"] == part.call_type) & rest["area"].isin(part.pool.leaves)
        here &= (rest["start"] >= part.since) & (rest["start"] < part.until)
        kept &= ~here.to_numpy()
        drawn.append(_drawn(rest[here], part))
    made = pd.concat(drawn)
    for name in ("area", "call_type", "grade"):  # the same ones, or all rows would become texts
        made[name] = pd.Categorical(made[name], categories=counts[name].cat.categories)
    parts_of_ledger = [counts[~touched], rest[kept], check("counts", made)]
    return pd.concat(parts_of_ledger, ignore_index=True)


def _drawn(own: pd.DataFrame, part: PoolSpan) -> pd.DataFrame:
    """Return the changes of one pool, each report at the leaf of its draw."""
    cell, pool = ["grade", "start"], part.pool
    changes = own.groupby([*cell, "known_at"], observed=True)["count"].sum()
    changes = changes[changes != 0]
    after = changes.groupby(level=cell, observed=True).cumsum().to_numpy(np.int64)
    change = changes.to_numpy(np.int64)
    size = np.abs(change)
    row = np.repeat(np.arange(len(change)), size)
    # the reports of a cell have numbers from 0; a change adds or takes back a run of them
    number = np.minimum(after, after - change)[row] + np.arange(len(row))
    number -= (np.cumsum(size) - size)[row]
    cells = changes.index.to_frame(index=False).iloc[row]
    chance = _chance(cells, number, f"{part.call_type}/{'/'.join(pool.leaves)}")
    leaf = np.minimum(np.searchsorted(np.cumsum(pool.chances), chance), len(pool.leaves) - 1)
    frame = cells.assign(
        area=np.array(pool.leaves, dtype=object)[leaf],
        call_type=part.call_type,
        count=np.sign(change)[row],
    )
    key = ["start", "area", "call_type", "grade", "known_at"]
    return frame.groupby(key, observed=True)["count"].sum().reset_index()


def _chance(cells: pd.DataFrame, number: Index, seed: str) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each report, the same whenever the same is asked."""
    grade = np.array([_code(name) for name in cells["grade"].cat.categories], np.uint64)
    found = np.full(len(cells), _code(seed))
    start = instants_us(pd.DatetimeIndex(cells["start"])).view(np.uint64)
    for part in (grade[cells["grade"].cat.codes], start, number.view(np.uint64)):
        found = hash_pairs(found, part)
    return np.asarray((found >> np.uint64(11)) * 2.0**-53)


def _code(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(sha256(text.encode()).digest()[:8]))
