"""Since when an area has been there: one that is new was not quiet before, it did not exist.

A series that had a call on n different days, all within the last d of D days, has been quiet before
by chance with probability (d ÷ D)^(n − 1), if it is as likely to have calls on any day. Below P_MAX
it is new, and its history begins with its first call.
"""

from __future__ import annotations

import numpy as np

from forewatch.arrays import Array, Index

P_MAX = 1e-6  # once in a million series: as for gaps, where silence is taken for a hole


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
    called = np.nan_to_num(counts) > 0
    first, days = called.argmax(axis=1), counts.shape[1]
    chance = (1 - first / days) ** (called.sum(axis=1) - 1.0)
    return np.where(called.any(axis=1) & (chance < P_MAX), first, 0).astype(np.int64)
