"""Formats of times that a mapping may name: refused before a row is read, if they'd misread one.

1. The directives are looked up: each known, none of them twice, each with what it needs beside it.
2. Two known instants are written in the format and read back as rows are; they must come out equal.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import pandas as pd
from pydantic import AfterValidator

from sources.instants import ISO

_PARTS = {
    "Y": "year", "y": "year", "G": "year", "m": "month", "b": "month", "B": "month", "d": "day",
    "j": "day of the year", "U": "week", "W": "week", "V": "week", "a": "weekday", "A": "weekday",
    "w": "weekday", "u": "weekday", "H": "hour", "I": "hour", "p": "half of the day",
    "M": "minute", "S": "second", "f": "fraction of a second", "z": "offset from UTC",
}  # fmt: skip
# Directives of other tools, and those whose meaning depends on the machine, with what says it here.
_INSTEAD = {
    "c": "write each part out, such as %a %b %d %H:%M:%S %Y",
    "x": "write each part out, such as %d/%m/%Y",
    "X": "write %H:%M:%S",
    "Z": "names of zones are ambiguous: write %z for offsets such as +0100, or name the zone of "
    "the whole file under [time] zone",
    "s": "it means seconds since 1970: write times as text at the source",
    "-": "write the directive without '-': %d reads 7 as well as 07",
    "e": "write %d",
    "k": "write %H",
    "l": "write %I",
    "P": "write %p",
    "h": "write %b",
    "F": "write %Y-%m-%d",
    "D": "write %m/%d/%y",
    "R": "write %H:%M",
    "T": "write %H:%M:%S",
    "L": "write %f",
    "N": "write %f",
    "i": "write %M",
    ":": "write %z: it reads +01:00 as well as +0100",
}
# What a part needs beside it: one of these parts, or else it would be read as something unsaid.
_NEEDS = {
    "month": ("year",),
    "day": ("month",),
    "day of the year": ("year",),
    "week": ("weekday",),
    "weekday": ("day", "day of the year", "week"),
    "half of the day": ("hour",),
    "minute": ("hour",),
    "second": ("minute",),
    "fraction of a second": ("second",),
    "offset from UTC": ("hour",),
}
_EXAMPLE = 'write "iso", or a strptime format such as "%d/%m/%Y %H:%M"'
# In the afternoon and of two digits, in the morning and of one: what a wrong reading would change.
_INSTANTS = tuple(
    datetime(*parts, tzinfo=timezone(timedelta(hours=1)))
    for parts in ((2026, 11, 23, 19, 35, 47, 123456), (2024, 2, 3, 4, 5, 6, 700000))
)
_LONGEST_SHOWN = 60  # characters of a format that a message shows


def has_day(form: str) -> bool:
    """Return whether a format says the day: "%Y-%m" does not, "iso" does.

    A date without a time is a day; so is a day of the year, and a week with a weekday.
    """
    parts = _parts(form)
    return form == ISO or bool(parts & {"day", "day of the year", "week"})


def has_hour(form: str) -> bool:
    """Return whether a format says the hour; "iso" does."""
    return form == ISO or "hour" in _parts(form)


def _readable(form: str) -> str:
    if form != ISO and (wrong := _mistake(form)):
        raise ValueError(f"[time] format {_shown(form)}: {wrong}")
    return form


# "iso", or a strptime format by which times can be written and read back.
TimeFormat = Annotated[str, AfterValidator(_readable)]


def _mistake(form: str) -> str | None:
    """Return what is wrong with a format and what to write instead, if anything is."""
    found = _directives(form)
    return (
        _unknown(form, found)
        or _said_twice(found)
        or _half_of_the_day(found)
        or _incomplete(form, found)
        or _misread(form)
    )


def _directives(form: str) -> list[str]:
    """Return the letters after each %, in their order; "" where nothing follows; %% is no such."""
    return [letter for letter in re.findall(r"%(.?)", form, flags=re.DOTALL) if letter != "%"]


def _parts(form: str) -> frozenset[str]:
    return frozenset(_PARTS[letter] for letter in _directives(form) if letter in _PARTS)


def _unknown(form: str, found: list[str]) -> str | None:
    if not found:
        return f"it has no directives; {_EXAMPLE}"
    if "" in found:
        return "it ends with a lone %; take it away, or write %% for the sign itself"
    if strange := [letter for letter in found if letter not in _PARTS]:
        instead = _INSTEAD.get(strange[0], _EXAMPLE)
        return f"'%{strange[0]}' can't be read here; {instead}"
    if form != form.strip():
        return "a blank stands at its start or end, which cells are read without; take it away"
    if not form.isprintable():
        return f"it holds a sign that no text holds (such as a line break); {_EXAMPLE}"
    return None


def _said_twice(found: list[str]) -> str | None:
    for part in dict.fromkeys(_PARTS[letter] for letter in found):
        same = [f"%{letter}" for letter in found if _PARTS[letter] == part]
        if len(same) > 1:
            return f"the {part} stands in it twice, as {' and '.join(same)}; keep one"
    parts = {_PARTS[letter] for letter in found}
    ways = [{"month", "day"} & parts, {"day of the year"} & parts, {"week"} & parts]
    if len(said := [" and ".join(sorted(way)) for way in ways if way]) > 1:
        return f"it says the day twice, by {' and by '.join(said)}; keep one"
    return None


def _half_of_the_day(found: list[str]) -> str | None:
    if "H" in found and "p" in found:
        return "%H counts hours to 24, so that 08:30 PM would be read as 08:30; write %I with %p"
    if "I" in found and "p" not in found:
        return "%I counts hours to 12 and nothing says which half of the day; write %H, or add %p"
    return None


def _incomplete(form: str, found: list[str]) -> str | None:
    parts = _parts(form)
    for part in parts:
        if part in _NEEDS and not parts & set(_NEEDS[part]):
            return f"it has {_one(part)} without {' or '.join(map(_one, _NEEDS[part]))}; add it"
    if "year" not in parts:
        return "it has no year; add %Y, or write the date at the source"
    if ("V" in found) != ("G" in found):
        return "%V and %G (week and year by ISO 8601) need each other; write %G-W%V-%u"
    return None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def _one(part: str) -> str:
    return f"{'an' if part[0] in 'ho' and part != 'half of the day' else 'a'} {part}"


def _misread(form: str) -> str | None:
    """Return how the two known instants come back otherwise, if they do."""
    for instant in _INSTANTS:
        try:
            text = instant.strftime(form).strip()
            read = pd.to_datetime(pd.Series([text], dtype="str"), format=form, errors="coerce")[0]
        except (ValueError, ArithmeticError, LookupError, re.error) as error:
            return f"nothing can be read with it ({_shown(str(error))}); {_EXAMPLE}"
        want = _as_written(instant, form)
        if pd.isna(read) or (read if read.tzinfo else read.tz_localize(UTC)) != want:
            back = "as nothing" if pd.isna(read) else f"as {read.isoformat()}"
            return f"{_shown(text)}, written by it, would be read {back}; {_EXAMPLE}"
    return None


def _as_written(instant: datetime, form: str) -> datetime:
    """Return an instant without what the format leaves out, on the clock it is written by."""
    parts = _parts(form)
    left_out: dict[str, int] = {}
    if not has_day(form):
        left_out |= {"day": 1} if "month" in parts else {"day": 1, "month": 1}
    for part, field in (
        ("hour", "hour"),
        ("minute", "minute"),
        ("second", "second"),
        ("fraction of a second", "microsecond"),
    ):
        if part not in parts:
            left_out[field] = 0
    zone = instant.tzinfo if "offset from UTC" in parts else UTC
    return datetime(*instant.timetuple()[:6], instant.microsecond, tzinfo=zone).replace(**left_out)  # type: ignore[arg-type] # six numbers and the fraction
