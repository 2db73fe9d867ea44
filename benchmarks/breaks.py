"""What the register of breaks is worth on the demo force, whose true rates are known.

    python benchmarks/breaks.py [--districts N] [--weeks N ...] [--members NAME ...]

The demo force's concern for welfare falls to 0.65 of itself on 1 July 2024. From origins so many
weeks after it, each member forecasts the 28 days ahead, with and without the register: the mean
absolute error against the true rate of the force's day and of its districts' days, in percent of
the true mean, and the bias of the force's days. Weeks below 0 are before the break: then the
register tells of it ahead, with and without an expected ratio (0.7).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.unpooled import unpooled
from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.history import History
from models.line_up import fit_members, predictions
from models.recipe import Recipe
from sources.synthetic import DemoForce, demo_force, demo_history

HORIZON_DAYS = 28
MEMBERS = ("same_weekday_8", "same_weekday_52", "loglinear")
EXPECTED = 0.7


def truth(demo: DemoForce, seen: Panel, kind: str) -> NDArray[np.float64]:
    """Return the true rate of a call type on the days ahead, shape (days, 1 + districts)."""
    rates = demo.truth.rates
    first = np.flatnonzero(np.diff(rates.day, prepend=-1))
    daily = np.add.reduceat(rates.base[:, rates.call_types.index(kind)], first, axis=1)
    at = rates.force_days.get_indexer(seen.horizon)
    cells = daily[:, at].T
    return np.concatenate([cells.sum(1, keepdims=True), cells], axis=1)


def rows(demo: DemoForce, past: History, weeks: float, recipe: Recipe) -> list[dict[str, object]]:
    """Return the errors of every member from one origin."""
    (row,) = demo.breaks.to_dict("records")
    kind = row["call_type"]
    view = AsOf(past, row["start"] + pd.Timedelta(weeks=weeks))
    seen = panel(view, HORIZON_DAYS)
    found = predictions(recipe, fit_members(recipe, seen, jobs=1), seen)
    series = [seen.series(area, kind) for area in (view.tree.root, *seen.places)]
    true = truth(demo, seen, kind)
    ratio = np.exp(seen.breaks[0].log_ratio) if seen.breaks else np.nan
    made = []
    for name, one in zip(recipe.members, found, strict=True):
        error = (one[:, series] - true) / true.mean(0)
        made.append(
            {
                "weeks": weeks,
                "ratio": ratio,
                "member": name,
                "force MAE %": 100 * np.abs(error[:, 0]).mean(),
                "force bias %": 100 * error[:, 0].mean(),
                "district MAE %": 100 * np.abs(error[:, 1:]).mean(),
            }
        )
    return made


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--districts", type=int, default=9)
    parser.add_argument("--members", nargs="+", default=list(MEMBERS))
    parser.add_argument("--weeks", type=float, nargs="+", default=[-2, 1, 2, 4, 8, 16])
    options = parser.parse_args()
    demo = demo_force(seed=1, years=4, until=date(2025, 1, 6), districts=options.districts)
    past, recipe = unpooled(demo_history(demo)), Recipe(members=tuple(options.members))
    stated = past.breaks.assign(expected_ratio=EXPECTED)
    registers = {"none": past.breaks.iloc[:0], "dated": past.breaks, "with 0.7": stated}
    made = [
        row | {"register": label}
        for weeks in options.weeks
        for label, breaks in registers.items()
        for row in rows(demo, replace(past, breaks=breaks), weeks, recipe)
    ]
    table = pd.DataFrame(made).pivot_table(
        index=["weeks", "member"],
        columns="register",
        values=["force MAE %", "force bias %", "district MAE %", "ratio"],
        sort=False,
    )
    with pd.option_context("display.width", 200, "display.max_columns", None):
        print(table.round(2).to_string())


if __name__ == "__main__":
    main()
