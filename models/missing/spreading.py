"""From the reports expected of an area's day to its hours, leaf areas and grades."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.profile import MISSING_PERSON
from forewatch.rates import Rates
from models.horizon import rates_over_horizon
from models.missing.reports import types_of
from models.missing.settings import MissingRecipe
from models.profiles import Shares, shares

_FEW = 1e-3  # calls an hour, so that call types without a call weigh alike


def shares_of(view: AsOf, recipe: MissingRecipe) -> Shares:
    """Return the shares of missing-person reports as those of one call type.

    Several call types are weighed by what they have had of late.
    """
    found, types = shares(view, recipe.shares), types_of(view)
    weight = np.nan_to_num(found.baseline[:, types].sum((0, 2, 3))) + _FEW
    weight = weight / weight.sum()

    def mixed(values: Array, axis: int) -> Array:
        part = np.take(values, types, axis=axis)
        return np.asarray(np.expand_dims(np.tensordot(part, weight, ([axis], [0])), axis))

    return Shares(
        hours=mixed(found.hours, 1),
        leaves=mixed(found.leaves, 1),
        grades=mixed(found.grades, 1),
        leaf_place=found.leaf_place,
        baseline=found.baseline[:, types].sum(1, keepdims=True),
    )


def rates_of(view: AsOf, days: pd.DatetimeIndex, mean: Array, plain: Array, parts: Shares) -> Rates:
    """Return the rates of a horizon from daily means.

    Args:
        view: what is known; gives the clock, the tree and the holidays.
        days: force-days of the horizon (local dates), shape (H,).
        mean: expected reports of the days ahead, shape (H, P).
        plain: the same as the baseline has it.
        parts: shares of hours, leaf areas and grades, of one call type.
    """
    ours, baseline = (
        rates_over_horizon(view, days, daily[:, :, None], parts) for daily in (mean, plain)
    )
    return replace(ours, baseline=baseline.base, call_types=(MISSING_PERSON,))
