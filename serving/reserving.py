"""Hours kept free for missing-person work, as a person writes them: `40`, or `north:40`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from forewatch.errors import BadQuestion, UnknownArea

_MOST_HOURS = 10_000_000  # a week of 60,000 officers; more is a slip of the pen


def reserved_hours(areas: Sequence[str], texts: Sequence[str]) -> dict[str, float] | float | None:
    """Return the hours kept free in each period: by area, for all areas, or None for none given.

    Args:
        areas: ids of the areas that may be named.
        texts: as they were written.

    Raises:
        UnknownArea: with the near names.
        BadQuestion: if a text is neither a number of hours nor an area with one, or both kinds
            are mixed.
    """
    if not texts:
        return None
    if len(texts) == 1 and ":" not in texts[0]:
        return _hours(texts[0], texts[0])
    found: dict[str, float] = {}
    for text in texts:
        area, colon, hours = text.rpartition(":")
        if not colon:
            raise BadQuestion(
                f"reserved hours {text!r} stand beside others; write one number for all areas, or "
                "an area with each, like north:40"
            )
        if area not in areas:
            raise UnknownArea(area, areas)
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
