from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from planning.issues import Issue
from planning.tables import Column, Table
from serving.api import answer_schemas, answers, schemas
from serving.writers.csv_file import csv_file
from serving.writers.json_document import json_document

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]

WEEK = {"week": "2026-W43"}  # 169 hours: the clocks go back on its Sunday
ASKED = "/v1/forecasts?week=2026-W43"


def rows(bench: Bench, **asked: Any) -> list[dict[str, Any]]:
    said = bench.get("/v1/forecasts", **(WEEK | asked))
    found: list[dict[str, Any]] = said["rows"]
    return found


# What an answer says


def test_a_week_of_the_force_is_found_by_hand(bench: Bench) -> None:
    # 169 hours, of which 7 × 6 from 18:00 to midnight; 2.5 calls an hour of each type.
    (row,) = rows(bench, by="week")
    assert row["mean"] == pytest.approx(169 * 2.5 + (169 + 42) * 2.5)
    assert row["baseline"] == pytest.approx(0.9 * row["mean"])
    assert (row["start"], row["end"]) == ("2026-10-19T06:00:00Z", "2026-10-26T07:00:00Z")
    assert (row["area"], row["call_type"], row["grade"]) == ("town", "all", "all")
    assert row["q05"] < row["q50"] < row["q95"]


def test_parts_add_up_to_their_total_over_rest(bench: Bench) -> None:
    (total,) = rows(bench, by="week")
    questions: tuple[dict[str, Any], ...] = (
        {"area": "district"},
        {"area": ["beat"], "call_type": "each", "grade": "each"},
        {"by": "hour"},
    )
    for asked in questions:
        parts = rows(bench, **({"by": "week"} | asked))
        assert sum(row["mean"] for row in parts) == pytest.approx(total["mean"], abs=1e-4)


def test_an_answer_says_where_it_comes_from(bench: Bench) -> None:
    said = bench.get("/v1/forecasts", **WEEK)
    answer_schemas.ANSWERS["forecast"].model_validate(said)
    expected = {
        "issue": 1,
        "origin": "2026-10-12T06:00:00Z",
        "data_until": "2026-10-12T06:00:00Z",
        "published_at": "2026-10-12T07:30:00Z",
        "horizon": {"start": "2026-10-12T06:00:00Z", "end": "2026-11-16T07:00:00Z"},
        "model_version": "7",
        "models": {"boosting": "lightgbm 4.7", "sarima": "statsmodels 0.15"},
        "data_version": "calls@31",
        "zone": "Europe/London",
        "unit": "calls",
        "notes": ["made by hand"],
        "total_rows": 7,
        "next": None,
    }
    assert {name: said[name] for name in expected} == expected
    assert "last 8 weeks" in said["columns"]["baseline"]["meaning"]


def test_the_ages_come_as_headers_also_with_a_304(bench: Bench) -> None:
    first = bench.client.get(ASKED)
    bench.now += pd.Timedelta(hours=2.5)
    again = bench.client.get(ASKED, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    ages = [
        (one.headers["forewatch-issue-age-hours"], one.headers["forewatch-data-age-hours"])
        for one in (first, again)
    ]
    assert ages == [("22.50", "24.00"), ("25.00", "26.50")]


def test_beyond_the_horizon_there_are_nulls_and_never_zeros(bench: Bench) -> None:
    found = rows(bench, week="2026-W46") + rows(bench, week="2026-W47", by="week")
    assert [row["state"] for row in found] == ["forecast"] * 7 + ["no_forecast"]
    numbers = {"mean", "baseline", "noise_floor", "q05", "q50", "q95"}
    assert {found[-1][name] for name in numbers} == {None}
    line = bench.client.get("/v1/forecasts?week=2026-W47&by=week", headers={"Accept": "text/csv"})
    (cells,) = csv.DictReader(io.StringIO(line.text))
    assert {cells[name] for name in numbers} == {""}


def test_old_data_are_called_stale_and_get_another_tag(bench: Bench) -> None:
    fresh = bench.client.get(ASKED)
    bench.now += pd.Timedelta(days=8)
    old = bench.client.get(ASKED, headers={"If-None-Match": fresh.headers["etag"]})
    assert old.status_code == 200
    assert {row["state"] for row in old.json()["rows"]} == {"stale"}
    assert old.headers["etag"] != fresh.headers["etag"]


def test_dates_and_instants_mean_the_same_span_as_the_week(bench: Bench) -> None:
    week = rows(bench, by="hour")
    for start, end in (
        ("2026-10-19", "2026-10-26"),
        ("2026-10-19T07:00", "2026-10-26T07:00"),
        ("2026-10-19T06:00Z", "2026-10-26T08:00+01:00"),
    ):
        said = bench.get("/v1/forecasts", **{"from": start, "to": end, "by": "hour"})
        assert said["rows"] == week
    assert len(week) == 169


def test_quantiles_are_those_asked_for(bench: Bench) -> None:
    (row,) = rows(bench, by="week", quantiles="0.975,0.5,0.025")
    assert [name for name in row if name.startswith("q")] == ["q02.5", "q50", "q97.5"]
    assert isinstance(row["q50"], int)


def test_names_and_whatever_case_mean_the_same_as_ids(bench: Bench) -> None:
    same = rows(bench, area=["north", "south-1"], call_type="missing_person", by="week")
    named = {"area": ["North", "SOUTH-1"], "call_type": "missing person", "by": "week"}
    assert rows(bench, **named) == same
    assert [(row["area"], row["area_name"], row["call_type_name"]) for row in same] == [
        ("north", "North", "Missing person"),
        ("south-1", "South-1", "Missing person"),
    ]


def test_without_a_time_next_week_is_asked_by_the_forces_clock(bench: Bench) -> None:
    for now, this, following in (
        ("2026-10-13T12:00Z", "2026-W42", "2026-W43"),
        ("2026-10-19T05:59Z", "2026-W42", "2026-W43"),  # Monday, before the force-day begins
        ("2026-10-19T06:00Z", "2026-W43", "2026-W44"),
    ):
        bench.now = pd.Timestamp(now)
        for asked, week in (
            ({}, following),
            ({"week": "next"}, following),
            ({"week": "this"}, this),
        ):
            answer = bench.client.get("/v1/forecasts", params=asked | {"by": "week"})
            assert [row["period"] for row in answer.json()["rows"]] == [week]
            by_label = bench.client.get("/v1/forecasts", params={"week": week, "by": "week"})
            assert by_label.headers["etag"] == answer.headers["etag"]


def test_pages_of_next_week_stay_with_it(bench: Bench) -> None:
    page = bench.get("/v1/forecasts", limit=5)
    bench.now += pd.Timedelta(days=7)
    following = bench.get(page["next"])
    assert [row["period"] for row in page["rows"] + following["rows"]] == [
        f"2026-10-{day}" for day in range(19, 26)
    ]


def test_the_chance_of_at_least_k_is_given_for_any_group(bench: Bench) -> None:
    found = rows(bench, area="beat", call_type="each", by="day", at_least="20,1,5")
    names = [name for name in found[0] if name.startswith("p_at")]
    assert names == ["p_at_least_1", "p_at_least_5", "p_at_least_20"]
    for row in found:
        assert 1 >= row[names[0]] >= row[names[1]] >= row[names[2]] >= 0


def test_head_says_what_get_would_say(bench: Bench) -> None:
    got, head = bench.client.get(ASKED), bench.client.head(ASKED)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]
    assert head.headers["content-length"] == got.headers["content-length"]


def test_shifts_have_stable_names(bench: Bench) -> None:
    found = rows(bench, by="shift")
    assert [row["period"] for row in found[:3]] == [
        f"2026-10-19/{shift}" for shift in ("early", "late", "night")
    ]
    assert [row["force_day"] for row in found[:4]] == ["2026-10-19"] * 3 + ["2026-10-20"]


# Pages


def test_pages_put_together_are_the_whole_answer(bench: Bench) -> None:
    asked = {"area": ["district", "town"], "call_type": "each", "by": "day"}
    whole = rows(bench, **asked)
    assert len(whole) == 3 * 2 * 7
    found = []
    page = bench.get("/v1/forecasts", **(WEEK | asked), limit=5)
    while True:
        found += page["rows"]
        if page["next"] is None:
            break
        page = bench.get(page["next"])
    assert found == whole


def test_the_next_page_stays_with_its_issue(bench: Bench, make_issue: MakeIssue) -> None:
    first = bench.client.get("/v1/forecasts", params=WEEK | {"limit": 4})
    assert first.headers["link"] == f'<{first.json()["next"]}>; rel="next"'
    bench.issues().publish(make_issue().with_whole(model_version="8"))
    assert bench.get(first.json()["next"])["model_version"] == "7"
    assert bench.get("/v1/forecasts", **WEEK)["model_version"] == "8"


def test_a_page_beyond_the_last_row_is_empty(bench: Bench) -> None:
    said = bench.get("/v1/forecasts", **WEEK, offset=100)
    assert (said["rows"], said["total_rows"], said["next"]) == ([], 7, None)


# JSON, CSV, and what the client has already


def test_csv_holds_the_same_rows_and_says_where_they_come_from(bench: Bench) -> None:
    answer = bench.client.get(ASKED, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    for line, row in zip(lines, rows(bench), strict=True):
        assert {name: line[name] for name in row} == {k: str(v) for k, v in row.items()}
    assert {line["issue"] for line in lines} == {"1"}
    assert lines[0]["origin"] == "2026-10-12T06:00:00Z"
    assert lines[0]["models"] == "boosting:lightgbm 4.7 sarima:statsmodels 0.15"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=0.4, application/json;q=0.5", "application/json"),
        ("text/*, */*;q=0.1", "text/csv"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/html, application/json", "application/json"),
        ("nonsense, text/csv;q=x, application/*", "application/json"),
        ("TEXT/CSV", "text/csv"),
    ],
)
def test_the_client_gets_the_kind_it_likes_best(bench: Bench, accept: str, kind: str) -> None:
    answer = bench.client.get(ASKED, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind


def test_a_kind_that_is_not_offered_is_406(bench: Bench) -> None:
    answer = bench.client.get(ASKED, headers={"Accept": "text/html, text/csv;q=0"})
    assert answer.status_code == 406
    assert "comes as application/json or text/csv" in answer.json()["detail"]


def test_what_the_client_has_costs_a_304_without_a_body(bench: Bench) -> None:
    for path in (ASKED, "/v1/issues", "/v1/issues/1", "/v1/areas", "/v1/call-types", "/v1/models"):
        tag = bench.client.get(path).headers["etag"]
        assert tag == bench.client.get(path).headers["etag"]
        assert not tag.startswith("W/")
        for known in (tag, f'"x", {tag}', f"W/{tag}"):
            again = bench.client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
        assert bench.client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


def test_each_question_and_kind_has_its_own_tag(bench: Bench) -> None:
    asked = [ASKED, f"{ASKED}&by=hour", f"{ASKED}&area=north", f"{ASKED}&limit=3"]
    tags = {bench.client.get(path).headers["etag"] for path in asked}
    tags.add(bench.client.get(ASKED, headers={"Accept": "text/csv"}).headers["etag"])
    assert len(tags) == 5


def test_a_new_issue_has_another_tag(bench: Bench, make_issue: MakeIssue) -> None:
    tag = bench.client.get(ASKED).headers["etag"]
    bench.issues().publish(make_issue())
    answer = bench.client.get(ASKED, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json()["issue"]) == (200, 2)


def test_a_spreadsheet_takes_no_cell_for_a_formula() -> None:
    foreign = np.array(["=cmd", "+1", "-1", "@x", "\tx", "fine"], dtype=object)
    columns = (Column("area", "", type="text"), Column("mean", ""))
    table = Table(columns, {"area": foreign, "mean": np.full(6, -1.5)}, {"withdrawn": "=x"})
    lines = csv_file(table).decode().splitlines()
    cells = list(csv.reader(lines[1:]))
    assert [cell[0] for cell in cells] == ["'=cmd", "'+1", "'-1", "'@x", "'\tx", "fine"]
    assert {cell[1] for cell in cells} == {"-1.5"}
    assert {cell[2] for cell in cells} == {"'=x"}


def test_json_never_holds_a_number_that_is_none() -> None:
    columns = (Column("mean", ""), Column("q05", "", type="whole"))
    values = {"mean": np.array([np.nan, np.inf, -0.0]), "q05": np.array([np.nan, 3, 4])}
    assert json_document(Table(columns, values, {"issue": 1})) == (
        b'{"issue":1,"rows":[{"mean":null,"q05":null},{"mean":null,"q05":3},{"mean":0.0,"q05":4}]}'
    )


# Questions that can't be answered


@pytest.mark.parametrize(
    ("asked", "status", "near"),
    [
        ({"area": "nort"}, 404, ["north"]),
        ({"area": "distict"}, 404, ["district"]),
        ({"call_type": "violense"}, 404, ["violence"]),
        ({"grade": "imediate"}, 404, ["immediate"]),
        ({"week": "2026-W60"}, 422, ["2026-W46"]),
        ({"week": "2026W43"}, 422, ["2026-W43"]),
        ({"week": "soon"}, 422, ["2026-W42"]),
        ({"week": "0001-W01"}, 422, ["2026-W42"]),
        ({"weak": "2026-W43"}, 422, ["week"]),
    ],
)
def test_an_unknown_name_gets_the_near_ones(
    bench: Bench, asked: dict[str, str], status: int, near: list[str]
) -> None:
    said = bench.refused("/v1/forecasts", status, **(WEEK | asked))
    assert said["near"][0] == near[0]
    assert said["status"] == status
    schemas.Problem.model_validate(said)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"from": "2026-10-19"}, "say which time: a week like 2026-W49, or from and to"),
        (WEEK | {"from": "2026-10-19"}, "a week and from/to were both given"),
        ({"from": "2026-10-26", "to": "2026-10-19"}, "the span is empty"),
        ({"from": "now", "to": "2026-10-19"}, "no date or time 'now'"),
        ({"from": "2026-13-01", "to": "2026-10-19"}, "2026-13-01"),
        ({"from": "1066-10-14", "to": "2026-10-19"}, "from 1990 to 2199"),
        ({"from": "2026-10-19T01:00 01:00", "to": "2026-10-26"}, "+ is written %2B"),
        ({"from": "2026-01-01", "to": "2027-01-01"}, "the span has 365 days, at most 66"),
        (WEEK | {"quantiles": "0.5,x"}, "no quantiles '0.5,x'; write levels like"),
        (WEEK | {"quantiles": ""}, "no quantiles ''; write levels like"),
        (WEEK | {"quantiles": "0.5_1"}, "no quantiles '0.5_1'; write levels like"),
        (WEEK | {"quantiles": "1e-2"}, "no quantiles '1e-2'; write levels like"),
        (WEEK | {"at_least": "0"}, "at_least counts from 1; found 0"),
        (WEEK | {"at_least": "x"}, "no numbers of calls 'x'; write them like 1,2,5"),
        (WEEK | {"quantiles": "nan"}, "quantiles lie between 0 and 1"),
        (WEEK | {"quantiles": "1.5"}, "quantiles lie between 0 and 1"),
        (WEEK | {"by": "month"}, "by: Input should be 'hour'"),
        (WEEK | {"limit": 0}, "limit: Input should be greater"),
        (WEEK | {"area": ["x"] * 101}, "area: List should have at most 100"),
    ],
)
def test_a_bad_question_is_told_what_to_do(
    bench: Bench, asked: dict[str, Any], message: str
) -> None:
    assert message in bench.refused("/v1/forecasts", 422, **asked)["detail"]


def test_a_question_of_too_many_rows_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = WEEK | {"by": "hour"}  # 169 hours
    monkeypatch.setattr(answers, "MAX_QUESTION_ROWS", 169)
    assert bench.get("/v1/forecasts", **asked, limit=1)["total_rows"] == 169
    said = bench.refused("/v1/forecasts", 422, **asked, area="district")
    assert "the question has 338 rows, at most 169" in said["detail"]


def test_a_query_that_is_too_long_is_414(bench: Bench) -> None:
    answer = bench.client.get(f"{ASKED}&area={'x' * 8192}")
    assert answer.status_code == 414
    assert answer.headers["content-type"] == "application/problem+json"


def test_before_the_first_issue_the_answer_is_503(empty: Bench) -> None:
    for path in (ASKED, "/v1/areas", "/v1/call-types"):
        assert "run 'forewatch issue'" in empty.refused(path, 503)["detail"]
    assert empty.get("/v1/issues")["issues"] == []
    assert empty.get("/v1/models") == {"model": None, "models": [], "decisions": []}


def test_an_unknown_path_and_method_are_problems_too(bench: Bench) -> None:
    assert bench.refused("/v1/persons", 404)["title"] == "Not Found"
    answer = bench.client.post(ASKED)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_failure_of_ours_tells_a_stranger_nothing(bench: Bench) -> None:
    from starlette.testclient import TestClient  # noqa: PLC0415 - one that doesn't raise

    bench.snapshot("demand").mkdir()  # a folder where a file should be: nothing foresaw that
    client = TestClient(
        bench.app,
        "http://localhost",
        raise_server_exceptions=False,
        headers=dict(bench.client.headers),
    )
    answer = client.get("/v1/models")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "the server failed to answer; its log says why"
    assert str(bench.root) not in answer.text


def test_a_page_of_issues_that_holds_the_last_one_has_no_next(
    bench: Bench, make_issue: Callable[..., Issue]
) -> None:
    bench.issues().publish(make_issue())
    assert bench.get("/v1/issues", limit=2)["next"] is None
    assert bench.get("/v1/issues", limit=1)["next"] == "/v1/issues?limit=1&offset=1"
    assert bench.get("/v1/issues", limit=1, offset=1)["next"] is None


def test_of_a_parameter_that_nobody_knows_63_letters_are_said_back(bench: Bench) -> None:
    said = bench.refused(ASKED, 422, **{"x" * 64: "1"})
    assert "x" * 63 in said["detail"]
    assert "x" * 64 not in said["detail"]
