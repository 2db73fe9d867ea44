"""What calls took, summed by force-day, call type and grade; no call can be told from another.

Of a call the last version says its type and grade, and its figures are the last that are known: a
later file without these columns says nothing of them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.clock import Clock, instant_us, intervals_of, utc_instants
from forewatch.errors import NotEnoughHistory
from forewatch.profile import Profile
from sources.attendance import ATTENDANCE, Figures, last_known, stored_figures
from sources.lake import Lake
from sources.records import STATES, TAKEN
from sources.stored import Ints, ints, positions

_CODED = ("area", "call_type", "grade", "state")
_MINUTE_US = 60_000_000
SUMS = (
    "calls", "sent", "not_sent", "blank", "open", "with_officers", "officers", "timed", "weight",
    "weighted_minutes", "weighted_squares",
)  # fmt: skip


def attended_calls(
    lake: Lake, profile: Profile, tree: AreaTree, until: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Return sums of what calls took, one row a force-day, call type and grade that had calls.

    Args:
        lake: the tables.
        profile: names call types and grades, and says when force-days begin.
        tree: of the force's areas.
        until: UTC; what was not known or not over by then is unknown. None: everything is used.

    Returns:
        Columns force_day (local date, no zone), call_type and grade (ids) and SUMS: calls; sent
        (somebody was); not_sent (0 officers, or 0 minutes without officers); blank (neither figure
        is known); open (not known to be over); with_officers and officers (those sent to them);
        timed (minutes known). Of the timed ones, each weighted by its officers (1 where these are
        unknown): weight, weighted_minutes and weighted_squares (minutes²).

    Raises:
        NotEnoughHistory: if there are no calls, or no import had either column.
        DataError: if the lake uses an id that the force no longer has.
    """
    wanted = [name for name in ATTENDANCE if name in lake.column_names("calls")]
    if not wanted:
        raise NotEnoughHistory(
            "no call has officers or minutes; name the columns officers and attended_minutes in "
            "the mapping of the call log, and import it again"
        )
    columns = ["reference_hash", "received_at", "known_at", "import_id", "row", *_CODED, *wanted]
    table = lake.arrow("calls", columns, encoded=_CODED)
    if table is None:
        raise NotEnoughHistory("the history has no calls; run 'forewatch import calls' first")
    end = None if until is None else instant_us(until)
    if end is not None:
        is_known = (ints(table, "known_at") < end) & (ints(table, "received_at") < end)
        table = table.filter(pa.array(is_known))
    last, figures = last_versions(table)
    positions(table, "area", tree.leaves)  # refuses a history of other areas
    received, state = ints(table, "received_at")[last], positions(table, "state", STATES)[last]
    kind, grade = (
        positions(table, name, ids)[last]
        for name, ids in (("call_type", profile.call_type_ids), ("grade", profile.grade_ids))
    )
    if end is not None:
        over = received + np.nan_to_num(figures[:, 1]).astype(np.int64) * _MINUTE_US
        figures[over >= end] = np.nan
    is_taken = state == TAKEN
    days, day = _force_days(Clock.of(profile), received[is_taken])
    shape = (len(days), len(profile.call_type_ids), len(profile.grade_ids))
    place = (day, kind[is_taken].astype(np.int64), grade[is_taken].astype(np.int64))
    sums = _sums(np.ravel_multi_index(place, shape), int(np.prod(shape)), figures[is_taken])
    had_calls = np.flatnonzero(sums["calls"])
    of_day, of_kind, of_grade = np.unravel_index(had_calls, shape)
    names = {
        "force_day": days[of_day],
        "call_type": np.array(profile.call_type_ids)[of_kind],
        "grade": np.array(profile.grade_ids)[of_grade],
    }
    return pd.DataFrame(names | {name: sums[name][had_calls] for name in SUMS})


def last_versions(table: pa.Table) -> tuple[Ints, Figures]:
    """Return the row of each call's last version, and its last known figures.

    Args:
        table: versions of calls, with row, import_id, known_at and reference_hash.
    """
    names = ("row", "import_id", "known_at", "reference_hash")
    order = np.lexsort([ints(table, name) for name in names])
    reference = ints(table, "reference_hash")[order]
    is_first = np.append(True, reference[1:] != reference[:-1])[: len(order)]
    call = np.cumsum(is_first) - 1
    figures = last_known(stored_figures(table, ATTENDANCE)[order], call)
    is_last = np.append(is_first[1:], True)[: len(order)]
    return order[is_last], figures


def _force_days(clock: Clock, received: Ints) -> tuple[pd.DatetimeIndex, Ints]:
    """Return the force-days from the first to the last call, and the number of each call's."""
    if not len(received):
        return pd.DatetimeIndex([]), np.empty(0, np.int64)
    ends = clock.force_day(utc_instants(np.array([received.min(), received.max()])))
    days = pd.date_range(ends[0], ends[1], freq="D")
    edges = clock.day_edges(ends[0], len(days))
    return days, intervals_of(np.asarray(edges.as_unit("us").asi8, np.int64), received)


def _sums(cell: Ints, cells: int, figures: Figures) -> dict[str, NDArray[np.float64]]:
    """Return SUMS of each cell, shape (cells,)."""
    officers, minutes = figures[:, 0].astype(np.float64), figures[:, 1].astype(np.float64)
    has_officers, has_minutes = ~np.isnan(officers), ~np.isnan(minutes)
    not_sent = (officers == 0) | (~has_officers & (minutes == 0))
    timed = has_minutes & ~not_sent
    sent = (has_officers & ~not_sent) | timed
    weight = np.where(timed, np.where(has_officers, officers, 1), 0)
    weighted_minutes = weight * np.nan_to_num(minutes)
    each = {
        "calls": None,
        "sent": sent,
        "not_sent": not_sent,
        "blank": ~has_officers & ~has_minutes,
        "open": ~not_sent & ~has_minutes,
        "with_officers": has_officers & sent,
        "officers": np.where(has_officers & sent, officers, 0),
        "timed": timed,
        "weight": weight,
        "weighted_minutes": weighted_minutes,
        "weighted_squares": weighted_minutes * np.nan_to_num(minutes),
    }
    return {
        name: np.bincount(cell, values, minlength=cells).astype(np.float64)
        for name, values in each.items()
    }
