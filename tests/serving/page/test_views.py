"""The views beside the week's, over HTTP: numbers of the API, reach, bad input, states, 304."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from forewatch.clock import Clock
from forewatch.staffing import Role, ServiceFigures
from forewatch.tables import PLAN, check
from planning.issues import Issue, Part
from planning.past_counts import PastCounts
from serving.duty_records import DutyRecord
from serving.keys import SCOPES_WITHIN_AREAS
from serving.special_records import SpecialRecord
from tests.serving.conftest import FIRST, Bench

SHIFT = "/shift/2026-10-24/late"
VIEWS = (SHIFT, "/shift/2026-10-24", "/shift/2026-10-24T17:00Z", "/worries", "/accuracy",
         "/missing", "/events")  # fmt: skip
WEEK = "2026-W43"
MakeIssue = Callable[..., Issue]


def page(bench: Bench, path: str, status: int = 200, client: TestClient | None = None) -> str:
    answer = (client or bench.client).get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def tables(text: str) -> dict[str, list[list[str]]]:
    """Return the rows of each table by its caption, the heading first."""
    found = {}
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        caption = re.search(r"<caption>(.*?)</caption>", table, re.DOTALL)
        rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
        told = [[plain(cell).strip() for cell in row] for row in cells]
        found[plain(caption.group(1)).strip() if caption else ""] = told
    return found


def required(bench: Bench, **asked: str) -> list[dict[str, Any]]:
    """Return the rota contract's rows."""
    answer = bench.client.get("/v1/rota/requirements", params=asked, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    frame = pd.read_csv(io.StringIO(answer.text), comment="#")
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def limited(bench: Bench, *areas: str) -> TestClient:
    token = bench.keys().create("some", SCOPES_WITHIN_AREAS, areas=areas)
    return TestClient(bench.app, "http://localhost", headers={"Authorization": f"Bearer {token}"})


def planned(*areas: str, officers: int = 1) -> DutyRecord:
    rows = [
        (area, "response", shift, day, "planned", officers, False, FIRST.tz_localize("UTC"))
        for area in areas
        for shift in ("early", "late", "night")
        for day in pd.date_range("2026-10-19", periods=7)
    ]
    return DutyRecord(check("plan", pd.DataFrame(rows, columns=[*PLAN.columns])))


@pytest.fixture
def planner(tmp_path: Path, make_issue: MakeIssue, missing: Part) -> Bench:
    """A town with missing persons, a plan of two officers a shift, and a fair in the north."""
    fair = pd.DataFrame(
        [("Fair <b>", "north", "2026-10-24T10:00", "2026-10-24T18:00", 900, 1100, "2026-10-01")],
        columns=["name", "area", "start", "end", "attendance_low", "attendance_high", "known_at"],
    )
    for name in ("start", "end", "known_at"):
        fair[name] = pd.to_datetime(fair[name], utc=True)
    made = Bench(
        tmp_path,
        record=planned("north", "south", officers=2),
        special=SpecialRecord(events=check("events", fair)),
    )
    made.issues().publish(make_issue().with_part("missing", missing))
    return made


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_is_a_page_under_the_policy_kept_by_its_tag(planner: Bench, path: str) -> None:
    answer = planner.client.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert "form_token" not in answer.text
    again = planner.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert planner.stranger.get(path, follow_redirects=False).status_code == 303


@pytest.mark.parametrize("path", VIEWS)
def test_whoever_sees_the_south_reads_nothing_of_the_north(planner: Bench, path: str) -> None:
    text = page(planner, path, client=limited(planner, "south")).casefold()
    assert "south" in text
    for name in ("north", "town", "fair"):
        assert name not in text.replace("forewatch", "")


@pytest.mark.parametrize("path", [path for path in VIEWS if path != "/worries"])
def test_whoever_sees_the_south_reads_the_same_whatever_the_north_is(
    tmp_path: Path, make_issue: MakeIssue, missing: Part, path: str
) -> None:
    told = []
    for factor in (1.0, 3.0):
        made = Bench(tmp_path / f"{factor}")
        issue = make_issue().with_part("missing", missing)
        rates = issue.forecast.rates
        base = rates.base * np.array([factor, 1.0])[:, None, None]
        forecast = replace(issue.forecast, rates=replace(rates, base=base))
        made.issues().publish(issue.with_whole(forecast=forecast))
        text = page(made, path, client=limited(made, "south"))
        told.append(re.sub(r"\?[0-9a-f]{12}", "", text))
    assert told[0] == told[1]


@pytest.mark.parametrize("path", VIEWS)
def test_another_area_and_one_that_never_was_are_told_alike(planner: Bench, path: str) -> None:
    client = limited(planner, "south")
    told = [
        page(planner, f"{path}?area={name}", 404, client).replace(name, "?")
        for name in ("north", "morth")
    ]
    assert told[0] == told[1]
    assert "Not shown" in told[0]
    assert "South" in told[0]


@pytest.mark.parametrize("path", VIEWS)
def test_without_an_issue_the_page_says_so(empty: Bench, path: str) -> None:
    text = page(empty, path, 503)
    assert "No issue published yet" in text


@pytest.mark.parametrize("path", VIEWS)
def test_a_stale_issue_puts_a_bar_across_the_view(planner: Bench, path: str) -> None:
    planner.now += pd.Timedelta(days=30)
    assert "Stale: " in page(planner, path)


# The shift.


def test_a_shift_has_the_numbers_of_the_api(planner: Bench) -> None:
    text = page(planner, f"{SHIFT}?area=south")
    asked = {"area": "south", "by": "shift", "from": "2026-10-24", "to": "2026-10-25"}
    levels = "0.05,0.1,0.25,0.5,0.75,0.9,0.95"
    rows = planner.get("/v1/forecasts", **asked, quantiles=levels)["rows"]
    (row,) = [each for each in rows if each["period"] == "2026-10-24/late"]
    found = tables(text)
    told = next(rows for caption, rows in found.items() if caption.startswith("How many calls"))
    assert [int(cells[1]) for cells in told[1:]] == [
        row[name] for name in ("q05", "q10", "q25", "q50", "q75", "q90", "q95")
    ]
    said = plain(text)
    assert f"{row['mean']:.0f} calls expected, in at least 8 of 10 cases" in said
    assert f"{row['q10']} to {row['q90']}; 11 % above the mean of the last 8 weeks" in said
    (why,) = [each for each in planner.get("/v1/explanations", **asked)["rows"]
              if each["period"] == "2026-10-24/late"]  # fmt: skip
    reasons = next(rows for caption, rows in found.items() if caption.startswith("What makes"))
    assert reasons[1] == ["an ordinary Saturday late shift",
                          f"{why['level'] + why['time_of_week']:.0f}"]  # fmt: skip
    assert reasons[-1] == ["expected", f"{row['mean']:.0f}"]


def test_a_shift_says_what_is_needed_planned_and_how_short_other_numbers_are(
    planner: Bench,
) -> None:
    text = page(planner, f"{SHIFT}?area=south")
    asked = {"area": "south", "from": "2026-10-24", "to": "2026-10-25"}
    (row,) = [each for each in required(planner, **asked) if each["shift"] == "late"]
    said = plain(text)
    assert f"{row['on_duty']} officers of the role response on duty are needed." in said
    assert f"2 are planned: {row['on_duty'] - 2} lacking." in said
    curve = next(r for c, r in tables(text).items() if c.startswith("Share of its time"))
    assert len(curve) > 2
    text = page(planner, "/shift/2026-10-24?area=south")
    assert "Officers are told by shift" in text
    assert re.search(r'href="/shift/2026-10-24/late\?[^"]*area=south', text)


def test_the_headline_leads_to_the_busiest_shift(planner: Bench) -> None:
    asked = {"area": "south", "by": "shift", "week": WEEK}
    most = max(planner.get("/v1/forecasts", **asked)["rows"], key=lambda row: row["mean"])
    text = page(planner, f"/week?week={WEEK}&area=south")
    assert f'Busiest shift: <a href="/shift/{most["period"]}?area=south">' in text
    assert f", {most['mean']:.0f} calls." in plain(text).partition("Busiest shift")[2]
    assert "Busiest shift" in page(planner, f"/brief?week={WEEK}&area=south")


def test_an_hour_leads_to_the_shifts_that_are_on_and_has_an_ordinary_hour_of_its_own(
    planner: Bench,
) -> None:
    text = page(planner, "/shift/2026-10-24T17:00Z?area=south")
    asked = {"area": "south", "by": "shift", "from": "2026-10-24", "to": "2026-10-25"}
    for row in planner.get("/v1/forecasts", **asked)["rows"]:
        is_on = row["start"] < "2026-10-24T18:00" and row["end"] > "2026-10-24T17:00Z"
        enough = text.partition('<h2 id="enough">')[2].partition("</section>")[0]
        assert (f'href="/shift/{row["period"]}?' in enough) == is_on
    assert "an ordinary Saturday, 18:00" in plain(text)


def test_a_shift_says_what_changed_since_the_issue_before(
    planner: Bench, make_issue: MakeIssue
) -> None:
    assert "no issue before this one" in page(planner, f"{SHIFT}?area=south")
    made = make_issue()
    rates = made.forecast.rates
    more = replace(made.forecast, rates=replace(rates, base=rates.base * 1.5))
    planner.issues().publish(made.with_whole(forecast=more))
    said = plain(page(planner, f"{SHIFT}?area=south"))
    assert "went up from" in said
    assert "(50 %) since the one before, issue 1 (Monday 12 October, 08:30)." in said
    planner.issues().decide("withdraw", 1, "ana", "wrong", planner.now.to_pydatetime())
    assert "no issue before this one" in page(planner, f"{SHIFT}?area=south")


@pytest.mark.parametrize(
    ("period", "near"),
    [
        ("2026-10-24/lunch", "2026-10-24/early"),
        ("nonsense", "2026-10-19/early"),
        ("2027-10-24/late", "2026-10-19/early"),
        ("2026-02-31", "2026-10-19/early"),
        ("9999-12-31/late", "2026-10-19/early"),
        ("0001-01-01", "2026-10-19/early"),
        ("%2e%2e/%2e%2e/etc/passwd", "2026-10-19/early"),
        ("<b>", "2026-10-19/early"),
    ],
)
def test_an_unknown_period_is_said_with_near_ones_and_the_rest_is_shown(
    planner: Bench, period: str, near: str
) -> None:
    text = page(planner, f"/shift/{period}?area=south", 404)
    assert f'href="/shift/{near}?area=south"' in text
    assert "calls expected" in text
    assert "<b>" not in text


def test_hours_of_the_long_night_are_two(planner: Bench) -> None:
    texts = [plain(page(planner, f"/shift/2026-10-25T0{hour}:00Z?area=south")) for hour in (0, 1)]
    assert all("Sunday 25 October, 01:00" in text for text in texts)


# Worries.


def test_worries_are_the_plans_rows_by_chance(planner: Bench) -> None:
    text = page(planner, f"/worries?week={WEEK}")
    (rows,) = [rows for caption, rows in tables(text).items() if "most likely" in caption]
    assert len(rows) == 11
    assert {row[1] for row in rows[1:]} <= {"North", "South"}
    need = required(planner, week=WEEK, area="south")
    needed = {f"{each['force_day']}/{each['shift']}": each["on_duty"] for each in need}
    told = re.findall(
        r'<tr>\s*<th[^>]*>\s*<a href="/shift/([^"?]+)\?area=south">(.*?)</tr>', text, re.DOTALL
    )
    assert told
    for period, rest in told:
        cells = [
            plain(cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", rest, re.DOTALL)
        ]
        assert [int(cells[3]), int(cells[4])] == [needed[period], 2]
    assert 'aria-labelledby="decide"' in text


def test_worries_of_an_area_are_its_own(planner: Bench) -> None:
    text = page(planner, f"/worries?week={WEEK}&area=north")
    (rows,) = [rows for caption, rows in tables(text).items() if "most likely" in caption]
    assert {row[1] for row in rows[1:]} == {"North"}
    said = plain(page(planner, f"/worries?week={WEEK}&role=nobody", 404))
    assert "No role 'nobody'" in said


def test_without_a_plan_worries_say_how_to_import_one(planner: Bench) -> None:
    assert "forewatch import plan FILE" in page(planner, "/worries?week=2026-W45")
    assert "forewatch import plan FILE" in page(planner, "/worries?area=south-1")


def test_a_plan_of_another_area_is_no_plan(tmp_path: Path, make_issue: MakeIssue) -> None:
    made = Bench(tmp_path, record=planned("north"))
    made.issues().publish(make_issue())
    client = limited(made, "south")
    assert "No plan of this week is known here" in page(made, "/worries", client=client)


# Accuracy.


def test_until_issues_came_true_the_tests_of_the_training_are_shown(planner: Bench) -> None:
    scores = {f"{name}/{level}/1-7": value
              for level, mae in (("force", 93.0), ("district", 19.0))
              for name, value in (("n", 84.0), ("calls", 270.0), ("coverage_80", 0.79),
                                  ("mae", mae), ("baseline_mae", mae * 1.25))}  # fmt: skip
    held = {"models": [{"version": "7", "scores": scores}]}
    planner.snapshot("demand").write_text(json.dumps(held), encoding="utf-8")
    said = plain(page(planner, "/accuracy?area=south"))
    assert "79 of 100 counts of a district's day lay in the range for 8 of 10, as promised" in said
    assert "by 20 % less than the mean of the last 8 weeks" in said
    assert "Misses by, calls a day" in said
    some = plain(page(planner, "/accuracy", client=limited(planner, "south")))
    assert "79 of 100" in some
    assert "Misses by, calls a day" not in some
    planner.snapshot("demand").write_text("{", encoding="utf-8")
    assert "No tests of model version 7 are kept here" in page(planner, "/accuracy")


def published_later(bench: Bench, make_issue: MakeIssue, days: int = 22) -> None:
    """Publish an issue three weeks on, with the calls that came until then."""
    first = FIRST + pd.Timedelta(days=days)
    past_days = pd.date_range(FIRST - pd.Timedelta(days=14), first, freq="D", inclusive="left")
    leaves = ("north-1", "north-2", "south-1", "south-2")
    count = np.repeat(np.array([[7.0], [7.0], [54.0], [54.0]]), len(past_days), axis=1)
    past = PastCounts(past_days, leaves, count)
    bench.issues().publish(replace(make_issue(first), past=past))
    bench.now = first.tz_localize("UTC") + pd.Timedelta(hours=30)


def test_what_was_said_stands_beside_what_came(planner: Bench, make_issue: MakeIssue) -> None:
    published_later(planner, make_issue)
    text = page(planner, "/accuracy?area=south&lead=7")
    (rows,) = [rows for caption, rows in tables(text).items() if "what came" in caption]
    # Of the weeks from 12, 19 and 26 October the first had begun, of the second a day was left.
    assert [row[0] for row in rows[1:]] == ["Mon 19 Oct", "Mon 26 Oct"]
    week = planner.get("/v1/forecasts", issue=1, week="2026-W44", by="week", area="south",
                       quantiles="0.1,0.9")["rows"][0]  # fmt: skip
    assert rows[2][1:4] == [f"{week['mean']:,.0f}", f"{week['q10']:,} to {week['q90']:,}", "756"]
    assert rows[2][4:] == ["✓ yes", f"{week['baseline']:,.0f}", "1"]
    assert "In 2 of 2 weeks the count in South lay in the range, as promised" in plain(text)
    later = plain(page(planner, "/accuracy?area=south&lead=14"))
    assert "In 1 of 1 weeks" in later


def test_accuracy_of_the_south_is_the_same_whatever_came_in_the_north(
    planner: Bench, make_issue: MakeIssue
) -> None:
    published_later(planner, make_issue)
    client = limited(planner, "south")
    said = page(planner, "/accuracy?lead=7", client=client)
    assert "In 2 of 2 weeks the count in South" in plain(said)
    assert "north" not in said.casefold()


def test_a_withdrawn_issue_said_nothing_and_the_kept_page_is_not_told_again(
    planner: Bench, make_issue: MakeIssue
) -> None:
    published_later(planner, make_issue)
    first = planner.client.get("/accuracy?area=south")
    planner.issues().decide("withdraw", 1, "ana", "wrong", planner.now.to_pydatetime())
    again = planner.client.get(
        "/accuracy?area=south", headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 200
    assert "No week is over yet" in again.text


@pytest.mark.parametrize("lead", ["0", "-1", "x", "1.5", "99999", "\uff17"])
def test_a_lead_that_is_none_is_said_with_near_ones(planner: Bench, lead: str) -> None:
    text = page(planner, f"/accuracy?lead={lead}", 422)
    assert "No number of days ahead" in text
    assert "lead=14" in text


# Missing persons.


def test_missing_persons_have_the_numbers_of_the_api(planner: Bench) -> None:
    text = page(planner, f"/missing?week={WEEK}&area=south")
    found = tables(text)
    week = planner.get("/v1/missing-persons", week=WEEK, area="south", by="week")["rows"][0]
    assert found["Reports, and officer-hours that land in each window"][-1][1] == (
        f"{week['expected']:.0f}"
    )
    parts = found["The week by area, in the order of the areas"]
    assert [row[0] for row in parts[1:]] == ["South-1", "South-2"]
    assert len(found["By shift"]) == 22
    assert "Not about persons" in text
    verdicts = next(rows for caption, rows in found.items() if caption.startswith("May"))
    assert ["district", "day", "~ no: 31 reports were judged, 50 are needed"] in verdicts


def test_how_chances_came_true_is_for_those_who_see_all(planner: Bench) -> None:
    folder = planner.root / "reports" / "missing-version-3"
    folder.mkdir(parents=True)
    rows = [
        "district,day,all,1,2,0.29,0.35,65,0.24,0.47",
        "district,day,all,1,9,0.95,0.96,6558,0.9,1",
    ]
    head = "level,window,block,at_least,bin,predicted,observed,n,low,high"
    (folder / "reliability.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    text = page(planner, "/missing?area=south")
    told = next(r for c, r in tables(text).items() if c.startswith("Chance of 1 report or more"))
    assert told[1:] == [["29 %", "35 %", "65"], ["95 %", "96 %", "6,558"]]
    some = page(planner, "/missing", client=limited(planner, "south"))
    assert "6,558" not in some
    assert "for those who see the whole force" in some
    verdicts = next(rows for caption, rows in tables(some).items() if caption.startswith("May"))
    assert {row[0] for row in verdicts[1:]} == {"district"}


def test_an_issue_without_missing_persons_says_why(bench: Bench) -> None:
    assert "holds no missing-person demand" in page(bench, "/missing")


# Events.


def test_events_are_told_as_text_with_their_week(planner: Bench) -> None:
    text = page(planner, "/events?area=north")
    assert "Fair &lt;b&gt;" in text
    (rows,) = [rows for caption, rows in tables(text).items() if caption.startswith("What begins")]
    assert rows[1] == ["Fair <b>, 900 to 1,100 visitors expected", "event",
                       "Sat 24 Oct, 11:00 to 19:00", "North"]  # fmt: skip
    assert f'href="/week?week={WEEK}&amp;area=north"' in text
    assert "No event, holiday or change in recording" in page(planner, "/events?area=south")


def test_events_that_cannot_be_read_are_said_to_be_so(
    tmp_path: Path, make_issue: MakeIssue
) -> None:
    made = Bench(tmp_path, special=SpecialRecord(is_known=False, is_sure=False))
    made.issues().publish(make_issue())
    assert "can't be read at this moment" in plain(page(made, "/events"))


# Whatever is asked.


_TEXTS = st.one_of(
    st.sampled_from(["", "south", "North", "narnia", WEEK, "2026-W99", "next", "violence", "all",
                     "each", "immediate", "7", "2026-10-24/late", "district"]),
    st.text(max_size=12),
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(VIEWS),
    st.dictionaries(
        st.sampled_from(["week", "area", "call_type", "grade", "lead", "role"]), _TEXTS, max_size=3
    ),
)
def test_whatever_is_asked_the_page_stays_up(
    planner: Bench, path: str, asked: dict[str, str]
) -> None:
    answer = planner.client.get(path, params=asked, headers={"Accept": "text/html"})
    assert answer.status_code in (200, 404, 422)
    assert "<h1>" in answer.text


# A force with less.


def daily(issue: Issue) -> Issue:
    """The same issue as of a daily history, without shifts."""
    rates = issue.forecast.rates
    first, days = rates.force_days[0], len(rates.force_days)
    start = np.flatnonzero(np.diff(rates.day, prepend=-1))
    by_day: dict[str, Any] = {
        "step": "day",
        "edges": Clock.of(issue.profile).day_edges(first, days),
        "day": np.arange(days),
        "slot": np.zeros(days, dtype=np.int64),
        "base": np.add.reduceat(rates.base, start, axis=2),
        "baseline": np.add.reduceat(rates.baseline, start, axis=2),
        "grade_shares": rates.grade_shares[:, :, :1],
    }
    forecast = replace(issue.forecast, rates=replace(rates, **by_day), factors=None)
    profile = issue.profile.model_copy(update={"shifts": ()})
    return replace(issue.with_whole(forecast=forecast), profile=profile)


def test_a_daily_force_has_the_views_with_what_it_lacks_left_out(
    tmp_path: Path, make_issue: MakeIssue
) -> None:
    made = Bench(tmp_path, record=planned("south"))
    made.issues().publish(daily(make_issue()))
    text = plain(page(made, "/shift/2026-10-24?area=south"))
    assert "112 calls expected" in text  # a day of 25 hours
    assert "This issue was published without reasons." in text
    assert "Officers are told by shift" in text
    for period in ("2026-10-24/late", "2026-10-24T17:00Z"):
        assert "108 calls expected" in plain(page(made, f"/shift/{period}?area=south", 404))
    assert "says nothing of hours" in plain(page(made, f"/worries?week={WEEK}&area=south"))
    assert "Busiest shift" not in page(made, f"/week?week={WEEK}&area=south")
    assert "holds no missing-person demand" in page(made, "/missing")
    assert "published before the calls that came were kept" in plain(page(made, "/accuracy"))
    assert "No event, holiday" in page(made, "/events")


def test_a_shift_tells_the_role_that_is_asked_and_its_links_keep_it(
    tmp_path: Path, make_issue: MakeIssue
) -> None:
    issue = make_issue()
    roles = tuple(Role(id=name, name=name.title()) for name in ("response", "custody"))
    services = {each: ServiceFigures(role="custody") for each in issue.profile.call_type_ids[:1]}
    staffing = issue.profile.staffing.model_copy(update={"roles": roles, "services": services})
    profile = issue.profile.model_copy(update={"staffing": staffing})
    made = Bench(tmp_path, record=planned("south"))
    made.issues().publish(replace(issue, profile=profile))
    text = page(made, f"{SHIFT}?area=south&role=custody")
    asked = {"area": "south", "from": "2026-10-24", "to": "2026-10-25", "role": "custody"}
    (row,) = [each for each in required(made, **asked) if each["shift"] == "late"]
    assert f"{row['on_duty']} officers of the role custody on duty are needed." in plain(text)
    assert '<option value="custody" selected>' in text
    before = re.search(r'href="(/shift/[^"]*)">← before', text)
    assert before is not None
    assert "role=custody" in before.group(1)
    assert "No role 'none'." in plain(page(made, f"{SHIFT}?area=south&role=none", 404))
    near = page(made, "/shift/2026-10-24/never?area=south&role=custody", 404)
    assert "/shift/2026-10-24/early?area=south&amp;role=custody" in near
    assert "here for the role custody." in plain(page(made, f"/worries?week={WEEK}&role=custody"))
