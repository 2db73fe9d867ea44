"""The recipe of a training: everything that is chosen before the data are seen."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import ClassVar, Self

from pydantic import Field, model_validator

from forewatch.frozen import Frozen
from models.member_settings import (
    BoostingSettings,
    HourSettings,
    LoglinearSettings,
    SarimaSettings,
    ShareSettings,
)

MEANS = ("same_weekday_8", "same_weekday_26", "same_weekday_52")
BASELINE, _, LONG_BASELINE = MEANS  # the first is the honest baseline; DOMAIN section 4
OUR_MEMBERS = (*MEANS, "loglinear", "sarima", "boosting")  # what each is: `models.members`


class RollingOrigins(Frozen):
    """The past origins from which members are judged."""

    folds: int = Field(default=12, ge=2)
    """How many origins; fewer where the history is short."""
    every_days: int = Field(default=28, ge=7)
    """Distance between them."""
    horizon_days: int = Field(default=91, ge=7)
    """How far ahead each looks."""
    fit_every: int = Field(default=3, ge=1)
    """Members are fitted anew at every so many origins; in between, what was learned stays and
    recent counts move on, as in weekly operation."""


class AnyRecipe(Frozen):
    """What every recipe has."""

    baseline: ClassVar[str]
    members: tuple[str, ...]
    """Names of the members; the honest baseline is always among them."""
    lead_blocks: tuple[int, ...] = (0, 7, 28)
    """First lead day of each block that has weights and shock sizes of its own."""
    origins: RollingOrigins = RollingOrigins()
    """The past origins."""

    @model_validator(mode="after")
    def _can_be_trained(self) -> Self:
        if self.baseline not in self.members:
            raise ValueError(f"members lack {self.baseline}, the honest baseline; add it")
        if len(set(self.members)) < len(self.members):
            raise ValueError(f"members hold a name twice: {', '.join(self.members)}")
        if self.lead_blocks[:1] != (0,) or list(self.lead_blocks) != sorted(set(self.lead_blocks)):
            raise ValueError(f"lead_blocks ascend from 0; found {self.lead_blocks}")
        return self

    def strange_members(self, added: Collection[str]) -> tuple[str, ...]:
        """Return the names of members that neither Forewatch has nor packages add."""
        del added  # whose names are listed needs no look
        return ()

    def fingerprint(self) -> str:
        """Return a short text that is the same for equal recipes only.

        >>> Recipe().fingerprint() == Recipe(seed=2).fingerprint()
        False
        """
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


class Recipe(AnyRecipe):
    """What is trained, on what, and how it is judged."""

    baseline: ClassVar[str] = BASELINE
    members: tuple[str, ...] = OUR_MEMBERS
    """Names of the members, those of packages too; the honest baseline is always among them."""
    lead_blocks: tuple[int, ...] = (0, 7, 28)
    """First lead day of each block that has weights and shock sizes of its own."""
    weight_power: float = Field(default=4.0, ge=0)
    """How fast a member loses weight with what it is believed to lose; 0 keeps the weights that
    they have beforehand."""
    doubt_looks: float = Field(default=3.0, gt=0)
    """Independent looks at the past at which half of what they say is believed."""
    weight_of_a_mean: float = Field(default=1 / 12, gt=0, le=1)
    """Weight of a mean of past weeks beforehand; that of a model is 1."""
    origins: RollingOrigins = RollingOrigins()
    """The past origins."""
    shares: ShareSettings = ShareSettings()
    """Hours, leaf areas and grades."""
    hours: HourSettings = HourSettings()
    """Trees that bend the shares of hours."""
    loglinear: LoglinearSettings = LoglinearSettings()
    """Settings of the log-linear member."""
    sarima: SarimaSettings = SarimaSettings()
    """Settings of the SARIMA member."""
    boosting: BoostingSettings = BoostingSettings()
    """Settings of the boosted member; its blocks of leads are the recipe's."""
    seed: int = 2026
    """Seed of everything that is drawn."""

    def strange_members(self, added: Collection[str]) -> tuple[str, ...]:
        """Return the names of members that neither Forewatch has nor packages add."""
        return tuple(name for name in self.members if name not in {*OUR_MEMBERS, *added})
