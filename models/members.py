"""The members of the engine by name: ours, and those that packages of the force's own add."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from forewatch import extensions
from forewatch.errors import DataError, ForewatchError, SettingsError, UnknownName
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
        SettingsError: if a package isn't installed, can't be loaded, or adds a member of another
            name than it says, or of one that is Forewatch's own.
    """
    found = extensions.additions(extensions.MEMBERS, packages, type)
    for name, kind in found.items():
        if name in MEMBERS:
            raise SettingsError(
                f"a package of extensions.packages adds the member {name!r}, which is Forewatch's "
                "own; its entry point must have another name"
            )
        if getattr(kind, "name", None) != name:
            raise SettingsError(
                f"the member {name!r} of extensions.packages says that its name is "
                f"{getattr(kind, 'name', None)!r}; want the name of its entry point"
            )
    return {**found, **MEMBERS}


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Say whose fault it is where a member of a package fails.

    Raises:
        DataError: that names the member, in the place of whatever its code raises.
    """
    try:
        yield
    except ForewatchError:
        raise
    except Exception as error:
        if name in MEMBERS:
            raise
        raise DataError(
            f"the member {name!r} of a package of the force's own failed: "
            f"{type(error).__name__}: {error}"
        ) from error


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
    with naming(name):
        return known[name]()
