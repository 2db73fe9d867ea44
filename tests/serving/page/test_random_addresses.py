"""Whatever address is asked, the page answers; whatever it links to is there."""

from __future__ import annotations

import html
import re
from typing import get_args
from urllib.parse import quote, urljoin, urlsplit

import numpy as np
import pandas as pd
import pytest
from fastapi.routing import iter_route_contexts

from forewatch.tables import PLAN, check
from serving.duty_records import DutyRecord
from serving.page.file_links import PageTable
from serving.settings import ServingSettings
from serving.special_records import SpecialRecord
from tests.serving.conftest import Bench, issue_of_the_town, missing_of_the_town

FIRST = pd.Timestamp("2026-10-19")  # of the week with the day of 25 hours, the only whole one
DAYS = 9
WEEK = "2026-W43"
ADDRESSES = 200
# A place to begin at for each view; {} is filled with a mad text as well.
VIEWS = {
    "/week": "/week",
    "/shift/{period:path}": "/shift/{}",
    "/worries": "/worries",
    "/accuracy": "/accuracy",
    "/missing": "/missing",
    "/events": "/events",
    "/views": "/views",
    "/download/{table}.{form}": "/download/{}.csv",
    "/views/{view_id}": "/views/{}",
    "/brief": "/brief",
    "/brief.pdf": "/brief.pdf",
    "/screen": "/screen",
    "/help": "/help",
    "/accessibility": "/accessibility",
    "/sign-in": "/sign-in",
    "/sign-in/{token}": "/sign-in/{}",
    "/static/{name}": "/static/{}",
    "/": "/",
}
# Nobody is signed in: it leads to where one does. A screen's wrong key is refused: test_screen.py.
OTHERS = {"/sign-out", "/screen/{token}"}
VALUES = {
    "week": [WEEK, "next", "last", "this", "2026-W44", "2026-w43", "2026-W42"],
    "area": ["town", "south", "South-2", "NORTH", "district"],
    "call_type": ["violence", "all", "each", "Violence"],
    "grade": ["routine", "all", "immediate"],
    "lead": ["7", "28", "1"],
    "role": ["response"],
    "next": ["/week", "/shift/2026-10-24"],
    "board": ["control-room", "of-south"],
    "by": ["week", "day"],
    "period": ["2026-10-24/late"],
}
PERIODS = ["2026-10-24/late", "2026-10-24", "2026-10-24T17:00Z", "2026-10-25T01:00Z",
           "2026-10-26/night"]  # fmt: skip
BOARDS = ["control-room", "of-north", "of-south"]
TABLES = ["forecasts", *get_args(PageTable)]
MAD = [
    "", " ", "elsewhere", "violenc", "rutine", "nort", "2026-W99", "2026-W54", "1999-W01",
    "9999-W52", "0000-W00", "2026-W4\uff13", "-1", "0", "1e400", "nan", "12345678901234567890",
    "true", "null", "[]", "{}", "x" * 63, "x" * 64, "y" * 3000, "Ünïcødé 北区", "\0", "a\0b",
    "\r\nSet-Cookie: a=b", "\u202eneth", "\u200f", "\ufeff", "\U0001f600",
    "%", "%zz", "%2e%2e", "%00", "..", "../..", "../../etc/passwd", "/", "//", "//evil.example",
    "https://evil.example/", "\\\\evil", ".", "a/b/c/d", "2026-10-24/", "2026-02-30",
    "2026-10-24/nobody", "2026-10-24T17:30Z", "2026-10-24T25:00Z", "9999-12-31/late",
    "0001-01-01", "2026-10-24T17:00+01:00", "2026-10-24/late/", "<script>alert(1)</script>",
    "\"><b>'", "'; DROP TABLE calls --", "{{7*7}}", "${7*7}", "=1+1", "1,2", "north,south",
    "\u0661\u0662", "\ufb00", "ß",
]  # fmt: skip
# What no encoder makes: bytes as they come off the wire.
RAW = ["%FF%FE", "%C0%AE%C0%AE", "%ED%A0%80", "%", "%G1", "%25", "+", "%u0041", "%0d%0a", "%F8%80"]
_HOUR = re.compile(r"/shift/2026-10-(\d\d)T(\d\d):00Z")
_LINKS = re.compile(r'<(?:a|link|script|form|img|use)\b[^>]*?\s(?:href|src|action)="([^"]*)"')


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A town with all that views show, of one whole week: its links are few enough to follow."""
    known = pd.Timestamp("2026-10-01T00:00Z")
    plan = [
        (area, "response", shift, day, "planned", 2, False, known)
        for area in ("north", "south")
        for shift in ("early", "late", "night")
        for day in pd.date_range(FIRST, periods=7)
    ]
    fair = pd.DataFrame(
        {
            "name": ["Fair <b>"],
            "area": ["north"],
            "start": pd.Timestamp("2026-10-24T10:00Z"),
            "end": pd.Timestamp("2026-10-24T18:00Z"),
            "attendance_low": 900,
            "attendance_high": 1100,
            "known_at": known,
        }
    )
    made = Bench(
        tmp_path_factory.mktemp("town"),
        now=FIRST.tz_localize("UTC") - pd.Timedelta(hours=30),
        settings=ServingSettings(cost_per_minute=10**7),
        record=DutyRecord(check("plan", pd.DataFrame(plan, columns=[*PLAN.columns]))),
        special=SpecialRecord(events=check("events", fair)),
    )
    made.views = (
        made.views[0].model_copy(update={"panels": ("headline", "table")}),
        *(each.model_copy(update={"panels": ("map", "table")}) for each in made.views[1:]),
    )
    # what was published before has another horizon, and is compared with
    made.issues().publish(issue_of_the_town(FIRST - pd.Timedelta(days=7), DAYS))
    missing = missing_of_the_town(FIRST, DAYS)
    made.issues().publish(issue_of_the_town(FIRST, DAYS).with_part("missing", missing))
    return made


def random_address(draw: np.random.Generator) -> str:
    """Return the path and the query of an address, as they come off the wire."""

    def text(good: list[str]) -> str:
        """Return a text, mostly one that means something, encoded."""
        kind = draw.random()
        if kind < 0.1:
            return str(draw.choice(RAW))
        return quote(str(draw.choice(good if kind < 0.55 else MAD)), safe="")

    path = str(draw.choice([*VIEWS.values()]))
    if "{}" in path:
        first = path.split("/")[1]
        found = text({"shift": PERIODS, "download": TABLES}.get(first, BOARDS))
        path = path.format(found.replace("%2F", "/") if draw.random() < 0.5 else found)
    elif draw.random() < 0.08 and path != VIEWS["/screen"]:
        path += f"/{text(['x'])}"
    names = draw.choice([*VALUES], draw.integers(0, 5), replace=bool(draw.random() < 0.1))
    pairs = [f"{name}={text(VALUES[name])}" for name in names]
    if draw.random() < 0.1:
        pairs.append(f"{text(['x', 'name', 'officer_id', 'AREA'])}={text(['1'])}")
    if draw.random() < 0.05:
        pairs.append(str(draw.choice(["&", "=", "==", "area", "&&area&", ";", "?", "#"])))
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def test_every_view_is_asked(shown: Bench) -> None:
    site = {
        str(context.path)
        for context in iter_route_contexts(shown.app.routes)
        if not str(context.path).startswith(("/v1/", "/health/", "/metrics", "/openapi"))
    }
    assert site == {*VIEWS, *OTHERS}, "say in this test how the new page is asked"


def test_random_addresses_are_answered_and_all_their_links_lead_somewhere(shown: Bench) -> None:
    draw = np.random.default_rng(14)
    asked: dict[str, None] = {}
    while len(asked) < ADDRESSES:
        asked[random_address(draw)] = None
    statuses, links = dict[int, int](), dict[str, str]()
    for address in asked:
        answer = shown.client.get(f"http://localhost{address}", headers={"Accept": "text/html"})
        assert answer.status_code in {200, 404, 422}, address
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        if not answer.headers["content-type"].startswith("text/html"):
            assert address.startswith(("/static/", "/brief.pdf", "/download/")), address
            continue
        assert "<h1" in answer.text, address
        assert "<script>" not in answer.text, address
        for link in _LINKS.findall(answer.text):
            if link.startswith("#"):  # a place on the page itself
                assert f'id="{link[1:]}"' in answer.text, (address, link)
                continue
            there = urljoin(str(answer.url), html.unescape(link)).partition("#")[0]
            links.setdefault(there, address)
    assert min(statuses[each] for each in (200, 404, 422)) > 10  # each was looked at
    assert {urlsplit(link).netloc for link in links} == {"localhost"}
    for link in _covering(links):
        answer = shown.client.get(link, headers={"Accept": "text/html"})
        assert answer.status_code == 200, (link, "on", links[link])


def _covering(links: dict[str, str]) -> list[str]:
    """Return links that hold each path and each question once: together they are too many.

    Of the hours of a week, cells of one table, are all of the long day and every eleventh other.
    """
    paths, questions, found = set[str](), set[str](), list[str]()
    for link in sorted(links):
        parts = urlsplit(link)
        hour = _HOUR.fullmatch(parts.path)
        if hour and hour[1] != "25" and int(hour[2]) % 11:
            continue
        if parts.path not in paths or parts.query not in questions:
            paths.add(parts.path)
            questions.add(parts.query)
            found.append(link)
    return found
