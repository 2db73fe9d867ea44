"""Daily missing-person reports by place, as known at an origin, with what is known of their days.

All call types that are missing-person reports are summed (`Profile.missing_call_types`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import AsOf
from features.panel import ALL, Panel, panel
from forewatch.arrays import Array, Index
from forewatch.errors import SettingsError
from models.shrinkage import shrunk

_FEW = 1e-3  # of the largest population: reports come from where nobody lives, too
_ONE = 1e-6  # calls a day: where none was expected, breaks still have a factor


@dataclass(frozen=True)
class Reports:
    """Reports of the past, and the days ahead, of every modelled place.

    Args:
        panel: all series of the force, for its days, its covariates and its places.
        counts: reports a force-day, breaks that are known taken out, (D, P); NaN unknown.
        recorded: the same as recorded, whatever breaks are known.
        ahead: factor that breaks still to come make of the days ahead, shape (H, P).
        column: number of each place among the covariates' areas, shape (P,).
        prior: share of each place before a report is seen: of residents, moved towards all calls
            as far as chance explains the difference; shape (P,), sums to 1.
    """

    panel: Panel
    counts: Array
    recorded: Array
    ahead: Array
    column: Index
    prior: Array

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Whether the reports of a day and place are known, shape (D, P)."""
        return np.asarray(np.isfinite(self.counts))

    @cached_property
    def filled(self) -> Array:
        """The counts with 0 where unknown, shape (D, P)."""
        return np.where(self.known, self.counts, 0.0)

    @property
    def days(self) -> pd.DatetimeIndex:
        """Force-days of the past (local dates, no zone), ascending, shape (D,)."""
        return self.panel.days

    @property
    def horizon(self) -> pd.DatetimeIndex:
        """Force-days ahead, shape (H,)."""
        return self.panel.horizon

    @property
    def places(self) -> tuple[str, ...]:
        """Ids of the modelled areas."""
        return self.panel.places


def reports(view: AsOf, horizon_days: int) -> Reports:
    """Return the reports as known at the view's origin.

    Raises:
        SettingsError: if no call type of the force is a missing-person report.
        NotEnoughHistory: if there is not one whole force-day of the past.
    """
    seen = panel(view, horizon_days)
    types = types_of(view)
    cells = seen.cells[:, types]
    counts = seen.counts[:, cells]
    usual = np.nan_to_num(_means(counts)) + _ONE
    factor = (
        np.ones((len(seen.horizon), *cells.shape)) if seen.ahead is None else seen.ahead[:, cells]
    )
    return Reports(
        panel=seen,
        counts=counts.sum(-1),
        recorded=seen.happened[:, cells].sum(-1),
        ahead=(factor * usual).sum(-1) / usual.sum(-1),
        column=np.array([seen.covariates.areas.index(place) for place in _columns(seen)]),
        prior=_prior(view, seen),
    )


def types_of(view: AsOf) -> Index:
    """Return the numbers of the call types that are missing-person reports.

    Raises:
        SettingsError: if there are none.
    """
    wanted = view.profile.missing_call_types
    if not wanted:
        raise SettingsError(
            "no call type is a missing-person report; name those that are in [missing] call_types"
        )
    return np.array([view.profile.call_type_ids.index(name) for name in wanted], dtype=np.int64)


def _columns(seen: Panel) -> list[str]:
    """Return the area whose covariates each place has; a force of one place has its own."""
    areas = seen.covariates.areas
    return [place if place in areas else areas[0] for place in seen.places]


def _means(counts: Array) -> Array:
    """Return means over the known days, shape of one day; NaN where none is known."""
    known = np.isfinite(counts).sum(0)
    total = np.nansum(counts, axis=0)
    return np.asarray(np.divide(total, known, out=np.full(total.shape, np.nan), where=known > 0))


def _prior(view: AsOf, seen: Panel) -> Array:
    """Return the places' shares before a report is seen, see `Reports`."""
    residents = np.array([view.tree.residents(place) for place in seen.places])
    if np.isnan(residents).any() or residents.sum() <= 0:
        residents = np.ones(len(residents))
    residents = np.maximum(residents, _FEW * residents.max())
    calls = seen.counts[:, [seen.series(place, ALL) for place in seen.places]]
    days = np.isfinite(calls).any(axis=1).sum()
    everything = np.nan_to_num(_means(calls)) * days
    return shrunk(everything, residents / residents.sum())
