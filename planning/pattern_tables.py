"""The comparison of sets of shifts as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from planning.columns import AREA_KEYS
from planning.patterns import PatternFigures
from planning.tables import Column, Values

_HOURS = "officer-hours"
PATTERN_COLUMNS = (
    replace(AREA_KEYS[0], shown="always"),
    *AREA_KEYS[1:],
    Column("pattern", "name of the set of shifts; the first is compared with", type="text",
           example="today", shown="always"),
    Column("officer_hours", "on duty, that its cover takes at the percentile", _HOURS,
           example=1240.0, decimals=0, shown="always"),
    Column("unmet_hours", "of officers that its shifts leave uncovered", _HOURS, example=0.0,
           decimals=1, shown="always"),
    Column("share_of_time_short", "share of time in which more are busy than free, with that "
           "cover", "share", high=1, example=0.04, decimals=3, shown="always"),
    Column("share_short_at_first", "the same with as many officer-hours as the first set takes; "
           "unknown where no percentile from 1 to 99 takes as many", "share", high=1,
           example=0.02, decimals=3, shown="always"),
    Column("held_over_hours", "of urgent work still under way when a shift ends that the next "
           "doesn't overlap enough", _HOURS, example=3.5, decimals=1, shown="always"),
)  # fmt: skip
_NUMBERS = tuple(each.name for each in PATTERN_COLUMNS if each.type == "number")


def pattern_values(found: Sequence[PatternFigures], name_of: Callable[[str], str]) -> Values:
    """Return the columns PATTERN_COLUMNS.

    Args:
        found: one a row.
        name_of: gives the name of an area.
    """
    return {
        "area": np.array([each.area for each in found], dtype=object),
        "area_name": np.array([name_of(each.area) for each in found], dtype=object),
        "pattern": np.array([each.pattern for each in found], dtype=object),
        **{
            name: np.array([getattr(each, name) for each in found], dtype=np.float64)
            for name in _NUMBERS
        },
    }
