"""The big screen over HTTP: numbers of the API, keys, boards, states, clocks, and no secrets."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from forewatch.errors import SettingsError
from planning.issues import Issue, Part
from serving.audit import AuditFile
from serving.duty_records import DutyRecord
from serving.site import create_site
from serving.views import View
from tests.serving.conftest import FIRST, Bench, missing_of_the_town
from tests.serving.page.test_views import daily, plain, planned, planner, tables

MakeIssue = Callable[..., Issue]
__all__ = ["planner"]  # a fixture
NOW = pd.Timestamp("2026-10-24T16:20Z")  # 17:20 by the force's clock, the night is 11 hours long
HOURS, DAYS = "Next 12 hours, calls", "Next 7 days, calls"


@pytest.fixture
def town(planner: Bench, make_issue: MakeIssue) -> Bench:
    first = pd.Timestamp("2026-10-22")
    issue = make_issue(first).with_part("missing", missing_of_the_town(first))
    planner.issues().publish(issue)
    planner.now = NOW
    return planner


def key(bench: Bench, *areas: str, board: str | None = None) -> str:
    return bench.keys().create("wall", ("screen:read",), areas=areas or None, board=board)


def shown(bench: Bench, token: str, status: int = 200, more: str = "") -> str:
    answer = bench.stranger.get(f"/screen/{token}{more}", headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-security-policy"].endswith("; connect-src 'self'")
    assert token not in answer.text + str(answer.headers)
    assert "<a " not in answer.text
    assert "href" not in re.sub(r'<link rel="(stylesheet|icon)"[^>]*>', "", answer.text)
    return answer.text


def rows(bench: Bench, **asked: Any) -> list[dict[str, Any]]:
    told = bench.get("/v1/forecasts", area="south", quantiles="0.1,0.9", **asked)["rows"]
    assert told
    return list(told)


def count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def test_hours_and_days_are_the_apis_numbers(town: Bench) -> None:
    found = tables(shown(town, key(town, "south")))
    hours = rows(town, by="hour", **{"from": "2026-10-24T16:00Z", "to": "2026-10-25T04:00Z"})
    assert len(hours) == len(found[HOURS]) - 1 == 12
    for row, cells in zip(hours, found[HOURS][1:], strict=True):
        span = f"{count(row['q10'])} to {count(row['q90'])}"
        assert cells[2:] == [count(row["mean"]), span, count(row["baseline"])]
    days = rows(town, by="day", **{"from": "2026-10-24", "to": "2026-10-31"})
    for row, cells in zip(days, found[DAYS][1:], strict=True):
        span = f"{count(row['q10'])} to {count(row['q90'])}"
        assert cells[1:] == [count(row["mean"]), span, "▲ 11 % above"]
    assert [cells[0] for cells in found[DAYS][1:3]] == ["Sat 24", "Sun 25"]


def test_the_hours_go_on_where_the_clock_is_put_back(town: Bench) -> None:
    names = [cells[0] for cells in tables(shown(town, key(town)))[HOURS][1:]]
    assert names == ["17:00", "18:00", "19:00", "20:00", "21:00", "22:00", "23:00", "00:00",
                     "01:00", "01:00 again", "02:00", "03:00"]  # fmt: skip


def test_the_hours_go_on_where_the_clock_is_put_forward(
    tmp_path: Path, make_issue: MakeIssue
) -> None:
    made = Bench(tmp_path, now=pd.Timestamp("2027-03-27T22:10Z"))
    made.issues().publish(make_issue(pd.Timestamp("2027-03-22")))
    names = [cells[0] for cells in tables(shown(made, key(made)))[HOURS][1:]]
    assert names == ["22:00", "23:00", "00:00", "02:00", "03:00", "04:00", "05:00", "06:00",
                     "07:00", "08:00", "09:00", "10:00"]  # fmt: skip


def test_the_hours_move_with_the_clock_and_are_kept_in_between(town: Bench) -> None:
    path = f"/screen/{key(town)}"
    first = town.stranger.get(path)
    tag = {"If-None-Match": first.headers["etag"]}
    town.now += pd.Timedelta(minutes=4)
    assert town.stranger.get(path, headers=tag).status_code == 304
    assert town.stranger.get(path).content == first.content
    town.now += pd.Timedelta(minutes=40)
    later = town.stranger.get(path, headers=tag)
    assert later.status_code == 200
    assert "Picture of Sat 24 Oct, 18:00" in plain(later.text)
    assert tables(later.text)[HOURS][1][0] == "18:00"


def test_need_stands_beside_the_plan_of_the_shifts_that_are_on_and_the_next(town: Bench) -> None:
    one = plain(shown(town, key(town, "south")))
    asked = {"area": "south", "from": "2026-10-24", "to": "2026-10-25"}
    shifts = town.get("/v1/rota/requirements", **asked)["shifts"]
    (late,) = [each for each in shifts if each["shift"] == "late"]
    need = late["on_duty"]
    assert f"Now: Late, 15:00 to 23:00 ▼ {need - 2} lacking: {need} needed, 2 planned" in one
    assert "Next: Night, 23:00 to 07:00" in one
    assert "Early" not in one
    both = plain(shown(town, key(town)))
    assert "Short in 2 of 2 areas: South " in both
    town.record = DutyRecord()
    (town.root / "history" / ".confirmed").mkdir(parents=True, exist_ok=True)
    (town.root / "history" / ".confirmed" / "plan.json").write_text("another")
    assert "No plan of officers is known for Town." in plain(shown(town, key(town)))


def test_what_is_special_is_marked_and_its_markup_is_text(town: Bench) -> None:
    text = shown(town, key(town, "north"))
    assert "<strong>Fair &lt;b&gt;, 900 to 1,100 visitors expected</strong>" in text
    assert tables(text)[DAYS][1][0] == "Sat 24 ★"
    south = shown(town, key(town, "south"))
    assert "Fair" not in south
    assert "★" not in south


def test_missing_persons_are_a_line_of_today(town: Bench) -> None:
    said = plain(shown(town, key(town, "south")))
    asked = {"area": "south", "by": "day", "from": "2026-10-24", "to": "2026-10-25"}
    (row,) = town.get("/v1/missing-persons", **asked)["rows"]
    assert f"Missing persons, Sat 24 Oct: {count(row['expected'])} reports expected" in said


# Keys.


def test_a_screen_shows_the_areas_of_its_key_and_no_others(town: Bench) -> None:
    token = key(town, "north")
    text = shown(town, token)
    assert "<h1>North</h1>" in text
    for more, status in (("?area=north-1", 200), ("?area=south", 404), ("?area=town", 404)):
        text = shown(town, token, status, more)
        assert not {"South", "Town", "Force"} & {*re.findall(r"\w+", text)}
    told = [
        shown(town, token, 404, f"?area={name}").replace(name, "?") for name in ("south", "sxuth")
    ]
    assert told[0] == told[1]
    assert "Not shown" in told[0]


def test_what_lies_outside_changes_no_byte(
    tmp_path: Path, make_issue: MakeIssue, missing: Part
) -> None:
    told = []
    for factor in (1.0, 3.0):
        made = Bench(tmp_path / str(factor), now=NOW, record=planned("north", "south"))
        issue = make_issue().with_part("missing", missing)
        rates = issue.forecast.rates
        base = rates.base * np.array([factor, 1.0])[:, None, None]
        forecast = replace(issue.forecast, rates=replace(rates, base=base))
        made.issues().publish(issue.with_whole(forecast=forecast))
        told.append(shown(made, key(made, "south")))
    assert told[0] == told[1]


def test_the_key_of_a_screen_opens_nothing_else_and_no_other_key_opens_it(town: Bench) -> None:
    token = key(town)
    for path in ("/screen", "/week", "/v1/forecasts", "/v1/rota/requirements", "/metrics"):
        assert town.stranger.get(path, headers={"X-API-Key": token}).status_code == 403, path
    assert town.stranger.get(f"/v1/rota/calendar/{token}.ics").status_code == 403
    for scope in ("forecasts:read", "rota:read", "metrics:read"):
        shown(town, town.keys().create("other", (scope,)), 403)
    shown(town, town.keys().create("feed", ("rota:calendar",), areas=("north",)), 403)
    shown(town, "fw_1_2", 401)
    with pytest.raises(SettingsError, match="alone"):
        town.keys().create("x", ("screen:read", "forecasts:read"))


def test_a_revoked_screen_shows_no_number_and_is_told_so(town: Bench) -> None:
    token = key(town)
    assert 'data-picture="numbers"' in shown(town, token)
    town.keys().revoke(token.split("_")[1])
    text = shown(town, token, 401)
    assert 'data-picture="none"' in text
    assert "was revoked" in text


def test_who_is_not_signed_in_is_sent_to_sign_in_and_a_good_key_opens_it(town: Bench) -> None:
    answer = town.stranger.get("/screen", follow_redirects=False)
    assert answer.status_code in (303, 307)
    assert answer.headers["location"] == "/sign-in?next=%2Fscreen"
    assert "<h1>South</h1>" in town.client.get("/screen?area=south").text


def test_the_address_is_in_no_line_of_the_audit_and_on_no_disk(town: Bench) -> None:
    file = town.root / "audit.jsonl"
    app = create_site(town, clock=lambda: town.now, audit=AuditFile(file, 10**6, 2))
    token = key(town)
    client = TestClient(app, "http://localhost", headers={"Accept": "text/html"})
    assert client.get(f"/screen/{token}").status_code == 200
    for wrong in (f"{token}x", f"{token}/more"):
        answer = client.get(f"/screen/{wrong}")
        assert answer.status_code in (401, 404)
        assert token not in answer.text
    secret = token.split("_", 2)[2]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["route"] == "/screen/{token}"
    assert all(secret not in json.dumps(line) for line in lines)
    kept = [path for path in town.root.rglob("*") if path.is_file()]
    assert [path for path in kept if secret.encode() in path.read_bytes()] == []


# Boards.


def board(*panels: str, role: str | None = None, area: str = "south") -> View:
    about = {"id": "wall", "title": "Wall <b>", "answer": "forecast", "role": role}
    return View.model_validate(about | {"question": {"area": [area]}, "panels": panels})


EVERY = ("headline", "heat_map", "map", "reasons", "special", "bands", "breakdown", "missing",
         "staffing", "accuracy", "table")  # fmt: skip


@pytest.mark.parametrize("panel", EVERY)
def test_each_panel_of_a_board_has_its_place_without_links(town: Bench, panel: str) -> None:
    town.views = (board(panel),)
    text = shown(town, key(town, board="wall"))
    assert "Wall &lt;b&gt;: South, " in text
    assert "No room" not in text
    assert "Next 12 hours" not in text


def test_a_board_has_as_many_panels_as_can_be_read_and_names_the_others(town: Bench) -> None:
    town.views = (board(*EVERY),)
    said = plain(shown(town, key(town, board="wall")))
    left = "special, bands, breakdown, missing, staffing, accuracy, table"
    assert f"No room on a screen for {left}: give the screen a board with fewer panels." in said


def test_a_screen_of_a_board_is_of_the_areas_of_its_key(town: Bench) -> None:
    town.views = (board("headline", area="south"),)
    text = shown(town, key(town, "north", board="wall"), 404)
    assert "South" not in text
    town.views = ()
    assert "No such view" in shown(town, key(town, board="wall"), 404)


def test_whoever_made_the_key_of_a_screen_chose_its_board_whatever_the_role(town: Bench) -> None:
    town.views = (board("headline", role="planner"),)
    assert "Wall" in shown(town, key(town, board="wall"))
    assert town.client.get("/screen?board=wall").status_code == 403
    town.views = (board("headline"),)
    assert "Wall" in town.client.get("/screen?board=wall").text


# States.


def test_a_stale_issue_puts_a_bar_across_the_screen(town: Bench) -> None:
    town.now += pd.Timedelta(days=20)
    text = shown(town, key(town))
    assert '<p class="bar"><span aria-hidden="true">⚠</span> Stale: ' in text


def test_beyond_the_issue_nothing_is_forecast_and_nothing_is_zero(town: Bench) -> None:
    town.now += pd.Timedelta(days=60)
    found = tables(shown(town, key(town)))
    assert {tuple(cells[2:4]) for cells in found[HOURS][1:]} == {("– ∅", "not forecast")}


def test_without_an_issue_the_screen_says_so_and_asks_again(empty: Bench) -> None:
    text = shown(empty, key(empty), 503)
    assert "No issue published yet" in text
    assert 'data-every="60"' in text
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in text


def test_a_force_of_days_has_days_and_says_why(tmp_path: Path, make_issue: MakeIssue) -> None:
    made = Bench(tmp_path, now=NOW)
    made.issues().publish(daily(make_issue()))
    text = shown(made, key(made))
    said = plain(text)
    assert "This force counts its calls by day, so there are no hours to show." in said
    assert HOURS not in said
    assert len(tables(text)[DAYS]) == 8


def test_names_with_markup_are_texts(tmp_path: Path, make_issue: MakeIssue) -> None:
    made = Bench(tmp_path, now=NOW)
    issue = make_issue()
    force = issue.profile.model_dump(mode="json")
    for area in force["areas"]:
        area["name"] = f'<b>{area["name"]}"&'
    profile = type(issue.profile).model_validate(force)
    made.issues().publish(replace(issue, profile=profile, tree=profile.tree()))
    text = shown(made, key(made))
    assert "<b>" not in text
    assert html.escape('<b>Town"&').replace("&quot;", "&#34;") in text


def test_a_clock_before_the_issue_is_no_error(town: Bench) -> None:
    town.now = FIRST.tz_localize("UTC") - pd.Timedelta(days=2)
    assert "not forecast" in shown(town, key(town))
