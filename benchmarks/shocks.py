"""How the shocks are sized, judged on past origins by the sizes that the other origins give.

    python -m benchmarks.shocks {wales,swast,laguna,toronto,demo} ../shared/data/wales-ambulance

The origins are those of a training at the end of the history (--until: earlier), as the gate sees
them. Printed per variant, level and block of leads: share of counts within the 80 % interval, ends
taken in by their fair part, and CRPS ÷ that of the engine as it is. Variants:

- as it is;
- any history alike: what past origins missed is not taken for less where more is known now;
- no steadier wholes: whole days vary by chance as their parts do.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy import workspaces
from benchmarks.accuracy.protocols import PROTOCOLS
from features.asof import AsOf
from features.panel import panel
from forewatch.history import History
from forewatch.shocks import Shocks
from models import judging, origins, scores
from models.blend import block_of
from models.crossing import Groups, crossed_weights
from models.demand.training import groups_of
from models.judging import PastForecast, block_labels
from models.recipe import Recipe
from serving.workspace import Workspace

AS_IT_IS = "as it is"
_ONE_YEAR_DAYS = 365


def variants(groups: Groups, recipe: Recipe) -> dict[str, list[PastForecast]]:
    """Return each variant's forecasts of the past origins."""
    _, *crossed = crossed_weights(groups, recipe)
    cells = judging.blended_cells(groups, crossed)
    alike = [replace(fold, history_days=_ONE_YEAR_DAYS) for fold in groups.folds]
    squares = judging.squared_residuals(groups, cells, recipe)
    sizes = judging.crossed_shocks(groups, squares, recipe)
    same = replace(groups, folds=alike)
    squares_alike = judging.squared_residuals(same, cells, recipe)
    sized = {
        AS_IT_IS: sizes,
        "any history alike": judging.crossed_shocks(same, squares_alike, recipe),
        "no steadier wholes": {group: _unsteady(one) for group, one in sizes.items()},
    }
    return {
        name: judging.spread_forecasts(
            groups, cells, [by_group[fold.group] for fold in groups.folds]
        )
        for name, by_group in sized.items()
    }


def _unsteady(shocks: Shocks) -> Shocks:
    return replace(shocks, steadiness=np.zeros_like(shocks.steadiness))


def scored(found: dict[str, list[PastForecast]], groups: Groups, recipe: Recipe) -> pd.DataFrame:
    """Return one row a variant, level and block: cover80, crps_ratio."""
    rows = []
    for name, judged in found.items():
        counts = np.concatenate([one.counts for one in judged])
        steps = [scores.bracket(one.distribution, one.counts) for one in judged]
        covered = scores.coverage(np.concatenate(steps), 0.8)
        crps = np.concatenate([scores.crps(one.distribution, one.counts) for one in judged])
        block = np.concatenate([block_of(recipe.lead_blocks, len(one.days)) for one in judged])
        for level in groups.levels:
            series = np.array(groups.level) == level
            for b, label in enumerate(block_labels(recipe.lead_blocks)):
                at = np.isfinite(counts) & (block == b)[:, None] & series
                row = {"variant": name, "level": level, "days": label}
                rows.append(row | {"cover80": covered[at].mean(), "crps": crps[at].mean()})
    table = pd.DataFrame(rows)
    base = table[table["variant"] == AS_IT_IS].set_index(["level", "days"])["crps"]
    own = pd.MultiIndex.from_frame(table[["level", "days"]])
    return table.assign(crps_ratio=table["crps"] / base.reindex(own).to_numpy())


def past(history: History, until: str | None, recipe: Recipe, jobs: int) -> Groups:
    """Return the past origins of a training; this is what takes the time."""
    end = history.observed_until
    origin = pd.Timestamp(until, tz=history.profile.force.zone) if until else end
    view = AsOf(history, origin)
    now = panel(view, 1)
    folds = origins.call_folds(view, now, recipe, jobs, lambda *_: None)
    return groups_of(view, now, folds, recipe)


def main() -> None:
    """Judge the variants and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", choices=list(PROTOCOLS))
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="none for demo")
    parser.add_argument("--until", help="local date of the training  [default: end of the data]")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspaces.build(asked.set, asked.folder, Path(folder), "")
        history = Workspace(Path(folder)).history()
    recipe = Recipe()
    groups = past(history, asked.until, recipe, asked.jobs)
    table = scored(variants(groups, recipe), groups, recipe)
    for value in ("cover80", "crps_ratio"):
        wide = table.pivot_table(value, ["level", "days"], "variant", sort=False)
        print(f"\n{value}\n{wide.round(4).to_string()}")


if __name__ == "__main__":
    main()
