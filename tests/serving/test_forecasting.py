"""What a person reads of an answer: its heading, and the columns that tell rows apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forewatch.clock import Clock
from planning import answers, explaining
from planning.answers import ALL, ask
from planning.issues import Issue
from serving.forecasting import Said, footing, heading, readable
from serving.spans import span
from serving.standing import Standing

NOW = pd.Timestamp("2026-10-13T06:00Z")


def said(issue: Issue, by: str = "day", *, parts: bool = False, **asked: Any) -> Said:
    """The answer to a question about a week of the issue, or what it is made of."""
    start, end = span(Clock.of(issue.profile), week="2026-W43")
    question = ask(issue, start=start, end=end, by=by, **asked)  # type: ignore[arg-type]
    columns = (explaining if parts else answers).columns(issue, question, NOW)
    week = None if parts else "2026-W43"
    return Said(issue, Standing(), question, columns, NOW, by, week)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"by": "week"}, "expected calls in 2026-W43: town, all call types, all grades"),
        (
            {"areas": ("north", "south"), "call_types": ("violence",)},
            "expected calls by day: 2 areas, violence, all grades",
        ),
        (
            {"by": "week", "parts": True, "areas": ("north-1",)},
            "what the expected calls are made of in 2026-W43: north-1, all call types, all grades",
        ),
    ],
)
def test_the_heading_names_what_was_asked_and_counts_what_is_many(
    make_issue: Callable[..., Issue], asked: dict[str, Any], line: str
) -> None:
    assert heading(said(make_issue(), **asked)).splitlines()[-1] == line


def test_a_table_has_columns_only_for_what_tells_its_rows_apart(
    make_issue: Callable[..., Issue],
) -> None:
    issue = make_issue()
    one = readable(said(issue, "week"))
    assert [*one][:3] == ["mean", "q05", "q10"]
    assert not {"period", "area", "call_type", "grade", "state"} & {*one}
    days = readable(said(issue, areas=("north", "south"), call_types=("each",)))
    assert [*days][:4] == ["period", "start", "area", "call_type"]
    assert days["start"].iloc[0] == "Mon 19 Oct 07:00"
    assert "end" in readable(said(issue, "shift"))


def test_numbers_keep_the_decimals_of_the_smallest_mean_and_the_noise_floor_one(
    make_issue: Callable[..., Issue],
) -> None:
    found = said(make_issue(), "hour", areas=("north-1",))
    shown = readable(found)
    least = found.frame["mean"].min()
    assert 0.1 < least < 1
    assert shown["mean"].tolist() == found.frame["mean"].round(2).tolist()
    floor = shown["noise_floor"].to_numpy()
    assert np.array_equal(floor, found.frame["noise_floor"].round(1), equal_nan=True)


def test_a_weeks_answer_alone_is_followed_by_its_missing_person_demand(
    make_issue: Callable[..., Issue], missing: Any
) -> None:
    issue = make_issue().with_part("missing", missing)
    assert "missing" in footing(said(issue))
    assert footing(said(issue, parts=True)) == ""
    assert footing(said(issue, call_types=("violence",))) == ""
    assert ALL in said(issue).question.call_types
