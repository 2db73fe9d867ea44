"""Shares that drift: leaf areas and hours where the truth is known, and leaf areas of real sets.

    python -m benchmarks.drift leaves 5                 # drawn forces, 5 seeds
    python -m benchmarks.drift hours 3
    python -m benchmarks.drift toronto ../shared/data/toronto-mci     # or laguna, wales, swast

Drawn: 42 suburbs in 6 districts, 4 call types, 300 calls a day, three years; shares that stand
still, that wander (log, 0.15 a year and 0.08 of each call type; the first suburb doubles within the
last year), that stand still but for a suburb that doubles within the last year, or overnight 60
days ago. Hours: 8 areas, 2 call types, 800 calls a day; a profile that stands still, or whose
morning gains 7 % a year and whose evening loses 5 %.

Real sets: all areas are taken for leaf areas of the whole force; 28 days ahead of origins 91 days
apart. Printed beside the flat last 364 days: nats gained per 10,000 calls that are shared out, of
all calls of an area and of each call type, and the change of CRPS of an area's day, Poisson around
its share of the mean that came. Flat shares and half-lives stand beside.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy import workspaces
from benchmarks.small_parts import count_rows, imported, profile_text
from benchmarks.unpooled import of_one_place, unpooled
from features.asof import AsOf
from features.cube import known_leaf_type_days, leaf_type_days, past_days
from forewatch.arrays import Array, Index
from forewatch.count_distribution import CountDistribution
from models import scores
from models.horizon import timeline_of
from models.hour_drift import current_hours
from models.hours import HourTrees
from models.leaf_shares import leaf_shares
from models.member_settings import ShareSettings
from models.profiles import hour_profile, kinds_of_day, leaf_places, split
from models.shrinkage import shrunk
from serving.workspace import Workspace

DAYS, AHEAD_DAYS, NEAR_DAYS, STEP_DAYS = 1092, 91, 28, 60
FIRST_DAY = pd.Timestamp("2022-01-01")
_DISTRICTS, _SUBURBS, _MIX, _CALLS = 6, 7, np.array([0.6, 0.25, 0.1, 0.05]), 300.0
_AREAS, _KINDS, _HOURLY_CALLS = 8, 2, 800.0
_MORNING, _EVENING = (7, 8, 9), (21, 22, 23)
_HALF_LIVES = (60, 90, 180, 364)


@dataclass(frozen=True)
class Case:
    """An origin and what came after it.

    Args:
        view: what was known.
        place: position of each leaf's place, shape (leaves,).
        counts: days ahead, shape (leaves, call types, days).
        rate: expected calls of these, same shape; None where nobody knows.
    """

    view: AsOf
    place: Index
    counts: Array
    rate: Array | None = None


def main() -> None:
    """Print the scores of one question."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", help="leaves, hours, toronto, laguna, wales or swast")
    parser.add_argument("where", help="seeds of drawn forces, folder of a real set's data")
    asked = parser.parse_args()
    if asked.what == "leaves":
        for kind in ("still", "wandering", "growing", "stepped"):
            cases = (drawn(kind, seed) for seed in range(1, int(asked.where) + 1))
            print(kind, scored(cases).round(4).to_string(), sep="\n", flush=True)
    elif asked.what == "hours":
        for kind in ("still", "drifting"):
            seeds = range(1, int(asked.where) + 1)
            found = pd.concat([drawn_hours(seed, is_drifting=kind == "drifting") for seed in seeds])
            print(kind, found.groupby(level=0, sort=False).mean().round(4).to_string(), sep="\n")
    else:
        print(scored(real(asked.what, Path(asked.where))).round(4).to_string())


def drawn(kind: str, seed: int) -> Case:
    """Return a drawn force of suburbs."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(_DISTRICTS), _SUBURBS)
    leaves, types, n = len(place), len(_MIX), DAYS + AHEAD_DAYS
    log = rng.normal(0, 0.7, (leaves, 1, 1)) + rng.normal(0, 0.3, (leaves, types, 1)) + np.zeros(n)
    day = np.arange(n)
    if kind == "wandering":
        log += rng.normal(0, 0.15 / np.sqrt(364), (leaves, 1, n)).cumsum(-1)
        log += rng.normal(0, 0.08 / np.sqrt(364), (leaves, types, n)).cumsum(-1)
    if kind in ("wandering", "growing"):
        log[0] = log[0, :, :1] + np.log(2) * np.clip((day - DAYS + 364) / 364, 0, 1)
    if kind == "stepped":
        log[0] += np.log(2) * (day >= DAYS - STEP_DAYS)
    rate = np.exp(log) * _MIX[:, None]
    rate *= _CALLS / rate.sum((0, 1)).mean() * (1 + 0.1 * np.sin(2 * np.pi * day / 7))
    counts = rng.poisson(rate)
    names = [f"s{i}" for i in range(leaves)]
    parents = {f"d{i}": "one" for i in range(_DISTRICTS)}
    parents |= {name: f"d{i}" for name, i in zip(names, place, strict=True)}
    kinds = [f"k{i}" for i in range(types)]
    text = profile_text(parents, ("force", "district", "suburb"), "district", kinds)
    days = pd.date_range(FIRST_DAY, periods=DAYS, unit="us")
    frames = [
        count_rows(counts[:, [t], :DAYS].swapaxes(1, 2), names, days, kinds[t])
        for t in range(types)
    ]
    view = _view(text, pd.concat(frames), "day")
    return Case(view, place, counts[..., DAYS:].astype(np.float64), rate[..., DAYS:])


def _view(text: str, counts: pd.DataFrame, resolution: str) -> AsOf:
    """Return the view at the end of drawn counts."""
    with tempfile.TemporaryDirectory() as folder:
        history = unpooled(imported(text, counts, resolution, Path(folder)))
    return AsOf(history, history.observed_until)


def real(name: str, folder: Path) -> Iterator[Case]:
    """Yield the origins of a real set, with its areas as leaves of the whole force."""
    with tempfile.TemporaryDirectory() as where:
        workspaces.build(name, folder, Path(where), "")
        history = of_one_place(Workspace(Path(where)).history())
    now = AsOf(history, history.observed_until)
    days = past_days(now)
    counts = np.where(known_leaf_type_days(now, days), leaf_type_days(now, days), np.nan)
    place = leaf_places(now, now.tree.cut(history.profile.levels.modelled))
    for first in range(len(days) - AHEAD_DAYS, DAYS // 2, -AHEAD_DAYS):
        ahead = counts[..., first : first + NEAR_DAYS]
        known = np.isfinite(ahead).all((0, 1))
        yield Case(now.at(now.clock.day_start(days[first])), place, ahead[..., known])


def scored(cases: Iterator[Case]) -> pd.DataFrame:
    """Return the mean scores of each way to share out, over all cases."""
    ways: dict[str, Callable[[Case], Array]] = {"flat 364": lambda case: weighed(case, 364, None)}
    ways["flat 1092"] = lambda case: weighed(case, DAYS, None)
    for half_life in _HALF_LIVES:
        ways[f"half-life {half_life}"] = lambda case, h=half_life: weighed(case, DAYS, h)
    ways["now"] = lambda case: leaf_shares(case.view, ShareSettings().leaf_days, case.place)
    rows = []
    for case in cases:
        found = {name: _scores(case, way(case)) for name, way in ways.items()}
        flat = found["flat 364"]
        for name, one in found.items():
            gained = {k: 1e4 * (one[k] - flat[k]) for k in one if k.startswith("nats")}
            rows.append({"way": name, **one, **gained})
    table = pd.DataFrame(rows).groupby("way", sort=False).mean()
    return table.assign(crps_change=100 * (table["crps"] / table["crps"]["flat 364"] - 1))


def weighed(case: Case, days: int, half_life: float | None) -> Array:
    """Return shrunk shares of the last days, as they were before, older ones weighing less."""
    found = leaf_type_days(case.view, past_days(case.view, days))
    age = np.arange(found.shape[2])[::-1]
    weight = np.ones(len(age)) if half_life is None else 0.5 ** (age / half_life)
    calls = found @ (weight * weight.sum() / (weight**2).sum())
    shares = np.empty(calls.shape)
    for place in np.unique(case.place):
        here = case.place == place
        even = np.full(here.sum(), 1 / here.sum())
        shares[here] = shrunk(calls[here].T, shrunk(calls[here].sum(1), even)).T
    return shares


def _scores(case: Case, shares: Array) -> dict[str, float]:
    among = (case.place == np.arange(case.place.max() + 1)[:, None]).astype(np.float64)
    near = case.counts[..., :NEAR_DAYS]
    wholes = near if case.rate is None else case.rate[..., :NEAR_DAYS]
    whole = np.einsum("pl,ltd->ptd", among, wholes)[case.place]
    calls = near.sum(2)
    expected = (shares * (among @ calls)[case.place]).sum(1)
    mean = (shares[..., None] * whole.mean(2, keepdims=True)).sum(1) + np.zeros(near.shape[2])
    seen = near.sum(1).ravel()
    crps = scores.crps(CountDistribution.of(mean.ravel(), mean.ravel()), seen).mean()
    found = {
        "nats area": (calls.sum(1) * np.log(expected)).sum() / calls.sum(),
        "nats type": (calls * np.log(shares)).sum() / calls.sum(),
        "crps": float(crps),
    }
    if case.rate is None:
        return found
    rate = case.rate.mean(2)
    true = rate / (among @ rate)[case.place]
    log = np.log((shares @ _MIX) / (true @ _MIX))
    first = float(shares[0] @ _MIX / (true[0] @ _MIX))
    return found | {"rms log": float(np.sqrt((log**2).mean())), "first suburb": first}


def drawn_hours(seed: int, *, is_drifting: bool) -> pd.DataFrame:
    """Return bias and scores of hours ahead before and after, of one drawn force."""
    rng = np.random.default_rng(seed)
    n = DAYS + NEAR_DAYS
    clock = np.arange(24)
    profile = 1 + 0.6 * np.sin(2 * np.pi * (clock - 9) / 24) + 0.5 * np.isin(clock, _MORNING)
    log = np.log(profile) + np.zeros((n, 1))
    if is_drifting:
        years = (np.arange(n)[:, None] - DAYS) / 364
        log = log + years * (0.07 * np.isin(clock, _MORNING) - 0.05 * np.isin(clock, _EVENING))
    share = np.exp(log) / np.exp(log).sum(1, keepdims=True)
    size = rng.dirichlet(np.full(_AREAS, 5.0))[:, None] * np.array([0.8, 0.2])
    rate = _HOURLY_CALLS * size[..., None, None] * share
    counts = rng.poisson(rate)
    names, kinds = [f"a{i}" for i in range(_AREAS)], [f"k{i}" for i in range(_KINDS)]
    text = profile_text(dict.fromkeys(names, "one"), ("force", "area"), "area", kinds)
    days = pd.date_range(FIRST_DAY, periods=DAYS, unit="us")
    frames = [count_rows(counts[:, t, :DAYS], names, days, kinds[t]) for t in range(_KINDS)]
    view = _view(text, pd.concat(frames), "hour")
    before = hour_profile(view, ShareSettings())
    trees = HourTrees().fit(view, before)
    found = {"before": before, "now": current_hours(view, before, trees)}
    ahead = pd.date_range(days[-1] + pd.Timedelta(days=1), periods=NEAR_DAYS, unit="us")
    kind, day = kinds_of_day(view, ahead), np.arange(NEAR_DAYS).repeat(24)
    bend = trees.bend(view, timeline_of(view, ahead)[0])
    daily = np.moveaxis(rate[:, :, DAYS:].sum(3), 2, 0)
    slot = np.tile(clock, NEAR_DAYS)
    true, came = (each[:, :, DAYS:].reshape(_AREAS, _KINDS, -1) for each in (rate, counts))
    found = {name: split(daily, one, kind, day, slot, bend) for name, one in found.items()}
    return pd.DataFrame(
        {name: _of_hours(one, true, came) for name, one in (found | {"truth": true}).items()}
    ).T


def _of_hours(mean: Array, true: Array, came: Array) -> dict[str, float]:
    """Return the bias at hours, and the deviance and CRPS of the force's and of areas' hours."""
    by_hour = mean.sum((0, 1)).reshape(-1, 24).sum(0) / true.sum((0, 1)).reshape(-1, 24).sum(0) - 1
    found = {f"bias {hour} h %": 100 * float(by_hour[hour]) for hour in (8, 15, 22)}
    for name, axes in {"force": (0, 1), "area": (1,)}.items():
        expected, seen = mean.sum(axes).ravel(), came.sum(axes).ravel().astype(np.float64)
        ratio = np.log(np.maximum(seen, 1e-300) / expected)
        found[f"deviance {name}"] = float(
            2 * (np.where(seen > 0, seen * ratio, 0) - seen + expected).mean()
        )
        found[f"crps {name}"] = float(
            scores.crps(CountDistribution.of(expected, expected), seen).mean()
        )
    return found


if __name__ == "__main__":
    main()
