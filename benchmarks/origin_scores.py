"""Scores of the past origins of a training, by level and block of leads, to compare two checkouts.

    python -m benchmarks.origin_scores {wales,swast,laguna,toronto,demo} [FOLDER] [--members A,B]
    python -m benchmarks.origin_scores swast ../shared/data/swast-ambulance --until 2019-01-01

Weights and shock sizes come from the other groups of origins, as the gate sees them; the last
columns compare with sizes as trained, not moved by the last weeks (`models.recent_sizes`). Run it
in two checkouts and compare; the origins are those before a date (default: the end of the history,
by which nothing may be chosen).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.accuracy import workspaces
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.shocks import past
from models import judging
from models.crossing import crossed_weights
from models.recent_sizes import shocks_of_origins
from models.recipe import Recipe
from serving.workspace import Workspace

_SHOWN = ["level", "block", "calls", "mae", "mse", "crps", "coverage_80", "bias"]
_SHOWN += ["crps_vs_trained", "crps_vs_trained_low", "crps_vs_trained_high"]


def main() -> None:
    """Print the scores and the CPU time of the origins."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", choices=list(PROTOCOLS))
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="none for demo")
    parser.add_argument("--members", help="names with commas between  [default: all]")
    parser.add_argument("--until", help="local date of the training  [default: end of the data]")
    asked = parser.parse_args()
    recipe = Recipe()
    if asked.members:
        recipe = Recipe(members=tuple(asked.members.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        workspaces.build(asked.set, asked.folder, Path(folder), "")
        history = Workspace(Path(folder)).history()
    before = time.process_time()
    groups = past(history, asked.until, recipe, 1)
    seconds = time.process_time() - before
    _, *crossed = crossed_weights(groups, recipe)
    cells = judging.blended_cells(groups, crossed)
    squares = judging.squared_residuals(groups, cells, recipe)
    by_group = judging.crossed_shocks(groups, squares, recipe)
    sizes = shocks_of_origins(groups, cells, by_group)
    ours = judging.spread_forecasts(groups, cells, sizes)
    trained = [by_group[fold.group] for fold in groups.folds]
    beside = {"trained": judging.spread_forecasts(groups, cells, trained)}
    print(judging.score_table(ours, beside, groups.level, recipe)[_SHOWN].to_string(index=False))
    print(f"origins: {seconds:.0f} s of CPU")


if __name__ == "__main__":
    main()
