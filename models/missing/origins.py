"""Past origins of the missing-person model: weights of its members, sizes of its shocks.

1. From each origin every member forecasts days that are known by now, with what was known then.
2. Weights: the likelihood of what happened. Each member's means are compared by how well they share
   reports out over places and weeks and over the force's days, as Poisson counts; a part of it
   (`MissingRecipe.belief`) is believed, so that the weights stay near equal until much is seen.
3. Shocks: from squared residuals of days and weeks (`models.missing.spells`).

Source: docs/experiments/008-missing-person-model.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.progress import Progress, silent
from forewatch.shocks import Shocks
from models.missing.members import Members, blend_reports
from models.missing.reports import Reports, reports
from models.missing.settings import CLIMATOLOGY, MissingRecipe
from models.missing.spells import PastReports, sizes
from models.origins import EarlierFits, Fold, from_origins, on_days, past_origins, views_from

_LEAST_SHARE = 0.35  # of the history lies before the first origin
_LEAST_REPORTS = 1e-9


def report_folds(
    view: AsOf,
    recipe: MissingRecipe,
    jobs: int = 1,
    progress: Progress = silent,
    earlier: EarlierFits | None = None,
) -> list[Fold]:
    """Return the members' forecasts from past origins, ascending by origin.

    Args:
        view: what is known; nothing later is used, not even to judge.
        recipe: members and origins.
        jobs: processes to use; the result does not depend on it.
        progress: is told how many fits are done.
        earlier: what need not be done again, and what is done here.

    Raises:
        NotEnoughHistory: if fewer than 16 weeks of counts are known.
    """
    now = reports(view, 1)
    groups = past_origins(view, now.days, now.known, recipe.origins, _LEAST_SHARE)
    known = partial(reports, horizon_days=recipe.origins.horizon_days)
    views = views_from(view, groups)
    made = from_origins(views, known, partial(_forecasts, recipe), jobs, progress, earlier)
    return [
        Fold(
            view.clock.day_start(days[0]),
            number,
            days,
            predicted,
            on_days(now.recorded, now.days, days),
        )
        for number, (days, predicted) in made
    ]


def learn_weights(found: Sequence[Fold], recipe: MissingRecipe) -> tuple[Array, Shocks]:
    """Return weights (blocks, members) and shocks from folds."""
    weights = member_weights(found, recipe)
    means = [blend_reports(fold.predicted, weights, recipe.lead_blocks) for fold in found]
    return weights, report_shocks(found, means, recipe)


def member_weights(found: Sequence[Fold], recipe: MissingRecipe) -> Array:
    """Return the members' weights, shape (blocks of leads, members).

    A block that no fold reached takes the weights of the block before it; without any fold all
    members weigh the same.
    """
    bounds = [*recipe.lead_blocks, np.iinfo(np.int64).max]
    rows: list[Array] = []
    prior = np.ones(len(recipe.members))
    prior[list(recipe.members).index(CLIMATOLOGY)] = recipe.weight_of_the_climatology
    for first, after in pairwise(bounds):
        gain = np.zeros(len(recipe.members))
        seen = 0
        for fold in found:
            part = slice(first, min(after, len(fold.days)))
            known = np.isfinite(fold.counts[part]).all(1)
            seen += int(known.sum())
            # origins overlap where a block is longer than the way between two of them
            overlap = max((min(after, len(fold.days)) - first) / recipe.origins.every_days, 1.0)
            gain += (
                _likelihood(fold.predicted[:, part][:, known], fold.counts[part][known]) / overlap
            )
        if seen or not rows:
            chance = prior * np.exp(recipe.belief * (gain - gain.max()))
            rows.append(chance / chance.sum())
        else:
            rows.append(rows[-1])
    return np.array(rows)


def report_shocks(found: Sequence[Fold], means: Sequence[Array], recipe: MissingRecipe) -> Shocks:
    """Return the sizes of the shocks that the folds ask for, by block of leads.

    Args:
        found: the folds.
        means: each fold's expected reports, shape (H, P).
        recipe: the blocks of leads.
    """
    seen = [PastReports(mean, fold.counts) for fold, mean in zip(found, means, strict=True)]
    return sizes(seen, recipe.lead_blocks, recipe.origins.every_days)


def _likelihood(predicted: Array, counts: Array) -> Array:
    """Return the log likelihood of counts (days, P) under predicted (members, days, P)."""
    if not len(counts):
        return np.zeros(len(predicted))
    mean = np.maximum(predicted, _LEAST_REPORTS)
    places, days = mean.sum(1), mean.sum(2)
    over_places = counts.sum(0) * np.log(places) - places
    over_days = counts.sum(1) * np.log(days / days.sum(1, keepdims=True))
    return np.asarray(over_places.sum(1) + over_days.sum(1))


def _forecasts(
    recipe: MissingRecipe, seen: list[Reports], members: Members | None
) -> list[tuple[pd.DatetimeIndex, Array]]:
    """Return days ahead and predictions, by members fitted on the first reports."""
    with threadpool_limits(1):
        members = Members(recipe).fit(seen[0]) if members is None else members
        return [(one.horizon, members.predict(one)) for one in seen]
