"""What pages of the rota contract cost: the usual ones, and the weights of `serving.api.costs`.

    python -m benchmarks.rota_pages WORKSPACE [--questions 60]

Asks the latest issue of a workspace, with the plan and the service times that it has, as a worker
does: need, plan, table and document.

1. Nine districts (all areas below the force) × 28 days and every leaf area × 28 days, each new to
   the process, and the same again from what is kept: median and 95th percentile of seconds by the
   clock and of units of processor time (`benchmarks.costs`), and memory at its highest.
2. Random questions: units measured beside those estimated, and weights fitted to them.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

from benchmarks.costs import unit_seconds
from forewatch.arrays import Array
from planning.issues import Issue
from serving.api import costs
from serving.duty_records import DutyRecord, duty_record
from serving.queries import StaffingQuery
from serving.reach import Reach
from serving.rota_document import area_days, rota_document
from serving.staffing_answers import Kept, StaffingQuestion, requirement_table, requirements
from serving.workspace import Workspace

DAYS = 28
_ROLE_PERCENTILES = range(60, 95)


@dataclass(frozen=True)
class Bench:
    """What is asked.

    Args:
        issue: the latest.
        record: the plan and the holidays.
        now: when it is asked.
    """

    issue: Issue
    record: DutyRecord
    now: pd.Timestamp

    def query(self, areas: list[str], first: int, days: int, percentile: int) -> StaffingQuery:
        """Return a question of so many days from a number of a force-day on."""
        start = self.issue.forecast.rates.force_days[0] + pd.Timedelta(days=first)
        span = {"from": f"{start:%Y-%m-%d}", "to": f"{start + pd.Timedelta(days=days):%Y-%m-%d}"}
        asked = {**span, "area": areas, "percentile": percentile, "limit": 2000}
        return StaffingQuery.model_validate(asked)

    def page(self, query: StaffingQuery, kept: Kept) -> int:
        """Return the bytes of a page, made whole."""
        asked = StaffingQuestion.of(self.issue, query.dated(self.issue, self.now), Reach())
        found = requirements(self.issue, asked, self.record, self.now, kept)
        table = requirement_table(found, self.now)
        page = frozenset(area_days(table.values)), self.now
        return len(rota_document({"percentile": asked.percentile}, found, table, page))


def usual(bench: Bench) -> None:
    """Print what the usual questions cost."""
    tree = bench.issue.tree
    below = [area for area in tree.ids if tree.area(area).parent == tree.root]
    for name, areas, runs in (("districts", below, 20), ("leaf areas", [*tree.leaves], 5)):
        clock, units, again = [], [], []
        for percentile in list(_ROLE_PERCENTILES)[:runs]:
            query, kept = bench.query(areas, 0, DAYS, percentile), Kept(len(areas))
            unit, began = unit_seconds(), (time.perf_counter(), process_time())
            size = bench.page(query, kept)
            clock.append(time.perf_counter() - began[0])
            units.append((process_time() - began[1]) / unit)
            began = time.perf_counter(), process_time()
            bench.page(query, kept)
            again.append((process_time() - began[1]) / unit)
        told = (np.quantile(each, level) for each in (clock, units) for level in (0.5, 0.95))
        print(
            f"{len(areas)} {name} × {DAYS} days, {size / 1e6:.1f} MB: "
            "{:.3f} and {:.3f} s by the clock (median, 95 %), {:.0f} and {:.0f} units; "
            "need kept: {:.0f} units".format(*told, np.median(again))
        )


def weights(bench: Bench, questions: int) -> None:
    """Print how far the estimates of random questions are off, and weights fitted to them."""
    rng, tree = np.random.default_rng(1), bench.issue.tree
    rows, found, told = [], [], []
    for _ in range(questions):
        days, first = int(rng.choice([1, 2, 7, 14, 28])), int(rng.integers(0, 28))
        ids = rng.choice(tree.ids, int(rng.choice([1, 1, 3, 9, 20])), replace=False).tolist()
        query = bench.query(ids, first, days, int(rng.choice(_ROLE_PERCENTILES)))
        unit, began = unit_seconds(), process_time()
        bench.page(query, Kept())
        found.append((process_time() - began) / unit)
        told.append(costs.STAFFING.of(bench.issue, query))
        solved = -(-(first + days) // 7) * 7
        rows.append([1, solved, len(ids), len(ids) * max(solved, days)])
    ratio = np.array(found) / told
    levels = ", ".join(f"{np.quantile(ratio, level):.2f}" for level in (0, 0.1, 0.5, 0.9, 1))
    print(f"measured ÷ estimated (least, 10 %, median, 90 %, most): {levels}")
    matrix = np.array(rows, dtype=np.float64)
    scale: Array = 1 / np.array(found)  # relative errors
    fitted, _ = nnls(matrix * scale[:, None], np.ones(len(found)))
    names = ("page", "day", "area", "area_day")
    print("fitted:", ", ".join(f"{n} {v:.2f}" for n, v in zip(names, fitted, strict=True)))


def main() -> None:
    """Print both."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("workspace", type=Path)
    asked.add_argument("--questions", type=int, default=60)
    wanted = asked.parse_args()
    workspace = Workspace(wanted.workspace)
    issue = workspace.issues().latest()
    now = issue.published_at
    bench = Bench(issue, duty_record(workspace.history(counted=False), now), now)
    with threadpool_limits(1):  # as in a worker
        bench.page(bench.query([issue.tree.root], 0, 7, 80), Kept())  # imports
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        usual(bench)
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"memory at its highest: {more:.0f} MiB more than after a first question")
        weights(bench, wanted.questions)


if __name__ == "__main__":
    main()
