"""Officers at work in the past, as the log tells it: by leaf area, half-hour and force-day.

What leaves is summed over calls; no call can be told from another. A call counts as seen where the
log says how many officers went and for how long, or that nobody went (0 officers; in a log that
never writes 0, a blank on a day of which any call has figures).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.arrays import Array, Index, Mask
from forewatch.clock import HOUR_US
from forewatch.profile import Profile
from sources.attendance import ATTENDANCE
from sources.attended_calls import last_versions
from sources.lake import Lake
from sources.records import STATES, TAKEN
from sources.stored import ints, positions

_CODED = ("area", "call_type", "grade", "state")
_MINUTE_US = 60_000_000
_LONGEST_US = 28 * 24 * HOUR_US  # what was attended longer was refused when it was imported


@dataclass(frozen=True)
class CallFigures:
    """What was seen of calls, in arrays of shape (calls,).

    Args:
        received_us: microseconds since 1970.
        leaf: number of the leaf area.
        call_type: number of the call type.
        grade: number of the grade.
        officers: NaN where nobody knows.
        minutes: from assignment to clear, likewise.
    """

    received_us: Index
    leaf: Index
    call_type: Index
    grade: Index
    officers: Array
    minutes: Array

    def at(self, rows: Index | Mask) -> CallFigures:
        """Return the calls of a mask, or at positions."""
        return replace(self, **{name: each[rows] for name, each in vars(self).items()})


@dataclass(frozen=True)
class WorkTimes:
    """When work is looked at, microseconds since 1970, ascending.

    Args:
        hours: bounds of the hours in which calls are counted, shape (hours + 1,).
        middles: instants at which officers are counted, shape (instants,).
        days: bounds of the days into which their hours are summed, shape (days + 1,).
    """

    hours: Index
    middles: Index
    days: Index


@dataclass(frozen=True)
class AttendedWork:
    """Work that was seen, by leaf area.

    Args:
        busy: officers busy with urgent work, shape (leaves, instants).
        hours: officer-hours of any work, shape (leaves, days).
        cells: leaf, call type, grade and hour (numbers) of cells with calls that were seen, shape
            (4, cells).
        calls: how many, shape (cells,).
    """

    busy: Array
    hours: Array
    cells: Index
    calls: Array

    def cells_of(self, leaves: Index, shape: tuple[int, int, int]) -> Array:
        """Return the calls of some leaves together, shape (call types, grades, hours)."""
        own = np.isin(self.cells[0], leaves)
        key = np.ravel_multi_index(tuple(self.cells[1:, own]), shape)
        found = np.bincount(key, self.calls[own], int(np.prod(shape)))
        return np.asarray(found.reshape(shape), dtype=np.float64)


def attended_work(
    lake: Lake, profile: Profile, tree: AreaTree, asked: tuple[Mask, Mask], times: WorkTimes
) -> AttendedWork | None:
    """Return the work that the log tells of, None where it tells of none.

    Args:
        lake: the tables.
        profile: names call types and grades.
        tree: of the force's areas.
        asked: whose work counts, and whose of it is urgent, each of shape (call types, grades).
        times: when it is looked at.
    """
    if not set(ATTENDANCE) <= set(lake.column_names("calls")):
        return None
    columns = ["reference_hash", "received_at", "known_at", "import_id", "row", *_CODED]
    table = lake.arrow("calls", [*columns, *ATTENDANCE], encoded=_CODED)
    if table is None:
        return None
    received = ints(table, "received_at")
    within = (received >= times.hours[0] - _LONGEST_US) & (received < times.hours[-1])
    table = table.filter(pa.array(within))
    last, figures = last_versions(table)
    names = {"area": tree.leaves, "call_type": profile.call_type_ids, "grade": profile.grade_ids}
    leaf, kind, grade = (
        positions(table, name, ids)[last].astype(np.int64) for name, ids in names.items()
    )
    officers, minutes = figures.T.astype(np.float64)
    received = ints(table, "received_at")[last]
    found = CallFigures(received, leaf, kind, grade, officers, minutes)
    is_taken = positions(table, "state", STATES)[last] == TAKEN
    return work_of(found.at(is_taken), len(tree.leaves), asked, times)


def work_of(
    calls: CallFigures, leaves: int, asked: tuple[Mask, Mask], times: WorkTimes
) -> AttendedWork | None:
    """Return the work of calls, None where nothing was seen of any.

    Args:
        calls: all of them.
        leaves: number of leaf areas.
        asked: as of `attended_work`.
        times: when it is looked at.
    """
    is_sent = (calls.officers > 0) & ~np.isnan(calls.minutes)
    if not is_sent.any():
        return None
    cell = (calls.call_type, calls.grade)
    mine = asked[0][cell]
    seen = mine & (is_sent | _is_nobody_sent(calls, times.days))
    sent, urgent = calls.at(mine & is_sent), calls.at(mine & is_sent & asked[1][cell])
    inside = calls.at(seen & (calls.received_us >= times.hours[0]))
    hour = np.searchsorted(times.hours, inside.received_us, side="right") - 1
    shape = (leaves, *asked[0].shape, len(times.hours) - 1)
    key = np.ravel_multi_index((inside.leaf, inside.call_type, inside.grade, hour), shape)
    held, count = np.unique(key, return_counts=True)
    return AttendedWork(
        _busy(urgent, leaves, times.middles),
        np.diff(_worked(sent, leaves, times.days), axis=1),
        np.stack(np.unravel_index(held, shape)),
        count.astype(np.float64),
    )


def _is_nobody_sent(calls: CallFigures, days_us: Index) -> Mask:
    zero = calls.officers == 0
    if zero.any():
        return np.asarray(zero, dtype=np.bool_)
    blank = np.isnan(calls.officers) & np.isnan(calls.minutes)
    day = np.searchsorted(days_us, calls.received_us, side="right")
    told = np.bincount(day, ~blank, minlength=len(days_us) + 1) > 0
    return np.asarray(blank & told[day], dtype=np.bool_)


def _ends(calls: CallFigures) -> Index:
    return calls.received_us + np.rint(calls.minutes * _MINUTE_US).astype(np.int64)


def _busy(calls: CallFigures, leaves: int, middles_us: Index) -> Array:
    """Return officers busy at instants, shape (leaves, instants)."""
    width = len(middles_us) + 1
    found = np.zeros(leaves * width)
    for at_us, sign in ((calls.received_us, 1), (_ends(calls), -1)):
        at = np.searchsorted(middles_us, at_us)
        found += sign * np.bincount(calls.leaf * width + at, calls.officers, len(found))
    return np.asarray(found.reshape(leaves, width)[:, :-1].cumsum(1).round())


def _worked(calls: CallFigures, leaves: int, edges_us: Index) -> Array:
    """Return officer-hours worked until each of the edges, shape (leaves, edges)."""
    width = len(edges_us) + 1
    found = np.zeros((leaves, len(edges_us)))
    for at_us, sign in ((calls.received_us, 1.0), (_ends(calls), -1.0)):
        since = (at_us - edges_us[0]) / HOUR_US
        at = calls.leaf * width + np.searchsorted(edges_us, at_us, side="left")
        officers, products = (
            _running(at, values, (leaves, width))
            for values in (calls.officers, calls.officers * since)
        )
        found += sign * (officers * ((edges_us - edges_us[0]) / HOUR_US) - products)
    return found


def _running(at: Index, values: NDArray[Any], shape: tuple[int, int]) -> Array:
    """Return sums of what lies before each edge, (leaves, edges)."""
    sums = np.bincount(at, values, shape[0] * shape[1]).reshape(shape)
    return np.asarray(sums.cumsum(1)[:, :-1])
