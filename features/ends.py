"""Series that ended: from then on there is next to nothing, and no level remembers otherwise.

1. An area, a call type, or a call type in an area has ended where chance does not explain that its
   last two weeks or more are silent (`forewatch.silences`) while the rest of the force goes on. A
   silence of the whole force is no end: it is a feed that failed.
2. What was counted before is multiplied, for those who learn, by what chance leaves of it: half a
   call over all the calls that were to be expected since. Sums follow, and its siblings stay.
3. The first call afterwards ends the silence, and the past counts again as it was.
"""

from __future__ import annotations

import numpy as np

from features.beginnings import P_MAX
from forewatch.arrays import Array
from forewatch.silences import Silence, last_silence

LEAST_SILENT_DAYS = 14
_SOME = 0.5  # calls that may yet have been missed, see models.base.HALF_A_CALL


def end_factors(daily: Array) -> Array | None:
    """Return what counts are multiplied by, (places, call types, days); None if nothing ended.

    Args:
        daily: calls by force-day, (places, call types, days); NaN unknown.
    """
    places, types = daily.shape[:2]
    factor = np.ones(daily.shape)
    whole = daily.sum((0, 1))
    areas = [np.s_[p : p + 1, :] for p in range(places)]
    kinds = [np.s_[:, t : t + 1] for t in range(types)]
    cells = [np.s_[p : p + 1, t : t + 1] for p in range(places) for t in range(types)]
    for part in (*areas, *kinds, *cells):
        if (factor[part] < 1).any():
            continue  # told of an area or a call type
        silence = last_end(daily[part].sum((0, 1)), whole)
        if silence is not None:
            left = _SOME / (silence.calls + _SOME)
            factor[(*part, slice(None, silence.first))] = left
    return factor if (factor < 1).any() else None


def last_end(series: Array, whole: Array) -> Silence | None:
    """Return the silence with which a series ended while the whole goes on, None if it did not.

    Args:
        series: calls per day, NaN unknown, shape (days,).
        whole: the same of all of which it is a part.
    """
    recent = series[np.isfinite(series)][-LEAST_SILENT_DAYS:]
    if recent.size < LEAST_SILENT_DAYS or recent.any():
        return None
    silence = last_silence(series, P_MAX)
    if silence is None:
        return None
    others = whole[silence.first :]
    known = np.isfinite(others) & np.isfinite(series[silence.first :])
    goes_on = (others[known] > 0).mean() > _SOME if known.any() else False
    return silence if goes_on else None
