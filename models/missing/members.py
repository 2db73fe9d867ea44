"""The members of the missing-person model: a shape of the calendar, times a level that moves.

| member | shape | level |
|---|---|---|
| climatology | weekday | all days, force × shrunken share of the area |
| season | one harmonic of the year, holidays, tourism | the same |
| two_seasons | two harmonics | the same |
| year | as season, older days count less | older days count less |
| recent | as season | the force's waves on top (`models.missing.waves`) |
| local | as season | each area's waves on top |
| waves | weekday | the force's waves on top |
| trees | as small trees see it | as season |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from forewatch.arrays import Array
from models.missing.calendar_shape import Kind, Shape, place_shares, shape_of
from models.missing.reports import Reports
from models.missing.settings import MissingRecipe, Name
from models.missing.trees import Trees, trees_of
from models.missing.waves import wave_factors

# Of a force without a single report something is still expected. Source: `models.base.HALF_A_CALL`.
_HALF_A_REPORT = 0.5
_YEAR_DAYS = 365.0


@dataclass(frozen=True)
class Way:
    """How a member forecasts.

    Args:
        kind: the terms of its shape, or "trees".
        half_life_days: how fast older days lose weight, in shape and level; None: not at all.
        waves: whose waves it follows; None: nobody's.
    """

    kind: Kind | Literal["trees"]
    half_life_days: float | None = None
    waves: Literal["force", "place"] | None = None


def ways(recipe: MissingRecipe) -> dict[Name, Way]:
    """Return how each member of the recipe forecasts, in the recipe's order."""
    every: dict[Name, Way] = {
        "climatology": Way("week"),
        "season": Way("season"),
        "two_seasons": Way("two_seasons"),
        "year": Way("season", half_life_days=_YEAR_DAYS),
        "recent": Way("season", waves="force"),
        "local": Way("season", waves="place"),
        "waves": Way("week", waves="force"),
        "trees": Way("trees"),
    }
    return {name: every[name] for name in recipe.members}


class Members:
    """The members of a recipe, fitted together: those of one shape share it.

    Args:
        recipe: names and settings.
    """

    def __init__(self, recipe: MissingRecipe) -> None:
        self.recipe = recipe
        self.shapes_: dict[str, Shape | Trees] = {}
        self.places_: tuple[str, ...] = ()

    def fit(self, seen: Reports) -> Members:
        """Learn the shapes of the calendar."""
        self.places_ = seen.places
        different = {_key(way): way for way in ways(self.recipe).values()}
        self.shapes_ = {key: self._shape(seen, way) for key, way in different.items()}
        return self

    def _shape(self, seen: Reports, way: Way) -> Shape | Trees:
        if way.kind == "trees":
            return trees_of(seen, self.recipe.trees, self.recipe.seed)
        return shape_of(seen, way.kind, self.recipe.priors, way.half_life_days)

    def predict(self, seen: Reports) -> Array:
        """Return expected reports of the days ahead, shape (members, H, P), positive.

        Levels come from the reports given, which may be later than those learned from.
        """
        found = [
            _forecast(seen, self.shapes_[_key(way)], way) for way in ways(self.recipe).values()
        ]
        return np.stack(found) * seen.ahead

    def state(self) -> dict[str, Any]:
        """Return all that was learned."""
        shapes = {key: shape.state() for key, shape in self.shapes_.items()}
        return {"places": list(self.places_), "shapes": shapes}

    def restored(self, state: dict[str, Any]) -> Members:
        """Take over what `state` returned."""
        self.places_ = tuple(state["places"])
        self.shapes_ = {
            key: (Trees if key == "trees" else Shape).from_state(kept)
            for key, kept in state["shapes"].items()
        }
        return self


def _key(way: Way) -> str:
    return way.kind if way.half_life_days is None else f"{way.kind}-{way.half_life_days:g}"


def _forecast(seen: Reports, shape: Shape | Trees, way: Way) -> Array:
    """Return one member's expected reports of the days ahead, shape (H, P)."""
    past = len(seen.days)
    effect = shape.effect(seen)
    age = np.arange(past, 0, -1.0)
    long = np.ones(past) if way.half_life_days is None else 0.5 ** (age / way.half_life_days)
    share = place_shares(seen, effect[:past])
    expected = effect * share * seen_only(seen, past, len(effect))
    total = (long @ seen.filled).sum() + _HALF_A_REPORT
    level = total / max((long @ expected[:past]).sum(), 1e-9)
    found = level * effect[past:] * share
    if way.waves is not None:
        found = found * _waves(seen.filled, level * expected[:past], len(found), way.waves)
    return np.asarray(found)


def _waves(
    counts: Array, expected: Array, days_ahead: int, whose: Literal["force", "place"]
) -> Array:
    if whose == "force":
        counts, expected = (values.sum(1, keepdims=True) for values in (counts, expected))
    return wave_factors(counts, expected, days_ahead)


def seen_only(seen: Reports, past: int, days: int) -> Array:
    """Return 1 where a place and day is known or ahead, 0 where it is unknown, (days, P)."""
    found = np.ones((days, len(seen.places)))
    found[:past] = seen.known
    return found


def blend_reports(predicted: Array, weights: Array, lead_blocks: Sequence[int]) -> Array:
    """Return the weighted mean of the members, shape (H, P).

    Args:
        predicted: shape (members, H, P).
        weights: shape (blocks, members), each row summing to 1.
        lead_blocks: first lead day of each block.
    """
    days = predicted.shape[1]
    block = np.searchsorted(lead_blocks, np.arange(days), side="right") - 1
    return np.asarray(np.einsum("hm,mhp->hp", weights[block], predicted))
