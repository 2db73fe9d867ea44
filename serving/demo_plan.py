"""The plan of duty of the demo force: what its mean week needs, which busy weeks exceed."""

from __future__ import annotations

import io

import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS
from planning.issues import Issue

_WEEKS = 8  # that a force has its roster published ahead


def plan_csv(issue: Issue) -> str:
    """Return a plan of the districts' shifts as a duty system would write it.

    Each weekday has the officers that it needs on average over the first weeks of the issue,
    rounded; it was told when the issue's first day began.
    """
    # The solver takes long to import, and a demo that was made before needs no plan.
    from planning.staffing import staffing  # noqa: PLC0415

    rates, settings = issue.forecast.rates, issue.profile.staffing
    first, role = rates.force_days[0], settings.role_ids[0]
    days = min(_WEEKS * WEEK_DAYS, len(rates.force_days))
    told = staffing(
        issue,
        first=first,
        days=days,
        areas=issue.tree.cut(issue.profile.levels.modelled),
        role=role,
        percentile=settings.percentile,
    )
    rows = pd.concat([each.shifts.assign(area=each.area) for each in told.areas])
    weekday = rows["force_day"].dt.day_of_week
    mean = rows.groupby([rows["area"], rows["shift"], weekday])["on_duty"].transform("mean")
    plan = pd.DataFrame(
        {
            "area": rows["area"],
            "role": role,
            "shift": rows["shift"],
            "force_day": rows["force_day"].dt.strftime("%Y-%m-%d"),
            "planned": mean.round().astype("int64"),
            "known_at": f"{first - ONE_DAY:%Y-%m-%d}",
        }
    )
    content = io.StringIO()
    plan.to_csv(content, index=False, lineterminator="\n")
    return content.getvalue()
