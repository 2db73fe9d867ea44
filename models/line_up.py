"""The members that a recipe names: made, fitted, asked, restored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel
from models.base import Member
from models.loglinear import Loglinear
from models.members import MEMBERS
from models.recipe import Recipe
from models.seasonal_means import SameWeekdayMean

Array = NDArray[np.float64]
_WEEKDAY_MEAN = "same_weekday_"


def member(name: str, recipe: Recipe, jobs: int) -> Member:
    """Return one member of the recipe, not fitted.

    Args:
        name: its name.
        recipe: its settings.
        jobs: processes or threads that it may use.
    """
    if name.startswith(_WEEKDAY_MEAN):
        return SameWeekdayMean(int(name.removeprefix(_WEEKDAY_MEAN)))
    if name == "loglinear":
        return Loglinear(recipe.loglinear)
    raise KeyError(name, jobs)


def fitted(recipe: Recipe, seen: Panel, jobs: int) -> dict[str, Member]:
    """Return the recipe's members, fitted to a panel, in the recipe's order."""
    return {name: member(name, recipe, jobs).fit(seen) for name in recipe.members}


def predictions(members: Iterable[Member], seen: Panel) -> Array:
    """Return the members' daily means, shape (members, days ahead, series)."""
    return np.stack([one.predict(seen) for one in members])


def restored(states: dict[str, dict[str, Any]]) -> dict[str, Member]:
    """Return the members whose states these are, by name."""
    return {name: MEMBERS[name].from_state(state) for name, state in states.items()}
