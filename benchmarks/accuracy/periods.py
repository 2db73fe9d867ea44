"""Hours summed into shifts and days, and days into weeks: means only, quantiles do not add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy.forecasts import Contender
from benchmarks.accuracy.scoring import Case
from forewatch.profile import Profile

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def shifts(case: Case, profile: Profile) -> Case:
    """Return the case by shift: hours of one origin, force-day and shift added up."""
    minutes = case.targets.starts.tz_convert(profile.force.zone)
    at = minutes.hour * 60 + minutes.minute
    starts = [shift.start.hour * 60 + shift.start.minute for shift in profile.shifts]
    order = np.sort(starts)
    # before the first start of the clock's day the last shift of the day before is still on
    number = (np.searchsorted(order, at, side="right") - 1) % len(order)
    return _summed(case, number)


def days(case: Case) -> Case:
    """Return the case by force-day: hours of one origin and force-day added up."""
    return _summed(case, np.zeros(len(case.targets.starts), np.int64))


def _summed(case: Case, part: Index) -> Case:
    targets = case.targets
    keys = pd.MultiIndex.from_arrays([targets.origin, targets.lead_day, part])
    number = keys.factorize()[0]
    first = np.flatnonzero(~pd.Index(number).duplicated())
    added = tuple(
        Contender(who.name, _sums(who.mean.astype(float), number, len(first)).astype("f4"), None)
        for who in case.contenders
    )
    own = replace(
        targets,
        origin=targets.origin[first],
        starts=targets.starts[first],
        lead_day=targets.lead_day[first],
    )
    return replace(
        case, targets=own, counts=_sums(case.counts, number, len(first)), contenders=added
    )


def _sums(values: Array, number: Index, groups: int) -> Array:
    """Return the sums of rows by group; NaN if any of the group is."""
    found = np.zeros((groups, values.shape[1]))
    np.add.at(found, number, values)
    return found
