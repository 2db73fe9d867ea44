"""Missing-person reports that come in waves, and some that don't: ours beside the climatology.

    python -m benchmarks.missing_waves [--seeds 4] [--only NAME ...] [--recipe JSON]

A small demo force whose missing-person reports are drawn anew: Poisson given a level that all
districts share, log-normal with mean 1 and first-order autocorrelation from day to day.

- waves: sd 0.25, half-life five weeks, 3 reports a day (four-week means then reach from 2.3 to 4.1
  a day within a year); rare waves: 0.6 a day; busy waves: 12 a day;
- flat: no waves, 3 reports a day; rare and flat: 0.6 a day.

From origins two weeks apart over the last of four years, 28 days ahead, as `benchmarks.missing`
does it, weights and spreads anew at every seventh. The CRPS is the expected one given the level,
so that only the past is chance; of the other figures the counts of the days ahead are drawn ten
times. Printed for the force and its districts, by day and by week, over all seeds:

1. CRPS ÷ the climatology's − 1, over all seeds and of each (its spread tells chance);
2. variance ÷ mean as forecast, and as it came around our means; the same of the climatology;
3. the slope of counts on expected counts, weighed by 1 ÷ variance;
4. the share of counts in the 80 % interval, ends taken in by their fair part.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.missing import Case, cases
from benchmarks.unpooled import unpooled
from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.history import History
from forewatch.profile import MISSING_PERSON
from models import scores
from models.missing.settings import CLIMATOLOGY, MissingRecipe
from sources.synthetic import DemoForce, demo_force, demo_history

_WEEKS, _TEST_WEEKS, _EVERY_WEEKS, _LEARN_EVERY = 208, 52, 2, 7
_DAYS, _DRAWS = 28, 10
_PLAIN = str(CLIMATOLOGY)
_REACH_SPREADS, _FEWEST_COUNTS = 10.0, 16  # how far the sums of `expected_crps` go


@dataclass(frozen=True)
class Wave:
    """How reports come: so many a day, at a level of such an sd of its log and such a half-life."""

    reports_a_day: float
    sd: float
    half_life_days: float = 35.0


SETS = {
    "waves": Wave(3.0, 0.25),
    "flat": Wave(3.0, 0.0),
    "rare waves": Wave(0.6, 0.25),
    "rare and flat": Wave(0.6, 0.0),
    "busy waves": Wave(12.0, 0.25),
}


def main() -> None:
    """Score the sets and print a row for each."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--only", nargs="*", choices=tuple(SETS), default=tuple(SETS))
    parser.add_argument("--recipe", default="{}", help="settings of the recipe, as JSON")
    asked = parser.parse_args()
    recipe = MissingRecipe.model_validate_json(asked.recipe)
    for name in asked.only:
        began = time.process_time()
        seeds = range(1, asked.seeds + 1)
        rows = pd.concat([scored(SETS[name], seed, recipe) for seed in seeds])
        print(f"## {name}\n\n{table(rows).to_string()}\n")
        print(f"{asked.seeds} seeds, {time.process_time() - began:.0f} s of the processor\n")


def levels(wave: Wave, days: int, rng: np.random.Generator) -> Array:
    """Return the level of each day, of mean 1, shape (days,)."""
    keep = 0.5 ** (1 / wave.half_life_days)
    z = rng.standard_normal(days)
    for day in range(1, days):
        z[day] = keep * z[day - 1] + np.sqrt(1 - keep**2) * z[day]
    return np.asarray(np.exp(wave.sd * z - wave.sd**2 / 2))


def force(wave: Wave, seed: int) -> tuple[History, Array]:
    """Return a small demo force with its missing-person reports drawn anew, and their rates.

    Rates are reports a force-day expected given the level, shape (force-days, districts).
    """
    demo = demo_force(
        seed, weeks=_WEEKS, districts=4, beats_per_district=1, call_types=2, calls_per_week=150
    )
    rng = np.random.default_rng(seed)
    level = levels(wave, demo.plan.history_days, rng)
    share = rng.dirichlet(np.full(len(demo.truth.rates.leaves), 8.0))
    expected = wave.reports_a_day * level[:, None] * share
    past = unpooled(demo_history(demo))
    others = past.counts[past.counts["call_type"] != MISSING_PERSON]
    drawn = _ledger(demo, expected, rng).astype(dict(others.dtypes))
    counts = pd.concat([others, drawn]).sort_values("start", kind="stable", ignore_index=True)
    return replace(past, counts=counts), expected


def _ledger(demo: DemoForce, expected: Array, rng: np.random.Generator) -> pd.DataFrame:
    """Return reports drawn by hour and leaf area, every hour of a day alike."""
    rates = demo.truth.rates
    at = np.flatnonzero(rates.day < len(expected))
    hours = np.bincount(rates.day)[rates.day[at]]
    counts = rng.poisson(expected[rates.day[at]] / hours[:, None])
    hour, leaf = np.nonzero(counts)
    return pd.DataFrame(
        {
            "start": rates.edges[at][hour],
            "area": np.array(rates.leaves)[leaf],
            "call_type": MISSING_PERSON,
            "grade": rates.grades[0],
            "count": counts[hour, leaf],
            "known_at": rates.edges[at + 1][hour],
        }
    )


def scored(wave: Wave, seed: int, recipe: MissingRecipe) -> pd.DataFrame:
    """Return one row for each origin, area, window and drawn count of one force."""
    history, rates = force(wave, seed)
    clock = AsOf(history, history.observed_until).clock
    end = clock.force_day(pd.DatetimeIndex([history.observed_until]))[0]
    back = np.arange(_TEST_WEEKS, _DAYS // 7 - 1, -_EVERY_WEEKS) * 7
    days = pd.DatetimeIndex([end - pd.Timedelta(days=int(one)) for one in back])
    rng = np.random.default_rng([seed, 1])
    found = cases(history, days, None, recipe, _LEARN_EVERY)
    rows = [
        part
        for case, one in zip(found, back, strict=True)
        for part in _rows(case, rates[len(rates) - one :][:_DAYS], rng)
    ]
    return pd.concat(rows).assign(seed=seed)


def _rows(case: Case, rates: Array, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
    """Yield the rows of one origin, drawn count by drawn count."""
    ours, plain = case.said["ours"], case.said[_PLAIN]
    shape = ours.mean.shape
    rate = _areas_and_windows(rates.T)
    about = {
        "area": np.repeat(["force", *["district"] * (shape[0] - 1)], shape[1]),
        "window": np.tile(np.repeat(["day", "week"], [_DAYS, _DAYS // 7]), shape[0]),
        "mean": ours.mean.ravel(),
        "variance": ours.variance.ravel(),
        "plain_mean": plain.mean.ravel(),
        "plain_variance": plain.variance.ravel(),
        "crps": expected_crps(CountDistribution.of(ours.mean.ravel(), ours.variance.ravel()), rate),
        "plain_crps": expected_crps(
            CountDistribution.of(plain.mean.ravel(), plain.variance.ravel()), rate
        ),
    }
    for _ in range(_DRAWS):
        counts = _areas_and_windows(rng.poisson(rates).T.astype(float))
        yield pd.DataFrame({**about, "count": counts})


def _areas_and_windows(by_day: Array) -> Array:
    """Return the force and its districts by day and then week, flat, from (districts, days)."""
    all_areas = np.concatenate([by_day.sum(0, keepdims=True), by_day])
    weeks = all_areas.reshape(len(all_areas), -1, 7).sum(2)
    return np.concatenate([all_areas, weeks], axis=1).ravel()


def expected_crps(found: CountDistribution, rate: Array) -> Array:
    """Return the CRPS that is expected where counts are Poisson with a rate, shape (rows,).

    Σ (F − G)² over all counts, G the true distribution, and what G itself would have.
    """
    truth = CountDistribution.of(rate, rate)
    far = [one.mean + _REACH_SPREADS * np.sqrt(one.variance) for one in (found, truth)]
    counts = np.arange(np.max(far) + _FEWEST_COUNTS)
    apart = found.cdf(counts) - truth.cdf(counts)
    return np.asarray((apart**2).sum(-1) + scores.half_spread(truth))


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of both forecasts by area and window."""
    ours = CountDistribution.of(rows["mean"], rows["variance"])
    inside = scores.coverage(scores.bracket(ours, rows["count"].to_numpy()), 0.8)
    told = rows.assign(inside=inside)
    groups = told.groupby(["area", "window"], sort=False)
    return pd.DataFrame({f"{area}-{window}": _row(part) for (area, window), part in groups}).T


def _row(part: pd.DataFrame) -> dict[str, str]:
    """Return the scores of one area and window as text."""
    sums = part.groupby("seed")[["crps", "plain_crps"]].sum()
    change = sums["crps"].sum() / sums["plain_crps"].sum() - 1
    each = sums["crps"] / sums["plain_crps"] - 1
    weight = 1 / part["variance"]
    moved = part["mean"] - np.average(part["mean"], weights=weight)
    slope = (weight * moved * part["count"]).sum() / (weight * moved**2).sum()
    return {
        "CRPS": f"{change:+.1%} ({', '.join(f'{one:+.1%}' for one in each)})",
        "variance told, came": _variances(part, ""),
        "climatology": _variances(part, "plain_"),
        "slope": f"{slope:.2f}",
        "80 %": f"{part['inside'].mean():.3f}",
    }


def _variances(part: pd.DataFrame, of: str) -> str:
    told = part[f"{of}variance"].sum() / part[f"{of}mean"].sum()
    came = ((part["count"] - part[f"{of}mean"]) ** 2).sum() / part[f"{of}mean"].sum()
    return f"{told:.2f}, {came:.2f}"


if __name__ == "__main__":
    main()
