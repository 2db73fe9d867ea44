"""How a call log is read: its columns, clock, codes and filters, as a mapping file holds them."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from forewatch.areas import AreaTree
from forewatch.errors import SettingsError
from forewatch.frozen import Frozen, Identifier
from forewatch.profile import Profile, Zone
from sources.crosswalk import EXCLUDE, Entry, Reason
from sources.table_mapping import FileReading, read_mapping
from sources.time_format import TimeFormat, has_day, has_hour

OFFSET = "offset"  # the zone of times that each carry their own offset from UTC
# What a column of flags may hold for yes; compared without regard to case.
_YES = frozenset({"true", "t", "yes", "y", "1"})


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no pattern {text!r}: {error}") from error
    return text


class Columns(Frozen):
    """The file's name of each column; one that the file lacks has its constant, or its rule.

    Args:
        reference: identifies a call; only a keyed hash of it is kept.
        received_at: when the call was received.
        area: code of the area, finer than which nothing is kept.
        call_type: code of the kind of call.
        grade: code of the grade, if the file has one.
        updated_at: when this version of the call was written, if the file says so.
        officers: how many officers were sent, if the file says so; 0 where nobody was.
        attended_minutes: minutes from assignment to clear, if the file says so.
    """

    reference: str
    received_at: str
    area: str | None = None
    call_type: str | None = None
    grade: str | None = None
    updated_at: str | None = None
    officers: str | None = None
    attended_minutes: str | None = None


class Constants(Frozen):
    """The one value of a column that the file lacks."""

    area: Identifier | None = None
    call_type: Identifier | None = None
    grade: Identifier | None = None


class TimeReading(Frozen):
    """How times are written.

    Args:
        format: "iso" (2026-11-23T07:00, seconds optional) or a strptime format.
        zone: IANA name, "UTC", or "offset" where each time carries its own; without it the force's.
    """

    format: TimeFormat = "iso"
    zone: Zone | Literal["offset"] | None = None

    @model_validator(mode="after")
    def _format_says_day_and_hour(self) -> Self:
        if not (has_day(self.format) and has_hour(self.format)):
            raise ValueError(
                f"[time] format {self.format!r} lacks the day or the hour, and calls need both; "
                'write a format such as "%d/%m/%Y %H:%M"'
            )
        return self


class StatedSpan(Frozen):
    """The span over which the file is complete, by local clock; without it first to last call."""

    start: datetime | date | None = Field(default=None, alias="from")
    until: datetime | date | None = None


class Crosswalk(Frozen):
    """From codes to ids, dated; where a list is empty, codes are ids or names themselves."""

    call_type: tuple[Entry, ...] = ()
    grade: tuple[Entry, ...] = ()


class Filter(Frozen):
    """A rule that leaves rows out of public demand, by the texts of one column.

    Args:
        reason: what is counted; the first rule that fits a row gives it.
        column: the file's name of the column.
        values: texts that fit, without regard to case.
        equals: true fits yes (true, t, yes, y, 1), false fits everything else but a blank.
        patterns: regular expressions, one of which fits somewhere in the text.
    """

    reason: Reason
    column: str
    values: tuple[str, ...] = ()
    equals: bool | None = None
    patterns: tuple[Annotated[str, AfterValidator(_pattern)], ...] = ()

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if sum((bool(self.values), self.equals is not None, bool(self.patterns))) != 1:
            raise ValueError("a filter has exactly one of values, equals, patterns")
        return self

    def fits(self, text: str) -> bool:
        """Return whether the rule leaves rows with this text out; "" is a blank cell."""
        if self.values:
            return text.casefold() in {value.casefold() for value in self.values}
        if self.equals is not None:
            return text != "" and (text.casefold() in _YES) == self.equals
        return any(re.search(pattern, text) for pattern in self.patterns)


class Mapping(FileReading):
    """How a file of calls is read.

    Args:
        columns: our name of a column to the file's.
        constants: values of columns that the file lacks.
        grade_by_call_type: grade of each call type, for files without grades.
        time: how times are written.
        observed: the span over which the file is complete.
        areas: codes of areas to ids of leaves, or "exclude"; other codes are ids or names.
        crosswalk: codes of call types and grades to ids.
        filters: rows that are no public demand.
        reference_restarts: how often call numbers begin anew; the number is then told apart by the
            local day, month or year in which the call was received.
        ignore: other columns that are not needed and never read.
    """

    columns: Columns
    constants: Constants = Constants()
    grade_by_call_type: dict[Identifier, Identifier] = Field(default_factory=dict)
    time: TimeReading = TimeReading()
    observed: StatedSpan = StatedSpan()
    areas: dict[str, str] = Field(default_factory=dict)
    crosswalk: Crosswalk = Crosswalk()
    filters: tuple[Filter, ...] = ()
    reference_restarts: Literal["never", "day", "month", "year"] = "never"
    ignore: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_road_to_each_value(self) -> Self:
        roads = {name: [getattr(self.columns, name), getattr(self.constants, name)] for name in
                 ("area", "call_type", "grade")}  # fmt: skip
        roads["grade"].append(self.grade_by_call_type or None)
        for name, found in roads.items():
            if sum(road is not None for road in found) != 1:
                more = ", or [grade_by_call_type]" if name == "grade" else ""
                raise ValueError(f"{name} needs exactly one of [columns], [constants]{more}")
        if unread := sorted({*self.refuse, *self.ignore} & set(self.used)):
            raise ValueError(f"{', '.join(unread)} can't be both read and refused or ignored")
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """The file's columns that are read, each once."""
        columns = [name for name in self.columns.model_dump().values() if name is not None]
        return tuple(dict.fromkeys([*columns, *(rule.column for rule in self.filters)]))

    def area_entries(self) -> tuple[Entry, ...]:
        """Return the codes of areas as a crosswalk without dates."""
        return tuple(Entry(to=area, codes=(code,)) for code, area in self.areas.items())


def call_mapping(file: Path, profile: Profile, tree: AreaTree) -> Mapping:
    """Return the mapping of a call log from a TOML file.

    Raises:
        SettingsError: if a key is unknown or wrong, or an id is none of the force's.
    """
    mapping = read_mapping(file, Mapping)
    stop_at_unknown_ids(mapping, profile, tree)
    return mapping


def stop_at_unknown_ids(mapping: Mapping, profile: Profile, tree: AreaTree) -> None:
    """Stop where a mapping leads to an id that the force does not have.

    Raises:
        SettingsError: naming each such id and the ids there are.
    """
    constants, by_type = mapping.constants, mapping.grade_by_call_type
    types, grades = mapping.crosswalk.call_type, mapping.crosswalk.grade
    named: tuple[tuple[str, list[str | None], tuple[str, ...]], ...] = (
        ("areas", [*mapping.areas.values(), constants.area], tree.leaves),
        ("call types", [*_targets(types), *by_type, constants.call_type], profile.call_type_ids),
        ("grades", [*_targets(grades), *by_type.values(), constants.grade], profile.grade_ids),
    )
    wrong = []
    for what, targets, known in named:
        if lost := sorted({t for t in targets if t is not None} - {EXCLUDE, *known}):
            wrong.append(f"{what} {', '.join(lost)} (the force's are {', '.join(known)})")
    if wrong:
        raise SettingsError(f"the mapping leads to unknown {'; '.join(wrong)}; mend the mapping")
    missing = set(profile.call_type_ids) - set(mapping.grade_by_call_type)
    if mapping.grade_by_call_type and missing:
        raise SettingsError(
            f"[grade_by_call_type] has no grade for {', '.join(sorted(missing))}; give every call "
            "type one"
        )


def _targets(entries: tuple[Entry, ...]) -> set[str]:
    return {entry.to for entry in entries}
