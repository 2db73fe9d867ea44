"""The members that a recipe names: made, fitted, asked, restored."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from features.panel import Panel
from forewatch.arrays import Array
from forewatch.errors import DataError, ForewatchError, NotEnoughHistory
from forewatch.extensions import Packages
from models.base import Member
from models.members import member, members
from models.recipe import BASELINE, OUR_MEMBERS, Recipe


def fit_members(recipe: Recipe, seen: Panel, jobs: int) -> dict[str, Member]:
    """Return the recipe's members, fitted to a panel, in the recipe's order.

    A member for which the panel is too short is left out; the baseline never is.

    Args:
        recipe: names and settings of the members.
        seen: the panel.
        jobs: members fitted at a time, each in a process of its own with one thread.
    """
    made = [member(name, recipe, seen.packages) for name in recipe.members]
    tasks = (delayed(_fit_member)(one, seen) for one in made)
    fitted = Parallel(n_jobs=jobs)(tasks) if jobs > 1 else [run(*args) for run, args, _ in tasks]
    pairs = zip(recipe.members, fitted, strict=True)
    return {name: one for name, one in pairs if one is not None}


def _fit_member(made: Member, seen: Panel) -> Member | None:
    """Return a fitted member, None where the panel is too short for it."""
    with threadpool_limits(1):
        try:
            return made.fit(seen)
        except NotEnoughHistory:
            if made.name == BASELINE:
                raise
            return None
        except Exception as error:
            raise _own_fault(made, error) from error


def _own_fault(member: Member, error: Exception) -> Exception:
    """Return the error as it is; of a package's member one that says whose it is."""
    if member.name in OUR_MEMBERS or isinstance(error, ForewatchError):
        return error
    return DataError(
        f"the member {member.name!r} of a package of the force's own failed: "
        f"{type(error).__name__}: {error}"
    )


def predictions(recipe: Recipe, members: dict[str, Member], seen: Panel) -> Array:
    """Return daily means, shape (members of the recipe, days ahead, series).

    NaN where a member was left out or leaves out a series. Breaks that are announced for the days
    ahead are in them.
    """
    nothing = np.full((len(seen.horizon), len(seen.keys)), np.nan)
    found = [_means(members[name], seen) if name in members else nothing for name in recipe.members]
    return np.stack(found) * (1.0 if seen.ahead is None else seen.ahead)


def _means(member: Member, seen: Panel) -> Array:
    """Return what a member forecasts; DataError if it isn't what members promise."""
    try:
        found = member.predict(seen)
    except Exception as error:
        raise _own_fault(member, error) from error
    shape = (len(seen.horizon), len(seen.keys))
    if found.shape != shape or not (np.isnan(found) | ((found > 0) & np.isfinite(found))).all():
        raise DataError(
            f"the member {member.name!r} forecasts what no member may: want {shape[0]} days × "
            f"{shape[1]} series of positive, finite numbers, NaN for a series that is left out; "
            f"found shape {found.shape}, smallest {np.nanmin(found, initial=np.inf):g}"
        )
    return found


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


def restore_members(
    states: dict[str, dict[str, Any]], packages: Packages = ()
) -> dict[str, Member]:
    """Return the members whose states these are, by name."""
    known = members(packages)
    return {name: known[name].from_state(state) for name, state in states.items()}
