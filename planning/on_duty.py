"""How short officers on duty are, by shift, with those of the shifts beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index, Mask
from planning.need import BusyOfficers, HoursOfWork, Shortness, shortness


@dataclass(frozen=True)
class OtherShifts:
    """Shifts beside those that were asked for, which overlap them at the edges.

    Args:
        shifts: ids, shape (other shifts,).
        days: local dates of their force-days, likewise.
        needed: officers on duty that are needed, likewise.
        share: of each that is productive, likewise.
        present: the half-hours of `OnDuty` that each covers, shape (other shifts, half-hours).
    """

    shifts: tuple[str, ...]
    days: pd.DatetimeIndex
    needed: Array
    share: Array
    present: Mask


@dataclass(frozen=True)
class OnDuty:
    """What decides how short officers of the shifts of an answer are.

    Args:
        busy: officers busy, by half-hours of these shifts and around them.
        hours: length of these half-hours, shape (half-hours,).
        middles_us: their middles, microseconds since 1970, shape (half-hours,).
        during: which of them are each shift's own, shape (shifts, half-hours): those of its week,
            so that an answer doesn't hang on what else is asked.
        present: which of them it covers, same shape.
        others: the shifts beside these.
        beside: officers on duty in them, as needed or as planned, NaN where unknown.
        share: of each shift that is productive, shape (shifts,).
        productive: hours of each shift that an officer has for calls, shape (shifts,).
        day: which of the force-days each shift belongs to, shape (shifts,).
        work: hours of work of any kind that land in these force-days; the last stands for days
            that the issue does not reach.
        is_reached: whether the issue reaches each shift, shape (shifts,).
    """

    busy: BusyOfficers
    hours: Array
    middles_us: Index
    during: Mask
    present: Mask
    others: OtherShifts
    beside: Array
    share: Array
    productive: Array
    day: Index
    work: HoursOfWork
    is_reached: Mask

    def shortness(self, officers: Array) -> Shortness:
        """Return how short numbers of officers on duty are, by shift.

        Args:
            officers: on duty, shape (shifts,); NaN where unknown, and then so is what rests on it.
        """
        over = self.work.p_over(self.day_hours(officers))[self.day]
        free = self.free(officers)
        found = shortness(self.busy, free, self.during, self.hours, over)
        unknown = (np.isnan(officers) | ~self.is_reached).astype(np.float64)
        days = len(self.work.mean)
        unsure = unknown @ self.present + np.isnan(self.beside) @ self.others.present > 0
        lacks = (self.during & unsure).any(1)
        lacks_hours = np.bincount(self.day, unknown, minlength=days)[self.day] > 0
        return found.where(self.is_reached & ~lacks, self.is_reached & ~lacks_hours)

    @property
    def others_free(self) -> Array:
        """Officers of other shifts that are free for calls by half-hour; unknown ones as none."""
        return np.asarray((np.nan_to_num(self.beside) * self.others.share) @ self.others.present)

    @property
    def others_on_duty(self) -> Array:
        """Officers of other shifts by half-hour; unknown ones are counted as none."""
        return np.asarray(np.nan_to_num(self.beside) @ self.others.present)

    def free(self, officers: Array) -> Array:
        """Return the officers free for calls by half-hour; unknown ones are counted as none."""
        own = (np.nan_to_num(officers) * self.share) @ self.present
        return np.asarray(self.others_free + own)

    def day_hours(self, officers: Array) -> Array:
        """Return the productive hours of the force-days of `work`; unknown ones as none."""
        hours = np.zeros(len(self.work.mean))
        np.add.at(hours, self.day, np.nan_to_num(officers) * self.productive)
        return hours
