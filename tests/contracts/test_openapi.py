"""The API keeps to its own description: requests of every kind, made by a machine."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi import checks

from serving.api.reference import openapi_text
from serving.api.refusals import Refusals
from serving.keys import SCOPES
from serving.settings import ServingSettings
from tests.serving.conftest import Bench, issue_of_the_town, missing_of_the_town
from tests.serving.test_duty_plans import TOWN


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    # the name that the library calls an app by
    answering = ServingSettings(hosts=("testserver",))
    made = Bench(tmp_path_factory.mktemp("workspace"), settings=answering)
    # each wrong key comes long after the last one, so that none is answered with 429
    state = made.app.state
    state.service = replace(state.service, refusals=Refusals(count(0, 1000).__next__))
    made.issues().publish(issue_of_the_town().with_part("missing", missing_of_the_town()))
    return made


@pytest.fixture(scope="module")
def described(bench: Bench) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", bench.app)


DOCUMENT = json.loads(openapi_text())
# Routes that are written to have tests of their own (tests/serving/test_plan_uploads.py).
PATHS = sorted(path for path, operations in DOCUMENT["paths"].items() if "get" in operations)
WRITTEN = sorted(set(DOCUMENT["paths"]) - set(PATHS))
QUESTIONS = (
    "/v1/explanations",
    "/v1/forecasts",
    "/v1/missing-persons",
    "/v1/rota/requirements",
)  # these need to be told when


def rejection(context: Any, response: Any, case: Any) -> bool | None:
    """A question too long to be read is refused before anyone looks at its parts."""
    return (
        None
        if response.status_code in (414, 429)
        else checks.negative_data_rejection(context, response, case)
    )


# What a caller may rely on. Left out: positive_data_acceptance (a name of the right shape may well
# be unknown, and a span may be too long) and ensure_resource_availability (nothing is created).
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    rejection,
    checks.unsupported_method,
    checks.ignored_auth,
]


POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("path", "mode"),
    # without any parameter there is nothing to get wrong
    [(path, mode) for path in PATHS for mode in (POSITIVE, NEGATIVE)[: 1 + ("health" not in path)]],
)
def test_every_route_keeps_to_its_description(
    path: str, mode: schemathesis.GenerationMode, described: Any, bench: Bench
) -> None:
    headers = {"Authorization": f"Bearer {bench.token}"}

    @given(case=described[path]["GET"].as_strategy(generation_mode=mode))
    @settings(max_examples=20, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()


@pytest.mark.parametrize("path", WRITTEN)
@pytest.mark.parametrize("mode", [POSITIVE, NEGATIVE])
def test_what_is_written_keeps_to_its_description(
    path: str, mode: schemathesis.GenerationMode, described: Any, bench: Bench
) -> None:
    (bench.root / "forewatch.toml").write_text(TOWN, encoding="utf-8")
    headers = {"Authorization": f"Bearer {bench.token}"}

    @given(case=described[path]["POST"].as_strategy(generation_mode=mode))
    @settings(max_examples=20, suppress_health_check=list(HealthCheck))
    def send(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    send()


def test_the_document_in_docs_is_that_of_the_code(root: Path) -> None:
    checked_in = (root / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert checked_in == openapi_text(), "run 'python -m serving.api.reference'"


def test_the_document_says_what_the_forecasts_may_be_used_for() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert "They say nothing about persons" in DOCUMENT["info"]["description"]
    assert "must not be used to score, rank, identify or select a person" in (
        DOCUMENT["info"]["description"].replace("\n", " ")
    )


def test_every_example_fits_its_schema() -> None:
    found = 0
    for path, operations in DOCUMENT["paths"].items():
        (operation,) = operations.values()
        for status, answer in operation["responses"].items():
            for kind, content in answer.get("content", {}).items():
                if "example" not in content:
                    continue
                schema = content["schema"] | {"components": DOCUMENT["components"]}
                errors = list(jsonschema_rs.iter_errors(schema, content["example"]))
                assert not errors, (path, status, kind, errors)
                found += 1
    assert found > 30


def test_every_route_that_needs_a_key_says_so(bench: Bench) -> None:
    for path, operations in DOCUMENT["paths"].items():
        ((method, operation),) = operations.items()
        headers = {"Idempotency-Key": "a"}
        address = path.replace("{number}", "1")
        status = bench.stranger.request(method, address, headers=headers).status_code
        assert (status == 401) == ("security" in operation), path
        assert (status == 401) == ("401" in operation["responses"]), path


def test_every_documented_status_can_be_had_and_no_other(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty, spoilt = (Bench(tmp_path_factory.mktemp(name)) for name in ("empty", "spoilt"))
    (spoilt.root / "keys.json").write_text("{")
    poor = Bench(tmp_path_factory.mktemp("poor"), settings=ServingSettings(cost_per_minute=1))
    narrow = {
        scope: {"X-API-Key": bench.keys().create("x", tuple(set(SCOPES) - {scope}))}
        for scope in SCOPES
    }
    for path in PATHS:
        at = path.replace("{number}", "1").replace("{view_id}", "control-room")
        at += "?week=2026-W43" if path in QUESTIONS else ""
        sign = "&" if "?" in at else "?"
        good = bench.client.get(at)
        tag = {"If-None-Match": good.headers.get("etag", "")}
        answers = [
            good,
            bench.stranger.get(at),
            bench.client.get(at, headers=tag),
            bench.client.get(at, headers={"Accept": "text/html"}),
            bench.client.get(f"{at}{sign}limit=0"),
            bench.client.get(at.replace("/1", "/0").replace("W43", "W60")),
            bench.client.get(at.replace("/1", "/7") + f"{sign}area=x"),
            bench.client.get(at.replace("control-room", "no-such-view")),
            empty.client.get(at),
            spoilt.client.get(at),
            *(poor.client.get(at) for _ in range(2)),  # it has one unit
            *(bench.stranger.get(at, headers=headers) for headers in narrow.values()),
        ]
        answers += [
            bench.client.get(f"{at}{sign}{'x' * 9000}"),
            bench.client.get(f"{at}{sign}age=14"),
            *(bench.client.get(at, headers={"Host": name}) for name in ("elsewhere", "no name")),
        ]
        documented = {int(status) for status in DOCUMENT["paths"][path]["get"]["responses"]}
        assert {answer.status_code for answer in answers} == documented, path
