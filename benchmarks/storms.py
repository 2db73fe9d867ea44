"""What a storm, a step, a start and an end make of the forecasts of a small demo force.

    python -m benchmarks.storms [--seeds 3]

A demo force of three districts and four call types, 60 weeks before the origin and 8 after it; all
members, with the weights that they have before any evidence. Planted in the smallest call type:

- a storm of three days (32, 8 and 6 times what came) so many days before the origin: its CRPS over
  the 8 weeks after ÷ that of the same history without the storm;
- a step to twice the calls so many days before the origin that lasts: what is expected over the 8
  weeks ÷ what comes.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.unpooled import unpooled
from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.history import History
from models import scores
from models.blend import Weights, blend_predictions
from models.demand.model import parts_of
from models.line_up import fit_members, predictions
from models.raking import rake
from models.recipe import MEANS, Recipe
from sources.synthetic import demo_force, demo_history

WEEKS, AHEAD_DAYS = 60, 56
STORM = (32, 8, 6)
STORM_DAYS_AGO = (1, 3, 5, 14, 28, 70)
STEP_DAYS_AGO = (3, 7, 14, 28)


def forecast(view: AsOf, recipe: Recipe) -> tuple[Panel, Array]:
    """Return the panel and the expected calls, (days ahead, places, call types)."""
    seen = panel(view, AHEAD_DAYS)
    predicted = predictions(recipe, fit_members(recipe, seen, 1), seen)
    levels = [str(level) for level in seen.keys["level"]]
    kinds = tuple(dict.fromkeys(levels))
    alike = Weights.equal(recipe.members, kinds, (0,))
    prior = np.array([recipe.weight_of_a_mean if n in MEANS else 1.0 for n in recipe.members])
    weights = replace(alike, table=alike.table * prior / (alike.table * prior).sum(-1)[..., None])
    blend = blend_predictions(predicted, weights, levels, seen.special_ahead)
    return seen, rake(blend, parts_of(view, seen))


def multiplied(
    past: History, kind: str, days: tuple[pd.Timestamp, ...], times: tuple[int, ...]
) -> History:
    """Return a history in which a call type came so many times as often on days (local dates)."""
    counts = past.counts.copy()
    zone = past.profile.force.zone
    local = counts["start"].dt.tz_convert(zone).dt.tz_localize(None)
    date = (local - pd.Timedelta(past.profile.force.day_starts_at.isoformat())).dt.normalize()
    for day, factor in zip(days, times, strict=True):
        here = (date == day) & (counts["call_type"] == kind)
        counts.loc[here, "count"] *= factor
    return replace(past, counts=counts)


def of_storms(seed: int, recipe: Recipe) -> list[dict[str, float | str]]:
    """Return one row for each storm and step of one demo force."""
    demo = demo_force(
        seed=seed,
        weeks=WEEKS + AHEAD_DAYS // 7,
        districts=3,
        beats_per_district=3,
        call_types=4,
        calls_per_week=2000,
    )
    past = unpooled(demo_history(demo))
    origin = past.observed_until - pd.Timedelta(days=AHEAD_DAYS)
    whole = panel(AsOf(past, past.observed_until), 1)
    truth = whole.happened[-AHEAD_DAYS:]
    kinds = whole.index("call_type")
    series = int(kinds[np.nanmean(whole.counts[:, kinds], axis=0).argmin()])
    kind = str(whole.keys["call_type"].iloc[series])
    column = whole.call_types.index(kind)
    last = whole.days[-AHEAD_DAYS - 1]

    def ahead(history: History) -> Array:
        return np.asarray(forecast(AsOf(history, origin), recipe)[1][:, :, column].sum(1))

    def crps(mean: Array) -> float:
        return float(np.nanmean(scores.crps(CountDistribution.of(mean, mean), truth[:, series])))

    calm = ahead(past)
    rows: list[dict[str, float | str]] = []
    for ago in STORM_DAYS_AGO:
        days = tuple(last - pd.Timedelta(days=ago - 1 - i) for i in range(min(3, ago)))
        found = ahead(multiplied(past, kind, days, STORM[: len(days)]))
        rows.append(
            {"what": "storm", "days ago": ago, "mean": found.mean() / calm.mean()}
            | {"crps": crps(found) / crps(calm)}
        )
    for ago in STEP_DAYS_AGO:
        days = tuple(last - pd.Timedelta(days=i) for i in range(ago))
        found = ahead(multiplied(past, kind, days, (2,) * ago))
        rows.append({"what": "step", "days ago": ago, "mean": found.mean() / (2 * calm.mean())})
    return rows


def main() -> None:
    """Print the table, the mean of the seeds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--members", help="names with commas between  [default: all]")
    asked = parser.parse_args()
    recipe = Recipe()
    if asked.members:
        recipe = Recipe(members=tuple(asked.members.split(",")))
    rows = [row for seed in range(1, asked.seeds + 1) for row in of_storms(seed, recipe)]
    table = pd.DataFrame(rows).groupby(["what", "days ago"], sort=False).mean()
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
