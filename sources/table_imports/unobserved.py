"""Windows of which nothing is known."""

from __future__ import annotations

import pandas as pd

from forewatch.tables import UNOBSERVED
from sources import instants
from sources.table_file import Rows, TableFile, TableImport


def unobserved_rows(file: TableFile) -> Rows:
    """Return windows of which nothing is known; their length is by the wall clock."""
    file.require("start")
    start = file.instant("start")
    hours = file.mapping.time.length_hours
    if hours is None:
        file.require(
            "end", hint="give an end, or length_hours under [time] if all windows are alike"
        )
    end = file.instant("end", date_means_end=True)
    if hours is not None:
        wall = start.dt.tz_convert(file.zone).dt.tz_localize(None) + pd.Timedelta(hours=hours)
        end = end.fillna(instants.wall_clock(wall, file.zone))
    rows = pd.DataFrame({"start": start, "end": end, "area": file.area().fillna("")})
    return file.passing_rows(
        rows,
        {
            "start can't be read": rows["start"].isna(),
            "end can't be read": rows["end"].isna(),
            "end is not after start": rows["end"] <= rows["start"],
        },
    )


UNOBSERVED_IMPORT = TableImport(
    UNOBSERVED, columns=("start", "end", "area"), times=("start", "end"), read=unobserved_rows
)
