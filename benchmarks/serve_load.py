"""What the service bears: latency, CPU and memory under a steady load, and during an attack.

    python benchmarks/serve_load.py [--rate 100] [--seconds 20] [--by hour] [--ask explanations]
        [--distinct 10000] [--attack 20]

Asked is `GET /v1/forecasts`, or with `--ask explanations` what the same rows are made of.

An issue of 9 districts × 12 call types × 91 days of hours is served by `serving.api.server`, with
the limits of its settings, in processes of its own. A client on loopback sends requests at fixed
moments, whether or not earlier ones were answered, so that a stall shows in the tail; it has
twenty keys, as one may not ask so much. Rounds: *cold* (each question is new to the server), *warm*
(questions come again, at four times the rate), *unchanged* (each carries the ETag of its last
answer). Then the memory after many distinct questions, and an attack: one key asks for all it can,
forty-five at a time, and hangs up; 300 connections say nothing; meanwhile other keys ask at a fifth
of the rate, and somebody looks at the health.

CPU is that of all processes of the server. `unit` says how long a piece of work took that takes a
millisecond on a machine at rest (`benchmarks/costs.py`): where others are busy too, divide by it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd

from forewatch.clock import Clock
from forewatch.explanation_parts import FACTORS
from forewatch.explanations import Factors
from forewatch.profile import Profile
from forewatch.rates import Forecast, Rates
from forewatch.shocks import Shocks
from planning.issues import Issue, Part
from serving.issue_store import IssueStore
from serving.keys import KeyRing

FIRST, DAYS, DISTRICTS, BEATS, TYPES = pd.Timestamp("2026-11-23"), 91, 9, 7, 12
_KEYS = 20
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
        grades=force.grade_ids,
        leaves=force.tree().leaves,
        base=base,
        baseline=base * rng.uniform(0.9, 1.1, base.shape),
        leaf_place=np.repeat(np.arange(DISTRICTS), BEATS),
        leaf_shares=shares.reshape(-1, TYPES),
        grade_shares=rng.dirichlet(np.ones(len(GRADES)), (DISTRICTS, TYPES, 24)),
    )
    shocks = Shocks(
        (0, 7, 28), np.full((3, 4, 3), 0.04) * [0, 1, 1], np.array([[1.0], [1.05], [1.1]])
    )
    origin = clock.day_start(FIRST)
    level = base.mean(2) * 24
    logs = rng.normal(0, 0.05, (len(FACTORS), DISTRICTS, TYPES, DAYS)).astype(np.float32)
    forecast = Forecast(origin, origin, rates, shocks, Factors(level, logs))
    parts = {"demand": Part(forecast, "1")}
    return Issue(0, origin, parts, force, force.tree(), {"boosting": "4.7"}, "calls@1")


def questions(ask: str, by: str) -> list[str]:
    """Return different questions about a district's week, by call type and grade."""
    weeks = [f"{week:%G-W%V}" for week in pd.date_range(FIRST, periods=13, freq="7D")]
    types = ["all", *(f"type-{i}" for i in range(TYPES))]
    others = [each for each in ("hour", "day", "week") if each != by]
    return [
        f"/v1/{ask}?week={week}&area=district-{d}&call_type={kind}&grade={grade}&by={each}"
        for each in (by, *others)
        for grade in ("all", *GRADES)
        for kind in types
        for week in weeks
        for d in range(DISTRICTS)
    ]


class Client:
    """As many kept-alive connections as are needed at a time."""

    def __init__(self, port: int, tokens: list[str]) -> None:
        self._port = port
        self._tokens = cycle(tokens)
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
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {next(self._tokens)}\r\n"
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
    """Send each question at its moment; return latencies in milliseconds and the entity tags.

    Answers with another status are counted and printed: on a machine that is too slow for the rate
    keys come to have more questions under way than they may.
    """
    began = perf_counter() + 0.1
    others: Counter[int] = Counter()

    async def one(i: int, path: str, tag: str) -> tuple[float, str]:
        due = began + i / rate
        await asyncio.sleep(max(due - perf_counter(), 0))
        found, etag, _ = await client.get(path, tag)
        if found != status:
            others[found] += 1
        return (perf_counter() - due) * 1000, etag

    said = await asyncio.gather(*(one(i, *each) for i, each in enumerate(asked)))
    if others:
        print(f"           of {len(asked)} answered otherwise: {dict(others)}")
    return np.array([ms for ms, _ in said]), [tag for _, tag in said]


def unit_seconds() -> float:
    """Return the CPU time that a unit of cost takes just now (`benchmarks/costs.py`)."""
    began, total = process_time(), 0
    for i in range(60_000):
        total += i * i
    return (process_time() - began) / 3


def processes(server: int) -> list[int]:
    """Return the process ids of the server and everything it started (Linux)."""
    tasks = Path(f"/proc/{server}/task").glob("*/children")  # any thread may have started some
    children = [child for task in tasks for child in task.read_text(encoding="ascii").split()]
    return [server, *(each for child in children for each in processes(int(child)))]


def cpu_seconds(server: int) -> float:
    """Return the CPU time that the server's processes have used."""
    ticks = 0
    for process in processes(server):
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
        ticks += sum(int(each) for each in text.rpartition(")")[2].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(server: int) -> tuple[float, float]:
    """Return what the server's processes hold, each shared page once; and the largest one's."""
    pss, rss = [], []
    for process in processes(server):
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        kb = {line.split()[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
        pss.append(kb["Pss:"])
        rss.append(kb["Rss:"])
    return sum(pss) / 1024, max(rss) / 1024


def shown(name: str, ms: np.ndarray, cpu_ms: float) -> None:
    """Print the percentiles of a round."""
    p50, p95, p99 = np.percentile(ms, [50, 95, 99])
    print(
        f"{name:10} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  p99 {p99:6.1f} ms  CPU {cpu_ms:4.1f} ms"
        f"  unit {unit_seconds() * 1000:.1f} ms",
        flush=True,
    )


async def rounds(client: Client, server: int, arguments: argparse.Namespace) -> None:
    """Print the percentiles of the three rounds."""
    for _ in range(5):  # first imports and the reading of the issue are not what is measured
        await client.get(f"/v1/{arguments.ask}?week=2026-W49&by=hour")
    paths = questions(arguments.ask, arguments.by)
    paths = paths[: len(paths) // 3]  # all by the same kind of period
    n = min(round(arguments.rate * arguments.seconds), len(paths))
    order = np.random.default_rng(2).permutation(len(paths))[:n]
    cold = [(paths[i], "") for i in order]
    few = [cold[i % 40] for i in range(4 * n)]
    _, _, length = await client.get(paths[order[0]])
    print(
        f"{n} requests for {arguments.ask} at {arguments.rate:g} a second, by {arguments.by}, "
        f"{length} bytes, {os.cpu_count()} cores"
    )
    for name, asked, status in (("cold", cold, 200), ("warm", few, 200), ("unchanged", [], 304)):
        if name == "unchanged":
            _, tags = await measured(client, few[:40], arguments.rate, 200)
            asked = [(few[i % 40][0], tags[i % 40]) for i in range(4 * n)]  # noqa: PLW2901
        before = cpu_seconds(server)
        rate = arguments.rate * (1 if name == "cold" else 4)
        ms, _ = await measured(client, asked, rate, status)
        shown(name, ms, (cpu_seconds(server) - before) / len(asked) * 1000)


async def many(client: Client, server: int, arguments: argparse.Namespace) -> None:
    """Print the memory before and after many distinct questions."""
    paths = questions(arguments.ask, arguments.by)
    order = np.random.default_rng(3).permutation(len(paths))[: arguments.distinct]
    print(f"memory before {memory_mb(server)[0]:.0f} MB", flush=True)
    waiting = iter(order)

    async def some() -> None:
        for i in waiting:
            status, _, _ = await client.get(paths[i])
            if status != 200:  # noqa: PLR2004 - HTTP's OK
                raise SystemExit(f"{paths[i]} answered {status}")

    await asyncio.gather(*(some() for _ in range(4)))
    total, largest = memory_mb(server)
    print(
        f"memory after {len(order)} distinct questions {total:.0f} MB in "
        f"{len(processes(server))} processes, the largest {largest:.0f} MB with what it shares",
        flush=True,
    )


class Attack:
    """One key that asks for all it can and hangs up, and connections that say nothing."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._ends = asyncio.Event()

    async def heavy(self, number: int) -> None:
        """Ask for much, again and again, and hang up soon."""
        while not self._ends.is_set():
            number += 45
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.write(
                    f"GET /v1/forecasts?from=2026-11-23&to=2027-01-23&area=beat&by=hour&limit=9000"
                    f"&offset={number % 90_000}&call_type=type-{number % TYPES} HTTP/1.1\r\n"
                    f"Host: localhost\r\nAuthorization: Bearer {self._token}\r\n\r\n".encode()
                )
                await asyncio.sleep(0.2)
                writer.transport.abort()

    async def silent(self) -> None:
        """Say nothing, and connect anew when the server ends it."""
        while not self._ends.is_set():
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                reading = asyncio.ensure_future(reader.read(1))
                ending = asyncio.ensure_future(self._ends.wait())
                await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
                writer.transport.abort()

    def start(self) -> list[asyncio.Task[None]]:
        """Begin."""
        asked = [asyncio.create_task(self.heavy(i)) for i in range(45)]
        return asked + [asyncio.create_task(self.silent()) for _ in range(300)]

    def end(self) -> None:
        """Let everything end."""
        self._ends.set()


async def attacked(
    client: Client, attack: Attack, server: int, arguments: argparse.Namespace
) -> None:
    """Print how others are answered during the attack, and how the health is."""
    paths = questions(arguments.ask, arguments.by)
    n = round(arguments.rate / 5 * arguments.attack)
    order = np.random.default_rng(4).permutation(len(paths))[-n:]
    tasks = attack.start()
    await asyncio.sleep(2)
    before = cpu_seconds(server)
    others = measured(client, [(paths[i], "") for i in order], arguments.rate / 5, 200)
    looks = [("/health/ready", "")] * round(5 * arguments.attack)
    (ms, _), (health, _) = await asyncio.gather(others, measured(client, looks, 5, 200))
    shown("attacked", ms, (cpu_seconds(server) - before) / n * 1000)
    shown("health", health, 0)
    print(f"slowest health {health.max():.1f} ms; memory {memory_mb(server)[0]:.0f} MB")
    attack.end()
    await asyncio.gather(*tasks)


async def up(client: Client) -> None:
    """Wait until the server answers; it needs seconds to start."""
    for _ in range(600):
        try:
            if (await client.get("/health/live"))[0] == 200:  # noqa: PLR2004 - HTTP's OK
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("the server doesn't answer")


async def measure(port: int, tokens: list[str], server: int, arguments: argparse.Namespace) -> None:
    """Measure everything, one after the other."""
    client = Client(port, tokens[:-1])
    await up(client)
    await rounds(client, server, arguments)
    if arguments.distinct:
        await many(client, server, arguments)
    if arguments.attack:
        await attacked(client, Attack(port, tokens[-1]), server, arguments)


def serve(root: Path, port: int) -> None:
    """Serve the workspace; runs in the server's own process."""
    from serving.api.app import create_app  # noqa: PLC0415 - the client's process needs no web
    from serving.api.server import run_server as run  # noqa: PLC0415
    from serving.workspace import Workspace  # noqa: PLC0415

    run(create_app(Workspace(root)), "127.0.0.1", port)


def main() -> None:
    """Make the issue, start the server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20, help="length of a round")
    parser.add_argument("--by", default="hour", choices=("hour", "day"), help="kind of period")
    parser.add_argument("--ask", default="forecasts", choices=("forecasts", "explanations"))
    parser.add_argument("--distinct", type=int, default=10_000, help="questions; 0: none")
    parser.add_argument("--attack", type=float, default=20, help="seconds of it; 0: none")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(Path(arguments.serve[0]), int(arguments.serve[1]))
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        root = Path(folder)
        IssueStore(root / "issues").publish(issue())
        ring = KeyRing(root / "keys.json")
        tokens = [ring.create(f"benchmark {i}") for i in range(_KEYS + 1)]
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, __file__, "--serve", str(root), str(port)]
        server = subprocess.Popen(command)  # noqa: S603 - this very script
        try:
            asyncio.run(measure(port, tokens, server.pid, arguments))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
