"""Numbers, days and times in British English, as drawings and summaries have them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

_FEW = 10  # below which a count is told with one decimal
_MINUS = "−"
_LENGTHS = {7: "week", 28: "four weeks"}
_SOON = pd.Timedelta("20h")


def count_text(value: float) -> str:
    """Return an expected count: whole, or with a decimal where it is small.

    >>> count_text(17239.6), count_text(3.14), count_text(-12), count_text(float("nan"))
    ('17,240', '3.1', '−12', 'unknown')
    """
    if not math.isfinite(value):
        return "unknown"
    text = f"{abs(value):,.0f}" if abs(value) >= _FEW else f"{abs(value):.1f}".removesuffix(".0")
    return f"{_MINUS}{text}" if value < 0 and text != "0" else text


def amount_text(value: float, unit: str) -> str:
    """Return an expected count with its unit.

    >>> amount_text(12, "calls"), amount_text(1, "calls"), amount_text(1.2, "calls")
    ('12 calls', '1 call', '1.2 calls')
    """
    text = count_text(value)
    return f"{text} {unit.removesuffix('s') if text == '1' else unit}"


def signed_text(value: float) -> str:
    """Return a difference with its sign.

    >>> signed_text(70), signed_text(-2), signed_text(0)
    ('+70', '−2', '0')
    """
    text = count_text(value)
    return text if text == "0" or value < 0 or not math.isfinite(value) else f"+{text}"


def percent_text(share: float) -> str:
    """Return a share of 1 in per cent.

    >>> percent_text(0.074), percent_text(0.004), percent_text(0.0)
    ('7 %', 'below 1 %', '0 %')
    """
    if not math.isfinite(share):
        return "unknown"
    if 0 < share < 0.01:  # noqa: PLR2004 - what would look like none
        return "below 1 %"
    return f"{share:.0%}".replace("%", " %")


def level_text(value: float, normal: float) -> str:
    """Return how a number is to what is normal.

    >>> level_text(103, 100), level_text(96, 100), level_text(100.2, 100), level_text(5, 0)
    ('3 % above', '4 % below', 'about equal to', '5 above')
    """
    if normal <= 0:
        return f"{count_text(value - normal)} above"
    share = round(100 * (value / normal - 1))
    if share == 0:
        return "about equal to"
    return f"{abs(share)} % {'above' if share > 0 else 'below'}"


def day_text(moment: pd.Timestamp) -> str:
    """Return a local day.

    >>> day_text(pd.Timestamp("2026-11-30 07:00"))
    'Monday 30 November'
    """
    return f"{moment:%A} {moment.day} {moment:%B}"


def short_day_text(moment: pd.Timestamp) -> str:
    """Return a local day, short.

    >>> short_day_text(pd.Timestamp("2026-11-30"))
    'Mon 30'
    """
    return f"{moment:%a} {moment.day}"


def moment_text(moment: pd.Timestamp) -> str:
    """Return a local day and time.

    >>> moment_text(pd.Timestamp("2026-11-30 07:00"))
    'Monday 30 November, 07:00'
    """
    return f"{day_text(moment)}, {moment:%H:%M}"


def list_text(names: Sequence[str]) -> str:
    """Return names as a list.

    >>> list_text(["football", "holiday", "trend"])
    'football, holiday and trend'
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def local_times(instants: pd.Series, zone: str) -> pd.DatetimeIndex:
    """Return instants (UTC) by the force's clock."""
    return pd.DatetimeIndex(instants).tz_convert(zone)


def whole_parts(parts: Sequence[float], total: int) -> list[int]:
    """Return parts as whole numbers that add up to a total, each as near to its own as can be.

    >>> whole_parts([70.4, 30.4, 20.4], 121)
    [71, 30, 20]

    Source:
        The method of largest remainders.
    """
    exact = np.array(parts, dtype=np.float64)
    exact += (total - exact.sum()) / max(len(exact), 1)
    whole = np.floor(exact)
    lacking = round(total - whole.sum())
    first = np.argsort(whole - exact, kind="stable")[:lacking]
    whole[first] += 1
    return [int(each) for each in whole]


def period_text(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Return a period, local times.

    >>> period_text(pd.Timestamp("2026-11-28 22:00"), pd.Timestamp("2026-11-28 23:00"))
    'Saturday 28 November, 22:00 to 23:00'
    >>> period_text(pd.Timestamp("2026-11-28 07:00"), pd.Timestamp("2026-11-29 07:00"))
    'Saturday 28 November'
    >>> period_text(pd.Timestamp("2026-11-23 07:00"), pd.Timestamp("2026-11-30 07:00"))
    'week from Monday 23 November'
    """
    is_clock_time_same = start.time() == end.time()
    if is_clock_time_same and (days := (end.date() - start.date()).days) > 0:
        return (
            day_text(start) if days == 1 else f"{_LENGTHS.get(days, 'time')} from {day_text(start)}"
        )
    ending = f"{end:%H:%M}" if end - start < _SOON else moment_text(end)
    return f"{moment_text(start)} to {ending}"
