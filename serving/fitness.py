"""Whether forecasts may be taken from an issue, and what has changed since it was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from forewatch.errors import SettingsError
from forewatch.profile import Profile
from planning.freshness import End
from planning.issues import Issue
from serving.settings import flat_settings

_NAMED = 6
_OF_OFFICERS = ("staffing", "shifts", "missing")  # tables that decide on officers


def unfit(issue: Issue, numbers: Sequence[int], now: pd.Timestamp) -> tuple[str, ...]:
    """Return why forecasts should not be taken from the issue in service; nothing if they may.

    Whoever watches the process reads it without a key: no area is named, and no number of calls.

    Args:
        issue: the one in service.
        numbers: of the issues on disk.
        now: the present instant, UTC.
    """
    reasons = []
    if issue.number not in numbers:
        reasons.append(
            f"the folder of issue {issue.number}, which is served from memory, is gone; restore it "
            "or publish an issue"
        )
    if why := issue.freshness.why_stale(End(issue.forecast.data_until, ""), now):
        reasons.append(
            f"issue {issue.number} rests on data until {issue.forecast.data_until.isoformat()}: "
            f"{why}; import newer calls and publish an issue"
        )
    return tuple(reasons)


def settings_notes(issue: Issue, read: Callable[[], Profile]) -> tuple[str, ...]:
    """Return what the settings, read now, say that the issue in service was not made with.

    Nothing is repeated of settings that can't be used: whoever watches needs no key.
    """
    try:
        return settings_changes(issue, read())
    except SettingsError:
        said = (
            "the settings can't be used as they stand, and answers come from the issue in service; "
            "any forewatch command on the machine says why"
        )
        return (said,)


def settings_changes(issue: Issue, profile: Profile) -> tuple[str, ...]:
    """Return what the settings say now and the issue in service was not made with.

    Args:
        issue: the one in service.
        profile: the force's, as the settings have it now.
    """
    if not (named := _changed_names(issue, profile)):
        return ()
    said = (
        f"the settings changed since issue {issue.number} was published, and answers don't reflect "
        f"it: {named}; train again where areas, call types or times changed, then run 'forewatch "
        "issue'"
    )
    return (said,)


def staffing_changes(issue: Issue, read: Callable[[], Profile]) -> tuple[str, ...]:
    """Return what the settings say of officers now and an issue was not made with.

    Args:
        issue: the issue asked.
        read: gives the force's profile, as the settings have it now.
    """
    try:
        named = _changed_names(issue, read(), _OF_OFFICERS)
    except SettingsError:
        return settings_notes(issue, read)
    said = (
        f"issue {issue.number} was made with other settings of officers than those of now: "
        f"{named}; run 'forewatch issue' to use these"
    )
    return (said,) if named else ()


def _changed_names(issue: Issue, profile: Profile, rooms: tuple[str, ...] = ()) -> str:
    """Return the settings that changed, those under some tables or all; "" for none."""
    then, now = (
        dict(flat_settings(each.model_dump(mode="json"))) for each in (issue.profile, profile)
    )
    changed = [
        name
        for name in {**then, **now}
        if then.get(name) != now.get(name) and (not rooms or name.partition(".")[0] in rooms)
    ]
    rest = len(changed) - _NAMED
    return ", ".join(changed[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
