"""What the planner's page bears: answers of one worker, a rush, bytes, a phone, memory, the PDF.

    python -m benchmarks.page WORKSPACE [--seconds 40] [--rush 60] [--only server rush browser]

A copy of the workspace is served with one worker, by `forewatch serve`; where no plan of officers
was imported, each district gets one, as officers take longest. Then:

1. *Server*: 20 requests a second for weeks of districts. All are at hand at the server, or the
   browser has them (304); then one a second is new to the server, once with its drawings ready
   (asked within another reach, which is another page with the same drawings), once without. One
   worker can't answer 20 new pages a second, nor need it.
2. *Browser*: Chromium loads the week anew: bytes by file as they came over the line; then as a
   phone (360 px, processor slowed 4 ×) on two lines: largest content, long tasks, and when headline
   and heat map were painted.
3. *Memory* of the worker, beside one of the API alone that answered the same questions, and of the
   process that draws; the PDF of the brief, where there is one.
4. *Rush*: an issue is published, and within a minute 200 people open their boards, each at a moment
   of their own: of ten two the force's week, four a district's, two a beat's, two a board of the
   force's own where there is one. All see the whole force.

Times are of the clock. `CPU` is processor time of the worker (of the process that draws it is told
apart), and `unit` what a piece of work took that takes a millisecond on a machine at rest
(`benchmarks.costs`): where others are busy too, the clock tells of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.charts import memory_mib
from benchmarks.page_in_browser import BARE, Load, loads
from benchmarks.serve_load import Client, cpu_seconds, measured, processes, unit_seconds, up
from forewatch.clock import Clock
from planning.issues import Issue
from serving.page.page_question import weeks_reached
from serving.plan_uploads import Cell, PlanUpload, take_plan
from serving.reach import Reach
from serving.spans import week_meant
from serving.workspace import Workspace

RATE, PEOPLE, KEYS = 20.0, 200, 20
_TICKS = os.sysconf("SC_CLK_TCK")
_OK, _UNCHANGED = 200, 304
# What a process holds by itself, and with the pages of program files, which all processes share.
_MEMORY = {"RssAnon": "its own", "VmRSS": "with shared program files"}


@dataclass
class Report:
    """What was found beside what is wanted."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, found: float, wanted: float | None, unit: str, more: str = "") -> None:
        """Add a row, and show it at once."""
        told = f"{found:,.0f} {unit}" if found >= 10 else f"{found:.1f} {unit}"  # noqa: PLR2004
        goal = "" if wanted is None else f"{wanted:,.0f} {unit}"
        missed = wanted is not None and found > wanted
        self.rows.append((what, told, f"{goal}{' (missed)' if missed else ''}", more))
        print("| " + " | ".join(self.rows[-1]) + " |", flush=True)

    def times(self, what: str, ms: np.ndarray, wanted: float | None, more: str = "") -> None:
        """Add the 95th percentile of times in milliseconds."""
        middle, most = np.quantile(ms, [0.5, 1.0])
        said = f"median {middle:.0f}, most {most:.0f}, n = {len(ms)}"
        self.add(f"{what}, p95", float(np.quantile(ms, 0.95)), wanted, "ms", f"{said}; {more}")


@dataclass(frozen=True)
class Site:
    """A served copy of a workspace.

    Args:
        root: the copy.
        port: where it is served.
        server: process id.
        tokens: keys for the whole force.
        issue: the latest at the beginning.
    """

    root: Path
    port: int
    server: int
    tokens: tuple[str, ...]
    issue: Issue

    @property
    def districts(self) -> list[str]:
        """Ids of the areas right below the force."""
        tree = self.issue.tree
        return [area for area in tree.ids if tree.area(area).parent == tree.root]

    @property
    def weeks(self) -> list[str]:
        """Weeks that the issue reaches, from next week on."""
        word = week_meant(Clock.of(self.issue.profile), "next", pd.Timestamp.now("UTC"))
        reached = weeks_reached(self.issue)
        return [week for week in reached if week >= word] or [reached[-1]]

    @property
    def worker(self) -> int:
        """Process id of the one worker, the nursery's child."""
        return next(each for each in self._others if _parent(each) != self.server)

    @property
    def drawer(self) -> int | None:
        """Process id of the process that draws."""
        return next((each for each in self._others if b"drawing_process" in _command(each)), None)

    @property
    def _others(self) -> list[int]:
        return processes(self.server)[1:]

    def worker_seconds(self) -> float:
        """Return the processor time that the worker has used."""
        fields = Path(f"/proc/{self.worker}/stat").read_text(encoding="ascii").rpartition(")")[2]
        return sum(int(each) for each in fields.split()[11:13]) / _TICKS

    async def rest(self) -> float:
        """Wait until nothing is worked on; return the seconds that took, about."""
        began = perf_counter()
        while True:
            before = cpu_seconds(self.server)
            await asyncio.sleep(3)
            if cpu_seconds(self.server) - before < 0.1:  # noqa: PLR2004 - looking costs that
                return perf_counter() - began - 3


def _parent(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    return int(fields.split()[1])


def _command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


@contextmanager
def served(root: Path, tokens: tuple[str, ...], issue: Issue, *, page: bool) -> Iterator[Site]:
    """Serve a workspace with one worker: the page and the API, or the API alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["-m", "serving.cli", "-w", str(root), "serve", "--port", str(port)]
    alone = ["-m", "benchmarks.page", str(root), "--serve-api", str(port)]
    with subprocess.Popen([sys.executable, *(command if page else alone)]) as server:  # noqa: S603
        try:
            yield Site(root, port, server.pid, tokens, issue)
        finally:
            server.terminate()


def prepare(workspace: Path, root: Path) -> tuple[tuple[str, ...], Issue]:
    """Copy a workspace, with one worker, keys, and a plan; return the keys and its issue."""
    shutil.copytree(workspace, root)
    file = root / "forewatch.toml"
    text = re.sub(r"(?ms)^\[serving\]\n.*?(?=^\[)", "", file.read_text(encoding="utf-8"))
    text += "\n[serving]\nworkers = 1\ncost_per_minute = 1000000\n"
    file.write_text(text, encoding="utf-8")
    copy = Workspace(root)
    issue = copy.issues().latest()
    if not len(copy.duty_records().at(pd.Timestamp.now("UTC")).plan):
        import_plan(root, issue)
    ring = copy.keys()
    scopes = ("forecasts:read", "rota:read")
    return tuple(ring.create(f"benchmark {i}", scopes) for i in range(KEYS)), issue


def import_plan(root: Path, issue: Issue) -> None:
    """Import a plan of six weeks for each district, with numbers of a generator."""
    rng, tree, duty = np.random.default_rng(1), issue.tree, issue.profile.staffing
    days = issue.forecast.rates.force_days[:42]
    rows: list[dict[str, Cell]] = [
        {
            "area": area,
            "role": duty.role_ids[0],
            "shift": shift.id,
            "date": f"{day:%Y-%m-%d}",
            "planned": int(rng.integers(4, 30)),
        }
        for area in tree.ids
        if tree.area(area).parent == tree.root
        for day in days
        for shift in duty.shifts
    ]
    for first in range(0, len(rows), 500):
        part = rows[first : first + 500]
        take_plan(root, PlanUpload("benchmark", f"plan {first}", part, Reach()))


async def server_rounds(site: Site, client: Client, report: Report, seconds: float) -> None:
    """Measure weeks of districts: at hand, reloaded, new with drawings, new without."""
    usual = [f"/week?week={site.weeks[0]}&area={area}" for area in site.districts]
    count = round(RATE * seconds)
    first, _ = await measured(client, [(path, "") for path in usual], 1, _OK)
    report.times("usual views, asked first after they were made ahead", first, 150)
    _, tags = await measured(client, [(path, "") for path in usual], 1, _OK)
    kept = [(usual[i % len(usual)], "") for i in range(count)]
    before = cpu_seconds(site.server)
    ms, _ = await measured(client, kept, RATE, _OK)
    told = f"CPU of all {1000 * (cpu_seconds(site.server) - before) / count:.1f} ms, {_unit()}"
    report.times("kept, 20 a second", ms, 15, told)
    known = [(usual[i % len(usual)], tags[i % len(usual)]) for i in range(count)]
    ms, _ = await measured(client, known, RATE, _UNCHANGED)
    report.times("304 on reload, 20 a second", ms, 15)
    reaches = [(a, b) for a in site.districts for b in site.districts if a != b]
    ring, drawn = Workspace(site.root).keys(), []
    for area, other in [reaches[i] for i in np.random.default_rng(1).permutation(len(reaches))]:
        key = ring.create(f"{area} {other}", ("forecasts:read",), areas=(area, other))
        drawn.append((Client(site.port, [key]), f"/week?week={site.weeks[0]}&area={area}"))
    await site.rest()
    await new_pages(site, drawn[: round(seconds)], (client, usual), report, 150)
    far = [f"/week?week={week}&area={a}" for week in site.weeks[2:] for a in site.districts]
    order = np.random.default_rng(2).permutation(len(far))[: round(seconds)]
    await new_pages(site, [(client, far[i]) for i in order], (client, usual), report, 800)


async def new_pages(
    site: Site,
    new: Sequence[tuple[Client, str]],
    others: tuple[Client, list[str]],
    report: Report,
    wanted: float,
) -> None:
    """Measure pages new to the server, one a second, among nineteen a second that are kept."""
    client, usual = others
    kept = [(usual[i % len(usual)], "") for i in range(19 * len(new))]
    worker, drawer = site.worker_seconds(), cpu_seconds(site.drawer or site.server)

    async def one(i: int, asker: Client, path: str) -> float:
        await asyncio.sleep(i + 0.5)
        (ms,), _ = await measured(asker, [(path, "")], 1, _OK)
        return float(ms)

    asked = asyncio.gather(*(one(i, *each) for i, each in enumerate(new)))
    ms, (around, _) = await asyncio.gather(asked, measured(client, kept, 19, _OK))
    cpu = 1000 * (site.worker_seconds() - worker) / len(new)
    drawing = 1000 * (cpu_seconds(site.drawer or site.server) - drawer) / len(new)
    name = "new page, drawings ready" if wanted == 150 else "new page, not drawn"  # noqa: PLR2004
    told = f"CPU of the worker {cpu:.0f} ms, of drawing {drawing:.0f} ms, {_unit()}"
    report.times(f"{name}, among 20 a second", np.array(ms), wanted, told)
    report.times(f"those kept meanwhile ({name})", around, 15)


async def rush(site: Site, client: Client, report: Report, seconds: float) -> None:
    """Measure 200 people who open their boards after a new issue."""
    rng, issue = np.random.default_rng(3), site.issue
    boards = [view.id for view in Workspace(site.root).settings().views if view.role is None]
    found: list[str] = []
    for kind in rng.choice(4, PEOPLE, p=[0.2, 0.4, 0.2, 0.2]):
        area = str(rng.choice(site.districts if kind != 2 else list(issue.tree.leaves)))  # noqa: PLR2004
        week = "/week" if kind == 0 else f"/week?area={area}"
        found.append(f"/views/{rng.choice(boards)}" if kind == 3 and boards else week)  # noqa: PLR2004
    moments = np.sort(rng.uniform(0, seconds, PEOPLE))
    worker = site.worker_seconds()
    store = Workspace(site.root).issues()
    store.publish(replace(issue, notes=(*issue.notes, "published again by a benchmark")))

    async def one(moment: float, path: str) -> float:
        await asyncio.sleep(moment)
        (ms,), _ = await measured(client, [(path, "")], 1, _OK)
        return float(ms)

    ms = await asyncio.gather(*(one(*each) for each in zip(moments, found, strict=True)))
    cpu = site.worker_seconds() - worker
    told = f"{len({*found})} different pages, CPU of the worker {cpu:.1f} s, {_unit()}"
    report.times(f"{PEOPLE} people within {seconds:.0f} s of a new issue", np.array(ms), 1000, told)


def browser_rounds(site: Site, report: Report) -> None:
    """Measure first loads in Chromium."""
    tree = site.issue.tree
    most = max(site.districts, key=lambda area: len(tree.below(area)))
    force = f"/week?week={site.weeks[0]}"
    for path, wanted in ((force, 90), (f"{force}&area={most}", 120)):
        _loaded(site, path, report, wanted)


def _loaded(site: Site, path: str, report: Report, wanted: float) -> None:
    found: dict[str, list[Load]] = loads(f"http://127.0.0.1:{site.port}", path, site.tokens[0])
    files = found["laptop"][0].files
    told = ", ".join(f"{name} {size / 1000:.1f}" for name, size in files.items())
    name = path.partition("&area=")[2] or "the force"
    report.add(f"first load of {name}", sum(files.values()) / 1000, wanted, "kB", told)
    for line, goal in (("phone", 1500), ("slow phone", None)):
        largest = np.array([each.largest_ms for each in found[line]])
        report.times(f"{line}, {name}: largest content", largest, goal)
        longest = max(each.longest_task_ms for each in found[line])
        report.add(f"{line}, {name}: longest task", longest, 50 if goal else None, "ms")
    bare = max(each.longest_task_ms for each in found[BARE])
    report.add(f"{BARE}, {name}: longest task", bare, None, "ms")
    painted = np.array([each.painted_ms for each in found["slow phone"]])
    report.times(f"slow phone, {name}: headline and heat map", painted, 4500)


async def memory(site: Site, client: Client, report: Report) -> None:
    """Print what the worker holds beside one of the API alone, and what drawing does."""
    page, drawer = [memory_mib(site.worker, name) for name in _MEMORY], site.drawer
    if drawer is not None:
        report.add("process that draws, at most", memory_mib(drawer, "VmHWM"), 300, "MiB")
    with served(site.root, site.tokens, site.issue, page=False) as alone:
        client = Client(alone.port, [*site.tokens])
        await up(client)
        for week in site.weeks[:2]:
            for area in site.districts:
                about = f"week={week}&area={area}"
                asked = [f"/v1/{each}?{about}" for each in ("forecasts", "explanations")]
                asked += [
                    f"/v1/{each}?{about}" for each in ("missing-persons", "rota/requirements")
                ]
                await measured(client, [(path, "") for path in asked], RATE, _OK)
        api = [memory_mib(alone.worker, name) for name in _MEMORY]
    for name, more, less in zip(_MEMORY.values(), page, api, strict=True):
        told = f"{more:.0f} and {less:.0f} MiB"
        report.add(f"worker above one of the API alone, {name}", more - less, 60, "MiB", told)


async def brief(site: Site, client: Client, report: Report) -> None:
    """Measure the PDF, where there is one."""
    paths = [f"/brief.pdf?week={site.weeks[0]}&area={area}" for area in site.districts]
    if (await client.get(paths[0]))[0] != _OK:
        print("the PDF of the brief: skipped, there is no such route")
        return
    ms, _ = await measured(client, [(path, "") for path in paths[1:]], 0.5, _OK)
    report.times("PDF of the brief", ms, 500)


def _unit() -> str:
    return f"unit {unit_seconds() * 1000:.1f} ms"


async def measure(site: Site, report: Report, asked: argparse.Namespace) -> None:
    """Measure what is asked, one after the other."""
    client = Client(site.port, [*site.tokens])
    await up(client)
    await client.get("/week")
    print(f"usual views were made ahead after {await site.rest():.0f} s; {_unit()}")
    if "server" in asked.only:
        await server_rounds(site, client, report, asked.seconds)
        await brief(site, client, report)
    if "browser" in asked.only:
        await asyncio.to_thread(browser_rounds, site, report)
    if "memory" in asked.only:
        # Before the rush, which has it hold a second issue.
        await memory(site, client, report)
    if "rush" in asked.only:
        await site.rest()
        await rush(site, client, report, asked.rush)
        print(f"its usual views were made ahead {await site.rest():.0f} s later")


def main() -> None:
    """Serve, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seconds", type=float, default=40, help="length of a round")
    parser.add_argument("--rush", type=float, default=60, help="seconds of it")
    parts = ("server", "browser", "rush", "memory")
    parser.add_argument("--only", nargs="+", default=parts, choices=parts)
    parser.add_argument("--serve-api", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve_api:
        from serving.api.app import create_app  # noqa: PLC0415 - the client needs no web server
        from serving.api.server import run_server  # noqa: PLC0415

        run_server(create_app(Workspace(asked.workspace)), "127.0.0.1", asked.serve_api, 1)
        return
    report = Report()
    print("| what | found | wanted | |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        tokens, issue = prepare(asked.workspace, Path(folder) / "served")
        with served(Path(folder) / "served", tokens, issue, page=True) as site:
            asyncio.run(measure(site, report, asked))


if __name__ == "__main__":
    main()
