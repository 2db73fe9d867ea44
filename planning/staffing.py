"""Officers by area, role and shift, from an issue's own distribution.

1. The load of officers by half-hour and the hours of work by shift and force-day follow from the
   issue (`planning.load`), the need from them (`planning.need`).
2. Officers by shift are found week by week of seven force-days, from the issue's first on
   (`planning.cover`), the last shifts of one week handed to the next. So a day's answer is its part
   of the week's, whatever else was asked.
3. Officers on duty are whole numbers of which a part is free for calls at a time (breaks, briefing,
   paperwork); on the roster are those on duty ÷ (1 − abstraction).

What an issue doesn't reach is NaN, with the state "no_forecast", and never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from forewatch.duty import duty_shifts, stop_at_uncovered
from forewatch.errors import BadQuestion
from forewatch.shifts import DutyShift
from planning import names
from planning.area_staffing import AreaStaffing, area_staffing
from planning.duty_layout import DutyLayout, work_sources
from planning.issues import Issue


@dataclass(frozen=True)
class Staffing:
    """What an issue says of officers.

    Args:
        issue: its number.
        percentile: of the load and the hours of work that are covered.
        role: id of the role.
        areas: in the order of the question.
    """

    issue: int
    percentile: int
    role: str
    areas: tuple[AreaStaffing, ...]


def staffing(
    issue: Issue,
    *,
    first: pd.Timestamp,
    days: int,
    areas: Sequence[str] = (),
    role: str | None = None,
    percentile: int | None = None,
) -> Staffing:
    """Return the officers that areas need.

    Args:
        issue: the issue asked.
        first: local date of the first force-day.
        days: number of force-days.
        areas: ids, names, or names of levels for all areas at it; none means the whole force.
        role: id of the role; None: the profile's first.
        percentile: that is covered; None: the profile's.

    Raises:
        UnknownArea: with the near names.
        UnknownRole: likewise.
        BadQuestion: if the issue holds no hours, the span is empty, the percentile isn't one, no
            call is the role's work, or an area has no shift of it: its need is unknown then, not 0.
        SettingsError: if no shift covers a half-hour of the ordinary week.
    """
    profile = issue.profile
    wanted = profile.staffing.percentile if percentile is None else percentile
    asked = role or profile.staffing.role_ids[0]
    _stop_at_bad_question(issue, days, wanted)
    ids = names.area_ids(issue.tree, areas or (issue.tree.root,))
    sources = work_sources(issue, asked)
    if not any(each.services for each in sources):
        raise BadQuestion(
            f"no call is the work of role {asked!r}, so it has no need that could be told; name it "
            "as 'role' in [staffing.services] and publish an issue, or ask for another role"
        )
    alike: dict[tuple[DutyShift, ...], list[str]] = {}
    for area in ids:
        alike.setdefault(duty_shifts(profile, issue.tree, area, asked), []).append(area)
    if idle := alike.get(()):
        raise BadQuestion(
            f"there is no shift of role {asked!r} in {', '.join(idle)}; give one in "
            "[[staffing.shifts]], or ask for other areas"
        )
    found = {}
    for same in alike.values():
        stop_at_uncovered(profile, issue.tree, same[0], asked)
        layout = DutyLayout.of(issue, (same, asked), (first, days), sources)
        for area in same:
            found[area] = area_staffing(issue, (area, asked), layout, wanted)
    every = tuple(found[area] for area in ids)
    return Staffing(issue.number, wanted, asked, every)


def _stop_at_bad_question(issue: Issue, days: int, percentile: int) -> None:
    if issue.forecast.rates.step == "day":
        raise BadQuestion(
            f"issue {issue.number} is of a daily history and says nothing of hours, so officers "
            "can't be told; import calls with their times, and publish an issue from them"
        )
    if days < 1:
        raise BadQuestion(f"staffing is asked for {days} force-days; ask for at least one")
    if not 1 <= percentile <= 99:  # noqa: PLR2004 - percent
        raise BadQuestion(f"percentile {percentile} is not between 1 and 99; 80 is usual")
