"""Past origins: what the members forecast from each, using only what was known then.

Members are fitted anew at the first origin of each group; at the later origins of the group what
was learned stays and recent counts move on, as between two trainings in operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.arrays import Array, Mask
from forewatch.errors import NotEnoughHistory
from forewatch.history import LEAST_TRAINING_DAYS
from forewatch.progress import Progress
from models.base import Member
from models.line_up import fit_members, predictions
from models.recipe import BASELINE, Recipe, RollingOrigins

K = TypeVar("K")  # what members learn from
F = TypeVar("F")  # what they forecast from an origin
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
            None where nothing was taken out of them: then it is the member of that name.
        doubt: how unsure the special days are, shape (H, kinds), see `features.special_days`; None:
            none has a name.
    """

    origin: pd.Timestamp
    group: int
    days: pd.DatetimeIndex
    predicted: Array
    counts: Array
    history_days: int = 0
    honest: Array | None = None
    doubt: Array | None = None

    @property
    def special(self) -> Mask | None:
        """Which days are public holidays or beside one, shape (H,); None: none has a name."""
        return None if self.doubt is None else np.asarray(self.doubt.any(axis=1))


@dataclass
class EarlierFits:
    """What was fitted and forecast before in one backtest, so that nothing is done twice.

    What is known at an origin doesn't depend on who asks: an origin before two trainings gives both
    the same. Of one recipe and history only.

    Args:
        members: those of a model, by the instant that it was fitted at.
        groups: what each group of origins gave, by their instants.
    """

    members: dict[str, Any] = field(default_factory=dict)
    groups: dict[tuple[pd.Timestamp, ...], list[Any]] = field(default_factory=dict)


def past_origins(
    view: AsOf, past: pd.DatetimeIndex, known: Mask, wanted: RollingOrigins, least_share: float
) -> list[list[pd.Timestamp]]:
    """Return the first force-day ahead of each past origin, ascending, in groups of one fit.

    Args:
        view: what is known.
        past: its force-days, ascending, shape (D,).
        known: whether the counts of a day and series are known, shape (D, series).
        wanted: how many origins, and how far apart.
        least_share: of the history that lies before the first origin.

    Raises:
        NotEnoughHistory: if fewer than 16 weeks of counts are known.
    """
    days = int(known.any(axis=1).sum())
    if days < LEAST_TRAINING_DAYS:
        raise NotEnoughHistory(
            f"training needs {LEAST_TRAINING_DAYS} days of counts, {days} are known at "
            f"{view.origin.isoformat()}; import more history or train until later"
        )
    n = min(wanted.folds, max(int(len(past) * (1 - least_share)) // wanted.every_days, 2))
    end = past[-1] + pd.Timedelta(days=1)
    firsts = [end - pd.Timedelta(days=wanted.every_days * k) for k in range(n, 0, -1)]
    size = max(1, min(wanted.fit_every, n // 2))  # two groups at least: one judges the other
    return [firsts[i : i + size] for i in range(0, n, size)]


def call_folds(
    view: AsOf,
    now: Panel,
    recipe: Recipe,
    jobs: int,
    progress: Progress,
    earlier: EarlierFits | None = None,
) -> list[Fold]:
    """Return the members' forecasts from past origins, ascending by origin.

    Args:
        view: what is known; nothing later is used, not even to judge.
        now: the panel at the view's origin, with what happened.
        recipe: members and origins.
        jobs: processes to use; the result does not depend on it.
        progress: is told how many fits are done.
        earlier: what need not be done again, and what is done here.
    """
    known = partial(panel, horizon_days=recipe.origins.horizon_days)
    views = views_from(view, plan(view, now, recipe))
    made = from_origins(views, known, partial(_forecasts, recipe), jobs, progress, earlier)
    return [
        Fold(
            view.clock.day_start(days[0]),
            number,
            days,
            predicted,
            counts_on_days(now, days),
            n,
            honest,
            doubt,
        )
        for number, (days, predicted, n, honest, doubt) in made
    ]


def plan(view: AsOf, now: Panel, recipe: Recipe) -> list[list[pd.Timestamp]]:
    """Return the first force-days ahead, see `past_origins`."""
    return past_origins(view, now.days, np.isfinite(now.counts), recipe.origins, _LEAST_SHARE)


def views_from(view: AsOf, groups: list[list[pd.Timestamp]]) -> list[list[AsOf]]:
    """Return what was known at each origin, by its first force-day ahead."""
    return [[view.at(view.clock.day_start(first)) for first in firsts] for firsts in groups]


def counts_on_days(now: Panel, days: pd.DatetimeIndex) -> Array:
    """Return the counts of the panel's past on some days, see `on_days`."""
    return on_days(now.happened, now.days, days)


def from_origins(
    groups: list[list[AsOf]],
    known: Callable[[AsOf], K],
    forecasts: Callable[[list[K], Any], list[F]],
    jobs: int,
    progress: Progress,
    earlier: EarlierFits | None = None,
) -> Iterator[tuple[int, F]]:
    """Yield the number of its group, and what it gives, of each origin in turn.

    Args:
        groups: what was known at each origin, see `views_from`.
        known: gives what members learn from; only what was known at an origin goes in.
        forecasts: fits on the first of a group, unless members are given that were fitted on it,
            and forecasts from all of it.
        jobs: processes to use; the result does not depend on it.
        progress: is told how many groups are done.
        earlier: what need not be done again; what is done here takes the place of its groups.
    """
    what = "judging on past origins"
    progress(what, 0, len(groups))
    before = EarlierFits() if earlier is None else earlier
    keys = [tuple(view.origin for view in views) for views in groups]
    done = {key: made for key, made in before.groups.items() if key in keys}
    tasks = (
        delayed(forecasts)(
            [known(view) for view in views], before.members.get(views[0].origin.isoformat())
        )
        for key, views in zip(keys, groups, strict=True)
        if key not in before.groups
    )
    workers = Parallel(n_jobs=min(jobs, len(groups)), return_as="generator", pre_dispatch="n_jobs")
    fresh = workers(tasks)
    for number, key in enumerate(keys):
        if key not in done:
            done[key] = next(fresh)
        yield from ((number, one) for one in done[key])
        progress(what, number + 1, len(groups))
    before.groups = done


def on_days(counts: Array, past: pd.DatetimeIndex, days: pd.DatetimeIndex) -> Array:
    """Return the counts of some days, (days, series); NaN not known.

    Args:
        counts: as recorded, whatever the register of breaks says, shape (D, series); those that it
            excludes are unknown and judge nobody.
        past: their force-days, shape (D,).
        days: which.
    """
    at = past.get_indexer(days)
    return np.asarray(np.where((at >= 0)[:, None], counts[at], np.nan))


def _forecasts(
    recipe: Recipe, panels: list[Panel], members: dict[str, Member] | None
) -> list[tuple[pd.DatetimeIndex, Array, int, Array | None, Array | None]]:
    """Return days ahead, predictions, days known, the honest baseline's forecast, doubt of days.

    Members are fitted on the first panel, unless they are given.
    """
    members = fit_members(recipe, panels[0], jobs=1) if members is None else members
    with threadpool_limits(1):
        return [
            (
                seen.horizon,
                predictions(recipe, members, seen),
                len(seen.days),
                members[BASELINE].predict(seen.as_recorded) if seen.recorded is not None else None,
                seen.doubt,
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
