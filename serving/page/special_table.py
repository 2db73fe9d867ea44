"""What is special in the time that an issue reaches, as a table for files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planning.tables import Column, Values
from serving.page.special_panel import SpecialLine

_VISITORS = "visitors"
SPECIAL_COLUMNS = (
    Column("week_listed", "ISO week in which it begins; the issue's first for what began before",
           type="text", example="2026-W43"),
    Column("what", "what it is, in words", type="text", example="Harbour festival"),
    Column("kind", "event, a kind of holiday, or change in recording", type="text",
           example="event"),
    Column("first_day", "first local date (force-day) that it touches", type="date",
           example="2026-10-24"),
    Column("last_day", "last such date", type="date", example="2026-10-25"),
    Column("start", "its beginning", "UTC", "instant", "2026-10-24T10:00:00Z"),
    Column("end", "its end, not part of it; its beginning where no end is told", "UTC", "instant",
           "2026-10-25T18:00:00Z"),
    Column("area", "id of its area; empty: the whole force", type="text", example="bristol"),
    Column("area_name", "its name, or everywhere", type="text", example="Bristol"),
    Column("attendance_low", "fewest visitors expected; empty where nobody told", _VISITORS,
           example=900),
    Column("attendance_high", "most visitors expected", _VISITORS, example=1100),
    Column("remark", "what has to be known of it", type="text",
           example="told after this forecast was made, so it isn't in its numbers"),
)  # fmt: skip


def special_values(lines: Sequence[SpecialLine], weeks: Sequence[str]) -> Values:
    """Return the values of `SPECIAL_COLUMNS`, a row for each thing and area.

    Args:
        lines: what is special, in order of time.
        weeks: in which each is listed, as ISO weeks.
    """
    texts = {
        "week_listed": weeks,
        "what": [each.text for each in lines],
        "kind": [each.kind for each in lines],
        "area": [each.area for each in lines],
        "area_name": [each.where for each in lines],
        "remark": [each.remark for each in lines],
    }
    times: dict[str, list[pd.Timestamp | None]] = {
        "first_day": [min(each.days, default=None) for each in lines],
        "last_day": [max(each.days, default=None) for each in lines],
        "start": [each.start.tz_convert("UTC").tz_localize(None) for each in lines],
        "end": [each.end.tz_convert("UTC").tz_localize(None) for each in lines],
    }
    people = np.array([each.attendance for each in lines], np.float64).reshape(-1, 2)
    found: dict[str, NDArray[Any]] = {
        **{name: np.array(values, dtype=object) for name, values in texts.items()},
        **{name: pd.DatetimeIndex(values).to_numpy() for name, values in times.items()},
        "attendance_low": people[:, 0],
        "attendance_high": people[:, 1],
    }
    return {each.name: found[each.name] for each in SPECIAL_COLUMNS}
