"""Training: judge the members on past origins, weigh them, size the shocks, fit for good.

1. Rolling origins: from each the members forecast days that are known by now (`models.origins`).
2. Weights and shock sizes are found from all of them; for the scores they are found again without
   the origins of the same fit (`models.judging`).
3. The engine is fitted on everything known by *until*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.panel import Panel, panel
from features.public_holidays import BANK_HOLIDAY, strange_names
from forewatch.arrays import Array
from forewatch.history import History
from forewatch.progress import Progress, silent
from models import judging, origins
from models.crossing import Groups, crossed_weights
from models.demand.model import Engine, parts_of, pools_of, sums_of
from models.demand.recipe_doubts import recipe_doubts
from models.demand.report import report
from models.dispersion import at_bounds
from models.judging import PastForecast
from models.origins import EarlierFits, Fold
from models.part_scores import part_scores
from models.past_parts import past_parts
from models.recent_sizes import shocks_of_origins
from models.recipe import Recipe
from models.report import Report
from models.squared_residuals import SquaredResiduals
from models.subject import Training
from models.told_days import told_days_of_origins

_TOLD = 20  # series that are named before the rest is counted
_TOLD_DAYS = 3
_ENDED = 0.05  # of what was counted is learned, at most


@dataclass(frozen=True)
class DemandTraining(Training):
    """What a training on all calls hands over.

    Args:
        model: fitted on everything known by the end of the training.
        scores: one row a level and block of leads, see `models.judging.score_table`.
        notes: what a reader of the report should know.
        losses: see `models.judging.weekly_losses`.
        folds: one row an origin and member, see `models.origins.table`.
        judged: forecasts of the past origins beside what happened.
        keys: level, area, call_type of each series of *judged*.
    """

    model: Engine
    folds: pd.DataFrame
    judged: tuple[PastForecast, ...]
    keys: pd.DataFrame

    def report(self) -> Report:
        """Return what a person reads of it, apart from the gate's verdict."""
        return report(self.model, self.scores, self.folds, self.judged, self.keys)


@dataclass(frozen=True)
class _JudgedFit:
    """The model with the past origins that it was learned from.

    Args:
        model: fitted on everything known by the end of the training.
        now: the panel there.
        folds: forecasts of the members from past origins.
        groups: the same with what is needed to judge them.
        cells: blended forecasts, each by weights of the other groups.
        squares: squared residuals of these.
        doubts: of the recipe.
    """

    model: Engine
    now: Panel
    folds: list[Fold]
    groups: Groups
    cells: list[Array]
    squares: list[SquaredResiduals]
    doubts: tuple[str, ...]


def fit(
    history: History,
    until: pd.Timestamp,
    recipe: Recipe,
    jobs: int = 1,
    progress: Progress = silent,
    earlier: EarlierFits | None = None,
) -> Engine:
    """Return the engine that `train` gives, without its scores; see `Subject.fit`."""
    return _judged_fit(AsOf(history, until), recipe, jobs, progress, earlier).model


def train(
    history: History,
    until: pd.Timestamp,
    recipe: Recipe,
    jobs: int = 1,
    progress: Progress = silent,
) -> DemandTraining:
    """Return the engine trained on what was known at *until*; see `Subject.train`."""
    view = AsOf(history, until)
    judged = _judged_fit(view, recipe, jobs, progress, None)
    groups, now, engine = judged.groups, judged.now, judged.model
    by_group = judging.crossed_shocks(groups, judged.squares, recipe)
    sizes = shocks_of_origins(groups, judged.cells, by_group)
    ours = judging.spread_forecasts(groups, judged.cells, sizes)
    of_days = _day_scores(ours, groups, recipe)
    of_parts = part_scores(groups, judged.cells, sizes, recipe)
    scores, losses = (
        pd.concat(each, ignore_index=True) for each in zip(of_days, of_parts, strict=True)
    )
    progress("scoring", 1, 1)
    notes = (
        *judged.doubts,
        *_notes(engine, judged.folds, now),
        *unknown_ordinary(view),
        *at_bounds(engine.estimates()[1], now.call_types),
        *judging.miscovered(scores),
    )
    return DemandTraining(
        engine,
        scores,
        notes,
        losses,
        origins.table(judged.folds, recipe),
        tuple(ours),
        now.keys,
    )


def _judged_fit(
    view: AsOf, recipe: Recipe, jobs: int, progress: Progress, earlier: EarlierFits | None
) -> _JudgedFit:
    """Return the engine, its weights and shocks from past origins."""
    now = panel(view, 1)
    doubts = recipe_doubts(recipe, now, sum(map(len, origins.plan(view, now, recipe))))
    for doubt in doubts:
        progress(doubt, 0, 0)
    found = origins.call_folds(view, now, recipe, jobs, progress, earlier)
    groups = groups_of(view, now, found, recipe, jobs)
    weights, *crossed = crossed_weights(groups, recipe)
    cells = judging.blended_cells(groups, crossed)
    squares = judging.squared_residuals(groups, cells, recipe)
    shocks = judging.fold_shocks(squares, recipe, len(now.days))
    progress("fitting the engine", 0, 1)
    told = told_days_of_origins(groups, cells, shocks)
    engine = Engine(recipe).fit(view, weights, shocks, jobs, told)
    progress("fitting the engine", 1, 1)
    return _JudgedFit(engine, now, found, groups, cells, squares, tuple(doubts))


def _day_scores(
    ours: list[PastForecast], groups: Groups, recipe: Recipe
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores and sums of losses of days, beside the two baselines where they are there."""
    found = {
        prefix: judging.member_forecasts(groups, recipe, member)
        for prefix, member in judging.PREFIXES.items()
    }
    others = {prefix: alone for prefix, alone in found.items() if alone is not None}
    return (
        judging.score_table(ours, others, groups.level, recipe),
        judging.weekly_losses(ours, others, groups.level, recipe),
    )


def groups_of(view: AsOf, now: Panel, found: list[Fold], recipe: Recipe, jobs: int = 1) -> Groups:
    """Return past origins with what is needed to judge them, parts of days included."""
    return Groups(
        found,
        parts_of(view, now),
        now.keys,
        sums_of(view, now),
        pools_of(view, now),
        past_parts(view, found, recipe, jobs),
    )


def _notes(engine: Engine, found: list[Fold], now: Panel) -> tuple[str, ...]:
    """Return what a reader of the report should know."""
    return (
        *engine.replacements(),
        *absences(engine.recipe, found, now.keys),
        *map(str, now.breaks),
        *storms_and_ends(now),
    )


def storms_and_ends(now: Panel) -> list[str]:
    """Say which series were taken for ended, and which days for a storm's; not among breaks."""
    if now.breaks or now.recorded is None:
        return []
    cells = np.unique(now.cells)
    learned, happened = now.counts[:, cells], now.happened[:, cells]
    ended = np.nansum(learned, axis=0) < _ENDED * np.nansum(happened, axis=0)
    names = [f"{now.keys['area'][i]}/{now.keys['call_type'][i]}" for i in cells[ended]]
    notes = [f"{name} has ended: next to nothing is expected of it" for name in names[:_TOLD]]
    if len(names) > _TOLD:
        notes.append(f"{len(names) - _TOLD:,} more series have ended")
    lower = learned[:, ~ended] < happened[:, ~ended]
    stormy = now.days[np.flatnonzero(lower.any(axis=1))]
    if len(stormy):
        last = ", ".join(f"{day:%Y-%m-%d}" for day in stormy[-_TOLD_DAYS:])
        notes.append(
            f"{len(stormy):,} days were storms of a series and were learned as usual ones, the "
            f"last of them {last}"
        )
    return notes


def unknown_ordinary(view: AsOf) -> tuple[str, ...]:
    """Say which names of [calendar] ordinary no public holiday has."""
    table = view.holidays()
    names = sorted(set(table.loc[table["kind"] == BANK_HOLIDAY, "name"].astype(str)))
    strange = strange_names(view.profile.calendar.ordinary, names)
    return tuple(
        f"[calendar] ordinary has {name!r}, which is the name of no public holiday; the names are "
        f"{', '.join(names) or 'none'}"
        for name in strange
    )


def absences(recipe: Recipe, found: list[Fold], keys: pd.DataFrame) -> list[str]:
    """Say which series a member left out from some of the past origins that it took part in."""
    notes: list[str] = []
    for at, name in enumerate(recipe.members):
        gaps = np.array([np.isnan(fold.predicted[at]).any(axis=0) for fold in found])
        gaps = gaps[~gaps.all(axis=1)]
        series = zip(keys["area"], keys["call_type"], gaps.sum(0), strict=True)
        notes += [
            f"{name} left out {area}/{kind} from {n} of {len(gaps)} past origins, the other "
            "members stood in: its fit failed, left the range, or had too little to learn from"
            for area, kind, n in series
            if 0 < n < len(gaps)
        ]
    more = [f"{len(notes) - _TOLD:,} more series were left out from some past origins"]
    return notes if len(notes) <= _TOLD else notes[:_TOLD] + more
