from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from planning.issues import Issue, Part
from serving.earlier_issues import earlier_forecasts
from serving.issue_store import IssueStore

DAY = pd.Timedelta(days=1)


class CountingStore(IssueStore):
    """A store that keeps which descriptions were asked for."""

    asked: tuple[int, ...] = ()

    def about(self, number: int) -> dict[str, Any]:
        self.asked += (number,)
        return super().about(number)


def test_what_one_version_told_since_its_training_is_taken_once_a_week(
    make_issue: Callable[..., Issue], tmp_path: Path
) -> None:
    store, issue = IssueStore(tmp_path / "issues"), make_issue()
    first = issue.forecast.origin

    def publish(day: int, version: str = "7", *, draft: bool = False) -> int:
        forecast = replace(issue.forecast, origin=first + day * DAY)
        parts, models = {"demand": Part(forecast, version)}, {"demand": version}
        made = replace(issue, parts=parts, models=models, is_draft=draft)
        return store.publish(made).number

    for day in (0, 1, 8, 15, 16):
        publish(day)
    publish(9, draft=True)
    publish(10, "8")
    damaged = publish(22)
    (tmp_path / "issues" / f"{damaged:06}" / "arrays.npz").unlink()

    def days(since: int, origin: int) -> list[int]:
        span = first + since * DAY, first + origin * DAY
        return [
            (one.origin - first) // DAY for one in earlier_forecasts(store, "demand", "7", *span)
        ]

    assert days(-7, 23) == [1, 8, 16]
    assert days(1, 23) == [8, 16]  # its members saw what came before the end of the training
    assert days(-7, 16) == [1, 8]  # nor is anything of the same origin or later
    assert days(-7, 23 + 200) == []
    publish(2)  # for an origin of the past: what came after it is not forgotten
    assert days(-7, 23) == [1, 8, 16]
    assert earlier_forecasts(IssueStore(tmp_path / "none"), "demand", "7", first, first) == []


def test_issues_of_long_ago_are_not_opened(
    make_issue: Callable[..., Issue], tmp_path: Path
) -> None:
    store, issue = CountingStore(tmp_path / "issues"), make_issue()
    first = issue.forecast.origin
    for day in (0, 7, 14, 200, 207, 13):  # the last for an origin of the past
        forecast = replace(issue.forecast, origin=first + day * DAY)
        parts, models = {"demand": Part(forecast, "7")}, {"demand": "7"}
        at = first + max(day, 200) * DAY if day == 13 else forecast.origin
        store.publish(replace(issue, parts=parts, models=models, published_at=at))
    found = earlier_forecasts(store, "demand", "7", first - DAY, first + 220 * DAY)
    assert [(one.origin - first) // DAY for one in found] == [200, 207]
    assert store.asked == (6, 5, 4, 3)  # the first of long ago ends it
