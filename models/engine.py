"""The engine: members forecast days, a blend weighs them, raking makes them coherent, shares split.

1. Each member forecasts the daily calls of every series of the panel.
2. The blend weighs the members by block of leads and level.
3. Raking makes the result coherent: place × call type × day, summing to the levels above.
4. Shares split days into hours; leaf areas and grades are kept as shares.
5. Shared shocks, estimated beforehand on past origins, make it a joint distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import AsOf
from features.panel import ALL, Panel, panel
from forewatch.clock import HOUR_US, instants_us
from forewatch.errors import DataError, NotFitted
from forewatch.explanations import Factors
from forewatch.pools import areas_of_their_own
from forewatch.rates import Forecast, Rates
from forewatch.shocks import Shocks
from models.artefacts import restoring
from models.base import Member
from models.blend import Weights, blended
from models.explaining import factors, heeds
from models.hour_rows import Timeline
from models.hours import HourTrees
from models.line_up import fitted, predictions, restored
from models.profiles import Shares, hour_profile, kinds_of_day, shares, split
from models.raking import Structure, rake, structure
from models.recipe import Recipe

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Engine:
    """Forecasts a force's calls; see the module for the steps.

    Args:
        recipe: everything chosen before the data are seen.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.members_: dict[str, Member] = {}
        self.hours_ = HourTrees(recipe.hours, recipe.seed)
        self.weights_: Weights | None = None
        self.shocks_: Shocks | None = None
        self.fitted_at_: str = ""
        self.data_version_: str = ""

    def fit(self, view: AsOf, weights: Weights, shocks: Shocks, jobs: int = 1) -> Self:
        """Learn the members from what was known at the view's origin.

        Args:
            view: what was known.
            weights: weights of the members, from past origins.
            shocks: sizes of the shared shocks, from past origins.
            jobs: processes or threads to use.
        """
        seen = panel(view, self.recipe.origins.horizon_days)
        self.members_ = fitted(self.recipe, seen, jobs)
        profile = hour_profile(view, self.recipe.shares)
        self.hours_ = HourTrees(self.recipe.hours, self.recipe.seed).fit(view, profile)
        self.weights_, self.shocks_ = weights, shocks
        self.fitted_at_, self.data_version_ = view.origin.isoformat(), view.version
        return self

    def with_members(self, members: dict[str, Member], view: AsOf) -> Self:
        """Return an engine with the same weights and shocks and members fitted on another view."""
        engine = type(self)(self.recipe)
        engine.members_, engine.weights_, engine.shocks_ = members, self.weights_, self.shocks_
        engine.hours_ = self.hours_
        engine.fitted_at_, engine.data_version_ = view.origin.isoformat(), view.version
        return engine

    def forecast(self, view: AsOf, days: int, *, explained: bool = False) -> Forecast:
        """Return the forecast from the view's origin.

        Args:
            view: what is known; its origin may be later than the one fitted on.
            days: force-days ahead, from the first that begins at or after the origin.
            explained: whether to give the factors that explain it, at several times the cost.

        Raises:
            NotFitted: if nothing was learned yet.
            DataError: if the force's areas or call types changed since.
        """
        if self.weights_ is None or self.shocks_ is None:
            raise NotFitted("the engine is not fitted; train first")
        seen = panel(view, days)
        parts = parts_of(view, seen)
        predicted = predictions(self.recipe, self.members_, seen)
        coherent = partial(_coherent, parts=parts, weights=self.weights_, levels=levels_of(seen))
        cells = coherent(predicted)
        profile = shares(view, self.recipe.shares)
        rates = spread(view, seen.horizon, cells, profile, self.hours_)
        why = self._factors(seen, predicted, coherent, parts.cells) if explained else None
        return Forecast(view.origin, view.known_until, rates, self.shocks_, why)

    def _factors(
        self, seen: Panel, predicted: Array, coherent: Callable[[Array], Array], column: Index
    ) -> Factors:
        """Return what explains the forecast that coherent predictions are."""

        def without(part: str, panel: Panel) -> Array:
            features = panel.covariates.features
            members = self.members_.items()
            heeding = {name: one for name, one in members if heeds(name, part, features)}
            again = predictions(self.recipe, heeding, panel)
            return coherent(np.where(np.isnan(again), predicted, again))

        plain = self.members_.get("loglinear")
        return factors(seen, coherent(predicted), without, column, plain)

    def state(self) -> dict[str, Any]:
        """Return all that was learned: JSON values, numeric arrays, text of boosters."""
        if self.weights_ is None or self.shocks_ is None:
            raise NotFitted("the engine is not fitted; there is no state to keep")
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "members": {name: member.state() for name, member in self.members_.items()},
            "hours": self.hours_.state(),
            "weights": self.weights_.state(),
            "shocks": self.shocks_.state(),
            "fitted_at": self.fitted_at_,
            "data_version": self.data_version_,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the engine whose state this was.

        Raises:
            StaleModel: if other code wrote it, with other settings or other parts.
        """
        with restoring("the model"):
            engine = cls(Recipe.model_validate(state["recipe"]))
            engine.members_ = restored(state["members"])
            engine.hours_ = HourTrees.from_state(state["hours"])
            engine.weights_ = Weights.from_state(state["weights"])
            engine.shocks_ = Shocks.from_state(state["shocks"])
            engine.fitted_at_, engine.data_version_ = state["fitted_at"], state["data_version"]
        return engine


def _coherent(predicted: Array, parts: Structure, weights: Weights, levels: Sequence[str]) -> Array:
    """Return coherent daily calls of the days ahead, shape (days, places, call types)."""
    blend = blended(predicted, weights, levels)
    if not np.isfinite(blend).all():
        raise DataError("a member's forecast is not finite; train again and see the report")
    return rake(blend, parts)


def levels_of(seen: Panel) -> list[str]:
    """Return the level of each series of a panel."""
    return [str(level) for level in seen.keys["level"]]


def parts_of(view: AsOf, seen: Panel) -> Structure:
    """Return which series of a panel is which part of the force."""
    places = view.tree.cut(view.profile.levels.modelled)
    return structure(seen.keys, view.tree, places, view.profile.call_type_ids)


def sums_of(view: AsOf, seen: Panel) -> list[tuple[Index, Index]]:
    """Return the positions of the places and of the call types that each series sums over."""
    places = view.tree.cut(view.profile.levels.modelled)
    types = view.profile.call_type_ids
    return [
        (
            np.array([i for i, place in enumerate(places) if place in view.tree.below(area)]),
            np.arange(len(types)) if kind == "all" else np.array([types.index(kind)]),
        )
        for area, kind in zip(seen.keys["area"], seen.keys["call_type"], strict=True)
    ]


def pools_of(view: AsOf, seen: Panel) -> list[Index]:
    """Return the series that are told together, because their areas were ever pooled."""
    found: list[Index] = []
    for (_, kind), rows in seen.keys.groupby(["level", "call_type"], sort=False):
        kinds = seen.call_types if kind == ALL else (str(kind),)
        if not all(view.ever_pooled.get(one) for one in kinds):
            continue  # what is drawn is a part of it at most
        pools = [pool for one in kinds for pool in view.ever_pooled[one]]
        number = dict(zip(rows["area"], rows.index, strict=True))
        found += [
            np.array([number[area] for area in together])
            for together in areas_of_their_own(view.tree, pools, tuple(number))
            if len(together) > 1
        ]
    return found


def spread(
    view: AsOf, days: pd.DatetimeIndex, cells: Array, parts: Shares, hours: HourTrees
) -> Rates:
    """Return the rates of a horizon.

    Args:
        view: what is known; gives the clock, the tree and the holidays.
        days: force-days of the horizon (local dates), shape (days,).
        cells: coherent daily calls, shape (days, places, call types).
        parts: shares of hours, leaf areas and grades.
        hours: what bends the shares of hours.
    """
    clock, first = view.clock, days[0]
    if view.step == "hour":
        edges, day = clock.hour_edges(first, len(days)), clock.hour_days(first, len(days))
        slot = clock.local_hour(edges[:-1])
        length = np.diff(instants_us(edges)) / HOUR_US  # of one half hour, say, half a share
    else:
        edges, day = clock.day_edges(first, len(days)), np.arange(len(days))
        slot, length = np.zeros(len(days), np.int64), np.ones(len(days))
    weekday = days.day_of_week.to_numpy()
    bend = hours.bend(view, Timeline(days, day, slot, edges)) * length
    return Rates(
        step=view.step,
        edges=edges,
        force_days=days,
        day=day,
        slot=slot,
        places=view.tree.cut(view.profile.levels.modelled),
        call_types=view.profile.call_type_ids,
        grades=view.profile.grades,
        leaves=view.tree.leaves,
        base=split(cells, parts.hours, kinds_of_day(view, days), day, slot, bend),
        baseline=parts.baseline[:, :, weekday[day], slot] * length,
        leaf_place=parts.leaf_place,
        leaf_shares=parts.leaves,
        grade_shares=parts.grades,
    )
