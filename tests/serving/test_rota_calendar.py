"""The calendar feed of shifts that are short: its address, its entries, and what it never shows."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from icalendar import Calendar
from starlette.testclient import TestClient

from forewatch.errors import SettingsError
from serving.api.app import create_app
from serving.audit import AuditFile
from serving.duty_records import UNKNOWN
from serving.writers.calendar_feed import FeedHead, calendar_feed
from tests.serving.conftest import FIRST, Bench
from tests.serving.test_rota_api import issue, plan


@pytest.fixture
def rota(tmp_path: Path) -> Bench:
    """One issue, and a plan of Saturday 2026-10-24: one shift short, one not, one unknown."""
    made = Bench(tmp_path, record=plan(early=30, night=1))
    made.issues().publish(issue())
    return made


def token(bench: Bench, area: str = "north") -> str:
    return bench.keys().create("calendar", ("rota:calendar",), areas=(area,))


def feed(bench: Bench, key: str) -> Any:
    answer = bench.stranger.get(f"/v1/rota/calendar/{key}.ics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    return Calendar.from_ical(answer.content)


def test_a_short_shift_is_an_entry_in_utc_with_a_stable_id(rota: Bench) -> None:
    events = feed(rota, token(rota)).walk("VEVENT")
    (night,) = [each for each in events if str(each["uid"]).endswith("night@forewatch")]
    assert night["uid"] == "north/response/2026-10-24/night@forewatch"
    # October's night has eleven hours.
    assert night["dtstart"].dt == datetime(2026, 10, 24, 20, 30, tzinfo=UTC)
    assert night["dtend"].dt - night["dtstart"].dt == timedelta(hours=11)
    assert "North night: 1 short (1 of 2)" in str(night["summary"])
    assert "status" not in night


def test_a_shift_that_is_not_short_is_left_out_and_one_unknown_is_told(rota: Bench) -> None:
    events = feed(rota, token(rota)).walk("VEVENT")
    uids = [str(each["uid"]) for each in events]
    assert "north/response/2026-10-24/early@forewatch" not in uids
    (unknown,) = [each for each in events if "/2026-10-24@" in str(each["uid"])]
    assert unknown["dtstart"].dt == date(2026, 10, 24)
    assert str(unknown["summary"]) == "North: not known whether short (late)"
    rota.record = plan(early=30, late=30, night=30)
    (rota.root / "history" / ".confirmed").mkdir(parents=True)
    (rota.root / "history" / ".confirmed" / "plan.json").write_text("a plan was imported")
    later = feed(rota, token(rota))
    assert [each for each in later.walk("VEVENT") if "2026-10-24" in str(each["uid"])] == []


def test_a_plan_that_cannot_be_read_is_no_empty_calendar(rota: Bench) -> None:
    rota.record = UNKNOWN
    events = feed(rota, token(rota)).walk("VEVENT")
    assert len(events) == 28
    assert {str(each["description"]).splitlines()[0] for each in events} == {
        "The plan can't be read."
    }


def test_the_feed_says_how_often_to_look(rota: Bench) -> None:
    text = rota.stranger.get(f"/v1/rota/calendar/{token(rota)}.ics").text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text
    assert "VTIMEZONE" not in text


def test_sequence_and_last_modified_only_grow(rota: Bench) -> None:
    key, seen = token(rota), []

    def look() -> None:
        event = feed(rota, key).walk("VEVENT")[0]
        assert event["last-modified"].dt == event["dtstamp"].dt
        seen.append((event["sequence"], event["last-modified"].dt))

    look()
    rota.now += pd.Timedelta(days=1)
    look()
    rota.issues().publish(issue(FIRST + pd.Timedelta(days=2)))
    rota.now += pd.Timedelta(days=1)
    look()
    rota.issues().decide("withdraw", 2, "a planner", "a test", rota.now)  # the first is back
    look()
    assert seen == sorted(seen)
    assert len(set(seen)) >= 3


def test_the_same_feed_is_not_sent_twice(rota: Bench) -> None:
    path = f"/v1/rota/calendar/{token(rota)}.ics"
    tag = rota.stranger.get(path).headers["etag"]
    assert rota.stranger.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_a_stale_feed_says_so(rota: Bench) -> None:
    rota.now += pd.Timedelta(days=10)
    events = feed(rota, token(rota)).walk("VEVENT")
    assert all("STALE" in str(each["description"]) for each in events)


def test_the_key_of_a_feed_opens_nothing_else_and_no_other_key_opens_it(rota: Bench) -> None:
    key = token(rota)
    for path in ("/v1/rota/requirements", "/v1/forecasts", "/v1/models", "/metrics"):
        assert rota.stranger.get(path, headers={"X-API-Key": key}).status_code == 403
    other = rota.keys().create("rota", ("rota:read",), areas=("north",))
    assert rota.stranger.get(f"/v1/rota/calendar/{other}.ics").status_code == 403
    assert rota.stranger.get("/v1/rota/calendar/fw_1_2.ics").status_code == 401


def test_a_revoked_address_is_gone_and_only_its_digest_was_ever_kept(rota: Bench) -> None:
    key = token(rota)
    feed(rota, key)
    secret = key.split("_", 2)[2]
    files = [path for path in rota.root.rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    rota.keys().revoke(key.split("_")[1])
    assert rota.stranger.get(f"/v1/rota/calendar/{key}.ics").status_code == 401


def test_an_address_is_of_one_area_and_has_no_other_scope(rota: Bench) -> None:
    ring = rota.keys()
    for scopes, areas in (
        (("rota:calendar",), None),
        (("rota:calendar",), ("north", "south")),
        (("rota:calendar", "rota:read"), ("north",)),
    ):
        with pytest.raises(SettingsError, match="it has the scope rota:calendar alone"):
            ring.create("x", scopes, areas=areas)  # type: ignore[arg-type] # of the list


def test_the_address_is_in_no_line_of_the_audit(rota: Bench) -> None:
    file = rota.root / "audit.jsonl"
    app = create_app(rota, clock=lambda: rota.now, audit=AuditFile(file, 10**6, 2))
    key = token(rota)
    client = TestClient(app, "http://localhost")
    assert client.get(f"/v1/rota/calendar/{key}.ics").status_code == 200
    assert client.get(f"/v1/rota/calendar/{key}x.ics").status_code == 401
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["route"] for line in lines} == {"/v1/rota/calendar/{token}.ics"}
    assert key.split("_", 2)[2] not in file.read_text()


HARD = "Bath, North; East\\Côte d’Émeraude " * 3


def written(*rows: dict[str, Any], name: str = "Short shifts") -> bytes:
    changed_at = pd.Timestamp("2026-11-26T12:34Z")
    return calendar_feed(FeedHead(name, changed_at, "about", is_stale=False), [*rows])


def short(day: str, start: str, end: str, **more: Any) -> dict[str, Any]:
    """A night that lacks three officers, as the contract tells it."""
    return {
        "shift_id": f"bath/response/{day}/night",
        "area": "bath",
        "area_name": "Bath",
        "role": "response",
        "shift": "night",
        "force_day": day,
        "start": start,
        "end": end,
        "state": "forecast",
        "plan_state": "told",
        "planned": 2,
        "on_duty": 5,
        "gap": 3,
        "short": {"p_short_at_tightest": 0.41},
        "notice": {"last_cheap_day": "2026-10-08"},
    } | more


def lines_of(feed: bytes) -> list[str]:
    """The lines of a feed by the rules of RFC 5545, section 3.1, and by no library.

    Each physical line ends with CRLF and has at most 75 octets; where one begins with a space it
    goes on with the line before, which may end within no character.
    """
    physical = feed.removesuffix(b"\r\n").split(b"\r\n")
    assert b"\n" not in b"".join(physical)
    assert all(0 < len(line) <= 75 for line in physical)
    assert feed.endswith(b"\r\n")
    found: list[str] = []
    for line in physical:
        text = line.decode()  # each alone: no character lies across a fold
        if text.startswith(" "):
            found[-1] += text[1:]
        else:
            found.append(text)
    return found


def plain(escaped: str) -> str:
    """A TEXT as RFC 5545, section 3.3.11, reads it."""
    named = {"n": "\n", "N": "\n"}
    assert re.fullmatch(r"(?:[^\\,;]|\\[\\;,nN])*", escaped)
    return re.sub(r"\\(.)", lambda found: named.get(found[1], found[1]), escaped)


def test_lines_are_folded_by_octets_and_texts_escaped_as_the_rules_say() -> None:
    night = ("2026-10-24", "2026-10-24T20:30:00Z", "2026-10-25T07:30:00Z")
    name = "Bath, North; South\nATTACH:http://example.org"
    told = lines_of(written(short(*night, area_name=HARD), name=name))
    values = dict(line.split(":", 1) for line in told)
    assert plain(values["LOCATION"]) == HARD
    assert plain(values["SUMMARY"]) == f"{HARD} night: 3 short (2 of 5)"
    assert plain(values["NAME"]) == plain(values["X-WR-CALNAME"]) == name
    assert "ATTACH" not in values
    assert values["SEQUENCE"].isdecimal()
    assert values["REFRESH-INTERVAL;VALUE=DURATION"] == "PT1H"


def test_both_changed_nights_have_their_hours_between_instants_in_utc() -> None:
    october = short("2026-10-24", "2026-10-24T20:30:00Z", "2026-10-25T07:30:00Z")
    march = short("2027-03-27", "2027-03-27T21:30:00Z", "2027-03-28T06:30:00Z")
    told = lines_of(written(october, march))
    times = [line.split(":")[1] for line in told if line.startswith(("DTSTART", "DTEND"))]
    assert times == ["20261024T203000Z", "20261025T073000Z", "20270327T213000Z", "20270328T063000Z"]
    uids = [line.split(":")[1] for line in told if line.startswith("UID")]
    assert uids == [
        "bath/response/2026-10-24/night@forewatch",
        "bath/response/2027-03-27/night@forewatch",
    ]


def test_days_of_several_areas_that_cannot_be_judged_are_entries_of_their_own() -> None:
    night = ("2026-10-24", "2026-10-24T20:30:00Z", "2026-10-25T07:30:00Z")
    nobody = {"gap": None, "planned": None, "plan_state": "no_plan"}
    mendip = {"area": "mendip", "area_name": "Mendip"}
    told = lines_of(written(short(*night) | nobody, short(*night) | nobody | mendip))
    uids = [line for line in told if line.startswith("UID")]
    assert uids == [f"UID:{area}/response/2026-10-24@forewatch" for area in ("bath", "mendip")]
