"""Undeclared gaps of the whole force, of its modelled areas and of its leaves, as windows.

1. Counts by interval (the hours of force-days, or the days) are searched for improbable stretches
   without a call, first of the whole force, then of each modelled area, then of each leaf.
2. A stretch that was found is unknown from then on: for the areas inside, so that it is told once,
   and for what is expected around it. The search is repeated until it finds nothing. What it found
   is then clean when it is imported as unobserved and searched again.
3. The more intervals are looked at, the smaller a probability counts as improbable: a force in
   which nothing is missing is told of a gap once in a hundred checks (`FALSE_ALARMS`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array, Index
from forewatch.clock import Clock, instant_us, instants_us, utc_instant
from forewatch.history import History
from sources.daily import Daily, counts_by, unobserved_by_leaf
from sources.gaps import P_MAX, expected_counts, stretches
from sources.groups import FALSE_ALARMS, areas
from sources.sections import Section, local

_DAY_HOURS = 24
_HEADER = "start,end,area"


@dataclass(frozen=True)
class Gap:
    """A stretch without any call that chance does not explain.

    Args:
        start: UTC; end: UTC, not in it.
        area: id of the area; "" the whole force.
        leaves: positions of its leaves.
        calls: how many were expected.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    area: str
    leaves: Index
    calls: float


@dataclass(frozen=True)
class Absence:
    """A time before an area's first call or after its last, told elsewhere: no gap.

    Args:
        leaves: positions of the area's leaves.
        start_us: microseconds since 1970 (UTC); end_us: the same, not in it.
    """

    leaves: Index
    start_us: int
    end_us: int


@dataclass(frozen=True)
class GapGrid:
    """Counts by the history's own intervals and leaf, and where to look in them.

    Args:
        edges: bounds of the intervals, microseconds since 1970 (UTC), shape (intervals + 1,).
        slot: hour of the local week (weekday, with daily counts) of each interval.
        per_day: intervals of an ordinary day.
        counts: shape (intervals, leaves); NaN where unobserved.
        scopes: ids of areas and the positions of their leaves, the whole force ("") first; without
            leaves of which nothing is known.
    """

    edges: Index
    slot: Index
    per_day: int
    counts: Array
    scopes: tuple[tuple[str, Index], ...]

    @property
    def p_max(self) -> float:
        """The probability below which a stretch is a gap."""
        return min(P_MAX, FALSE_ALARMS / max(len(self.slot) * len(self.scopes), 1))


def grid(found: History, per_day: Daily) -> GapGrid:
    """Return the counts of a history by its own intervals and leaf."""
    edges, slot, per = _intervals(found, per_day)
    counts = _by_leaf(found, edges)
    # A leaf of which nothing is known must not hide the gaps of the others.
    is_known = np.flatnonzero(np.isfinite(counts).any(axis=0))
    every = np.arange(len(found.tree.leaves))
    scopes = [("", every), *((group.area, group.leaves) for group in areas(found))]
    known = [(area, np.intersect1d(leaves, is_known)) for area, leaves in scopes]
    return GapGrid(edges, slot, per, counts, tuple(scope for scope in known if scope[1].size))


def everywhere(on: GapGrid) -> list[Gap]:
    """Return the gaps of the whole force."""
    if not on.scopes:
        return []
    leaves = on.scopes[0][1]
    whole = replace(on, counts=on.counts[:, leaves].sum(1, keepdims=True))
    found = _search(whole, [("", np.array([0]))], (), on.p_max)
    return [replace(gap, leaves=leaves) for gap in found]


def everywhere_and_in_areas(
    on: GapGrid, told: Iterable[Gap], absences: Sequence[Absence]
) -> list[Gap]:
    """Return all gaps by start: those of the whole force that are known already, and others.

    Args:
        on: the counts.
        told: gaps that were found already.
        absences: time in which an area's silence is told elsewhere.
    """
    counts, known = on.counts.copy(), list(told)
    for gap in known:
        counts[np.ix_(_within(on.edges, gap.start, gap.end), gap.leaves)] = np.nan
    found = _search(replace(on, counts=counts), on.scopes, absences, on.p_max)
    return sorted([*known, *found], key=lambda gap: (gap.start, gap.area))


def gap_section(found: History, gaps: list[Gap]) -> Section:
    """Tell the gaps."""
    if not gaps:
        return Section("Gaps", ("none: every stretch without a call can be chance",))
    lines = tuple(
        f"{local(found, gap.start)} to {local(found, gap.end)}  {gap.area or 'everywhere':<32.32} "
        f"{gap.calls:>9,.0f} calls expected"
        for gap in gaps
    )
    whole = sum(gap.area == "" for gap in gaps)
    single = len(gaps) - whole
    mend = (
        f"{whole} stretches without any call are not declared as unobserved; import "
        "them with 'forewatch import unobserved' ('forewatch check --gaps FILE' writes the file), "
        "or import the missing calls"
    )
    warning = (
        f"{single} improbable stretches without a call in single areas; 'forewatch check --gaps "
        "FILE' writes them as a file for 'forewatch import unobserved'"
    )
    return Section(
        "Gaps",
        listed=lines,
        must_be_mended=(mend,) * bool(whole),
        warnings=(warning,) * bool(single),
    )


def as_csv(gaps: Iterable[Gap]) -> str:
    """Return the gaps as the text of a file that `forewatch import unobserved` takes."""
    rows = [f"{gap.start.isoformat()},{gap.end.isoformat()},{gap.area}" for gap in gaps]
    return "\n".join([_HEADER, *rows]) + "\n"


def without_gaps(per_day: Daily, gaps: Iterable[Gap]) -> Daily:
    """Return the counts by day with the days that gaps touch as unknown."""
    known, bounds = per_day.known.copy(), instants_us(per_day.edges)
    for gap in gaps:
        known[np.ix_(_within(bounds, gap.start, gap.end), gap.leaves)] = False
    return replace(per_day, known=known)


def _search(
    on: GapGrid, scopes: Sequence[tuple[str, Index]], absences: Sequence[Absence], p_max: float
) -> list[Gap]:
    """Return the gaps of scopes, outer ones first; the grid's counts become unknown in them."""
    found: list[Gap] = []
    while True:
        new = 0
        for area, leaves in scopes:
            series = on.counts[:, leaves].sum(1)
            for absence in absences:
                if np.isin(leaves, absence.leaves).all():
                    silent = (on.edges[1:] > absence.start_us) & (on.edges[:-1] < absence.end_us)
                    series[silent & (series == 0)] = np.nan
            for low, high, calls in stretches(
                series, expected_counts(series, on.slot, on.per_day), p_max
            ):
                start, end = (utc_instant(int(on.edges[i])) for i in (low, high))
                found.append(Gap(start, end, area, leaves, calls))
                on.counts[low:high, leaves] = np.nan
                new += 1
        if not new:
            return found


def _within(edges: Index, start: pd.Timestamp, end: pd.Timestamp) -> NDArray[np.bool_]:
    """Return which intervals a window touches."""
    touched: NDArray[np.bool_] = edges[1:] > instant_us(start)
    return touched & (edges[:-1] < instant_us(end))


def _intervals(found: History, per_day: Daily) -> tuple[Index, Index, int]:
    """Return edges (microseconds), slots of the local week, and intervals of an ordinary day."""
    if found.step == "day":
        return instants_us(per_day.edges), per_day.days.day_of_week.to_numpy(np.int64), 1
    clock = Clock.of(found.profile)
    ends = pd.DatetimeIndex([found.observed_from, found.observed_until])
    first, last = clock.force_day(ends)
    edges = clock.hour_edges(first, (last - first).days + 1)
    edges = edges[(edges >= found.observed_from) & (edges <= found.observed_until)]
    local_start = edges[:-1].tz_convert(clock.zone)
    weekday = local_start.day_of_week.to_numpy(np.int64)
    return instants_us(edges), weekday * _DAY_HOURS + clock.local_hour(edges[:-1]), _DAY_HOURS


def _by_leaf(found: History, edges: Index) -> Array:
    """Return calls per interval and leaf, NaN where unobserved; shape (intervals, leaves)."""
    counts = counts_by(found, edges, "area")
    for lost, start, end in unobserved_by_leaf(found):
        touched = (edges[1:] > start) & (edges[:-1] < end)
        counts[np.ix_(touched, lost)] = np.nan
    return counts
