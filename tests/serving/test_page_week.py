"""The page of the week: its numbers are the API's, its words hold whatever is asked."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from forewatch.tables import EVENTS
from planning.issues import Issue, Part
from planning.past_counts import PastCounts
from serving.charts.words import count_text, level_text
from serving.duty_records import DutyRecord
from serving.special_records import SpecialRecord

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]
WEEK = "2026-W43"  # holds the day of 25 hours


def week_days() -> pd.DatetimeIndex:
    return pd.date_range("2026-10-19", periods=7, freq="D")


class Tables(HTMLParser):
    """The tables of a page, by caption: rows of the texts of their cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.links: list[str] = []
        self._rows: list[list[str]] | None = None
        self._caption: str | None = None
        self._cell: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")
        if tag == "table":
            self._rows, self._caption = [], None
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in {"td", "th", "caption"}:
            self._cell = []

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "caption"} and self._cell is not None and self._rows is not None:
            text = " ".join("".join(self._cell).split())
            if tag == "caption":
                self._caption = text
            else:
                self._rows[-1].append(text)
            self._cell = None
        elif tag == "table" and self._rows is not None:
            self.tables[self._caption or ""] = self._rows
            self._rows = None

    def table(self, caption: str, column: str = "") -> list[list[str]]:
        """Return the rows of the table whose caption begins so, with such a first column."""
        (found,) = [
            rows
            for name, rows in self.tables.items()
            if name.startswith(caption) and column in (rows[0][0], "")
        ]
        return found


def page(client: TestClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return answer.text


def span(row: dict[str, Any], low: str, high: str) -> str:
    return f"{count_text(row[low])} to {count_text(row[high])}"


@pytest.fixture
def told(bench: Bench, make_issue: MakeIssue, missing: Part) -> Bench:
    """A bench whose issue has missing-person demand."""
    bench.issues().publish(make_issue().with_part("missing", missing))
    return bench


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"area": "south"},
        {"area": "north-1", "call_type": "violence"},
        {"area": "south", "grade": "routine"},
    ],
)
def test_every_number_of_the_week_is_the_apis(told: Bench, question: dict[str, str]) -> None:
    asked = {"week": WEEK} | question
    text = page(told.client, f"/week?{'&'.join(f'{k}={v}' for k, v in asked.items())}")
    shown = Tables(text)

    def api(by: str, **more: Any) -> list[dict[str, Any]]:
        levels = {"quantiles": "0.025,0.1,0.25,0.75,0.9,0.975", "by": by, "limit": 1000}
        rows: list[dict[str, Any]] = told.get("/v1/forecasts", **(asked | levels | more))["rows"]
        return rows

    (week,) = api("week")
    assert f"<strong>{count_text(week['mean'])} calls</strong>" in text
    assert f"<strong>{span(week, 'q10', 'q90')}</strong>" in text
    level = level_text(week["mean"], week["baseline"])
    assert f"{level[:1].upper()}{level[1:]} the last 8 weeks." in " ".join(text.split())

    heat = shown.table("Calls expected by hour and day")
    hours: dict[tuple[str, str], list[str]] = {}
    for hour in api("hour"):
        key = hour["force_day"], hour["start_local"][11:16]
        hours.setdefault(key, []).append(count_text(hour["mean"]))
    days = api("day")
    for cells in heat[1:-1]:
        clock, _, again = cells[0].partition(" ")
        for day, cell in zip(days, cells[1:], strict=True):
            there = hours[day["force_day"], clock]
            turn = 1 if again else 0
            assert cell == (there[turn] if len(there) > turn else "–")
    assert len(heat[1:-1]) == 25  # 01:00 comes twice
    sums = [f"{count_text(day['mean'])} {span(day, 'q10', 'q90')}" for day in days]
    assert heat[-1][1:] == sums

    bands = shown.table("Calls by day")
    for day, line in zip(days, bands[1:], strict=True):
        pairs = (("q25", "q75"), ("q10", "q90"), ("q02.5", "q97.5"))
        assert line[1:6] == [
            count_text(day["mean"]),
            *(span(day, *pair) for pair in pairs),
            count_text(day["baseline"]),
        ]

    for name, column in (("call_type", "Call type"), ("grade", "Grade")):
        if name not in question:
            parts = api("week", **{name: "each"})
            rows = shown.table("Calls expected in the week", column)[1:]
            assert [row[1:4] for row in rows] == [
                [count_text(p["mean"]), span(p, "q10", "q90"), count_text(p["baseline"])]
                for p in parts
            ]

    below = {"": "district", "south": "south-1,south-2"}.get(question.get("area", ""), "")
    if below:
        areas = api("week", area=below.split(","))
        rows = shown.table("Calls expected beside the last 8 weeks")[1:]
        assert [row[:3] for row in rows] == [
            [area["area_name"], count_text(area["mean"]), span(area, "q10", "q90")]
            for area in areas
        ]


def test_missing_persons_are_those_of_the_api(told: Bench) -> None:
    rows = Tables(page(told.client, f"/week?week={WEEK}")).table("Reports")[1:]
    asked = {"week": WEEK}
    api = told.get("/v1/missing-persons", **asked, by="day")["rows"]
    api += told.get("/v1/missing-persons", **asked, by="week")["rows"]
    assert [row[1:5] for row in rows] == [
        [
            count_text(row["expected"]),
            span(row, "q10", "q90"),
            count_text(row["landing_mean"]),
            count_text(row["landing_q90"]),
        ]
        for row in api
    ]


def test_reasons_add_up_to_what_is_expected(told: Bench) -> None:
    text = page(told.client, "/week?week=2026-W42&area=south")  # an event is on its sixth day
    rows = Tables(text).table("Calls; what is expected")
    days = told.get("/v1/forecasts", week="2026-W42", area="south", by="day")["rows"]
    for row, day in zip(rows[1:], days, strict=True):
        numbers = [float(cell.replace("−", "-").replace(",", "")) for cell in row[1:]]
        assert sum(numbers[1:]) == pytest.approx(numbers[0])
        assert row[1] == count_text(day["mean"])
    assert re.search(r"Sat 17 Oct: \d+ calls: \d+ above an ordinary Saturday \(events \+\d+", text)


def test_a_plan_is_told_beside_the_need(told: Bench) -> None:
    day = pd.Timestamp("2026-10-24")
    row = {"area": "north", "role": "response", "shift": "late", "force_day": day}
    row |= {"figure": "planned", "officers": 1, "late": False}
    known = pd.DataFrame([row]).assign(known_at=pd.Timestamp("2026-10-01T00:00Z"))
    told.record = DutyRecord(known.astype({"officers": "int32"}))
    rows = Tables(page(told.client, f"/week?week={WEEK}&area=north")).table("Officers needed")
    api = {
        (each["force_day"], each["shift"]): each
        for each in told.get("/v1/rota/requirements", week=WEEK, area="north")["shifts"]
    }
    late = api["2026-10-24", "late"]
    need, gap = late["on_duty"], late["gap"]
    (cell,) = [each for each in rows[6][1:] if "/ 1" in each]
    assert cell == f"{need} / 1{f' ▼{gap}' if gap > 0 else f' +{-gap}' if gap < 0 else ''}"
    (of_north,) = Tables(page(told.client, f"/week?week={WEEK}")).table("Where shifts lack")[1:]
    shifts = list(api.values())
    short = [each for each in shifts if each["gap"] is not None and each["gap"] > 0]
    lacking = sum(each["gap"] for each in short)
    assert len(short) == 1  # the one that is planned
    assert of_north == [
        "North",
        f"1 of 1, {len(shifts) - 1} not planned or not forecast",
        f"▼ {lacking}",
        f"Sat 24 Oct, Late: {gap}",
    ]
    below = page(told.client, f"/week?week={WEEK}&area=north-1")
    assert 'Officers are planned by area: <a href="/week?week=2026-W43&amp;area=north">' in below


def test_without_a_plan_it_says_how_to_import_one(told: Bench) -> None:
    text = html.unescape(page(told.client, "/week"))
    assert "No plan of officers was imported. 'forewatch import plan FILE" in text


def test_what_was_told_of_special_times_is_shown_within_reach(told: Bench) -> None:
    def event(name: str, area: str, known: str) -> dict[str, Any]:
        start, end = pd.Timestamp("2026-10-24T12:00Z"), pd.Timestamp("2026-10-24T18:00Z")
        told_at = pd.Timestamp(known)
        times = {"start": start, "end": end, "known_at": told_at}
        people = {"attendance_low": 100.0, "attendance_high": 200.0}
        return {"name": name, "area": area} | times | people

    rows = [event("Fair <b>", "north-1", "2026-01-01T00:00Z")]
    rows.append(event("Match", "south", "2026-10-12T08:00Z"))
    told.special = SpecialRecord(pd.DataFrame(rows)[[*EVENTS.columns]])
    text = page(told.client, f"/week?week={WEEK}")
    assert "Fair &lt;b&gt;, 100 to 200 visitors expected" in text
    assert "told after this forecast was made" in text
    assert "24 ★" in text
    north = page(told.client, f"/week?week={WEEK}&area=north")
    assert "Fair" in north
    assert "Match" not in north
    token = told.keys().create("some", ("forecasts:read",), areas=("north",))
    some = TestClient(told.app, "http://localhost", headers={"X-API-Key": token})
    assert "Match" not in page(some, f"/week?week={WEEK}")


@pytest.mark.parametrize(
    ("address", "status", "said", "near"),
    [
        ("area=sooth", 404, "No area 'sooth'.", "/week?week=2026-W43&area=south"),
        ("area=district", 404, "No area 'district'.", ""),
        ("call_type=violense", 404, "No call type 'violense'.", "call_type=violence"),
        ("grade=x", 404, "No grade 'x'.", "grade=routine"),
        ("week=2026-W60", 422, "No ISO week '2026-W60'", "/week?week=2026-W43"),
        ("week=2030-W01", 404, "has no forecast of all of the week 2030-W01", "week=2026-W43"),
    ],
)
def test_what_is_not_found_is_said_and_the_rest_is_shown(
    told: Bench, address: str, status: int, said: str, near: str
) -> None:
    more = "" if address.startswith("week") else "&week=2026-W43"
    text = html.unescape(page(told.client, f"/week?{address}{more}", status))
    assert said in text
    assert near in text
    assert "Calls expected by hour and day, Town" in text


def test_a_page_is_kept_by_question_and_reach(told: Bench) -> None:
    first = told.client.get("/week?area=north")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    again = told.client.get("/week?area=north", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert told.client.get("/week?area=south").headers["etag"] != tag
    token = told.keys().create("some", ("forecasts:read",), areas=("north",))
    some = TestClient(told.app, "http://localhost", headers={"X-API-Key": token})
    assert some.get("/week?area=north", headers={"If-None-Match": tag}).status_code == 200
    told.now += pd.Timedelta(days=1)
    moved = told.client.get("/week?area=north", headers={"If-None-Match": tag})
    assert moved.status_code == 200  # "next week" may be another


def test_without_an_issue_the_page_says_so(empty: Bench) -> None:
    answer = empty.client.get("/week", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "No issue in service" in answer.text


def test_a_stale_issue_and_one_that_cannot_be_read_put_a_bar_across(told: Bench) -> None:
    assert 'class="bar"' not in page(told.client, "/week")
    told.now += pd.Timedelta(days=20)
    text = page(told.client, "/week")
    assert "⚠</span> Stale: " in text
    assert text.count("Stale: ") == 1  # the bar tells it for all of the view
    newest = max(told.root.glob("issues/0*"))
    for path in newest.iterdir():
        if path.suffix == ".npz":
            path.write_bytes(b"damaged")
    again = type(told)(told.root, now=told.now)
    text = html.unescape(page(again.client, "/week"))
    assert "A newer issue can't be read; this is issue 1, the last good one." in text


def test_names_with_markup_come_out_as_text(bench: Bench, make_issue: MakeIssue) -> None:
    made = make_issue()
    areas = [
        each.model_copy(update={"name": f"\u202e<b>\"{each.name}'</b>"})
        for each in made.profile.areas
    ]
    profile = made.profile.model_copy(update={"areas": tuple(areas)})
    bench.issues().publish(replace(made, profile=profile, tree=profile.tree()))
    text = page(bench.client, "/week")
    assert "<b>" not in text
    assert "&lt;b&gt;&#34;North&#39;&lt;/b&gt;" in text
    assert "\u202e" not in text  # it would turn the numbers after it round


def test_a_daily_force_has_weeks_by_days(told: Bench, make_issue: MakeIssue) -> None:
    made = make_issue()
    rates = made.forecast.rates
    days = rates.day[-1] + 1
    starts = np.append(np.flatnonzero(np.diff(rates.day, prepend=-1)), len(rates.day))
    daily = replace(
        rates,
        step="day",
        edges=rates.edges[starts],
        day=np.arange(days),
        slot=np.zeros(days, dtype=np.int64),
        base=np.add.reduceat(rates.base, starts[:-1], axis=2),
        baseline=np.add.reduceat(rates.baseline, starts[:-1], axis=2),
        grade_shares=rates.grade_shares[:, :, :1],
    )
    told.issues().publish(made.with_whole(forecast=replace(made.forecast, rates=daily)))
    text = page(told.client, f"/week?week={WEEK}")
    heat = Tables(text).table("Calls expected by week and day")
    rows = told.get("/v1/forecasts", **{"from": "2026-10-19", "to": "2026-11-16", "by": "day"})
    means = [count_text(row["mean"]) for row in rows["rows"]]
    assert [cell for row in heat[1:] for cell in row[1:]] == means
    assert heat[0] == ["Week of", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def test_a_board_shows_the_panels_that_its_view_names(told: Bench) -> None:
    first = told.views[0].model_copy(update={"panels": ("headline", "map", "table")})
    told.views = (first, *told.views[1:])
    text = page(told.client, f"/views/control-room?week={WEEK}")
    assert "Calls by shift, Town: week of Mon 19 Oct" in text.replace("next week, ", "week of ")
    shown = Tables(text)
    assert len(shown.tables) == 2  # of the map, and the view's own
    rows = shown.table("expected calls by shift")
    api = told.get("/v1/views/control-room", week=WEEK)["rows"]
    assert len(rows) - 1 == len(api)
    assert rows[0] == ["start local", "area", "mean", "q90", "p at least 2"]
    assert "No such view" in told.client.get("/views/x", headers={"Accept": "text/html"}).text


def test_a_board_is_opened_by_a_role(told: Bench) -> None:
    told.views = (told.views[0].model_copy(update={"role": "planner"}),)
    assert told.client.get("/views/control-room").status_code == 403


def test_boards_are_listed_for_those_who_may_open_them(told: Bench) -> None:
    first, *others = told.views
    for_planners = first.model_copy(update={"id": "plan", "title": "A <b>", "role": "planner"})
    told.views = (first, for_planners, *others)
    text = page(told.client, f"/views?week={WEEK}&area=north&grade=routine")
    assert f'<a href="/views/control-room?week={WEEK}">Calls by shift</a>' in text
    assert "A &lt;b&gt;" not in text
    told.views = ()
    assert "There is none that you may open" in page(told.client, "/views")


def test_a_choice_keeps_what_else_the_address_says(told: Bench) -> None:
    text = page(told.client, f"/accuracy?week={WEEK}&area=north&call_type=violence")
    assert f'<input type="hidden" name="week" value="{WEEK}">' in text
    assert '<input type="hidden" name="call_type" value="violence">' in text
    assert '<input type="hidden" name="area"' not in text


def test_last_year_stands_beside_all_calls_and_no_kind_of_them(
    told: Bench, make_issue: MakeIssue
) -> None:
    made = make_issue()
    leaves, first = made.tree.leaves, made.forecast.rates.force_days[0]
    days = pd.date_range(first - pd.Timedelta(days=364), periods=20, freq="D")
    count = np.full((len(leaves), 20), 2000.0)
    count[0, 8] = np.nan  # of one leaf one day isn't known
    hours = np.full((len(leaves), 20, 24), 50.0)
    told.issues().publish(replace(made, past=PastCounts(days, leaves, count, days, hours)))
    asked = f"/week?week={WEEK}&area="
    for area in ("town", "south"):
        known = len(made.tree.leaves_of(area))
        rows = Tables(page(told.client, asked + area)).table("Calls by day")
        assert rows[0][-1] == "Last year"
        shown = [row[-1] for row in rows[1:]]
        gaps = [area == "town" and day == first + pd.Timedelta(days=8) for day in week_days()]
        assert shown == ["unknown" if gap else f"{2000 * known:,}" for gap in gaps]
    text = page(told.client, f"{asked}town&grade=routine")
    assert "Last year" not in Tables(text).table("Calls by day")[0]


def test_tables_of_a_week_are_there_as_files(told: Bench) -> None:
    text = page(told.client, f"/week?week={WEEK}&area=north&grade=routine")
    links = {link for link in Tables(text).links if link.startswith("/download/")}
    assert len(links) == 2 * 7  # hours, days, reasons, areas, types, grades, missing persons
    names = set()
    for link in links:
        answer = told.client.get(html.unescape(link))
        assert answer.status_code == 200, link
        table, _, form = link.partition("?")[0].removeprefix("/download/").partition(".")
        names.add(name := answer.headers["content-disposition"])
        assert name.startswith(f'attachment; filename="forewatch-{table}-')
        assert name.endswith(f'.{form}"')
    assert len(names) == len(links)  # one doesn't overwrite another
    by_hour = next(link for link in links if "by=hour" in link and ".csv" in link)
    question = html.unescape(by_hour).partition("?")[2]
    api = told.client.get(f"/v1/forecasts?{question}&format=csv&limit=10000")
    assert told.client.get(html.unescape(by_hour)).content == api.content
    for wrong in ("people.csv", "forecasts.pdf", "forecasts.csv?area=nowhere"):
        assert told.client.get(f"/download/{wrong}").status_code in {404, 422}


def test_holidays_of_one_name_that_do_not_follow_each_other_are_two(told: Bench) -> None:
    days = ["2026-10-19", "2026-10-20", "2026-10-23"]
    rows = {"date": pd.DatetimeIndex(days), "kind": "school_holiday", "name": "", "area": "north"}
    told.special = SpecialRecord(holidays=pd.DataFrame(rows))
    text = page(told.client, f"/week?week={WEEK}&area=north")
    assert "Mon 19 Oct to Tue 20 Oct" in text
    assert "<strong>school holiday</strong> (school holiday), North, Fri 23 Oct" in text
