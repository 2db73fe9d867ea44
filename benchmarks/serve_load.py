"""Latency of a district's week under a steady load, one worker.

    python benchmarks/serve_load.py [--rate 50] [--seconds 20] [--by hour] [--ask explanations]

Asked is `GET /v1/forecasts`, or with `--ask explanations` what the same rows are made of.

An issue of 9 districts × 12 call types × 91 days of hours is served by `serving.api.server` in a
process of its own. A client on loopback sends requests at fixed moments, whether or not earlier
ones were answered, so that a stall shows in the tail. Three rounds: *cold* (each question is new to
the server), *warm* (questions come again), *unchanged* (each carries the ETag of its last answer).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from forewatch.clock import Clock
from forewatch.explanations import FACTORS, Factors
from forewatch.profile import Profile
from forewatch.rates import Forecast, Rates
from forewatch.shocks import Shocks
from planning.issues import Issue
from serving.issue_store import IssueStore
from serving.keys import KeyRing

FIRST, DAYS, DISTRICTS, BEATS, TYPES = pd.Timestamp("2026-11-23"), 91, 9, 7, 12
GRADES = ("immediate", "priority", "routine", "appointment", "no_deployment")


def profile() -> Profile:
    """Return a force of 9 districts with 7 beats each, and 12 call types."""
    areas: list[dict[str, str]] = [{"id": "force", "name": "Force"}]
    for d in range(DISTRICTS):
        areas.append({"id": f"district-{d}", "name": f"District {d}", "parent": "force"})
        areas += [
            {"id": f"beat-{d}-{b}", "name": f"Beat {b}", "parent": f"district-{d}"}
            for b in range(BEATS)
        ]
    return Profile.model_validate(
        {
            "force": {"id": "force", "name": "Force", "zone": "Europe/London"},
            "areas": areas,
            "call_types": [{"id": f"type-{i}", "name": f"Type {i}"} for i in range(TYPES)],
            "grades": GRADES,
        }
    )


def issue() -> Issue:
    """Return an issue with a daily wave at a large force's volume, about 17,000 calls a week."""
    force = profile()
    clock = Clock.of(force)
    rng = np.random.default_rng(1)
    edges = clock.hour_edges(FIRST, DAYS)
    slot = clock.local_hour(edges[:-1])
    wave = 1 + 0.6 * np.sin((slot - 13) / 24 * 2 * np.pi)
    base = rng.gamma(1.0, 1.0, (DISTRICTS, TYPES, 1)) * wave
    base *= 17_000 * DAYS / 7 / base.sum()
    shares = rng.dirichlet(np.ones(BEATS), (DISTRICTS, TYPES)).transpose(0, 2, 1)
    rates = Rates(
        step="hour",
        edges=edges,
        force_days=pd.date_range(FIRST, periods=DAYS, freq="D"),
        day=clock.hour_days(FIRST, DAYS),
        slot=slot,
        places=tuple(f"district-{d}" for d in range(DISTRICTS)),
        call_types=force.call_type_ids,
        grades=force.grades,
        leaves=force.tree().leaves,
        base=base,
        baseline=base * rng.uniform(0.9, 1.1, base.shape),
        leaf_place=np.repeat(np.arange(DISTRICTS), BEATS),
        leaf_shares=shares.reshape(-1, TYPES),
        grade_shares=rng.dirichlet(np.ones(len(GRADES)), (DISTRICTS, TYPES, 24)),
    )
    shocks = Shocks((0, 7, 28), np.full((3, 4, 2), 0.04), np.array([[1.0], [1.05], [1.1]]))
    origin = clock.day_start(FIRST)
    level = base.mean(2) * 24
    logs = rng.normal(0, 0.05, (len(FACTORS), DISTRICTS, TYPES, DAYS)).astype(np.float32)
    forecast = Forecast(origin, origin, rates, shocks, Factors(level, logs))
    return Issue(0, origin, forecast, force, force.tree(), "1", {"boosting": "4.7"}, "calls@1")


def questions(ask: str, by: str) -> list[str]:
    """Return different questions about a district's week: 9 districts × 13 weeks × call types."""
    weeks = [f"{week:%G-W%V}" for week in pd.date_range(FIRST, periods=13, freq="7D")]
    types = ["all", *(f"type-{i}" for i in range(TYPES))]
    return [
        f"/v1/{ask}?week={week}&area=district-{d}&call_type={kind}&by={by}"
        for kind in types
        for week in weeks
        for d in range(DISTRICTS)
    ]


class Client:
    """As many kept-alive connections as are needed at a time."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, path: str, tag: str = "") -> tuple[int, str, int]:
        """Return status, entity tag and length; a connection that was closed idle is replaced."""
        while True:
            was_idle = bool(self._idle)
            try:
                return await self._asked(path, tag)
            except (ConnectionResetError, asyncio.IncompleteReadError):
                if not was_idle:
                    raise

    async def _asked(self, path: str, tag: str) -> tuple[int, str, int]:
        reader, writer = (
            self._idle.pop()
            if self._idle
            else await asyncio.open_connection("127.0.0.1", self._port)
        )
        known = f"If-None-Match: {tag}\r\n" if tag else ""
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n"
            f"{known}\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        await reader.readexactly(length)
        self._idle.append((reader, writer))
        return int(lines[0].split()[1]), headers.get("etag", ""), length


async def measured(
    client: Client, asked: list[tuple[str, str]], rate: float, status: int
) -> tuple[np.ndarray, list[str]]:
    """Send each question at its moment; return latencies in milliseconds and the entity tags."""
    began = perf_counter() + 0.1

    async def one(i: int, path: str, tag: str) -> tuple[float, str]:
        due = began + i / rate
        await asyncio.sleep(max(due - perf_counter(), 0))
        found, etag, _ = await client.get(path, tag)
        if found != status:
            raise SystemExit(f"{path} answered {found}, expected {status}")
        return (perf_counter() - due) * 1000, etag

    said = await asyncio.gather(*(one(i, *each) for i, each in enumerate(asked)))
    return np.array([ms for ms, _ in said]), [tag for _, tag in said]


def cpu_seconds(process: int) -> float:
    """Return the CPU time that a process has used (Linux), which a busy machine hardly changes."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def rounds(port: int, token: str, server: int, arguments: argparse.Namespace) -> None:
    """Print the percentiles of the three rounds."""
    client = Client(port, token)
    for _ in range(600):  # the server needs a second or two to start
        try:
            if (await client.get("/health/live"))[0] == 200:  # noqa: PLR2004 - HTTP's OK
                break
        except OSError:
            await asyncio.sleep(0.1)
    for _ in range(5):  # first imports and the reading of the issue are not what is measured
        _, _, length = await client.get(f"/v1/{arguments.ask}?week=2026-W49&by=hour")
    paths = questions(arguments.ask, arguments.by)
    n = min(round(arguments.rate * arguments.seconds), len(paths))
    order = np.random.default_rng(2).permutation(len(paths))[:n]
    cold = [(paths[i], "") for i in order]
    few = [cold[i % 40] for i in range(n)]
    _, _, length = await client.get(paths[order[0]].replace("call_type=", "grade=all&call_type="))
    print(
        f"{n} requests for {arguments.ask} at {arguments.rate:g} a second, by {arguments.by}, "
        f"{length} bytes, one worker, {os.cpu_count()} cores"
    )
    for name, asked, status in (("cold", cold, 200), ("warm", few, 200), ("unchanged", [], 304)):
        if name == "unchanged":
            _, tags = await measured(client, few[:40], arguments.rate, 200)
            asked = [(few[i % 40][0], tags[i % 40]) for i in range(n)]  # noqa: PLW2901
        before = cpu_seconds(server)
        ms, _ = await measured(client, asked, arguments.rate, status)
        cpu = (cpu_seconds(server) - before) / len(asked) * 1000
        p50, p95, p99 = np.percentile(ms, [50, 95, 99])
        print(
            f"{name:10} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  p99 {p99:6.1f} ms  CPU {cpu:4.1f} ms"
        )


def serve(root: Path, port: int) -> None:
    """Serve the workspace; runs in the server's own process."""
    from serving.api.app import create_app  # noqa: PLC0415 - the client's process needs no web
    from serving.api.server import serve as run  # noqa: PLC0415
    from serving.workspace import Workspace  # noqa: PLC0415

    run(create_app(Workspace(root)), "127.0.0.1", port)


def main() -> None:
    """Make the issue, start the server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rate", type=float, default=50, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20, help="length of a round")
    parser.add_argument("--by", default="hour", choices=("hour", "day"), help="kind of period")
    parser.add_argument("--ask", default="forecasts", choices=("forecasts", "explanations"))
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(Path(arguments.serve[0]), int(arguments.serve[1]))
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        root = Path(folder)
        IssueStore(root / "issues").publish(issue())
        token = KeyRing(root / "keys.json").create("benchmark")
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, __file__, "--serve", str(root), str(port)]
        server = subprocess.Popen(command)  # noqa: S603 - this very script
        try:
            asyncio.run(rounds(port, token, server.pid, arguments))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
