"""Missing-person reports from past origins: ours beside simpler forecasts, on three sets.

    python -m benchmarks.missing {laguna,sweden,demo} [DATA] [--midnight] [--before]
        [--recipe JSON] [--every N] [--work DIR]

No area is pooled (`benchmarks.pools` measures what that costs).

From every origin, 28 days ahead, with what was known then: members are fitted anew at each, weights
and spreads at every fourth, from past origins of their own. Scored by area and for the whole force,
by day and by week:

1. Brier skill of P(at least 1) over the flat rate (each area's own mean over all days known);
2. log score and CRPS of counts; lower is better;
3. the slope of counts on expected counts, a least-squares line weighed by 1 ÷ variance: does the
   expected number move as far as the counts do from week to week?
4. the slope of the reliability diagram: of "at least k happened" on P(at least k), least squares
   over the k at the deciles of the counts: do chances come true as often as they say?

95 % intervals resample whole calendar weeks. Ours and the climatology (weekday × shrunken share of
the area) have the spread that their own past origins ask for; the others are Poisson.

- laguna: all missing-person codes, 8 zones, weekly origins 2019-04-01 to 2020-02-01. The product's
  force-day begins at 07:00 and days without a log are unknown. With --midnight days begin at
  midnight and days without a log count as days without a report, as the figures that the issue
  quotes were measured (0.059 per area-week, 0.053 per force-day).
- sweden: "Försvunnen person", no summaries, 21 counties, weekly origins 2025-03-31 to 2026-07-20.
With --before the origins are earlier ones, on which the model was chosen.

- demo: the demo force, whose truth is known; origins four weeks apart over its last year; beside
  the true distribution.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy.running import ROOT
from benchmarks.accuracy.workspaces import demo_force
from benchmarks.unpooled import unpooled
from features.asof import AsOf
from features.catalogue import features_by_name
from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.history import History
from forewatch.profile import MISSING_PERSON
from forewatch.rates import Forecast, Selection, Spans
from forewatch.shocks import Shocks
from models import scores
from models.missing import origins
from models.missing.calendar_shape import columns, place_shares, poisson_mode
from models.missing.model import MissingPersons
from models.missing.reports import Reports, reports
from models.missing.settings import CLIMATOLOGY, MissingRecipe
from models.missing.windows import counts_in_windows
from models.terms import terms
from serving import importing
from serving.workspace import Workspace
from sources import synthetic
from sources.synthetic import Truth

DAYS_AHEAD = 28
LEARN_EVERY = 4  # origins between two estimates of weights and spreads
_FLAT, _OURS, _TRUE = "flat rate", "ours", "truth"
_EPOCH = pd.Timestamp("1970-01-05")
_DRAWS = 1000
_FEWEST = 20  # windows with and without a report; below, P(at least 1) is no question
_SEED = 7
ORIGINS = {
    "laguna": pd.date_range("2019-04-01", "2020-02-01", freq="7D"),
    "sweden": pd.date_range("2025-03-31", "2026-07-20", freq="7D"),
    "demo": pd.date_range("2025-11-24", "2026-10-20", freq="28D"),
}
# What may be looked at to choose a model: everything forecast ends before the test begins.
BEFORE = {
    "laguna": pd.date_range("2018-09-03", "2019-03-03", freq="7D"),
    "sweden": pd.date_range("2023-11-06", "2025-03-02", freq="7D"),
    "demo": pd.date_range("2024-11-25", "2025-10-25", freq="28D"),
}


@dataclass(frozen=True)
class Said:
    """One forecast of all areas (and, first, the whole force) from one origin, by day and week.

    Args:
        mean: shape (1 + areas, 28 days then 4 weeks); variance: the same.
    """

    mean: Array
    variance: Array


@dataclass(frozen=True)
class Case:
    """One origin: what each contender said, what happened, and the calendar weeks of the windows.

    Args:
        said: by contender.
        counts: shape (1 + areas, windows); NaN unknown.
        week: number of the calendar week of each window, shape (windows,).
    """

    said: dict[str, Said]
    counts: Array
    week: NDArray[np.int64]


def main() -> None:
    """Score one set and print its tables."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", choices=tuple(ORIGINS))
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--work", type=Path, help="keep the workspace here")
    parser.add_argument("--midnight", action="store_true")
    parser.add_argument("--before", action="store_true", help="origins before the test's period")
    parser.add_argument("--recipe", default="{}", help="settings of the recipe, as JSON")
    parser.add_argument("--every", type=int, default=1, help="only every n-th origin")
    asked = parser.parse_args()
    began = time.monotonic()
    truth: Truth | None = None
    if asked.what == "demo":
        force = demo_force()
        history, truth = unpooled(synthetic.demo_history(force)), force.truth
    else:
        data = asked.data or ROOT.parent / "shared" / "data" / FOLDERS[asked.what]
        with tempfile.TemporaryDirectory() as folder:
            history = built(asked.what, data, asked.work or Path(folder), asked.midnight)
    chosen = (BEFORE if asked.before else ORIGINS)[asked.what][:: asked.every]
    recipe = MissingRecipe.model_validate_json(asked.recipe)
    found = list(cases(history, chosen, truth, recipe))
    print(f"{asked.what}: {len(found)} origins, {chosen[0]:%Y-%m-%d} to {chosen[-1]:%Y-%m-%d}\n")
    for title, part in (("day", slice(0, 28)), ("week", slice(28, None))):
        for area, rows in (("force", slice(0, 1)), ("area", slice(1, None))):
            print(f"## per {area}-{title}\n\n{table(found, rows, part).to_string()}\n")
    print(f"{time.monotonic() - began:.0f} s")


FOLDERS = {"laguna": "laguna-beach-pd", "sweden": "sweden-police"}


def built(what: str, data: Path, work: Path, midnight: bool) -> History:  # noqa: FBT001
    """Return the history of a set, imported by the product, no area pooled."""
    work.mkdir(parents=True, exist_ok=True)
    example = ROOT / "examples" / {"laguna": "laguna-beach", "sweden": "sweden-police"}[what]
    settings = (example / "forewatch.toml").read_text(encoding="utf-8")
    if midnight:
        settings = settings.replace("day_starts_at = 07:00:00", "day_starts_at = 00:00:00")
    (work / "forewatch.toml").write_text(settings, encoding="utf-8")
    workspace = Workspace(work)
    if what == "laguna" and not midnight:
        gaps = data / "missing_24h_windows.csv"
        importing.import_table_file(workspace, "unobserved", gaps, example / "unobserved.toml")
    calls = next(iter(sorted(data.glob("*.csv.gz"))))
    importing.import_call_log(workspace, calls, example / "mapping.toml", None, lambda *_: None)
    found = unpooled(workspace.history())
    if work.name.startswith("tmp"):
        shutil.rmtree(work / "history", ignore_errors=True)
    return found


def cases(
    history: History,
    days: pd.DatetimeIndex,
    truth: Truth | None,
    recipe: MissingRecipe,
    learn_every: int = LEARN_EVERY,
) -> Iterator[Case]:
    """Yield the case of each origin, given as force-days; weights anew at every so many."""
    everything = counts_in_windows(AsOf(history, history.observed_until))
    known: tuple[Array, Shocks, Shocks] | None = None
    for number, day in enumerate(days):
        clock = AsOf(history, history.observed_until).clock
        view = AsOf(history, clock.day_start(pd.Timestamp(day)))
        if known is None or number % learn_every == 0:
            known = learned(view, recipe)
        weights, shocks, plain_shocks = known
        seen = reports(view, DAYS_AHEAD)
        model = MissingPersons(recipe).fit(view, weights, shocks)
        forecast = model.forecast(view, DAYS_AHEAD)
        spans, selections = _asked(view, forecast)
        said = {_OURS: answers(forecast, selections, spans)}
        plain = replace(forecast.rates, base=forecast.rates.baseline)
        beside = replace(forecast, rates=plain, shocks=plain_shocks)
        said["climatology"] = answers(beside, selections, spans)
        for name, mean in simple(seen).items():
            said[name] = _poisson(mean)
        if truth is not None:
            said[_TRUE] = _true(truth, selections, spans)
        leaf = {name: i for i, name in enumerate(view.tree.leaves)}
        counts = [
            everything.counts(np.array([leaf[one] for one in chosen.leaves]), spans)
            for chosen in selections
        ]
        local = pd.DatetimeIndex(forecast.rates.force_days)
        week = np.append((local - _EPOCH).days // 7, ((local - _EPOCH).days // 7)[::7])
        yield Case(said, np.array(counts), week.astype(np.int64))


def simple(seen: Reports) -> dict[str, Array]:
    """Return the means of simple forecasts, shape (H, P) each."""
    past, ahead = len(seen.days), len(seen.horizon)
    known = seen.known.sum(0)
    own = seen.filled.sum(0) / np.maximum(known, 1)
    force = seen.filled.sum() / max(float(known.mean()), 1.0)
    share = place_shares(seen, np.ones_like(seen.filled))
    even = np.ones((ahead, 1))
    found = {_FLAT: even * own, "flat, shrunken": even * force * share}
    for name, days in (("52-week mean", 364), ("8-week mean", 56)):
        part = slice(max(past - days, 0), past)
        total = seen.filled[part].sum() / max(float(seen.known[part].sum(0).mean()), 1.0)
        found[name] = even * total * share
    found["Poisson GLM"] = _regression(seen, np.maximum(own, 0.5 / past) / own.sum(), 1e-4)
    found["pooled regression"] = _regression(seen, share, None)
    return found


def _regression(seen: Reports, share: Array, precision: float | None) -> Array:
    """Return the forecast of weekday and one harmonic, (H, P), areas by their share.

    Args:
        seen: the reports.
        share: of each area, shape (P,).
        precision: of every coefficient; None: 3 of the season's, 10 of the weekdays', as the
            figures in the issue were measured.
    """
    season = terms(features_by_name("season_sin_1", "season_cos_1"), harmonics=1)
    rows = columns(seen, season)[:, 0]
    past = len(seen.days)
    whole = seen.known.all(1)
    held = np.array([10.0] * 7 + [3.0] * 2) if precision is None else np.full(9, precision)
    counts = seen.filled.sum(1)[whole]
    one = np.ones(len(counts))
    found = poisson_mode(rows[:past][whole], counts, one, np.zeros(len(counts)), held)
    effect = np.exp(rows @ found)
    level = counts.sum() / effect[:past][whole].sum()
    return np.asarray(level * effect[past:, None] * share)


def learned(view: AsOf, recipe: MissingRecipe) -> tuple[Array, Shocks, Shocks]:
    """Return weights, shocks, and the shocks of the climatology."""
    found = origins.report_folds(view, recipe)
    weights, shocks = origins.learn_weights(found, recipe)
    at = list(recipe.members).index(CLIMATOLOGY)
    plain = origins.report_shocks(found, [fold.predicted[at] for fold in found], recipe)
    return weights, shocks, plain


def _asked(view: AsOf, forecast: Forecast) -> tuple[Spans, list[Selection]]:
    """Return days and weeks, and the whole force and its places."""
    bounds = forecast.rates.day_edges
    starts, ends = bounds[:-1].append(bounds[:-1:7]), bounds[1:].append(bounds[7::7])
    areas = (view.tree.root, *forecast.rates.places)
    chosen = [Selection(leaves=view.tree.leaves_of(area)) for area in areas]
    return Spans(pd.DatetimeIndex(starts), pd.DatetimeIndex(ends)), chosen


def answers(forecast: Forecast, selections: list[Selection], spans: Spans) -> Said:
    """Return what a forecast says of each selection in each span."""
    found = [forecast.answer(chosen, spans) for chosen in selections]
    return Said(np.array([one.mean for one in found]), np.array([one.variance for one in found]))


def _poisson(mean: Array) -> Said:
    """Return a Poisson forecast of days and weeks from daily means, (H, P)."""
    all_areas = np.column_stack([mean.sum(1), mean]).T
    weeks = all_areas.reshape(len(all_areas), -1, 7).sum(2)
    both = np.concatenate([all_areas, weeks], axis=1)
    return Said(both, both)


def _true(truth: Truth, selections: list[Selection], spans: Spans) -> Said:
    found = [
        truth.distribution(replace(chosen, call_types=(MISSING_PERSON,)), spans)
        for chosen in selections
    ]
    return Said(np.array([one.mean for one in found]), np.array([one.variance for one in found]))


def table(found: list[Case], areas: slice, windows: slice) -> pd.DataFrame:
    """Return the scores of all contenders on some areas and windows."""
    counts = np.concatenate([case.counts[areas, windows].ravel() for case in found])
    weeks = [
        np.broadcast_to(case.week[windows], case.counts[areas, windows].shape) for case in found
    ]
    week, known = np.concatenate([one.ravel() for one in weeks]), np.isfinite(counts)
    names = list(found[0].said)
    losses = {}
    for name in names:
        mean, variance = (
            np.concatenate(
                [getattr(case.said[name], part)[areas, windows].ravel() for case in found]
            )
            for part in ("mean", "variance")
        )
        dist = CountDistribution.of(
            np.maximum(mean[known], 1e-9), np.maximum(variance[known], 1e-9)
        )
        losses[name] = _losses(dist, counts[known])
    rows = {name: _row(losses[name], losses, counts[known], week[known]) for name in names}
    return pd.DataFrame(rows).T


def _losses(found: CountDistribution, counts: Array) -> dict[str, Array]:
    return {
        "brier": scores.brier(found, counts, 1),
        "log": scores.log_score(scores.bracket(found, counts)),
        "crps": scores.crps(found, counts),
        "chance": 1 - found.cdf(_thresholds(counts) - 1.0),
        "mean": found.mean,
        "weight": 1 / found.variance,
    }


def _row(
    own: dict[str, Array],
    every: dict[str, dict[str, Array]],
    counts: Array,
    week: NDArray[np.int64],
) -> dict[str, str]:
    """Return one contender's scores as text, with intervals."""
    flat = every[_FLAT]["brier"]
    row = {}
    if min((counts >= 1).sum(), (counts < 1).sum()) >= _FEWEST:
        ratio, low, high = scores.bootstrap(own["brier"], flat, week, _SEED, _DRAWS)
        row["skill P(>=1)"] = f"{-ratio:.4f} ({-high:.3f}..{-low:.3f})"
    row["log score"] = f"{own['log'].mean():.4f}"
    ratio, low, high = scores.bootstrap(
        own["log"], every["climatology"]["log"], week, _SEED, _DRAWS
    )
    row["vs climatology"] = f"{ratio:+.2%} ({low:+.1%}..{high:+.1%})"
    row["CRPS"] = f"{own['crps'].mean():.4f}"
    if _TRUE in every:
        ratio, low, high = scores.bootstrap(own["crps"], every[_TRUE]["crps"], week, _SEED, _DRAWS)
        row["CRPS / true"] = f"{1 + ratio:.3f} ({1 + low:.3f}..{1 + high:.3f})"
    row["slope"] = _slope(own["mean"], counts, own["weight"], week)
    row["reliability"] = _reliability(own, counts, week)
    row["bias"] = f"{own['mean'].sum() / counts.sum() - 1:+.1%}"
    return row


def _thresholds(counts: Array) -> Array:
    """Return the numbers of reports k at the deciles of the counts, at least 1, ascending."""
    return np.unique(np.maximum(np.quantile(counts, np.arange(1, 10) / 10).round(), 1))


def _reliability(own: dict[str, Array], counts: Array, week: NDArray[np.int64]) -> str:
    """Return the slope of the reliability diagram with its interval."""
    chance = own["chance"]
    hit = (counts[:, None] >= _thresholds(counts)).astype(float)
    each = np.repeat(week, chance.shape[1])
    return _slope(chance.ravel(), hit.ravel(), np.ones(chance.size), each)


def _slope(mean: Array, counts: Array, weight: Array, week: NDArray[np.int64]) -> str:
    """Return the slope of counts on expected counts with its interval."""
    _, at = np.unique(week, return_inverse=True)
    each = (weight, weight * mean, weight * counts, weight * mean**2, weight * mean * counts)
    sums = np.stack([np.bincount(at, values) for values in each])
    chosen = np.random.default_rng(_SEED).integers(0, sums.shape[1], (_DRAWS, sums.shape[1]))
    drawn = np.concatenate([sums.sum(1, keepdims=True), sums[:, chosen].sum(-1)], axis=1)
    w, m, y, mm, my = drawn
    slope = (my - m * y / w) / np.maximum(mm - m**2 / w, 1e-12)
    low, high = np.quantile(slope[1:], [0.025, 0.975])
    flat = bool((mm - m**2 / w)[0] < 1e-6 * mm[0])
    return "-" if flat else f"{slope[0]:.2f} ({low:.2f}..{high:.2f})"


if __name__ == "__main__":
    main()
