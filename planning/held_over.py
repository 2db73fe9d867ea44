"""Officer-hours still under way when a shift ends: the overtime that a schedule makes by itself.

1. Work comes by interval, and keeps officers for a random time (`planning.casework.CaseLength`).
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

from forewatch.arrays import Array, Index, Mask
from forewatch.clock import HOUR_US
from planning.casework import CaseLength


@dataclass(frozen=True)
class WorkStream:
    """Officers sent out by interval, by how long they are then busy.

    Args:
        edges_us: bounds of the intervals, microseconds since 1970, ascending.
        officers: expected number sent in each, shape (lengths, intervals).
        lengths: how long each stays busy.
    """

    edges_us: Index
    officers: Array
    lengths: tuple[CaseLength, ...]

    @property
    def middles_us(self) -> Index:
        """The instants at which the officers of an interval are taken to be sent."""
        return (self.edges_us[:-1] + self.edges_us[1:]) // 2

    def busy(self) -> Array:
        """Return the mean number of officers busy in each interval, shape (intervals,).

        Work from before the first interval isn't known: give a day more than is asked.
        """
        since = (self.edges_us[:, None] - self.middles_us) / HOUR_US
        found = np.zeros(len(self.middles_us))
        for officers, length in zip(self.officers, self.lengths, strict=True):
            found += np.diff(length.limited_mean(since), axis=0) @ officers
        return np.asarray(found / (np.diff(self.edges_us) / HOUR_US))


def held_over_hours(work: WorkStream, starts_us: Index, ends_us: Index, officers: Array) -> Array:
    """Return the expected officer-hours that work goes on after each shift's end, shape (shifts,).

    Args:
        work: that comes.
        starts_us: when shifts begin, microseconds since 1970, shape (shifts,).
        ends_us: when they end.
        officers: on duty in each; NaN where unknown, and then so is what rests on it.
    """
    at = work.middles_us
    on_duty = (starts_us[:, None] <= at) & (at < ends_us[:, None])
    share = _shares(work.busy(), on_duty, ends_us, officers)
    left = (ends_us[:, None] - at) / HOUR_US
    found = np.zeros(len(starts_us))
    for sent, length in zip(work.officers, work.lengths, strict=True):
        beyond = length.mean_hours - length.limited_mean(left)
        found += np.where(on_duty, share * sent * beyond, 0.0).sum(axis=1)
    return found


def _shares(busy: Array, on_duty: Mask, ends_us: Index, officers: Array) -> Array:
    """Return what share of the busy each shift has, by interval: who ends last is sent first."""
    later = ends_us[:, None] < ends_us
    alike = ends_us[:, None] == ends_us
    there = np.where(on_duty, officers[:, None], 0.0)
    before, beside = later @ there, alike @ there
    taken = np.clip(busy - before, 0.0, beside)
    own = np.divide(there, beside, out=np.zeros_like(there), where=~(beside == 0))
    return np.asarray(np.divide(taken * own, busy, out=np.zeros_like(there), where=busy > 0))
