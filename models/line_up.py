"""The members that a recipe names: made, fitted, asked, restored."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from features.panel import Panel
from forewatch.arrays import Array
from forewatch.errors import DataError, NotEnoughHistory, StaleModel
from forewatch.extensions import Packages
from models import artefacts
from models.base import Member, State
from models.members import MEMBERS, member, members, naming
from models.recipe import BASELINE, Recipe


def fit_members(recipe: Recipe, seen: Panel, jobs: int) -> dict[str, Member]:
    """Return the recipe's members, fitted to a panel, in the recipe's order.

    A member for which the panel is too short is left out; the baseline never is.

    Args:
        recipe: names and settings of the members.
        seen: the panel.
        jobs: members fitted at a time, each in a process of its own with one thread.
    """
    made = [member(name, recipe, seen.packages) for name in recipe.members]
    tasks = (delayed(_fit_member)(*pair, seen) for pair in zip(recipe.members, made, strict=True))
    fitted = Parallel(n_jobs=jobs)(tasks) if jobs > 1 else [run(*args) for run, args, _ in tasks]
    pairs = zip(recipe.members, fitted, strict=True)
    return {name: one for name, one in pairs if one is not None}


def _fit_member(name: str, made: Member, seen: Panel) -> Member | None:
    """Return a fitted member, None where the panel is too short for it."""
    with threadpool_limits(1), naming(name):
        try:
            fitted = made.fit(seen)
        except NotEnoughHistory:
            if name == BASELINE:
                raise
            return None
        if fitted is not made:
            raise DataError(
                f"fit of the member {name!r} returned {type(fitted).__name__}; want the member "
                "itself"
            )
        return fitted


def predictions(recipe: Recipe, members: dict[str, Member], seen: Panel) -> Array:
    """Return daily means, shape (members of the recipe, days ahead, series).

    NaN where a member was left out or leaves out a series. Breaks that are announced for the days
    ahead are in them.
    """
    nothing = np.full((len(seen.horizon), len(seen.keys)), np.nan)
    found = [
        _means(name, members[name], seen) if name in members else nothing for name in recipe.members
    ]
    return np.stack(found) * (1.0 if seen.ahead is None else seen.ahead)


def _means(name: str, member: Member, seen: Panel) -> Array:
    """Return what a member forecasts; DataError if it isn't what members promise."""
    with naming(name):
        found = np.asarray(member.predict(seen), dtype=np.float64)
    shape = (len(seen.horizon), len(seen.keys))
    lost = np.isnan(found)
    fits = found.shape == shape and (lost | ((found > 0) & np.isfinite(found))).all()
    says_nothing = lost.all() and name not in MEMBERS  # SARIMA says which and why
    if not fits or (lost.any(0) != lost.all(0)).any() or says_nothing:
        raise DataError(
            f"the member {name!r} forecasts what no member may: want {shape[0]} days × {shape[1]} "
            "series of positive, finite numbers, NaN on all days of a series that is left out; "
            f"found shape {found.shape}, {int(lost.sum())} NaN, smallest "
            f"{np.nanmin(found, initial=np.inf):g}"
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


def states(members: dict[str, Member]) -> dict[str, State]:
    """Return what members learned, by name.

    Raises:
        DataError: if a package's member fails to say it, or says what can't be kept.
    """
    found = {}
    for name, one in members.items():
        with naming(name):
            found[name] = one.state()
            artefacts.stop_if_unfit(found[name])
    return found


def restore_members(
    states: dict[str, dict[str, Any]], packages: Packages = ()
) -> dict[str, Member]:
    """Return the members whose states these are, by name."""
    known = members(packages)
    found = {}
    for name, state in states.items():
        if name not in known:
            raise StaleModel(
                f"the model holds a member {name!r} that no package adds any more; install the "
                "package as it was, or run 'forewatch train'"
            )
        with naming(name):
            found[name] = known[name].from_state(state)
    return found
