"""Public holidays as they stood at an origin, from the `holidays` library.

The library knows every special day by now; a forecaster of the time did not. The dates on which the
United Kingdom's one-off bank holidays were announced are kept here, so that a past origin sees what
was published then, and the day that was moved where it stood before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

import holidays
import pandas as pd

from forewatch.errors import SettingsError
from forewatch.tables import COLUMNS, UTC

BANK_HOLIDAY = "bank_holiday"
_BETWEEN_NAMES = ";"  # of two holidays on one day, as the library joins them
_OBSERVED = re.compile(r"\s*\((?:observed|substitute(?: day)?|in lieu)\)", re.IGNORECASE)


@dataclass(frozen=True)
class _Special:
    """A day announced late; *instead* is the ordinary day that it replaced, if it was moved."""

    date: str
    announced: str
    instead: str | None = None


# Source: gov.uk announcements: VE Day 75 (7 June 2019), Platinum Jubilee (12 November 2020), State
# Funeral (10 September 2022), Coronation (6 November 2022).
_SPECIALS: dict[str, tuple[_Special, ...]] = {
    "GB": (
        _Special("2020-05-08", "2019-06-07", instead="2020-05-04"),
        _Special("2022-06-02", "2020-11-12", instead="2022-05-30"),
        _Special("2022-06-03", "2020-11-12"),
        _Special("2022-09-19", "2022-09-10"),
        _Special("2023-05-08", "2022-11-06"),
    )
}


def bank_holidays(
    country: str, subdivision: str | None, years: tuple[int, ...], origin: pd.Timestamp
) -> pd.DataFrame:
    """Return the public holidays of the years as they stood at the origin.

    Returns:
        A frame of history's "holidays" columns, ascending; known_at NaT for ordinary days.

    Raises:
        SettingsError: if the library does not know the country or its subdivision.
    """
    days = {pd.Timestamp(day): name for day, name in _calendar(country, subdivision, years)}
    known_at: dict[pd.Timestamp, pd.Timestamp] = {}
    for special in _SPECIALS.get(country, ()):
        day, announced = pd.Timestamp(special.date), pd.Timestamp(special.announced, tz="UTC")
        if day not in days:  # another part of the country, or other years
            continue
        if announced <= origin:
            known_at[day] = announced
            continue
        name = days.pop(day)
        if special.instead is not None:
            days.setdefault(pd.Timestamp(special.instead), name)
    frame = pd.DataFrame(
        {
            "date": list(days),
            "kind": BANK_HOLIDAY,
            "name": list(days.values()),
            "area": "",
            # NaT alone would make a column without zone, which can't become one with zone
            "known_at": pd.Series([known_at.get(day, pd.NaT) for day in days], dtype=UTC),
        }
    )
    return frame.astype(COLUMNS["holidays"]).sort_values("date", ignore_index=True)


@lru_cache(maxsize=32)
def _calendar(
    country: str, subdivision: str | None, years: tuple[int, ...]
) -> tuple[tuple[str, str], ...]:
    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=years)
    except NotImplementedError as error:
        raise SettingsError(
            f"no public holidays for {country!r} {subdivision or ''}: {error}; mend "
            "force.holiday_country and force.holiday_subdivision, or import a table of kind "
            f"{BANK_HOLIDAY}"
        ) from error
    return tuple((day.isoformat(), name) for day, name in sorted(found.items()))


def base_name(name: str) -> str:
    """Return the name of a holiday without what says that it is taken on another day.

    >>> base_name("Christmas Day (observed)"), base_name("Boxing Day")
    ('Christmas Day', 'Boxing Day')
    """
    return _OBSERVED.sub("", name).strip()


def felt_names(names: str, ordinary: Collection[str]) -> str:
    """Return the names of a day that are not declared ordinary; "" if none is left.

    >>> felt_names("Presidents' Day; Susan B. Anthony Day", ["susan b. anthony day"])
    "Presidents' Day"
    """
    aside = {name.casefold() for name in ordinary}
    kept = [
        name.strip()
        for name in names.split(_BETWEEN_NAMES)
        if not {name.strip().casefold(), base_name(name).casefold()} & aside
    ]
    return f"{_BETWEEN_NAMES} ".join(kept)


def strange_names(ordinary: Collection[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return what is declared ordinary and is the name of no holiday.

    >>> strange_names(["Boxing Day", "Cesar Chavez"], ["Cesar Chavez Day", "Boxing Day (observed)"])
    ('Cesar Chavez',)
    """
    each = [name.strip() for together in names for name in together.split(_BETWEEN_NAMES)]
    known = {form.casefold() for name in each for form in (name, base_name(name))}
    return tuple(name for name in ordinary if name.strip().casefold() not in known)
