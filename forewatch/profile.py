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
    """Name, clock and public holidays of the force.

    Args:
        id: names the force's model in the registry; lower case.
        name: as its people write it.
        zone: IANA name of the time zone, such as Europe/London.
        day_starts_at: local time at which the force-day begins.
        holiday_country: two-letter code of the country whose bank holidays count, such as GB.
        holiday_subdivision: its part, such as ENG; neither: only imported holidays count.
    """

    id: Identifier
    name: str
    zone: Zone
    day_starts_at: time = time(7)
    holiday_country: str | None = None
    holiday_subdivision: str | None = None


class CallType(Frozen):
    """A group of calls that is forecast.

    Args:
        id: used in mappings, questions and answers.
        name: as a person reads it.
    """

    id: Identifier
    name: str


class Shift(Frozen):
    """A shift by local wall clock; one that ends at or before its start ends the next day.

    Args:
        id: part of the stable id of each period, such as 2026-11-30/early.
        name: as a person reads it.
        start: local time at which it begins; it belongs to the force-day of that instant.
        end: local time at which it ends; shifts may overlap.
    """

    id: Identifier
    name: str
    start: time
    end: time


class AreaEntry(Frozen):
    """A node of the area tree, as the profile writes it.

    Args:
        id: used in mappings, questions and answers.
        name: as a person reads it.
        parent: id of the area above; only the whole force has none.
        kind: what it is like: urban, rural, coast or mixed.
        lat: latitude of its middle, degrees.
        lon: longitude of its middle, degrees.
        population: residents.
    """

    id: Identifier
    name: str
    parent: Identifier | None = None
    kind: AreaKind = "mixed"
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    population: float | None = Field(default=None, ge=0)


class Levels(Frozen):
    """Names of the tree's depths, and the depth at which models are fitted.

    Args:
        names: from the whole force down, one for each depth.
        modelled: the depth whose areas are forecast; what is below takes its share of them.
    """

    names: tuple[str, ...] = ("force", "district", "beat")
    modelled: str = "district"

    @model_validator(mode="after")
    def _modelled_is_named(self) -> Self:
        if self.modelled not in self.names:
            raise ValueError(f"modelled = {self.modelled!r} is not one of {', '.join(self.names)}")
        return self


class Publication(Frozen):
    """What is published.

    Args:
        horizon_days: force-days ahead that an issue covers.
        percentiles: percentiles of an answer, unless others are asked for.
        stale_after_days: age of the data at which answers are marked stale.
    """

    horizon_days: int = Field(default=91, ge=1, le=400)
    percentiles: tuple[Annotated[int, Field(ge=1, le=99)], ...] = (5, 10, 25, 50, 75, 90, 95)
    stale_after_days: int = Field(default=8, ge=1)


class Profile(Frozen):
    """Everything about a force that is not history.

    Args:
        force: name, clock and public holidays.
        levels: the depths of the area tree.
        areas: the area tree; leave it out where areas are imported.
        call_types: what is forecast, at least one.
        grades: the grades in use, from immediate, priority, routine, appointment, no_deployment.
        shifts: the shifts by which forecasts may be asked for.
        publication: what is published.
    """

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
