"""A plan imported by the command line, and what is answered of it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from icalendar import Calendar
from python_calamine import load_workbook

from forewatch.clock import Clock
from forewatch.errors import UnknownArea
from planning.issues import Issue
from serving.cli import cli
from serving.duty_plans import PlanQuestion, notice_instant, week_plans
from serving.issue_store import IssueStore
from serving.workspace import Workspace
from tests.serving.conftest import issue_of_the_town

NOW = pd.Timestamp("2026-10-13T12:00Z")
SHIFTS = """
[[shifts]]
id = "early"
name = "Early"
start = 07:00:00
end = {end}
[[shifts]]
id = "late"
name = "Late"
start = {end}
end = 23:00:00
[[shifts]]
id = "night"
name = "Night"
start = 23:00:00
end = 07:00:00
"""
TOWN = f"""
call_types = [{{ id = "missing_person", name = "M" }}, {{ id = "violence", name = "V" }}]
grades = ["immediate", "routine"]
areas = [
  {{ id = "town", name = "Town" }},
  {{ id = "north", name = "North", parent = "town" }},
  {{ id = "south", name = "South", parent = "town" }},
  {{ id = "north-1", name = "North 1", parent = "north" }},
  {{ id = "north-2", name = "North 2", parent = "north" }},
  {{ id = "south-1", name = "South 1", parent = "south" }},
  {{ id = "south-2", name = "South 2", parent = "south" }},
]
[force]
id = "town"
name = "Town"
zone = "Europe/London"
holiday_country = "GB"
{SHIFTS.format(end="15:00:00")}
"""


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-w", str(root), *words])


def imported(root: Path, table: str, *lines: str) -> str:
    file = root / f"{table}.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run(root, "import", table, str(file))
    assert done.exit_code == 0, done.output + done.stderr
    return done.output


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with an issue."""
    root = tmp_path_factory.mktemp("issued")
    (root / "forewatch.toml").write_text(TOWN, encoding="utf-8")
    leaves = ("north-1", "north-2", "south-1", "south-2")
    rows = [f"2026-10-11T10:00Z,{leaf},violence,routine,1" for leaf in leaves]
    imported(root, "counts", "start,area,call_type,grade,count", *rows)
    IssueStore(root / "issues").publish(issue_of_the_town())
    return root


@pytest.fixture
def planned(issued: Path, tmp_path: Path) -> Workspace:
    """The same in a folder of the test's own; a test imports the plan of the north's week."""
    shutil.copytree(issued, tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path)


def ask(workspace: Workspace, **asked: Any) -> Any:
    question = PlanQuestion(**{"week": "2026-W44", "areas": ("north",), **asked})
    return week_plans(workspace, question, NOW)


def plan_of_need(workspace: Workspace, changes: dict[tuple[str, str], int | None]) -> None:
    """Import as many officers as the week needs, but where a test says otherwise."""
    values = ask(workspace).plan_table().frame
    lines = ["area,shift,force_day,planned,known_at"]
    for shift, day, need in zip(
        values["shift"], values["force_day"], values["on_duty"], strict=True
    ):
        officers = changes.get((shift, f"{day:%Y-%m-%d}"), int(need))
        if officers is not None:
            lines.append(f"north,{shift},{day:%Y-%m-%d},{officers},2026-10-01")
    imported(workspace.root, "plan", *lines)


def row(table: Any, shift: str, day: str) -> dict[str, Any]:
    frame = table.frame
    found: dict[str, Any] = (
        frame[(frame["shift"] == shift) & (frame["force_day"] == day)].iloc[0].to_dict()
    )
    return found


def test_without_a_plan_every_shift_is_unknown_and_never_zero(planned: Workspace) -> None:
    table = ask(planned).plan_table()
    assert len(table) == 21
    assert set(table.frame["state"]) == {"no_plan"}
    assert np.isnan(table.frame["planned"]).all()
    assert np.isnan(table.frame["p_short_at_tightest"]).all()
    moves = ask(planned).moves_table(10)
    assert "what stays short isn't known" in moves.heading[-1]
    assert moves.provenance["still_short"] is None
    for table in (ask(planned).decide_table(), moves):
        assert len(table) == 0
        assert "21 of 21 shifts have no plan, and nothing is said of them" in table.heading[-1]


def test_a_shift_that_lacks_officers_is_told_decided_on_and_mended(planned: Workspace) -> None:
    plan_of_need(planned, {("night", "2026-10-30"): 0, ("late", "2026-10-28"): None})
    found = ask(planned)
    empty = row(found.plan_table(), "night", "2026-10-30")
    assert (empty["state"], empty["planned"]) == ("forecast", 0.0)
    assert empty["gap"] == empty["on_duty"] >= 2
    assert empty["p_short_at_tightest"] > 0.5
    # 15 clear days before 30 October: notice on the 14th at the latest, and now it is the 13th.
    assert (empty["notice"], empty["last_cheap_day"]) == (
        "roster_published",
        pd.Timestamp("2026-10-14"),
    )
    assert empty["late_cost"] == pytest.approx(8 * 32 * 1.5)
    unknown = row(found.plan_table(), "late", "2026-10-28")
    assert (unknown["state"], np.isnan(unknown["gap"])) == ("no_plan", True)
    assert found.decide_table().frame["shift_id"].tolist() == ["north/response/2026-10-30/night"]
    moves = found.moves_table(60)
    # Its half-hours need some in the night; its hours of work need some in any shift of the day.
    assert moves.frame["to_shift_id"].str.startswith("north/response/2026-10-30/").all()
    assert "north/response/2026-10-30/night" in set(moves.frame["to_shift_id"])
    assert "nothing stays short" in moves.heading[-1]
    assert "half-hours or force-days stay short" in found.moves_table(1).heading[-1]


def test_a_date_alone_is_the_days_beginning_and_that_of_today_is_now(planned: Workspace) -> None:
    clock = Clock.of(planned.profile)
    before = pd.Timestamp.now("UTC")
    today = clock.force_day(pd.DatetimeIndex([before]))[0]
    found = notice_instant(planned, f"{today:%Y-%m-%d}")
    assert found is not None
    assert before <= found <= pd.Timestamp.now("UTC")
    assert notice_instant(planned, f"{today:%Y-%m-%d}T07:00") == clock.day_start(today)
    assert notice_instant(planned, "2026-10-13") == pd.Timestamp("2026-10-13T06:00Z")
    assert notice_instant(planned, None) is None
    table = week_plans(planned, PlanQuestion("2026-W44"), pd.Timestamp("2026-10-13T06:00Z"))
    assert table.heading[-1].endswith(
        "notice given on 2026-10-13, plan as known at 2026-10-13 07:00"
    )


def test_officers_of_shifts_that_the_issue_does_not_know_are_told(planned: Workspace) -> None:
    file = planned.root / "forewatch.toml"
    text = file.read_text(encoding="utf-8")
    assert 'id = "late"' in text
    extra = '[[shifts]]\nid = "extra"\nname = "Extra"\nstart = 10:00:00\nend = 18:00:00\n'
    file.write_text(text.replace("[[shifts]]", f"{extra}\n[[shifts]]", 1), encoding="utf-8")
    head = "area,shift,force_day,planned,known_at"
    rows = ("north,extra,2026-10-30,9,2026-10-01", "north,late,2026-10-30,3,2026-10-01")
    imported(planned.root, "plan", head, *rows)
    found = ask(Workspace(planned.root))
    assert found.provenance["unknown_shifts"] == [
        {
            "shift_id": "north/response/2026-10-30/extra",
            "area": "north",
            "role": "response",
            "shift": "extra",
            "force_day": "2026-10-30",
            "planned": 9,
        }
    ]
    assert [line for line in found.heading if "NOT COUNTED" in line] == [
        (
            "NOT COUNTED: 9 officers planned for shifts that issue 1 doesn't know: north/response/"
            "2026-10-30/extra (9); run 'forewatch issue' where the settings have them"
        )
    ]
    assert any("was made with other settings of officers" in line for line in found.heading)
    elsewhere = ask(Workspace(planned.root), areas=("south",))
    assert "nothing is planned for these areas; ask with --area for north" in elsewhere.heading
    asked = ("staffing", "--area", "north", "--from", "2026-10-30", "--to", "2026-10-31")
    shown = run(planned.root, *asked)
    assert "NOT COUNTED: 9 officers" in shown.output, shown.output + shown.stderr


def test_public_holidays_have_their_own_notice(planned: Workspace) -> None:
    found = ask(planned)
    assert found.notice.holidays["north"].issuperset({pd.Timestamp("2026-12-25")})


def test_what_isnt_there_is_named_with_what_is_near(planned: Workspace) -> None:
    with pytest.raises(UnknownArea, match="no area 'nroth'; near names: north"):
        ask(planned, areas=("nroth",))


def test_the_commands_print_the_plan_what_to_decide_and_the_moves(planned: Workspace) -> None:
    plan_of_need(planned, {("night", "2026-10-30"): 0})
    asked = ("plan", "--week", "2026-W44", "--area", "north")
    plan = run(planned.root, *asked)
    assert plan.exit_code == 0, plan.output + plan.stderr
    assert "Town, issue 1, data until 2026-10-12 07:00" in plan.output
    moves = json.loads(run(planned.root, *asked, "--moves", "9", "--format", "json").output)
    assert (moves["week"], moves["percentile"], moves["currency"]) == ("2026-W44", 80, "GBP")
    assert "staffing.minimum" in moves["assumed"]
    decide = run(planned.root, *asked, "--decide", "--format", "csv")
    assert decide.output.startswith("area,area_name,shift_id,shift,force_day")
    refused = run(planned.root, *asked, "--chance", "0.3")
    assert (refused.exit_code, "ask --decide with it" in refused.stderr) == (2, True)
    on_the_day = run(planned.root, *asked, "--decide", "--on", "2026-10-13")
    assert "notice given on 2026-10-13" in on_the_day.output
    assert "north" in on_the_day.output.splitlines()[-1] or "night" in on_the_day.output
    both = run(planned.root, *asked, "--decide", "--moves", "9")
    assert (both.exit_code, "ask one of them" in both.stderr) == (2, True)


def test_the_plan_is_a_workbook_and_a_calendar_too(planned: Workspace, tmp_path: Path) -> None:
    plan_of_need(planned, {("night", "2026-10-30"): 0, ("late", "2026-10-28"): None})
    asked = ("plan", "--week", "2026-W44", "--area", "north", "--on", "2026-10-13")
    without = run(planned.root, *asked, "--format", "xlsx")
    assert (without.exit_code, "needs --out FILE.xlsx" in without.stderr) == (2, True)
    book = tmp_path / "plan.xlsx"
    done = run(planned.root, *asked, "--decide", "--format", "xlsx", "--out", str(book))
    assert done.exit_code == 0, done.output + done.stderr
    head, *rows = load_workbook(book).get_sheet_by_name("rows").to_python()
    assert [row[head.index("shift_id")] for row in rows] == ["north/response/2026-10-30/night"]
    every = Calendar.from_ical(run(planned.root, *asked, "--format", "ics").output)
    uids = {str(each["uid"]) for each in every.walk("VEVENT")}
    # The late shift of which nobody told the plan is told of too, and the early one beside it.
    assert "north/response/2026-10-30/night@forewatch" in uids
    assert "north/response/2026-10-28@forewatch" in uids
    file = tmp_path / "a folder that is made" / "decide.ics"
    assert (
        run(planned.root, *asked, "--decide", "--format", "ics", "--out", str(file)).exit_code == 0
    )
    (event,) = Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert event["uid"] == "north/response/2026-10-30/night@forewatch"
    assert (event["dtstart"].to_ical(), event["dtend"].to_ical()) == (
        b"20261030T230000Z",
        b"20261031T070000Z",
    )
    refused = run(planned.root, *asked, "--moves", "3", "--format", "ics")
    assert (refused.exit_code, "a calendar has shifts, not moves" in refused.stderr) == (2, True)


def test_what_is_decided_and_moved_is_told_to_programs_as_to_persons(planned: Workspace) -> None:
    plan_of_need(planned, {("night", "2026-10-30"): 0, ("late", "2026-10-28"): None})
    found = ask(planned)
    decide, moves = found.decide_table(0.4).provenance, found.moves_table(1).provenance
    assert (decide["chance"], decide["shifts_without_plan"]) == (0.4, 1)
    assert (moves["most_changes"], moves["changes"], moves["shifts_without_plan"]) == (1, 1, 1)
    assert moves["still_short"] > 0
    assert decide["noticed_on"] == "2026-10-13"


def test_a_shift_that_lacks_officers_beside_one_without_a_plan_is_decided_on(
    planned: Workspace, make_issue: Callable[..., Issue]
) -> None:
    overlapping = TOWN.replace("end = 07:00:00", "end = 08:00:00")
    (planned.root / "forewatch.toml").write_text(overlapping, encoding="utf-8")
    town = make_issue()
    night = town.profile.shifts[-1].model_copy(update={"end": time(8)})
    own = town.profile.model_copy(update={"shifts": (*town.profile.shifts[:-1], night)})
    IssueStore(planned.root / "issues").publish(replace(town, profile=own))
    plan_of_need(planned, {("night", "2026-10-30"): 0, ("early", "2026-10-31"): None})
    table = ask(planned).decide_table()
    assert table.frame["shift_id"].tolist() == ["north/response/2026-10-30/night"]
    assert np.isnan(table.frame["p_short_at_tightest"]).all()
    assert "of 1 it can't be said how probably" in table.heading[-1]


def test_the_command_compares_files_of_shifts(
    planned: Workspace, make_issue: Callable[..., Issue]
) -> None:
    for name, end in (("now", "15:00:00"), ("later", "17:00:00")):
        (planned.root / f"{name}.toml").write_text(SHIFTS.format(end=end), encoding="utf-8")
    files = [str(planned.root / f"{name}.toml") for name in ("now", "later")]
    asked = ("--week", "2026-W44", "--area", "north")
    done = run(planned.root, "shifts", "compare", *files, *asked)
    assert done.exit_code == 0, done.output + done.stderr
    about, stale, said, head, first, second = done.output.splitlines()[:6]
    assert about == "Town, issue 1, data until 2026-10-12 07:00"
    assert stale.startswith("STALE")  # by today's clock
    assert said == (
        "2026-10-26 to 2026-11-01 (7 force-days), role response, cover for 80 of 100 cases"
    )
    at = head.split().index("pattern")
    assert head.split()[0] == "area"
    assert head.split()[at + 1] == "officer_hours"
    assert [line.split()[0] for line in (first, second)] == ["north", "north"]
    assert [line.split()[at] for line in (first, second)] == ["now", "later"]
    told = json.loads(
        run(planned.root, "shifts", "compare", *files, *asked, "--format", "json").output
    )
    assert (told["issue"], told["percentile"]) == (1, 80)
    assert [(row["area"], row["pattern"]) for row in told["rows"]] == [
        ("north", "now"),
        ("north", "later"),
    ]
    assert first.split()[at + 1] == f"{told['rows'][0]['officer_hours']:,.0f}"
    IssueStore(planned.root / "issues").publish(make_issue(days=9))
    year = run(planned.root, "shifts", "compare", *files, "--year", "--area", "north")
    assert "issue 2, data until" in year.output
    assert "2026-10-12 to 2026-10-20 (9 force-days)" in year.output
    one = run(planned.root, "shifts", "compare", files[0])
    assert (one.exit_code, "two files" in one.stderr) == (2, True)
    same = run(planned.root, "shifts", "compare", files[0], files[0])
    assert (same.exit_code, "is given twice" in same.stderr) == (2, True)


def test_a_file_of_shifts_that_leaves_a_gap_is_refused(planned: Workspace) -> None:
    good, bad = planned.root / "good.toml", planned.root / "bad.toml"
    good.write_text(SHIFTS.format(end="15:00:00"), encoding="utf-8")
    bad.write_text("\n".join(SHIFTS.format(end="15:00:00").splitlines()[:11]), encoding="utf-8")
    done = run(planned.root, "shifts", "compare", str(good), str(bad), "--week", "2026-W44")
    assert done.exit_code == 2
    assert "no shift of town (role response) covers Monday 23:00–Tuesday 07:00" in done.stderr


def test_a_curve_says_what_one_more_officer_buys(planned: Workspace) -> None:
    plan_of_need(planned, {("late", "2026-10-28"): 3})
    shift = "north/response/2026-10-28/late"
    asked = ask(planned)
    needed = row(asked.plan_table(), "late", "2026-10-28")
    done = run(planned.root, "shifts", "curve", shift, "--format", "json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    rows = {each["officers"]: each for each in told["rows"]}
    assert (told["shift_id"], told["planned"]) == (shift, 3)
    assert list(rows) == list(range(2, int(np.ceil(1.5 * needed["on_duty"])) + 1))
    assert rows[3]["is"] == "planned"
    assert rows[needed["on_duty"]]["is"] == "needed"
    # All others are planned as they are needed, so the plan of three is on the curve.
    assert rows[3]["p_short_at_tightest"] == pytest.approx(needed["p_short_at_tightest"], abs=1e-6)
    for wrong, said in (
        ("north/response/2026-10-28/lat", "that day has north/response/2026-10-28/early, "),
        ("late", "'late' is no id of a shift; it is area/role/force-day/shift"),
        ("north/response/2027-10-28/late", "is not forecast; ask for a day that the issue reaches"),
    ):
        refused = run(planned.root, "shifts", "curve", wrong)
        assert refused.exit_code == 2
        assert said in refused.stderr
