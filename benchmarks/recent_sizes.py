"""Days of a backtest with sizes moved by the last weeks, beside sizes as trained.

    python -m benchmarks.recent_sizes SET WORKSPACE FIRST EVERY FOLDS HORIZON
    python -m benchmarks.recent_sizes swast DIR/swast 2017-07-04 14 33 84

One model forecasts twice at each origin, with and without what earlier forecasts told of the days
that have come (`models.recent_sizes`), so that nothing else differs. A whole training runs every 84
days. Printed by level and block of days ahead: the mean factor, 80 % coverage (ends by their fair
part) without and with, CRPS without and its change with the 95 % interval over weeks. Origins of
the published protocols are for a last look only.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from copy import copy
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.accuracy.scoring import label
from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.arrays import Array
from forewatch.clock import Clock
from forewatch.history import History
from forewatch.rates import Answer, Forecast, Selection, Spans
from models import scores
from models.comparison import EPOCH
from models.demand.model import Engine
from models.demand.subject import DEMAND
from models.origins import EarlierFits
from models.rolling import BacktestPlan, chosen_series
from models.told_days import ToldDays
from serving.workspace import Workspace

_TRAIN_DAYS, _SEED = 84, 3


def forecasts(
    history: History, asked: argparse.Namespace
) -> Iterator[tuple[AsOf, Forecast, Forecast]]:
    """Yield what is known at each origin, the forecast as trained, and the moved one."""
    first = pd.Timestamp(asked.first)
    days = [first + pd.Timedelta(days=asked.every * k) for k in range(asked.folds)]
    clock = Clock.of(history.profile)
    last = AsOf(history, clock.day_start(days[-1]))
    views = [last.at(clock.day_start(day)) for day in days]
    recipe, earlier = Workspace(asked.workspace).settings().recipe(DEMAND), EarlierFits()
    rounds = max(_TRAIN_DAYS // asked.every, 1)
    for start in range(0, len(views), rounds):
        group = views[start : start + rounds]
        trained = DEMAND.fit(history, group[0].origin, recipe, earlier=earlier)
        models = chain([trained], trained.refits(group[1:], 1))
        for model, view in zip(models, group, strict=True):
            if not isinstance(model, Engine):
                raise TypeError(type(model))
            plain = copy(model)
            plain.told_ = ToldDays.none()
            moved = model.forecast(view, asked.horizon)
            model.remember(view, moved)
            yield view, plain.forecast(view, asked.horizon), moved


def rows(history: History, asked: argparse.Namespace) -> pd.DataFrame:
    """Return one row an origin, day and series: level, lead, week, losses both ways."""
    plan = BacktestPlan(
        first_origin=pd.Timestamp(asked.first, tz="UTC").to_pydatetime(),
        every_days=1,
        folds=1,
        horizon_days=asked.horizon,
    )
    tree = history.tree
    modelled = history.profile.levels.modelled
    names = {tree.level(area) for place in tree.cut(modelled) for area in tree.upwards(place)}
    types = ("call_type",) if len(history.profile.call_type_ids) > 1 else ()
    levels = (*(name for name in tree.levels if name in names), *types)
    series = [
        (name, row)
        for name in levels
        for row in chosen_series(
            DEMAND,
            history.profile,
            tree,
            plan.model_copy(update={"levels": (name,)}),
        )
    ]
    now = panel(AsOf(history, history.observed_until), 1)
    found = []
    for view, *both in forecasts(history, asked):
        edges = both[0].rates.day_edges
        spans = Spans(edges[:-1], edges[1:])
        for level, (area, kind, _) in series:
            chosen = Selection(tree.leaves_of(area), () if kind == "all" else (kind,))
            before, after = (one.answer(chosen, spans) for one in both)
            counts = _counts(now, both[0].rates.force_days, area, kind)
            found.append(_losses(before, after, counts, both[0]).assign(level=level))
        print(f"{view.origin:%Y-%m-%d} {both[1].notes}", flush=True)
    return pd.concat(found, ignore_index=True)


def _counts(now: Panel, days: pd.DatetimeIndex, area: str, kind: str) -> Array:
    """Return what came on some days; NaN unknown."""
    at = now.days.get_indexer(days)
    return np.where(at >= 0, now.happened[at, now.series(area, kind)], np.nan)


def _losses(before: Answer, after: Answer, counts: Array, forecast: Forecast) -> pd.DataFrame:
    days = forecast.rates.force_days
    told = {"week": (days - pd.Timestamp(EPOCH)).days // 7, "lead": np.arange(len(days)) + 1}
    told["factor"] = np.sqrt(after.variance / before.variance)
    for name, answer in (("before", before), ("after", after)):
        told[f"crps_{name}"] = scores.crps(answer.distribution, counts)
        steps = scores.bracket(answer.distribution, counts)
        told[f"cover_{name}"] = scores.coverage(steps, 0.8)
    return pd.DataFrame(told)


def table(found: pd.DataFrame, blocks: tuple[tuple[int, int], ...]) -> pd.DataFrame:
    """Return scores by level and block without and with the moves."""
    made = []
    for level, of_level in found.groupby("level", sort=False):
        for first, last in blocks:
            part = of_level[of_level["lead"].between(first, last)].dropna()
            change = scores.bootstrap(
                part["crps_after"].to_numpy(),
                part["crps_before"].to_numpy(),
                part["week"].to_numpy(),
                _SEED,
            )
            row = {"level": level, "days": label((first, last))}
            row |= part[["factor", "cover_before", "cover_after", "crps_before"]].mean().to_dict()
            names = ("change %", "low", "high")
            made.append(row | dict(zip(names, (100 * x for x in change), strict=True)))
    return pd.DataFrame(made)


def main() -> None:
    """Print what moving the sizes does."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("set", choices=list(PROTOCOLS))
    options.add_argument("workspace", type=Path)
    options.add_argument("first", help="date of the first origin")
    for name in ("every", "folds", "horizon"):
        options.add_argument(name, type=int)
    asked = options.parse_args()
    found = rows(Workspace(asked.workspace).history(), asked)
    blocks = tuple(
        (first, min(last, asked.horizon))
        for first, last in PROTOCOLS[asked.set].blocks
        if first <= asked.horizon
    )
    print(table(found, blocks).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
