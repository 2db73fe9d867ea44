"""Since when an area has been there: one that is new was not quiet before, it did not exist.

A series that had n calls, two of a day at most, all within the last d of D days, has been quiet
before by chance with probability (d ÷ D)^(n − 1), if it is as likely to have calls on any day.
Below P_MAX it is new, and its history begins with its first call. So three days of a few calls each
are a beginning where nobody ever called before; one busy day is none.
"""

from __future__ import annotations

import numpy as np

from forewatch.arrays import Array, Index

_OF_A_DAY = 2.0  # calls that count: more of one day may be one event
P_MAX = 1e-6  # once in a million series: as for gaps, where silence is taken for a hole
_NEAR_DAYS = 56
_BEYOND_CHANCE, _SMALL = 2.0, 1e-9


def beginnings(counts: Array) -> Index:
    """Return the day with which each series begins, 0 where chance explains the quiet before.

    Args:
        counts: calls by force-day, shape (series, days); unknown days (NaN) have none.

    Returns:
        Numbers of days, shape (series,).

    >>> new, rare = np.zeros(100), np.zeros(100)
    >>> new[90:], rare[95] = 1, 1
    >>> beginnings(np.stack([new, rare]))
    array([90,  0])
    """
    calls = np.minimum(np.nan_to_num(counts), _OF_A_DAY)
    called = calls > 0
    first, days = called.argmax(axis=1), counts.shape[1]
    chance = (1 - first / days) ** (calls.sum(axis=1) - 1.0)
    return np.where(called.any(axis=1) & (chance < P_MAX), first, 0).astype(np.int64)


def as_if_always_there(daily: Array, begins: Index) -> Array:
    """Return counts in which a new place had before what it has since, so that sums have it too.

    Where the other places lost as many calls on that day, beyond chance, it took these over: they
    are in the sums already, and are not added.

    Args:
        daily: calls by force-day, (places, call types, days); NaN unknown.
        begins: day with which each place begins, 0 where it was always there, shape (places,).
    """
    found, old = daily.copy(), begins == 0
    for place in np.flatnonzero(begins):
        first = int(begins[place])
        since, known = daily[place, :, first:], np.isfinite(daily[place, :, first:])
        days = np.maximum(known.sum(1), 1)
        rate = np.where(known, since, 0.0).sum(1) / days
        part = 1 - _taken_over(daily[old].sum((0, 1)), first, float(rate.sum()))
        found[place, :, :first] = (part * rate)[:, None]
    return found


def _taken_over(others: Array, first: int, rate: float) -> float:
    """Return the share of a new place's calls that the others lost as it began, 0 to 1.

    Args:
        others: calls a day of the places that were there before, shape (days,); NaN unknown.
        first: day on which the new place began.
        rate: its calls a day.
    """
    after = others[first:]
    before = others[max(first - after.size, first - _NEAR_DAYS, 0) : first]
    after, before = (side[np.isfinite(side)] for side in (after[:_NEAR_DAYS], before))
    if not (after.size and before.size and rate > 0):
        return 0.0
    lost = float(before.mean() - after.mean())
    spread = max(float(before.var()), float(before.mean()), _SMALL)
    chance = np.sqrt(spread * (1 / before.size + 1 / after.size))
    return float(np.clip(lost / rate, 0, 1)) if lost > _BEYOND_CHANCE * chance else 0.0
