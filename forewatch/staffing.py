"""What a force says of its officers: roles, shifts, service times, shares of time, bases and pay.

It is the table `[staffing]` of the profile. What is left out is a default, and answers that rest on
one say so: `forewatch.duty` reads the figures and names those that nobody gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from forewatch.errors import UnknownCallType, UnknownGrade, UnknownRole
from forewatch.frozen import Frozen, Identifier
from forewatch.shifts import DutyShift, OfficerCount

# Numbers, never texts or true: what a file says in another way is a slip of the pen.
_Share = Annotated[float, Field(strict=True, ge=0, le=1)]
_Factor = Annotated[float, Field(strict=True, ge=1, le=10)]


class Role(Frozen):
    """A kind of officer that is planned by itself."""

    id: Identifier
    """Used in plans, questions and answers."""
    name: str
    """As a person reads it."""


RESPONSE = Role(id="response", name="Response")


class Minimum(Frozen):
    """The fewest officers on duty at any half-hour, of one area."""

    area: Identifier
    """Id of the area."""
    officers: OfficerCount
    """How many."""
    role: Identifier | None = None
    """Id of the role; left out: the first."""


class ServiceFigures(Frozen):
    """What a call takes; what is left out is as said above it, or a default."""

    officers: Annotated[float, Field(strict=True, ge=1, le=100)] | None = None
    """Officers sent to a call that is attended, on average."""
    minutes: Annotated[float, Field(strict=True, gt=0, le=20_160)] | None = None
    """Minutes from assignment to clear, on average, of each officer."""
    cv: Annotated[float, Field(strict=True, ge=0.05, le=5)] | None = None
    """The standard deviation of these minutes divided by their mean."""
    attended: _Share | None = None
    """Share of the calls to which somebody is sent."""
    urgent: Annotated[bool, Field(strict=True)] | None = None
    """Whether somebody must be free at once; otherwise it can wait within the force-day. Left out:
    as the grade says."""
    role: Identifier | None = None
    """Id of the role whose work it is; left out: the first."""


class ServiceSettings(ServiceFigures):
    """What a call of one type takes, and where it is otherwise by grade."""

    grades: dict[Identifier, ServiceFigures] = Field(default_factory=dict)
    """Figures of calls of one grade, by its id."""


class OnShift(Frozen):
    """How much of a shift an officer has for calls: a share, or what is left of its hours."""

    share: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    """The share itself, of every shift; left out: breaks by the length of the shift, briefing and
    paperwork are taken off."""
    briefing_minutes: Annotated[float, Field(strict=True, ge=0, le=240)] | None = None
    """Minutes of each shift for briefing and handing over; left out: 15 (assumed)."""
    paperwork: Annotated[float, Field(strict=True, ge=0, lt=1)] | None = None
    """Share of the rest for paperwork; left out: 0.2 (assumed; of ten hours seven are left)."""

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if self.share is not None and (self.briefing_minutes, self.paperwork) != (None, None):
            raise ValueError(
                "share is what is left of a shift; give it alone, or briefing_minutes and paperwork"
            )
        return self


class Abstraction(Frozen):
    """A share of the officers that is not there; several at a time add up."""

    model_config = ConfigDict(serialize_by_alias=True)  # a written profile reads back

    share: Annotated[float, Field(strict=True, ge=0, lt=1)]
    """Of the officers on the roster."""
    reason: str = ""
    """What takes them away: leave, sickness, training, an event."""
    areas: tuple[Identifier, ...] = ()
    """Ids of the areas, each with all below it; none: everywhere."""
    start: date | None = Field(default=None, alias="from")
    """First force-day on which it holds; left out: always."""
    until: date | None = None
    """Force-day from which it holds no more; left out: it goes on."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.start and self.until and self.until <= self.start:
            raise ValueError(f"until = {self.until} is not after from = {self.start}")
        return self

    def is_held_on(self, day: date) -> bool:
        """Return whether it holds on a force-day."""
        return (self.start is None or self.start <= day) and (
            self.until is None or day < self.until
        )


class Base(Frozen):
    """A duty base: officers' shifts may be moved between its areas."""

    id: Identifier
    """Used in answers."""
    name: str
    """As a person reads it."""
    areas: tuple[Identifier, ...] = Field(min_length=1)
    """Ids of its areas, each with all below it."""


class PayRates(Frozen):
    """What an officer's hours cost, and those of a change that comes late."""

    officer_hour: Annotated[float, Field(strict=True, gt=0, le=100_000)] | None = None
    """Cost of an hour on duty; left out: 32 (assumed)."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "GBP"
    """Three letters, such as GBP."""
    roster_days: Annotated[int, Field(strict=True, ge=1, le=400)] = 31
    """Force-days ahead of a duty by which its roster is published; before that a change costs
    nothing at all (31: a month, the rule in England and Wales)."""
    rest_day_factor: _Factor = 1.5
    """What an hour costs on a rest day that was taken back late, of an ordinary one (1.5: the rule
    in England and Wales)."""
    public_holiday_factor: _Factor = 2.0
    """The same of duty on a public holiday, whatever the notice (2: England and Wales)."""
    public_holiday_day_off: Annotated[bool, Field(strict=True)] = True
    """Whether a day off is owed beside it when notice is short (the rule in England and Wales)."""


class Staffing(Frozen):
    """Officers: what calls take, and how duty is laid out."""

    percentile: Annotated[int, Field(strict=True, ge=1, le=99)] = 80
    """Cover is sized so that work exceeds it with at most the rest of this probability (80: one
    time in five), unless another one is asked for."""
    minimum: OfficerCount | None = None
    """The fewest officers of the first role on duty in an area at any half-hour; left out: 2
    (assumed). Other roles have none but what `minimums` says."""
    minimums: tuple[Minimum, ...] = ()
    """Where it is otherwise, by area; areas below one that is named keep the general figure."""
    strength: Annotated[OfficerCount, Field(ge=1)] | None = None
    """Officers that the force has: a plan with more on one shift is a slip of the pen and is put
    aside; left out: 10,000 are too many."""
    roles: tuple[Role, ...] = Field(default=(RESPONSE,), min_length=1)
    """The kinds of officers that are planned; work that names none is the first one's."""
    shifts: tuple[DutyShift, ...] = ()
    """The shifts that officers work; left out: those of `[[shifts]]`, or else early 07–17, late
    14–00 and night 21:30–07:30 (assumed). Every half-hour of the week needs one."""
    services: dict[Identifier, ServiceSettings] = Field(default_factory=dict)
    """What calls take, by the id of their type."""
    on_shift: OnShift = OnShift()
    """How much of a shift an officer has for calls."""
    abstraction: tuple[Abstraction, ...] = ()
    """Shares of the officers that are not there; where none holds without dates: 0.19 (assumed)."""
    bases: tuple[Base, ...] = ()
    """Duty bases; none: a shift is never moved to another area."""
    rates: PayRates = PayRates()
    """What hours cost."""

    @field_validator("roles", "shifts", "bases")
    @classmethod
    def _ids_stand_once(
        cls, entries: tuple[Role | DutyShift | Base, ...]
    ) -> tuple[Role | DutyShift | Base, ...]:
        ids = [entry.id for entry in entries]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"{', '.join(twice)} stands twice; give each its own id")
        return entries

    @field_validator("shifts")
    @classmethod
    def _codes_stand_once(cls, shifts: tuple[DutyShift, ...]) -> tuple[DutyShift, ...]:
        codes = [shift.code for shift in shifts if shift.code is not None]
        if twice := sorted({one for one in codes if codes.count(one) > 1}):
            owners = ", ".join(shift.id for shift in shifts if shift.code == twice[0])
            raise ValueError(
                f"the code {twice[0]!r} stands twice ({owners}), and a plan that has it could mean "
                "either; give each its own, or map the plan's codes by [[crosswalk.shift]]"
            )
        return shifts

    @model_validator(mode="after")
    def _roles_are_known(self) -> Self:
        named = [(f"minimums: {each.area}", each.role) for each in self.minimums]
        named += [(f"shifts: {each.id}", role) for each in self.shifts for role in each.roles]
        for call_type, service in self.services.items():
            named.append((f"services.{call_type}", service.role))
            named += [
                (f"services.{call_type}.grades.{grade}", figures.role)
                for grade, figures in service.grades.items()
            ]
        for where, role in named:
            if role is not None and role not in self.role_ids:
                raise ValueError(f"{where}: {UnknownRole(role, self.role_ids)}")
        return self

    @model_validator(mode="after")
    def _areas_stand_once(self) -> Self:
        places = [(each.area, each.role or self.role_ids[0]) for each in self.minimums]
        if twice := [one for one in places if places.count(one) > 1]:
            area, role = twice[0]
            raise ValueError(f"minimums: {area} has two of the role {role}; keep one")
        homes = [area for base in self.bases for area in base.areas]
        if twice_there := [area for area in homes if homes.count(area) > 1]:
            raise ValueError(f"bases: {twice_there[0]} stands in two; an area has one base")
        return self

    @property
    def role_ids(self) -> tuple[str, ...]:
        """The ids of the roles, in the profile's order."""
        return tuple(role.id for role in self.roles)

    @property
    def area_mentions(self) -> Mapping[str, tuple[str, ...]]:
        """The areas that are named, by the part that names them."""
        return {
            "minimums": tuple(each.area for each in self.minimums),
            "shifts": _areas(self.shifts),
            "abstraction": _areas(self.abstraction),
            "bases": _areas(self.bases),
        }

    def stop_at_unknown_ids(
        self, call_types: Sequence[str], grades: Sequence[str], missing: Sequence[str]
    ) -> None:
        """Stop where a service is of a call type or a grade that the force does not have.

        Args:
            call_types: ids of the force's.
            grades: ids of the force's.
            missing: ids of the call types whose hours stand under [missing].

        Raises:
            ValueError: naming it with the near names; or naming a figure that [missing] says.
        """
        for call_type, service in self.services.items():
            where = f"services.{call_type}"
            if call_type not in call_types:
                raise ValueError(f"{where}: {UnknownCallType(call_type, call_types)}")
            if strange := [grade for grade in service.grades if grade not in grades]:
                raise ValueError(f"{where}: {UnknownGrade(strange[0], grades)}")
            if call_type in missing:
                _stop_at_figures(where, (service, *service.grades.values()))


def _areas(entries: Iterable[DutyShift | Abstraction | Base]) -> tuple[str, ...]:
    return tuple(area for entry in entries for area in entry.areas)


def _stop_at_figures(where: str, services: Iterable[ServiceFigures]) -> None:
    """Stop where what a missing-person case takes is said a second time."""
    for service in services:
        for name in ("officers", "minutes", "cv", "attended"):
            if getattr(service, name) is not None:
                raise ValueError(
                    f"{where}: {name} is said of missing persons, whose hours stand under "
                    "[missing] (mean_hours, hours_cv, release); leave it out here"
                )
