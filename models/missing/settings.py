"""The recipe of the missing-person model: everything that is chosen before the data are seen."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from forewatch.frozen import Frozen
from models.member_settings import ShareSettings
from models.recipe import AnyRecipe, RollingOrigins

Name = Literal["climatology", "season", "two_seasons", "year", "recent", "local", "waves", "trees"]
CLIMATOLOGY: Name = "climatology"


class Priors(Frozen):
    """How large effects are thought to be beforehand: standard deviations on the log scale."""

    weekday: float = Field(default=0.3, gt=0)
    """Of a weekday."""
    season: float = Field(default=0.4, gt=0)
    """Of the first yearly harmonic."""
    second_season: float = Field(default=0.3, gt=0)
    """Of the second one."""
    special_day: float = Field(default=0.15, gt=0)
    """Of a public holiday, its eve, the day after, and Christmas and New Year."""
    school_holiday: float = Field(default=0.1, gt=0)
    """Of school holidays and holidays of the force's own."""
    tourism: float = Field(default=0.5, gt=0)
    """Of visitors, as log of visitors over their own mean."""
    event: float = Field(default=0.1, gt=0)
    """Of an event, as log of 1 + thousands of people."""


class TreeSettings(Frozen):
    """How the trees of the member "trees" grow."""

    rounds: int = Field(default=60, ge=1)
    """How many."""
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    """LightGBM's own."""
    leaves: int = Field(default=4, ge=2)
    """LightGBM's own."""
    ridge: float = Field(default=5.0, ge=0)
    """LightGBM's own."""
    leaf_share: float = Field(default=0.025, gt=0, lt=0.5)
    """Of the days and places, in a leaf, at least."""


class MissingRecipe(AnyRecipe):
    """How the missing-person model is trained and judged."""

    baseline: ClassVar[str] = CLIMATOLOGY
    members: tuple[Name, ...] = (
        "climatology",
        "season",
        "two_seasons",
        "year",
        "recent",
        "local",
        "waves",
        "trees",
    )
    """Names of the members; the climatology, the honest baseline, is always among them."""
    lead_blocks: tuple[int, ...] = (0, 7, 28)
    """First lead day of each block that has weights and shock sizes of its own."""
    belief: float = Field(default=0.2, ge=0, le=1)
    """How much of the likelihood that past origins give is believed when members are weighed: 0
    leaves the weights equal, 1 takes counts for independent and Poisson."""
    weight_of_the_climatology: float = Field(default=1 / 6, ge=0, le=1)
    """Its weight beforehand; that of the others is 1."""
    priors: Priors = Priors()
    """Sizes of effects beforehand."""
    trees: TreeSettings = TreeSettings()
    """Settings of the member "trees"."""
    origins: RollingOrigins = RollingOrigins(folds=24, every_days=28, horizon_days=91, fit_every=3)
    """The past origins."""
    shares: ShareSettings = ShareSettings(days=1092)
    """Hours, leaf areas and grades."""
    seed: int = 2026
    """Seed of everything that is drawn."""
