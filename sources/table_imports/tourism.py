"""Visitors by area and month."""

from __future__ import annotations

import pandas as pd

from forewatch.tables import TOURISM
from sources import instants
from sources.table_file import Rows, TableFile, TableImport


def tourism_rows(file: TableFile) -> Rows:
    """Return visitors by area and month, each publication of them by itself."""
    file.require("area", "month", "visitors")
    lag = file.mapping.time.published_after_days
    if lag is None:
        file.require(
            "published_at",
            hint="say when figures are published: a column published_at, or "
            "published_after_days under [time] (days after the end of the month)",
        )
    month = _first_of_month(file.date("month"))
    published = file.instant("published_at", date_means_end=True)
    if lag is not None:
        ready = month + pd.offsets.MonthBegin(1) + pd.Timedelta(days=lag)
        published = published.fillna(instants.midnights(ready, file.zone))
    rows = pd.DataFrame(
        {
            "area": file.area(),
            "month": month,
            "visitors": file.number("visitors"),
            "known_at": published,
        }
    )
    return file.passing_rows(
        rows,
        {
            "area is missing": rows["area"].isna(),
            "month can't be read": rows["month"].isna(),
            "visitors is no number": rows["visitors"].isna(),
            "visitors is negative": rows["visitors"] < 0,
            "published_at is missing or can't be read": rows["known_at"].isna(),
        },
    )


def _first_of_month(days: pd.Series) -> pd.Series:
    first: pd.Series = (days - pd.to_timedelta(days.dt.day - 1, unit="D")).dt.as_unit("us")
    return first


TOURISM_IMPORT = TableImport(
    TOURISM,
    columns=("area", "month", "visitors", "published_at"),
    times=("month", "published_at"),
    read=tourism_rows,
)
