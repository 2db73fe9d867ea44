"""Silences in daily counts that chance does not explain: series that begin, end or pause.

1. A series is looked at over its known days, as days with and without a call; that way ten calls at
   once say no more than one.
2. Where k days with a call fall on any of n days alike, they all miss a silence of m of these days
   with the probability C(n − m, k) ÷ C(n, k). It is asked of the silence with all known days, and
   with the eight weeks on each side of it; the largest counts, so that neither a few calls at one
   time nor a slow change of level make a silence improbable.
3. Below a limit the series began, ended or paused, unless it was as silent at the same time of
   another year: that is season.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forewatch.arrays import Array

Kind = Literal["begins", "ends", "pauses"]

LEAST_SILENT_DAYS = 28  # shorter ones are told as gaps, where they are any (assumed)
_NEAR_DAYS = 56
_YEAR_DAYS = 364  # fifty-two weeks
_AS_SILENT = 0.25  # of the usual share of days with a call, at the same time of another year


@dataclass(frozen=True)
class Silence:
    """A long time without a call.

    Args:
        kind: what the series does: it begins after it, ends before it, or pauses.
        first: position of its first day.
        after: position of the day after its last.
        known_days: days of it that are known.
        calls: how many calls were to be expected.
        log_chance: logarithm of the probability that chance is as silent.
    """

    kind: Kind
    first: int
    after: int
    known_days: int
    calls: float
    log_chance: float = -np.inf


def silences(series: Array, p_max: float) -> list[Silence]:
    """Return the improbable silences of a series, ascending; none where it never had a call.

    Args:
        series: calls per day, NaN where unknown.
        p_max: probability by chance below which a silence is returned.
    """
    called = np.flatnonzero(series[np.isfinite(series)] > 0)
    if not called.size:
        return []
    bounds = np.concatenate([[-1], called, [np.isfinite(series).sum()]])
    found = [
        _silence(series, int(bounds[i]) + 1, int(bounds[i + 1]), p_max)
        for i in np.flatnonzero(np.diff(bounds) > LEAST_SILENT_DAYS)
    ]
    return [one for one in found if one is not None]


def last_silence(series: Array, p_max: float) -> Silence | None:
    """Return the silence that a series ends with, however short, if it is improbable.

    Args:
        series: calls per day, NaN where unknown.
        p_max: probability by chance below which it is returned.
    """
    known = np.isfinite(series)
    called = np.flatnonzero(series[known] > 0)
    last, number = (int(called[-1]) if called.size else -1), int(known.sum())
    if last in (-1, number - 1):
        return None
    return _silence(series, last + 1, number, p_max)


def _silence(series: Array, low: int, high: int, p_max: float) -> Silence | None:
    """Return the silence between two positions among the known days, None if it can be chance."""
    days = np.flatnonzero(np.isfinite(series))
    has_call = series[days] > 0
    others = _others(has_call, low, high)
    log_chance = max(_log_chance(high - low, part) for part in others)
    if log_chance >= np.log(p_max):
        return None
    first = int(days[low - 1]) + 1 if low else 0
    after = int(days[high]) if high < days.size else series.size
    share = min(float(part.mean()) for part in others)
    if _is_season(series, first, after, share):
        return None
    calls = share * (high - low) * float(series[days[has_call]].mean())
    return Silence(_kind(low, high, days.size), first, after, high - low, calls, log_chance)


def _kind(low: int, high: int, n: int) -> Kind:
    if low == 0:
        return "begins"
    return "ends" if high == n else "pauses"


def _others(has_call: NDArray[np.bool_], low: int, high: int) -> list[NDArray[np.bool_]]:
    """Return whether there was a call on the days beside a silence: all of them, and each side's.

    The call on either side is what ends the silence, and is left out.
    """
    before, after = has_call[: max(low - 1, 0)], has_call[high + 1 :]
    sides = [before[-_NEAR_DAYS:]] * (low > 0) + [after[:_NEAR_DAYS]] * (high < has_call.size)
    return [np.concatenate([before, after]), *sides]


def _log_chance(silent_days: int, others: NDArray[np.bool_]) -> float:
    """Return the logarithm of C(n − m, k) ÷ C(n, k), see the module."""
    n, k = silent_days + others.size, int(others.sum())
    return lgamma(others.size + 1) - lgamma(others.size - k + 1) - lgamma(n + 1) + lgamma(n - k + 1)


def _is_season(series: Array, first: int, after: int, share: float) -> bool:
    """Return whether the series was as silent at the same time of another year."""
    for shift in (-_YEAR_DAYS, _YEAR_DAYS):
        there = np.arange(first, after) + shift
        there = there[(there >= 0) & (there < series.size)]
        there = there[(there < first) | (there >= after)]
        seen = series[there][np.isfinite(series[there])]
        least = min(LEAST_SILENT_DAYS, after - first)
        if seen.size >= least and (seen > 0).mean() <= _AS_SILENT * share:
            return True
    return False
