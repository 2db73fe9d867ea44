"""Shifts by local wall clock: those that questions name, and those that officers work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints, field_validator

from forewatch.frozen import Frozen, Identifier

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_HALF_HOUR_MINUTES = 30
MOST_OFFICERS = 10_000  # in one figure; more is a slip of the pen

OfficerCount = Annotated[int, Field(strict=True, ge=0, le=MOST_OFFICERS)]


class Shift(Frozen):
    """A shift by local wall clock; one that ends at or before its start ends the next day."""

    id: Identifier
    """Part of the stable id of each period, such as 2026-11-30/early."""
    name: str
    """As a person reads it."""
    start: time
    """Local time at which it begins; it belongs to the force-day of that instant."""
    end: time
    """Local time at which it ends, 24 hours later where it is that of the start; shifts may
    overlap."""

    @field_validator("start", "end")
    @classmethod
    def _at_a_minute(cls, at: time) -> time:
        if at.tzinfo is not None or at.second or at.microsecond:
            raise ValueError(
                f"{at.isoformat()} is no time of a shift; write a local time in whole minutes and "
                f"without a zone, such as {at:%H:%M}"
            )
        return at

    @property
    def length_minutes(self) -> int:
        """How long it lasts where the clock isn't changed."""
        return (_minutes(self.end) - _minutes(self.start)) % _DAY_MINUTES or _DAY_MINUTES


class DutyShift(Shift):
    """A shift that officers work."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    """The rota system's own code of it."""
    weekdays: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    """The days on which it is worked (mon to sun), as those of the force-day on which it begins."""
    areas: tuple[Identifier, ...] = ()
    """Ids of the areas in which it is worked, each with all below it; none: everywhere."""
    roles: tuple[Identifier, ...] = ()
    """Ids of the roles that work it; none: every role."""
    most: Annotated[int, Field(strict=True, ge=1, le=MOST_OFFICERS)] | None = None
    """The most officers of one area and role that can work it, such as for want of vehicles."""

    @field_validator("weekdays")
    @classmethod
    def _days_stand_once(cls, days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if len(set(days)) < len(days):
            raise ValueError(f"weekdays holds a day twice: {', '.join(days)}; keep one")
        return days


# What forces of England and Wales commonly work (DOMAIN, section 3).
STANDARD_SHIFTS = (
    DutyShift(id="early", name="Early", start=time(7), end=time(17)),
    DutyShift(id="late", name="Late", start=time(14), end=time(0)),
    DutyShift(id="night", name="Night", start=time(21, 30), end=time(7, 30)),
)


def uncovered_spans(shifts: Sequence[DutyShift], day_starts_at: time) -> list[str]:
    """Return the spans of the ordinary week in which nobody is on duty, in whole half-hours.

    Half-hours are counted from the beginning of the force-day; one that is covered in part only is
    not covered. A half-hour may be covered by one shift and then by another.

    Args:
        shifts: the shifts of one area and role.
        day_starts_at: local time at which the force-day begins.

    >>> early, late, night = STANDARD_SHIFTS
    >>> uncovered_spans([early, night], time(7))[0]
    'Monday 17:00–21:30'
    >>> uncovered_spans([early, late, night], time(7))
    []
    """
    covered = bytearray(_WEEK_MINUTES)  # from Monday's force-day on
    for shift in shifts:
        offset = (_minutes(shift.start) - _minutes(day_starts_at)) % _DAY_MINUTES
        for day in shift.weekdays:
            first = WEEKDAYS.index(day) * _DAY_MINUTES + offset
            end = first + shift.length_minutes
            covered[first:end] = bytes([1]) * (min(end, _WEEK_MINUTES) - first)
            covered[: max(0, end - _WEEK_MINUTES)] = bytes([1]) * max(0, end - _WEEK_MINUTES)
    if 0 not in covered:
        return []
    halves = [
        all(covered[first : first + _HALF_HOUR_MINUTES])
        for first in range(0, _WEEK_MINUTES, _HALF_HOUR_MINUTES)
    ]
    if not any(halves):
        return ["the whole week"]
    ends = [at for at in range(len(halves) + 1) if _is_end(halves, at)]
    begin = _minutes(day_starts_at)
    walls = [_wall(begin + at * _HALF_HOUR_MINUTES) for at in ends]
    return [_span(*pair) for pair in zip(walls[::2], walls[1::2], strict=True)]


def _is_end(halves: Sequence[bool], at: int) -> bool:
    """Return whether an uncovered span begins or ends before a half-hour."""
    before = halves[at - 1] if at else True
    after = halves[at] if at < len(halves) else True
    return before != after


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _wall(minute: int) -> tuple[str, str]:
    """Return the weekday and the time of a minute of the week, counted from Monday 00:00."""
    day, of_day = divmod(minute % _WEEK_MINUTES, _DAY_MINUTES)
    return _DAY_NAMES[day], f"{of_day // 60:02d}:{of_day % 60:02d}"


def _span(start: tuple[str, str], end: tuple[str, str]) -> str:
    is_within_a_day = start[0] == end[0] and start[1] < end[1]
    return f"{' '.join(start)}–{end[1] if is_within_a_day else ' '.join(end)}"
