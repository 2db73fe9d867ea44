"""What pooling small areas costs them: scores on real counts, learned with pools and without.

    python -m benchmarks.pools {laguna,sweden,demo} [DATA] [--every N] [--least N]

From every n-th origin of `benchmarks.missing`, 28 days ahead: the missing-person model learns the
history once as it is and once with its small areas pooled as the settings have it. Both forecast
the leaf areas of the pools by day and by week, and are scored by what was really counted there:
CRPS, Brier score of P(at least 1), and their relative changes with 95 % intervals that resample
whole calendar weeks. What is public without any forecast, the pool's count spread by its chances,
is what the pooled forecast can know of an area; so the changes are the price.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.running import ROOT
from benchmarks.accuracy.workspaces import demo_force
from benchmarks.missing import DAYS_AHEAD, FOLDERS, LEARN_EVERY, ORIGINS, answers, built, learned
from benchmarks.unpooled import unpooled
from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.history import History
from forewatch.rates import Selection, Spans
from models import scores
from models.missing.model import MissingPersons
from models.missing.settings import MissingRecipe
from models.missing.windows import counts_in_windows
from sources import synthetic

_EPOCH = pd.Timestamp("1970-01-05")
_SEED, _DRAWS = 7, 1000


def main() -> None:
    """Score one set and print its table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", choices=tuple(ORIGINS))
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--every", type=int, default=4, help="only every n-th origin")
    parser.add_argument("--least", type=int, help="reports a year, instead of the default")
    asked = parser.parse_args()
    began = time.monotonic()
    if asked.what == "demo":
        raw = unpooled(synthetic.demo_history(demo_force()))
    else:
        data = asked.data or ROOT.parent / "shared" / "data" / FOLDERS[asked.what]
        with tempfile.TemporaryDirectory() as folder:
            raw = built(asked.what, data, Path(folder), midnight=False)
    pooled = _pooled(raw, asked.least)
    leaves = sorted(set().union(*AsOf(pooled, pooled.observed_until).ever_pooled["missing_person"]))
    print(f"{asked.what}: {len(leaves)} of {len(raw.tree.leaves)} leaf areas are pooled")
    if not leaves:
        return
    days = ORIGINS[asked.what][:: asked.every]
    found = {name: scored(one, raw, days, leaves) for name, one in _both(raw, pooled).items()}
    print(table(found).to_string())
    print(f"{len(days)} origins, {time.monotonic() - began:.0f} s")


def _both(raw: History, pooled: History) -> dict[str, History]:
    return {"by themselves": raw, "pooled": pooled}


def _pooled(raw: History, least: int | None) -> History:
    privacy = raw.profile.privacy.model_copy(update={"call_types": None})
    if least is not None:
        privacy = privacy.model_copy(update={"least_yearly_reports": least})
    return replace(raw, profile=raw.profile.model_copy(update={"privacy": privacy}))


def scored(history: History, raw: History, days: pd.DatetimeIndex, leaves: list[str]) -> Array:
    """Return CRPS, Brier score, week and whether it is one, of every window, shape (windows, 4)."""
    truth, recipe = counts_in_windows(AsOf(raw, raw.observed_until)), MissingRecipe()
    whole = AsOf(history, history.observed_until)
    number = {leaf: i for i, leaf in enumerate(raw.tree.leaves)}
    rows = []
    for n, day in enumerate(days):
        view = whole.at(whole.clock.day_start(pd.Timestamp(day)))
        if n % LEARN_EVERY == 0:
            weights, shocks, _ = learned(view, recipe)
        model = MissingPersons(recipe).fit(view, weights, shocks)
        forecast = model.forecast(view, DAYS_AHEAD)
        bounds = forecast.rates.day_edges
        starts, ends = bounds[:-1].append(bounds[:-1:7]), bounds[1:].append(bounds[7::7])
        spans = Spans(pd.DatetimeIndex(starts), pd.DatetimeIndex(ends))
        said = answers(forecast, [Selection(leaves=(leaf,)) for leaf in leaves], spans)
        local = (pd.DatetimeIndex(forecast.rates.force_days) - _EPOCH).days // 7
        week = np.append(local, local[::7])
        for i, leaf in enumerate(leaves):
            counts = truth.counts(np.array([number[leaf]]), spans)
            known = np.isfinite(counts)
            dist = CountDistribution.of(said.mean[i][known], said.variance[i][known])
            is_week = (np.arange(len(week)) >= DAYS_AHEAD)[known]
            brier = scores.brier(dist, counts[known], 1)
            rows.append(
                np.stack([scores.crps(dist, counts[known]), brier, week[known], is_week], axis=1)
            )
    return np.concatenate(rows)


def table(found: dict[str, Array]) -> pd.DataFrame:
    """Return the scores of both, and the change that pooling makes."""
    plain, pooled = found.values()
    rows = {}
    for name, is_week in (("day", 0), ("week", 1)):
        part = plain[:, 3] == is_week
        for column, score in enumerate(("CRPS", "Brier")):
            ours, theirs = pooled[part, column], plain[part, column]
            week = plain[part, 2].astype(np.int64)
            change, low, high = scores.bootstrap(ours, theirs, week, _SEED, _DRAWS)
            rows[f"{score} per area-{name}"] = {
                "by themselves": f"{theirs.mean():.4f}",
                "pooled": f"{ours.mean():.4f}",
                "change": f"{change:+.1%} ({low:+.1%}..{high:+.1%})",
            }
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    main()
