"""The answer of a replay as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np

from planning.columns import AREA_KEYS
from planning.replay import ALL, FIGURES, Reliability
from planning.tables import Column, Values

REPLAY_COLUMNS = (
    *AREA_KEYS,
    Column("lead_days", "days from what was said to the first day of the week it was said of",
           "days", "whole", 14, shown="always"),
    Column("figure", "which of the three figures", type="text", example=FIGURES[0],
           options=FIGURES, shown="always"),
    Column("low_said", "rows count of which at least so much was said", decimals=2, example=0.1,
           high=1, shown="differing"),
    Column("high_said", "and less than this; 1 is among them", decimals=2, example=0.2, high=1,
           shown="differing"),
    Column("said", "mean of what was said", high=1, example=0.041, decimals=3, shown="always"),
    Column("came", "mean of what came", high=1, example=0.046, decimals=3, shown="always"),
    Column("difference", "came − said", low=-1, high=1, example=0.005, decimals=3,
           shown="always"),
    Column("low", "of the difference were other weeks drawn, 95 of 100: its lower bound", low=-1,
           high=1, example=-0.004, decimals=3, shown="always"),
    Column("high", "its upper bound", low=-1, high=1, example=0.013, decimals=3, shown="always"),
    Column("weeks", "that count", "weeks", "whole", 26, shown="always"),
    Column("rows", "shifts that count; of p_hours_over, force-days", "rows", "whole", 546,
           shown="always"),
    Column("unknown", "shifts or force-days of which nobody knows what came", "rows", "whole", 0,
           shown="always"),
)  # fmt: skip
_NAMES = tuple(each.name for each in fields(Reliability) if each.name not in ("area", "figure"))


def replay_values(found: Sequence[Reliability], name_of: Callable[[str], str]) -> Values:
    """Return the columns REPLAY_COLUMNS.

    Args:
        found: one a row.
        name_of: gives the name of an area.
    """
    areas = [each.area for each in found]
    names = ["All areas asked" if area == ALL else name_of(area) for area in areas]
    return {
        "area": np.array(areas, dtype=object),
        "area_name": np.array(names, dtype=object),
        "figure": np.array([each.figure for each in found], dtype=object),
        **{
            name: np.array([getattr(each, name) for each in found], dtype=np.float64)
            for name in (*_NAMES, "difference")
        },
    }
