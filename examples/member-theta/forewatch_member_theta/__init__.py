"""The theta method by weekday: exponential smoothing with half of the trend as drift.

1. Counts are divided by their weekday's usual share and by the hours of the day.
2. What is left is smoothed; the parameter is the one that forecast the next day best.
3. The drift is half the slope of a straight line through the last year.

Source:
    Assimakopoulos & Nikolopoulos (2000), The theta model; Hyndman & Billah (2003), Unmasking the
    theta method, equation 6: theta is smoothing with a drift of half the slope.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from features.panel import Panel
from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS
from models.base import HALF_A_CALL, Series, State, check_series, known_days, series_from, series_of

_YEAR_DAYS = 364
_ALPHAS = np.array([[0.02], [0.05], [0.1], [0.2], [0.4]])


class Theta:
    """Forecasts every series by itself."""

    name = "theta"

    def __init__(self) -> None:
        self.series_: Series | None = None
        self.week_ = self.alpha_ = self.drift_ = np.empty(0)

    def fit(self, panel: Panel) -> Self:
        """Learn weekdays (7, N), smoothing parameters and drifts (N,) from the last year."""
        counts, weekday, floor = _last_year(panel)
        mean = np.fmax(np.nanmean(np.vstack([counts, floor]), axis=0), floor)
        days = [np.vstack([counts[weekday == d], mean]) for d in range(WEEK_DAYS)]
        self.week_ = np.stack([np.nanmean(each, axis=0) for each in days]) / mean
        plain = counts / self.week_[weekday]
        errors = np.stack([_smoothed(plain, alpha)[1] for alpha in _ALPHAS])
        self.alpha_ = _ALPHAS[errors.argmin(axis=0), 0]
        at = np.arange(len(plain))[:, None] - (len(plain) - 1) / 2
        filled = np.where(np.isfinite(plain), plain, mean)
        self.drift_ = (at * filled).sum(axis=0) / (at**2).sum() / 2
        self.series_ = series_of(panel)
        return self

    def predict(self, panel: Panel) -> Array:
        """Return level + drift, by weekday and hours of the day, shape (H, N)."""
        check_series(self.name, self.series_, panel)
        counts, weekday, floor = _last_year(panel)
        level, _ = _smoothed(counts / self.week_[weekday], self.alpha_)
        ahead = np.arange(len(panel.horizon))[:, None] + 1 / self.alpha_
        week = self.week_[panel.horizon.day_of_week]
        hours = panel.hours[len(panel.days) :, None]
        return np.asarray(np.maximum(level + self.drift_ * ahead, floor) * week * hours / 24)

    def state(self) -> State:
        """Return what was learned."""
        learned = {"week": self.week_, "alpha": self.alpha_, "drift": self.drift_}
        return {"series": [list(pair) for pair in self.series_ or ()], **learned}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the member whose state this was."""
        member = cls()
        member.series_ = series_from(state["series"])
        member.week_, member.alpha_, member.drift_ = state["week"], state["alpha"], state["drift"]
        return member


def _last_year(panel: Panel) -> tuple[Array, Index, Array]:
    """Return calls per 24 hours (D, N), weekdays (D,), and the least that is expected (N,)."""
    counts = (panel.counts * 24 / panel.hours[: len(panel.days), None])[-_YEAR_DAYS:]
    weekday = panel.days.day_of_week.to_numpy()[-_YEAR_DAYS:]
    return counts, weekday, HALF_A_CALL / np.maximum(known_days(counts), 1)


def _smoothed(values: Array, alpha: Array) -> tuple[Array, Array]:
    """Return the last level and the sum of squared errors of the next day, (N,) each."""
    level = np.nanmean(np.vstack([values[:28], np.zeros_like(values[:1])]), axis=0)
    squares = np.zeros_like(level)
    for today in values:
        miss = np.nan_to_num(today - level)  # an unknown day moves nothing
        squares, level = squares + miss**2, level + alpha * miss
    return level, squares
