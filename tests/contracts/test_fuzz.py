"""A part of `benchmarks/fuzz.py`, in this process: 300 bad requests, none of them our fault."""

from __future__ import annotations

import json
from pathlib import Path

from starlette.testclient import TestClient

from benchmarks.fuzz import Requests
from serving.api.reference import openapi_text
from serving.settings import ServingSettings
from tests.serving.conftest import Bench, issue_of_the_town, missing_of_the_town

# What the service may say to a stranger who asks nonsense.
FITTING = {200, 204, 304, 400, 401, 403, 404, 405, 406, 414, 422}


def test_nonsense_is_refused_and_never_our_fault(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings=ServingSettings(cost_per_minute=10**9))
    bench.issues().publish(issue_of_the_town().with_part("missing", missing_of_the_town()))
    areas = ["town", "district", "beat", "north", "south-1"]
    requests = Requests(json.loads(openapi_text()), [bench.token], areas)
    client = TestClient(bench.app, "http://localhost")  # it raises what the app raises
    found = set()
    for request in requests.made(seed=7, count=300):
        answer = client.request(
            request.method, request.target, headers=dict(request.headers), content=request.body
        )
        assert answer.status_code in FITTING, request
        found.add(answer.status_code)
    assert {200, 401, 404, 405, 406, 422} <= found


def test_the_same_seed_gives_the_same_requests() -> None:
    requests = Requests(json.loads(openapi_text()), ["fw_1_2"], ["town"])
    assert list(requests.made(3, 50)) == list(requests.made(3, 50))
    assert list(requests.made(3, 50)) != list(requests.made(4, 50))
