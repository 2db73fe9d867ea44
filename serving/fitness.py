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
    then, now = (
        dict(flat_settings(each.model_dump(mode="json"))) for each in (issue.profile, profile)
    )
    changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if not changed:
        return ()
    rest = len(changed) - _NAMED
    named = ", ".join(changed[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    said = (
        f"the settings changed since issue {issue.number} was published, and answers don't reflect "
        f"it: {named}; train again where areas, call types or times changed, then run 'forewatch "
        "issue'"
    )
    return (said,)
