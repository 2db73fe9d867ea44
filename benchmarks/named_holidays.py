"""Days on and beside public holidays: how far intervals hold, and the score against 52 weeks.

    python -m benchmarks.named_holidays {wales,swast,laguna,toronto,demo} --keep FOLDER
    python -m benchmarks.named_holidays all --keep FOLDER

The first builds the set, makes the past origins of a training (28 days apart, looking 28 days
ahead, so that each day is forecast once; as many as half of the history holds), forecasts from each
by the weights and the sizes that the other groups of origins ask for, and keeps the scores in the
folder. The second prints those of all sets together. A day that is a public holiday by the calendar
at the end is "holiday"; of the other days, the one before is "eve", the one after "after". Toronto
ends with 2019 and is forecast as one place: its neighbourhoods take most of its time and say little
of a holiday.

cover80 takes ends in by their fair part (`models.scores.coverage`); the comparison with the 52-week
mean resamples whole weeks. Its spread is sized as ours is, without shocks of special days.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy import workspaces
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.accuracy.running import ROOT
from benchmarks.shocks import past
from features.asof import AsOf
from features.public_holidays import BANK_HOLIDAY
from forewatch.history import History
from models import judging, scores
from models.crossing import Groups, crossed_weights
from models.judging import PastForecast
from models.recent_sizes import shocks_of_origins
from models.recipe import LONG_BASELINE, Recipe, RollingOrigins
from serving.workspace import Workspace

KINDS = ("holiday", "eve", "after")
RECIPE = Recipe(origins=RollingOrigins(folds=60, every_days=28, horizon_days=28))
_SEED = 3
_EPOCH = pd.Timestamp("1970-01-05")  # a Monday


@dataclass(frozen=True)
class _Plan:
    """How a set is taken.

    Args:
        until: local date of the training; None: the end of the data.
        change: what is changed in the settings of the set.
    """

    until: str | None = None
    change: Callable[[str], str] = str


def _one_place(settings: str) -> str:
    return settings.replace('modelled = "neighbourhood"', 'modelled = "city"')


PLANS = {
    "wales": _Plan(),
    "swast": _Plan(),
    "laguna": _Plan("2020-03-01"),
    "toronto": _Plan("2020-01-01", _one_place),
    "demo": _Plan(),
}


def kinds_of(days: pd.DatetimeIndex, history: History) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return the kind of each force-day, "ordinary" for most, shape (days,)."""
    table = AsOf(history, history.observed_until).holidays()
    whole = (table["kind"] == BANK_HOLIDAY) & (table["area"] == "")
    dates, one = pd.DatetimeIndex(table.loc[whole, "date"]), pd.Timedelta(days=1)
    marked = [days.isin(dates), days.isin(dates - one), days.isin(dates + one)]
    return np.select(marked, KINDS, "ordinary")


def forecasts(groups: Groups, recipe: Recipe) -> tuple[list[PastForecast], list[PastForecast]]:
    """Return ours and the 52-week mean's from each past origin."""
    _, *crossed = crossed_weights(groups, recipe)
    cells = judging.blended_cells(groups, crossed)
    squares = judging.squared_residuals(groups, cells, recipe)
    by_group = judging.crossed_shocks(groups, squares, recipe)
    ours = judging.spread_forecasts(groups, cells, shocks_of_origins(groups, cells, by_group))
    return ours, judging.member_forecasts(groups, recipe, LONG_BASELINE) or []


def scored(name: str, groups: Groups, history: History, recipe: Recipe) -> pd.DataFrame:
    """Return one row a day and series whose count is known.

    Columns: set, level, kind, day, week, calls, mean, cover80, crps, crps_52.
    """
    found = []
    for ours, plain in zip(*forecasts(groups, recipe), strict=True):
        n, series = ours.counts.shape
        step = scores.bracket(ours.distribution, ours.counts)
        by_day = {
            "kind": kinds_of(ours.days, history),
            "day": ours.days.to_numpy(),
            "week": np.asarray((ours.days - _EPOCH).days // 7),
        }
        columns = {
            "calls": ours.counts,
            "mean": ours.mean,
            "cover80": scores.coverage(step, 0.8),
            "crps": ours.crps,
            "crps_52": plain.crps,
        }
        frame = pd.DataFrame({key: np.repeat(values, series) for key, values in by_day.items()})
        frame = frame.assign(**{key: values.ravel() for key, values in columns.items()})
        found.append(frame.assign(set=name, level=np.tile(np.array(groups.level), n)))
    return pd.concat(found).dropna(subset=["calls", "crps", "crps_52"])


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the scores by set, level and kind of day, all three kinds together among them."""
    found = []
    for (name, level), own in rows.groupby(["set", "level"], sort=False):
        kinds = {kind: own[own["kind"] == kind] for kind in (*KINDS, "ordinary")}
        kinds["all three"] = own[own["kind"] != "ordinary"]
        about = {"set": name, "level": level}
        found += [about | {"days are": k} | _scores(part) for k, part in kinds.items() if len(part)]
    return pd.DataFrame(found)


def together(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the same over all sets, the top level of each and those below.

    A row counts by the mean CRPS of the 52-week mean at its level: no set's size decides.
    """
    scale = rows.groupby(["set", "level"])["crps_52"].transform("mean")
    week = rows["week"].astype(str) + rows["set"]
    fair = rows.assign(crps=rows["crps"] / scale, crps_52=rows["crps_52"] / scale)
    fair = fair.assign(week=week.factorize()[0], calls=rows["calls"] / scale)
    fair = fair.assign(mean=rows["mean"] / scale, day=fair["day"].astype(str) + fair["set"])
    top = fair.groupby("set")["level"].transform("first")
    below = np.where(fair["level"] == top, "top", "below")
    return table(fair.assign(set="all sets", level=below))


def _scores(part: pd.DataFrame) -> dict[str, object]:
    ours, plain = (part[name].to_numpy() for name in ("crps", "crps_52"))
    vs, low, high = scores.bootstrap(ours, plain, part["week"].to_numpy(), _SEED)
    return {
        "days": part["day"].nunique(),
        "cover80": f"{part['cover80'].mean():.3f}",
        "crps": f"{ours.mean():.5g}",
        "vs 52 weeks, %": f"{100 * vs:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
        "bias, %": f"{100 * (part['mean'].sum() / part['calls'].sum() - 1):+.1f}",
    }


def rows_of(name: str, keep: Path, jobs: int) -> pd.DataFrame:
    """Build the set, forecast from its past origins, and return and keep the scored rows."""
    protocol, plan, root = PROTOCOLS[name], PLANS[name], keep / name
    workspaces.build(name, ROOT.parent / "shared" / "data" / protocol.folder, root, "")
    settings = root / "forewatch.toml"
    settings.write_text(plan.change(settings.read_text(encoding="utf-8")), encoding="utf-8")
    history = Workspace(root).history()
    groups = past(history, plan.until, RECIPE, jobs)
    rows = scored(name, groups, history, RECIPE)
    rows.to_parquet(keep / f"{name}.parquet")
    return rows


def main() -> None:
    """Do as asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", choices=[*PLANS, "all"])
    parser.add_argument("--keep", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    if asked.set == "all":
        kept = [asked.keep / f"{name}.parquet" for name in PLANS]
        rows = pd.concat([pd.read_parquet(file) for file in kept if file.exists()])
        print(table(rows).to_string(index=False), together(rows).to_string(index=False), sep="\n\n")
        return
    print(table(rows_of(asked.set, asked.keep, asked.jobs)).to_string(index=False))


if __name__ == "__main__":
    main()
