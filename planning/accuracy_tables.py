"""What was said and what came, and the tests of a training, as tables for files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS, Clock
from planning.accuracy import PROMISED, PastScore, outcome
from planning.columns import AREA_KEYS
from planning.tables import Column, Values

_CALLS, _SHARE = "calls", "share"
_DAILY = "calls a day"
_PROMISED = Column(
    "promised", "share of the counts that is to lie in the range for 8 of 10, at least", _SHARE,
    high=1, example=PROMISED,
)  # fmt: skip
PAST_COLUMNS = (
    *AREA_KEYS,
    Column("period", "id of the week or day", type="text", example="2026-W43"),
    Column("first_day", "local date of its first force-day", type="date", example="2026-10-19"),
    Column("last_day", "local date of its last force-day", type="date", example="2026-10-25"),
    Column("start", "its beginning", "UTC", "instant", "2026-10-19T06:00:00Z"),
    Column("end", "its end, not part of it", "UTC", "instant", "2026-10-26T07:00:00Z"),
    Column("said_by", "number of the issue that said it", type="whole", example=41),
    Column("said_at", "when that issue was published", "UTC", "instant", "2026-10-09T08:00:00Z"),
    Column("days_ahead", "from the force-day of its publication to the first day", "days", "whole",
           10),
    Column("mean", "expected number that was said", _CALLS, example=1840.2),
    Column("q10", "lower end of the range for 8 of 10", _CALLS, example=1790),
    Column("q90", "upper end of it", _CALLS, example=1893),
    _PROMISED,
    Column("baseline", "mean of the same weekday and hours over the last 8 weeks, as that issue "
           "had it", _CALLS, example=1902.5),
    Column("actual", "what came, as known at the origin of the issue asked; empty where not all of "
           "it was known", _CALLS, example=1851),
    Column("outcome", "where what came lay beside the range; empty where it isn't known",
           type="text", example="inside", options=("", "above", "below", "inside")),
)  # fmt: skip
_SHARES = (
    Column("level", "level of the areas that were tested", type="text", example="district"),
    Column("days_ahead", "days between origin and day, first and last", "days", "text", "8-28"),
    Column("first_day_ahead", "the first of them", "days", "whole", 8),
    _PROMISED,
    Column("held", "share of the counts of an area's day that lay in it", _SHARE, high=1,
           example=0.81),
    Column("gain", "by how much the forecast missed less than the mean of the last 8 weeks; below "
           "0: more", _SHARE, low=None, high=1, example=0.25),
)  # fmt: skip
_COUNTS = (
    Column("miss", "mean absolute error of the forecast", _DAILY, example=19.4),
    Column("baseline_miss", "the same of the mean of the last 8 weeks", _DAILY, example=25.9),
    Column("days", "days of areas that were judged", "days", "whole", 189),
)
_DECIMALS = 2  # of a share of areas not all of which are seen: as a page tells it


def past_values(sayings: pd.DataFrame, area: tuple[str, str], clock: Clock) -> Values:
    """Return the values of `PAST_COLUMNS`.

    Args:
        sayings: rows of `planning.accuracy.with_actual` of one kind of period, and said_at, UTC.
        area: its id and name.
        clock: the force's.
    """
    first = pd.DatetimeIndex(sayings["day"])
    is_week = (sayings["by"] == "week").to_numpy()
    said_on = clock.force_day(pd.DatetimeIndex(pd.to_datetime(sayings["said_at"], utc=True)))
    last = first + pd.to_timedelta(np.where(is_week, WEEK_DAYS - 1, 0), unit="D")
    ids = [
        clock.week_label(day) if whole else f"{day:%Y-%m-%d}"
        for day, whole in zip(first, is_week, strict=True)
    ]
    numbers = ("low", "high", "actual")
    outcomes = [outcome(*row) for row in zip(*(sayings[each] for each in numbers), strict=True)]
    found = {
        "area": _texts([area[0]] * len(ids)),
        "area_name": _texts([area[1]] * len(ids)),
        "period": _texts(ids),
        "first_day": first.to_numpy(),
        "last_day": last.to_numpy(),
        **{name: _instants(sayings[name]) for name in ("start", "end", "said_at")},
        "said_by": sayings["issue"].to_numpy(np.float64),
        "days_ahead": ((first - said_on) / ONE_DAY).to_numpy(np.float64),
        "q10": sayings["low"].to_numpy(np.float64),
        "q90": sayings["high"].to_numpy(np.float64),
        "promised": np.full(len(ids), PROMISED),
        **{name: sayings[name].to_numpy(np.float64) for name in ("mean", "baseline", "actual")},
        "outcome": _texts(outcomes),
    }
    return {each.name: found[each.name] for each in PAST_COLUMNS}


def training_columns(*, with_counts: bool) -> tuple[Column, ...]:
    """Return the columns of the tests of a training; calls only for who may see all areas."""
    return (*_SHARES, *(_COUNTS if with_counts else ()))


def training_values(scores: Sequence[PastScore], level: str, *, with_counts: bool) -> Values:
    """Return their values, a row for each block of days ahead.

    Args:
        scores: of a level of areas.
        level: its name.
        with_counts: whether calls are told, and shares to the last digit.
    """
    rows = [
        (
            level,
            each.days_ahead,
            float(each.first_day),
            PROMISED,
            *(round(share, 99 if with_counts else _DECIMALS) for share in (each.held, each.gain)),
            *(each.miss, each.baseline_miss, float(each.days)),
        )
        for each in scores
    ]
    columns = training_columns(with_counts=with_counts)
    return {
        each.name: np.array(
            [row[at] for row in rows], dtype=object if each.type == "text" else np.float64
        )
        for at, each in enumerate(columns)
    }


def _texts(values: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array(values, dtype=object)


def _instants(values: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return pd.DatetimeIndex(pd.to_datetime(values, utc=True)).tz_localize(None).to_numpy()
