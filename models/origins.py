"""Past origins: what the members forecast from each, using only what was known then.

Members are fitted anew at the first origin of each group; at the later origins of the group what
was learned stays and recent counts move on, as between two trainings in operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.errors import NotEnoughHistory
from forewatch.history import LEAST_TRAINING_DAYS
from forewatch.progress import Progress
from models.line_up import fitted, predictions
from models.recipe import BASELINE, Recipe

Array = NDArray[np.float64]
_LEAST_SHARE = 0.5  # of the history lies before the first origin


@dataclass(frozen=True)
class Fold:
    """A past origin with what the members forecast from it.

    Args:
        origin: the instant.
        group: number of the fit that forecast; folds of one group share what was learned.
        days: force-days ahead, shape (H,).
        predicted: shape (members, H, series).
        counts: what happened, shape (H, series); NaN where it is not known (yet).
        history_days: force-days of history at the origin.
        honest: what the honest baseline forecast from the counts as recorded, shape (H, series);
            None where no break was known: then it is the member of that name.
    """

    origin: pd.Timestamp
    group: int
    days: pd.DatetimeIndex
    predicted: Array
    counts: Array
    history_days: int
    honest: Array | None = None


def plan(view: AsOf, now: Panel, recipe: Recipe) -> list[list[pd.Timestamp]]:
    """Return the first force-day ahead of each past origin, ascending, in groups of one fit.

    Raises:
        NotEnoughHistory: if fewer than 16 weeks of counts are known.
    """
    days = int(np.isfinite(now.counts).any(axis=1).sum())
    if days < LEAST_TRAINING_DAYS:
        raise NotEnoughHistory(
            f"training needs {LEAST_TRAINING_DAYS} days of counts, {days} are known at "
            f"{view.origin.isoformat()}; import more history or train until later"
        )
    wanted = recipe.origins
    n = min(wanted.folds, max(int(len(now.days) * (1 - _LEAST_SHARE)) // wanted.every_days, 2))
    end = now.days[-1] + pd.Timedelta(days=1)
    firsts = [end - pd.Timedelta(days=wanted.every_days * k) for k in range(n, 0, -1)]
    size = max(1, min(wanted.fit_every, n // 2))  # two groups at least: one judges the other
    return [firsts[i : i + size] for i in range(0, n, size)]


def folds(view: AsOf, now: Panel, recipe: Recipe, jobs: int, progress: Progress) -> list[Fold]:
    """Return the members' forecasts from past origins, ascending by origin.

    Args:
        view: what is known; nothing later is used, not even to judge.
        now: the panel at the view's origin, with what happened.
        recipe: members and origins.
        jobs: processes to use; the result does not depend on it.
        progress: is told how many fits are done.
    """
    groups = plan(view, now, recipe)
    progress("judging on past origins", 0, len(groups))
    tasks = (delayed(_forecasts)(recipe, panels) for panels in _panels(view, groups, recipe))
    workers = Parallel(n_jobs=min(jobs, len(groups)), return_as="generator", pre_dispatch="n_jobs")
    found: list[Fold] = []
    for number, made in enumerate(workers(tasks)):
        for days, predicted, history_days, honest in made:
            origin = view.clock.day_start(days[0])
            counts = happened(now, days)
            found.append(Fold(origin, number, days, predicted, counts, history_days, honest))
        progress("judging on past origins", number + 1, len(groups))
    return found


def happened(now: Panel, days: pd.DatetimeIndex) -> Array:
    """Return the counts of the panel's past on some days, (days, series); NaN not known.

    They are as recorded, whatever the register of breaks says; counts that it excludes are unknown
    and judge nobody.
    """
    at = now.days.get_indexer(days)
    return np.asarray(np.where((at >= 0)[:, None], now.happened[at], np.nan))


def _panels(view: AsOf, groups: list[list[pd.Timestamp]], recipe: Recipe) -> Iterator[list[Panel]]:
    """Return the panels of each group; only what was known at its origin goes into one."""
    for firsts in groups:
        origins = [view.clock.day_start(first) for first in firsts]
        yield [panel(view.at(origin), recipe.origins.horizon_days) for origin in origins]


def _forecasts(
    recipe: Recipe, panels: list[Panel]
) -> list[tuple[pd.DatetimeIndex, Array, int, Array | None]]:
    """Return days ahead, predictions, days known and the honest baseline's forecast.

    Members are fitted on the first panel.
    """
    members = fitted(recipe, panels[0], jobs=1)
    with threadpool_limits(1):
        return [
            (
                seen.horizon,
                predictions(recipe, members, seen),
                len(seen.days),
                members[BASELINE].predict(seen.as_recorded) if seen.breaks else None,
            )
            for seen in panels
        ]


def table(found: list[Fold], recipe: Recipe) -> pd.DataFrame:
    """Return one row an origin and member: mean absolute error of the whole force's day."""
    rows: list[dict[str, Any]] = []
    for fold in found:
        error = np.abs(fold.predicted[:, :, 0] - fold.counts[None, :, 0])
        known = np.isfinite(fold.counts[:, 0])
        for name, one in zip(recipe.members, error, strict=True):
            mae = float(one[known].mean()) if np.isfinite(one[known]).any() else np.nan
            rows.append(
                {
                    "origin": fold.origin,
                    "fit": fold.group,
                    "days": int(known.sum()),
                    "member": name,
                    "mae": mae,
                }
            )
    return pd.DataFrame(rows)
