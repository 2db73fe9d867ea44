"""Events with a range of attendance."""

from __future__ import annotations

import pandas as pd

from forewatch.tables import EVENTS
from sources.areas import nearest
from sources.table_file import Rows, TableFile, TableImport


def event_rows(file: TableFile) -> Rows:
    """Return events with a range of attendance; one with coordinates is of the nearest leaf."""
    file.require("name", "start", "end")
    start = file.instant("start")
    near = nearest(file.tree, file.number("lat"), file.number("lon"))
    low, high = file.number("attendance_low"), file.number("attendance_high")
    rows = pd.DataFrame(
        {
            "name": file.text("name"),
            "area": file.area().fillna(near),
            "start": start,
            "end": file.instant("end", date_means_end=True),
            "attendance_low": low.mask(file.text("attendance_low").isna(), high),
            "attendance_high": high.mask(file.text("attendance_high").isna(), low),
            "known_at": file.known_at(start, "announced_at", "are announced"),
        }
    )
    return file.passing_rows(
        rows,
        {
            "name is missing": rows["name"].isna(),
            "no area, and no leaf near its coordinates": rows["area"].isna(),
            "start can't be read": rows["start"].isna(),
            "end can't be read": rows["end"].isna(),
            "end is not after start": rows["end"] <= rows["start"],
            "attendance is missing or no number": rows["attendance_low"].isna()
            | rows["attendance_high"].isna(),
            "attendance is negative": rows["attendance_low"] < 0,
            "attendance_low is above attendance_high": rows["attendance_low"]
            > rows["attendance_high"],
            "announced_at is missing or can't be read": rows["known_at"].isna(),
        },
    )


EVENTS_IMPORT = TableImport(
    EVENTS,
    columns=(
        *("name", "area", "lat", "lon", "start", "end", "attendance_low", "attendance_high"),
        "announced_at",
    ),
    times=("start", "end", "announced_at"),
    read=event_rows,
)
