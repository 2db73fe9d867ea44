from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.serving.conftest import Bench, issue_of_the_town

_SERVER = """
import sys
from pathlib import Path
from types import SimpleNamespace
from serving.api.app import create_app
from serving.api.server import run_server
from serving.duty_records import UNKNOWN, DutyRecords
from serving.issue_store import IssueStore
from serving.keys import KeyRing

root = Path(sys.argv[1])
workspace = SimpleNamespace(
    snapshot=lambda subject: root / f"models-{subject}.json",
    profile_now=lambda: None,
    views_now=tuple,
    duty_records=lambda: DutyRecords(root / "history", lambda _: UNKNOWN),
    root=root,
    issues=lambda: IssueStore(root / "issues"),
    keys=lambda: KeyRing(root / "keys.json"),
)
app = create_app(workspace)
print("starting", flush=True)
run_server(app, "127.0.0.1", int(sys.argv[2]))
"""


def fetched(port: int, path: str, token: str) -> tuple[int, dict[str, str], bytes]:
    """Wait for the server's first answer; a refused connection means it isn't listening yet."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", path, headers={"X-API-Key": token})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except ConnectionRefusedError:
            time.sleep(0.02)  # the server needs the processor more than we do
        finally:
            connection.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One issue published, for all tests of this file."""
    made = Bench(tmp_path_factory.mktemp("bench"))
    made.issues().publish(issue_of_the_town())
    return made


@pytest.fixture(scope="module")
def port(bench: Bench, root: Path) -> Iterator[int]:
    """The port of a server of the workspace, in processes of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(bench.root), str(found)],
        cwd=root,
        stdout=subprocess.PIPE,
    )
    try:
        yield found
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


def test_connections_that_say_nothing_leave_room_for_those_that_do(bench: Bench, port: int) -> None:
    assert fetched(port, "/health/live", "")[0] == 200
    with ExitStack() as held:
        for _ in range(250):
            held.enter_context(socket.create_connection(("127.0.0.1", port)))
        for path in ("/health/live", "/v1/areas", "/v1/forecasts?week=2026-W43"):
            assert fetched(port, path, bench.token)[0] == 200


def test_the_consumer_of_the_rota_contract_reads_from_a_server(
    bench: Bench, port: int, root: Path
) -> None:
    assert fetched(port, "/health/live", "")[0] == 200
    consumer = str(root / "docs" / "rota" / "consumer.py")
    at = (f"http://127.0.0.1:{port}", bench.token)
    span = ("from=2026-11-14", "to=2026-11-18", "area=district", "limit=3")
    done = subprocess.run(
        [sys.executable, consumer, *at, *span], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    shifts = [line for line in lines if line[0].startswith(("north/", "south/"))]
    assert len(shifts) == 2 * 4 * 3  # of three pages
    assert [line[0] for line in lines].count("STALE:") == 3  # of long ago, by the real clock
    assert {line[3] for line in shifts if "2026-11-16" in line[0]} == {"unknown"}
    assert all(int(line[3]) >= 2 for line in shifts if "2026-11-14" in line[0])


def test_questions_whose_askers_hung_up_keep_nobody_waiting(bench: Bench, port: int) -> None:
    assert fetched(port, "/health/live", "")[0] == 200
    asked = (
        "/v1/forecasts?from=2026-10-12&to=2026-11-16&area=beat&by=hour&call_type=each&limit=9000"
    )
    for n in range(45):
        with socket.create_connection(("127.0.0.1", port)) as held:
            head = f"GET {asked}&offset={n} HTTP/1.1\r\nHost: x\r\nX-API-Key: {bench.token}"
            held.sendall(f"{head}\r\n\r\n".encode())
    other = bench.keys().create("another")
    assert fetched(port, "/v1/forecasts?week=2026-W43", other)[0] == 200
    figures = fetched(port, "/metrics", bench.token)[2].decode()
    assert "forewatch_questions_waiting 0.0" in figures
    assert "forewatch_workers_lost 0.0" in figures


def test_a_server_answers_on_its_port_and_ends_when_told(bench: Bench, root: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(bench.root), str(port)],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "starting\n"
        status, headers, body = fetched(port, "/v1/forecasts?week=2026-W43", bench.token)
        assert (status, json.loads(body)["issue"]) == (200, 1)
        assert "server" not in {name.lower() for name in headers}
        assert fetched(port, f"/v1/areas?{'x' * 9000}", bench.token)[0] == 414
    finally:
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=30)
    assert bench.token not in said
    assert "Traceback" not in said
