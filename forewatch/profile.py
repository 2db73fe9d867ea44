"""The force's profile, as `forewatch.toml` holds it; unknown keys are refused."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from forewatch.areas import Area, AreaKind, AreaTree

Grade = Literal["immediate", "priority", "routine", "appointment", "no_deployment"]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_\-]{0,62}$")]


class Frozen(BaseModel):
    """Base of every settings, mapping and request model: frozen, extras refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {name!r}; use a name such as Europe/London") from error
    return name


Zone = Annotated[str, AfterValidator(_zone)]  # an IANA name that this machine knows


class Force(Frozen):
    """Name, clock and public holidays of the force."""

    id: Identifier
    name: str
    zone: Zone
    day_starts_at: time = time(7)
    holiday_country: str | None = None
    holiday_subdivision: str | None = None


class CallType(Frozen):
    """A group of calls that is forecast."""

    id: Identifier
    name: str


class Shift(Frozen):
    """A shift by local wall clock; one that ends at or before its start ends the next day."""

    id: Identifier
    name: str
    start: time
    end: time


class AreaEntry(Frozen):
    """A node of the area tree, as the profile writes it."""

    id: Identifier
    name: str
    parent: Identifier | None = None
    kind: AreaKind = "mixed"
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    population: float | None = Field(default=None, ge=0)


class Levels(Frozen):
    """Names of the tree's depths, and the depth at which models are fitted."""

    names: tuple[str, ...] = ("force", "district", "beat")
    modelled: str = "district"

    @model_validator(mode="after")
    def _modelled_is_named(self) -> Self:
        if self.modelled not in self.names:
            raise ValueError(f"modelled = {self.modelled!r} is not one of {', '.join(self.names)}")
        return self


class Publication(Frozen):
    """What is published: how far ahead, which percentiles, when an issue counts as stale."""

    horizon_days: int = Field(default=91, ge=1, le=400)
    percentiles: tuple[Annotated[int, Field(ge=1, le=99)], ...] = (5, 10, 25, 50, 75, 90, 95)
    stale_after_days: int = Field(default=8, ge=1)


class Profile(Frozen):
    """Everything about a force that is not history."""

    force: Force
    levels: Levels = Levels()
    areas: tuple[AreaEntry, ...] = ()
    call_types: tuple[CallType, ...] = Field(min_length=1)
    grades: tuple[Grade, ...] = Field(min_length=1)
    shifts: tuple[Shift, ...] = ()
    publication: Publication = Publication()

    @model_validator(mode="after")
    def _names_stand_once(self) -> Self:
        for what in ("call_types", "shifts"):
            ids = [entry.id for entry in getattr(self, what)]
            if len(set(ids)) < len(ids):
                raise ValueError(f"{what} holds an id twice: {ids}")
        if len(set(self.grades)) < len(self.grades):
            raise ValueError(f"grades holds a grade twice: {self.grades}")
        return self

    def tree(self) -> AreaTree:
        """Return the area tree written in the profile itself."""
        return AreaTree(
            tuple(Area(**entry.model_dump()) for entry in self.areas), self.levels.names
        )

    @property
    def call_type_ids(self) -> tuple[str, ...]:
        """The ids of the call types, in the profile's order."""
        return tuple(call_type.id for call_type in self.call_types)
