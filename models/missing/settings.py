"""The recipe of the missing-person model: everything that is chosen before the data are seen."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from forewatch.profile import Frozen
from models.member_settings import ShareSettings
from models.recipe import AnyRecipe, RollingOrigins

Name = Literal[
    "climatology", "season", "two_seasons", "year", "recent", "local", "local_slow", "trees"
]
CLIMATOLOGY: Name = "climatology"


class Priors(Frozen):
    """How large effects are thought to be beforehand: standard deviations on the log scale.

    Args:
        weekday: of a weekday.
        season: of the first yearly harmonic.
        second_season: of the second one.
        special_day: of a public holiday, its eve, the day after, and Christmas and New Year.
        school_holiday: of school holidays and holidays of the force's own.
        tourism: of visitors, as log of visitors over their own mean.
        event: of an event, as log of 1 + thousands of people.
    """

    weekday: float = Field(default=0.3, gt=0)
    season: float = Field(default=0.4, gt=0)
    second_season: float = Field(default=0.3, gt=0)
    special_day: float = Field(default=0.15, gt=0)
    school_holiday: float = Field(default=0.1, gt=0)
    tourism: float = Field(default=0.5, gt=0)
    event: float = Field(default=0.1, gt=0)


class TreeSettings(Frozen):
    """How the trees of the member "trees" grow.

    Args:
        rounds: how many.
        learning_rate, leaves, ridge: LightGBM's own.
        leaf_share: of the days and places, in a leaf, at least.
    """

    rounds: int = Field(default=60, ge=1)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    leaves: int = Field(default=4, ge=2)
    ridge: float = Field(default=5.0, ge=0)
    leaf_share: float = Field(default=0.025, gt=0, lt=0.5)


class MissingRecipe(AnyRecipe):
    """How the missing-person model is trained and judged.

    Args:
        members: names of the members; the climatology, the honest baseline, is always among them.
        lead_blocks: first lead day of each block that has weights and shock sizes of its own.
        belief: how much of the likelihood that past origins give is believed when members are
            weighed: 0 leaves the weights equal, 1 takes counts for independent and Poisson.
        weight_of_the_climatology: its weight beforehand; that of the others is 1.
        priors: sizes of effects beforehand.
        trees: settings of the member "trees".
        recent_half_life_days: memory of the member "recent" for the force's level.
        recent_trust_reports: expected reports at which it believes half of what it sees.
        local_half_life_days: memory of the member "local" for the level of an area.
        slow_half_life_days: the same for "local_slow"; and
        local_trust_reports: expected reports at which both believe half of what they see.
        origins: the past origins.
        shares: hours, leaf areas and grades.
        seed: seed of everything that is drawn.
    """

    baseline: ClassVar[str] = CLIMATOLOGY
    members: tuple[Name, ...] = (
        "climatology",
        "season",
        "two_seasons",
        "year",
        "recent",
        "local",
        "local_slow",
        "trees",
    )
    lead_blocks: tuple[int, ...] = (0, 7, 28)
    belief: float = Field(default=0.2, ge=0, le=1)
    weight_of_the_climatology: float = Field(default=1 / 6, ge=0, le=1)
    priors: Priors = Priors()
    trees: TreeSettings = TreeSettings()
    recent_half_life_days: float = Field(default=60, gt=0)
    recent_trust_reports: float = Field(default=10, gt=0)
    local_half_life_days: float = Field(default=60, gt=0)
    slow_half_life_days: float = Field(default=180, gt=0)
    local_trust_reports: float = Field(default=3, gt=0)
    origins: RollingOrigins = RollingOrigins(folds=24, every_days=28, horizon_days=91, fit_every=3)
    shares: ShareSettings = ShareSettings(days=1092)
    seed: int = 2026
