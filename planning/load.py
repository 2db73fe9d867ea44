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
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, cast

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index, Mask
from forewatch.clock import instants_us
from forewatch.duty import Service
from forewatch.rates import Forecast, Spans
from forewatch.shocks import THIRD_BEGINS_HOURS, Within
from planning.arrivals import DAY_HOURS, Arrivals, Tables, Timing
from planning.landing import KnownReports
from planning.work_kinds import WorkKind, calls_by_officers, officer_shares, work_kinds
from planning.work_times import WorkTime

Measure = Literal["officers", "hours", "carried"]


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


@dataclass(frozen=True)
class _Sums:
    """What calls bring to rows, by place and call type.

    Args:
        mean: calls × the mean of their weight, shape (places, call types, pieces).
        squared: calls × its squared mean, same shape.
        own: calls × its variance, same shape.
        jobs: calls under way by officers, shape (officers, places, call types, rows).
    """

    mean: Array
    squared: Array
    own: Array
    jobs: Array

    @classmethod
    def none(cls, calls: tuple[int, int], rows: int, pieces: int, officers: int) -> _Sums:
        """Return those of no calls, by places and call types, to be added to."""
        mean, squared, own = (np.zeros((*calls, pieces)) for _ in range(3))
        return cls(mean, squared, own, np.zeros((officers, *calls, rows)))

    def add(self, part: _Sums, types: Index | slice) -> None:
        """Add what calls of some types bring."""
        for name in ("mean", "squared", "own"):
            getattr(self, name)[:, types] += getattr(part, name)
        self.jobs[: len(part.jobs), :, types] += part.jobs


# The mean of a call's weight, and of its square, by what is measured.
_WEIGHTS: Mapping[Measure, tuple[str, str]] = {
    "officers": ("presence", "presence"),
    "hours": ("hours", "square_hours"),
    "carried": ("carried_hours", "square_hours"),
}
_TOGETHER: Index = np.arange(0)  # no call types are told apart


class Calls:
    """The calls of one source by hour: of days before the horizon, and until an instant in it.

    Args:
        source: the calls.
        until: instant, UTC.
    """

    def __init__(self, source: Source, until: pd.Timestamp) -> None:
        """Lay out the hours."""
        self.source, self.forecast = source, source.forecast
        rates = source.forecast.rates
        self.kinds = work_kinds(source.services, rates.call_types, rates.grades)
        self.reach_hours = max((kind.work.reach_hours for kind in self.kinds), default=0.0)
        past = int(np.ceil(self.reach_hours / DAY_HOURS)) + 1
        self.arrivals = Arrivals.of(source.forecast, until, past)

    @cached_property
    def whole(self) -> Array:
        """Expected calls of all grades, shape (places, call types, days, hours)."""
        return self.arrivals.expected(self.forecast)

    @cached_property
    def by_day(self) -> Array:
        """Expected calls of force-days, shape (places, days)."""
        return np.asarray(self.whole.sum((1, 3)))

    @cached_property
    def expected(self) -> dict[str, Array]:
        """Expected calls by grade, each of shape (places, call types, days, hours)."""
        used = {each.grade for kind in self.kinds for each in kind.calls}
        shares = self.arrivals.grade_shares(self.forecast)
        return {
            grade: self.whole * shares[i]
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
        share = rates.leaf_shares[..., None, None]
        whole = (share * self.whole[rates.leaf_place, :, :past]).sum(1)
        count = self.known_calls[0]
        ratio = np.divide(count, whole, out=np.zeros_like(whole), where=whole > 0)[:, None]
        return {
            grade: share * each[rates.leaf_place, :, :past] * ratio
            for grade, each in self.expected.items()
        }

    @cached_property
    def known_calls(self) -> tuple[Array, Mask]:
        """Known calls by leaf, past day and hour, and which hours of which places are known."""
        rates, past = self.forecast.rates, self.arrivals.past
        known = cast("KnownReports", self.source.known)
        count = known.during(rates.leaves, self.arrivals.past_edges_us)
        count = count.reshape(len(rates.leaves), past, -1)
        is_known = np.zeros((len(rates.places), *self.arrivals.shape), dtype=np.bool_)
        for place in range(len(rates.places)):
            is_known[place, :past] = ~np.isnan(count[rates.leaf_place == place]).any(0)
        return np.where(is_known[rates.leaf_place, :past], count, 0), is_known


class Rows:
    """Rows of an answer, to which calls bring work; several loads of them share what is found.

    Args:
        calls: of one source.
        spans: the rows; instants are spans without length.
    """

    def __init__(self, calls: Calls, spans: Spans) -> None:
        """Find out how rows and hours of calls lie to each other."""
        self.calls = calls
        self._spans_us = instants_us(spans.starts), instants_us(spans.ends)
        self.timing = self._timing(calls.reach_hours)
        self._timings: dict[float, Timing] = {calls.reach_hours: self.timing}
        self._tables: dict[tuple[WorkTime, str], Tables] = {}

    def sums(self, calls: Array, work: WorkTime, name: str) -> Array:
        """Return what calls (..., days, hours) bring, weighted, shape (..., rows, pieces a row).

        Args:
            calls: of shape (..., days, hours).
            work: of the calls.
            name: of a weight of `WorkTime`; with "²" behind it, its square.
        """
        timing = self._timings.get(work.reach_hours)
        if timing is None:
            timing = self._timings[work.reach_hours] = self._timing(work.reach_hours)
        if (work, name) not in self._tables:
            if name.endswith("²"):
                first = self.tables(timing, work, name.removesuffix("²"))
                self._tables[work, name] = [table**2 for table in first]
            else:
                self._tables[work, name] = self.tables(timing, work, name)
        found = timing.sums(calls, self._tables[work, name])
        earlier = self.timing.pieces_per_row - timing.pieces_per_row
        return np.pad(found, [(0, 0)] * (found.ndim - 1) + [(earlier, 0)]) if earlier else found

    def tables(self, timing: Timing, work: WorkTime, name: str) -> Tables:
        """Return the weights of a name."""
        if (work, name) not in self._tables:
            self._tables[work, name] = timing.tables(getattr(work, name))
        return self._tables[work, name]

    def _timing(self, reach_hours: float) -> Timing:
        has_thirds = self.calls.forecast.shocks.has_thirds
        parts = THIRD_BEGINS_HOURS if has_thirds else THIRD_BEGINS_HOURS[:1]
        return Timing(self.calls.arrivals, *self._spans_us, reach_hours, parts)


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
        chosen = (
            replace(kind, calls=tuple(each for each in kind.calls if of(each)))
            for kind in rows.calls.kinds
        )
        self._kinds = [kind for kind in chosen if kind.calls]

    def of(self, leaves: Sequence[str]) -> Load:
        """Return the load of an area, by the leaf areas that make it up."""
        timing, rows = self._rows.timing, self._rows.timing.rows
        if not self._kinds:
            return Load.none(rows)
        at, places, share = self._parts(leaves)
        sums = self._sums
        weighted = share * sums.mean[places]
        variance = self._rows.calls.forecast.shocks.weighted_variance(
            weighted,
            timing.piece_lead,
            timing.piece_row,
            self._within(places),
            ((share * sums.squared[places]).sum(0), (share * sums.own[places]).sum((0, 1))),
        )
        mean = weighted.sum((0, 1)).reshape(rows, -1).sum(1)
        jobs = (share * sums.jobs[:, places]).sum((1, 2)).T
        found = Load(mean, np.maximum(variance, 0), jobs)
        if self._rows.calls.source.known is None:
            return found
        known = self._sums_of_known
        mean, own = (
            each[at].sum((0, 1)).reshape(rows, -1).sum(1) for each in (known.mean, known.own)
        )
        return found + Load(mean, own, known.jobs[:, at].sum((1, 2)).T)

    def mean_of(self, leaves: Sequence[str]) -> Array:
        """Return the mean of an area's load alone, shape (rows,)."""
        found = np.zeros(self._rows.timing.rows)
        if not self._kinds:
            return found
        at, places, share = self._parts(leaves)
        found += (share[..., 0, None] * self._means[0][places]).sum((0, 1))
        return np.asarray(found + self._means[1][at].sum((0, 1)))

    @cached_property
    def _means(self) -> tuple[Array, Array]:
        """Mean by place and call type, and of known calls by leaf area; (…, …, rows)."""
        rates, name = self._rows.calls.forecast.rates, _WEIGHTS[self._measure][0]
        shape = (len(rates.places), len(rates.call_types), self._rows.timing.rows)
        expected, known = np.zeros(shape), np.zeros((len(rates.leaves), 1, shape[2]))
        for kind in self._kinds:
            tables, _ = calls_by_officers(kind, self._rows.calls.unknown, kind.types)
            calls = sum((size * each for size, each in tables.items()), np.zeros(1))
            expected[:, kind.types] += self._rows.sums(calls, kind.work, name).sum(-1)
            if self._rows.calls.source.known is not None:
                tables, _ = calls_by_officers(kind, self._rows.calls.known, _TOGETHER)
                calls = sum((size * each for size, each in tables.items()), np.zeros(1))
                known += self._rows.sums(calls, kind.work, name).sum(-1)
        return expected, known

    @cached_property
    def _sums(self) -> _Sums:
        """What expected calls bring, of all places and call types."""
        rates = self._rows.calls.forecast.rates
        found = self._none(len(rates.places), len(rates.call_types))
        for kind in self._kinds:
            found.add(self._brought(kind, self._rows.calls.unknown, kind.types), kind.types)
        return found

    @cached_property
    def _sums_of_known(self) -> _Sums:
        """What known calls bring by leaf area, types together; their number is no chance."""
        found = self._none(len(self._rows.calls.forecast.rates.leaves), 1)
        for kind in self._kinds:
            found.add(self._brought(kind, self._rows.calls.known, _TOGETHER), slice(None))
        return found

    def _none(self, places: int, types: int) -> _Sums:
        timing, officers = self._rows.timing, 0
        if self._measure == "officers":
            calls = ((kind, each.officers) for kind in self._kinds for each in kind.calls)
            officers = max(size for kind, number in calls for size in officer_shares(kind, number))
        return _Sums.none((places, types), timing.rows, len(timing.piece_row), officers)

    def _brought(self, kind: WorkKind, calls: Mapping[str, Array], types: Index) -> _Sums:
        """Return what calls of one kind bring, by place and (some) call types.

        Args:
            kind: the work.
            calls: by grade, shape (places, call types, days, hours).
            types: positions of the call types that are told apart.
        """
        by_officers, squared = calls_by_officers(kind, calls, types)
        first, second = _WEIGHTS[self._measure]
        sizes = np.array(list(by_officers), dtype=np.float64)[:, None, None, None, None]
        tables = np.stack(list(by_officers.values()))
        once = self._rows.sums(tables, kind.work, first)
        twice = once if first == second else self._rows.sums(tables, kind.work, second)
        of_pairs = self._rows.sums(squared, kind.work, f"{first}²")
        pieces = (*once.shape[1:3], -1)
        jobs = np.zeros((max(by_officers), *once.shape[1:4]))
        jobs[np.array(list(by_officers)) - 1] = once.sum(-1)
        return _Sums(
            (sizes * once).sum(0).reshape(pieces),
            of_pairs.reshape(pieces),
            ((sizes**2 * twice).sum(0) - of_pairs).reshape(pieces),
            jobs if self._measure == "officers" else jobs[:0],
        )

    def _parts(self, leaves: Sequence[str]) -> tuple[list[int], Index, Array]:
        """Return leaves and their places, and what share of these they are, (places, types, 1)."""
        rates = self._rows.calls.forecast.rates
        position = {leaf: i for i, leaf in enumerate(rates.leaves)}
        at = [position[leaf] for leaf in leaves]
        shares = np.zeros((len(rates.places), len(rates.call_types)))
        np.add.at(shares, rates.leaf_place[at], rates.leaf_shares[at])
        places = np.unique(rates.leaf_place[at])
        return at, places, shares[places][..., None]

    def _within(self, places: Index) -> Within:
        by_day = self._rows.calls.by_day[:, self._rows.timing.piece_day]
        types = np.arange(len(self._rows.calls.forecast.rates.call_types))
        return Within(types, self._rows.timing.piece_day, by_day[places], by_day.sum(0))
