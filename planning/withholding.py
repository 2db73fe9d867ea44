"""Which rows of a forecast of calls are withheld, so that they don't tell what is suppressed.

Missing-person reports are calls of a type, or of several. Where an area is too small for its
reports to be published (`planning.suppression`), its calls of these types are suppressed too. All
calls of the area less those of the other types would still tell them, so one other type, always
the same, is suppressed with them.

Why nothing withheld is determined: a hidden area has another hidden one beside it, in which the
same two kinds of call are withheld. Move one report from the first to the second and one call of
the other type back: every row that is shown stays the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planning.issues import Issue
from planning.suppression import Kind

_WEEK = np.timedelta64(6, "D")  # a period longer than this is a week; the clock change shortens one


def withheld(issue: Issue, keys: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which rows of an answer are withheld, shape (rows,).

    Args:
        issue: the issue asked; of one without missing-person demand nothing is withheld.
        keys: columns force_day, start, end, area and call_type of the rows.
    """
    rows = np.isin(keys["call_type"], withheld_types(issue))
    if issue.missing is None or not rows.any():
        return np.zeros(len(rows), dtype=bool)
    patterns = {each.year: each for each in issue.missing.patterns}
    years = pd.DatetimeIndex(keys["force_day"]).isocalendar()["year"].to_numpy(dtype=np.int64)
    weekly = keys["end"] - keys["start"] > _WEEK
    found = np.zeros(len(rows), dtype=bool)
    asked = set(zip(years[rows].tolist(), keys["area"][rows].tolist(), weekly[rows], strict=True))
    for year, area, of_week in asked:
        kind: Kind = "week" if of_week else "day"
        if year not in patterns or patterns[year].why(area, kind):
            found |= rows & (years == year) & (keys["area"] == area) & (weekly == of_week)
    return found


def withheld_types(issue: Issue) -> tuple[str, ...]:
    """Return the call types that are withheld in hidden areas: missing persons and one other.

    Where there is no other, all calls are missing persons and their sum is withheld too.
    """
    missing = issue.profile.missing_call_types
    others = [name for name in issue.profile.call_type_ids if name not in missing]
    return (*missing, *(others[:1] or ["all"])) if missing else ()
