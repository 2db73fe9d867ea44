from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

_NAME = "forecast.force.example"
_CLIENT = "127.0.0.2"
_SERVER = """
import sys
from pathlib import Path
from types import SimpleNamespace
from serving.api.app import create_app
from serving.api.server import run_server
from serving.audit import AuditFile
from serving.duty_records import UNKNOWN, DutyRecords
from serving.issue_store import IssueStore
from serving.keys import KeyRing
from serving.settings import ServingSettings

root = Path(sys.argv[1])
workspace = SimpleNamespace(
    snapshot=lambda subject: root / f"models-{subject}.json",
    issues=lambda: IssueStore(root / "issues"),
    keys=lambda: KeyRing(root / "keys.json"),
    profile_now=lambda: IssueStore(root / "issues").latest().profile,
    views_now=tuple,
    duty_records=lambda: DutyRecords(root / "history", lambda _: UNKNOWN),
    root=root,
)
settings = ServingSettings(hosts=("forecast.force.example",), trusted_proxies=("127.0.0.1",))
app = create_app(workspace, settings=settings, audit=AuditFile(root / "audit.jsonl", 10**6, 2))
run_server(app, "127.0.0.1", int(sys.argv[2]))
"""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _listens(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once a process listens on a port; fail if it has ended."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.02)  # the server needs the processor more than we do
            continue
        return
    pytest.fail(f"a server of this test ended with {process.returncode}")


def _configuration(root: Path, folder: Path, ports: tuple[int, int]) -> str:
    """Return the server of the guide, on other ports, with the certificate in the folder."""
    page = (root / "docs/guides/behind-a-proxy.md").read_text()
    found = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert found
    server = found[1]
    for before, after in {
        "listen 443 ssl": f"listen 127.0.0.1:{ports[0]} ssl",
        "127.0.0.1:8000": f"127.0.0.1:{ports[1]}",
        "/etc/ssl": str(folder),
    }.items():
        assert before in server
        server = server.replace(before, after)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    return (
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {paths}\n{server} }}"
    )


@pytest.fixture
def proxy(bench: Bench, root: Path, tmp_path: Path) -> Iterator[int]:
    """Return the TLS port of nginx before a server of the bench."""
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("nginx is not installed")
    folder, ports = tmp_path / "nginx", (_free_port(), _free_port())
    folder.mkdir()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={_NAME}", "-addext"),
            *(f"subjectAltName=DNS:{_NAME}", "-keyout", folder / "forecast.key"),
            *("-out", folder / "forecast.pem"),
        ],
        check=True,
        capture_output=True,
    )
    (folder / "nginx.conf").write_text(_configuration(root, folder, ports))
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(bench.root), str(ports[1])],
        cwd=root,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    front = subprocess.Popen([nginx, "-p", folder, "-c", folder / "nginx.conf"])
    try:
        for port, process in zip(ports, (front, server), strict=True):
            _listens(port, process)
        yield ports[0]
    finally:
        for process in (front, server):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def test_the_guides_proxy_serves_tls_and_tells_who_asks(
    proxy: int, bench: Bench, tmp_path: Path
) -> None:
    context = ssl.create_default_context(cafile=tmp_path / "nginx" / "forecast.pem")

    def asked(path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", proxy, context=context)
        # From another address than the proxy's own, which is a trusted one.
        line = socket.create_connection(("127.0.0.1", proxy), 20, source_address=(_CLIENT, 0))
        connection.sock = context.wrap_socket(line, server_hostname=_NAME)
        given = {"Host": _NAME, "X-API-Key": bench.token} | headers
        connection.request("GET", path, headers=given)
        with closing(connection):
            answer = connection.getresponse()
            return answer, answer.read()

    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9;proto=http"}
    path = "/v1/forecasts?week=2026-W43&by=hour"
    plain, body = asked(path, **forged)
    assert plain.status == 200
    assert plain.headers["strict-transport-security"] == "max-age=31536000"
    packed, content = asked(path, **{"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(content) == body
    again, _ = asked(path, **{"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]})
    assert again.status == 304
    assert asked(path, Host="evil.example")[0].status == 421
    lines = [json.loads(line) for line in (bench.root / "audit.jsonl").read_text().splitlines()]
    # The forged address stands left of the one that nginx wrote, and is never reached.
    assert [line["address"] for line in lines] == [_CLIENT] * 3
