"""What missing-person demand by shift costs: a whole force for four weeks, and a day and district.

Usage: python -m benchmarks.missing_by_shift [--seed 1]

The issue is one of the demo force's true rates; each question is new to the process, as a worker
has it (`serving.api.answers.page`). Printed: median and 95th percentile, by the clock and of
processor, beside what a unit of work costs (a millisecond on a machine at rest).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable

import numpy as np
import pandas as pd

from benchmarks.costs import unit_seconds
from benchmarks.staffing import FIRST, demo_issue
from forewatch.clock import ONE_DAY
from serving.answers import MISSING_PERSONS
from serving.api.answers import Job, page
from serving.api.shelf import OpenIssue
from serving.reach import Reach
from serving.standing import Standing

SHIFTS_DAYS = 28
_JSON = "application/json"


def main() -> None:
    """Print what both questions cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    opened = OpenIssue(demo_issue(parser.parse_args().seed), "")
    districts = opened.issue.tree.at_level("district")
    page(opened, _job(["mendip"], 60, 1), lambda: None)  # imports, first allocations
    print(f"a unit of work: {unit_seconds() * 1000:.1f} ms")
    force = [_job(["force"], first, SHIFTS_DAYS) for first in range(20)]
    _print("the force by shift, 4 weeks", opened, force)
    every = [_job(list(districts), first, SHIFTS_DAYS) for first in range(20)]
    _print("9 districts by shift, 4 weeks", opened, every)
    days = [_job([area], day, 1) for day in range(60) for area in districts]
    _print("a day and district by shift", opened, days)


def _job(areas: list[str], first: int, days: int) -> Job:
    start = FIRST + first * ONE_DAY
    query = MISSING_PERSONS.query.model_validate(
        {
            "from": f"{start:%Y-%m-%d}",
            "to": f"{start + days * ONE_DAY:%Y-%m-%d}",
            "area": areas,
            "by": "shift",
            "limit": 1000,
        }
    )
    now = pd.Timestamp("2026-11-23T08:00Z")
    return Job(MISSING_PERSONS.name, query, Reach(), 1, _JSON, now, Standing())


def _print(name: str, opened: OpenIssue, jobs: Iterable[Job]) -> None:
    clock, cpu = [], []
    for job in jobs:
        began = time.perf_counter(), time.process_time()
        page(opened, job, lambda: None)
        clock.append(time.perf_counter() - began[0])
        cpu.append(time.process_time() - began[1])
    found = [np.quantile(each, level) * 1000 for each in (clock, cpu) for level in (0.5, 0.95)]
    print(
        f"{name}: {found[0]:.0f} and {found[1]:.0f} ms by the clock (median, 95 %), {found[2]:.0f} "
        f"and {found[3]:.0f} ms of processor"
    )


if __name__ == "__main__":
    main()
