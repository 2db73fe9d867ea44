"""How to read a table file: names of columns, constants, codes, times. All of it is optional.

A table whose columns carry the standard names needs no mapping.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from forewatch.errors import SettingsError
from forewatch.frozen import Frozen, Identifier
from forewatch.profile import Zone
from sources.crosswalk import Crosswalk, Entry
from sources.instants import ISO
from sources.lines import Quoting
from sources.time_format import TimeFormat, has_day, has_hour
from sources.toml_file import read_toml

_LONGEST_SHOWN = 80  # characters of a value that a message shows
Coded = Literal["area", "call_type", "grade"]
TableCoded = Literal["area", "call_type", "grade", "role", "shift"]


class FileReading(Frozen):
    """How any file is read.

    Args:
        quoting: "double" where quotes hold a cell together, "none" where they are letters.
        refuse: columns about persons that the file carries and that are never read.
        most_quarantined: share of rows that may go to quarantine; with more nothing is imported.
    """

    quoting: Quoting = "double"
    refuse: tuple[str, ...] = ()
    most_quarantined: float = Field(default=0.2, ge=0, le=1)


class TableTimes(Frozen):
    """How instants, dates and spans are written.

    Args:
        format: "iso" or a strptime format.
        zone: of wall-clock times; without it the force's own.
        length_hours: length of a window whose file has no end, by the wall clock.
        published_after_days: where a tourism file has no published_at, or one of covariates no
            known_at: days from the end of the month, or day, to its publication.
        announced_before_days: where a file has no announced_at, or one of covariates no known_at:
            days from the announcement to the start.
    """

    format: TimeFormat = ISO
    zone: Zone | None = None
    length_hours: float | None = Field(default=None, gt=0)
    published_after_days: int | None = Field(default=None, ge=0)
    announced_before_days: int | None = Field(default=None, ge=0)


class Root(Frozen):
    """The area above those of an areas file that name no parent."""

    id: Identifier
    name: str


class ColumnReading(FileReading):
    """How a file is read whose columns have standard names.

    Args:
        columns: our name of a column to the file's.
        constants: values of columns that the file lacks.
        time: how times are written.
    """

    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    time: TableTimes = TableTimes()


class TableMapping(ColumnReading):
    """How a file of any table but counts is read.

    Args:
        crosswalk: per coded column "identity" (the default), "slug", a table of codes to ids, or
            entries, which may have dates where the table has them.
        sheet: of a workbook, the one that holds the table; without it the only one with cells.
        header_row: of that sheet, from 1, that names the columns.
        flags: holidays with a row a day: column of 0 and 1 to the kind of holiday.
        replaces_table: what this file doesn't hold is removed; otherwise it is kept.
        root: areas only: the area above those without a parent.
    """

    crosswalk: dict[TableCoded, Crosswalk | tuple[Entry, ...]] = Field(default_factory=dict)
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1, le=1000)
    flags: dict[str, str] = Field(default_factory=dict)
    replaces_table: bool = False
    root: Root | None = None


class Coverage(Frozen):
    """What a file of counts is complete over: there an absent cell is zero, elsewhere unknown.

    Args:
        start: first local date or instant, `from` in the file; without it the first row's.
        until: the date or instant at which it ends, not in it; without it the last row's end.
        areas: ids of the areas covered, or "all". Without it the file must hold every leaf.
        call_types: ids of the call types covered, or "all", which is also meant without it.
    """

    start: str | None = Field(default=None, alias="from")
    until: str | None = None
    areas: Literal["all"] | tuple[str, ...] | None = None
    call_types: Literal["all"] | tuple[str, ...] | None = None


class CountsMapping(ColumnReading):
    """How a file of counts is read.

    Args:
        resolution: "day" (force-days by their local date) or "hour" (instants).
        interval_minutes: length of the file's own intervals; shorter ones are summed to hours.
        crosswalk: per coded column "identity" (the default), "slug", or a table of codes to ids.
        absent: "zero": a cell that the file lacks is zero where the file is complete;
            "unchanged": a file of corrections, cells it lacks stay as they were.
        observed: what the file is complete over.
    """

    crosswalk: dict[Coded, Crosswalk] = Field(default_factory=dict)
    resolution: Literal["day", "hour"] = "hour"
    interval_minutes: Literal[5, 10, 15, 20, 30] | None = None
    absent: Literal["zero", "unchanged"] = "zero"
    observed: Coverage = Coverage()

    @model_validator(mode="after")
    def _time_says_the_interval(self) -> Self:
        form = self.time.format
        if not has_day(form):
            raise ValueError(
                f"[time] format {form!r} has no day; counts need one, such as %d/%m/%Y"
            )
        if self.resolution == "hour" and not has_hour(form):
            raise ValueError(
                f'[time] format {form!r} has no hour; write resolution = "day" if the counts are '
                "of days, else a format with %H"
            )
        if self.interval_minutes and self.resolution == "day":
            raise ValueError('interval_minutes belongs to resolution = "hour"')
        if self.interval_minutes and self.absent == "unchanged":
            raise ValueError(
                "parts of an hour can't be corrected one by one: interval_minutes doesn't go with "
                'absent = "unchanged"'
            )
        return self


Kind = TypeVar("Kind", bound=Frozen)


def read_mapping(file: Path | None, kind: type[Kind]) -> Kind:
    """Return the mapping that a TOML file holds; without a file the one of standard names.

    Raises:
        SettingsError: if it is no TOML, or a key is unknown, missing or of another type.
    """
    if file is None:
        return kind()
    try:
        return kind.model_validate(read_toml(file))
    except ValidationError as error:
        lines = "; ".join(_complaint(found) for found in error.errors(include_url=False))
        raise SettingsError(f"{file.name} can't be used; {lines}") from error


def _complaint(detail: ErrorDetails) -> str:
    """Return a mistake's key, what is wrong, and the value if it is one: cut short, no table."""
    key = ".".join(map(str, detail["loc"])) or "the file"
    message = f"{key}: {detail['msg'].removeprefix('Value error, ')}"
    if isinstance(detail["input"], dict | list):
        return message
    shown = repr(detail["input"])
    cut = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
    return f"{message}, found {cut}"
