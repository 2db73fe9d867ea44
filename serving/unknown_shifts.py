"""Planned officers that an answer has no place for: of unknown shifts, of other areas.

They count for no shift of the answer. Left unsaid, a plan made with today's shifts would look as if
nobody were there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from planning.area_staffing import AreaStaffing
from planning.duty_plan import PlanLookup

_SHOWN = 6


def unknown_shifts(
    plan: PlanLookup, role: str, areas: Sequence[AreaStaffing]
) -> tuple[dict[str, Any], ...]:
    """Return the shifts of areas that have a plan and aren't in the issue, as JSON values.

    Args:
        plan: of the role and the days of the answer.
        role: its id.
        areas: what they need.
    """
    found = []
    for each in areas:
        days = pd.DatetimeIndex(each.shifts["force_day"])
        known = set(zip(each.shifts["shift"], days, strict=True))
        for (shift, day_us), (officers, _) in plan.rows.get((each.area, "planned"), {}).items():
            day = pd.Timestamp(day_us, unit="us")
            if (shift, day) not in known:
                found.append(
                    {
                        "shift_id": f"{each.area}/{role}/{day:%Y-%m-%d}/{shift}",
                        "area": each.area,
                        "role": role,
                        "shift": shift,
                        "force_day": f"{day:%Y-%m-%d}",
                        "planned": int(officers),
                    }
                )
    return tuple(sorted(found, key=lambda row: (row["force_day"], row["shift_id"])))


def unknown_lines(found: Sequence[dict[str, Any]], issue: int) -> tuple[str, ...]:
    """Return the same as a line for a person; none where there are none."""
    if not found:
        return ()
    officers = sum(row["planned"] for row in found)
    named = ", ".join(f"{row['shift_id']} ({row['planned']})" for row in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    said = (
        f"NOT COUNTED: {officers:,} officers planned for shifts that issue {issue} doesn't know: "
        f"{named}{more}; run 'forewatch issue' where the settings have them"
    )
    return (said,)


def elsewhere_lines(plan: PlanLookup, areas: Sequence[AreaStaffing]) -> tuple[str, ...]:
    """Return which areas have a plan, where none of those that were asked for has one."""
    told = (area for (area, figure), rows in plan.rows.items() if figure == "planned" and rows)
    there = sorted(set(told))
    if not there or any(each.area in there for each in areas):
        return ()
    more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
    named = ", ".join(there[:_SHOWN])
    return (f"nothing is planned for these areas; ask with --area for {named}{more}",)
