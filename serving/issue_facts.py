"""Which issue an answer is from and how it stands: as JSON values, and as lines for a person."""

from __future__ import annotations

from typing import Any

import pandas as pd

from planning.issues import Issue
from planning.kinds import instant_text
from serving.standing import Standing


def issue_facts(issue: Issue, standing: Standing, now: pd.Timestamp) -> dict[str, Any]:
    """Return it as JSON values.

    Args:
        issue: the issue asked.
        standing: how it stands.
        now: the instant at which its age is judged, UTC.
    """
    why = issue.why_stale(now)
    return {
        "issue": issue.number,
        "published_at": instant_text(issue.published_at),
        "data_until": instant_text(issue.forecast.data_until),
        "is_stale": bool(why),
        "why_stale": why,
        **standing.about(),
    }


def issue_lines(issue: Issue, standing: Standing, now: pd.Timestamp) -> tuple[str, ...]:
    """Return it as lines."""
    why = issue.why_stale(now)
    until = issue.forecast.data_until.tz_convert(issue.profile.force.zone)
    return (
        f"{issue.profile.force.name}, issue {issue.number}, data until {until:%Y-%m-%d %H:%M}",
        *standing.lines(issue.number),
        *([f"STALE: {why}"] if why else []),
    )
