"""The calls that bring work, by hour: expected, or known where they came before the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index, Mask
from forewatch.duty import Service
from forewatch.rates import Forecast
from planning.arrivals import DAY_HOURS, Arrivals
from planning.landing import KnownReports
from planning.work_kinds import job_kinds


@dataclass(frozen=True)
class Source:
    """Calls that bring work.

    Args:
        forecast: their rates and shocks.
        services: what they take, by call type and grade.
        known: calls before the horizon, of all the forecast's types together; None: expected as in
            the same hours a week later.
    """

    forecast: Forecast
    services: tuple[Service, ...]
    known: KnownReports | None = None


class Calls:
    """The calls of one source by hour: of days before the horizon, and until an instant in it.

    Args:
        source: the calls.
        until: instant, UTC.
        leaves: the leaf areas that are asked for; () means all.
    """

    def __init__(self, source: Source, until: pd.Timestamp, leaves: Sequence[str] = ()) -> None:
        """Lay out the hours."""
        self.source, self.forecast = source, source.forecast
        rates = source.forecast.rates
        position = {leaf: i for i, leaf in enumerate(rates.leaves)}
        self.leaves = np.array(sorted(position[leaf] for leaf in leaves or rates.leaves))
        self.places = np.unique(rates.leaf_place[self.leaves])
        self.jobs = job_kinds(source.services, rates.call_types, rates.grades)
        self.reach_hours = max((each.work.reach_hours for each in self.jobs), default=0.0)
        past = int(np.ceil(self.reach_hours / DAY_HOURS)) + 1
        self.arrivals = Arrivals.of(source.forecast, until, past)

    def positions(self, leaves: Sequence[str]) -> tuple[Index, Index]:
        """Return where leaf areas stand among those of these calls, and where in the forecast."""
        position = {leaf: i for i, leaf in enumerate(self.forecast.rates.leaves)}
        at = np.array([position[leaf] for leaf in leaves], dtype=np.int64)
        return np.searchsorted(self.leaves, at), at

    @cached_property
    def whole(self) -> Array:
        """Expected calls of all grades of all places, shape (places, call types, days, hours)."""
        return self.arrivals.expected(self.forecast)

    @cached_property
    def by_day(self) -> Array:
        """Expected calls of force-days of all places, shape (places, days)."""
        return np.asarray(self.whole.sum((1, 3)))

    @cached_property
    def expected(self) -> dict[str, Array]:
        """Expected calls of the places by grade, (places, call types, days, hours) each."""
        used = {grade for each in self.jobs for grade in each.grades}
        shares, whole = self.arrivals.grade_shares(self.forecast), self.whole[self.places]
        return {
            grade: whole * shares[i][self.places]
            for i, grade in enumerate(self.forecast.rates.grades)
            if grade in used
        }

    @cached_property
    def unknown(self) -> dict[str, Array]:
        """The same without the calls of hours of which the number is known."""
        if self.source.known is None:
            return self.expected
        is_known = self.known_calls[1][:, None]
        return {grade: np.where(is_known, 0, each) for grade, each in self.expected.items()}

    @cached_property
    def known(self) -> dict[str, Array]:
        """Known calls by grade, each of shape (leaves, call types, past days, hours).

        Which of them are of which type and grade is expected, as their number once was.
        """
        rates, past = self.forecast.rates, self.arrivals.past
        share, place = rates.leaf_shares[self.leaves][..., None, None], self._leaf_place
        whole = (share * self.whole[self.places[place], :, :past]).sum(1)
        count = self.known_calls[0]
        ratio = np.divide(count, whole, out=np.zeros_like(whole), where=whole > 0)[:, None]
        return {
            grade: share * each[place, :, :past] * ratio for grade, each in self.expected.items()
        }

    @cached_property
    def known_calls(self) -> tuple[Array, Mask]:
        """Known calls by leaf, past day and hour, and which hours of which places are known."""
        rates, past = self.forecast.rates, self.arrivals.past
        known = cast("KnownReports", self.source.known)
        # Of a place it is asked whether all of its leaf areas are known.
        near = np.flatnonzero(np.isin(rates.leaf_place, self.places))
        names = [rates.leaves[i] for i in near]
        count = known.during(names, self.arrivals.past_edges_us).reshape(len(near), past, -1)
        is_known = np.zeros((len(self.places), *self.arrivals.shape), dtype=np.bool_)
        for i, place in enumerate(self.places):
            is_known[i, :past] = ~np.isnan(count[rates.leaf_place[near] == place]).any(0)
        mine = np.searchsorted(near, self.leaves)
        return np.where(is_known[self._leaf_place, :past], count[mine], 0), is_known

    @property
    def _leaf_place(self) -> Index:
        """The place of each leaf area, by its position among these calls' places."""
        place = self.forecast.rates.leaf_place[self.leaves]
        return np.asarray(np.searchsorted(self.places, place), dtype=np.int64)
