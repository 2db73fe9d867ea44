"""The weather of the demo force and what it does: at hot weekends more people call.

The covariate of a district and day is by how many degrees its high is above 24 °C on a Saturday or
Sunday, 0 on other days; calls then grow by `Plan.hot_weekends` for each degree, those of a call
type by as much as crowds move it. Highs are drawn by streams of their own, which disturb no other
draw. Of each day there are forecasts of a week, four days and one day before, each with an error of
its own, and the measured value on the day after.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from forewatch.arrays import Array
from sources.synthetic.places import HOT_WEEKEND, districts
from sources.synthetic.plan import DAY_STARTS_AT_HOUR, EPOCH, WEATHER, ZONE, Plan

WARM_C = 24.0
_MEAN_C, _SWING_C, _HOTTEST_DAY = 15.5, 7.5, 205  # of daily highs, as in the south west
_SD_C, _PERSISTENCE, _OWN_SD_C = 4.0, 0.7, 0.8
_COAST_C = -1.0
LEADS_DAYS = (7, 4, 1)
_ERROR_C = 0.7  # of a forecast, times the root of its lead
_SATURDAY = 5


def heat(plan: Plan, days: int) -> Array:
    """Return the covariate of the plan's first days, shape (districts, days), °C."""
    dates = pd.date_range(EPOCH, periods=(plan.first - EPOCH).days + days, unit="us")
    return _beyond(_highs(plan, dates), dates)[:, -days:]


def weather_table(plan: Plan, last: date) -> pd.DataFrame:
    """Return covariate, area, date, value (°C), known_at (UTC), to a date beyond the history."""
    every = pd.date_range(EPOCH, last, unit="us")
    highs = _highs(plan, every)
    shown = slice((plan.first - EPOCH).days, None)
    frames = []
    for number, district in enumerate(districts(plan)):
        errors = plan.stream(WEATHER, 1, number).standard_normal((len(every), len(LEADS_DAYS)))
        for k, lead in enumerate((*LEADS_DAYS, -1)):
            error = _ERROR_C * np.sqrt(lead) * errors[:, k] if lead > 0 else 0.0
            values = _beyond(highs[number] + error, every)[shown]
            told = every[shown] - pd.Timedelta(days=lead) + pd.Timedelta(hours=DAY_STARTS_AT_HOUR)
            frames.append(
                pd.DataFrame(
                    {
                        "covariate": HOT_WEEKEND.id,
                        "area": district.id,
                        "date": every[shown],
                        "value": np.round(values, 1),
                        "known_at": told.tz_localize(ZONE).tz_convert("UTC"),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def _highs(plan: Plan, dates: pd.DatetimeIndex) -> Array:
    """Return the highs of days from EPOCH on, shape (districts, days), °C."""
    turn = 2 * np.pi * (dates.day_of_year.to_numpy() - _HOTTEST_DAY) / 365.25
    fresh = plan.stream(WEATHER, 0).standard_normal(len(dates))
    wandering = lfilter([np.sqrt(1 - _PERSISTENCE**2)], [1, -_PERSISTENCE], fresh)
    common = _MEAN_C + _SWING_C * np.cos(turn) + _SD_C * wandering
    own = [
        _OWN_SD_C * plan.stream(WEATHER, 2, number).standard_normal(len(dates))
        + _COAST_C * (district.kind == "coast")
        for number, district in enumerate(districts(plan))
    ]
    return np.asarray(common + np.stack(own))


def _beyond(highs: Array, dates: pd.DatetimeIndex) -> Array:
    """Return the degrees beyond a warm day, 0 on working days."""
    return np.maximum(highs - WARM_C, 0.0) * (dates.day_of_week >= _SATURDAY)
