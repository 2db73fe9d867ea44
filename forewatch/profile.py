"""The force's profile, as `forewatch.toml` holds it; unknown keys are refused."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from forewatch.area_kinds import (
    MIXED,
    STANDARD_AREA_KINDS,
    AreaKind,
    area_kinds_of,
    with_mixed,
)
from forewatch.areas import RESERVED_IDS, Area, AreaTree
from forewatch.explanation_parts import FED, TAKEN
from forewatch.extensions import Extensions
from forewatch.frozen import Frozen, Identifier
from forewatch.grades import STANDARD_GRADES, Grade, grades_of
from forewatch.shifts import Shift
from forewatch.staffing import Staffing

MISSING_PERSON = "missing_person"  # what missing-person reports are published under
# Clocks since 1990 differ from UTC by whole quarters of an hour; days that begin between quarters
# are slips of the pen, and no table of hours would be read by them.
_DAY_STARTS_MINUTES = 15
_SHARES_ERR = 1e-6  # how far shares written in decimals may be from adding up to 1
HoursShape = Literal["lognormal", "gamma"]


def _stop_at_repeated(what: str, values: tuple[int, ...]) -> None:
    if len(set(values)) < len(values):
        raise ValueError(f"{what} holds a number twice: {', '.join(map(str, values))}; keep one")


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
    """Names the force's model in the registry; lower case."""
    name: str
    """As its people write it."""
    zone: Zone
    """IANA name of the time zone, such as Europe/London."""
    day_starts_at: time = time(7)
    """Local time at which the force-day begins, at a quarter of an hour; its hours are counted from
    there."""
    holiday_country: str | None = None
    """Two-letter code of the country whose bank holidays count, such as GB."""
    holiday_subdivision: str | None = None
    """Its part, such as ENG; neither: only imported holidays count."""

    @field_validator("day_starts_at")
    @classmethod
    def _at_a_quarter(cls, at: time) -> time:
        if at.tzinfo is not None:
            raise ValueError(
                f"day_starts_at = {at.isoformat()} has a time zone; write the local time, such as "
                f"{at:%H:%M}, and the zone under zone"
            )
        quarter = at.replace(minute=at.minute // _DAY_STARTS_MINUTES * _DAY_STARTS_MINUTES)
        if at.minute != quarter.minute or at.second or at.microsecond:
            raise ValueError(
                f"day_starts_at = {at.isoformat()} is not at a quarter of an hour; use "
                f"{quarter:%H:%M} or another one (shifts may start at any minute)"
            )
        return at


class CallType(Frozen):
    """A group of calls that is forecast."""

    id: Identifier
    """Used in mappings, questions and answers."""
    name: str
    """As a person reads it."""


class AreaEntry(Frozen):
    """A node of the area tree, as the profile writes it."""

    id: Identifier
    """Used in mappings, questions and answers."""
    name: str
    """As a person reads it."""
    parent: Identifier | None = None
    """Id of the area above; only the whole force has none."""
    kind: Identifier = MIXED
    """What it is like: the id of a kind of area."""
    lat: float | None = Field(default=None, ge=-90, le=90)
    """Latitude of its middle, degrees."""
    lon: float | None = Field(default=None, ge=-180, le=180)
    """Longitude of its middle, degrees."""
    population: float | None = Field(default=None, ge=0)
    """Residents."""


class Levels(Frozen):
    """Names of the tree's depths, and the depth at which models are fitted."""

    names: tuple[str, ...] = ("force", "district", "beat")
    """From the whole force down, one for each depth."""
    modelled: str = "district"
    """The depth whose areas are forecast; what is below takes its share of them."""

    @model_validator(mode="after")
    def _modelled_is_named(self) -> Self:
        if self.modelled not in self.names:
            raise ValueError(f"modelled = {self.modelled!r} is not one of {', '.join(self.names)}")
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"names holds a level twice: {', '.join(self.names)}")
        if words := sorted(RESERVED_IDS.intersection(self.names)):
            raise ValueError(
                f"no level may be named {', '.join(words)}: in questions it stands for something "
                "else; give the level another name"
            )
        return self


class Calendar(Frozen):
    """Which public holidays matter to demand."""

    ordinary: tuple[str, ...] = ()
    """Names of public holidays that nobody takes off, as the country's list or the imported table
    writes them, such as "Cesar Chavez Day", capital letters aside: ordinary days to all models.
    Duty and its costs go by the whole list."""


class Publication(Frozen):
    """What is published."""

    horizon_days: int = Field(default=91, ge=1, le=400)
    """Force-days ahead that an issue covers."""
    percentiles: tuple[Annotated[int, Field(ge=1, le=99)], ...] = (5, 10, 25, 50, 75, 90, 95)
    """Percentiles of an answer, unless others are asked for."""
    stale_after_days: int = Field(default=8, ge=1)
    """Age of the data at which answers are marked stale."""

    @model_validator(mode="after")
    def _percentiles_stand_once(self) -> Self:
        _stop_at_repeated("percentiles", self.percentiles)
        return self


class Reserved(Frozen):
    """Officer-hours that an area keeps free for missing-person work in each period of a kind."""

    area: Identifier
    """Id of the area."""
    period: Identifier
    """"day", "week" or the id of a shift."""
    hours: float = Field(ge=0)
    """Officer-hours in one such period."""


class Missing(Frozen):
    """Missing-person demand: areas and times, never persons."""

    call_types: tuple[Identifier, ...] = ()
    """Ids of the call types that are missing-person reports, forecast as their sum; none: the call
    type "missing_person", where the profile has it."""
    mean_hours: float = Field(default=13.0, gt=0)
    """Officer-hours that one case takes on average (13: assumed, from published figures of one
    force)."""
    hours_cv: float = Field(default=1.5, ge=0.1, le=5)
    """Their standard deviation divided by their mean (1.5: assumed)."""
    hours_shape: HoursShape = "lognormal"
    """Distribution of the hours of a case; lognormal has the heavier tail."""
    # Found within 24 and 48 hours: 79 and 90 % of children, 76 and 86 % of adults, 40 % children;
    # the rest at the second day's pace over the days to the seventh (DOMAIN, section 7).
    release: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(0.772, 0.104, 0.059, 0.032, 0.018, 0.010, 0.005), min_length=1, max_length=28
    )
    """Shares of a case's hours that land in the first 24 hours after the report, the second 24
    hours and so on; they add up to 1."""
    at_least: tuple[Annotated[int, Field(ge=1, le=100)], ...] = Field(
        default=(1, 2, 3), min_length=1
    )
    """Numbers of reports k for which P(at least k) is given."""
    reserved: tuple[Reserved, ...] = ()
    """Officer-hours kept free, by area and period."""
    may_be_short: float = Field(default=0.2, gt=0, lt=1)
    """Probability that more hours land than are reserved, above which the band says that they may
    be short."""
    short: float = Field(default=0.5, gt=0, lt=1)
    """The same probability, above which it says that they are short."""

    @model_validator(mode="after")
    def _shares_and_thresholds(self) -> Self:
        _stop_at_repeated("at_least", self.at_least)
        if abs(sum(self.release) - 1) > _SHARES_ERR:
            raise ValueError(f"release adds up to {sum(self.release):.6g}; its shares make 1")
        if self.may_be_short > self.short:
            raise ValueError(f"may_be_short = {self.may_be_short} is above short = {self.short}")
        return self


class Privacy(Frozen):
    """Small areas are pooled: of their reports only the sum over the pool is learned."""

    call_types: tuple[Identifier, ...] | None = None
    """Ids of the call types that are pooled, each by itself; left out: the missing-person types;
    []: none, and every issue then says so."""
    least_yearly_reports: int = Field(default=50, ge=0)
    """An area with fewer reports of the call type a year is pooled with others."""
    least_population: int = Field(default=1000, ge=0)
    """So is one with fewer residents."""


class Covariate(Frozen):
    """A series of the force's own that bears on demand, such as the weather, footfall, paydays."""

    id: Identifier
    """Used in imported files."""
    name: str
    """As a person reads it."""
    unit: str = ""
    """Of its values."""
    known: Literal["announced", "measured", "forecast"]
    """announced: days without a value have nothing of it (paydays); measured: values come after
    their day; forecast: before it, and better ones later."""
    beyond: Literal["none", "last_year", "climatology"] = "none"
    """What stands in where no value is known (of announced ones none does): nothing; the mean of
    the last 364 days known; the mean of the same weekday at that time of the year."""
    level: str | None = None
    """The depth of the tree whose areas have values; left out: one value for the force."""
    nothing: float = 0.0
    """The value of a day that has nothing of it; an explanation compares with it."""
    step: float = Field(default=1.0, gt=0)
    """A change that is worth speaking of, in its unit."""
    prior: float = Field(default=0.1, gt=0, le=1)
    """How large the effect of one step is thought to be: standard deviation on the log scale."""
    part: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")] | None = None
    """The part of an explanation that it feeds: season, holiday, tourism, events, or another name;
    left out: its id."""

    @property
    def its_part(self) -> str:
        """The part of an explanation that it feeds."""
        return self.part or self.id.replace("-", "_")


class Profile(Frozen):
    """Everything about a force that is not history."""

    force: Force
    """Name, clock and public holidays."""
    levels: Levels = Levels()
    """The depths of the area tree."""
    area_kinds: Annotated[
        tuple[AreaKind, ...], BeforeValidator(area_kinds_of), AfterValidator(with_mixed)
    ] = STANDARD_AREA_KINDS
    """The kinds of area that are told apart; of a standard one (urban, rural, coast, mixed) the id
    is enough: area_kinds = ["urban", "rural"]. "mixed" is added where it is left out: areas that
    say no kind are of it."""
    areas: tuple[AreaEntry, ...] = ()
    """The area tree; leave it out where areas are imported."""
    call_types: tuple[CallType, ...] = Field(min_length=1)
    """What is forecast, at least one."""
    grades: Annotated[tuple[Grade, ...], BeforeValidator(grades_of)] = STANDARD_GRADES
    """The grades in use; of a standard one (immediate, priority, routine, appointment,
    no_deployment) the id is enough: grades = ["immediate", "routine"]."""
    shifts: tuple[Shift, ...] = ()
    """The shifts by which forecasts may be asked for."""
    calendar: Calendar = Calendar()
    """Which public holidays matter to demand."""
    publication: Publication = Publication()
    """What is published."""
    missing: Missing = Missing()
    """Missing-person demand."""
    privacy: Privacy = Privacy()
    """Which small areas are pooled, and for which call types."""
    staffing: Staffing = Staffing()
    """Officers: what calls take, and how duty is laid out."""
    covariates: tuple[Covariate, ...] = ()
    """Series of the force's own that bear on demand."""
    extensions: Extensions = Extensions()
    """Packages of the force's own, that add features, members or subjects."""

    @model_validator(mode="after")
    def _names_stand_once(self) -> Self:
        for what in ("call_types", "grades", "shifts", "covariates", "area_kinds"):
            ids = [entry.id for entry in getattr(self, what)]
            if len(set(ids)) < len(ids):
                raise ValueError(f"{what} holds an id twice: {ids}")
        return self

    @model_validator(mode="after")
    def _call_types_are_no_other_words(self) -> Self:
        others = RESERVED_IDS.union(self.levels.names)
        for what, ids in (("call type", self.call_type_ids), ("grade", self.grade_ids)):
            if words := [name for name in ids if name in others]:
                raise ValueError(
                    f"no {what} may have the id {', '.join(words)}: it is a word of questions "
                    f"(all, each, exclude) or a level of areas; give the {what} another id"
                )
        return self

    @model_validator(mode="after")
    def _areas_are_of_kinds(self) -> Self:
        if strange := [each for each in self.areas if each.kind not in self.area_kind_ids]:
            raise ValueError(
                f"areas: {strange[0].id} is of kind {strange[0].kind!r}, which is none of "
                f"{', '.join(self.area_kind_ids)}; mend it, or add the kind under [[area_kinds]]"
            )
        return self

    @model_validator(mode="after")
    def _missing_is_named(self) -> Self:
        known = {entry.id for entry in self.call_types}
        if strange := [name for name in self.missing.call_types if name not in known]:
            raise ValueError(f"missing.call_types: {', '.join(strange)} is no call type")
        if strange := [name for name in self.privacy.call_types or () if name not in known]:
            raise ValueError(f"privacy.call_types: {', '.join(strange)} is no call type")
        known = {"day", "week", *(shift.id for shift in self.shifts)}
        if strange := [each.period for each in self.missing.reserved if each.period not in known]:
            raise ValueError(
                f"missing.reserved: period {', '.join(strange)}; want one of "
                f"{', '.join(sorted(known))}"
            )
        return self

    @model_validator(mode="after")
    def _services_are_of_the_force(self) -> Self:
        ids = (self.call_type_ids, self.grade_ids, self.missing_call_types)
        try:
            self.staffing.stop_at_unknown_ids(*ids)
        except ValueError as error:
            raise ValueError(f"staffing.{error}") from None
        return self

    @model_validator(mode="after")
    def _covariates_have_levels_and_parts(self) -> Self:
        for each in self.covariates:
            if each.level not in (None, *self.levels.names):
                wanted = " or ".join(self.levels.names)
                raise ValueError(f"covariates: {each.id} has level {each.level!r}; want {wanted}")
            if each.its_part in TAKEN:
                raise ValueError(
                    f"covariates: {each.id} can't feed {each.its_part!r}, which is something else; "
                    f"want one of {', '.join(FED)}, or another name"
                )
        return self

    def tree(self) -> AreaTree:
        """Return the area tree written in the profile itself.

        Raises:
            SettingsError: if the areas make no tree, or one has a reserved id.
        """
        tree = AreaTree(
            tuple(Area(**entry.model_dump()) for entry in self.areas), self.levels.names
        )
        tree.stop_at_reserved_ids()
        return tree

    @property
    def own_parts(self) -> dict[str, str]:
        """Parts of explanations that are the force's own, and what feeds them."""
        fed = [(each.its_part, each.name) for each in self.covariates if each.its_part not in FED]
        return {part: ", ".join(name for own, name in fed if own == part) for part, _ in fed}

    @property
    def call_type_ids(self) -> tuple[str, ...]:
        """The ids of the call types, in the profile's order."""
        return tuple(call_type.id for call_type in self.call_types)

    @property
    def area_kind_ids(self) -> tuple[str, ...]:
        """The ids of the kinds of area, in the profile's order."""
        return tuple(kind.id for kind in self.area_kinds)

    @property
    def grade_ids(self) -> tuple[str, ...]:
        """The ids of the grades, in the profile's order."""
        return tuple(grade.id for grade in self.grades)

    @property
    def missing_call_types(self) -> tuple[str, ...]:
        """The ids of the call types that are missing-person reports; () where there are none."""
        named = self.missing.call_types
        return named or tuple(name for name in self.call_type_ids if name == MISSING_PERSON)

    @property
    def pooled_call_types(self) -> tuple[str, ...]:
        """The ids of the call types whose small areas are pooled, in the profile's order."""
        chosen = self.privacy.call_types
        wanted = self.missing_call_types if chosen is None else chosen
        return tuple(name for name in self.call_type_ids if name in wanted)
