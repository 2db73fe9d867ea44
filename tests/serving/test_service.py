from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from planning.issues import Issue, Part
from serving.api import schemas

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]

WEEK = {"week": "2026-W43"}  # 169 hours: the clocks go back on its Sunday
ASKED = "/v1/forecasts?week=2026-W43"


def rows(bench: Bench, **asked: Any) -> list[dict[str, Any]]:
    said = bench.get("/v1/forecasts", **(WEEK | asked))
    found: list[dict[str, Any]] = said["rows"]
    return found


KEYED = (
    ASKED,
    "/v1/issues",
    "/v1/issues/1",
    "/v1/areas",
    "/v1/call-types",
    "/v1/models",
    "/metrics",
)


@pytest.mark.parametrize("path", KEYED)
def test_without_a_good_key_there_is_no_answer(bench: Bench, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer fw_x_y"}, {"Authorization": "Basic eDp5"}):
        answer = bench.stranger.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="forewatch"'
        assert answer.headers["content-type"] == "application/problem+json"


def test_either_header_presents_the_key(bench: Bench) -> None:
    answer = bench.stranger.get(ASKED, headers={"X-API-Key": bench.token})
    assert answer.status_code == 200


def test_a_key_is_good_for_its_scope_only(bench: Bench) -> None:
    token = bench.keys().create("rota", ("forecasts:read",))
    for path in KEYED:
        expected = 403 if path in ("/v1/models", "/metrics") else 200
        answer = bench.stranger.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == expected
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_a_revoked_key_is_refused_without_a_restart(bench: Bench) -> None:
    token = bench.keys().create("rota")
    headers = {"Authorization": f"Bearer {token}"}
    assert bench.stranger.get(ASKED, headers=headers).status_code == 200
    bench.keys().revoke(token.split("_")[1])
    assert bench.stranger.get(ASKED, headers=headers).status_code == 401


# What there is, and whether it may be used


def test_areas_and_call_types_are_those_of_the_latest_issue(bench: Bench) -> None:
    areas = schemas.Areas.model_validate(bench.get("/v1/areas"))
    assert [(a.id, a.parent, a.level) for a in areas.areas][:4] == [
        ("town", None, "force"),
        ("north", "town", "district"),
        ("south", "town", "district"),
        ("north-1", "north", "beat"),
    ]
    types = schemas.CallTypes.model_validate(bench.get("/v1/call-types"))
    assert [each.id for each in types.call_types] == ["missing_person", "violence"]
    assert [(each.id, each.work, each.target_minutes) for each in types.grades] == [
        ("immediate", "urgent", 15),
        ("routine", "deferrable", None),
    ]


def test_the_register_of_models_is_read_anew_when_it_changes(bench: Bench) -> None:
    one = {
        "version": "7",
        "status": "retired",
        "created_at": "2026-10-12T06:00:00+00:00",
        "gate_passed": True,
        "gate_reasons": [],
        "retired": "too old",
        "until": None,
        "data_version": None,
        "recipe": None,
        "scores": {"crps": 1.0},
    }
    held = schemas.Models.model_validate({"model": "demand-town", "models": [one], "decisions": []})
    assert bench.get("/v1/models")["models"] == []
    bench.snapshot("demand").write_text(held.model_dump_json())
    assert schemas.Models.model_validate(bench.get("/v1/models")) == held
    # The missing-person model has a register of its own.
    assert bench.get("/v1/models", subject="missing")["models"] == []
    of_missing = held.model_copy(update={"model": "missing-town"})
    bench.snapshot("missing").write_text(of_missing.model_dump_json())
    assert bench.get("/v1/models", subject="missing")["model"] == "missing-town"
    assert bench.get("/v1/models")["model"] == "demand-town"
    refused = bench.refused("/v1/models", 422, subject="x")
    assert refused["detail"] == "subject: no subject 'x'; near names: demand, missing"
    bench.snapshot("demand").write_text("{")
    assert "models-demand.json can't be read" in bench.refused("/v1/models", 503)["detail"]


def test_ready_means_an_issue_that_can_be_read_and_is_not_stale(bench: Bench) -> None:
    assert bench.stranger.get("/health/live").json() == {"status": "live"}
    assert bench.stranger.get("/health/ready").json() == {
        "status": "ready",
        "issue": 1,
        "notes": [],
    }
    bench.now += pd.Timedelta(days=8)
    said = bench.refused("/health/ready", 503)
    assert "the data are older than 8 days; import newer calls" in said["reasons"][0]


def test_without_an_issue_the_process_lives_and_is_not_ready(empty: Bench) -> None:
    assert empty.stranger.get("/health/live").status_code == 200
    assert empty.refused("/health/ready", 503)["reasons"] == [
        "no issue published yet; run 'forewatch issue'"
    ]


def test_every_answer_has_the_security_headers(bench: Bench) -> None:
    for path in (ASKED, "/health/live", "/openapi.json", "/nothing", f"/v1/areas?{'x' * 9000}"):
        headers = bench.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] in ("no-store", "private, no-cache")
    assert bench.client.get("/docs").status_code == bench.client.get("/redoc").status_code == 404


_ALONE = """
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from starlette.testclient import TestClient
from serving.api.app import create_app
from serving.duty_records import UNKNOWN, DutyRecords
from serving.issue_store import IssueStore
from serving.keys import KeyRing

root = Path(sys.argv[1])
workspace = SimpleNamespace(
    snapshot=lambda subject: root / f"models-{subject}.json",
    profile_now=lambda: None,
    views_now=tuple,
    issues=lambda: IssueStore(root / "issues"),
    keys=lambda: KeyRing(root / "keys.json"),
    duty_records=lambda: DutyRecords(root / "history", lambda _: UNKNOWN),
    root=root,
)
client = TestClient(create_app(workspace), "http://localhost", headers={"X-API-Key": sys.argv[2]})
for path in ("/v1/forecasts?week=2026-W43", "/v1/missing-persons?week=2026-W43", "/v1/models"):
    assert client.get(path).status_code == 200
heavy = {"mlflow", "lightgbm", "statsmodels", "matplotlib", "deltalake", "sklearn"}
heavy |= {"scipy.optimize", "scipy.sparse", "planning.staffing"}
print(sorted(heavy & set(sys.modules)))
"""


def test_serving_an_answer_imports_no_mlflow_and_no_model(
    bench: Bench, root: Path, make_issue: MakeIssue, missing: Part
) -> None:
    bench.issues().publish(make_issue().with_part("missing", missing))
    run = subprocess.run(
        [sys.executable, "-c", _ALONE, str(bench.root), bench.token],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"


def test_an_issue_fits_its_summary(make_issue: MakeIssue, empty: Bench) -> None:
    made: Issue = empty.issues().publish(make_issue())
    schemas.IssueSummary.model_validate(empty.get(f"/v1/issues/{made.number}"))
