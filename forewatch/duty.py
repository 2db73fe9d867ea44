"""A force's officers as they are reckoned with: what calls take, who is there, what is assumed.

Figures that the profile leaves out are defaults. Each is named by `assumed_figures`, or in the
service that rests on it, so that answers can say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from forewatch.areas import AreaTree
from forewatch.errors import SettingsError, UnknownArea, UnknownCallType, UnknownGrade, UnknownRole
from forewatch.grades import Grade, Work
from forewatch.profile import Missing, Profile
from forewatch.shifts import STANDARD_SHIFTS, DutyShift, uncovered_spans
from forewatch.staffing import Abstraction, OnShift, ServiceFigures, Staffing

# All assumed. Two officers and 1.2 hours for an urgent call are those of the trial in issue 13.
_OFFICERS = {"urgent": 2.0, "deferrable": 1.0}
_MINUTES = {"urgent": 72.0, "deferrable": 60.0}
_CV = 1.0
_ATTENDED_BY_GRADE = {
    "immediate": 0.95,
    "priority": 0.85,
    "routine": 0.5,
    "appointment": 0.95,
    "no_deployment": 0.0,
}
_ATTENDED = {"urgent": 0.9, "deferrable": 0.5}  # of grades of the force's own
_MINIMUM = 2
_BRIEFING_MINUTES = 15.0
_PAPERWORK = 0.2  # with break and briefing, seven hours of ten are left: DOMAIN, section 9
_ABSTRACTION = 0.19  # DOMAIN, section 9: published polls
_MOST_ABSTRACTION = 0.95
_OFFICER_HOUR = 32.0  # pounds: pay and the employer's part of a constable by contracted hours
# Minutes of break of shifts shorter than so many hours; DOMAIN, section 3.
_BREAKS = ((6, 30), (7, 35), (8, 40), (9, 45), (10, 50))
_LONGEST_BREAK = 60
_SPANS_SHOWN = 3
_NOT_GIVEN = ServiceFigures()


@dataclass(frozen=True)
class Service:
    """What a call of one type and grade takes.

    Args:
        call_type: its id.
        grade: its id.
        role: id of the role whose work it is.
        officers: sent to a call that is attended, on average; at least 1.
        minutes: from assignment to clear, on average, of each officer.
        cv: standard deviation of these minutes divided by their mean.
        attended: share of the calls to which somebody is sent.
        urgent: somebody must be free at once; otherwise it can wait within the force-day.
        release: shares of the work that land in the first 24 hours after the call, the second 24
            hours and so on; empty where it is done in one piece.
        assumed: the figures that nobody gave, by their names here.
    """

    call_type: str
    grade: str
    role: str
    officers: float
    minutes: float
    cv: float
    attended: float
    urgent: bool
    release: tuple[float, ...]
    assumed: tuple[str, ...]

    @property
    def officer_hours(self) -> float:
        """Officer-hours that a call brings on average, attended or not."""
        return self.attended * self.officers * self.minutes / 60


def service_of(profile: Profile, call_type: str, grade: str) -> Service:
    """Return what a call of one type and grade takes; figures of the grade come first.

    A missing-person call takes one officer for the hours of `[missing]`.

    Raises:
        UnknownCallType: with the near ones.
        UnknownGrade: with the near ones.
    """
    if call_type not in profile.call_type_ids:
        raise UnknownCallType(call_type, profile.call_type_ids)
    grades = {each.id: each for each in profile.grades}
    if grade not in grades:
        raise UnknownGrade(grade, tuple(grades))
    return _service(profile, call_type, grades[grade])


def _service(profile: Profile, call_type: str, grade: Grade) -> Service:
    given, work = _given(profile.staffing, call_type, grade.id), grade.work
    if given.urgent is not None:
        work = "urgent" if given.urgent else "deferrable"
    is_missing = call_type in profile.missing_call_types
    figures, assumed = (
        _missing_figures(profile.missing) if is_missing else _figures(given, grade, work)
    )
    return Service(
        call_type,
        grade.id,
        given.role or profile.staffing.role_ids[0],
        *figures,
        urgent=work == "urgent",
        release=profile.missing.release if is_missing else (),
        assumed=assumed,
    )


def services(profile: Profile, role: str) -> tuple[Service, ...]:
    """Return the services of a role, by call types and grades in the profile's order.

    They are none where no call type is the role's work: then it has no need.

    Raises:
        UnknownRole: with the near ones.
    """
    _stop_at_unknown_role(profile, role)
    every = (_service(profile, t, g) for t in profile.call_type_ids for g in profile.grades)
    return tuple(service for service in every if service.role == role)


def duty_shifts(profile: Profile, tree: AreaTree, area: str, role: str) -> tuple[DutyShift, ...]:
    """Return the shifts of an area and a role, in the profile's order.

    Raises:
        UnknownArea: with the near ones.
        UnknownRole: with the near ones.
    """
    _stop_at_unknown_role(profile, role)
    above = tree.upwards(area)
    return tuple(
        shift
        for shift in _every_shift(profile)
        if (not shift.roles or role in shift.roles) and _is_of(shift.areas, above)
    )


def stop_at_uncovered(profile: Profile, tree: AreaTree, area: str, role: str) -> None:
    """Stop where no shift of an area covers a half-hour of the ordinary week that needs somebody.

    Only a role with urgent work or a minimum needs somebody round the clock.

    Raises:
        SettingsError: naming the area, the role and the half-hours.
    """
    shifts = duty_shifts(profile, tree, area, role)
    found = uncovered_spans(shifts, profile.force.day_starts_at)
    if found and (minimum_officers(profile, area, role) or _is_urgent(profile, role)):
        raise _uncovered(profile, area, role, found)


def stop_at_unusable_staffing(profile: Profile, tree: AreaTree) -> None:
    """Stop where [staffing] can't be used with the force's areas.

    Raises:
        SettingsError: if it names an unknown area, half-hours of a leaf are uncovered, more
            officers are taken away than there are, or a shift has no time for calls.
    """
    staffing = profile.staffing
    for part, areas in staffing.area_mentions.items():
        if strange := [area for area in areas if area not in tree.ids]:
            raise SettingsError(f"staffing.{part}: {UnknownArea(strange[0], tree.ids)}")
    for shift in _every_shift(profile):
        productive_hours(staffing.on_shift, shift.length_minutes / 60)
    for leaf in tree.leaves:
        for day in {each.start or date.min for each in staffing.abstraction}:
            abstraction_share(staffing, tree, leaf, day)
    for role in staffing.role_ids:
        _stop_at_uncovered_leaves(profile, tree, role)


def _stop_at_uncovered_leaves(profile: Profile, tree: AreaTree, role: str) -> None:
    """Stop as `stop_at_uncovered`, at the first of all leaves; areas of the same shifts at once."""
    is_urgent = _is_urgent(profile, role)
    spans: dict[tuple[str, ...], list[str]] = {}
    for leaf in tree.leaves:
        shifts = duty_shifts(profile, tree, leaf, role)
        ids = tuple(shift.id for shift in shifts)
        if ids not in spans:
            spans[ids] = uncovered_spans(shifts, profile.force.day_starts_at)
        if spans[ids] and (is_urgent or minimum_officers(profile, leaf, role)):
            raise _uncovered(profile, leaf, role, spans[ids])


def _uncovered(profile: Profile, area: str, role: str, spans: Sequence[str]) -> SettingsError:
    """Return the error that names the half-hours."""
    more = len(spans) - _SPANS_SHOWN
    shown = ", ".join(spans[:_SPANS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    key = "staffing.shifts" if profile.staffing.shifts else "shifts"
    return SettingsError(
        f"{key}: no shift of {area} (role {role}) covers {shown}; add a shift, lengthen one, "
        "or mend the weekdays, areas and roles of those there are"
    )


def minimum_officers(profile: Profile, area: str, role: str) -> int:
    """Return the fewest officers on duty in an area at any half-hour."""
    staffing = profile.staffing
    first = staffing.role_ids[0]
    for each in staffing.minimums:
        if (each.area, each.role or first) == (area, role):
            return each.officers
    if role != first:
        return 0
    return _MINIMUM if staffing.minimum is None else staffing.minimum


def break_minutes(shift_hours: float) -> int:
    """Return the minutes of break in a shift, by its length.

    >>> [break_minutes(hours) for hours in (5.5, 6, 9.5, 10, 11)]
    [30, 35, 50, 60, 60]
    """
    return next((minutes for hours, minutes in _BREAKS if shift_hours < hours), _LONGEST_BREAK)


def productive_hours(on_shift: OnShift, shift_hours: float) -> float:
    """Return the hours of a shift that an officer has for calls.

    Raises:
        SettingsError: if there are none.

    >>> productive_hours(OnShift(), 10.0)
    7.0
    """
    if on_shift.share is not None:
        return on_shift.share * shift_hours
    briefing = _BRIEFING_MINUTES if on_shift.briefing_minutes is None else on_shift.briefing_minutes
    paperwork = _PAPERWORK if on_shift.paperwork is None else on_shift.paperwork
    left = shift_hours - (break_minutes(shift_hours) + briefing) / 60
    if left <= 0:
        raise SettingsError(
            f"a shift of {shift_hours:g} h has no time for calls after its break and "
            f"{briefing:g} minutes of briefing; lengthen it, or set staffing.on_shift"
        )
    return left * (1 - paperwork)


def abstraction_share(staffing: Staffing, tree: AreaTree, area: str, day: date) -> float:
    """Return the share of the officers on the roster that isn't there on a force-day.

    Raises:
        SettingsError: if the shares add up to more than can be.
    """
    total = sum(each.share for each in _abstraction(staffing, tree, area) if each.is_held_on(day))
    total += _ABSTRACTION * _is_abstraction_assumed(staffing, tree, area)
    if total > _MOST_ABSTRACTION:
        raise SettingsError(
            f"staffing.abstraction: {total:.0%} of the officers of {area} would be away on {day}; "
            f"shares that hold at a time add up to {_MOST_ABSTRACTION:.0%} at most"
        )
    return total


def officer_hour_cost(staffing: Staffing) -> float:
    """Return the cost of an officer's hour on duty, in the currency of the rates."""
    given = staffing.rates.officer_hour
    return _OFFICER_HOUR if given is None else given


def assumed_figures(profile: Profile, tree: AreaTree, area: str, role: str) -> tuple[str, ...]:
    """Return what the staffing of an area rests on that nobody gave, as keys of the profile.

    A service stands with its figures: "staffing.services.theft.grades.routine: officers, minutes".
    """
    of_area = assumed_of_area(profile, tree, area, role)
    return (*of_area, *assumed_of_services(services(profile, role)))


def assumed_of_area(profile: Profile, tree: AreaTree, area: str, role: str) -> tuple[str, ...]:
    """Return the keys of `assumed_figures` that are of no service."""
    staffing = profile.staffing
    minimums = {(each.area, each.role or staffing.role_ids[0]) for each in staffing.minimums}
    on_shift = staffing.on_shift
    found = {
        "staffing.minimum": role == staffing.role_ids[0]
        and staffing.minimum is None
        and (area, role) not in minimums,
        "staffing.shifts": not staffing.shifts and not profile.shifts,
        "staffing.on_shift.briefing_minutes": (on_shift.share, on_shift.briefing_minutes)
        == (None, None),
        "staffing.on_shift.paperwork": (on_shift.share, on_shift.paperwork) == (None, None),
        "staffing.abstraction": _is_abstraction_assumed(staffing, tree, area),
        "staffing.rates.officer_hour": staffing.rates.officer_hour is None,
    }
    return tuple(key for key, is_assumed in found.items() if is_assumed)


def assumed_of_services(found: Sequence[Service]) -> tuple[str, ...]:
    """Return the keys of `assumed_figures` that are of services."""
    return tuple(
        f"staffing.services.{each.call_type}.grades.{each.grade}: {', '.join(each.assumed)}"
        for each in found
        if each.assumed
    )


def _is_urgent(profile: Profile, role: str) -> bool:
    """Return whether any work of a role is urgent."""
    return any(each.urgent for each in services(profile, role))


def _given(staffing: Staffing, call_type: str, grade: str) -> ServiceFigures:
    """Return what the profile says of a call type and grade."""
    service = staffing.services.get(call_type)
    if service is None:
        return _NOT_GIVEN
    own = service.grades.get(grade, _NOT_GIVEN)
    figures = {
        name: getattr(service, name) if getattr(own, name) is None else getattr(own, name)
        for name in ServiceFigures.model_fields
    }
    return ServiceFigures.model_construct(**figures)


def _figures(
    given: ServiceFigures, grade: Grade, work: Work
) -> tuple[tuple[float, float, float, float], tuple[str, ...]]:
    """Return officers, minutes, cv and share attended, and which of them nobody gave."""
    defaults = {
        "officers": _OFFICERS[work],
        "minutes": _MINUTES[work],
        "cv": _CV,
        "attended": _ATTENDED_BY_GRADE.get(grade.id, _ATTENDED[grade.work]),
    }
    assumed = tuple(name for name in defaults if getattr(given, name) is None)
    found = {
        name: default if name in assumed else getattr(given, name)
        for name, default in defaults.items()
    }
    if not found["attended"]:  # what nobody attends takes nothing, whoever says so
        assumed = tuple(name for name in assumed if name == "attended")
    return (found["officers"], found["minutes"], found["cv"], found["attended"]), assumed


def _missing_figures(
    missing: Missing,
) -> tuple[tuple[float, float, float, float], tuple[str, ...]]:
    """Return the same of a missing-person case; what is as by default is taken as assumed."""
    plain = Missing()
    names = {"minutes": "mean_hours", "cv": "hours_cv", "release": "release"}
    assumed = tuple(
        name for name, key in names.items() if getattr(missing, key) == getattr(plain, key)
    )
    return (1.0, missing.mean_hours * 60, missing.hours_cv, 1.0), assumed


def _every_shift(profile: Profile) -> tuple[DutyShift, ...]:
    """Return the shifts that officers work: of [staffing], or those of questions, or standard."""
    if profile.staffing.shifts:
        return profile.staffing.shifts
    asked = (DutyShift(**shift.model_dump()) for shift in profile.shifts)
    return tuple(asked) or STANDARD_SHIFTS


def _is_of(areas: Sequence[str], above: Sequence[str]) -> bool:
    """Return whether a list of areas (none: everywhere) holds an area or one above it."""
    return not areas or any(area in areas for area in above)


def _abstraction(staffing: Staffing, tree: AreaTree, area: str) -> list[Abstraction]:
    above = tree.upwards(area)
    return [each for each in staffing.abstraction if _is_of(each.areas, above)]


def _is_abstraction_assumed(staffing: Staffing, tree: AreaTree, area: str) -> bool:
    """Return whether nothing is said of an area's ordinary days."""
    found = _abstraction(staffing, tree, area)
    return not any(each.start is None and each.until is None for each in found)


def _stop_at_unknown_role(profile: Profile, role: str) -> None:
    if role not in profile.staffing.role_ids:
        raise UnknownRole(role, profile.staffing.role_ids)
