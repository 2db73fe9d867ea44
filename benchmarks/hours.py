"""How well a day's calls are split into hours: profile, seasons, trees, each beside the others.

    python -m benchmarks.hours laguna WORKSPACE [--variants all,before,...]
    python -m benchmarks.hours toronto WORKSPACE --variants trees,drift
    python -m benchmarks.hours demo [--years 3]

WORKSPACE is one made as in docs/guides/laguna-beach.md, up to the imports, or by `python -m
benchmarks.accuracy toronto --work WORKSPACE`, taken as a whole. From each origin, shares
are found from what was known there and held against the days ahead:

1. nats a call that the shares say more than flat hours, given each day's calls of a place and type
   (a mean over calls; at the level of types, zones and the force the expected hours are summed);
2. mean deviance and CRPS of hourly Poisson counts around the log-linear member's days × the shares;
3. on the demo force, Kullback-Leibler divergence from the true shares, in nats × 10,000 a call.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.unpooled import of_one_place, unpooled
from features.asof import AsOf
from features.cube import Cube, cube
from features.days import SCHOOL_HOLIDAY, day_features
from features.events import event_crowds
from features.panel import panel
from forewatch.count_distribution import CountDistribution
from forewatch.history import History
from models import profiles, scores
from models.hour_drift import current_hours
from models.hour_rows import Timeline
from models.hours import HourTrees
from models.loglinear import Loglinear
from models.member_settings import HourSettings, ShareSettings
from serving.workspace import Workspace
from sources.history import history as of_lake
from sources.lake import Lake
from sources.synthetic import Truth, demo_force
from sources.synthetic import demo_history as of_demo

SUMS: dict[str, tuple[int, ...]] = {"cell": (), "type": (0,), "place": (1,), "force": (0, 1)}
NEAR_DAYS = 45  # of the season that a seasonal profile looks at, before and after
NOW = ShareSettings()
OLD = ShareSettings(hour_days=364, half_life_days=182)
NO_TREES = HourSettings(rounds=0)


@dataclass(frozen=True)
class Variant:
    """One way to split days."""

    shares: ShareSettings = NOW
    trees: HourSettings = NO_TREES
    sunday: bool = False  # public holidays start from Sunday, whatever their weekday
    drift: bool = False  # the profile is moved as far as the last year says
    season: float = 0.0  # part of a profile of the season's days alone, in logarithms


VARIANTS = {
    "before": Variant(OLD, sunday=True),
    "longer": Variant(sunday=True),
    "holidays": Variant(),
    "season 0.25": Variant(season=0.25),
    "season 0.5": Variant(season=0.5),
    "trees": Variant(trees=HourSettings()),
    "drift": Variant(trees=HourSettings(), drift=True),
    "no season": Variant(trees=HourSettings(season_from_days=10_000)),
    "31 leaves": Variant(trees=HourSettings(leaves=31)),
    "ridge 20": Variant(trees=HourSettings(ridge_calls=20, calls_per_leaf=20)),
}


@dataclass(frozen=True)
class Ahead:
    """What came after an origin: intervals, counts (NaN unknown) and days by the member."""

    timeline: Timeline
    counts: np.ndarray
    daily: np.ndarray


def main() -> None:
    """Score the variants and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("laguna", "toronto", "demo"))
    parser.add_argument("workspace", type=Path, nargs="?")
    parser.add_argument("--years", type=float, default=3)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    asked = parser.parse_args()
    truth: Truth | None = None
    if asked.what != "demo":
        place = Workspace(asked.workspace)
        history = of_lake(Lake(place.root / "history"), place.profile)
        origins, days = pd.date_range("2019-04-01", "2020-02-01", freq="28D"), 28
        if asked.what == "toronto":
            history = of_one_place(history)
            origins = pd.date_range("2017-01-01", "2021-10-01", freq="182D")
    else:
        force = demo_force(seed=7, years=asked.years)
        history, truth = unpooled(of_demo(force)), force.truth
        origins, days = pd.date_range("2025-11-23", periods=4, freq="91D"), 91
    cases = [_case(history, origin, days) for origin in origins]
    found = {}
    for name in asked.variants.split(","):
        found[name] = scored(cases, truth, VARIANTS[name])
        print(name, found[name].round(5).to_dict(), flush=True)
    print(pd.DataFrame(found).T.round(5).to_string())


def scored(cases: list[tuple[AsOf, Ahead]], truth: Truth | None, variant: Variant) -> pd.Series:
    """Return the mean scores of one variant over all origins."""
    total: dict[str, np.ndarray] = {}
    for view, ahead in cases:
        began = time.process_time()
        learned, hours = _learned(view, variant, ahead)
        learning = time.process_time() - began
        kind = profiles.kinds_of_day(view, ahead.timeline.days)
        clock = (kind, ahead.timeline.day, ahead.timeline.slot)
        bend = learned.bend(view, ahead.timeline)
        seconds = {"fit s": learning, "bend s": time.process_time() - began - learning}
        found = {name: np.array([value, 1.0]) for name, value in seconds.items()}
        found |= _likelihood(ahead, hours, clock, bend)
        found |= _forecast(ahead, profiles.split(ahead.daily, hours, *clock, bend))
        if truth is not None:
            found |= _divergence(view, truth, ahead, hours, bend)
        total = {name: total.get(name, 0) + value for name, value in found.items()}
    return pd.Series({name: value[0] / max(value[1], 1e-9) for name, value in total.items()})


def _case(history: History, origin: pd.Timestamp, days: int) -> tuple[AsOf, Ahead]:
    """Return what was known at an origin (a local date), and what came after it."""
    full = cube(AsOf(history, history.observed_until))
    wall = pd.Timestamp(origin) + pd.Timedelta(hours=history.profile.force.day_starts_at.hour)
    view = AsOf(history, wall.tz_localize(history.profile.force.zone))
    return view, _ahead(view, full, days)


def _learned(view: AsOf, variant: Variant, ahead: Ahead) -> tuple[HourTrees, np.ndarray]:
    """Return the trees and the profile that they bend."""
    with _mixes(np.zeros(1) if variant.sunday else profiles._MIXES):  # noqa: SLF001
        hours = profiles.hour_profile(view, variant.shares)
        if variant.season:
            middle = ahead.timeline.days[len(ahead.timeline.days) // 2]
            past = cube(view, variant.shares.hour_days)
            apart = np.abs((past.force_days - middle).days.to_numpy() % 365)
            near = np.minimum(apart, 365 - apart) <= NEAR_DAYS
            of_season = replace(past, counts=np.where(near[past.day], past.counts, np.nan))
            own = profiles._hours(view, of_season, variant.shares.half_life_days)  # noqa: SLF001
            hours = hours ** (1 - variant.season) * own**variant.season
            hours /= hours.sum(-1, keepdims=True)
    trees = HourTrees(variant.trees).fit(view, hours)
    return trees, current_hours(view, hours, trees) if variant.drift else hours


@contextmanager
def _mixes(mixes: np.ndarray) -> Iterator[None]:
    """Let public holidays be mixed in these parts only."""
    before = profiles._MIXES  # noqa: SLF001 - the one thing that has no setting
    profiles._MIXES = mixes  # noqa: SLF001
    try:
        yield
    finally:
        profiles._MIXES = before  # noqa: SLF001


def _ahead(view: AsOf, full: Cube, days: int) -> Ahead:
    first = int(full.force_days.searchsorted(view.clock.first_day_from(view.origin)))
    last = min(first + days, len(full.force_days))
    low, high = np.searchsorted(full.day, [first, last])
    timeline = Timeline(
        full.force_days[first:last],
        full.day[low:high] - first,
        full.slot[low:high],
        full.edges[low : high + 1],
    )
    seen = panel(view, last - first)
    daily = Loglinear().fit(seen).predict(seen)[:, seen.cells]
    return Ahead(timeline, full.counts[:, :, low:high].copy(), daily)


def _likelihood(
    ahead: Ahead, hours: np.ndarray, clock: tuple[Any, ...], bend: np.ndarray
) -> dict[str, np.ndarray]:
    day = ahead.timeline.day
    first = np.flatnonzero(np.diff(day, prepend=-1))
    daily = np.add.reduceat(ahead.counts, first, axis=2)
    counts = np.where(np.isfinite(daily)[:, :, day], ahead.counts, 0.0)
    expected = profiles.split(np.moveaxis(np.nan_to_num(daily), 2, 0), hours, *clock, bend)
    found = {}
    for name, axes in SUMS.items():
        y, mean = counts.sum(axes), expected.sum(axes)
        flat = np.add.reduceat(mean, first, axis=-1)[..., day] / np.bincount(day)[day]
        calls = y > 0
        gain = (y[calls] * np.log(mean[calls] / flat[calls])).sum()
        found[f"nats {name}"] = np.array([gain, y.sum()])
    return found


def _forecast(ahead: Ahead, mean: np.ndarray) -> dict[str, np.ndarray]:
    found = {}
    for name, axes in SUMS.items():
        y, expected = ahead.counts.sum(axes).ravel(), mean.sum(axes).ravel()
        y, expected = y[np.isfinite(y)], expected[np.isfinite(y)]
        log_ratio = np.log(np.maximum(y, 1e-300) / expected)
        deviance = 2 * (np.where(y > 0, y * log_ratio, 0.0) - y + expected)
        found[f"dev {name}"] = np.array([deviance.sum(), y.size])
        if name in ("type", "place", "force"):
            crps = scores.crps(CountDistribution.of(expected, expected), y)
            found[f"crps {name}"] = np.array([crps.sum(), y.size])
    return found


def _divergence(
    view: AsOf, truth: Truth, ahead: Ahead, hours: np.ndarray, bend: np.ndarray
) -> dict[str, np.ndarray]:
    timeline, rates = ahead.timeline, truth.rates
    start = int(rates.force_days.searchsorted(timeline.days[0]))
    low, high = np.searchsorted(rates.day, [start, start + len(timeline.days)])
    true = rates.base[:, :, low:high]
    first = np.flatnonzero(np.diff(timeline.day, prepend=-1))
    daily = np.moveaxis(np.add.reduceat(true, first, axis=2), 2, 0)
    kind = profiles.kinds_of_day(view, timeline.days)
    ours = profiles.split(daily, hours, kind, timeline.day, timeline.slot, bend)
    lost = (1e4 * true * np.log(true / ours)).sum(1)
    days, places = timeline.days, rates.places
    crowd = np.maximum.reduceat(event_crowds(view, timeline.edges, places), first, axis=1)
    school = day_features(view, days, places)[SCHOOL_HOLIDAY].T
    eve = days.strftime("%m-%d") == "12-31"
    holiday = profiles.public_holidays(view, days)
    some: dict[str, np.ndarray] = {
        "all": np.ones(len(days), bool)[None],
        "New Year's night": np.asarray(eve)[None],
        "public holidays": holiday[None],
        "school holidays": school > 0,
        "event days": crowd > 0,
    }
    chosen: Callable[[np.ndarray], np.ndarray] = lambda mask: np.broadcast_to(  # noqa: E731
        mask[:, timeline.day], lost.shape
    )
    return {
        f"KL {name}": np.array([lost[chosen(m)].sum(), true.sum(1)[chosen(m)].sum()])
        for name, m in some.items()
    }


if __name__ == "__main__":
    main()
