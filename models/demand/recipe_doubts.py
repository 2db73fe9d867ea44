"""What a recipe names that a history can't give, told before the training and noted after it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from features.panel import Panel
from models.boosting import Boosting
from models.boosting_rows import covariate_names, names
from models.recipe import Recipe
from models.sarima import Sarima


def recipe_doubts(recipe: Recipe, now: Panel, origins: int) -> tuple[str, ...]:
    """Return what of a recipe this history can't give, a line each.

    Args:
        recipe: what is to be trained.
        now: the panel that it is trained on.
        origins: how many past origins the history allows.
    """
    return tuple(_doubts(recipe, now, origins))


def _doubts(recipe: Recipe, now: Panel, origins: int) -> Iterator[str]:
    wanted = recipe.origins
    if origins < wanted.folds:
        yield f"judged on {origins} origins instead of {wanted.folds}: the history is short"
    last = recipe.lead_blocks[-1]
    if last >= wanted.horizon_days:
        yield (
            f"lead_blocks has one that begins {last} days ahead, origins.horizon_days looks "
            f"{wanted.horizon_days} days ahead: it is judged by nothing; give a longer horizon"
        )
    if Boosting.name in recipe.members:
        yield from _blind_to_nothing(recipe, now)
    if Sarima.name in recipe.members:
        calls = pd.DataFrame(now.counts).mean()
        if not (calls >= recipe.sarima.least_calls).any():
            yield (
                f"no series has sarima.least_calls = {recipe.sarima.least_calls:g} calls a day "
                f"(the largest has {calls.max():.2g}): the member {Sarima.name} forecasts none"
            )


def _blind_to_nothing(recipe: Recipe, now: Panel) -> Iterator[str]:
    columns = names(covariate_names(now))
    settings = recipe.boosting
    for place, growth in (("near", settings.near), ("far", settings.far)):
        for name in growth.blind_to:
            if name not in columns:
                yield (
                    f"boosting.{place}.blind_to has {name!r}, which is no column of this history's "
                    f"trees; the columns are {', '.join(columns)}"
                )
