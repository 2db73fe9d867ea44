"""Hours summed into force-days: means only, quantiles do not add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.accuracy.forecasts import Contender
from benchmarks.accuracy.scoring import Case
from forewatch.arrays import Array, Index


def days(case: Case) -> Case:
    """Return the case by force-day: hours of one origin and force-day added up."""
    targets = case.targets
    keys = pd.MultiIndex.from_arrays([targets.origin, targets.lead_day])
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
