"""When the shifts that officers work begin and end, as instants, each with a stable id.

A shift belongs to the force-day in which it begins, so that a night belongs to the day before it.
It begins and ends by the wall clock: a night in which the clock is changed is an hour shorter or
longer, of a time that comes twice the first counts, and one that the clock skips is the next that
exists. Where that leaves nothing of a shift, it isn't worked.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from forewatch.areas import AreaTree
from forewatch.clock import Clock
from forewatch.duty import duty_shifts
from forewatch.profile import Profile
from forewatch.shifts import STANDARD_SHIFTS, WEEKDAYS, DutyShift

SHIFT_TIMES = ("shift_id", "area", "role", "shift", "force_day", "start", "end", "hours")


def shift_id(area: str, role: str, force_day: pd.Timestamp, shift: str) -> str:
    """Return what an area's shift of a role is called for good.

    >>> shift_id("bristol", "response", pd.Timestamp("2026-12-31"), "night")
    'bristol/response/2026-12-31/night'
    """
    return f"{area}/{role}/{_of_day(force_day, shift)}"


def shift_times(
    profile: Profile, tree: AreaTree, place: tuple[str, str], first: pd.Timestamp, days: int
) -> pd.DataFrame:
    """Return the shifts of an area and role on force-days, in order of start, then of the profile.

    Args:
        profile: names the shifts and the clock.
        tree: of the force's areas.
        place: ids of the area and of the role.
        first: local date of the first force-day.
        days: number of force-days.

    Returns:
        Columns SHIFT_TIMES: shift is its id in the profile, force_day a local date without zone,
        start and end are UTC, hours is the time between them.

    Raises:
        UnknownArea: with the near ones.
        UnknownRole: with the near ones.
    """
    area, role = place
    shifts = duty_shifts(profile, tree, area, role)
    found, texts = _times(Clock.of(profile), shifts, first, days)
    ids = [f"{area}/{role}/{text}" for text in texts]
    return found.assign(shift_id=ids, area=area, role=role)[list(SHIFT_TIMES)]


@lru_cache(maxsize=64)  # areas mostly share their shifts
def _times(
    clock: Clock, shifts: tuple[DutyShift, ...], first: pd.Timestamp, days: int
) -> tuple[pd.DataFrame, list[str]]:
    """Return shift, force_day, start, end and hours, and the end of the ids; not to be changed."""
    # Where nobody works, the columns of any shift without its days.
    found = clock.shifts(shifts or STANDARD_SHIFTS, first, days if shifts else 0)
    worked_on = {shift.id: {WEEKDAYS.index(day) for day in shift.weekdays} for shift in shifts}
    pairs = zip(found["shift"], found["force_day"], strict=True)
    is_worked = np.array([day.weekday() in worked_on[shift] for shift, day in pairs], bool)
    found = found[is_worked & (found["start"] < found["end"])].reset_index(drop=True)
    found["hours"] = (found["end"] - found["start"]).dt.total_seconds() / 3600
    pairs = zip(found["shift"], found["force_day"], strict=True)
    return found, [_of_day(day, shift) for shift, day in pairs]


def _of_day(force_day: pd.Timestamp, shift: str) -> str:
    """Return the end of a shift's id."""
    return f"{force_day:%Y-%m-%d}/{shift}"
