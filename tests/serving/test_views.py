"""Views: questions with a name, from forewatch.toml to the terminal, the API and files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from forewatch.errors import SettingsError, UnknownView
from planning.issues import Issue, Part
from serving.api.answers import Job
from serving.cli import cli
from serving.issue_store import IssueStore
from serving.queries import ForecastQuery, MissingQuery, ViewQuery
from serving.reach import Reach
from serving.settings import parse
from serving.standing import Standing
from serving.view_answers import view_faults
from serving.view_file import ViewFile
from serving.views import View, find_view
from serving.workspace import Workspace

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

TOWN = """
call_types = [{ id = "violence", name = "Violence" }]
[force]
id = "town"
name = "Town"
zone = "Europe/London"
"""
CONTROL_ROOM = """
[[views]]
id = "control-room"
title = "Calls by shift"
answer = "forecast"
question = { area = ["north", "South-1"], by = "shift", week = "2026-W43" }
columns = ["start_local", "area", "mean", "q90"]
"""
MISSING = """
[[views]]
id = "missing-persons"
title = "Missing persons"
answer = "missing"
question = { by = "week", week = "2026-W43" }
"""
WHERE = "/v1/views/control-room"
WEEK = {"week": "2026-W43"}


def view(**more: Any) -> View:
    return View.model_validate({"id": "v", "title": "V", "answer": "forecast"} | more)


# As it is written in forewatch.toml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ansver = 'forecast'", "views no. 1.ansver: no such key; did you mean answer?"),
        (
            "answer = 'staffing'",
            "views no. 1.answer: no such answer; there are forecast, explain, missing; found",
        ),
        (
            "question = { areas = ['north'] }",
            "views no. 1.question.areas: no such key in a question of forecast; did you mean area?",
        ),
        (
            "question = { limit = 5 }",
            "views no. 1.question.limit: no such key in a question of forecast; known here: week,",
        ),
        (
            "answer = 'missing'\nquestion = { grade = ['immediate'] }",
            "views no. 1.question.grade: no such key in a question of missing",
        ),
        ("question = { by = 'month' }", "views no. 1.question.by: input should be 'hour', 'shift'"),
        (
            "question = { area = 7 }",
            "views no. 1.question.area: input should be a valid list",
        ),
        ('title = "a\\u001b[31mb"', "views no. 1.title: holds characters that can't be shown"),
        (
            "question = { week = 'W49' }",
            "views no. 1.question.week: can't be read; write it like '2026-W49'; found 'W49'",
        ),
        (
            "question = { quantiles = '50' }",
            "views no. 1.question.quantiles: can't be read; write it like '0.05,0.5,0.95'",
        ),
        ("columns = ['mean', 'q90', 'mean']", "views no. 1.columns: mean stands there twice"),
        ("title = ' '", "views no. 1.title: string should have at least 1 character"),
        ("colours = []", "views no. 1.colours: no such key; did you mean columns?"),
    ],
)
def test_a_mistake_in_a_view_is_named_by_its_key(text: str, said: str) -> None:
    given = {"id": "'v'", "title": "'V'", "answer": "'forecast'"}
    lines = [f"{key} = {value}" for key, value in given.items() if f"{key} =" not in text]
    with pytest.raises(SettingsError) as caught:
        parse("\n".join([TOWN, "[[views]]", *lines, text]))
    assert said in str(caught.value)


def test_one_of_a_list_may_stand_alone_and_a_list_of_numbers_be_a_list() -> None:
    found = view(question={"area": "north", "at_least": [1, 2], "quantiles": [0.1, 0.9]})
    assert found.question == {"area": ["north"], "at_least": "1,2", "quantiles": "0.1,0.9"}


def test_no_two_views_have_the_same_name() -> None:
    with pytest.raises(SettingsError, match="views holds an id twice: control-room, control-room"):
        parse(TOWN + CONTROL_ROOM + CONTROL_ROOM)


def test_views_are_no_part_of_what_an_issue_is_made_with() -> None:
    settings = parse(TOWN + CONTROL_ROOM)
    assert settings.profile == parse(TOWN).profile
    assert settings.views[0].columns == ("start_local", "area", "mean", "q90")


# What is asked


def test_time_issue_and_page_take_the_place_of_the_views_own() -> None:
    found = view(question={"week": "this", "area": ["north"], "issue": 3})
    assert found.query(ViewQuery()) == ForecastQuery(week="this", area=["north"], issue=3)
    day = ViewQuery.model_validate({"from": "2026-10-20", "to": "2026-10-21", "limit": 7})
    assert found.query(day) == ForecastQuery.model_validate(
        {"from": "2026-10-20", "to": "2026-10-21", "area": ["north"], "issue": 3, "limit": 7}
    )
    assert found.query(ViewQuery(issue=4)).issue == 4
    assert view(answer="missing").query(ViewQuery(week="next")) == MissingQuery(week="next")


def test_a_view_that_is_not_there_comes_with_near_names() -> None:
    views = (view(), view(id="control-room"))
    assert find_view(views, "control-room") is views[1]
    with pytest.raises(UnknownView, match="no view 'controlroom'; near names: control-room"):
        find_view(views, "controlroom")
    with pytest.raises(UnknownView, match="no view 'v'; there is none"):
        find_view((), "v")


def test_a_file_that_changes_is_read_anew_and_a_slip_leaves_views_as_they_were(
    tmp_path: Path,
) -> None:
    path = tmp_path / "forewatch.toml"
    file = ViewFile(path)
    assert file.views() == ()
    for text, there in (
        (TOWN + CONTROL_ROOM, ["control-room"]),
        (TOWN + CONTROL_ROOM + "oops", ["control-room"]),
        (TOWN + CONTROL_ROOM + MISSING, ["control-room", "missing-persons"]),
    ):
        path.write_text(text, encoding="utf-8")  # of another size each time
        assert [found.id for found in file.views()] == there
    path.unlink()
    assert len(file.views()) == 2


# By the command line


@pytest.fixture
def town(tmp_path: Path, make_issue: Callable[..., Issue], missing: Part) -> Path:
    (tmp_path / "forewatch.toml").write_text(TOWN + CONTROL_ROOM + MISSING, encoding="utf-8")
    IssueStore(tmp_path / "issues").publish(make_issue().with_part("missing", missing))
    return tmp_path


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-w", str(root), "view", *words])


def lines_until(found: Result, start: str) -> list[str]:
    """The lines printed, to the first that begins in some way."""
    lines = found.output.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(start))
    return lines[: first + 1]


def test_views_are_listed_with_what_they_ask(town: Path) -> None:
    head, first, second = run(town).output.splitlines()
    assert head.split() == ["view", "title", "question"]
    assert first.split(maxsplit=1) == [
        "control-room",
        "Calls by shift   forecast --area north --area South-1 --by shift --week 2026-W43",
    ]
    assert second.endswith("missing --by week --week 2026-W43")
    (town / "forewatch.toml").write_text(TOWN, encoding="utf-8")
    assert run(town).output.startswith("no views; write [[views]] into forewatch.toml")


def test_a_person_gets_the_title_the_views_columns_and_the_legend_of_these(town: Path) -> None:
    title, *above, head, first = lines_until(run(town, "control-room"), "Mon 19 Oct 07:00")
    legend = run(town, "control-room").output.split("\n\n")[1].splitlines()
    assert (title, above[-1].split(":")[0]) == ("Calls by shift", "expected calls by shift")
    assert head.split() == ["start_local", "area", "mean", "q90"]
    assert first.split()[:6] == ["Mon", "19", "Oct", "07:00", "north", "8.0"]
    assert [line.split()[0] for line in legend] == ["mean", "q90"]


def test_columns_are_shown_though_all_rows_have_the_same(town: Path) -> None:
    found = run(town, "control-room", "--from", "2026-10-21T15:00", "--to", "2026-10-21T16:00")
    head, row = lines_until(found, "Wed 21 Oct 15:00")[-2:]
    assert head.split() == ["start_local", "area", "mean", "q90"]
    assert row.split()[4] == "north"


def test_what_is_to_be_said_of_rows_is_said_though_the_view_lacks_the_column(town: Path) -> None:
    found = run(town, "control-room", "--week", "2027-W10").output
    assert "no_forecast: " in found


def test_files_have_the_views_columns_and_say_which_view_it_was(town: Path) -> None:
    head = run(town, "control-room", "--format", "csv").output.splitlines()[0]
    assert head.startswith("start_local,area,mean,q90,issue,origin,")
    said = json.loads(run(town, "control-room", "--format", "json").output)
    assert (said["view"], said["title"]) == ("control-room", "Calls by shift")
    assert list(said["columns"]) == list(said["rows"][0]) == ["start_local", "area", "mean", "q90"]
    out = town / "view.parquet"
    assert run(town, "control-room", "--format", "parquet", "--out", str(out)).exit_code == 0
    schema = parquet.read_schema(out)
    assert schema.names == ["start_local", "area", "mean", "q90"]
    assert json.loads(schema.metadata[b"forewatch"])["view"] == "control-room"


def test_a_view_without_columns_is_shown_as_its_command_shows_it(town: Path) -> None:
    title, *shown = run(town, "missing-persons").output.splitlines()
    by_command = CliRunner().invoke(
        cli, ["-w", str(town), "missing", "--by", "week", "--week", "2026-W43"]
    )
    assert (title, shown) == ("Missing persons", by_command.output.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("controlroom",), "no view 'controlroom'; near names: control-room"),
        (("control-room", "--area", "south"), "No such option '--area'"),
        (("control-room", "--week", "2026-W60"), "no ISO week '2026-W60'"),
        (("--week", "this"), "--week needs the name of a view"),
        (("control-room", "--format", "parquet"), "--format parquet needs --out"),
    ],
)
def test_what_can_not_be_asked_of_a_view_is_refused(
    town: Path, words: tuple[str, ...], said: str
) -> None:
    found = run(town, *words)
    assert (found.exit_code, said in found.output) == (2, True), found.output


def test_names_that_are_not_there_are_told_when_asked_and_by_the_check(town: Path) -> None:
    assert view_faults(Workspace(town)) == ()
    text = CONTROL_ROOM.replace('"mean"', '"meen"') + MISSING.replace(
        'by = "week"', 'area = ["Nowhere"]'
    )
    (town / "forewatch.toml").write_text(TOWN + text, encoding="utf-8")
    column = "view control-room: no column 'meen'; near names: mean, "  # others follow
    area = "no area 'Nowhere'; near names: "
    assert column in run(town, "control-room").output
    assert area in run(town, "missing-persons").output
    first, second = view_faults(Workspace(town))
    assert first.startswith(column)
    assert first.endswith("mend columns under [[views]] in forewatch.toml")
    assert second.startswith(f"view missing-persons: {area}")


# By the API


def test_the_api_lists_the_views(bench: Bench) -> None:
    listed = bench.get("/v1/views")["views"]
    assert [each["id"] for each in listed] == ["control-room", "of-north", "of-south"]
    assert listed[0]["question"] == {"by": "shift", "at_least": "1,2"}


def test_a_view_has_the_rows_of_its_question_and_its_own_columns(bench: Bench) -> None:
    found = bench.get(WHERE, **WEEK)
    plain = bench.get("/v1/forecasts", by="shift", at_least="1,2", **WEEK)
    names = ["start_local", "area", "mean", "q90", "p_at_least_2"]
    assert found["rows"] == [{name: row[name] for name in names} for row in plain["rows"]]
    assert (found["view"], found["title"]) == ("control-room", "Calls by shift")
    assert list(found["columns"]) == names
    same = ("issue", "origin", "by", "unit", "total_rows", "notes")
    assert [found[name] for name in same] == [plain[name] for name in same]
    csv = bench.client.get(WHERE, params=WEEK, headers={"Accept": "text/csv"})
    assert list(pd.read_csv(io.StringIO(csv.text)))[:5] == names


def test_pages_of_a_view_lead_to_each_other(bench: Bench) -> None:
    rows, page = [], f"{WHERE}?week=2026-W43&limit=9"
    while page:
        assert page.startswith(f"{WHERE}?")
        found = bench.get(page)
        rows += found["rows"]
        page = found["next"]
    assert rows == bench.get(WHERE, **WEEK)["rows"]
    assert len(rows) == 21


def test_a_view_is_answered_with_a_tag_that_changes_with_it(bench: Bench) -> None:
    first = bench.client.get(WHERE, params=WEEK)
    tag = {"If-None-Match": first.headers["etag"]}
    assert bench.client.get(WHERE, params=WEEK, headers=tag).status_code == 304
    head = bench.client.head(WHERE, params=WEEK)
    assert (head.status_code, head.content, head.headers["etag"]) == (
        200,
        b"",
        tag["If-None-Match"],
    )
    fewer = bench.views[0].model_copy(update={"columns": ("mean",)})
    bench.views = (fewer,)
    again = bench.client.get(WHERE, params=WEEK, headers=tag)
    assert (again.status_code, [*again.json()["rows"][0]]) == (200, ["mean"])


def test_a_view_without_a_time_is_about_the_next_week(bench: Bench) -> None:
    assert bench.get(WHERE)["rows"][0]["start_local"].startswith("2026-10-19T07:00")


def test_what_is_not_for_the_asker_to_say_is_refused(bench: Bench) -> None:
    said = bench.refused(WHERE, 422, area="north")
    assert said["detail"].endswith(
        "; a view is asked as it stands: only time, issue, page and format are for you to say"
    )
    assert set(said["near"]) <= {
        "week",
        "from",
        "to",
        "issue",
        "limit",
        "offset",
        "format",
    }
    assert bench.refused("/v1/views/controlroom", 404) == {
        "type": "urn:forewatch:problem:unknown-view",
        "title": "No such view",
        "status": 404,
        "detail": "no view 'controlroom'; near names: control-room, of-north",
        "near": ["control-room", "of-north"],
    }
    assert bench.refused(WHERE, 404, issue=9)["type"] == "urn:forewatch:problem:unknown-issue"
    bench.views = (view(columns=["meen"]),)
    assert "view v: no column 'meen'" in bench.refused("/v1/views/v", 503)["detail"]
    bench.views = (view(question={"area": ["nrth"]}),)
    assert bench.refused("/v1/views/v", 404)["type"] == "urn:forewatch:problem:unknown-area"


def test_a_view_costs_what_its_question_does(bench: Bench) -> None:
    bench.views = (view(question={"by": "hour", "area": ["beat"], "call_type": ["each"]}),)
    bench.settings = bench.settings.model_copy(update={"max_cost": 1})
    bench.__post_init__()
    assert bench.refused("/v1/views/v", 422, **WEEK)["type"] == "urn:forewatch:problem:too-costly"


def test_a_job_about_a_view_is_read_as_it_was_written() -> None:
    found = view(question={"area": ["north"]}, columns=["mean"])
    now = pd.Timestamp("2026-10-13T06:00Z")
    query = found.query(ViewQuery(week="2026-W43"))
    job = Job("forecast", query, Reach(), 1, "text/csv", now, Standing(), found)
    assert Job.read(job.written()) == job
