"""Officers busy at instants, and hours of work that land in windows of time: mean and variance.

1. Calls of a type and grade come at the rates of a forecast; a share of them is attended, officers
   are sent, and their work lasts (`planning.work_times`).
2. A load is a sum over calls, each with a weight: the officers that are still busy with it at an
   instant, or its hours within a window. So its mean and its variance follow from the forecast's
   shared shocks as those of counts do (`forewatch.shocks`); nothing is drawn, and no quantiles are
   added up.
3. Work from before the horizon is carried in: of calls that were known at the origin, and
   otherwise of the expected ones.
4. Reports of missing persons have a forecast of their own, whose small areas are pooled; where an
   issue holds one, it takes the place of these types among all calls. The two are taken as
   independent.

A number of officers that isn't whole is sent as one of its two neighbours, so that the mean stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Literal

import numpy as np

from forewatch.arrays import Array, Index
from forewatch.clock import instants_us
from forewatch.duty import Service
from forewatch.rates import Spans
from forewatch.shocks import THIRD_BEGINS_HOURS, Within
from planning.arrivals import Tables, Timing, Weights
from planning.source_calls import Calls
from planning.work_kinds import JobKind
from planning.work_times import WorkTime

Measure = Literal["officers", "hours", "carried"]


@dataclass(frozen=True)
class Load:
    """Mean and variance of a load, one a row.

    Args:
        mean: officers or officer-hours, shape (rows,).
        variance: its square, shape (rows,).
        jobs: expected calls under way by the officers that are busy with them, from 1, shape
            (rows, officers); without columns where it is no number of officers.
    """

    mean: Array
    variance: Array
    jobs: Array

    @classmethod
    def none(cls, rows: int) -> Load:
        """Return no load."""
        return cls(np.zeros(rows), np.zeros(rows), np.zeros((rows, 0)))

    def __add__(self, other: Load) -> Load:
        """Return the load of both, which are independent."""
        width = max(self.jobs.shape[1], other.jobs.shape[1])
        both = [
            np.pad(jobs, ((0, 0), (0, width - jobs.shape[1]))) for jobs in (self.jobs, other.jobs)
        ]
        return Load(self.mean + other.mean, self.variance + other.variance, both[0] + both[1])


# The mean of a call's weight, and of its square, by what is measured.
_WEIGHTS: Mapping[Measure, tuple[str, str]] = {
    "officers": ("presence", "presence"),
    "hours": ("hours", "square_hours"),
    "carried": ("carried_hours", "square_hours"),
}


class Rows:
    """Rows of an answer, to which calls bring work; several loads of them share what is found.

    Args:
        calls: of one source.
        spans: the rows; instants are spans without length.
    """

    def __init__(self, calls: Calls, spans: Spans) -> None:
        """Find out how rows and hours of calls lie to each other."""
        self.calls = calls
        parts = THIRD_BEGINS_HOURS if calls.forecast.shocks.has_thirds else THIRD_BEGINS_HOURS[:1]
        bounds = instants_us(spans.starts), instants_us(spans.ends)
        self.timing = Timing(calls.arrivals, *bounds, calls.reach_hours, parts)
        self._tables: dict[tuple[WorkTime, str], Tables] = {}

    def tables(self, work: WorkTime, name: str) -> Tables:
        """Return the weights of one work, as a weight of `WorkTime` is called."""
        if (work, name) not in self._tables:
            found = self.timing.tables(partial(_weights, work, name), work.reach_hours)
            self._tables[work, name] = found
        return self._tables[work, name]


def _weights(work: WorkTime, name: str, left: Array, right: Array, edges: Array) -> Array:
    """Return weights; days and shifts lie to each other alike in most answers of an issue."""
    return _same_weights(work, name, edges.shape[0], *(e.tobytes() for e in (left, right, edges)))


@lru_cache(maxsize=512)  # of 42 kinds of work at four weights each; about 10 kB a table
def _same_weights(work: WorkTime, name: str, days: int, *bounds: bytes) -> Array:
    left, right, edges = (np.frombuffer(each) for each in bounds)
    weights: Weights = getattr(work, name)
    found = weights(left, right, edges.reshape(days, -1))
    found.setflags(write=False)
    return found


class _Weights:
    """What calls of kinds of jobs bring to rows.

    Args:
        rows: of the load.
        measure: as of `SourceLoad`.
        kinds: of jobs, in groups that are told apart.
    """

    def __init__(self, rows: Rows, measure: Measure, kinds: Sequence[Sequence[JobKind]]) -> None:
        """Remember them."""
        self._rows, self._measure, self._kinds = rows, measure, kinds
        self._width = max(len(group) for group in kinds)

    @property
    def officers(self) -> int:
        """The most officers that are busy with a job; 0 where hours are measured."""
        sizes = (size for group in self._kinds for each in group for size in each.officer_shares)
        return max(sizes) if self._measure == "officers" else 0

    def calls(self, by_grade: Mapping[str, Array]) -> Array:
        """Return calls (places, call types, days, hours) as (groups, places, days, hours × kinds).

        Args:
            by_grade: the calls of each grade.
        """
        places, _, *times = next(iter(by_grade.values())).shape
        found = np.zeros((len(self._kinds), places, *times, self._width))
        for g, group in enumerate(self._kinds):
            for k, kind in enumerate(group):
                for grade in kind.grades:
                    found[g, ..., k] += by_grade[grade][:, kind.call_type]
        return found.reshape(*found.shape[:3], -1)

    @cached_property
    def moments(self) -> Tables:
        """Mean of the weight of all calls, its square, and its variance: one behind the other."""
        return [np.stack(each) for each in zip(self._means, *self._squares, strict=True)]

    @property
    def means(self) -> Tables:
        """Mean of the weight of all calls."""
        return self._means

    @cached_property
    def by_officers(self) -> Tables:
        """Share of calls under way with so many officers, from one."""
        first, _ = _WEIGHTS[self._measure]

        def share_of(size: int) -> Callable[[JobKind], float]:
            return lambda kind: kind.attended * kind.officer_shares.get(size, 0)

        found = [self._tables(first, share_of(size)) for size in range(1, self.officers + 1)]
        return [np.stack(each) for each in zip(*found, strict=True)]

    @cached_property
    def _means(self) -> Tables:
        first, _ = _WEIGHTS[self._measure]
        return self._tables(first, lambda kind: kind.attended * kind.officers)

    @cached_property
    def _squares(self) -> tuple[Tables, Tables]:
        """Squared mean and variance of the weight of a call; attended or not is chance as well."""
        _, second = _WEIGHTS[self._measure]
        whole = self._tables(second, lambda kind: kind.attended * kind.square_officers)
        squared = [each**2 for each in self._means]
        return squared, [each - mean for each, mean in zip(whole, squared, strict=True)]

    def _tables(self, name: str, factor: Callable[[JobKind], float]) -> Tables:
        """Return weights by groups, (groups, rows, days, hours × kinds)."""
        found = []
        for i, shape in enumerate(self._rows.timing.shapes):
            table = np.zeros((len(self._kinds), *shape, self._width))
            for g, group in enumerate(self._kinds):
                for k, kind in enumerate(group):
                    table[g, ..., k] = factor(kind) * self._rows.tables(kind.work, name)[i]
            found.append(table.reshape(*table.shape[:3], -1))
        return found


class SourceLoad:
    """The load that calls of one source bring to rows, for any areas.

    Args:
        rows: of the load, with their calls.
        measure: "officers" busy at the beginnings of the rows, the "hours" that land in them, or
            of these hours those "carried" into them by calls from before.
        of: which services count.
    """

    def __init__(
        self, rows: Rows, measure: Measure, of: Callable[[Service], bool] = lambda _: True
    ) -> None:
        """Choose the services."""
        self._rows, self._measure = rows, measure
        self._jobs = [each for each in rows.calls.jobs if of(each.service)]
        self._types = np.unique(np.array([each.call_type for each in self._jobs], dtype=np.int64))

    def of(self, leaves: Sequence[str]) -> Load:
        """Return the load of an area, by the leaf areas that make it up."""
        timing = self._rows.timing
        if not self._jobs:
            return Load.none(timing.rows)
        at, places, share = self._parts(leaves)
        pieces, moments, jobs = self._sums
        row = timing.piece_row[pieces]
        # Places first, as shocks have them.
        mean, squared, own = share * moments[:, :, places].swapaxes(1, 2)
        within, chance = self._within(places), (squared.sum(0), own.sum((0, 1)))
        variance = self._rows.calls.forecast.shocks.weighted_variance(
            mean, timing.piece_lead[pieces], row, within, chance
        )
        found = Load(
            np.asarray(np.bincount(row, mean.sum((0, 1))), dtype=np.float64),
            np.maximum(variance, 0),
            (share[..., 0].T[..., None] * jobs[:, :, places]).sum((1, 2)).T,
        )
        return found if self._rows.calls.source.known is None else found + self._known(at)

    def mean_of(self, leaves: Sequence[str]) -> Array:
        """Return the mean of an area's load alone, shape (rows,)."""
        found = np.zeros(self._rows.timing.rows)
        if not self._jobs:
            return found
        at, places, share = self._parts(leaves)
        found += (share[..., 0].T[..., None] * self._means[:, places]).sum((0, 1))
        if self._rows.calls.source.known is not None:
            found += self._means_of_known[at].sum(0)
        return found

    def _known(self, at: Index) -> Load:
        """Return the load of known calls of some leaves; their number is no chance."""
        moments, jobs = self._sums_of_known
        mean, variance = moments[:, at].sum(1)
        return Load(mean, variance, jobs[:, at].sum(1).T)

    @cached_property
    def _by_type(self) -> _Weights:
        groups = [[each for each in self._jobs if each.call_type == kind] for kind in self._types]
        return _Weights(self._rows, self._measure, groups)

    @cached_property
    def _together(self) -> _Weights:
        return _Weights(self._rows, self._measure, [self._jobs])

    @cached_property
    def _means(self) -> Array:
        """Mean by call type and place, (call types, places, rows)."""
        weights = self._by_type
        calls = weights.calls(self._rows.calls.unknown)
        return self._rows.timing.totals(calls, weights.means)

    @cached_property
    def _means_of_known(self) -> Array:
        """Mean of known calls by leaf area, (leaves, rows)."""
        weights = self._together
        calls = weights.calls(self._rows.calls.known)
        return np.asarray(self._rows.timing.totals(calls, weights.means)[0])

    @cached_property
    def _sums(self) -> tuple[Index, Array, Array]:
        """What expected calls bring: the pieces that get any, moments of these, jobs by officers.

        Shapes (pieces,), (3, call types, places, pieces) and (officers, call types, places, rows).
        """
        weights, timing = self._by_type, self._rows.timing
        calls, pieces = (
            weights.calls(self._rows.calls.unknown),
            timing.reached_pieces(weights.moments),
        )
        moments = timing.sums(calls, weights.moments)
        moments = moments.reshape(*moments.shape[:3], -1)[..., pieces]
        if not weights.officers:
            return pieces, moments, np.zeros((0, *moments.shape[1:3], timing.rows))
        return pieces, moments, timing.totals(calls, weights.by_officers)

    @cached_property
    def _days(self) -> Index:
        """The force-day of each piece that gets any."""
        return np.asarray(self._rows.timing.piece_day[self._sums[0]])

    @cached_property
    def _sums_of_known(self) -> tuple[Array, Array]:
        """What known calls bring by leaf area: mean and variance, jobs by officers.

        Shapes (2, leaves, rows) and (officers, leaves, rows).
        """
        weights, timing = self._together, self._rows.timing
        calls = weights.calls(self._rows.calls.known)
        moments = timing.totals(calls, [each[[0, 2]] for each in weights.moments])[:, 0]
        if not weights.officers:
            return moments, np.zeros((0, *moments.shape[1:]))
        return moments, timing.totals(calls, weights.by_officers)[:, 0]

    def _parts(self, leaves: Sequence[str]) -> tuple[Index, Index, Array]:
        """Return leaves and their places, and what share of these they are, (places, types, 1)."""
        calls, rates = self._rows.calls, self._rows.calls.forecast.rates
        at, leaf = calls.positions(leaves)
        shares = np.zeros((len(rates.places), len(rates.call_types)))
        np.add.at(shares, rates.leaf_place[leaf], rates.leaf_shares[leaf])
        own = np.unique(rates.leaf_place[leaf])
        places = np.searchsorted(calls.places, own)
        return at, places, shares[own][:, self._types, None]

    def _within(self, places: Index) -> Within:
        calls, day = self._rows.calls, self._days
        by_day = calls.by_day[:, day]
        return Within(self._types, day, by_day[calls.places[places]], by_day.sum(0))
