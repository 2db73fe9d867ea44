"""The weights of `serving.api.costs`, fitted to what pages take.

    python benchmarks/costs.py --workspace demo [--questions 300]

Asks the latest issue of a workspace (`forewatch demo --no-serve` makes one) random questions of
every route and size, and measures the CPU time of each page. A unit is 20,000 rounds of a loop in
Python, measured beside each question, so that a busy machine doesn't change the result; on a
machine of 2024 at rest that is about a millisecond. Printed are the fitted weights, and how far the
weights of the code are off: a question that costs four times what was estimated would be unfair.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from scipy.optimize import nnls

from forewatch.errors import BadQuestion
from planning.issues import Issue
from serving.answers import OFFERS
from serving.api import costs, media
from serving.api.answers import Job, page
from serving.api.shelf import OpenIssue
from serving.issue_store import IssueStore
from serving.queries import SpanQuery
from serving.reach import Reach
from serving.standing import Standing

_ROUNDS_A_UNIT = 20_000
_UNITS_MEASURED = 3


def unit_seconds() -> float:
    """Return the CPU time that a unit takes just now."""
    began, total = process_time(), 0
    for i in range(_ROUNDS_A_UNIT * _UNITS_MEASURED):
        total += i * i
    return (process_time() - began) / _UNITS_MEASURED


def question(kind: str, issue: Issue, rng: np.random.Generator) -> dict[str, Any]:
    """Return the parameters of a random question."""
    first = issue.forecast.rates.force_days[0]
    days = int(rng.choice([1, 2, 7, 7, 14, 31, 91]))
    start = int(rng.integers(0, 91 - days + 1))
    dates = [f"{first + np.timedelta64(start + n, 'D'):%Y-%m-%d}" for n in (0, days)]
    levels = list(issue.tree.levels)
    areas = [*levels, *rng.choice(issue.tree.ids, 3)]
    asked: dict[str, Any] = {
        "from": dates[0],
        "to": dates[1],
        "area": [str(rng.choice(areas)) for _ in range(rng.integers(1, 4))],
        "by": str(rng.choice(["shift", "day", "week"])),
        "limit": int(10 ** rng.uniform(0, 4)),
    }
    if kind == "missing":
        count = int(rng.integers(1, 11))
        return asked | {"at_least": ",".join(str(k + 1) for k in range(count))}
    asked["by"] = str(rng.choice(["hour", "hour", asked["by"]]))
    ids = [each.id for each in issue.profile.call_types]
    asked["call_type"] = [str(rng.choice(["all", "each", *ids[:2]]))]
    asked["grade"] = [str(rng.choice(["all", "each"], p=[0.7, 0.3]))]
    if kind == "forecast":
        count = int(rng.choice([1, 3, 7, 30]))
        asked["quantiles"] = ",".join(f"{(i + 1) / (count + 1):.4f}" for i in range(count))
    return asked


def measured(kind: str, opened: OpenIssue, query: SpanQuery) -> float:
    """Return what a page takes, in units."""
    now, number = opened.issue.published_at, opened.issue.number
    job = Job(kind, query, Reach(), number, media.JSON, now, Standing())
    found = []
    for _ in range(2):  # the smaller one: a busy machine makes things slow, never fast
        unit = unit_seconds()
        began = process_time()
        page(opened, job, lambda: None)
        found.append((process_time() - began) / max(unit, unit_seconds()))
    return min(found)


def main() -> None:
    """Measure each route, fit and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    store = IssueStore(arguments.workspace / "issues")
    opened = OpenIssue(*store.published(store.newest()))
    for kind, weights in costs.WEIGHTS.items():
        rng = np.random.default_rng(arguments.seed)
        sizes, took = [], []
        while len(took) < arguments.questions:
            query = OFFERS[kind].query.model_validate(question(kind, opened.issue, rng))
            size = costs.size(opened.issue, query)
            # What is refused for its rows, or by far for its cost, needs no weights.
            if weights.of(size) < 4 * 1000:
                with suppress(BadQuestion):
                    took.append(measured(kind, opened, query))
                    sizes.append(size)
        compared(kind, weights, sizes, np.array(took))


def compared(kind: str, weights: costs.Weights, sizes: list[costs.PageSize], took: Any) -> None:  # noqa: ANN401
    """Print the weights that fit best, and how the code's weights fit."""
    names = ("rows", "groups", "numbers", "cells", "periods", "overlaps")
    parts = np.array([[1, *(getattr(each, name) for name in names)] for each in sizes], float)
    # Relative errors count, down to a few units.
    scale = np.maximum(took, 5)
    fitted, _ = nnls(parts / scale[:, None], took / scale)
    ratio = took / np.array([weights.of(each) for each in sizes])
    best = took / (parts @ fitted)
    print(f"{kind}: {len(took)} questions, {took.min():.1f} to {took.max():.0f} units")
    print("  fitted " + ", ".join(f"{w:.3g}" for w in fitted))
    for name, each in (("code", ratio), ("fitted", best)):
        low, middle, high = np.percentile(each, [2.5, 50, 97.5])
        print(f"  measured ÷ {name:6} {low:.2f} / {middle:.2f} / {high:.2f}, most {each.max():.2f}")


if __name__ == "__main__":
    main()
