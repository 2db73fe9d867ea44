"""Tables of the page that are no answer of the API, as files: the rows of the view alone."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from forewatch.tables import PLAN, check
from planning.past_counts import PastCounts
from serving.charts.words import count_text, percent_text
from serving.duty_records import DutyRecord
from serving.keys import SCOPES_WITHIN_AREAS
from serving.page.file_links import PageTable
from serving.page.table_view import TABLES
from serving.settings import ServingSettings
from serving.special_records import SpecialRecord
from tests.serving.conftest import FIRST, Bench, issue_of_the_town, missing_of_the_town

KNOWN = pd.Timestamp("2026-10-01T00:00Z")
TODAY = FIRST + pd.Timedelta(days=22)
SHIFT = "2026-11-06/late"
# Names of the north, and of what only those who see it are told of.
NORTHERN = re.compile("north|fair|town", re.IGNORECASE)
Row = dict[str, str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A town three weeks after its first issue: calls came, events are near, officers planned."""
    events = pd.DataFrame(
        [
            ("=1+1", "south", 900.0, 1100.0, KNOWN),
            ("@home, 2\u202end", "south-1", np.nan, np.nan, TODAY.tz_localize("UTC")),
            ("Fair <b>", "north", 5.0, 5.0, KNOWN),
        ],
        columns=["name", "area", "attendance_low", "attendance_high", "known_at"],
    )
    events["start"] = pd.Timestamp("2026-11-07T10:00Z")
    events["end"] = pd.Timestamp("2026-11-08T01:00Z")
    holidays = pd.DataFrame(
        {"date": pd.to_datetime(["2026-11-11"]), "kind": "bank_holiday", "name": "", "area": ""}
    )
    plan = [
        ("south", "response", shift, day, "planned", 1, False, KNOWN)
        for shift in ("early", "late", "night")
        for day in pd.date_range("2026-11-02", periods=7)
    ]
    made = Bench(
        tmp_path_factory.mktemp("town"),
        settings=ServingSettings(cost_per_minute=10**7),
        now=TODAY.tz_localize("UTC") + pd.Timedelta(hours=30),
        record=DutyRecord(check("plan", pd.DataFrame(plan, columns=[*PLAN.columns]))),
        special=SpecialRecord(events=check("events", events), holidays=holidays),
    )
    made.issues().publish(issue_of_the_town())
    days = pd.date_range(FIRST - pd.Timedelta(days=14), TODAY, freq="D", inclusive="left")
    count = np.repeat(np.array([[7.0], [7.0], [54.0], [54.0]]), len(days), axis=1)
    count[2, -2] = np.nan  # of one leaf of the south Sunday 1 November isn't known
    past = PastCounts(days, ("north-1", "north-2", "south-1", "south-2"), count)
    uncalibrated = {("beat", "day"): "too few days"}
    part = replace(missing_of_the_town(), uncalibrated=uncalibrated)
    made.issues().publish(replace(issue_of_the_town(TODAY), past=past).with_part("missing", part))
    scores = {"n": 84.0, "calls": 270.0, "coverage_80": 0.7912, "mae": 19.0, "baseline_mae": 24.0}
    held = {"version": "7", "scores": {f"{k}/district/1-7": value for k, value in scores.items()}}
    made.snapshot("demand").write_text(json.dumps({"models": [held]}), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def southern(kept: Bench) -> TestClient:
    token = kept.keys().create("south", SCOPES_WITHIN_AREAS, areas=("south",))
    return TestClient(kept.app, "http://localhost", headers={"X-API-Key": token})


def csv_rows(client: TestClient, address: str) -> list[Row]:
    answer = client.get(f"/download/{address}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return [*csv.DictReader(io.StringIO(answer.text))]


def page_rows(client: TestClient, address: str, caption: str) -> list[list[str]]:
    """Return the cells of the tables of a view whose caption has these words, without headings."""
    text = client.get(address, headers={"Accept": "text/html"}).text
    found = []
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        if caption in re.findall(r"<caption>(.*?)</caption>", table, re.DOTALL)[0]:
            for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)[1:]:
                cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
                texts = (re.sub(r"<[^>]+>", "", each).strip() for each in cells)
                found.append([html.unescape(each) for each in texts])
    return found


def links(client: TestClient, address: str) -> list[str]:
    text = client.get(address, headers={"Accept": "text/html"}).text
    return [html.unescape(each) for each in re.findall(r'href="(/download/[^"]*)"', text)]


def test_weeks_and_days_of_accuracy_are_those_of_the_page_and_unknown_is_empty(kept: Bench) -> None:
    client = kept.client
    shown = page_rows(client, "/accuracy?area=south&lead=7", "what came")
    weeks = csv_rows(client, "accuracy.csv?area=south&lead=7")
    assert [each["period"] for each in weeks] == ["2026-W43", "2026-W44"]
    told = [
        [
            count_text(float(each["mean"])),
            f"{count_text(float(each['q10']))} to {count_text(float(each['q90']))}",
            count_text(float(each["actual"])) if each["actual"] else "not known yet",
            {"inside": "✓ yes", "": "–"}[each["outcome"]],
            count_text(float(each["baseline"])),
            each["said_by"],
        ]
        for each in weeks
    ]
    assert told == [row[1:] for row in shown]
    assert [each["actual"] for each in weeks] == ["756.0", ""]  # 7 days of 54 and 54 calls
    first = weeks[0]
    assert (first["first_day"], first["last_day"]) == ("2026-10-19", "2026-10-25")
    assert (first["start"], first["end"]) == ("2026-10-19T06:00:00Z", "2026-10-26T07:00:00Z")
    days = csv_rows(client, "accuracy.csv?area=south&lead=7&by=day")
    assert [each["period"] for each in days] == [
        f"{day:%Y-%m-%d}" for day in pd.date_range("2026-10-19", "2026-11-01")
    ]
    assert sum(float(each["mean"]) for each in days[:7]) == pytest.approx(float(first["mean"]))
    assert [each["actual"] for each in days[-2:]] == ["108.0", ""]
    said_on = pd.Timestamp(first["said_at"]).tz_convert("Europe/London").normalize()
    ahead = (pd.Timestamp("2026-10-19", tz="Europe/London") - said_on).days
    assert [int(each["days_ahead"]) for each in days[:3]] == [ahead, ahead + 1, ahead + 2]
    assert csv_rows(client, "accuracy.csv?area=south&lead=60") == []


def test_events_are_those_of_the_page_and_no_text_is_a_formula(kept: Bench) -> None:
    shown = page_rows(kept.client, "/events?area=south", "What begins")
    rows = csv_rows(kept.client, "events.csv?area=south")
    told = [
        [each["what"].removeprefix("'"), each["kind"], each["area_name"], each["remark"] or "–"]
        for each in rows
    ]
    cells = ([*row, "–"][:5] for row in shown)  # a week without remarks has no column of them
    assert [[re.sub("[\u202a-\u202e]", "", each) for each in row] for row in told] == [
        [what, kind, where, remark.removeprefix("⚠ ")] for what, kind, _, where, remark in cells
    ]
    assert [each["what"] for each in rows][:2] == [
        "'=1+1, 900 to 1,100 visitors expected", "'@home, 2\u202end",
    ]  # fmt: skip
    # 01:00 is of the force-day before.
    assert {name: rows[0][name] for name in ("first_day", "last_day", "start", "area")} == {
        "first_day": "2026-11-07", "last_day": "2026-11-07", "start": "2026-11-07T10:00:00Z",
        "area": "south",
    }  # fmt: skip
    assert [each["attendance_low"] for each in rows] == ["900.0", "", ""]
    assert (rows[2]["area"], rows[2]["area_name"]) == ("", "everywhere")
    book = kept.client.get("/download/events.xlsx?area=south").content
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name("rows").to_python()
    assert [row[1] for row in sheet] == ["what", *(each["what"].lstrip("'") for each in rows)]


def test_a_shift_has_its_own_rows_as_files_and_not_those_of_shifts_that_overlap(
    kept: Bench,
) -> None:
    client = kept.client
    found = [each for each in links(client, f"/shift/{SHIFT}?area=south") if ".csv" in each]
    tables = {each.partition("?")[0]: each.removeprefix("/download/") for each in found}
    assert len(tables) == len(found) == 4
    for table in ("forecasts", "explanations"):
        rows = csv_rows(client, tables[f"/download/{table}.csv"])
        assert [each["period"] for each in rows] == [SHIFT]
    officers = csv_rows(client, tables["/download/officers.csv"])
    assert [each["shift_id"] for each in officers] == [
        f"south/response/2026-11-06/{shift}" for shift in ("early", "late", "night")
    ]
    curve = csv_rows(client, tables["/download/officers-short.csv"])
    assert page_rows(client, f"/shift/{SHIFT}?area=south", "officers on duty") == [
        [each["on_duty"], percent_text(float(each["share_of_time_short"]))] for each in curve
    ]


def test_tests_of_a_training_tell_somebody_of_some_areas_what_the_page_tells(
    kept: Bench, southern: TestClient
) -> None:
    (whole,) = csv_rows(kept.client, "accuracy-tests.csv?area=south")
    assert [whole[each] for each in ("held", "miss", "days")] == ["0.7912", "19.0", "84"]
    (some,) = csv_rows(southern, "accuracy-tests.csv")
    assert (some["held"], some["gain"]) == ("0.79", "0.21")
    assert not {"miss", "baseline_miss", "days"} & {*some}


def test_chances_of_a_level_that_may_not_be_trusted_say_why(southern: TestClient) -> None:
    (row,) = csv_rows(southern, "missing-trust.csv")
    assert (row["level"], row["window"], row["trusted"]) == ("beat", "day", "no")
    assert row["reason"] == "too few days"


@pytest.mark.parametrize("table", get_args(PageTable))
def test_a_table_is_kept_by_its_tag_and_tells_nothing_out_of_reach(
    kept: Bench, southern: TestClient, table: str
) -> None:
    assert table in TABLES
    address = f"/download/{table}.csv?period={SHIFT}"
    answer = southern.get(address)
    assert answer.status_code == 200
    assert not NORTHERN.search(answer.text.replace("forewatch", ""))
    assert answer.headers["content-disposition"].startswith(
        f'attachment; filename="forewatch-{table}-'
    )
    same = {"If-None-Match": answer.headers["etag"]}
    assert southern.get(address, headers=same).status_code == 304
    for other in (address.replace(".csv", ".xlsx"), f"{address}&area=south-1"):
        assert southern.get(other, headers=same).status_code == 200
    assert kept.client.get(address, headers=same).status_code == 200  # of another reach
    hidden, nowhere = (southern.get(f"{address}&area={each}") for each in ("north", "nowhere"))
    assert (hidden.status_code, nowhere.status_code) == (404, 404)
    assert {*hidden.json()["near"]} == {*nowhere.json()["near"]} == {"south", "south-1", "south-2"}


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("accuracy.csv?by=month", 422, "No such kind of period: 'month'. Near: week, day"),
        ("accuracy.csv?lead=x", 422, "No number of days ahead: 'x'"),
        (f"officers-short.csv?period={SHIFT}&role=dog", 404, "No role 'dog'. Near: response"),
        ("officers-short.csv", 404, "No shift, hour or day ''; write one like"),
        ("events.xlsx?week=1999-W01", 404, "has no forecast of all of the week 1999-W01"),
    ],
)
def test_a_file_of_something_else_is_refused(
    kept: Bench, address: str, status: int, said: str
) -> None:
    answer = kept.client.get(f"/download/{address}")
    assert (answer.status_code, answer.json()["title"]) == (status, "No such table")
    assert said in answer.json()["detail"]


def test_a_parameter_that_no_table_has_is_refused_and_not_passed_over(kept: Bench) -> None:
    for address in ("forecasts.csv?aera=south", "accuracy.csv?issue=2", "events.json?area[]=south"):
        answer = kept.client.get(f"/download/{address}")
        assert answer.status_code == 422, address
        assert "no parameter" in answer.text


def test_a_table_of_a_view_that_has_nothing_is_its_header(bench: Bench) -> None:
    for table in get_args(PageTable):
        assert csv_rows(bench.client, f"{table}.csv?period=2026-10-24") == []
