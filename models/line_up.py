"""The members that a recipe names: made, fitted, asked, restored."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from features.panel import Panel
from forewatch.arrays import Array
from forewatch.errors import NotEnoughHistory
from models.base import Member
from models.boosting import Boosting
from models.loglinear import Loglinear
from models.members import MEMBERS
from models.recipe import BASELINE, Recipe
from models.sarima import Sarima


def member(name: str, recipe: Recipe) -> Member:
    """Return one member of the recipe, not fitted."""
    if name == "loglinear":
        return Loglinear(recipe.loglinear)
    if name == "sarima":
        return Sarima(recipe.sarima)
    if name == "boosting":
        settings = recipe.boosting.model_copy(update={"lead_blocks": recipe.lead_blocks})
        return Boosting(settings, recipe.seed)
    return MEMBERS[name]()


def fit_members(recipe: Recipe, seen: Panel, jobs: int) -> dict[str, Member]:
    """Return the recipe's members, fitted to a panel, in the recipe's order.

    A member for which the panel is too short is left out; the baseline never is.

    Args:
        recipe: names and settings of the members.
        seen: the panel.
        jobs: members fitted at a time, each in a process of its own with one thread.
    """
    tasks = (delayed(_fit_member)(name, recipe, seen) for name in recipe.members)
    made = Parallel(n_jobs=jobs)(tasks) if jobs > 1 else [run(*args) for run, args, _ in tasks]
    pairs = zip(recipe.members, made, strict=True)
    return {name: one for name, one in pairs if one is not None}


def _fit_member(name: str, recipe: Recipe, seen: Panel) -> Member | None:
    """Return a fitted member, None where the panel is too short for it."""
    with threadpool_limits(1):
        try:
            return member(name, recipe).fit(seen)
        except NotEnoughHistory:
            if name == BASELINE:
                raise
            return None


def predictions(recipe: Recipe, members: dict[str, Member], seen: Panel) -> Array:
    """Return daily means, shape (members of the recipe, days ahead, series).

    NaN where a member was left out or leaves out a series. Breaks that are announced for the days
    ahead are in them.
    """
    nothing = np.full((len(seen.horizon), len(seen.keys)), np.nan)
    found = [members[name].predict(seen) if name in members else nothing for name in recipe.members]
    return np.stack(found) * (1.0 if seen.ahead is None else seen.ahead)


def replacements(recipe: Recipe, members: dict[str, Member]) -> tuple[str, ...]:
    """Return what the other members forecast in the place of one, by name, with the reason."""
    short = "the history is too short for it"
    found = [f"{name} was left out: {short}" for name in recipe.members if name not in members]
    for name, one in members.items():
        replaced: dict[str, str] = getattr(one, "replaced_", {})
        found += [
            f"{name} left out {series}, the other members stand in: {why}"
            for series, why in replaced.items()
        ]
    return tuple(found)


def restore_members(states: dict[str, dict[str, Any]]) -> dict[str, Member]:
    """Return the members whose states these are, by name."""
    return {name: MEMBERS[name].from_state(state) for name, state in states.items()}
