"""What was said of past weeks, found again: issues of the time, plans of the time, what came."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.errors import NotEnoughHistory
from planning.issues import Issue
from serving.issue_store import IssueStore
from serving.past_issues import issues_as_of
from serving.published_issues import published_issues
from serving.replaying import ReplayQuestion, replay
from serving.workspace import Workspace
from tests.serving.conftest import issue_of_the_town
from tests.serving.test_duty_plans import TOWN, imported, run

NOW = pd.Timestamp("2026-11-12T12:00Z")
MISSING = '{ id = "missing_person", name = "M" }, '
SHIFTS_HEAD = "\n[[shifts]]"
LEAVES = ("north-1", "north-2", "south-1", "south-2")


@pytest.fixture(scope="module")
def past_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weeks from 12 October of which an issue spoke as they began, and what came then."""
    root = tmp_path_factory.mktemp("told")
    (root / "forewatch.toml").write_text(TOWN, encoding="utf-8")
    hours = pd.date_range("2026-10-01T06:00Z", "2026-11-09T07:00Z", freq="h")
    lines = [
        f"{hour:%Y-%m-%dT%H:%MZ},{leaf},violence,immediate,1" for hour in hours for leaf in LEAVES
    ]
    imported(root, "counts", "start,area,call_type,grade,count", *lines)
    issue = issue_of_the_town()
    IssueStore(root / "issues").publish(replace(issue, published_at=issue.forecast.origin))
    return root


@pytest.fixture
def past(past_weeks: Path, tmp_path: Path) -> Workspace:
    """The same in a folder of the test's own."""
    shutil.copytree(past_weeks, tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path)


def asked(workspace: Workspace, **changes: Any) -> Any:
    question = {"weeks": 4, "areas": ("north",), "leads_days": (0,), "only_published": True}
    return replay(workspace, ReplayQuestion(**{**question, **changes}), now=NOW)


def whole(table: Any, lead: int = 0) -> Any:
    rows = table.frame
    any_said = (rows["low_said"] == 0) & (rows["high_said"] == 1) & (rows["area"] != "all")
    return rows[any_said & (rows["lead_days"] == lead)].set_index("figure")


def test_an_issue_of_the_time_is_held_against_what_came(past: Workspace) -> None:
    table = asked(past)
    about = table.provenance
    assert (about["from_week"], about["to_week"]) == ("2026-W42", "2026-W45")
    assert (about["weeks_of_issues_published"], about["weeks_of_issues_made_as_of_then"]) == (4, 0)
    assert (about["work"], about["area_weeks_planned"]) == ("service_times", 0)
    assert about["assumed_service_times_of"] == ["missing_person", "violence"]
    rows = whole(table)
    assert rows["weeks"].tolist() == [4, 4, 4]
    assert rows["rows"].tolist() == [84, 84, 28]
    assert rows["said"].between(0, 1).all()
    # Two calls an hour came, with two officers and 1.2 hours for most: more than was said.
    assert rows.loc["share_of_time_short", "low"] > 0


def test_an_issue_that_came_later_said_nothing_then(
    past: Workspace, make_issue: Callable[..., Issue]
) -> None:
    two_weeks = asked(past, leads_days=(0, 14))
    assert two_weeks.provenance["weeks_of_issues_published"] == 6
    assert whole(two_weeks, 14)["weeks"].tolist() == [2, 2, 2]
    later = replace(make_issue(), published_at=pd.Timestamp("2026-10-20T12:00Z"))
    IssueStore(past.root / "issues").publish(later)
    IssueStore(past.root / "issues").publish(replace(later, is_draft=True))
    found = published_issues(past.issues())
    assert [each.number for each in found] == [2, 1]
    assert asked(past).provenance["weeks_of_issues_published"] == 4
    with pytest.raises(NotEnoughHistory, match="no issue of the time says anything"):
        asked(past, weeks=1, leads_days=(60,))
    with pytest.raises(NotEnoughHistory, match="ask for fewer --weeks"):
        asked(past, weeks=40)


def test_the_plan_is_the_one_that_was_known_then(past: Workspace) -> None:
    days = pd.date_range("2026-10-12", periods=28)
    lines = [
        f"north,{shift},{day:%Y-%m-%d},{officers},{told}"
        for officers, told in ((30, "2026-10-01"), (0, "2026-10-20"))
        for day in days
        for shift in ("early", "late", "night")
    ]
    imported(past.root, "plan", "area,shift,force_day,planned,known_at", *lines)
    table = asked(past)
    assert table.provenance["area_weeks_planned"] == 4
    first, last = (whole(asked(past, weeks=n, until=until)) for n, until in
                   ((1, "2026-10-19"), (1, "2026-11-09")))  # fmt: skip
    # At first thirty were planned, and never too few; from 20 October on nobody at all.
    assert first["came"].max() == pytest.approx(0, abs=1e-6)
    assert last.loc["share_of_time_short", "came"] > 0.9
    assert last.loc["p_hours_over", "came"] == pytest.approx(1)


def test_unobserved_days_are_unknown_and_not_quiet(past: Workspace) -> None:
    imported(
        past.root, "unobserved", "start,end,area", "2026-10-14T06:00Z,2026-10-15T06:00Z,north-1"
    )
    rows = whole(asked(Workspace(past.root)))
    # The day itself, and the one into which its last work reaches.
    assert rows.loc["p_hours_over", "unknown"] == 2
    assert rows.loc["share_of_time_short", "unknown"] == 4


def test_where_no_issue_was_there_one_is_made_of_what_was_known_then(
    tmp_path: Path, town_history: Any
) -> None:
    recipe = 'members = ["same_weekday_8"]\n[training.origins]\nfolds = 2\nhorizon_days = 14\n'
    recipe += "[training.hours]\nrounds = 2\n"
    head = town_history.profile
    text = TOWN.replace(SHIFTS_HEAD, f"[training]\n{recipe}{SHIFTS_HEAD}", 1)
    text = text.replace(MISSING, "")  # one subject is enough, and takes half the time
    (tmp_path / "forewatch.toml").write_text(text, encoding="utf-8")
    workspace = Workspace(tmp_path)
    origin = AsOf(town_history, town_history.observed_until).clock.day_start(
        pd.Timestamp("2026-10-19")
    )
    origins = [origin, origin + pd.Timedelta(days=7)]
    cut = replace(
        town_history,
        counts=town_history.counts[town_history.counts["known_at"] <= origins[1]],
    )
    made = [
        list(issues_as_of(workspace, history, origins, 14, jobs=1))
        for history in (town_history, cut)
    ]
    for one, other in zip(*made, strict=True):
        assert (one.number, one.is_draft) == (0, True)
        assert "nothing of it was published then" in one.notes[0]
        rates = one.forecast.rates.base
        assert rates == pytest.approx(other.forecast.rates.base)
        assert np.isfinite(rates).all()
    assert [each.forecast.origin for each in made[0]] == origins
    assert made[0][0].profile is head


def test_the_command_prints_how_the_figures_held(past: Workspace) -> None:
    options = ("plan", "replay", "--weeks", "3", "--area", "north", "--lead", "0")
    done = run(past.root, *options, "--only-published")
    assert done.exit_code == 0, done.output + done.stderr
    assert "weeks and leads by issues published then: 3, made as of then: 0" in done.output
    assert "what came: calls with service times; assumed of missing_person, violence" in done.output
    told = json.loads(run(past.root, *options, "--only-published", "--format", "json").stdout)
    assert {row["figure"] for row in told["rows"]} >= {"share_of_time_short", "p_hours_over"}
    wrong = run(past.root, *options, "--until", "soon")
    assert (wrong.exit_code, "no date or time 'soon'" in wrong.stderr) == (2, True)
