"""Requests of every bad kind against a real server: none may be answered with 500, none be slow.

    python benchmarks/fuzz.py --workspace demo [--requests 100000] [--seed 1] [--at-a-time 4]

Walks the OpenAPI document: routes, parameters, methods and headers in good and bad values, mutated
paths, bodies where none belong, keys that are none. The same seed gives the same requests, and each
failure is printed with its number. The server serves the issues of the workspace (`forewatch demo
--no-serve` makes one), in processes of its own, with keys of this run. CI asks 300 of these in
its own process (`tests/contracts/test_fuzz.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from serving.api.reference import openapi_text
from serving.keys import SCOPES, KeyRing
from serving.subjects import NAMES

SLOW_SECONDS = 2.0
_KEYS = 16
_METHODS = ("HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "get")
_HOSTILE = (
    "", " ", "\0", "%", "null", "None", "true", "-1", "0", "1.5", "1e309", "NaN", "inf", "-inf",
    "9" * 40, "0x10", "٣", "½", "💥", "\u202e", "é" * 70, "x" * 64, "x" * 500, "x" * 9000, "a,b",
    "a:b", ":", ",", ",,", "'; DROP TABLE calls; --", "=1+1", "../../etc/passwd", "{}", "[]", "a b",
    "\r\nX-Evil: 1", "<script>", "all", "each", "*", "fw_1_2",
)  # fmt: skip
_WHEN = (
    "2026-11-24", "2026-11-30", "2026-12-01", "2026-12-28", "2027-02-22", "2026-10-25T01:30",
    "2026-11-30T18:00Z", "2026-11-30T18:00+01:00", "2027-03-28T01:30", "2026-02-30", "1989-12-31",
    "2199-12-31", "2200-01-01", "9999-12-31", "0001-01-01", "2026-11-30T24:00", "2026-11-30T18",
    "20261130", "now", "2026-W49", "2026-11-30T18:00:00.123456Z", "2026-11-30T18:00+99:99",
)  # fmt: skip
_WEEKS = (
    "2026-W48", "2026-W49", "2026-W50", "2027-W01", "2026-W53", "2026-W54", "2026-W00", "9999-W52",
    "0000-W01", "1990-W01", "2199-W52", "2026W49", "2026-w49", "2026-W4", "2026-W490", "٢٠٢٦-W49",
)  # fmt: skip
_VALUES: dict[str, tuple[str, ...]] = {
    "week": _WEEKS,
    "from": _WHEN,
    "to": _WHEN,
    "by": ("hour", "shift", "day", "week", "month", "DAY"),
    "call_type": ("all", "each", "missing_person", "violence", "violense"),
    "grade": ("all", "each", "immediate", "routine", "imediate"),
    "quantiles": ("0.5", "0.05,0.5,0.95", "0", "1", ".5,.5", "0.999999", "0.1,", "5e-1", "nan"),
    "at_least": ("1", "1,2,3", "0", "99", "1,2,3,4,5,6,7,8,9,10", "1,,2", "1e3", "-1", "9" * 30),
    "reserved_hours": ("40", "0", "-1", "1e999", "nan", "bristol:10", "x:y", ":", "district:5"),
    "issue": ("1", "2", "0", "999999999", "1000000000", "-1", "01"),
    "limit": ("1", "10", "100", "1000", "10000", "10001", "0"),
    "offset": ("0", "1", "100", "249999", "999999999", "1000000000"),
    "subject": (*NAMES, "other"),
}
_MORE = ("name", "age", "utm_source", "", "from_", "format", "x" * 80, "area[]", "Week", "a%00b")
_ACCEPT = (
    "application/json", "text/csv", "*/*", "text/html", "", "text/csv;q=0", "a", ";;;", "*/*;q=x",
    "text/*, application/*;q=0.5", "application/json;q=1e9", "x" * 3000,
)  # fmt: skip
_TAGS = ("*", '"x"', "W/", 'W/"x"', ",,,", '"' * 50)


class Request(NamedTuple):
    """What is sent; header values and address are as they go over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def in_share(rng: np.random.Generator, share: float) -> bool:
    """Return yes in such a share of cases."""
    return bool(rng.random() < share)


class Requests:
    """Makes requests from a seed."""

    def __init__(self, document: dict[str, Any], tokens: list[str], areas: list[str]) -> None:
        """Remember what there is to ask.

        Args:
            document: OpenAPI's.
            tokens: good keys.
            areas: ids and levels of the force.
        """
        self._paths = {
            path: [
                each["name"]
                for operation in operations.values()
                for each in operation.get("parameters", [])
            ]
            for path, operations in document["paths"].items()
        }
        self._tokens = tokens
        self._values = _VALUES | {"area": (*areas, "bristl", "force ")}

    def made(self, seed: int, count: int) -> Iterator[Request]:
        """Yield so many requests; the questions of rows come more often than the rest."""
        rng = np.random.default_rng(seed)
        paths = list(self._paths)
        weights = np.array([4.0 if "week" in self._paths[path] else 1.0 for path in paths])
        for _ in range(count):
            path = paths[rng.choice(len(paths), p=weights / weights.sum())]
            target = self._target(path, rng)
            method = str(rng.choice(_METHODS)) if in_share(rng, 0.08) else "GET"
            body = b"x" * int(rng.integers(1, 2000)) if in_share(rng, 0.04) else b""
            yield Request(method, target, tuple(self._headers(rng)), body)

    def _target(self, path: str, rng: np.random.Generator) -> str:
        asked = path.replace("{number}", self._value("issue", rng))
        if in_share(rng, 0.05):
            at = int(rng.integers(0, len(asked)))
            asked = asked[:at] + str(rng.choice(["", "/", "//", "%00", "..", "%2e", "é"]))
            asked += asked[at:][: int(rng.integers(0, 20))]
        pairs = [(name, self._value(name, rng)) for name in self._named(path, rng)]
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
        if in_share(rng, 0.02):
            query += str(
                rng.choice(["&", "&=", "&&&", "%", "%zz", "&week", ";a=b", "?", "%ff=%ff"])
            )
        asked = "/" + quote(asked.lstrip("/"), safe="/%:")
        return f"{asked}?{query}" if query else asked

    def _named(self, path: str, rng: np.random.Generator) -> list[str]:
        """Return names of parameters: mostly those that make a question, in any number."""
        known = [name for name in self._paths[path] if name in self._values]
        named = [name for name in known if in_share(rng, 0.35)]
        if "week" in known and in_share(rng, 0.8):
            named = [name for name in named if name not in ("week", "from", "to")]
            named += ["week"] if in_share(rng, 0.6) else ["from", "to"]
        named += [str(rng.choice(_MORE))] if in_share(rng, 0.04) else []
        again = [str(rng.choice(named))] * int(rng.integers(0, 3)) if named else []
        return named + again

    def _value(self, name: str, rng: np.random.Generator) -> str:
        good = self._values.get(name, _HOSTILE)
        values = _HOSTILE if in_share(rng, 0.12) else good
        return values[rng.integers(0, len(values))]

    def _headers(self, rng: np.random.Generator) -> Iterator[tuple[str, str]]:
        token = self._tokens[rng.integers(0, len(self._tokens))]
        keys = {
            "Authorization": (
                f"Bearer {token}",
                "Bearer ",
                "Basic eA==",
                "Bearer fw_1_2",
                "x" * 999,
            ),
            "X-API-Key": (token, "", "fw__", token[:-1], "x" * 5000),
        }
        name = str(rng.choice(list(keys)))
        at = 0 if in_share(rng, 0.95) else int(rng.integers(0, len(keys[name])))
        yield name, keys[name][at]
        for header, values in (("Accept", _ACCEPT), ("If-None-Match", _TAGS)):
            if in_share(rng, 0.1):
                yield header, values[rng.integers(0, len(values))]
        if in_share(rng, 0.03):
            yield "X-Forwarded-For", str(rng.choice(["::1", "x", "1.2.3.4, 5.6.7.8", "9" * 400]))
        if in_share(rng, 0.03):
            yield (
                "Accept-Encoding",
                str(rng.choice(["gzip", "br", "*;q=0", "gzip;q=x", "identity"])),
            )


class Answers:
    """What came of requests."""

    def __init__(self) -> None:
        """Begin with none."""
        self.statuses: Counter[int] = Counter()
        self.failed: list[str] = []
        self.slowest = 0.0

    def note(self, number: int, request: Request, status: int, seconds: float) -> None:
        """Count an answer, and keep it if it failed: 0 stands for none at all."""
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)
        if status in (0, 500) or seconds > SLOW_SECONDS:
            said = (
                f"#{number} {status} after {seconds:.2f} s: {request.method} {request.target[:300]}"
            )
            self.failed.append(f"{said} {request.headers} {len(request.body)} bytes")
            print(self.failed[-1], flush=True)


async def asked(port: int, request: Request) -> int:
    """Return the status of a request on a connection of its own, 0 for no answer."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        lines = [f"{request.method} {request.target} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in request.headers]
        lines += [f"Content-Length: {len(request.body)}"] if request.body else []
        lines += ["Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode("latin-1", "replace") + request.body)
        line = await asyncio.wait_for(reader.readline(), 30)
        while await asyncio.wait_for(reader.read(2**20), 30):
            pass
        writer.close()
        return int(line.split()[1])
    except (OSError, TimeoutError, IndexError, ValueError):
        return 0


async def run(port: int, requests: Requests, arguments: argparse.Namespace) -> Answers:
    """Send everything, several at a time."""
    answers = Answers()
    waiting = iter(enumerate(requests.made(arguments.seed, arguments.requests)))

    async def some() -> None:
        for number, request in waiting:
            began = perf_counter()
            status = await asked(port, request)
            answers.note(number, request, status, perf_counter() - began)
            if number % 5000 == 0:
                print(
                    number, dict(answers.statuses), f"slowest {answers.slowest:.2f} s", flush=True
                )

    await asyncio.gather(*(some() for _ in range(arguments.at_a_time)))
    return answers


def serve(root: Path, port: int) -> None:
    """Serve the workspace; runs in the server's own process."""
    from serving.api.app import create_app  # noqa: PLC0415 - the client's process needs no web
    from serving.api.server import run_server  # noqa: PLC0415
    from serving.workspace import Workspace  # noqa: PLC0415

    run_server(create_app(Workspace(root)), "127.0.0.1", port)


async def up(port: int) -> None:
    """Wait until the server answers; it needs seconds to start."""
    for _ in range(1200):
        if await asked(port, Request("GET", "/health/live", (), b"")):
            return
        await asyncio.sleep(0.1)
    raise SystemExit("the server doesn't answer")


def areas_of(workspace: Path) -> list[str]:
    """Return ids and levels of the areas of the newest issue."""
    newest = max((workspace / "issues").glob("[0-9]*"))
    tree = json.loads((newest / "issue.json").read_bytes())["tree"]
    return [*tree["levels"], *(area["id"] for area in tree["areas"][:12])]


def main() -> None:
    """Start the server, send everything, print what fails; exit with 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-a-time", type=int, default=4)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(Path(arguments.serve[0]), int(arguments.serve[1]))
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        root, workspace = Path(folder), arguments.workspace.resolve()
        for name in ("issues", *(f"models-{subject}.json" for subject in NAMES)):
            (root / name).symlink_to(workspace / name)
        ring = KeyRing(root / "keys.json")
        tokens = [ring.create(f"fuzz {i}", SCOPES) for i in range(_KEYS)]
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        requests = Requests(json.loads(openapi_text()), tokens, areas_of(workspace))
        command = [sys.executable, __file__, "--serve", str(root), str(port)]
        server = subprocess.Popen(command, env=os.environ)  # noqa: S603 - this very script
        try:
            asyncio.run(up(port))
            answers = asyncio.run(run(port, requests, arguments))
        finally:
            server.terminate()
            server.wait()
    print(f"{arguments.requests} requests: {dict(sorted(answers.statuses.items()))}")
    print(f"slowest {answers.slowest:.2f} s, failed {len(answers.failed)}")
    sys.exit(bool(answers.failed))


if __name__ == "__main__":
    main()
