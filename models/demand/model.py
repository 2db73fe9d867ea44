"""The engine: members forecast days, a blend weighs them, raking makes them coherent, shares split.

1. Each member forecasts the daily calls of every series of the panel.
2. The blend weighs the members by block of leads and level.
3. Raking makes the result coherent: place × call type × day, summing to the levels above.
4. Shares, moved as far as they have drifted, split days into hours; leaf areas and grades are kept
   as shares.
5. Shared shocks, estimated beforehand on past origins and moved as the last weeks ask for, make it
   a joint distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.panel import ALL, Panel, panel
from features.special_days import special_days
from forewatch.arrays import Array, Index
from forewatch.clock import ONE_DAY
from forewatch.errors import DataError
from forewatch.explanations import Factors
from forewatch.pools import areas_of_their_own
from forewatch.rates import Forecast
from forewatch.shocks import Shocks
from models.base import Member
from models.blend import Weights, blend_predictions
from models.explaining import factors, heeds
from models.horizon import rates_over_horizon
from models.hour_drift import current_hours
from models.hours import HourTrees
from models.line_up import fit_members, predictions, replacements, restore_members, states
from models.profiles import hour_profile, shares
from models.raking import Structure, rake, structure
from models.recent_sizes import SpreadFactors, resize_shocks
from models.recipe import Recipe
from models.subject_model import SubjectModel
from models.told_days import ToldDays, counts_of_areas, day_numbers


class Engine(SubjectModel):
    """Forecasts a force's calls; see the module for the steps.

    Attributes:
        told_: what forecasts told of days that their members had not seen, under the sizes of
            `shocks_`: the last past origins', that of the training's end, and those since.
        told_at_: origin of the last of them.
    """

    title = "the model of all calls"
    recipe_type = Recipe
    remembers = True
    recipe: Recipe
    members_: dict[str, Member]
    weights_: Weights | None

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self.members_ = {}
        self.hours_ = HourTrees(recipe.hours, recipe.seed)
        self.area_kinds_: tuple[str, ...] = ()
        self.told_ = ToldDays.none()
        self.told_at_ = ""

    @staticmethod
    def known(view: AsOf, days: int) -> Panel:
        """Return the panel as known at the view's origin."""
        return panel(view, days)

    @staticmethod
    def fit_members(recipe: Recipe, known: Panel, jobs: int = 1) -> dict[str, Member]:
        """Return the recipe's members, fitted to a panel."""
        return fit_members(recipe, known, jobs)

    def fit(
        self,
        view: AsOf,
        weights: Weights,
        shocks: Shocks,
        jobs: int = 1,
        told: ToldDays | None = None,
    ) -> Self:
        """Learn the members, and the trees that bend the shares of hours.

        Args:
            view: what was known.
            weights: see `SubjectModel.fit`; likewise shocks and jobs.
            shocks: sizes of the shared shocks.
            jobs: processes or threads to use.
            told: what past origins told, see `models.recent_sizes`; None: nothing.
        """
        super().fit(view, weights, shocks, jobs)
        self.told_ = ToldDays.none() if told is None else told
        seen = panel(view, self.recipe.origins.horizon_days)
        cells = self._coherent_at(view, seen)(predictions(self.recipe, self.members_, seen), seen)
        self._tell(view.origin, seen.horizon, cells, seen.doubt)
        profile = hour_profile(view, self.recipe.shares)
        self.hours_ = HourTrees(self.recipe.hours, self.recipe.seed, jobs).fit(view, profile)
        self.area_kinds_ = view.profile.area_kind_ids
        return self

    def remember(self, view: AsOf, forecast: Forecast) -> None:
        """Keep what a forecast told of the days ahead, unless it is the one kept last."""
        if forecast.origin.isoformat() != self.told_at_:
            days, areas = forecast.rates.force_days, tuple(view.tree.below(view.tree.root))
            special = special_days(view, days.insert(0, days[0] - ONE_DAY), areas)
            doubt = special.doubt(np.zeros(1, dtype=bool))
            self._tell(forecast.origin, days, np.moveaxis(forecast.rates.daily, 2, 0), doubt)

    def _tell(
        self, origin: pd.Timestamp, days: pd.DatetimeIndex, cells: Array, doubt: Array | None
    ) -> None:
        """Keep what is told of the days ahead, see `ToldDays.of`."""
        _, shocks = self.estimates()
        told = ToldDays.of(days, cells, shocks, doubt)
        first = int(day_numbers(days[:1])[0])
        self.told_ = ToldDays.concat([self.told_.within_memory(first), told])
        self.told_at_ = origin.isoformat()

    def forecast(self, view: AsOf, days: int, *, explained: bool = False) -> Forecast:
        """Return the forecast from the view's origin."""
        _, shocks = self.estimates()
        self._stop_at_other_kinds(view)
        seen = panel(view, days)
        parts = parts_of(view, seen)
        predicted = predictions(self.recipe, self.members_, seen)
        coherent = self._coherent_at(view, seen)
        cells = coherent(predicted, seen)
        factors = SpreadFactors.of(self.told_, seen.days, counts_of_areas(seen))
        shocks, reached = resize_shocks(shocks, factors, np.moveaxis(cells, 0, 2))
        split = shares(view, self.recipe.shares)
        split = replace(split, hours=current_hours(view, split.hours, self.hours_))
        rates = rates_over_horizon(view, seen.horizon, cells, split, self.hours_)
        why = self._factors(seen, predicted, coherent, parts.cells) if explained else None
        sizes = shocks.on_days(seen.doubt)
        return Forecast(view.origin, view.known_until, rates, sizes, why, reached.note())

    def _coherent_at(self, view: AsOf, seen: Panel) -> Callable[[Array, Panel], Array]:
        """Return what makes members' predictions at a view coherent daily calls."""
        weights, _ = self.estimates()
        parts = parts_of(view, seen)
        return partial(_coherent, parts=parts, weights=weights, levels=levels_of(seen))

    def _stop_at_other_kinds(self, view: AsOf) -> None:
        """Stop where trees would take one kind of area for another, or know nothing of it."""
        if view.profile.area_kind_ids != self.area_kinds_:
            raise DataError(
                f"the model was learned with the kinds of area {', '.join(self.area_kinds_)}; the "
                f"profile has {', '.join(view.profile.area_kind_ids)}; train again"
            )

    def _factors(
        self,
        seen: Panel,
        predicted: Array,
        coherent: Callable[[Array, Panel], Array],
        column: Index,
    ) -> Factors:
        """Return what explains the forecast that coherent predictions are."""

        def without(part: str, panel: Panel) -> Array:
            features = panel.covariates.features
            members = self.members_.items()
            heeding = {name: one for name, one in members if heeds(name, part, features)}
            again = predictions(self.recipe, heeding, panel)
            return coherent(np.where(np.isnan(again), predicted, again), panel)

        plain = self.members_.get("loglinear")
        return factors(seen, coherent(predicted, seen), without, column, plain)

    def replacements(self) -> tuple[str, ...]:
        """Return what the other members forecast in the place of one, with the reason."""
        return replacements(self.recipe, self.members_)

    def _own_state(self) -> dict[str, Any]:
        return {
            "members": states(self.members_),
            "hours": self.hours_.state(),
            "area_kinds": list(self.area_kinds_),
            "weights": None if self.weights_ is None else self.weights_.state(),
            "told": self.told_.state(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.members_ = restore_members(state["members"], tuple(self.packages_))
        self.hours_ = HourTrees.from_state(state["hours"])
        self.area_kinds_ = tuple(state["area_kinds"])
        self.weights_ = Weights.from_state(state["weights"])
        self.told_ = ToldDays.from_state(state.get("told"))


MODEL = Engine


def _coherent(
    predicted: Array, seen: Panel, parts: Structure, weights: Weights, levels: Sequence[str]
) -> Array:
    """Return coherent daily calls of the days ahead, shape (days, places, call types)."""
    blend = blend_predictions(predicted, weights, levels, seen.special_ahead)
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
