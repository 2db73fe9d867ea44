"""The rota contract over HTTP: pages, states, tags, areas of keys, files, and what is refused."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import load_workbook
from starlette.testclient import TestClient

from forewatch.profile import Profile
from planning.issues import Issue
from serving.api.rota_schemas import RotaRequirements
from serving.duty_records import UNKNOWN, DutyRecord
from serving.settings import ServingSettings
from tests.serving.conftest import FIRST, Bench, issue_of_the_town, missing_of_the_town

PATH = "/v1/rota/requirements"
WEEKEND = {"from": "2026-10-24", "to": "2026-10-26", "area": "north"}
SHIFTS: list[dict[str, Any]] = [
    {"id": "early", "name": "Early", "start": "07:00", "end": "17:00", "code": "=1+1"},
    {"id": "late", "name": "Late", "start": "14:00", "end": "00:00", "most": 2},
    {"id": "night", "name": "Night", "start": "21:30", "end": "07:30"},
]


def issue(first: pd.Timestamp = FIRST, **staffing: Any) -> Issue:
    found = issue_of_the_town(first).with_part("missing", missing_of_the_town(first))
    data = found.profile.model_dump(mode="json", exclude_unset=True)
    data["staffing"] = {"shifts": SHIFTS, **staffing}
    return replace(found, profile=Profile.model_validate(data))


@pytest.fixture
def rota(tmp_path: Path) -> Bench:
    """One issue with duty shifts, the late one of at most two officers."""
    made = Bench(tmp_path)
    made.issues().publish(issue())
    return made


def plan(**officers: int) -> DutyRecord:
    """A plan of Saturday's shifts in the north."""
    rows = [
        {
            "area": "north",
            "role": "response",
            "shift": shift,
            "force_day": pd.Timestamp("2026-10-24"),
            "figure": "planned",
            "officers": number,
            "late": False,
            "known_at": pd.Timestamp("2026-10-01T00:00Z"),
        }
        for shift, number in officers.items()
    ]
    return DutyRecord(pd.DataFrame(rows).astype({"officers": "int32"}))


def test_an_answer_has_head_shifts_cover_unmet_and_missing(rota: Bench) -> None:
    said = rota.get(PATH, **WEEKEND)
    RotaRequirements.model_validate_json(rota.client.get(PATH, params=WEEKEND).content)
    assert (said["contract"], said["issue"], said["stale"]) == ("1.0", 1, False)
    assert (said["percentile"], said["total"], said["days_since_data"]) == (80, 2, 1)
    ids = [each["shift_id"].removeprefix("north/response/") for each in said["shifts"]]
    assert ids[:3] == ["2026-10-24/early", "2026-10-24/late", "2026-10-24/night"]
    night = said["shifts"][2]
    # The clocks go back: an hour more, and times in UTC.
    assert (night["start"], night["end"], night["hours"]) == (
        "2026-10-24T20:30:00Z",
        "2026-10-25T07:30:00Z",
        11.0,
    )
    assert night["overridden"] is False
    assert [len(each["need"]) for each in said["cover"]] == [50, 48]
    assert all(low <= high for each in said["cover"] for low, high in zip(
        each["unrounded_need"], each["need"], strict=True))  # fmt: skip


def test_what_nobody_knows_is_null_with_a_state(rota: Bench) -> None:
    said = rota.get(PATH, **{"from": "2026-11-15", "to": "2026-11-18", "area": "north"})
    RotaRequirements.model_validate(
        said
    )  # fmt: skip
    away = [each for each in said["shifts"] if each["force_day"] == "2026-11-17"]
    assert [each["state"] for each in away] == ["no_forecast"] * 3
    for each in away:
        unknown = (each["on_duty"], each["rostered"], each["gap"], each["missing_report_hours"])
        assert unknown == (None,) * 4
        assert set(each["short"].values()) | set(each["work_hours"].values()) == {None}
    assert [each["force_day"] for each in said["missing"]] == ["2026-11-16", "2026-11-17"]
    assert [each["need"] is None for each in said["cover"]] == [False, True, True]
    assert {each["plan_state"] for each in said["shifts"]} == {"no_plan"}


def test_cover_that_no_shift_can_give_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.issues().publish(issue(minimum=4))
    said = bench.get(PATH, **WEEKEND)
    assert {each["why"] for each in said["unmet"]} >= {"minimum"}
    assert {each["force_day"] for each in said["unmet"]} == {"2026-10-24", "2026-10-25"}


def test_a_plan_brings_gap_figures_and_a_new_tag(rota: Bench) -> None:
    rota.record = plan(early=1, late=2)
    first = rota.client.get(PATH, params=WEEKEND)
    early, late, night = first.json()["shifts"][:3]
    assert early["gap"] == early["on_duty"] - 1
    assert (night["plan_state"], night["planned"], night["gap"]) == ("no_plan", None, None)
    assert early["notice"]["class"] == "rest_day"
    assert early["notice"]["change_cost"] == 480.0
    assert late["plan_state"] == "told"


def test_the_same_answer_is_not_sent_twice(rota: Bench) -> None:
    first = rota.client.get(PATH, params=WEEKEND)
    tag = {"If-None-Match": first.headers["etag"]}
    assert rota.client.get(PATH, params=WEEKEND, headers=tag).status_code == 304
    (rota.root / "history" / ".confirmed").mkdir(parents=True)
    (rota.root / "history" / ".confirmed" / "plan.json").write_text("a plan was imported")
    assert rota.client.get(PATH, params=WEEKEND, headers=tag).status_code == 200
    rota.now += pd.Timedelta(days=1)  # notice is another
    assert rota.client.get(PATH, params=WEEKEND, headers=tag).status_code == 200


def test_a_plan_that_cannot_be_read_is_unknown_and_is_looked_for_again(rota: Bench) -> None:
    rota.record = UNKNOWN
    first = rota.client.get(PATH, params=WEEKEND)
    said = first.json()
    assert said["plan"] == "unknown"
    assert {each["plan_state"] for each in said["shifts"]} == {"unknown"}
    assert said["shifts"][0]["notice"] == {
        "class": None,
        "last_cheap_day": None,
        "change_cost": None,
        "late_cost": None,
    }
    assert said["shifts"][0]["on_duty"] >= 2  # the issue is served all the same
    RotaRequirements.model_validate_json(first.content)


def test_pages_are_whole_force_days_and_stay_with_their_issue(rota: Bench) -> None:
    asked = {"from": "2026-10-24", "to": "2026-10-27", "area": "district"}
    whole = rota.get(PATH, **asked)
    shifts, cover = [], []
    said = rota.get(PATH, **asked, limit=4)
    rota.issues().publish(issue(FIRST + pd.Timedelta(days=1)))
    while True:
        shifts += said["shifts"]
        cover += said["cover"]
        if said["next"] is None:
            break
        said = rota.get(said["next"])
    assert shifts == whole["shifts"]
    assert cover == whole["cover"]


def test_only_what_moved_since_an_issue_is_told_with_what_it_was(rota: Bench) -> None:
    rota.issues().publish(issue())
    assert rota.get(PATH, **WEEKEND, changed_since=1)["shifts"] == []
    rota.issues().publish(issue(minimum=5))
    said = rota.get(PATH, **WEEKEND, changed_since=1)
    assert said["changed_since"] == 1
    assert all(each["was"]["on_duty"] < each["on_duty"] for each in said["shifts"])
    assert all(each["was"]["state"] == "forecast" for each in said["shifts"])
    assert {each["force_day"] for each in said["cover"]} == {
        each["force_day"] for each in said["shifts"]
    }
    rota.refused(PATH, 404, **WEEKEND, changed_since=77)


def test_a_shift_that_moved_or_is_no_more_is_told(rota: Bench) -> None:
    later = [SHIFTS[0], SHIFTS[1] | {"code": "L9"}, {**SHIFTS[2], "id": "lates"}]
    later[0] = later[0] | {"start": "06:45"}  # of the day before: days start at 07:00
    later[1] = later[1] | {"start": "15:00"}
    rota.issues().publish(issue(shifts=later))
    said = rota.get(PATH, **WEEKEND, changed_since=1)
    RotaRequirements.model_validate(said | {}, strict=False)
    moved = {each["shift_id"].removeprefix("north/response/"): each for each in said["shifts"]}
    late = moved["2026-10-24/late"]
    assert (late["start"], late["was"]["start"]) == ("2026-10-24T14:00:00Z", "2026-10-24T13:00:00Z")
    assert (late["code"], late["was"]["code"]) == ("L9", None)
    assert moved["2026-10-24/lates"]["was"] == dict.fromkeys(late["was"]) | {"state": "no_forecast"}
    gone = {each["shift_id"].removeprefix("north/response/"): each for each in said["gone"]}
    assert set(gone) == {"2026-10-24/night", "2026-10-25/night"}
    night = gone["2026-10-24/night"]
    assert (night["start"], night["was"]["end"]) == ("2026-10-24T20:30:00Z", "2026-10-25T07:30:00Z")
    assert night["was"]["on_duty"] >= 2
    assert {each["force_day"] for each in said["cover"]} == {"2026-10-24", "2026-10-25"}
    csv = rota.client.get(
        PATH, params=WEEKEND | {"changed_since": 1}, headers={"Accept": "text/csv"}
    )
    assert csv.text.count(",gone,") == 2
    assert rota.get(PATH, **WEEKEND)["gone"] == []


def test_cover_holds_work_that_can_wait_in_on_duty_alone(rota: Bench) -> None:
    said = rota.get(PATH, **WEEKEND)
    shifts = said["shifts"]
    for series in said["cover"]:
        assert all(on >= need for on, need in zip(series["on_duty"], series["need"], strict=True))
        own = [each for each in shifts if each["force_day"] == series["force_day"]]
        hours = sum(each["on_duty"] * each["productive_hours"] for each in own)
        assert series["work_hours_mean"] < series["work_hours_quantile"] <= hours + 1e-3
    # At noon of Saturday the early shift is there alone.
    assert said["cover"][0]["on_duty"][10] == shifts[0]["on_duty"]


def test_a_stale_issue_is_served_and_marked(rota: Bench) -> None:
    rota.now += pd.Timedelta(days=60)
    said = rota.get(PATH, **WEEKEND)
    assert said["stale"] is True
    assert said["why_stale"]
    assert {each["state"] for each in said["shifts"]} == {"stale"}
    assert {each["state"] for each in said["cover"]} == {"stale"}
    assert all(each["on_duty"] >= 2 for each in said["shifts"])


def test_a_key_sees_its_areas_only(rota: Bench) -> None:
    key = rota.keys().create("north", ("rota:read",), areas=("north",))
    client = TestClient(rota.app, "http://localhost", headers={"X-API-Key": key})
    assert client.get(PATH, params=WEEKEND).status_code == 200
    own = client.get(PATH, params={name: WEEKEND[name] for name in ("from", "to")}).json()
    assert {each["area"] for each in own["shifts"]} == {"north"}
    other, nobody = (client.get(PATH, params=WEEKEND | {"area": a}) for a in ("south", "nowhere"))
    assert (other.status_code, nobody.status_code) == (404, 404)
    pooled = client.get(PATH, params=WEEKEND | {"area": "north-1"}).json()["shifts"][0]["pooled"]
    assert "south" not in str(pooled)


def test_a_key_for_forecasts_does_not_open_it(rota: Bench) -> None:
    key = rota.keys().create("other", ("forecasts:read",))
    answer = rota.stranger.get(PATH, params=WEEKEND, headers={"X-API-Key": key})
    assert answer.status_code == 403
    assert "lacks the scope rota:read" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "status", "near"),
    [
        ({"area": "nroth"}, 404, ["north"]),
        ({"role": "respnse"}, 404, ["response"]),
        ({"percentage": "80"}, 422, ["percentile"]),
        ({"percentile": "100"}, 422, None),
    ],
)
def test_unknown_names_are_refused_with_the_near_ones(
    rota: Bench, asked: dict[str, str], status: int, near: list[str] | None
) -> None:
    said = rota.refused(PATH, status, **(WEEKEND | asked))
    assert (near or []) == said.get("near", [])[: len(near or [])]


def test_files_have_a_row_a_shift_and_run_no_formula(rota: Bench) -> None:
    csv = rota.client.get(PATH, params=WEEKEND, headers={"Accept": "text/csv"})
    assert "'=1+1" in csv.text
    assert len(csv.text.splitlines()) == 7
    halves = rota.client.get(
        PATH, params=WEEKEND | {"by": "half-hour"}, headers={"Accept": "text/csv"}
    )
    assert len(halves.text.splitlines()) == 99
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    book = rota.client.get(PATH, params=WEEKEND, headers={"Accept": kind})
    assert book.headers["content-type"] == kind
    head, *rows = load_workbook(io.BytesIO(book.content)).get_sheet_by_name("rows").to_python()
    assert dict(zip(head, rows[0], strict=True))["code"] == "=1+1"


def test_a_key_above_its_rate_is_told_when_to_ask_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings=ServingSettings(cost_per_minute=30))
    bench.issues().publish(issue())
    answer = bench.client.get(PATH, params=WEEKEND)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_cost_names_a_page_that_fits(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings=ServingSettings(max_cost=60))
    bench.issues().publish(issue())
    refused = bench.refused(PATH, 422, **{"from": "2026-10-12", "to": "2026-10-19"}, area="beat")
    assert "ask for fewer rows on a page (limit=" in refused["detail"]
