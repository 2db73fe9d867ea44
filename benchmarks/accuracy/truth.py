"""What happened: counts of any series by interval, from the imported history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import AsOf
from forewatch.areas import AreaTree
from forewatch.arrays import Array, Index
from forewatch.clock import HOUR_US, Clock, instants_us
from forewatch.errors import BadQuestion
from forewatch.history import History
from forewatch.profile import Profile
from models.rolling import Interval

Series = tuple[str, str, str]  # area, call type, grade; "all" where summed
ALL = "all"


@dataclass(frozen=True)
class Truth:
    """Counts as they stand now, on the grid of whole force-days that were observed.

    Args:
        step: length of the intervals.
        series: area, call type, grade of each column.
        edges: instants (UTC) that bound the intervals, shape (intervals + 1,).
        day: number of the force-day of each interval, from 0.
        slot: what the climatologies tell apart: weekday, with hours also the local hour, with
            shifts also which shift it is.
        counts: shape (intervals, series); NaN where any part was not observed.
    """

    step: Interval
    series: tuple[Series, ...]
    edges: pd.DatetimeIndex
    day: Index
    slot: Index
    counts: Array

    def at(self, starts: pd.DatetimeIndex) -> Index:
        """Return the numbers of the intervals that begin at *starts*.

        Raises:
            ValueError: if one is no beginning of an interval of this grid.
        """
        edges, wanted = instants_us(self.edges[:-1]), instants_us(starts)
        found = np.minimum(np.searchsorted(edges, wanted), len(edges) - 1)
        if strange := np.flatnonzero(edges[found] != wanted).tolist():
            raise ValueError(f"{starts[strange[0]]} is not the start of a {self.step} of the truth")
        return found.astype(np.int64)


def truth(history: History, series: Sequence[Series], step: Interval) -> Truth:
    """Return the counts of the series; areas, call types and grades summed where they say all.

    Raises:
        BadQuestion: if shifts overlap, leave gaps, or begin within an hour.
    """
    clock = Clock.of(history.profile)
    first = clock.first_day_from(history.observed_from)
    last = clock.force_day(pd.DatetimeIndex([history.observed_until]))[0]
    days = (last - first).days  # the day that holds the end is not whole
    edges, day, part = _grid(history.profile, first, days, step)
    slot = (first.day_of_week + day) % 7 * 24 + part
    ledger = history.counts["known_at"].max()
    view = AsOf(history, max(ledger, history.observed_until))
    counts = _counts(view.counts(), history.tree, series, instants_us(edges))
    counts[_unobserved(history, series, instants_us(edges))] = np.nan
    counts[edges[1:] > history.observed_until] = np.nan  # a shift may end after the last whole day
    return Truth(step, tuple(series), edges, day, slot, counts)


def _grid(
    profile: Profile, first: pd.Timestamp, days: int, step: Interval
) -> tuple[pd.DatetimeIndex, Index, Index]:
    """Return edges of the intervals, and the force-day and the part of the day of each."""
    clock = Clock.of(profile)
    if step == "day":
        return clock.day_edges(first, days), np.arange(days), np.zeros(days, np.int64)
    if step == "hour":
        edges = clock.hour_edges(first, days)
        return edges, clock.hour_days(first, days), clock.local_hour(edges[:-1])
    shifts = clock.shifts(profile.shifts, first, days)
    starts, ends = (pd.DatetimeIndex(shifts[name]) for name in ("start", "end"))
    edges = pd.DatetimeIndex(starts.append(ends[-1:]))
    ids = [shift.id for shift in profile.shifts]
    if not ends.equals(edges[1:]) or (instants_us(edges) % HOUR_US).any():
        raise BadQuestion(
            f"the shifts {', '.join(ids)} overlap, leave gaps or begin within an hour; only shifts "
            "that follow each other on the hour are scored: score by --step 1d"
        )
    day = (pd.DatetimeIndex(shifts["force_day"]) - first).days
    part = [ids.index(shift) for shift in shifts["shift"]]
    return edges, np.asarray(day, np.int64), np.asarray(part, np.int64)


def _counts(cells: pd.DataFrame, tree: AreaTree, series: Sequence[Series], edges: Index) -> Array:
    """Return counts of the series by interval, shape (intervals, series)."""
    at = np.searchsorted(edges, instants_us(pd.DatetimeIndex(cells["start"])), side="right") - 1
    inside = (at >= 0) & (at < len(edges) - 1)
    cells, at = cells[inside], at[inside]
    amount = cells["count"].to_numpy(float)
    areas = {area for area, _, _ in series}
    here = {area: cells["area"].isin(tree.leaves_of(area)).to_numpy() for area in areas}
    kinds = {kind: (cells["call_type"] == kind).to_numpy() for kind in {key[1] for key in series}}
    grades = {grade: (cells["grade"] == grade).to_numpy() for grade in {key[2] for key in series}}
    kinds[ALL] = grades[ALL] = np.ones(len(cells), bool)
    found = np.empty((len(edges) - 1, len(series)))
    for i, (area, kind, grade) in enumerate(series):
        rows = here[area] & kinds[kind] & grades[grade]
        found[:, i] = np.bincount(at[rows], amount[rows], len(edges) - 1)
    return found


def _unobserved(history: History, series: Sequence[Series], edges: Index) -> NDArray[np.bool_]:
    """Return which intervals of a series lie in an unobserved window, even in part."""
    unknown = np.zeros((len(edges) - 1, len(series)), bool)
    tree = history.tree
    leaves = [set(tree.leaves_of(area)) for area, _, _ in series]
    windows = history.unobserved
    starts = instants_us(pd.DatetimeIndex(windows["start"]))
    ends = instants_us(pd.DatetimeIndex(windows["end"]))
    first = np.maximum(np.searchsorted(edges, starts, side="right") - 1, 0)
    after = np.searchsorted(edges, ends, side="left")
    for area, low, high in zip(windows["area"], first, after, strict=True):
        hit = set(tree.leaves) if area == "" else set(tree.leaves_of(area))
        unknown[low:high, [not hit.isdisjoint(own) for own in leaves]] = True
    return unknown
