"""Whatever lies outside somebody's areas changes nothing that they are told, on any route.

Two towns are alike but for what is outside the north: names of areas, calls, missing persons,
plans, events, breaks, notes, pools, views and shifts. Everything is asked of both, by somebody
signed in and by a key, both of the north: the answers are the same to the byte. As what is asked
names things of one town that the other doesn't have, what isn't theirs is told like what isn't
there as well.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.testclient import TestClient

from forewatch.profile import Profile
from forewatch.tables import EVENTS, PLAN, check
from planning.issues import Issue, Part
from planning.landing import KnownReports
from planning.past_counts import PastCounts
from serving.duty_records import DutyRecord
from serving.keys import SCOPES_WITHIN_AREAS
from serving.settings import ServingSettings
from serving.special_records import SpecialRecord
from tests.serving.conftest import (
    FIRST,
    Bench,
    issue_of_the_town,
    missing_of_the_town,
    town,
    views_of_the_town,
)

PASSWORD = "four words none relate"  # noqa: S105 - of tests
SAME = {"Sec-Fetch-Site": "same-origin"}
WEEK = "week=2026-W43"
# What the one town has outside the north, and its name in the other.
OTHERS = {"south": "west", "south-1": "west-7", "south-2": "west-8", "town": "shire"}
AREAS = ("", "&area=south", "&area=South-1", "&area=town", "&area=north&area=south", "&area=sout")
ONE_AREA = AREAS[:4]
WITH_AREAS = tuple(f"?{WEEK}{area}" for area in AREAS)
OF_PAGE = tuple(f"?{WEEK}{area}" for area in ONE_AREA)
# How each route is asked: by what stands after its path. A new route is named here, or the test
# fails.
ASKED: dict[str, tuple[str, ...]] = {
    "/openapi.json": ("",),
    "/v1/forecasts": (*WITH_AREAS, f"?{WEEK}&by=shift&area=beat&limit=3", "?week=2026-W43&issue=9"),
    "/v1/explanations": WITH_AREAS,
    "/v1/missing-persons": (*WITH_AREAS, f"?{WEEK}&reserved_hours=south-1:3"),
    "/v1/views": ("",),
    "/v1/views/control-room": (f"?{WEEK}", f"?{WEEK}&by=week"),
    "/v1/views/of-north": (f"?{WEEK}",),
    "/v1/views/of-south": (f"?{WEEK}", ""),
    "/v1/rota/requirements": (
        *WITH_AREAS, f"?{WEEK}&by=half-hour", f"?{WEEK}&shift=southern",
        f"?{WEEK}&role=dog_handler",
    ),
    "/v1/rota/calendar/{token}.ics": (),  # the key is in the address: test_rota_calendar.py
    "/v1/rota/plan": (),  # what is sent is read: test_plan_uploads.py
    "/v1/issues": ("", "?limit=1"),
    "/v1/issues/1": ("",),
    "/v1/issues/2": ("",),
    "/v1/issues/3": ("",),
    "/v1/areas": ("",),
    "/v1/call-types": ("",),
    "/v1/models": ("",),
    "/v1/issues/2/export": ("?format=csv",),
    "/health/live": ("",),
    "/health/ready": ("",),
    "/metrics": ("",),
    "/sign-in": ("", "?next=/week?area=south"),
    "/sign-out": (),  # a form, whose token is another each time
    "/sign-in/south": ("",),
    "/": ("",),
    "/week": (*OF_PAGE, f"?{WEEK}&call_type=violence&grade=routine"),
    "/shift/2026-10-24/late": OF_PAGE,
    "/shift/2026-10-24/southern": ("",),
    "/shift/2026-10-24T17:00Z": ("",),
    "/worries": OF_PAGE,
    "/accuracy": (*OF_PAGE, "?lead=7"),
    "/missing": OF_PAGE,
    "/events": OF_PAGE,
    "/brief": OF_PAGE,
    "/brief.pdf": (f"?{WEEK}", f"?{WEEK}&area=south"),
    "/screen": ("", "?area=south", "?board=of-south", "?board=of-north"),
    "/screen/{token}": (),  # the key is in the address: test_screen.py
    "/download/forecasts.csv": OF_PAGE,
    "/download/explanations.xlsx": OF_PAGE,
    "/download/missing-persons.csv": OF_PAGE,
    "/download/officers.csv": OF_PAGE,
    "/download/accuracy.csv": ("?lead=7", "?lead=7&area=south"),
    "/download/accuracy-tests.csv": ("",),
    "/download/events.xlsx": ("", "?area=south", "?area=town"),
    "/download/officers-short.csv": (
        "?period=2026-10-24/late", "?period=2026-10-24/late&area=south",
        "?period=2026-10-24/southern",
    ),
    "/download/missing-chances.csv": ("",),
    "/download/missing-trust.csv": ("", "?area=south"),
    "/views": ("",),
    "/views/control-room": (f"?{WEEK}",),
    "/views/of-south": (f"?{WEEK}", "?area=south"),
    "/views/of-north": (f"?{WEEK}",),
    "/help": ("",),
    "/accessibility": ("",),
    "/static/style.css": ("",),
}  # fmt: skip
FORMS = {
    "/v1/forecasts": ("csv", "xlsx"),
    "/v1/rota/requirements": ("csv", "xlsx"),
}
MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What changes with every asking, or with every issue that is published, and tells nothing of it.
_PASSING = {"date", "etag", "set-cookie"}
_RANDOM = re.compile(r"[0-9a-f]{64}|(?<=form_token\" value=\")[^\"]+|(?<=\?)[0-9a-f]{12}\b")


class Told(NamedTuple):
    """What somebody is told."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: str


def renamed(text: str) -> str:
    return OTHERS.get(text, text)


def shire(profile: Profile) -> Profile:
    """The same force with other names outside the north."""
    said = profile.model_dump(mode="json", exclude_defaults=True)
    for area in said["areas"]:
        if area["id"] in OTHERS:
            area["id"] = renamed(area["id"])
            area["name"] = area["id"].title()
        if area.get("parent") is not None:
            area["parent"] = renamed(area["parent"])
    return Profile.model_validate(said)


def elsewhere(part: Part, factor: float) -> Part:
    """The same forecast of a town with other names, and other numbers, outside the north."""
    rates = part.forecast.rates
    outside = np.array([1.0, factor])[:, None, None]
    other = replace(
        rates,
        places=tuple(map(renamed, rates.places)),
        leaves=tuple(map(renamed, rates.leaves)),
        base=rates.base * outside,
        baseline=rates.baseline * outside,
    )
    known = part.known
    if known is not None:
        count = known.count.copy()
        count[3, 50] = 4.0
        known = KnownReports(known.edges, tuple(map(renamed, known.leaves)), count)
    return replace(part, forecast=replace(part.forecast, rates=other), known=known)


def issues_of_a_town() -> list[Issue]:
    """Two issues: with missing persons, the days before, notes and pools."""
    first = issue_of_the_town(days=28)
    days = pd.date_range(FIRST - pd.Timedelta(days=60), periods=60, freq="D", unit="us")
    count = np.arange(4 * 60, dtype=float).reshape(4, 60) % 17
    past = PastCounts(days, first.forecast.rates.leaves, count)
    notes = ("sarima left out south-1/violence", "a level of violence, North: shop", "for all")
    pools = {"missing_person": (("north-1", "north-2"), ("south-1", "south-2"))}
    second = replace(first, notes=notes, pools=pools, past=past)
    return [first, second.with_part("missing", missing_of_the_town(days=28))]


def in_the_shire(issue: Issue) -> Issue:
    """The same issue of the other town."""
    profile = shire(issue.profile)
    past = issue.past
    if past is not None:
        count = past.count * np.array([1, 1, 5, 7])[:, None]
        past = PastCounts(past.force_days, tuple(map(renamed, past.leaves)), count)
    return replace(
        issue,
        parts={name: elsewhere(part, 3.0) for name, part in issue.parts.items()},
        profile=profile,
        tree=profile.tree(),
        notes=tuple(re.sub(r"south-1", "west-8 and Shire", note) for note in issue.notes),
        pools={
            kind: tuple(tuple(map(renamed, pool)) for pool in pools)
            for kind, pools in issue.pools.items()
        },
        past=past,
    )


def duty_and_events(*, is_shire: bool) -> tuple[DutyRecord, SpecialRecord]:
    """A plan and events, of both districts; the north's are the same in both towns."""
    known = pd.Timestamp("2026-10-01T00:00Z")
    own = OTHERS["south"] if is_shire else "south"
    officers = {"north": 2, own: 9 if is_shire else 1}
    plan = [
        (area, "response", shift, day, "planned", number, False, known)
        for area, number in officers.items()
        for shift in ("early", "late", "night")
        for day in pd.date_range("2026-10-19", periods=5 if is_shire and area == own else 7)
    ]
    fairs = [("Fair of the north", "north", 1100), (f"Fair of {own}", own, 90_000)]
    events = pd.DataFrame(
        [
            (name, area, "2026-10-24T10:00Z", "2026-10-24T18:00Z", most - 200, most, known)
            for name, area, most in fairs[: 1 if is_shire else 2]
        ],
        columns=["name", "area", "start", "end", "attendance_low", "attendance_high", "known_at"],
    )
    for name in ("start", "end", "known_at"):
        events[name] = pd.to_datetime(events[name], utc=True)
    record = DutyRecord(check("plan", pd.DataFrame(plan, columns=[*PLAN.columns])))
    return record, SpecialRecord(events=check(EVENTS.name, events))


def made_town(folder: Path, *, is_shire: bool) -> Bench:
    folder.mkdir()
    record, special = duty_and_events(is_shire=is_shire)
    views = views_of_the_town()
    if is_shire:
        question = {"area": [OTHERS["south"], OTHERS["south-1"]]}
        views = (*views[:2], views[2].model_copy(update={"id": "of-west", "question": question}))
    made = Bench(
        folder,
        settings=ServingSettings(cost_per_minute=10**7),
        profile=shire(town()) if is_shire else town(),
        views=views,
        record=record,
        special=special,
    )
    for issue in issues_of_a_town():
        made.issues().publish(in_the_shire(issue) if is_shire else issue)
    reason = f"as {renamed('south-1') if is_shire else 'south-1'} was wrong"
    made.issues().decide("withdraw", 1, "ann", reason, made.now)
    return made


def told(answer: Any) -> Told:
    headers = sorted(
        (name, value)
        for name, value in answer.headers.items()
        if name not in _PASSING | {"content-length"}
    )
    content = answer.content
    if content[:2] == b"PK":
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    text = content.decode("latin-1" if content[:4] == b"%PDF" else "utf-8")
    return Told(answer.status_code, tuple(headers), _RANDOM.sub("…", text))


def by_key(bench: Bench) -> TestClient:
    token = bench.keys().create("some", SCOPES_WITHIN_AREAS, areas=("north",))
    return TestClient(bench.app, "http://localhost", headers={"X-API-Key": token})


def by_session(bench: Bench) -> TestClient:
    bench.accounts().create("ann", "viewer", areas=("north",), password=PASSWORD)
    browser = TestClient(bench.app, "http://localhost", headers={"Accept": "text/html"})
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/sign-in").text)
    assert token is not None
    form = {"form_token": token[1], "name": "ann", "password": PASSWORD}
    assert browser.post("/sign-in", data=form, headers=SAME).status_code == 200
    return browser


def all_told(bench: Bench, client: TestClient) -> dict[str, Told]:
    """What a client is told by each route, however it asks."""
    found = {}
    for path, questions in ASKED.items():
        for question in questions:
            address = path + question
            answer = client.get(address, follow_redirects=False)
            found[address] = told(answer)
            if question != questions[0]:
                continue
            found[f"HEAD {address}"] = told(client.head(address, follow_redirects=False))
            # The tag of somebody who sees everything is none of theirs.
            tag = bench.client.get(address, follow_redirects=False).headers.get("etag", '"x"')
            known = client.get(address, headers={"If-None-Match": tag}, follow_redirects=False)
            found[f"known to others {address}"] = told(known)
            if "south" not in answer.text and "etag" in answer.headers and "/areas" not in path:
                assert tag != answer.headers["etag"] or not _tells_areas(path), address
            for form in FORMS.get(path, ()):
                accept = {"Accept": MEDIA[form]}
                found[f"{form} {address}"] = told(client.get(address, headers=accept))
    return found


def _tells_areas(path: str) -> bool:
    return not path.startswith(("/static", "/help", "/openapi", "/v1/call-types"))


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Bench]:
    top = tmp_path_factory.mktemp("towns")
    return made_town(top / "a", is_shire=False), made_town(top / "b", is_shire=True)


def test_every_route_is_asked(towns: tuple[Bench, Bench]) -> None:
    asked = [path.partition("?")[0] for path in ASKED]
    for context in iter_route_contexts(towns[0].app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and "{name}" not in str(context.path):
            found = [each for each in asked if route.path_regex.fullmatch(each)]
            assert found or str(context.path) in ASKED, (
                f"say in this test how {context.path} is asked"
            )


@pytest.mark.parametrize("how", [by_key, by_session])
def test_nothing_outside_changes_what_somebody_of_some_areas_is_told(
    towns: tuple[Bench, Bench], how: Any
) -> None:
    here, there = (all_told(bench, how(bench)) for bench in towns)
    assert here.keys() == there.keys()
    for address, answer in here.items():
        assert answer == there[address], address
        for name in OTHERS:
            said = answer.content.replace("forewatch", "")
            if name not in address.casefold() and not address.endswith(
                ("openapi.json", "style.css")
            ):
                assert not re.search(rf"(?<![\w-]){name}(?![\w-])", said), (address, name)
    opened = [address for address, answer in here.items() if answer.status == 200]
    assert len(opened) > len(here) / 4  # sessions open the page alone


def test_the_towns_differ_for_whoever_sees_them_all(towns: tuple[Bench, Bench]) -> None:
    for address in ("/v1/forecasts?week=2026-W43", "/week?week=2026-W43", "/events", "/v1/views"):
        here, there = (told(bench.client.get(address)) for bench in towns)
        assert here.content != there.content, address
