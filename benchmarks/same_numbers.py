"""Does a change of the code leave every number as it was?

    python -m benchmarks.same_numbers dump {demo,laguna,wales} FILE.npz [--work DIR] [--jobs 2]
    python -m benchmarks.same_numbers compare BEFORE.npz AFTER.npz

`dump` trains what the force has (all calls, missing-person reports) with the default recipes, makes
the forecast of an issue, and keeps scores, members' predictions, rates, shares, shocks and factors.
`compare` tells the largest relative difference of each kind and ends with 1 where one is above 1e-9
(of the largest value of its array, so that rounding of what is all but nothing doesn't count).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy import workspaces
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.accuracy.running import ROOT
from features.asof import AsOf
from features.panel import panel
from forewatch.history import History
from forewatch.rates import Forecast
from models.demand import training
from models.line_up import predictions
from models.missing import training as missing_training
from models.missing.reports import reports
from models.missing.settings import MissingRecipe
from models.recipe import Recipe
from serving.workspace import Workspace

Numbers = Iterator[tuple[str, NDArray[Any]]]
DAYS_AHEAD = 91
LIMIT = 1e-9


def main() -> int:
    """Dump or compare, as asked."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    ways = parser.add_subparsers(dest="way", required=True)
    dump = ways.add_parser("dump")
    dump.add_argument("what", choices=("demo", "laguna", "wales"))
    dump.add_argument("file", type=Path)
    dump.add_argument("--work", type=Path, help="keep the workspace here, or use the one that is")
    dump.add_argument("--jobs", type=int, default=2)
    compare = ways.add_parser("compare")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    asked = parser.parse_args()
    if asked.way == "compare":
        return compared(dict(np.load(asked.before)), dict(np.load(asked.after)))
    with tempfile.TemporaryDirectory() as scratch:
        found = dict(numbers(_history(asked.what, asked.work or Path(scratch)), asked.jobs))
    np.savez_compressed(asked.file, **found)  # type: ignore[arg-type] # arrays by name
    print(
        f"{asked.what}: {len(found)} arrays, {sum(each.size for each in found.values()):,} values"
    )
    return 0


def _history(what: str, work: Path) -> History:
    folder = work / what
    if not (folder / "history").exists():
        data = ROOT.parent / "shared" / "data" / PROTOCOLS[what].folder
        workspaces.build(what, data, folder, "")
    return Workspace(folder).history()


def numbers(history: History, jobs: int) -> Numbers:
    """Yield every number that a training and an issue of a force hold, by name."""
    until = history.observed_until
    view = AsOf(history, until)
    trained = training.train(history, until, Recipe(), jobs=jobs)
    seen = panel(view, DAYS_AHEAD)
    yield "demand/members", predictions(trained.model.recipe, trained.model.members_, seen)
    yield from _scores("demand", trained.scores)
    yield from _forecast("demand", trained.model.forecast(view, DAYS_AHEAD, explained=True))
    if history.profile.missing_call_types:
        other = missing_training.train(history, until, MissingRecipe(), jobs=jobs)
        yield "missing/members", other.model.members_.predict(reports(view, DAYS_AHEAD))
        yield from _scores("missing", other.scores)
        yield from _forecast("missing", other.model.forecast(view, DAYS_AHEAD))


def _scores(subject: str, scores: pd.DataFrame) -> Numbers:
    for name in scores.select_dtypes("number"):
        yield f"{subject}/scores/{name}", scores[name].to_numpy(dtype=float)


def _forecast(subject: str, forecast: Forecast) -> Numbers:
    for name in ("base", "baseline", "leaf_shares", "grade_shares"):
        yield f"{subject}/rates/{name}", getattr(forecast.rates, name)
    for name, value in forecast.shocks.state().items():
        yield f"{subject}/shocks/{name}", np.asarray(value, dtype=float)
    if forecast.factors is not None:
        yield f"{subject}/factors/level", forecast.factors.level
        yield f"{subject}/factors/logs", forecast.factors.logs


def compared(before: dict[str, NDArray[Any]], after: dict[str, NDArray[Any]]) -> int:
    """Print the largest relative difference of each kind of number; 1 if one is too large."""
    worst: dict[str, float] = defaultdict(float)
    for name in sorted(before.keys() | after.keys()):
        kind = name.rpartition("/")[0] if "/scores/" in name else name
        worst[kind] = max(worst[kind], _difference(before.get(name), after.get(name)))
    for kind, difference in worst.items():
        print(f"{kind}: {difference:.1e}" + ("  DIFFERS" if difference > LIMIT else ""))
    return int(any(difference > LIMIT for difference in worst.values()))


def _difference(before: NDArray[Any] | None, after: NDArray[Any] | None) -> float:
    if before is None or after is None or before.shape != after.shape:
        return np.inf
    if not np.array_equal(np.isnan(before), np.isnan(after)):
        return np.inf
    scale = np.nanmax(np.abs(before), initial=0.0)
    apart = np.nanmax(np.abs(before - after), initial=0.0)
    return float(apart / scale) if scale else float(apart)


if __name__ == "__main__":
    sys.exit(main())
