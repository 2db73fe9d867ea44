"""Officer-hours still under way when a shift ends: the overtime that a schedule makes by itself.

1. Work comes by steps of time, and keeps officers busy for a random time
   (`planning.casework.CaseLength`).
2. Of those on duty the ones whose shift ends last are sent first. So an overlap takes over the work
   that comes in it, as far as it has officers; only what is beyond them goes to those who are about
   to leave.
3. What was begun by a shift and lasts beyond its end is held over.

Work that can be handed to the next shift, or begun in it, doesn't belong here: the caller leaves it
out. What comes when everybody is busy waits, and is nobody's here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forewatch.arrays import Array, Index
from forewatch.clock import HOUR_US
from planning.casework import CaseLength


@dataclass(frozen=True)
class WorkStream:
    """Officers sent out by step of time, by how long they are then busy.

    Args:
        start_us: instant at which the first step begins, microseconds since 1970.
        step_us: length of a step.
        officers: expected number sent in each, shape (lengths, steps).
        lengths: how long each stays busy.
    """

    start_us: int
    step_us: int
    officers: Array
    lengths: tuple[CaseLength, ...]

    @property
    def middles_us(self) -> Index:
        """The instants at which the officers of a step are taken to be sent."""
        return self.start_us + self.step_us // 2 + self.step_us * np.arange(self.officers.shape[1])

    def busy(self) -> Array:
        """Return the mean number of officers busy in each step, shape (steps,).

        Work from before the first step isn't known: give a day more than is asked.
        """
        step, steps = self.step_us / HOUR_US, self.officers.shape[1]
        found = np.zeros(steps)
        for officers, length in zip(self.officers, self.lengths, strict=True):
            reach = min(steps, int(length.longest_hours / step) + 2)
            hours = np.diff(length.limited_mean((np.arange(reach + 1) - 0.5) * step))
            found += np.convolve(officers, hours)[:steps]
        return found / step


def held_over_hours(work: WorkStream, starts_us: Index, ends_us: Index, officers: Array) -> Array:
    """Return the expected officer-hours that work goes on after each shift's end, shape (shifts,).

    Args:
        work: that comes.
        starts_us: when shifts begin, microseconds since 1970, shape (shifts,).
        ends_us: when they end.
        officers: on duty in each; NaN where unknown, and then so is what rests on it.
    """
    at, busy = work.middles_us, work.busy()
    found = np.zeros(len(starts_us))
    for i, (start, end) in enumerate(zip(starts_us, ends_us, strict=True)):
        here = slice(*np.searchsorted(at, [start, end]))
        beside = np.flatnonzero((starts_us < end) & (ends_us > start))
        there = (starts_us[beside, None] <= at[here]) & (at[here] < ends_us[beside, None])
        on_duty = np.where(there, officers[beside, None], 0.0)
        later = on_duty[ends_us[beside] > end].sum(axis=0)
        alike = on_duty[ends_us[beside] == end].sum(axis=0)
        # Who ends last is sent first; those who end together share what is left.
        taken = np.clip(busy[here] - later, 0.0, alike)
        own = _ratio(officers[i] * taken, alike * busy[here])
        left = (end - at[here]) / HOUR_US
        beyond = [
            sent[here] * (length.mean_hours - length.limited_mean(left))
            for sent, length in zip(work.officers, work.lengths, strict=True)
        ]
        found[i] = (own * np.sum(beyond, axis=0)).sum()
    return found


def _ratio(above: Array, below: Array) -> Array:
    """Return a ratio that is 0 where nothing is below; NaN stays NaN."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)
