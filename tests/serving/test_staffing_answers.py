"""The command that tells officers by shift and half-hour, and the forms that it writes."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from python_calamine import load_workbook

from forewatch.errors import BadQuestion, UnknownArea, UnknownRole
from planning.tables import Table
from serving.issue_store import IssueStore
from serving.queries import StaffingQuery
from serving.staffing_answers import Kept, StaffingQuestion, moved_values, staffing_answer
from serving.workspace import Workspace
from tests.serving.conftest import FIRST, issue_of_the_town, missing_of_the_town
from tests.serving.test_duty_plans import NOW, TOWN, imported, run

DAYS = ("--from", "2026-10-30", "--to", "2026-11-01")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A town with an issue and a plan of two shifts in the north."""
    code = TOWN.replace('name = "Late"\n', 'name = "=LATE"\n')
    duty = code.replace("[[shifts]]", "[[staffing.shifts]]").replace(
        'id = "late"\n', 'id = "late"\ncode = "=1+1"\n'
    )
    (tmp_path / "forewatch.toml").write_text(duty, encoding="utf-8")
    leaves = ("north-1", "north-2", "south-1", "south-2")
    rows = [f"2026-10-11T10:00Z,{leaf},violence,routine,1" for leaf in leaves]
    imported(tmp_path, "counts", "start,area,call_type,grade,count", *rows)
    workspace = Workspace(tmp_path)
    issue = issue_of_the_town().with_part("missing", missing_of_the_town())
    profile = workspace.profile.model_copy(update={"shifts": issue.profile.shifts})
    IssueStore(tmp_path / "issues").publish(replace(issue, profile=profile))
    return workspace


def with_plan(workspace: Workspace) -> None:
    head = "area,shift,force_day,planned,known_at"
    rows = ("north,late,2026-10-30,0,2026-10-01", "north,night,2026-10-30,40,2026-10-01")
    imported(workspace.root, "plan", head, *rows)


def answer(workspace: Workspace, **asked: Any) -> Table:
    said = {"from": "2026-10-30", "to": "2026-11-01", "area": ["north"], **asked}
    return staffing_answer(workspace, StaffingQuery.model_validate(said), NOW)


def test_each_shift_tells_what_it_needs_and_what_it_rests_on(workspace: Workspace) -> None:
    table = answer(workspace)
    frame = table.frame
    assert frame["shift_id"].tolist()[:2] == [
        "north/response/2026-10-30/early",
        "north/response/2026-10-30/late",
    ]
    assert (frame["on_duty"] >= 2).all()
    assert (frame["rostered"] >= frame["on_duty"]).all()
    assert set(frame["plan_state"]) == {"no_plan"}
    assert frame[["planned", "gap", "share_of_time_short"]].isna().all(axis=None)
    assert frame["needed_p_short_at_tightest"].between(0, 0.2 + 1e-9).all()
    # Calls by grade: 0.5 an hour of each of two types, of which a fifth are immediate.
    early = frame.iloc[0]
    assert early["demand_immediate_mean"] == pytest.approx(8 * 2 * 0.5 * 0.2)
    assert early["demand_routine_mean"] == pytest.approx(8 * 2 * 0.5 * 0.8)
    assert early["demand_routine_q10"] <= early["demand_routine_q50"] <= early["demand_routine_q90"]
    # Nine reports in ten of a beat are known of the two together only.
    assert answer(workspace, area=["north-1"]).frame["pooled"].iloc[0] == "north"
    about = table.provenance
    assert (about["issue"], about["percentile"], about["role"]) == (1, 80, "response")
    assert "staffing.minimum" in about["assumed"]
    assert (about["unmet"], about["missing"]) == ([], [])


def test_a_plan_stands_beside_the_need_with_gap_and_notice(workspace: Workspace) -> None:
    with_plan(workspace)
    frame = answer(workspace).frame.set_index("shift_id")
    empty = frame.loc["north/response/2026-10-30/late"]
    assert (empty["plan_state"], empty["planned"], empty["gap"]) == ("told", 0, empty["on_duty"])
    full = frame.loc["north/response/2026-10-30/night"]
    assert full["gap"] == full["on_duty"] - 40
    assert full["last_cheap_day"] == pd.Timestamp("2026-10-14")
    assert full["notice"] == "roster_published"
    unknown = frame.loc["north/response/2026-10-30/early"]
    assert (unknown["plan_state"], np.isnan(unknown["gap"])) == ("no_plan", True)


def test_days_that_the_issue_does_not_reach_are_unknown_and_never_zero(
    workspace: Workspace,
) -> None:
    table = answer(workspace, **{"from": "2026-11-15", "to": "2026-11-18"})
    frame = table.frame
    assert frame["state"].tolist()[-6:] == ["no_forecast"] * 6
    numbers = ["on_duty", "rostered", "work_mean", "missing_mean", "demand_routine_q50", "gap"]
    assert frame.loc[frame["state"] == "no_forecast", numbers].isna().all(axis=None)
    assert [each["force_day"] for each in table.provenance["missing"]] == [
        "2026-11-16",
        "2026-11-17",
    ]


def test_nights_of_a_changed_clock_have_their_real_length(workspace: Workspace) -> None:
    frame = answer(workspace, **{"from": "2026-10-24", "to": "2026-10-25"}).frame
    assert frame["hours"].tolist() == [8, 8, 9]


def test_half_hours_tell_the_cover(workspace: Workspace) -> None:
    frame = answer(workspace, by="half-hour", **{"from": "2026-10-24", "to": "2026-10-25"}).frame
    assert len(frame) == 50
    assert (frame["need"] >= 2).all()
    assert (frame["unrounded_need"] <= frame["need"]).all()


def test_what_moved_since_an_earlier_issue_is_told_with_what_it_was(workspace: Workspace) -> None:
    store = IssueStore(workspace.root / "issues")
    first = store.read(1)
    rates = first.forecast.rates
    busy = rates.base * np.where(rates.force_days[rates.day] == pd.Timestamp("2026-10-31"), 6, 1)
    forecast = replace(first.forecast, rates=replace(rates, base=busy), factors=None)
    store.publish(first.with_whole(forecast=forecast))
    frame = answer(workspace, changed_since=1, **{"from": "2026-10-14", "to": "2026-11-06"}).frame
    # The split of its week may move; nothing else does.
    assert frame["force_day"].between("2026-10-26", "2026-11-01").all()
    mine = frame[frame["force_day"] == pd.Timestamp("2026-10-31")]
    assert (mine["was_on_duty"] < mine["on_duty"]).all()
    assert (mine["was_rostered"] < mine["rostered"]).all()


def test_what_an_earlier_issue_did_not_reach_was_unknown(workspace: Workspace) -> None:
    store = IssueStore(workspace.root / "issues")
    later = issue_of_the_town(FIRST + pd.Timedelta(days=7))
    store.publish(replace(later, profile=store.read(1).profile))
    frame = answer(workspace, changed_since=1, **{"from": "2026-11-20", "to": "2026-11-21"}).frame
    assert len(frame) == 3
    assert set(frame["was_state"]) == {"no_forecast"}
    assert frame["was_on_duty"].isna().all()


def test_the_same_need_has_not_moved(workspace: Workspace) -> None:
    held = answer(workspace).values  # noqa: PD011
    assert len(moved_values(held, held)["shift_id"]) == 0


def test_what_was_computed_is_not_computed_again(workspace: Workspace) -> None:
    issue, kept = IssueStore(workspace.root / "issues").latest(), Kept()
    asked = StaffingQuestion(("north", "south"), "response", 80, FIRST, 7)
    first = kept.staffing(issue, asked)
    again = kept.staffing(issue, StaffingQuestion(("south", "north"), "response", 80, FIRST, 7))
    assert again[0] is first[1]
    assert again[1] is first[0]


def test_names_that_are_none_are_told_with_the_near_ones(workspace: Workspace) -> None:
    with pytest.raises(UnknownArea, match="no area 'nroth'; near names: north"):
        answer(workspace, area=["nroth"])
    with pytest.raises(UnknownRole, match="response"):
        answer(workspace, role="respons")
    with pytest.raises(BadQuestion, match="the span is empty"):
        answer(workspace, to="2026-10-30")


def test_the_command_writes_tables_json_and_csv(workspace: Workspace) -> None:
    with_plan(workspace)
    asked = ("staffing", "--area", "north", *DAYS)
    shown = run(workspace.root, *asked)
    assert shown.exit_code == 0, shown.output + shown.stderr
    assert "Town, issue 1, data until 2026-10-12 07:00" in shown.output
    assert "2026-10-30 to 2026-10-31 (force-days), role response, cover for 80" in shown.output
    held = json.loads(run(workspace.root, *asked, "--format", "json").output)
    assert held["rows"][0]["planned"] is None
    assert held["rows"][1]["planned"] == 0
    rows = list(csv.DictReader(io.StringIO(run(workspace.root, *asked, "--format", "csv").output)))
    assert [row["planned"] for row in rows[:3]] == ["", "0", "40"]
    assert rows[1]["code"] == "'=1+1"
    halves = run(workspace.root, *asked, "--by", "half-hour", "--format", "csv")
    assert len(halves.output.splitlines()) == 1 + 2 * 48
    assert run(workspace.root, *asked, "--percentile", "0").exit_code == 2


def test_a_workbook_holds_texts_and_never_formulas(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "staffing.xlsx"
    asked = ("staffing", "--area", "north", *DAYS, "--format", "xlsx")
    refused = run(workspace.root, *asked)
    assert (refused.exit_code, "needs --out FILE.xlsx" in refused.stderr) == (2, True)
    done = run(workspace.root, *asked, "--out", str(out))
    assert done.exit_code == 0, done.output + done.stderr
    book = load_workbook(out)
    head, *rows = book.get_sheet_by_name("rows").to_python()
    late = dict(zip(head, rows[1], strict=True))
    assert late["code"] == "=1+1"
    assert late["planned"] == ""  # unknown is an empty cell
    assert str(late["force_day"]) == "2026-10-30"
    assert ["issue", "1"] in [row[:2] for row in book.get_sheet_by_name("about").to_python()]
    first = out.read_bytes()
    run(workspace.root, *asked, "--out", str(out))
    assert out.read_bytes() == first


def test_an_issue_of_a_daily_history_is_refused_with_the_reason(workspace: Workspace) -> None:
    store = IssueStore(workspace.root / "issues")
    issue = store.read(1)
    rates = issue.forecast.rates
    days = len(rates.force_days)
    daily = replace(
        rates,
        step="day",
        edges=rates.day_edges,
        day=np.arange(days),
        slot=np.zeros(days, dtype=np.int64),
        base=np.ones((2, 2, days)),
        baseline=np.ones((2, 2, days)),
        grade_shares=rates.grade_shares[:, :, :1],
    )
    forecast = replace(issue.forecast, rates=daily, factors=None)
    store.publish(issue.with_whole(forecast=forecast))
    with pytest.raises(BadQuestion, match="is of a daily history and says nothing of hours"):
        answer(workspace)
