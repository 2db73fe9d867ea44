"""Bands on capacity: will the hours that land be more than the hours kept free for them.

A band compares a probability with two thresholds of the profile. It is a statement about one area
and window by itself: nothing is ranked, so on a quiet week every band may read `likely enough`.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from forewatch.profile import Missing

Band = Literal["likely enough", "may be short", "short", "not calibrated", "nothing reserved", ""]
BANDS: tuple[Band, ...] = get_args(Band)
# A sign beside the words, for those who can't tell the colours; none begins a formula in a sheet.
SIGNS: dict[Band, str] = {
    "likely enough": "✓",
    "may be short": "?",
    "short": "!",
    "not calibrated": "~",
    "nothing reserved": "",
    "": "",
}


def bands(
    over: NDArray[np.float64], calibrated: NDArray[np.bool_], settings: Missing
) -> NDArray[np.str_]:
    """Return the band of each row, shape (rows,).

    Args:
        over: P(hours landing > hours reserved); NaN where none are reserved.
        calibrated: whether past forecasts of such areas and windows came true as often as they
            said; a band that nobody has checked says so.
        settings: the profile's thresholds, to be exceeded.
    """
    words: list[Band] = ["nothing reserved", "not calibrated", "short", "may be short"]
    tests = [np.isnan(over), ~calibrated, over > settings.short, over > settings.may_be_short]
    return np.select(tests, [np.array(word) for word in words], "likely enough")


def signs(words: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return the sign of each band, shape (rows,)."""
    return np.array([SIGNS[band] for band in BANDS])[[BANDS.index(word) for word in words.tolist()]]
