from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from forewatch.explanation_parts import PARTS
from planning.issues import Issue
from serving.api import answer_schemas

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]
PATH = "/v1/explanations"
WEEK = {"week": "2026-W43"}  # 169 hours: the clocks go back on its Sunday
NUMBERS = ("mean", *PARTS)


def rows(bench: Bench, **asked: Any) -> list[dict[str, Any]]:
    said = bench.get(PATH, **(WEEK | asked))
    answer_schemas.ANSWERS["explain"].model_validate(said)
    found: list[dict[str, Any]] = said["rows"]
    return found


def test_the_parts_of_each_row_add_up_to_the_mean_of_the_forecast(bench: Bench) -> None:
    for asked in ({"by": "hour"}, {"by": "shift", "area": "beat"}, {"call_type": "each"}):
        found = rows(bench, **asked)
        forecast = bench.get("/v1/forecasts", **(WEEK | asked))["rows"]
        for row, plain in zip(found, forecast, strict=True):
            assert row["mean"] == pytest.approx(plain["mean"], abs=2e-6)
            assert sum(row[part] for part in PARTS) == pytest.approx(row["mean"], abs=1e-5)
            assert {name: row[name] for name in ("period", "area", "start", "state")} == {
                name: plain[name] for name in ("period", "area", "start", "state")
            }


def test_an_event_is_found_by_hand(bench: Bench) -> None:
    # The calls are those of the plain level, so what the event brings another thing takes away.
    span = {"from": "2026-10-16", "to": "2026-10-18", "call_type": "missing_person"}
    friday, saturday = bench.get(PATH, **span)["rows"]
    assert (friday["mean"], friday["level"], friday["events"]) == (60.0, 60.0, 0.0)
    assert saturday["events"] == pytest.approx(60 * np.log(1.25), abs=1e-5)
    assert saturday["other"] == pytest.approx(-60 * np.log(1.25), abs=1e-5)


def test_evenings_are_time_of_week(bench: Bench) -> None:
    day = {"from": "2026-10-20", "to": "2026-10-21", "call_type": "violence", "by": "hour"}
    found = bench.get(PATH, **day)["rows"]
    assert len(found) == 24
    evening = [row["time_of_week"] for row in found if row["mean"] == 5.0]
    assert len(evening) == 6
    assert min(evening) > 1
    assert max(row["time_of_week"] for row in found if row["mean"] == 2.5) < 0


def test_csv_and_tags_are_as_those_of_forecasts(bench: Bench) -> None:
    answer = bench.client.get(PATH, params=WEEK, headers={"Accept": "text/csv"})
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    for line, row in zip(lines, rows(bench), strict=True):
        assert {name: line[name] for name in row} == {k: str(v) for k, v in row.items()}
    tag = answer.headers["etag"]
    known = {"Accept": "text/csv", "If-None-Match": tag}
    assert bench.client.get(PATH, params=WEEK, headers=known).status_code == 304
    forecast = bench.client.get("/v1/forecasts", params=WEEK, headers={"Accept": "text/csv"})
    assert forecast.headers["etag"] != tag


def test_pages_follow_each_other(bench: Bench) -> None:
    whole = rows(bench, by="day", area="district")
    first = bench.get(PATH, **WEEK, by="day", area="district", limit=9)
    assert first["next"].startswith(f"{PATH}?")
    assert first["rows"] + bench.get(first["next"])["rows"] == whole
    assert first["total_rows"] == 14


def test_beyond_the_horizon_there_are_nulls(bench: Bench) -> None:
    (row,) = bench.get(PATH, week="2026-W47", by="week")["rows"]
    assert (row["state"], {row[name] for name in NUMBERS}) == ("no_forecast", {None})


def test_an_issue_without_factors_is_said_to_have_none(bench: Bench, make_issue: MakeIssue) -> None:
    made = make_issue()
    bench.issues().publish(made.with_whole(forecast=replace(made.forecast, factors=None)))
    problem = bench.refused(PATH, 404, **WEEK)
    assert problem["type"] == "urn:forewatch:problem:not-explained"
    assert "issue 2 was published without explanations" in problem["detail"]
    assert len(rows(bench, issue=1)) == 7
    assert len(bench.get("/v1/forecasts", **WEEK)["rows"]) == 7


def test_a_wrong_question_is_told_the_parameters_of_this_route(bench: Bench) -> None:
    problem = bench.refused(PATH, 422, **WEEK, quantiles="0.5")
    assert "no parameter 'quantiles'" in problem["detail"]
    assert bench.refused(PATH, 404, **WEEK, area="nort")["near"][0] == "north"


def test_every_part_is_described() -> None:
    fields = answer_schemas.ROWS["explain"].model_fields
    assert set(PARTS) < set(fields)
    assert all(fields[part].description for part in PARTS)
