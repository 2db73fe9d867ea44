"""Means of the last same weekdays; that of 8 weeks is the honest baseline.

Each day ahead is expected to be the mean of the last 8 (26, 52) days of its weekday:

1. days that are not known are left out; where fewer are known, the mean is over what is there;
2. where none is known, the mean of all known days of the series stands in;
3. where no day is known at all, the series takes its share of its parents;
4. a mean of zero is replaced by half a call over all the days seen: nothing is impossible.

As members they learn from the past as if its breaks had always been; as the baseline that is judged
beside the forecast, that of 8 weeks is asked for the counts as recorded (`models.origins`).
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from features.panel import Panel
from forewatch.arrays import Array
from forewatch.clock import WEEK_DAYS
from models.base import HALF_A_CALL, Series, State, check_series, known_days, series_from, series_of
from models.lineage import Lineage


class SameWeekdayMean:
    """The mean of the last *weeks* known days of the same weekday."""

    weeks: ClassVar[int]

    def __init__(self) -> None:
        self.series_: Series | None = None

    @property
    def name(self) -> str:
        """The member's name in recipes and reports."""
        return f"same_weekday_{self.weeks}"

    def fit(self, panel: Panel) -> Self:
        """Remember the series; the means themselves come from the panel forecast from."""
        self.series_ = series_of(panel)
        return self

    def predict(self, panel: Panel) -> Array:
        """Return the mean of each series' last same weekdays, shape (H, N)."""
        check_series(self.name, self.series_, panel)
        recent = panel.counts[-WEEK_DAYS * self.weeks :]
        weekday = panel.days.day_of_week.to_numpy()[-WEEK_DAYS * self.weeks :]
        overall = Lineage.of(panel).filled(_mean(panel.counts))
        by_weekday = np.stack([_mean(recent[weekday == d]) for d in range(WEEK_DAYS)])
        by_weekday = np.where(np.isnan(by_weekday), overall, by_weekday)
        least = HALF_A_CALL / (known_days(panel.counts) + 1)
        return np.asarray(np.maximum(by_weekday, least)[panel.horizon.day_of_week.to_numpy()])

    def state(self) -> State:
        """Return the series, all there is to remember."""
        return {"series": [list(pair) for pair in self.series_ or ()]}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the member whose state this was."""
        member = cls()
        member.series_ = series_from(state["series"])
        return member


class SameWeekday8(SameWeekdayMean):
    """The mean of the last 8 same weekdays: the honest baseline."""

    weeks = 8


class SameWeekday26(SameWeekdayMean):
    """The mean of the last 26 same weekdays."""

    weeks = 26


class SameWeekday52(SameWeekdayMean):
    """The mean of the last 52 same weekdays."""

    weeks = 52


def _mean(counts: Array) -> Array:
    """Return the mean of the known days of each series, NaN where none is known; shape (N,)."""
    known = np.isfinite(counts)
    total = np.where(known, counts, 0.0).sum(axis=0)
    days = known.sum(axis=0)
    return np.asarray(np.divide(total, days, out=np.full(counts.shape[1], np.nan), where=days > 0))
