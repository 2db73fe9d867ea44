"""Hours kept free for missing-person work, as a person writes them: `40`, or `north:40`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from forewatch.errors import BadQuestion, UnknownArea
from planning.names import id_meant, ids_and_names

_MOST_HOURS = 10_000_000  # a week of 60,000 officers; more is a slip of the pen


def reserved_hours(
    areas: Mapping[str, str], texts: Sequence[str]
) -> dict[str, float] | float | None:
    """Return the hours kept free in each period: by area, for all areas, or None for none given.

    Args:
        areas: the names of the areas that may be meant, by their ids.
        texts: as they were written.

    Raises:
        UnknownArea: with the near names.
        BadQuestion: if a text is neither a number of hours nor an area with one, both kinds are
            mixed, or a name is that of several areas.
    """
    if not texts:
        return None
    if len(texts) == 1 and ":" not in texts[0]:
        return _hours(texts[0], texts[0])
    found: dict[str, float] = {}
    for text in texts:
        named, colon, hours = text.rpartition(":")
        if not colon:
            raise BadQuestion(
                f"reserved hours {text!r} stand beside others; write one number for all areas, or "
                "an area with each, like north:40"
            )
        if (area := id_meant(named, areas)) is None:
            raise UnknownArea(named, ids_and_names(areas))
        found[area] = _hours(hours, text)
    return found


def _hours(number: str, text: str) -> float:
    try:
        hours = float(number)
    except ValueError:
        hours = math.nan
    if not 0 <= hours <= _MOST_HOURS:  # NaN neither
        raise BadQuestion(
            f"no hours {text!r}; write 40 for all areas, or north:40, up to {_MOST_HOURS:,}"
        )
    return hours
