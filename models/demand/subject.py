"""All calls of a force, by call type."""

from __future__ import annotations

from models.recipe import Recipe
from models.subject import Subject

DEMAND = Subject(
    name="demand",
    title="demand",
    package="models.demand",
    settings_table="training",
    meaning="The recipe by which the model of all calls is trained and judged.",
    recipe_type=Recipe,
    counted=lambda profile: profile.call_type_ids,
    columns={
        "level": "level",
        "block": "days ahead",
        "calls": "calls a day",
        "crps": "CRPS",
        "baseline_crps": "8-week mean",
        "baseline52_crps": "52-week mean",
        "floor_crps": "perfect",
        "coverage_80": "in 80 % band",
    },
)
