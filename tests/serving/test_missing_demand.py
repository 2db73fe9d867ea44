"""What a person reads of missing-person demand: its heading, and few decimals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pandas as pd
import pytest

from forewatch.clock import Clock
from planning import missing as planned
from planning.issues import Issue, Part
from planning.periods import By
from planning.uses import USES
from serving.missing_demand import Said, heading, readable
from serving.spans import span
from serving.standing import Standing

NOW = pd.Timestamp("2026-10-13T06:00Z")


@pytest.fixture
def issue(make_issue: Callable[..., Issue], missing: Part) -> Issue:
    return make_issue().with_part("missing", missing)


def said(issue: Issue, by: str = "day", **asked: Any) -> Said:
    start, end = span(Clock.of(issue.profile), week="2026-W43")
    question = planned.ask(issue, start=start, end=end, by=cast("By", by), **asked)
    return Said(issue, Standing(), question, planned.columns(issue, question, NOW), NOW)


def test_the_heading_names_one_area_and_one_period_and_counts_more(issue: Issue) -> None:
    one = heading(said(issue, "week", areas=("north",)))
    assert "missing-person demand in 2026-W43: north, in reports and officer-hours (13 a" in one
    assert one.endswith(USES)
    many = heading(said(issue, areas=("north", "south")))
    assert "missing-person demand by day: 2 areas, in reports" in many
    assert "BY THE BASELINE" not in one + many


def test_the_heading_says_where_no_trained_model_stands_behind_it(
    issue: Issue, missing: Part
) -> None:
    stood_in = issue.with_part("missing", replace(missing, is_baseline=True))
    assert "\nBY THE BASELINE, the shrunken climatology: " in heading(said(stood_in))


def test_a_table_shows_chances_to_the_hundredth_and_hours_to_the_tenth(issue: Issue) -> None:
    found = said(issue, areas=("north", "south"), reserved={"north": 4.0, "south": 30.0})
    shown, exact = readable(found), found.frame
    assert [*shown][:3] == ["period", "start", "area"]
    for name, decimals in (("p_at_least_1", 2), ("p_over", 2), ("landing_mean", 1)):
        assert shown[name].tolist() == exact[name].round(decimals).tolist()
        assert shown[name].tolist() != exact[name].round(decimals - 1).tolist()
    assert shown["reserved_hours"].tolist() == exact["reserved_hours"].tolist()
    assert shown["band"].str.contains("short|enough|calibrated").all()
    alone = readable(said(issue, "week", areas=("north",)))
    assert next(iter(alone)) == "expected"
    assert "band" not in alone
