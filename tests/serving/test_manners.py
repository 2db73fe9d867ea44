"""What HTTP asks of every route: hosts, methods, packed answers, and questions within bounds."""

from __future__ import annotations

import gzip
import time
from contextlib import closing

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from serving.api.app import create_app
from serving.api.guards import MAX_QUERY_BYTES, MAX_STRANGE_NAMES
from serving.api.hosts import Hosts
from serving.page.addresses import SIGN_IN, SIGN_OUT
from serving.page.signing_in import LINK
from serving.settings import ServingSettings
from tests.serving.conftest import Bench, issue_of_the_town

HOURS = "/v1/forecasts?week=2026-W43&by=hour"
DATED = ("/v1/forecasts", "/v1/explanations", "/v1/missing-persons")
METHODS = "GET, HEAD, OPTIONS"
# The routes that take a body.
WRITES = {
    "/v1/rota/plan": "OPTIONS, POST",
    "/sign-in": "GET, HEAD, OPTIONS, POST",
    "/sign-out": "GET, HEAD, OPTIONS, POST",
}
FORMS = (SIGN_IN, SIGN_OUT)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One issue published, for all tests of this file: they ask and change nothing."""
    made = Bench(tmp_path_factory.mktemp("bench"))
    made.issues().publish(issue_of_the_town())
    return made


def paths(bench: Bench) -> list[str]:
    """Every path of the app, with something where it takes a number."""
    found = {str(route.path) for route in iter_route_contexts(bench.app.routes)}
    return sorted(path.replace("{number}", "1") for path in found)


# Hosts


@pytest.mark.parametrize(
    ("hosts", "bound", "taken", "not_taken"),
    [
        ((), "127.0.0.1", ["localhost", "127.0.0.1:80", "[::1]", "LocalHost."], ["10.0.0.5", "x"]),
        ((), "10.0.0.5", ["10.0.0.5", "localhost"], ["10.0.0.6", "evil.example"]),
        ((), "2001:db8::1", ["[2001:db8::1]:80"], ["[2001:db8::2]"]),
        ((), "0.0.0.0", ["10.0.0.5", "[2001:db8::2]", "localhost"], ["evil.example"]),  # noqa: S104
        (("f.example",), "0.0.0.0", ["F.example:443", "localhost"], ["10.0.0.5", "g.example"]),  # noqa: S104
        (("*",), "127.0.0.1", ["evil.example"], []),
    ],
)
def test_a_service_goes_by_its_own_names(
    hosts: tuple[str, ...], bound: str, taken: list[str], not_taken: list[str]
) -> None:
    names = Hosts(hosts, bound)
    assert [names.takes(host) for host in taken] == [True] * len(taken)
    assert [names.takes(host) for host in not_taken] == [False] * len(not_taken)
    for nonsense in ("", "a b", "a/b", "user@localhost", "localhost:", "localhost:x", "[::1"):
        assert names.takes(nonsense) is None


def test_another_host_is_misdirected_and_none_is_bad(bench: Bench) -> None:
    app = create_app(bench, settings=ServingSettings(hosts=("forecast.example",)))
    client = TestClient(app, "http://forecast.example")
    for path in paths(bench):
        assert client.get(path).status_code not in (400, 421)
        answer = client.get(path, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.json()["title"]) == (421, "Misdirected Request")
        assert "evil" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert client.get(path, headers={"Host": "a b"}).status_code == 400
    twice = [("Host", "forecast.example"), ("Host", "localhost")]
    assert client.get("/health/live", headers=twice).status_code == 400


# Methods and paths


def test_every_route_answers_head_as_get_without_a_body(bench: Bench) -> None:
    for path in set(paths(bench)) - {LINK}:  # which HEAD doesn't use up: see test_signing_in.py
        asked = f"{path}?week=2026-W43" if path in DATED else path
        bench.client.get(asked)  # a new browser is given a cookie, once
        got, head = bench.client.get(asked), bench.client.head(asked)
        assert (head.status_code, head.content) == (got.status_code, b"")
        if path != "/metrics":  # it counts the requests between
            # A form has another token each time, which packs to another length.
            others = {"content-length"} if path in FORMS else set()
            told = [{**each.headers} for each in (head, got)]
            first, second = ({k: v for k, v in each.items() if k not in others} for each in told)
            assert first == second


def test_every_route_says_which_methods_it_takes_and_opens_nothing_to_other_origins(
    bench: Bench,
) -> None:
    for path in paths(bench):
        asks = {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
        methods = WRITES.get(path, METHODS)
        answer = bench.stranger.options(path, headers=asks)
        assert (answer.status_code, answer.headers["allow"]) == (204, methods)
        assert not [name for name in answer.headers if name.startswith("access-control")]
        for method in {"POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - {*methods.split(", ")}:
            refused = bench.client.request(method, path)
            assert (refused.status_code, refused.headers["allow"]) == (405, methods)
            assert refused.headers["content-type"] == "application/problem+json"
    assert bench.stranger.options("/nothing").status_code == 404


def test_a_trailing_slash_is_another_path_and_no_redirect(bench: Bench) -> None:
    for path in set(paths(bench)) - {"/"}:
        for wrong in (f"{path}/", f"/{path}", path.upper()):
            answer = bench.client.get(f"http://localhost{wrong}", follow_redirects=False)
            assert answer.status_code == 404, wrong
            assert "location" not in answer.headers


def test_what_came_by_https_is_to_stay_there(bench: Bench) -> None:
    assert "strict-transport-security" not in bench.client.get("/health/live").headers
    secure = TestClient(bench.app, "https://localhost")
    assert secure.get("/health/live").headers["strict-transport-security"] == "max-age=31536000"


# Packed answers


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.2", True),
        ("*", True),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("x-gzip", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("notgzip", False),
        ("gzip;q=2", False),
    ],
)
def test_large_answers_are_packed_for_those_who_like_it(
    bench: Bench, accepted: str, *, packed: bool
) -> None:
    answer = bench.client.get(HOURS, headers={"Accept-Encoding": accepted})
    plain = bench.client.get(HOURS, headers={"Accept-Encoding": "identity"})
    assert answer.headers.get("content-encoding") == ("gzip" if packed else None)
    assert answer.content == plain.content  # the client unpacks
    for each in (answer, plain):
        assert each.headers["vary"].lower().count("accept-encoding") == 1
    assert (int(answer.headers["content-length"]) < len(plain.content) / 4) == packed


def test_a_small_answer_is_sent_as_it_is(bench: Bench) -> None:
    answer = bench.client.get("/v1/call-types", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers["vary"]


def test_packed_and_plain_answers_have_tags_of_their_own_and_either_is_known(bench: Bench) -> None:
    plain = bench.client.get(HOURS, headers={"Accept-Encoding": "identity"}).headers["etag"]
    packed = bench.client.get(HOURS, headers={"Accept-Encoding": "gzip"}).headers["etag"]
    assert packed == plain.removesuffix('"') + '-gzip"'
    for accepted in ("gzip", "identity"):
        for known in (plain, packed, f"W/{packed}", f'"x", {packed}'):
            again = bench.client.get(
                HOURS, headers={"Accept-Encoding": accepted, "If-None-Match": known}
            )
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == (packed if "gzip" in known else plain)
            assert "Accept-Encoding" in again.headers["vary"]
    other = {"Accept-Encoding": "gzip", "If-None-Match": '"x-gzip"'}
    assert bench.client.get(HOURS, headers=other).status_code == 200


def test_the_same_answer_is_packed_into_the_same_bytes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raw() -> bytes:
        asked = bench.client.build_request("GET", HOURS, headers={"Accept-Encoding": "gzip"})
        with closing(bench.client.send(asked, stream=True)) as answer:
            return b"".join(answer.iter_raw())

    first = raw()
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert raw() == first
    assert gzip.decompress(first).startswith(b'{"issue":1')


# Questions


@pytest.mark.parametrize("path", DATED)
@pytest.mark.parametrize("by", ["shift", "day", "week"])
@pytest.mark.parametrize(
    "asked",
    [
        "week=9999-W52", "week=9999-W53", "week=2262-W16", "week=2201-W01", "week=1989-W51",
        "week=0000-W00", "week=-001-W01", "week=2026-W00", "week=%D9%A2026-W43",
        "from=9999-12-31&to=9999-12-31T23:59:59.999999Z", "from=2026-10-19&to=9999-12-31",
        "from=0001-01-01&to=2026-10-19", "from=2026-02-30&to=2026-03-01",
        "from=2026-10-19&to=2199-12-31", "from=2026-10-19T24:00&to=2026-10-20T25:00",
        "from=2026-10-19&to=2026-10-19", "from=1677-09-21&to=1677-09-22",
    ],
)  # fmt: skip
def test_times_beyond_every_calendar_are_a_question_not_a_fault(
    bench: Bench, path: str, by: str, asked: str
) -> None:
    assert bench.refused(f"{path}?{asked}&by={by}", 422)["detail"]


@pytest.mark.parametrize("by", ["hour", "shift", "day", "week"])
@pytest.mark.parametrize(
    "asked",
    [
        "week=1990-W01", "week=2199-W52", "week=2200-W01",
        "from=1990-01-01T00:00%2B23:59&to=1990-01-02",
        "from=2199-12-31T23:00-23:59&to=2199-12-31T23:59:59.999999-23:59",
    ],
)  # fmt: skip
def test_the_first_and_last_times_that_are_read_have_no_forecast(
    bench: Bench, by: str, asked: str
) -> None:
    said = bench.get(f"/v1/forecasts?{asked}&by={by}")
    assert {row["state"] for row in said["rows"]} <= {"no_forecast"}


def test_what_can_stand_once_is_refused_twice(bench: Bench) -> None:
    said = bench.refused("/v1/forecasts?week=2026-W43&by=day&week=2026-W44&by=day", 422)
    assert said["detail"].startswith("week, by: given more than once")
    several = "area=north&area=north&call_type=all&call_type=violence&grade=all&grade=routine"
    assert bench.get(f"/v1/forecasts?week=2026-W43&{several}")["total_rows"] == 28


def test_many_strange_names_are_refused_before_they_are_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr("serving.api.guards.about_persons", looked_at.append)
    query = "&".join(f"strange{i}=1" for i in range(MAX_STRANGE_NAMES + 1))
    said = bench.refused(f"/v1/areas?{query}", 422)
    assert f"the query has {MAX_STRANGE_NAMES + 1} parameters that no route knows" in said["detail"]
    assert looked_at == []
    bench.get("/v1/forecasts", week="2026-W43", area=["north"] * 100, limit=1)
    assert looked_at == []  # our own names are known


def test_a_query_may_have_as_many_bytes_as_it_says_and_none_more(bench: Bench) -> None:
    at_most = f"/v1/views?{'x' * MAX_QUERY_BYTES}"
    assert bench.client.get(at_most).status_code == 200  # a name without a value asks nothing
    assert bench.client.get(at_most + "x").status_code == 414
