"""What a champion forecast in earlier issues: what it told of days that have come since."""

from __future__ import annotations

import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS
from forewatch.errors import DamagedIssue
from forewatch.rates import Forecast
from models.told_days import MEMORY_DAYS
from serving.issue_store import IssueStore


def earlier_forecasts(
    store: IssueStore, subject: str, version: str, since: pd.Timestamp, origin: pd.Timestamp
) -> list[Forecast]:
    """Return what published issues told by one version of a model, a week apart, ascending.

    Drafts, withdrawn and damaged issues are left out: that they tell nothing stops no other.

    Args:
        store: the issues.
        subject: name of what is forecast.
        version: of its model.
        since: the end of its training: days before it were seen by its members.
        origin: of the issue to come; earlier issues are from before it.
    """
    since = max(since, origin - MEMORY_DAYS * ONE_DAY)
    found: list[Forecast] = []
    last = origin
    for at, number in _latest_first(store, subject, version, since):
        if at <= last - WEEK_DAYS * ONE_DAY:
            try:
                found.append(store.read(number).parts[subject].forecast)
            except DamagedIssue:
                continue
            last = at
    return found[::-1]


def _latest_first(
    store: IssueStore, subject: str, version: str, since: pd.Timestamp
) -> list[tuple[pd.Timestamp, int]]:
    """Return origin and number of the issues by a version after an instant, descending.

    Numbers are no order of origins: an issue may be published for an origin of the past. But they
    are one of publication, so those before one that was published by the instant are not opened.
    """
    found = []
    try:
        for number in store.in_service():
            try:
                about = store.about(number)
            except DamagedIssue:
                continue
            at = pd.Timestamp(about["origin"])
            if max(at, pd.Timestamp(about["published_at"])) <= since:
                break
            if about["models"].get(subject) == version and at > since:
                found.append((at, number))
    except DamagedIssue:
        pass  # nobody knows what was withdrawn
    return sorted(found, reverse=True)
