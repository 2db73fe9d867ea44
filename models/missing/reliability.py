"""Predicted chances beside how often they came true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forewatch.arrays import Array

_BINS = 10
_Z = 1.959964  # of a 95 % interval


def reliability_rows(chance: Array, happened: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Return predicted and observed shares in bins of the predicted chance, empty bins left out.

    >>> rows = reliability_rows(np.array([0.05, 0.05, 0.95]), np.array([False, False, True]))
    >>> [(row["n"], row["observed"]) for row in rows]
    [(2, 0.0), (1, 1.0)]
    """
    number = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    found = []
    for one in np.unique(number):
        here = number == one
        n, hits = int(here.sum()), int(happened[here].sum())
        low, high = wilson(hits, n)
        found.append(
            {
                "bin": int(one),
                "predicted": float(chance[here].mean()),
                "observed": hits / n,
                "n": n,
                "low": low,
                "high": high,
            }
        )
    return found


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    >>> [round(bound, 4) for bound in wilson(5, 10)]
    [0.2366, 0.7634]
    """
    share, extra = hits / n, _Z**2 / n
    middle = (share + extra / 2) / (1 + extra)
    half = _Z * np.sqrt(share * (1 - share) / n + extra / (4 * n)) / (1 + extra)
    low = 0.0 if hits == 0 else float(middle - half)
    return low, 1.0 if hits == n else float(middle + half)
