"""CPU of a question that nobody asked before: a district's week by hour, through the whole service.

    python -m benchmarks.distinct_questions WORKSPACE [--questions 400]

The client is in the service's own process, so its part is counted too; what matters is the figure
of one checkout beside that of another on the same workspace's force, in turn.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from time import process_time

from fastapi.testclient import TestClient

from serving.api.app import create_app
from serving.settings import ServingSettings
from serving.workspace import Workspace

_WARM = 20
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Ask, and print the milliseconds of CPU of a question."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--questions", type=int, default=400)
    arguments = parser.parse_args()
    workspace = Workspace(arguments.workspace)
    key = workspace.keys().create("benchmark", ("forecasts:read",))
    app = create_app(workspace, settings=ServingSettings(cost_per_minute=10**7))
    with TestClient(app, "http://localhost", headers={"Authorization": f"Bearer {key}"}) as client:
        found = client.get("/v1/areas").json()["areas"]
        areas = [each["id"] for each in found if each["level"] == "district"]
        for number in range(_WARM):
            _ask(client, areas, number)
        before = _processor_seconds()
        for number in range(_WARM, _WARM + arguments.questions):
            page = _ask(client, areas, number)
        took = (_processor_seconds() - before) / arguments.questions
    print(f"{1000 * took:.1f} ms of CPU a question, {len(page):,} bytes a page")


def _ask(client: TestClient, areas: list[str], number: int) -> bytes:
    where = {"week": "next", "area": areas[number % len(areas)], "by": "hour", "limit": 1000}
    answer = client.get("/v1/forecasts", params=where | {"quantiles": f"0.05,0.{101 + number}"})
    answer.raise_for_status()
    return answer.content


def _processor_seconds() -> float:
    """Return the CPU of this process and of its children."""
    found = process_time()
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == os.getpid():
            found += (int(fields[11]) + int(fields[12])) / _TICKS
    return found


if __name__ == "__main__":
    main()
