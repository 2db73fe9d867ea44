"""Pay days: the last working day of a month, and the weekend after it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.declaration import ALWAYS, FLAG, Feature, Maker, Prior, Sight, Values
from features.public_holidays import BANK_HOLIDAY

_DAYS_AFTER = 2  # on which the money is spent
_PRIOR = Prior(0.1, 0.05)  # effects of about 10 % are ordinary


def paydays(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:
    """Return both flags of force-days, shape (days, 1): the same in every area."""
    del areas
    dates = days.to_numpy().astype("datetime64[D]")
    holidays = view.holidays()
    public = holidays["date"][holidays["kind"] == BANK_HOLIDAY]
    closed = public.to_numpy().astype("datetime64[D]")
    since = np.stack([dates - _last_working_day(dates - back, closed) for back in (0, _DAYS_AFTER)])
    after = since.astype(np.int64)
    is_payday = (after[:1] == 0).astype(float)
    is_after = ((after > 0) & (after <= _DAYS_AFTER)).any(axis=0, keepdims=True).astype(float)
    return {"payday": is_payday.T, "after_payday": is_after.T}


def _last_working_day(
    dates: np.ndarray[tuple[int, ...], np.dtype[np.datetime64]],
    closed: np.ndarray[tuple[int, ...], np.dtype[np.datetime64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]:
    """Return the last working day of each date's month, no public holiday."""
    last = (dates.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    return np.busday_offset(last, 0, roll="backward", holidays=closed)


def _feature(name: str, meaning: str) -> Feature:
    return Feature(
        name,
        meaning,
        unit="0 or 1",
        source="calendar, imported holidays",
        known=ALWAYS,
        kind=FLAG,
        part="payday",
        prior=_PRIOR,
        sight=Sight(sarima=True),
    )


PAYDAY = Maker(
    paydays,
    (
        _feature("payday", "the last working day of a month"),
        _feature("after_payday", f"one of the {_DAYS_AFTER} days after it"),
    ),
)
