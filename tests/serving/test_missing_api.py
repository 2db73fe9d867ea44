from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from planning.issues import Issue, Part
from planning.names import area_names
from planning.uses import ALLOWED, FORBIDDEN, USES
from serving.api import answer_schemas, schemas
from serving.reserving import reserved_hours

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]
PATH = "/v1/missing-persons"
WEEK = {"week": "2026-W43"}  # 169 hours: the clocks go back on its Sunday
NUMBERS = ("expected", "baseline", "p_at_least_1", "q50", "hours_mean", "hours_q90", "landing_mean",
           "landing_q90", "p_over")  # fmt: skip


@pytest.fixture
def served(empty: Bench, make_issue: MakeIssue, missing: Part) -> Bench:
    """One issue published, with missing-person demand."""
    empty.issues().publish(make_issue().with_part("missing", missing))
    return empty


def rows(bench: Bench, **asked: Any) -> list[dict[str, Any]]:
    said = bench.get(PATH, **(WEEK | asked))
    answer_schemas.ANSWERS["missing"].model_validate(said)
    found: list[dict[str, Any]] = said["rows"]
    return found


# What an answer says


def test_a_week_is_found_by_hand(served: Bench) -> None:
    # 169 hours at 0.1 reports an hour, Poisson; 13 hours each. Every hour of the week takes what
    # earlier hours left as it leaves its own to later ones, so what lands is as much.
    (row,) = rows(served, by="week", at_least="1,20")
    assert row["expected"] == pytest.approx(16.9)
    assert row["baseline"] == pytest.approx(0.9 * 16.9)
    assert row["hours_mean"] == pytest.approx(16.9 * 13)
    assert row["landing_mean"] == pytest.approx(16.9 * 13, rel=1e-3)
    counts = np.arange(20)
    below = (np.exp(-16.9) * 16.9**counts / np.cumprod(np.maximum(counts, 1))).sum()
    assert row["p_at_least_20"] == pytest.approx(1 - below, abs=6e-4)
    assert row["hours_q50"] < row["hours_mean"] < row["hours_q80"] < row["hours_q95"]
    assert (row["state"], row["reason"], row["area"]) == ("forecast", "", "town")


def test_a_report_of_yesterday_lands_today(served: Bench) -> None:
    # One report 29 to 30 hours before the day: 18.5 hours of its second day are left of the first
    # window's 24, and 5.5 of its third. Beside it the day's own: on average 12 of 24 hours remain.
    release = (0.772, 0.104, 0.059)
    left = (18.5 * release[1] + 5.5 * release[2]) / 24 * 13
    own = 0.08 * release[0] * 12 * 13
    span = {"from": "2026-10-12", "to": "2026-10-13", "area": "south"}
    (row,) = served.get(PATH, **span)["rows"]
    assert row["landing_mean"] == pytest.approx(left + own, rel=2e-3)
    assert row["hours_mean"] == pytest.approx(24 * 0.08 * 13)


def test_bands_say_whether_the_hours_kept_free_are_enough(served: Bench) -> None:
    plenty, tight, none = (
        rows(served, by="week", **({"reserved_hours": hours} if hours else {}))[0]
        for hours in ("1000", "100", "")
    )
    assert [row["band"] for row in (plenty, tight, none)] == [
        "likely enough",
        "short",
        "nothing reserved",
    ]
    assert plenty["p_over"] < 0.001
    assert tight["p_over"] > 0.9
    assert (none["reserved_hours"], none["p_over"]) == (None, None)


def test_each_area_may_have_hours_of_its_own(served: Bench) -> None:
    kept = ["north:0", "south:500"]
    north, south = rows(served, by="week", area="district", reserved_hours=kept)
    assert (north["reserved_hours"], south["reserved_hours"]) == (0, 500)
    assert north["p_over"] == pytest.approx(1, abs=0.05)
    assert (north["band"], south["band"]) == ("short", "likely enough")


def test_what_was_not_judged_is_called_not_calibrated(served: Bench) -> None:
    by_day = rows(served, area="north", reserved_hours="1")
    assert {row["uncalibrated"] for row in by_day} == {"31 reports were judged, 50 are needed"}
    by_shift = rows(served, by="shift", area="north", reserved_hours="1")
    assert {row["uncalibrated"] for row in by_shift} == {"never judged on past origins"}
    assert {row["band"] for row in by_day + by_shift} == {"not calibrated"}
    assert {"level": "district", "window": "week", "uncalibrated": ""} in served.get(PATH, **WEEK)[
        "calibration"
    ]


def test_small_areas_have_numbers_and_name_their_pool(served: Bench) -> None:
    found = rows(served, by="week", area=["beat", "district"], reserved_hours="10")
    told = {row["area"]: row["pooled"] for row in found}
    assert told == {
        "north-1": "north",
        "north-2": "north",
        "south-1": "",
        "south-2": "",
        "north": "",
        "south": "",
    }
    assert {row["state"] for row in found} == {"forecast"}
    assert all(row["expected"] > 0 for row in found)


def test_beyond_the_horizon_there_are_nulls_with_a_reason(served: Bench) -> None:
    (row,) = rows(served, week="2026-W47", by="week")
    assert (row["state"], {row[name] for name in NUMBERS}) == ("no_forecast", {None})
    assert row["reason"] == "the period does not lie within the issue's horizon"


def test_old_data_are_called_stale_and_get_another_tag(served: Bench) -> None:
    fresh = served.client.get(PATH, params=WEEK)
    served.now += pd.Timedelta(days=9)
    old = served.client.get(PATH, params=WEEK, headers={"If-None-Match": fresh.headers["etag"]})
    assert old.status_code == 200
    assert {row["state"] for row in old.json()["rows"]} == {"stale"}
    assert old.json()["rows"][0]["expected"] is not None


def test_an_answer_says_where_it_comes_from_and_what_it_may_be_used_for(served: Bench) -> None:
    said = served.get(PATH, **WEEK, by="shift")
    expected = {
        "issue": 1,
        "origin": "2026-10-12T06:00:00Z",
        "model_version": "3",
        "models": {"missing-persons": "3"},
        "unit": "reports and officer-hours",
        "uses": USES,
        "bands": {"may_be_short": 0.2, "short": 0.5},
        "by": "shift",
        "total_rows": 21,
    }
    assert {name: said[name] for name in expected} == expected
    assert said["cases"]["mean_hours"] == 13
    assert sum(said["cases"]["release"]) == pytest.approx(1)


def test_every_row_of_a_csv_says_what_it_may_be_used_for(served: Bench) -> None:
    asked = WEEK | {"area": "beat", "by": "week"}
    answer = served.client.get(PATH, params=asked, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert {line["uses"] for line in lines} == {USES}
    assert {line["models"] for line in lines} == {"missing-persons:3"}
    for line, row in zip(lines, rows(served, area="beat", by="week"), strict=True):
        known = {name: "" if value is None else str(value) for name, value in row.items()}
        assert {name: line[name] for name in row} == known


def test_the_description_of_the_route_says_the_uses(served: Bench) -> None:
    described = served.app.openapi()["paths"][PATH]["get"]["description"]
    assert ALLOWED in described
    assert FORBIDDEN in described


# The manners of the sister routes


def test_pages_put_together_are_the_whole_answer(served: Bench) -> None:
    whole = rows(served, area=["beat", "district"], by="shift", reserved_hours="20")
    found: list[dict[str, Any]] = []
    page = served.get(PATH, **WEEK, area=["beat", "district"], by="shift", reserved_hours="20",
                      limit=17)  # fmt: skip
    while True:
        found += page["rows"]
        if page["next"] is None:
            break
        page = served.get(page["next"])
    assert found == whole


def test_what_the_client_has_costs_a_304(served: Bench) -> None:
    tags = set()
    for asked in (WEEK, WEEK | {"by": "week"}, WEEK | {"reserved_hours": "3"}):
        answer = served.client.get(PATH, params=asked)
        tag = answer.headers["etag"]
        again = served.client.get(PATH, params=asked, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        tags.add(tag)
    assert len(tags) == 3


def test_a_key_with_the_scope_is_needed(served: Bench) -> None:
    assert served.stranger.get(PATH, params=WEEK).status_code == 401
    token = served.keys().create("other", ("models:read",))
    answer = served.stranger.get(PATH, params=WEEK, headers={"X-API-Key": token})
    assert answer.status_code == 403


def test_an_issue_without_it_says_why_and_gives_no_rows(
    empty: Bench, make_issue: MakeIssue
) -> None:
    note = "missing-person demand is not forecast: no version of its model is promoted"
    empty.issues().publish(replace(make_issue(), notes=(note,)))
    detail = empty.refused(PATH, 422, **WEEK)["detail"]
    assert detail == ("issue 1 holds no missing-person demand: no version of its model is promoted")


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        ({"area": "nort"}, 404, "near names: north"),
        ({"reserved_hours": "nort:4"}, 404, "near names: north"),
        ({"reserved_hours": "many"}, 422, "no hours 'many'; write 40 for all areas, or north:40"),
        ({"reserved_hours": "-1"}, 422, "no hours '-1'"),
        ({"reserved_hours": "nan"}, 422, "no hours 'nan'"),
        ({"reserved_hours": ["1", "north:2"]}, 422, "stand beside others"),
        ({"at_least": "one"}, 422, "no numbers of reports 'one'; write them like 1,2,3"),
        ({"at_least": "0"}, 422, "at_least counts from 1; found 0"),
        ({"by": "hour"}, 422, "by: Input should be 'shift', 'day' or 'week'"),
        ({"weak": "2026-W43"}, 422, "no parameter 'weak'"),
        ({"call_type": "missing_person"}, 422, "no parameter 'call_type'"),
        ({"week": "2026-W60"}, 422, "2026-W60"),
    ],
)
def test_a_bad_question_is_told_what_to_do(
    served: Bench, asked: dict[str, Any], status: int, message: str
) -> None:
    assert message in served.refused(PATH, status, **(WEEK | asked))["detail"]


def test_one_number_of_hours_is_for_all_areas(make_issue: MakeIssue) -> None:
    areas = area_names(make_issue().tree, ("north", "south"))
    assert reserved_hours(areas, ["40"]) == 40
    assert reserved_hours(areas, ["north:4.5", "south:0"]) == {"north": 4.5, "south": 0}
    assert reserved_hours(areas, []) is None


# Nothing about persons


@pytest.mark.parametrize(
    "name",
    [
        "name", "age", "sex", "gender", "ethnicity", "health", "address", "postcode", "person_id",
        "misper_ref", "date_of_birth", "notes", "Age", "caller%20name",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [PATH, "/v1/forecasts", "/v1/areas", "/v1/issues/1"])
def test_a_parameter_about_a_person_is_refused_by_its_name(
    served: Bench, path: str, name: str
) -> None:
    answer = served.client.get(f"{path}?week=2026-W43&{name}=Jane%20Doe")
    said = answer.json()
    schemas.Problem.model_validate(said)
    assert answer.status_code == 422
    assert said["type"] == "urn:forewatch:problem:about-persons"
    assert said["detail"] == (
        f"{name.replace('%20', ' ')}: nothing about a person can be asked for here, and nothing is "
        "known; forecasts are of areas and times only: ask by area, week and period"
    )
    assert "Jane" not in answer.text


def test_a_body_is_taken_with_the_plan_alone(served: Bench) -> None:
    document = served.app.openapi()
    takes_more = {path for path, methods in document["paths"].items() if {*methods} != {"get"}}
    assert takes_more == {"/v1/rota/plan"}
    answer = served.client.post(PATH, json={"name": "Jane Doe"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert "Jane" not in answer.text


def test_what_is_refused_is_not_kept(served: Bench, tmp_path: Path) -> None:
    served.client.get(f"{PATH}?week=2026-W43&name=Jane%20Doe")
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"Jane" in path.read_bytes()]
