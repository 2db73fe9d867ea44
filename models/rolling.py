"""A backtest of a subject: its model, refitted at each past origin on what was known then.

1. At the first origin a whole training runs on what was known there: members, weights, shocks.
2. At each later origin the members are fitted anew. Weights and shocks come from the last training
   before it, which runs again every `retrain_every` origins, as an operator would train again.
3. Sizes of the shocks move with what earlier forecasts told of the days that have come since.
4. Each origin gives one frame of rows, so that memory stays small.

The rows carry no truth: whoever scores joins it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import AwareDatetime, Field

from features.asof import AsOf
from forewatch.areas import AreaTree
from forewatch.clock import Clock
from forewatch.errors import BadQuestion
from forewatch.frozen import Frozen
from forewatch.history import History
from forewatch.profile import Profile
from forewatch.progress import Progress, silent
from forewatch.rates import Forecast, Rates, Selection, Spans
from models.origins import EarlierFits
from models.recipe import AnyRecipe
from models.subject import Subject

Interval = Literal["hour", "shift", "day"]
ALL = "all"
QUANTILES: tuple[float, ...] = tuple(round(0.05 * k, 2) for k in range(1, 20))
QUANTILE_COLUMNS: tuple[str, ...] = tuple(f"q{round(100 * q):02d}" for q in QUANTILES)
TOTAL, CALL_TYPE, GRADE, CELL, BOTTOM = "total", "call_type", "grade", "cell", "bottom"
Row = tuple[str, str, str]  # area, call type, grade; "all" where summed


class BacktestPlan(Frozen):
    """From where, how often and how far is forecast, and what is written down.

    Args:
        first_origin: the first origin.
        every_days: force-days between origins.
        folds: number of origins.
        horizon_days: force-days ahead of each.
        step: the intervals written: hours, the profile's shifts, or force-days.
        levels: total, the names of the tree's levels, call_type, grade, cell (place × call type),
            bottom (leaf × call type × grade); None for all that stay below the limit.
        rows_at_most: rows of one level and origin; a level beyond it is left out of "all".
        retrain_every: origins between two whole trainings; 0 trains once.
    """

    first_origin: AwareDatetime
    every_days: int = Field(ge=1)
    folds: int = Field(ge=1)
    horizon_days: int = Field(ge=1, le=400)
    step: Interval = "day"
    levels: tuple[str, ...] | None = None
    rows_at_most: int = 500_000
    retrain_every: int = Field(default=0, ge=0)


def backtest(
    subject: Subject,
    history: History,
    recipe: AnyRecipe,
    plan: BacktestPlan,
    *,
    jobs: int = 1,
    progress: Progress = silent,
) -> Iterator[pd.DataFrame]:
    """Yield one frame an origin, ascending.

    Rows: origin, start (UTC instants), of shifts also end and shift (its id), area, call_type,
    grade ("all" where summed), mean, q05 … q95 (19 columns), baseline (the honest baseline's mean).
    Ordered by level, series, start; a series that stands for two levels is written once. A shift
    that ends after the horizon has no row.

    Raises:
        BadQuestion: if a level is unknown, hours or shifts are asked of daily counts, shifts of a
            profile without any, or an origin lies after the end of the counts.
        NotEnoughHistory: if fewer than 16 weeks lie before the first origin.
    """
    series = chosen_series(subject, history.profile, history.tree, plan)
    selected = {row: _selection(row, history.tree) for row in series}
    views = _views(history, plan)
    rounds = plan.retrain_every or plan.folds
    done, earlier = 0, EarlierFits()
    for first in range(0, plan.folds, rounds):
        group = views[first : first + rounds]
        at = group[0].origin
        trained = subject.fit(history, at, recipe, jobs=jobs, progress=progress, earlier=earlier)
        for model, view in zip(
            chain([trained], trained.refits(group[1:], jobs)), group, strict=True
        ):
            forecast = model.forecast(view, plan.horizon_days)
            model.remember(view, forecast)
            yield rows(forecast, selected, intervals(forecast.rates, history.profile, plan.step))
            done += 1
            progress("forecasting from past origins", done, plan.folds)


def chosen_series(
    subject: Subject, profile: Profile, tree: AreaTree, plan: BacktestPlan
) -> list[Row]:
    """Return the series of the plan's levels, each once.

    Raises:
        BadQuestion: if a level is unknown.
    """
    known = _levels(subject, profile, tree)
    if plan.levels is not None:
        if unknown := [name for name in plan.levels if name not in known]:
            raise BadQuestion(f"no level {', '.join(unknown)}; the levels are {', '.join(known)}")
        names: Sequence[str] = plan.levels
    else:
        a_day = {"hour": 24, "shift": max(len(profile.shifts), 1), "day": 1}
        most = plan.rows_at_most // (plan.horizon_days * a_day[plan.step])
        names = [name for name, found in known.items() if len(found) <= most or name == TOTAL]
    return list(dict.fromkeys(row for name in names for row in known[name]))


def intervals(rates: Rates, profile: Profile, step: Interval) -> pd.DataFrame:
    """Return the intervals that lie in a horizon: start, end (UTC), of shifts also shift (id).

    In order of start. Shifts may overlap.
    """
    if step != "shift":
        edges = rates.day_edges if step == "day" else rates.edges
        return pd.DataFrame({"start": edges[:-1], "end": edges[1:]})
    days = rates.force_days
    found = Clock.of(profile).shifts(profile.shifts, days[0], len(days))
    whole = found[found["end"] <= rates.edges[-1]]
    return whole[["start", "end", "shift"]].reset_index(drop=True)


def rows(forecast: Forecast, series: Mapping[Row, Selection], when: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one forecast at the intervals *when*, see `backtest`."""
    spans = Spans(pd.DatetimeIndex(when["start"]), pd.DatetimeIndex(when["end"]))
    answers = [forecast.answer(selection, spans) for selection in series.values()]
    # hours and days end where the next one begins, shifts where they say
    written = when if "shift" in when else when[["start"]]
    head = written.iloc[np.tile(np.arange(len(when)), len(series))].reset_index(drop=True)
    head.insert(0, "origin", forecast.origin)
    for name, ids in zip(("area", "call_type", "grade"), zip(*series, strict=True), strict=True):
        head[name] = np.repeat(ids, len(when))
    head["mean"] = np.concatenate([answer.mean for answer in answers])
    quantiles = np.concatenate([answer.distribution.quantiles(QUANTILES) for answer in answers])
    tail = pd.DataFrame(quantiles, columns=list(QUANTILE_COLUMNS))
    tail["baseline"] = np.concatenate([answer.baseline for answer in answers])
    instants = dict.fromkeys({"origin", "start", "end"} & set(head), "datetime64[us, UTC]")
    texts = dict.fromkeys({"shift", "area", "call_type", "grade"} & set(head), "str")
    return pd.concat([head, tail], axis=1).astype(instants | texts)


def _levels(subject: Subject, profile: Profile, tree: AreaTree) -> dict[str, list[Row]]:
    """Return the series of every level, from the total down."""
    places, types = tree.cut(profile.levels.modelled), subject.call_types(profile)
    total = subject.total
    found: dict[str, list[Row]] = {TOTAL: [(tree.root, total, ALL)]}
    for name in tree.levels:
        found[name] = [(area, total, ALL) for area in tree.at_level(name)]
    found[CALL_TYPE] = [(tree.root, kind, ALL) for kind in types]
    found[GRADE] = [(tree.root, total, grade) for grade in profile.grade_ids]
    found[CELL] = [(place, kind, ALL) for place in places for kind in types]
    found[BOTTOM] = [
        (leaf, kind, grade) for leaf in tree.leaves for kind in types for grade in profile.grade_ids
    ]
    return {name: series for name, series in found.items() if series}


def _selection(row: Row, tree: AreaTree) -> Selection:
    area, call_type, grade = row
    return Selection(
        leaves=tree.leaves_of(area),
        call_types=() if call_type == ALL else (call_type,),
        grades=() if grade == ALL else (grade,),
    )


def _views(history: History, plan: BacktestPlan) -> list[AsOf]:
    """Return what was known at each origin."""
    if plan.step != "day" and history.step == "day":
        raise BadQuestion(f"{plan.step}s were asked of a history of daily counts; use --step 1d")
    if plan.step == "shift" and not history.profile.shifts:
        raise BadQuestion(
            "the profile has no shifts; add [[shifts]] to forewatch.toml, or use --step 1d"
        )
    first = pd.Timestamp(plan.first_origin)
    local = first.tz_convert(history.profile.force.zone)
    # the same wall clock at every origin, whatever the clock changes between
    walls = [
        local.tz_localize(None) + pd.Timedelta(days=plan.every_days * k) for k in range(plan.folds)
    ]
    origins = [wall.tz_localize(history.profile.force.zone, ambiguous=True) for wall in walls]
    if origins[-1] > history.observed_until:
        raise BadQuestion(
            f"the last origin would be {origins[-1]}, the counts end at {history.observed_until}; "
            "ask for fewer folds or an earlier first origin"
        )
    last = AsOf(history, origins[-1])  # its pools are drawn once for all
    return [last.at(origin) for origin in origins]
