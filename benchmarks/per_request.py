"""CPU that each request costs before and after its answer: keys, reach, guards, proxies, audit.

    python -m benchmarks.per_request [--calls 20000]

Each step is called by itself in one process; the time is that of the process, without waiting.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from time import process_time

import pandas as pd
from starlette.datastructures import Headers

from forewatch.areas import Area, AreaTree
from serving.api.audited import AuditMiddleware
from serving.api.guards import Questions
from serving.api.hosts import Hosts
from serving.api.proxies import BehindProxies, _x_forwarded
from serving.api.refusals import Refusals
from serving.audit import AuditFile
from serving.keys import KeyRing
from serving.reach import Reach

QUERY = b"week=2026-W49&area=district&call_type=each&by=hour&limit=1000"


def tree(districts: int = 9, beats: int = 7) -> AreaTree:
    """Return a force of districts and beats."""
    areas = [Area("force", "Force")]
    for i in range(districts):
        areas.append(Area(f"d{i}", f"District {i}", "force"))
        areas += [Area(f"d{i}-{j}", f"Beat {i} {j}", f"d{i}") for j in range(beats)]
    return AreaTree(tuple(areas), ("force", "district", "beat"))


def steps(folder: Path) -> dict[str, Callable[[int], object]]:
    """Return what is done for a request, by name; each takes the number of the call."""
    ring = KeyRing(folder / "keys.json")
    token = ring.create("rota system", areas=("d1", "d2"))
    key = ring.known(token)
    ring.is_use_due(key)
    hosts = Hosts(("forecast.example",), "127.0.0.1")
    questions = Questions(("week", "area", "call_type", "by", "limit"), ("area", "call_type"))
    refusals, file = Refusals(), AuditFile(folder / "audit.jsonl", 10**9, 2)
    forwarded = Headers({"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"})
    proxies = BehindProxies(_nothing, ("127.0.0.1",), "x-forwarded")
    audited = AuditMiddleware(_nothing, file, lambda: pd.Timestamp.now("UTC"), questions=False)
    scope = {"type": "http", "method": "GET", "client": ("192.0.2.7", 5), "state": {"key": key}}
    force, reach, notes = tree(), Reach(("d1", "d2")), ["a note of d1", "one of d3 and others"]
    return {
        "key checked": lambda _: ring.known(token),
        "last use looked up": lambda _: ring.is_use_due(key),
        "areas within reach (of 73)": lambda _: reach.area_ids(force, ("beat",)),
        "notes within reach": lambda _: reach.notes(force, notes),
        "host": lambda _: hosts.takes("forecast.example"),
        "query": lambda _: questions.refusal(QUERY),
        "proxy": lambda _: (list(_x_forwarded(forwarded)), proxies._is_trusted("127.0.0.1")),  # noqa: SLF001
        "refused key counted": lambda n: refusals.wait_seconds(f"192.0.{n % 200}.{n % 250}"),
        "audit": lambda _: _run(audited(scope, _nothing, _nothing)),
    }


async def _nothing(*_: object) -> None:
    """Answer nothing."""


def _run(work: Coroutine[object, None, None]) -> None:
    """Run what never waits."""
    with suppress(StopIteration):
        work.send(None)


def main() -> None:
    """Print microseconds of CPU for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    calls = parser.parse_args().calls
    with tempfile.TemporaryDirectory() as folder:
        for name, step in steps(Path(folder)).items():
            began = process_time()
            for n in range(calls):
                step(n)
            print(f"{name:28} {(process_time() - began) / calls * 1e6:7.1f} µs")


if __name__ == "__main__":
    main()
