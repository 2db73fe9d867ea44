"""Chance below the modelled day where the truth is known: hours, thirds of days, leaf areas.

    python -m benchmarks.small_parts series 8           # one area and type by the hour, 8 seeds
    python -m benchmarks.small_parts series 3 --areas 5
    python -m benchmarks.small_parts daily 8            # one call type makes 94 % of the calls
    python -m benchmarks.small_parts hourly 3           # the same by the hour

Each set is drawn, imported by the product's own commands into a temporary folder and judged on the
past origins of a training with quick members. Printed by level over all seeds: the share of counts
in the 80 % interval (ends taken in by their fair part) with its lowest and highest seed, and CRPS ÷
that of the true distribution, where the level has one (main call type or all hours). Per seed: the
sizes estimated. Drawn were dispersion 1, no steadiness, and shocks of a force-day of 5 % (series)
or 8 % (main call type).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.panel import panel
from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.history import History
from forewatch.shocks import Shocks
from models import judging, origins, scores
from models.crossing import Groups, crossed_weights
from models.demand.training import groups_of
from models.part_scores import PartSeries, part_scores
from models.recent_sizes import shocks_of_origins
from models.recipe import Recipe
from serving import importing
from serving.workspace import Workspace

RECIPE = Recipe(members=("same_weekday_8", "same_weekday_52", "loglinear"))
_NIGHT, _DAY = (9, 8, 7.5, 6, 6, 6, 7.5, 9), (11, 12.5, 13.5, 14, 14.5, 15, 15, 15)
_HOURS = np.array([*_NIGHT, *_DAY, 15.2, 15.5, 15, 14, 13.5, 12.5, 11, 10])
_WEEK = np.array([1, 1, 1, 1, 1.05, 1.05, 0.97])
_STORMY = 0.03  # of days
_SCALES = (1.0, 0.5, 0.3, 0.2, 0.1)
_DISTRICTS = np.array([33, 31, 23, 18, 14, 13, 12, 3.5])
_SUBURBS = np.array([0.35, 0.25, 0.2, 0.1, 0.07, 0.03])
_KINDS = (("main", 135.0), ("road", 5.0), ("storm", 4.0))


@dataclass(frozen=True)
class World:
    """A drawn force.

    Args:
        profile: forewatch.toml.
        counts: the count file.
        resolution: of its counts.
        rate: expected calls of the leaf areas' main call type, shape (leaves, days, parts of a
            day).
        days: local dates.
        sd: of the force-day's shock.
    """

    profile: str
    counts: pd.DataFrame
    resolution: str
    rate: Array
    days: pd.DatetimeIndex
    sd: float


def series(seed: int, areas: int) -> World:
    """Return areas with one call type by the hour, three years."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2017-01-01", "2019-12-31", unit="us")
    sd = 0.05
    shock = rng.lognormal(-(sd**2) / 2, sd, len(days))
    level = _WEEK[days.day_of_week] * (1 + 0.05 * np.sin(2 * np.pi * days.day_of_year / 365.25))
    scale = np.array([_SCALES[i % len(_SCALES)] for i in range(areas)])
    rate = scale[:, None, None] * level.to_numpy()[:, None] * _HOURS
    found = rng.poisson(rate * shock[:, None])
    names = [f"a{i}" for i in range(areas)]
    text = profile_text(dict.fromkeys(names, "one"), ("force", "area"), "area", ("calls",))
    return World(text, count_rows(found, names, days, "calls"), "hour", rate, days, sd)


def dominated(seed: int, *, hourly: bool) -> World:
    """Return 8 districts of 6 suburbs of which one call type makes most of the calls."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2023-10-09", periods=847, unit="us")
    n, sd = len(days), 0.08
    storm = np.where(rng.random(n) < _STORMY, rng.uniform(5, 25, n), 0.45)
    factors = (rng.gamma(1 / sd**2, sd**2, n), np.ones(n), storm)
    week = 1 + 0.05 * np.sin(2 * np.pi * np.arange(n) / 7)
    of_day = _HOURS / _HOURS.sum() if hourly else np.ones(1)
    share = (_DISTRICTS[:, None] / _DISTRICTS.sum() * _SUBURBS).ravel()
    parents = {f"s{i}{j}": f"d{i}" for i in range(8) for j in range(6)}
    frames, rates = [], []
    for (kind, calls), factor in zip(_KINDS, factors, strict=True):
        rate = share[:, None, None] * calls * (week if kind == "main" else np.ones(n))[:, None]
        rates.append(rate * of_day)
        frames.append(
            count_rows(rng.poisson(rates[-1] * factor[:, None]), list(parents), days, kind)
        )
    districts = {f"d{i}": "one" for i in range(8)}
    levels = ("force", "district", "suburb")
    text = profile_text(districts | parents, levels, "district", [kind for kind, _ in _KINDS])
    resolution = "hour" if hourly else "day"
    return World(text, pd.concat(frames), resolution, rates[0], days, sd)


def profile_text(
    parents: dict[str, str], levels: tuple[str, ...], modelled: str, kinds: list[str] | tuple[str]
) -> str:
    """Return forewatch.toml of a force called "one"."""
    named = ", ".join(f'"{level}"' for level in levels)
    text = f"""grades = ["routine"]
[force]
id = "one"
name = "One"
zone = "Etc/UTC"
day_starts_at = 00:00:00
[levels]
names = [{named}]
modelled = "{modelled}"
[[areas]]
id = "one"
name = "One"
"""
    for area, parent in parents.items():
        text += f'[[areas]]\nid = "{area}"\nname = "{area.upper()}"\nparent = "{parent}"\n'
    return text + "".join(
        f'[[call_types]]\nid = "{kind}"\nname = "{kind.title()}"\n' for kind in kinds
    )


def count_rows(found: Array, areas: list[str], days: pd.DatetimeIndex, kind: str) -> pd.DataFrame:
    """Return the rows of a count file of counts (areas, days, parts of a day)."""
    area, day, part = np.nonzero(found)
    if found.shape[2] == 1:
        starts = days[day].strftime("%Y-%m-%d")
    else:
        starts = (days[day] + pd.to_timedelta(part, unit="h")).strftime("%Y-%m-%dT%H:%M:%SZ")
    return pd.DataFrame(
        {
            "start": starts,
            "area": np.array(areas)[area],
            "call_type": kind,
            "grade": "routine",
            "count": found[area, day, part],
        }
    )


def imported(profile: str, counts: pd.DataFrame, resolution: str, folder: Path) -> History:
    """Return the history of a count file that is imported into an empty folder."""
    (folder / "forewatch.toml").write_text(profile, encoding="utf-8")
    mapping = f'resolution = "{resolution}"\nabsent = "zero"\n'
    (folder / "map.toml").write_text(mapping, encoding="utf-8")
    counts.to_csv(folder / "counts.csv", index=False)
    workspace = Workspace(folder)
    importing.import_table_file(workspace, "counts", folder / "counts.csv", folder / "map.toml")
    return workspace.history()


def judged(world: World, folder: Path, jobs: int) -> tuple[pd.DataFrame, Shocks]:
    """Return the scores of a world, and the sizes that its first group is judged by."""
    history = imported(world.profile, world.counts, world.resolution, folder)
    view = AsOf(history, history.observed_until)
    now = panel(view, 1)
    folds = origins.call_folds(view, now, RECIPE, jobs, lambda *_: None)
    groups = groups_of(view, now, folds, RECIPE)
    _, *crossed = crossed_weights(groups, RECIPE)
    cells = judging.blended_cells(groups, crossed)
    squares = judging.squared_residuals(groups, cells, RECIPE)
    by_group = judging.crossed_shocks(groups, squares, RECIPE)
    sizes = shocks_of_origins(groups, cells, by_group)
    days = judging.spread_forecasts(groups, cells, sizes)
    table = pd.concat(
        [
            judging.score_table(days, {}, groups.level, RECIPE),
            part_scores(groups, cells, sizes, RECIPE)[0],
        ]
    )
    rows = [
        {
            "level": level,
            "cover80": np.average(part["coverage_80"], weights=part["n"]),
            "to_truth": np.nan,
        }
        for level, part in table.groupby("level", sort=False)
    ]
    rows.append(_beside_truth(world, groups, cells, by_group))
    return pd.DataFrame(rows), by_group[0]


def _beside_truth(
    world: World, groups: Groups, cells: list[Array], by_group: dict[int, Shocks]
) -> dict[str, object]:
    """Return the scores of leaf areas' main call type, or of areas' hours, beside the truth."""
    ours, truth, covered = [], [], []
    for fold, own, past in zip(groups.folds, cells, groups.past, strict=True):
        kind = past.hours if world.resolution == "hour" and past.leaves is None else past.leaves
        if kind is None:
            continue
        parts = kind.parts(own)
        first = int(world.days.searchsorted(fold.days[0]))
        rate = world.rate[:, first : first + len(fold.days)]
        rate = rate if kind is past.hours else rate.sum(2, keepdims=True)
        for area in range(len(rate)):
            one = PartSeries(np.array([area]), np.array([0]))
            mean, variance, counts = one.forecast(
                parts, np.moveaxis(own, 0, 2), by_group[fold.group]
            )
            true = rate[area].ravel()
            known = np.flatnonzero(np.isfinite(counts[: len(true)]))[::7]
            here = CountDistribution.of(mean[known], variance[known])
            there = CountDistribution.of(true[known], true[known] + (world.sd * true[known]) ** 2)
            ours.append(scores.crps(here, counts[known]))
            truth.append(scores.crps(there, counts[known]))
            covered.append(scores.coverage(scores.bracket(here, counts[known]), 0.8))
    ratio = np.concatenate(ours).sum() / np.concatenate(truth).sum()
    level = "smallest parts of the main type"
    return {"level": level, "cover80": np.concatenate(covered).mean(), "to_truth": ratio}


def main() -> None:
    """Judge the seeds of one kind of world and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("world", choices=["series", "daily", "hourly"])
    parser.add_argument("seeds", type=int)
    parser.add_argument("--areas", type=int, default=1, help="of series  [default: 1]")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    worlds: dict[str, Callable[[int], World]] = {
        "series": lambda seed: series(seed, asked.areas),
        "daily": lambda seed: dominated(seed, hourly=False),
        "hourly": lambda seed: dominated(seed, hourly=True),
    }
    found = []
    for seed in range(1, asked.seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            table, sizes = judged(worlds[asked.world](seed), Path(folder), asked.jobs)
        found.append(table)
        steady, sd = sizes.steadiness.max(0).round(2), np.sqrt((sizes.sd[1] ** 2).sum(0)).round(3)
        print(
            f"seed {seed}: dispersion {sizes.dispersion[1].round(2)}, steadiness {steady}, "
            f"sd of a third, day, level (all scopes) {sd}",
            flush=True,
        )
    by_level = pd.concat(found).groupby("level", sort=False)
    cover = by_level["cover80"].agg(["mean", "min", "max"])
    print(cover.assign(crps_to_truth=by_level["to_truth"].mean()).round(4).to_string())


if __name__ == "__main__":
    main()
