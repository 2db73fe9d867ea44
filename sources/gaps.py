"""Stretches without any call that chance does not explain.

1. The expected count of an interval is the mean of its slot (hour of the week, or weekday) times
   the level of the eight weeks around it.
2. A stretch of empty intervals with expected sum m has probability exp(-m) if calls are Poisson.
3. Below a limit it is a gap: the extract is missing something, and unobserved is not zero. The
   limit is P_MAX, or smaller where many stretches are looked at.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array

P_MAX = 1e-6  # one false alarm in a million stretches, where no more than ten thousand are there
_LEVEL_DAYS = 57  # eight weeks and the day itself
_LEVEL_FLOOR = (
    0.1  # in a long gap the level around is zero itself; it counts as a tenth of the mean
)


def expected_counts(counts: Array, slot: NDArray[np.int64], per_day: int) -> Array:
    """Return the count expected of each interval, same shape as *counts*, NaN where all is unknown.

    Args:
        counts: per interval, ascending without holes; NaN where unobserved.
        slot: of each interval, e.g. hour of the local week.
        per_day: intervals of an ordinary day.
    """
    known = np.isfinite(counts)
    filled = np.where(known, counts, 0.0)
    size = int(slot.max()) + 1
    mean = np.bincount(slot, filled, size) / np.maximum(np.bincount(slot[known], minlength=size), 1)
    window = _LEVEL_DAYS * per_day
    around = pd.Series(counts).rolling(window, center=True, min_periods=1).mean().to_numpy()
    overall = filled.sum() / max(known.sum(), 1)
    level = np.where(np.isfinite(around), around, overall) / overall if overall else np.ones(1)
    found: Array = mean[slot] * np.maximum(level, _LEVEL_FLOOR)
    return found


def stretches(counts: Array, mean: Array, p_max: float = P_MAX) -> list[tuple[int, int, float]]:
    """Return the improbable stretches of zeros: first interval, end (exclusive), expected calls.

    A stretch ends at a call, and at an interval that is known to be unobserved (NaN).

    Args:
        counts: per interval, NaN where unobserved.
        mean: expected of each interval.
        p_max: probability of a stretch by chance below which it is returned.
    """
    zero = counts == 0
    edge = np.diff(np.concatenate([[False], zero, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    total = np.concatenate([[0.0], np.cumsum(np.where(zero, mean, 0.0))])
    calls = total[ends] - total[starts]
    return [
        (int(start), int(end), float(m))
        for start, end, m in zip(starts, ends, calls, strict=True)
        if np.exp(-m) < p_max
    ]
