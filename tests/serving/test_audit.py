from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from serving.api.app import create_app
from serving.api.refusals import AT_ONCE, Refusals
from serving.audit import AuditFile
from serving.settings import AuditSettings, ServingSettings

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "requests.jsonl"


def audited(bench: Bench, path: Path, *, questions: bool = False) -> TestClient:
    """A client of the bench's workspace, served with an audit file."""
    app = create_app(
        bench,
        clock=lambda: bench.now,
        settings=ServingSettings(audit=AuditSettings(questions=questions)),
        audit=AuditFile(path, 10**6, 3),
    )
    return TestClient(app, "http://localhost", client=("192.0.2.7", 1))


# What a line says


def test_a_line_says_who_asked_what_route_when_and_how_many_rows(bench: Bench, path: Path) -> None:
    client, key = audited(bench, path), {"X-API-Key": bench.token}
    asked = "/v1/forecasts?week=2026-W43&area=north-1&limit=5"
    tag = client.get(asked, headers=key).headers["etag"]
    client.get(asked, headers=key | {"If-None-Match": tag})
    client.head("/v1/issues/1", headers=key)
    client.get("/v1/forecasts?week=nonsense", headers=key)
    found = lines(path)
    said = [(each["method"], each["route"], each["status"], each["rows"]) for each in found]
    assert said == [
        ("GET", "/v1/forecasts", 200, 5),
        ("GET", "/v1/forecasts", 304, 0),
        ("HEAD", "/v1/issues/{number}", 200, 1),
        ("GET", "/v1/forecasts", 422, 0),
    ]
    key_id = bench.token.split("_")[1]
    for each in found:
        assert each["at"] == "2026-10-13T06:00:00.000000Z"
        assert (each["key"], each["name"], each["address"]) == (key_id, "bench", "192.0.2.7")
    text = path.read_text()
    assert "north" not in text  # no place, and no secret
    assert bench.token.split("_", 2)[2] not in text


def test_questions_are_kept_only_where_that_is_set(bench: Bench, path: Path) -> None:
    client = audited(bench, path, questions=True)
    client.get("/v1/forecasts?week=2026-W43&area=north", headers={"X-API-Key": bench.token})
    assert lines(path)[0]["question"] == "week=2026-W43&area=north"


def test_refusals_of_good_keys_are_audited_and_strangers_can_not_fill_the_file(
    bench: Bench, path: Path
) -> None:
    client = audited(bench, path)
    state = client.app.state  # type: ignore[attr-defined] # of FastAPI
    # a clock that stands: how long the test takes decides nothing
    state.service = replace(state.service, refusals=Refusals(lambda: 0.0))
    narrow = bench.keys().create("rota", areas=("north",))
    client.get("/v1/models", headers={"X-API-Key": narrow})
    for _ in range(50):
        client.get("/v1/areas")
        client.get("/nothing")
        client.get("/v1/areas", headers={"X-API-Key": "fw_x_y"})
    found = lines(path)
    assert [(each["name"], each["status"]) for each in found] == [
        ("rota", 403),
        *[(None, 401)] * AT_ONCE,
    ]


# The file


def test_the_file_is_its_owners_alone(path: Path) -> None:
    AuditFile(path, 1000, 2).write({"a": 1})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_opening_the_file_closes_no_other(path: Path, root: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from serving.audit import AuditFile\n"
        "file = AuditFile(Path(sys.argv[1]), 40, 2)\n"
        "file.write({'a': 1}); file.write({'a': 2})\n"
        "print('heard', flush=True)"
    )
    command = [sys.executable, "-c", script, str(path)]
    assert subprocess.check_output(command, cwd=root, text=True) == "heard\n"


def test_a_large_file_is_set_aside_and_the_oldest_goes(path: Path) -> None:
    now = 0.0
    file = AuditFile(path, 60, 3, lambda: now)
    for i in range(12):
        file.write({"line": i, "fill": "x" * 20})
        now += 1
    kept = {each.name: [line["line"] for line in lines(each)] for each in path.parent.glob("*.j*")}
    assert kept == {
        "requests.jsonl": [10, 11],
        "requests.jsonl.1": [8, 9],
        "requests.jsonl.2": [6, 7],
    }


def test_one_file_alone_begins_anew(path: Path) -> None:
    now = 0.0
    file = AuditFile(path, 10, 1, lambda: now)
    for i in range(3):
        file.write({"number": i})
        now += 1
    assert lines(path) == [{"number": 2}]


def test_a_file_that_was_moved_away_is_made_anew(path: Path) -> None:
    now = 0.0
    file = AuditFile(path, 10**6, 2, lambda: now)
    file.write({"a": 1})
    path.rename(path.with_name("taken"))
    now = 1.0
    file.write({"a": 2})
    assert lines(path) == [{"a": 2}]


def test_a_disk_that_refuses_stops_no_request_and_is_told_once_a_minute(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    file = AuditFile(path, 1000, 2, lambda: now)
    path.parent.write_text("a file where the folder should be")
    for second in (0.0, 1.0, 59.0, 60.0):
        now = second
        file.write({"a": 1})
    said = [record.getMessage().partition(":")[0] for record in caplog.records]
    assert said == ["1 lines of requests.jsonl are lost", "4 lines of requests.jsonl are lost"]
    path.parent.unlink()
    file.write({"a": 2})
    assert lines(path) == [{"a": 2}]


def test_a_line_cut_off_by_a_full_disk_spoils_no_other(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, real = AuditFile(path, 10**6, 2), os.write
    file.write({"a": 1})
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda number, content: real(number, content[:4]))
        file.write({"a": 2})
    file.write({"a": 3})
    assert path.read_text().splitlines() == ['{"a":1}', '{"a"', '{"a":3}']


def test_processes_share_a_file_without_losing_or_cutting_a_line(path: Path, root: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from serving.audit import AuditFile\n"
        "ticks = iter(range(10**6))\n"
        "file = AuditFile(Path(sys.argv[1]), 30_000, 20, lambda: next(ticks) / 50)\n"
        "for i in range(1500): file.write({'who': sys.argv[2], 'n': i, 'fill': 'x' * 40})"
    )
    writing = [
        subprocess.Popen([sys.executable, "-c", script, str(path), who], cwd=root) for who in "ab"
    ]
    assert [each.wait() for each in writing] == [0, 0]
    files = [each for each in path.parent.iterdir() if each.suffix != ".lock"]
    assert len(files) > 3
    found = [(line["who"], line["n"]) for each in files for line in lines(each)]
    assert sorted(found) == [(who, i) for who in "ab" for i in range(1500)]
