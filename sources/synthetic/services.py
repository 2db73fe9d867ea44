"""What the demo force's calls truly take: officers, minutes and share attended, all invented.

Officers are one of the two whole numbers around their mean, minutes lognormal and independent of
them. A missing person takes one officer, for the published 13 hours with their assumed spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forewatch.arrays import Array, Index
from forewatch.profile import MISSING_PERSON, Missing
from sources.synthetic.places import GRADES

# Officers at an urgent call, minutes, and their spread.
_BY_TYPE = {
    "domestic_abuse": (2.1, 95.0, 0.8),
    "violence": (2.6, 75.0, 0.9),
    "antisocial_behaviour": (1.8, 35.0, 0.8),
    "concern_for_welfare": (1.8, 65.0, 1.0),
    "theft": (1.3, 45.0, 0.8),
    "traffic": (1.9, 70.0, 0.9),
    "burglary": (1.7, 60.0, 0.7),
    "fraud": (1.0, 40.0, 0.7),
    "mental_health": (2.0, 150.0, 0.9),
}
_USUAL = (1.6, 45.0, 0.8)
# By grade, from the most urgent on: of the officers beyond the first, of the minutes, attended.
_BY_GRADE = {
    "immediate": (1.0, 1.0, 0.97),
    "priority": (0.8, 0.95, 0.88),
    "routine": (0.3, 0.8, 0.45),
    "appointment": (0.0, 1.1, 0.95),
    "no_deployment": (0.0, 0.5, 0.0),
}
_LONGEST_MINUTES = 28 * 1440.0
UNKNOWN_OFFICERS = -1  # of calls that are no demand


@dataclass(frozen=True)
class TrueServices:
    """What calls take, each of shape (call types, grades).

    Args:
        officers: sent to a call that is attended, on average.
        minutes: from assignment to clear, on average.
        cv: standard deviation of these minutes divided by their mean.
        attended: share of the calls to which somebody is sent.
    """

    officers: Array
    minutes: Array
    cv: Array
    attended: Array

    @classmethod
    def of(cls, call_types: tuple[str, ...]) -> Self:
        """Return the truth for call types, by the grades of the demo force."""
        figures = np.array([[_figures(kind, grade) for grade in GRADES] for kind in call_types])
        return cls(*np.moveaxis(figures, -1, 0))

    def draw(
        self, kind: Index, grade: Index, chance: NDArray[np.float32], z: NDArray[np.float32]
    ) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        """Return the officers of calls, and their minutes in tenths of a minute; NaN for none.

        Args:
            kind: the call type of each call.
            grade: its grade.
            chance: two uniform numbers a call.
            z: a standard normal one.
        """
        cell = (kind, grade)
        is_attended = chance[:, 0] < self.attended[cell]
        least = np.floor(self.officers)
        more = chance[:, 1] < (self.officers - least)[cell]
        officers = np.where(is_attended, least[cell] + more, 0).astype(np.int8)
        minutes = np.exp(self._log_mean[cell] + self._log_sd[cell] * z)
        tenths = np.clip(np.rint(minutes * 10), 1, 10 * _LONGEST_MINUTES) / 10
        return officers, np.where(is_attended, tenths, np.nan).astype(np.float32)

    @cached_property
    def _log_sd(self) -> Array:
        found: Array = np.sqrt(np.log1p(self.cv**2))
        return found

    @cached_property
    def _log_mean(self) -> Array:
        found: Array = np.log(self.minutes) - self._log_sd**2 / 2
        return found


def _figures(kind: str, grade: str) -> tuple[float, float, float, float]:
    """Return officers, minutes, cv and share attended."""
    if kind == MISSING_PERSON:
        published = Missing()
        return 1.0, 60 * published.mean_hours, published.hours_cv, 1.0
    officers, minutes, cv = _BY_TYPE.get(kind, _USUAL)
    beyond, of_minutes, attended = _BY_GRADE[grade]
    return 1 + (officers - 1) * beyond, minutes * of_minutes, cv, attended
