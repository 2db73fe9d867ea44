"""What came a year before: the same weekday 52 weeks earlier, as the issue keeps it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forewatch.arrays import Array
from forewatch.clock import ONE_DAY
from planning.past_counts import YEAR_DAYS
from serving.charts.words import local_times
from serving.page.page_question import PageQuestion

LAST_YEAR = "last_year"


def with_last_year(asked: PageQuestion, frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return an answer's rows with the calls of a year before in a column `last_year`, NaN unknown.

    They are known of all calls together only.

    Args:
        asked: by the view's address.
        frame: rows of the area that is shown, with force_day (local dates) and start (instants).
        by: "day" or "hour": what the rows are of.
    """
    return frame.assign(**{LAST_YEAR: _counts(asked, frame, by)})


def last_year_words(frame: pd.DataFrame) -> str:
    """Return what the column of last year holds; "" where nothing of it is known."""
    if not np.isfinite(frame[LAST_YEAR]).any():
        return ""
    return "Last year: what came on the same weekday 52 weeks before."


def _counts(asked: PageQuestion, frame: pd.DataFrame, by: str) -> Array:
    past = asked.issue.past
    if past is None or not asked.is_of_all:
        return np.full(len(frame), np.nan)
    leaves = asked.issue.tree.leaves_of(asked.area)
    days = pd.DatetimeIndex(frame["force_day"]) - YEAR_DAYS * ONE_DAY
    if by == "hour":
        hours = local_times(frame["start"], asked.zone).hour.to_numpy(dtype=np.int64)
        return past.of_hours(leaves, days, hours)
    every = past.of_days(leaves, days[0], (days[-1] - days[0]).days + 1)
    return every[(days - days[0]).days]
