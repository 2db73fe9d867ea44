"""Ways to weigh the members and to make levels agree, on the published origins of a set.

    python -m benchmarks.blends {wales,swast} ../shared/data/wales-ambulance

Weights come from the rolling origins before the first published one, as a training there finds
them, and are tried on the published origins with members fitted anew at each. Printed per variant
and level: MAE over the mean absolute deviation of the series about its mean, days 1-7 / 43-84.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks.accuracy import workspaces
from benchmarks.accuracy.protocols import PROTOCOLS, Protocol
from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.arrays import Array
from forewatch.history import History
from models import origins
from models.blend import Weights, blend_predictions
from models.crossing import Groups, crossed_weights
from models.demand.model import parts_of, sums_of
from models.line_up import fit_members, predictions
from models.raking import Structure, rake
from models.recipe import MEANS, Recipe
from serving.workspace import Workspace

Raking = Callable[[Array, Structure], Array]
NEAR, FAR = slice(0, 7), slice(42, 84)
BEFORE = Recipe(doubt_looks=1e-6, weight_of_a_mean=1.0)  # all that is said is believed
WEIGHTS = {
    "believed in full, means like models": BEFORE,
    "believed by looks, means like models": Recipe(weight_of_a_mean=1.0),
    "believed by looks, means 1/3": Recipe(weight_of_a_mean=1 / 3),
    "believed by looks, means 1/6": Recipe(),
    "power 0, means 1/6": Recipe(weight_power=0.0),
}


@dataclass(frozen=True)
class Trial:
    """What the variants are tried on.

    Args:
        past: origins before the published ones, with the members' forecasts.
        published: forecasts of the members at each published origin, (members, H, series).
        counts: what happened, one (H, series) for each.
        all_days: counts of every day, (days, series), for the scale.
    """

    past: Groups
    published: list[Array]
    counts: list[Array]
    all_days: Array


def top_down(predicted: Array, parts: Structure) -> Array:
    """Return cells raked to the forecasts of the upper levels alone, as before experiment 007."""
    fixed = predicted.copy()
    fixed[:, parts.areas[0]] = fixed[:, parts.root]
    for parent, children in parts.steps:
        fixed[:, parts.areas[children]] = _scaled(
            fixed[:, parts.areas[children]], fixed[:, parts.areas[parent]]
        )
    fixed[:, parts.call_types] = _scaled(fixed[:, parts.call_types], fixed[:, parts.root])
    return rake(fixed, parts)


def trial(history: History, protocol: Protocol, jobs: int) -> Trial:
    """Return what the variants are tried on; this is what takes the time."""
    recipe = Recipe()
    first = pd.Timestamp(protocol.first_origin, tz=history.profile.force.zone)
    view = AsOf(history, first)
    now = panel(view, 1)
    past = origins.call_folds(view, now, recipe, jobs, lambda *_: None)
    groups = Groups(past, parts_of(view, now), now.keys, sums_of(view, now))
    starts = [first + pd.Timedelta(days=protocol.every_days * k) for k in range(protocol.folds)]
    views = (panel(AsOf(history, start), protocol.horizon_days) for start in starts)
    tasks = (delayed(_forecast)(recipe, seen) for seen in views)
    made = Parallel(n_jobs=jobs, pre_dispatch="n_jobs")(tasks)
    whole = panel(AsOf(history, history.observed_until), 1)
    counts = [origins.counts_on_days(whole, days) for days, _ in made]
    return Trial(groups, [predicted for _, predicted in made], counts, whole.counts)


def scores(found: Trial, weights: Weights, raking: Raking) -> pd.Series:
    """Return MAE ÷ MAD near and far by level, as text."""
    spread = np.nanmean(np.abs(found.all_days - np.nanmean(found.all_days, axis=0)), axis=0)
    scaled = []
    for predicted, counts in zip(found.published, found.counts, strict=True):
        cells = raking(blend_predictions(predicted, weights, found.past.level), found.past.parts)
        mean = np.stack([cells[:, p][:, :, t].sum((1, 2)) for p, t in found.past.sums], axis=1)
        scaled.append(np.abs(mean - counts) / spread)
    error, level = np.stack(scaled), np.array(found.past.level)
    return pd.Series(
        {
            name: " / ".join(
                f"{np.nanmean(error[:, block][:, :, level == name]):.3f}" for block in (NEAR, FAR)
            )
            for name in found.past.levels
        }
    )


def alone(found: Trial, names: tuple[str, ...]) -> Weights:
    """Return equal weights of some members."""
    recipe = Recipe()
    one = np.array([float(name in names) for name in recipe.members])
    shape = (len(recipe.lead_blocks), len(found.past.levels), 1)
    table = np.tile(one / one.sum(), shape)
    return Weights(recipe.members, found.past.levels, recipe.lead_blocks, table)


def main() -> None:
    """Try the variants and print one row each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=("wales", "swast"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspaces.build(asked.set, asked.folder, Path(folder), "")
        history = Workspace(Path(folder)).history()
    found = trial(history, PROTOCOLS[asked.set], asked.jobs)
    models = tuple(name for name in Recipe().members if name not in MEANS)
    rows: dict[str, pd.Series] = {
        name: scores(found, alone(found, (name,)), top_down) for name in Recipe().members
    }
    for name, recipe in WEIGHTS.items():
        rows[name] = scores(found, crossed_weights(found.past, recipe)[0], top_down)
    rows["models alike"] = scores(found, alone(found, models), top_down)
    rows["models alike, levels agree"] = scores(found, alone(found, models), rake)
    chosen = crossed_weights(found.past, Recipe())[0]
    rows["means 1/6, levels agree"] = scores(found, chosen, rake)
    print(pd.DataFrame(rows).T.to_string())


def _forecast(recipe: Recipe, seen: Panel) -> tuple[pd.DatetimeIndex, Array]:
    return seen.horizon, predictions(recipe, fit_members(recipe, seen, jobs=1), seen)


def _scaled(parts: Array, whole: Array) -> Array:
    total = np.maximum(parts.sum(1, keepdims=True), 1e-12)
    return np.asarray(parts / total * whole[:, None])


if __name__ == "__main__":
    main()
