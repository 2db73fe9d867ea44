"""Hours, thirds and leaf areas of the demo force beside its truth.

    python -m benchmarks.small_parts_demo WORKSPACE [--members same_weekday_8 loglinear]

WORKSPACE is that of `python -m benchmarks.accuracy demo --keep`, or any into which
`benchmarks.accuracy.workspaces.build("demo", …)` imported the force. It is judged on the past
origins of a training at the end of the data, a random choice of days of each, by the sizes of
shocks that the other origins give; hours without the trees that bend them. Printed by level: the
share of counts in the 80 % interval (ends taken in by their fair part), and CRPS ÷ that of one who
knows the rates and how large the shocks are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.workspaces import demo_force
from features.asof import AsOf
from features.panel import panel
from forewatch.arrays import Array, Index
from forewatch.clock import instants_us
from forewatch.count_distribution import CountDistribution
from forewatch.rates import Selection, Spans
from models import judging, origins, scores
from models.crossing import crossed_weights
from models.demand.subject import DEMAND
from models.demand.training import groups_of
from models.part_scores import PartSeries
from models.past_parts import Parts, PastParts
from serving.workspace import Workspace
from sources.synthetic.truth import Truth

_DAYS = 6  # of each origin
_AREAS = 9  # of each level


def main() -> None:
    """Judge the levels and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--members", nargs="*", default=[], help="[default: the recipe's]")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    truth = demo_force().truth
    workspace = Workspace(asked.workspace)
    history, recipe = workspace.history(), workspace.settings().recipe(DEMAND)
    if asked.members:
        recipe = recipe.model_copy(update={"members": tuple(asked.members)})
    view = AsOf(history, history.observed_until)
    now = panel(view, 1)
    folds = origins.call_folds(view, now, recipe, asked.jobs, lambda *_: None)
    groups = groups_of(view, now, folds, recipe)
    _, *crossed = crossed_weights(groups, recipe)
    cells = judging.blended_cells(groups, crossed)
    squares = judging.squared_residuals(groups, cells, recipe)
    by_group = judging.crossed_shocks(groups, squares, recipe)
    rng, rows = np.random.default_rng(4), []
    for fold, own, past in zip(groups.folds, cells, groups.past, strict=True):
        if past.hours is None or past.leaves is None:
            raise SystemExit("the demo force has hours and leaf areas")
        chosen = np.sort(rng.permutation(len(fold.days) - 7)[:_DAYS])
        edges = view.clock.hour_edges(fold.days[0], len(fold.days))
        day_edges = view.clock.day_edges(fold.days[0], len(fold.days))
        first = past.hours.first_of_thirds
        thirds = edges[np.append(first, len(edges) - 1)]
        places = view.tree.cut(view.profile.levels.modelled)
        beats = _beats_by_hour(view, past, own, edges)
        kinds = (
            ("districts by hour", past.hours.parts(own), edges, places),
            ("districts by third", past.hours.thirds(own), thirds, places),
            ("beats by day", past.leaves.parts(own), day_edges, view.tree.leaves),
            ("beats by hour", beats, edges, view.tree.leaves),
            ("beats by third", beats.sums(first), thirds, view.tree.leaves),
        )
        for level, parts, bounds, areas in kinds:
            at = np.flatnonzero(np.isin(parts.day, chosen))
            some = np.sort(rng.permutation(len(areas))[:_AREAS])
            for area in some:
                one = PartSeries(np.array([area]), np.arange(own.shape[2]))
                part = Parts(parts.mean[..., at], parts.counts[..., at], parts.day[at], parts.place)
                found = one.forecast(part, np.moveaxis(own, 0, 2), by_group[fold.group])
                leaves = tuple(view.tree.leaves_of(areas[area]))
                rows.append(_scored(level, found, truth, leaves, bounds, at))
    table = pd.concat(rows).groupby("level", sort=False).mean()
    print(table.assign(crps_to_truth=table["crps"] / table["true_crps"]).round(4).to_string())


def _beats_by_hour(view: AsOf, past: PastParts, cells: Array, edges: pd.DatetimeIndex) -> Parts:
    """Return the hours of leaf areas: of their place, by their share of its days."""
    assert past.hours is not None  # noqa: S101 - as above
    assert past.leaves is not None  # noqa: S101
    places, place = past.hours.parts(cells), past.leaves.place
    ledger, bounds = view.ledger(since=edges[0]), instants_us(edges)
    hour = np.searchsorted(bounds, ledger.starts_us, side="right") - 1
    inside = hour < len(bounds) - 1
    shape = (len(place), cells.shape[2], len(bounds) - 1)
    key = (ledger.leaf.astype(np.int64) * shape[1] + ledger.call_type) * shape[2] + hour
    counts = np.bincount(key[inside], ledger.count[inside], int(np.prod(shape))).reshape(shape)
    counts[np.isnan(places.counts[place])] = np.nan
    mean = places.mean[place] * past.leaves.shares[:, :, None]
    return Parts(mean, counts, places.day, place)


def _scored(
    level: str,
    found: tuple[Array, Array, Array],
    truth: Truth,
    leaves: tuple[str, ...],
    bounds: pd.DatetimeIndex,
    at: Index,
) -> pd.DataFrame:
    """Return cover80, crps and true_crps of the pieces of one area."""
    mean, variance, counts = found
    known = np.isfinite(counts)
    spans = Spans(bounds[at][known], bounds[at + 1][known])
    ours = CountDistribution.of(mean[known], variance[known])
    there = truth.distribution(Selection(leaves), spans)
    return pd.DataFrame(
        {
            "level": level,
            "cover80": scores.coverage(scores.bracket(ours, counts[known]), 0.8),
            "crps": scores.crps(ours, counts[known]),
            "true_crps": scores.crps(there, counts[known]),
        }
    )


if __name__ == "__main__":
    main()
