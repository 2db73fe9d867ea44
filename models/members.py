"""The members of the engine by name: ours, and those that packages of the force's own add."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forewatch import extensions
from forewatch.errors import UnknownName
from forewatch.extensions import Packages
from models.base import Member
from models.boosting import Boosting
from models.loglinear import Loglinear
from models.recipe import Recipe
from models.sarima import Sarima
from models.seasonal_means import SameWeekday8, SameWeekday26, SameWeekday52

MEMBERS: dict[str, type[Member]] = {
    "same_weekday_8": SameWeekday8,
    "same_weekday_26": SameWeekday26,
    "same_weekday_52": SameWeekday52,
    "loglinear": Loglinear,
    "sarima": Sarima,
    "boosting": Boosting,
}
# Those that have settings; the others, and those of packages, are made without arguments.
_BY_RECIPE: dict[str, Callable[[Recipe], Member]] = {
    "loglinear": lambda recipe: Loglinear(recipe.loglinear),
    "sarima": lambda recipe: Sarima(recipe.sarima),
    "boosting": lambda recipe: Boosting(
        recipe.boosting.model_copy(update={"lead_blocks": recipe.lead_blocks}), recipe.seed
    ),
}


def members(packages: Packages = ()) -> Mapping[str, type[Member]]:
    """Return every member by name.

    Args:
        packages: those that may be loaded.

    Raises:
        SettingsError: if a package isn't installed, or can't be loaded.
    """
    return {**extensions.additions(extensions.MEMBERS, packages, type), **MEMBERS}


def member(name: str, recipe: Recipe, packages: Packages = ()) -> Member:
    """Return one member, not fitted.

    Raises:
        UnknownName: if there is none of that name.
        SettingsError: as `members`.
    """
    if name in _BY_RECIPE:
        return _BY_RECIPE[name](recipe)
    known = members(packages)
    if name not in known:
        raise UnknownName("member", name, tuple(known))
    return known[name]()
