"""How to read a table file: names of columns, constants, codes, times. All of it is optional.

A table whose columns carry the standard names needs no mapping.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from forewatch.errors import SettingsError
from forewatch.profile import Frozen, Identifier, Zone
from sources.crosswalk import Crosswalk
from sources.instants import ISO

Coded = Literal["area", "call_type", "grade"]


class TimeReading(Frozen):
    """How instants, dates and spans are written.

    Args:
        format: "iso" or a strptime format.
        zone: of wall-clock times; without it the force's own.
        length_hours: length of a window whose file has no end, by the wall clock.
        published_after_days: where a tourism file has no published_at: days from the end of the
            month to its publication.
        announced_before_days: where a file has no announced_at: days from the announcement to the
            start.
    """

    format: str = ISO
    zone: Zone | None = None
    length_hours: float | None = Field(default=None, gt=0)
    published_after_days: int | None = Field(default=None, ge=0)
    announced_before_days: int | None = Field(default=None, ge=0)


class Root(Frozen):
    """The area above those of an areas file that name no parent."""

    id: Identifier
    name: str


class TableMapping(Frozen):
    """How a file of tourism, events, holidays, unobserved windows, breaks or areas is read.

    Args:
        columns: our name of a column to the file's.
        constants: values of columns that the file lacks.
        crosswalk: per coded column "identity" (the default), "slug", or a table of codes to ids.
        flags: holidays with a row a day: column of 0 and 1 to the kind of holiday.
        time: how times are written.
        refuse: columns about persons that the file carries and that are never read.
        replaces_table: what this file doesn't hold is removed; otherwise it is kept.
        root: areas only: the area above those without a parent.
    """

    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    crosswalk: dict[Coded, Crosswalk] = Field(default_factory=dict)
    flags: dict[str, str] = Field(default_factory=dict)
    time: TimeReading = TimeReading()
    refuse: tuple[str, ...] = ()
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


class CountsMapping(Frozen):
    """How a file of counts is read.

    Args:
        resolution: "day" (force-days by their local date) or "hour" (instants).
        absent: "zero": a cell that the file lacks is zero where the file is complete;
            "unchanged": a file of corrections, cells it lacks stay as they were.
        columns: our name of a column to the file's.
        constants: values of columns that the file lacks.
        crosswalk: per coded column "identity" (the default), "slug", or a table of codes to ids.
        time: how times are written.
        observed: what the file is complete over.
        refuse: columns about persons that the file carries and that are never read.
    """

    resolution: Literal["day", "hour"] = "hour"
    absent: Literal["zero", "unchanged"] = "zero"
    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    crosswalk: dict[Coded, Crosswalk] = Field(default_factory=dict)
    time: TimeReading = TimeReading()
    observed: Coverage = Coverage()
    refuse: tuple[str, ...] = ()


Kind = TypeVar("Kind", bound=Frozen)


def read_mapping(file: Path, kind: type[Kind]) -> Kind:
    """Return the mapping that a TOML file holds.

    Raises:
        SettingsError: if it is no TOML, or a key is unknown, missing or of another type.
    """
    try:
        return kind.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"no mapping file {file.name}; check the path") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file.name} is no TOML: {error}; mend that line") from error
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, found['loc']))}: {found['msg']}, found {found.get('input')!r}"
            for found in error.errors()
        ]
        raise SettingsError(f"{file.name} can't be used; {'; '.join(lines)}") from error
