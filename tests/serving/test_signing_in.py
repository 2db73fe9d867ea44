"""The page's door over HTTP: who gets in, who doesn't, and what is told to whom."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import pytest
from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from httpx2 import ASGITransport, AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from serving.accounts import passwords
from serving.accounts.accounts import Accounts
from serving.accounts.sessions import SECRET
from serving.accounts.viewers import Viewer
from serving.audit import AuditFile
from serving.page.addresses import HOME, own_path
from serving.page.door import page_viewer, screen_viewer, sent_form
from serving.page.password_line import MOST_OF_ADDRESS, MOST_WAITING
from serving.page.rendering import POLICY
from serving.settings import ServingSettings
from serving.site import create_site
from tests.serving.conftest import Bench

PASSWORD = "four words none relate"  # noqa: S105 - of tests
SAME = {"Sec-Fetch-Site": "same-origin"}
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')

pages = APIRouter(include_in_schema=False)


@pages.get("/who")
async def who(viewer: Annotated[Viewer, Depends(page_viewer)]) -> Response:
    """Stand for a page of the planner's."""
    return JSONResponse([viewer.name, viewer.role, viewer.areas])


@pages.post("/note", dependencies=[Depends(sent_form)])
async def note(viewer: Annotated[Viewer, Depends(page_viewer)]) -> Response:
    """Stand for something that is changed by a form."""
    return JSONResponse([viewer.name])


@pages.get("/wall/{token}")
async def wall(viewer: Annotated[Viewer, Depends(screen_viewer)]) -> Response:
    """Stand for the big screen."""
    return JSONResponse([viewer.name, viewer.board, viewer.areas])


@dataclass
class House:
    """A site with accounts, its audit file, and browsers that visit it."""

    bench: Bench
    site: str = "http://localhost"
    settings: ServingSettings = field(default_factory=ServingSettings)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.audit = self.bench.root / "audit.jsonl"
        self.app = create_site(
            self.bench,
            clock=lambda: self.bench.now,
            settings=self.settings,
            audit=AuditFile(self.audit, 10**7, 2),
        )
        self.app.include_router(pages)

    @property
    def accounts(self) -> Accounts:
        return self.bench.accounts()

    def browser(self, address: str = "192.0.2.7", site: str | None = None) -> TestClient:
        return TestClient(self.app, site or self.site, client=(address, 1), follow_redirects=False)

    def lines(self) -> list[dict[str, Any]]:
        if not self.audit.exists():
            return []
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


@pytest.fixture
def house(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> House:
    """Ann, a viewer of the north with a password; digests are quick: see test_passwords.py."""
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 8)
    monkeypatch.setattr(passwords, "_PASSES", 1)
    found = House(bench)
    found.accounts.create("ann", "viewer", areas=("north",), password=PASSWORD)
    return found


def form_token(browser: TestClient, path: str = "/sign-in") -> str:
    found = _TOKEN.search(browser.get(path).text)
    assert found is not None
    return found[1]


def sign_in(browser: TestClient, name: str = "ann", password: str = PASSWORD, **fields: str) -> Any:
    """The answer to the form as a browser sends it."""
    sent = {"form_token": form_token(browser), "name": name, "password": password} | fields
    return browser.post("/sign-in", data=sent, headers=SAME)


def cookies(answer: Any) -> dict[str, str]:
    """Each cookie that an answer sets, with its attributes."""
    return {each.split("=")[0]: each for each in answer.headers.get_list("set-cookie")}


# The way in and out


def test_whoever_signs_in_is_who_looks_until_they_sign_out(house: House) -> None:
    browser = house.browser()
    asked = browser.get("/who?area=north&week=2026-W43")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/sign-in?next=%2Fwho%3Farea%3Dnorth%26week%3D2026-W43",
    )
    page = browser.get(asked.headers["location"])
    assert 'value="/who?area=north&amp;week=2026-W43"' in page.text
    done = sign_in(browser, next="/who?area=north&week=2026-W43")
    assert (done.status_code, done.headers["location"]) == (303, "/who?area=north&week=2026-W43")
    assert browser.get("/who").json() == ["ann", "viewer", ["north"]]
    assert browser.get("/sign-in?next=/who").headers["location"] == "/who"
    token = form_token(browser, "/sign-out")
    out = browser.post("/sign-out", data={"form_token": token}, headers=SAME)
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert browser.get("/who").status_code == 303
    assert browser.get("/sign-out").headers["location"] == "/sign-in"


def test_signing_out_ends_the_session_wherever_its_cookie_was_copied_to(house: House) -> None:
    browser, thief = house.browser(), house.browser()
    sign_in(browser)
    thief.cookies.set("forewatch_session", browser.cookies["forewatch_session"])
    assert thief.get("/who").status_code == 200
    token = form_token(browser, "/sign-out")
    browser.post("/sign-out", data={"form_token": token}, headers=SAME)
    assert thief.get("/who").status_code == 303


def test_cookies_are_kept_from_scripts_other_sites_and_plain_http(house: House) -> None:
    done = sign_in(house.browser())
    for cookie in cookies(done).values():
        for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age="):
            assert part in cookie
        assert "Domain" not in cookie
        assert "Secure" not in cookie  # on this machine alone
    assert set(cookies(done)) == {"forewatch_session", "forewatch_browser"}
    assert "Max-Age=43200" in cookies(done)["forewatch_session"]
    secure = House(house.bench, "https://forecast.example", ServingSettings(hosts=("*",)))
    done = sign_in(secure.browser())
    assert set(cookies(done)) == {"__Host-forewatch_session", "__Host-forewatch_browser"}
    assert all("; Secure" in cookie for cookie in cookies(done).values())


def test_nobody_signs_in_where_others_could_listen(house: House) -> None:
    plain = House(house.bench, "http://forecast.example", ServingSettings(hosts=("*",)))
    browser = plain.browser()
    page = browser.get("/sign-in")
    assert "<form" not in page.text
    assert "https" in page.text
    link = house.accounts.sign_in_link("ann")
    assert browser.get(f"/sign-in/{link}").status_code == 404
    assert house.browser().get(f"/sign-in/{link}").status_code == 303  # not used up by that


# Cookies that are none


@pytest.mark.parametrize(
    "end",
    [
        lambda house: house.accounts.change("ann", is_enabled=False),
        lambda house: house.accounts.change("ann", role="planner"),
        lambda house: house.accounts.change("ann", areas=("south",)),
        lambda house: house.accounts.set_password("ann", "other words of some length"),
        lambda house: setattr(house.bench, "now", house.bench.now + pd.Timedelta(hours=12)),
        lambda house: (house.bench.root / SECRET).unlink(),
    ],
    ids=["disabled", "role", "areas", "password", "old", "secret"],
)
def test_a_session_ends_at_once(house: House, end: Any) -> None:
    browser = house.browser()
    sign_in(browser)
    assert browser.get("/who").status_code == 200
    end(house)
    assert browser.get("/who").status_code == 303


def test_a_session_lasts_as_long_as_the_settings_say(house: House) -> None:
    short = House(house.bench, settings=ServingSettings(session_hours=0.5))
    browser = short.browser()
    assert "Max-Age=1800" in cookies(sign_in(browser))["forewatch_session"]
    house.bench.now += pd.Timedelta(minutes=29)
    assert browser.get("/who").status_code == 200
    house.bench.now += pd.Timedelta(minutes=1)
    assert browser.get("/who").status_code == 303


def test_forged_and_foreign_cookies_open_nothing(house: House, tmp_path: Path) -> None:
    browser = house.browser()
    sign_in(browser)
    cookie = browser.cookies["forewatch_session"]
    other = House(Bench(tmp_path / "other"))
    other.accounts.create("ann", "analyst", password=PASSWORD)
    elsewhere = other.browser()
    sign_in(elsewhere)
    payload, signature = cookie.split(".")
    for forged in (
        elsewhere.cookies["forewatch_session"],
        f"{payload}.{'A' * len(signature)}",
        f"{payload[:-1]}.{signature}",
        payload,
        "",
        "x" * 5000,
        browser.cookies["forewatch_browser"],
    ):
        thief = house.browser()
        headers = {"Cookie": f"forewatch_session={forged}"}
        assert thief.get("/who", headers=headers).status_code == 303


# Forms


def test_a_form_of_another_site_changes_nothing(house: House) -> None:
    browser = house.browser()
    sign_in(browser)
    token = form_token(browser, "/sign-out")
    ours, theirs = "http://localhost", "https://evil.example"
    for headers, taken in (
        (SAME, True),
        ({"Origin": ours}, True),  # a browser that doesn't say Sec-Fetch-Site
        ({"Sec-Fetch-Site": "cross-site", "Origin": ours}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": ours}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": theirs}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost:81"}, False),
        ({"Origin": "https://localhost"}, False),
        ({}, False),
    ):
        answer = browser.post("/note", data={"form_token": token}, headers=headers)
        assert answer.status_code == (200 if taken else 403), headers
        if not taken:
            assert answer.json()["type"] == "urn:forewatch:problem:foreign-form"


def test_a_form_needs_the_token_of_its_own_session(house: House) -> None:
    browser, other = house.browser(), house.browser()
    before = form_token(browser)
    sign_in(browser)
    sign_in(other)
    for token in ("", "x", "x.y", before, form_token(other, "/sign-out")):
        answer = browser.post("/note", data={"form_token": token}, headers=SAME)
        assert answer.status_code == 403
        assert "the form is out of date" in answer.text.lower()
    assert browser.post("/note", headers=SAME, data={}).status_code in (403, 415)
    # signing in is a form like others: nobody is signed in as somebody else by another page
    stranger = house.browser()
    sent = {"form_token": before, "name": "ann", "password": PASSWORD}
    assert stranger.post("/sign-in", data=sent, headers=SAME).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"name=a", "text/plain", 415),
        (b"name=" + b"a" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(500)), "application/x-www-form-urlencoded", 400),
        (b"name=%ff\xff", "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
def test_what_is_no_form_is_refused(house: House, content: bytes, kind: str, status: int) -> None:
    answer = house.browser().post(
        "/sign-in", content=content, headers=SAME | {"Content-Type": kind}
    )
    assert answer.status_code == status


def test_a_browser_is_told_of_a_refusal_by_a_page(house: House) -> None:
    accepts = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    browser = house.browser()
    for method, path, status, said in (
        ("POST", "/sign-in", 415, "A form comes as application/x-www-form-urlencoded."),
        ("GET", "/nothing", 404, "Not Found"),
        ("DELETE", "/sign-in", 405, "Method Not Allowed"),
    ):
        answer = browser.request(method, path, headers=accepts)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == POLICY
        assert said in answer.text
    assert browser.delete("/sign-in", headers=accepts).headers["allow"].startswith("GET")
    refused = browser.post("/sign-in", data={"form_token": "x"}, headers=SAME | accepts)
    assert "<h1>The form was not taken</h1>" in refused.text
    for path in ("/v1/areas", "/v1/nothing", "/metrics"):  # of programs
        answer = browser.get(path, headers=accepts)
        assert answer.headers["content-type"] == "application/problem+json"


# What the answer tells


def test_the_answer_does_not_tell_what_was_wrong(house: House) -> None:
    house.accounts.create("bob", "viewer")
    house.accounts.create("off", "viewer", password=PASSWORD)
    house.accounts.change("off", is_enabled=False)
    told = set()
    digests = house.app.state.door.accounts.digests
    for name, password in (
        ("ann", "wrong words of a length"),
        ("bob", PASSWORD),
        ("off", PASSWORD),
        ("who", PASSWORD),
        ("", ""),
        ("<b>", PASSWORD * 50),
    ):
        before = digests.computed
        answer = sign_in(house.browser(), name, password)
        assert digests.computed == before + 1, name  # the same work for each
        assert answer.status_code == 403
        text = _TOKEN.sub("", answer.text)
        told.add(re.sub(r'id="name" name="name" value="[^"]*"', "", text))
        assert "<b>" not in answer.text
    assert len(told) == 1
    assert "The name or the password is wrong." in told.pop()


def test_what_is_typed_is_in_no_file(house: House) -> None:
    sign_in(house.browser(), "my secret words", "in the wrong field")
    sign_in(house.browser(), "ann", "wrong words of a length")
    sign_in(house.browser())
    files = [path for path in house.bench.root.rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in files)
    for typed in (b"my secret words", b"in the wrong field", b"wrong words", PASSWORD.encode()):
        assert typed not in content


# Tries


def test_tries_are_slowed_by_account_and_address_together(house: House) -> None:
    def status(name: str, address: str, password: str = "wrong words of a length") -> int:  # noqa: S107
        found: int = sign_in(house.browser(address), name, password).status_code
        return found

    assert Counter(status("ann", "192.0.2.7") for _ in range(8)) == {403: 5, 429: 3}
    assert status("ann", "192.0.2.7", PASSWORD) == 429  # else guessing would go on
    assert status("ann", "192.0.2.8", PASSWORD) == 303  # nobody is locked out elsewhere
    assert status("bob", "192.0.2.7") == 403
    # names that there aren't are slowed as well
    assert Counter(status("who", "192.0.2.7") for _ in range(8)) == {403: 5, 429: 3}


def test_a_slowed_answer_says_how_long_to_wait(house: House) -> None:
    for _ in range(5):
        sign_in(house.browser(), "ann", "wrong words of a length")
    answer = sign_in(house.browser(), "ann", "wrong words of a length")
    seconds = int(answer.headers["retry-after"])
    assert 1 <= seconds <= 30
    assert f"Try again in {seconds} seconds." in answer.text


def test_a_browser_that_somebody_signed_in_from_is_not_slowed_by_others_at_its_address(
    house: House,
) -> None:
    house.accounts.create("eve", "viewer", password=PASSWORD)
    at_home, others = house.browser(), house.browser()
    sign_in(at_home)
    at_home.cookies.delete("forewatch_session")
    sign_in(others, "eve")  # an account of one's own opens no way around
    others.cookies.delete("forewatch_session")
    found = [sign_in(others, "ann", "wrong words of a length").status_code for _ in range(7)]
    assert found == [403] * 5 + [429] * 2
    assert sign_in(at_home).status_code == 303


def test_signing_in_forgets_the_tries_before(house: House) -> None:
    for _ in range(4):
        for _ in range(4):
            sign_in(house.browser(), "ann", "wrong words of a length")
        assert sign_in(house.browser()).status_code == 303


async def _together(house: House, tries: list[tuple[str, str]]) -> Counter[int]:
    """The answers to tries, name and address, that all come at the same time."""
    token_browser = house.browser()
    token = form_token(token_browser)
    cookie = f"forewatch_browser={token_browser.cookies['forewatch_browser']}"

    async def one(name: str, address: str) -> int:
        transport = ASGITransport(house.app, client=(address, 1))
        async with AsyncClient(transport=transport, base_url="http://localhost") as client:
            sent = {"form_token": token, "name": name, "password": "wrong words of a length"}
            headers = SAME | {"Cookie": cookie}
            answer = await client.post("/sign-in", data=sent, headers=headers)
            health = await client.get("/health/live")
            assert health.status_code == 200
            return answer.status_code

    return Counter(await asyncio.gather(*(one(*each) for each in tries)))


def test_many_tries_at_once_are_counted_before_any_is_looked_at(house: House) -> None:
    digests = house.app.state.door.accounts.digests
    before = digests.computed
    found = asyncio.run(_together(house, [("ann", "192.0.2.7")] * 30))
    assert found == {403: 5, 429: 25}
    assert digests.computed == before + 5


def test_an_attack_from_everywhere_fills_a_short_line_and_nothing_else(house: House) -> None:
    digests = house.app.state.door.accounts.digests
    before = digests.computed
    tries = [(f"name{i}", f"198.51.100.{i}") for i in range(MOST_WAITING + 20)]
    found = asyncio.run(_together(house, tries))
    assert set(found) == {403, 503}
    assert found.total() == MOST_WAITING + 20
    assert found[403] == digests.computed - before
    assert found[403] >= MOST_WAITING
    one = [(f"name{i}", "192.0.2.9") for i in range(MOST_OF_ADDRESS + 10)]
    found = asyncio.run(_together(house, one))
    assert found[503] > 0
    assert found[403] >= MOST_OF_ADDRESS
    assert sign_in(house.browser()).status_code == 303  # the line is empty again


# Links


def test_a_link_signs_in_once(house: House) -> None:
    link = f"/sign-in/{house.accounts.sign_in_link('ann')}"
    browser = house.browser()
    for looking in ("prefetch", "prefetch;prerender"):
        assert browser.get(link, headers={"Sec-Purpose": looking}).status_code == 204
    assert browser.head(link).status_code == 204
    done = browser.get(link)
    assert (done.status_code, done.headers["location"]) == (303, HOME)
    assert done.headers["referrer-policy"] == "no-referrer"
    assert browser.get("/who").json() == ["ann", "viewer", ["north"]]
    again = house.browser().get(link)
    assert again.status_code == 404
    assert "This link was used already, or its time is over." in again.text
    assert again.headers["referrer-policy"] == "no-referrer"
    assert "session" not in "".join(cookies(again))
    assert link.rpartition("/")[2] not in house.audit.read_text()


def test_a_link_that_two_open_at_once_signs_one_in(house: House) -> None:
    link = f"/sign-in/{house.accounts.sign_in_link('ann')}"

    async def both() -> list[int]:
        async with AsyncClient(
            transport=ASGITransport(house.app), base_url="http://localhost"
        ) as client:
            found = await asyncio.gather(*(client.get(link) for _ in range(6)))
            return sorted(each.status_code for each in found)

    assert asyncio.run(both()) == [303, 404, 404, 404, 404, 404]


# Keys and screens


def test_a_key_opens_the_page_within_its_reach(house: House) -> None:
    token = house.bench.keys().create("report", areas=("south",))
    browser = house.browser()
    answer = browser.get("/who", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == ["report", "viewer", ["south"]]
    assert browser.get("/who", headers={"X-API-Key": "fw_1_2"}).status_code == 401
    narrow = house.bench.keys().create("rota", ("rota:read",))
    assert browser.get("/who", headers={"X-API-Key": narrow}).status_code == 403


def test_a_screen_opens_by_its_address_until_it_is_revoked(house: House) -> None:
    ring = house.bench.keys()
    token = ring.create("wall", ("screen:read",), areas=("north",), board="control-room")
    browser = house.browser()
    assert browser.get(f"/wall/{token}").json() == ["wall", "control-room", ["north"]]
    for path in ("/who", "/v1/forecasts?week=2026-W43", "/v1/areas"):
        assert browser.get(path, headers={"X-API-Key": token}).status_code == 403
    other = ring.create("report")
    assert browser.get(f"/wall/{other}").status_code == 403
    secret = token.split("_", 2)[2]
    assert {line["route"] for line in house.lines()} == {
        "/wall/{token}",
        "/who",
        "/v1/forecasts",
        "/v1/areas",
    }
    files = [path for path in house.bench.root.rglob("*") if path.is_file()]
    assert not [path for path in files if secret.encode() in path.read_bytes()]
    ring.revoke(token.split("_")[1])
    assert browser.get(f"/wall/{token}").status_code == 401


# Headers, addresses, the audit file


def test_pages_carry_the_policy_and_are_kept_by_nobody(house: House) -> None:
    browser = house.browser()
    answers = [browser.get("/sign-in"), sign_in(browser, "ann", "wrong words of a length")]
    accepts = SAME | {"Accept": "text/html"}
    answers.append(browser.post("/sign-in", headers=accepts, data={"name": "x"}))
    for answer in answers:
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "style=" not in answer.text
        assert "<script" not in answer.text.replace('<script src="/static/', "")
        assert '<html lang="en-GB">' in answer.text


@given(st.text(max_size=60) | st.text(alphabet="/\\.:?#@%&=aw\t\n ", max_size=12))
def test_one_never_goes_on_to_another_site(text: str) -> None:
    found = own_path(text)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found in (HOME, text)
    assert not set(found) & set("\\\t\r\n ")


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("/views/control-room?week=2026-W43", True),
        ("/", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("/\t/evil.example", False),
        ("https://evil.example", False),
        ("javascript:alert(1)", False),
        ("week", False),
        ("", False),
        ("/sign-in?next=/sign-in", False),
        ("/sign-in/abc", False),
        ("/sign-out", False),
        (f"/{'x' * 3000}", False),
    ],
)
def test_one_goes_on_to_own_pages_alone(house: House, text: str, *, goes_on: bool) -> None:
    done = sign_in(house.browser(), next=text)
    assert done.headers["location"] == (text if goes_on else HOME)


def test_signing_in_and_out_and_what_is_asked_stand_in_the_audit_file(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "ann", "wrong words of a length")
    sign_in(browser, "who", "wrong words of a length")
    sign_in(browser)
    browser.get("/who?area=north")
    token = form_token(browser, "/sign-out")
    browser.post("/sign-out", data={"form_token": token}, headers=SAME)
    said = [
        (line.get("event"), line["account"], line["route"], line["status"], line["address"])
        for line in house.lines()
    ]
    assert said == [
        ("sign-in refused", "ann", "/sign-in", 403, "192.0.2.7"),
        ("sign-in refused", None, "/sign-in", 403, "192.0.2.7"),
        ("sign-in", "ann", "/sign-in", 303, "192.0.2.7"),
        (None, "ann", "/who", 200, "192.0.2.7"),
        (None, "ann", "/sign-out", 200, "192.0.2.7"),
        ("sign-out", "ann", "/sign-out", 303, "192.0.2.7"),
    ]


def test_strangers_can_not_fill_the_audit_file(house: House) -> None:
    for i in range(40):
        sign_in(house.browser(), f"name{i}", "wrong words of a length")
    assert 20 <= len(house.lines()) < 30


def test_tries_are_counted_by_what_came_of_them(house: House) -> None:
    sign_in(house.browser(), "ann", "wrong words of a length")
    sign_in(house.browser())
    key = {"X-API-Key": house.bench.token}
    told = house.browser().get("/metrics", headers=key).text
    assert 'forewatch_sign_ins_total{outcome="wrong"} 1.0' in told
    assert 'forewatch_sign_ins_total{outcome="in"} 1.0' in told


def test_a_damaged_database_says_so_and_the_api_goes_on(house: House) -> None:
    browser = house.browser()
    sign_in(browser)
    for name in ("forewatch.db-wal", "forewatch.db-shm", "forewatch.db"):
        (house.bench.root / name).unlink(missing_ok=True)
    (house.bench.root / "forewatch.db").write_bytes(b"nonsense" * 1000)
    answer = browser.get("/who")
    assert answer.status_code == 503
    assert "forewatch.db can't be used" in answer.text
    assert house.browser().get("/health/live").status_code == 200


def test_a_session_counts_as_an_asker_of_its_own(house: House) -> None:
    limited = House(house.bench, settings=ServingSettings(cost_per_minute=3))
    browser = limited.browser()
    sign_in(browser)
    found = [browser.get("/who").status_code for _ in range(5)]
    assert found[:3] == [200, 200, 200]
    assert found[-1] == 429
