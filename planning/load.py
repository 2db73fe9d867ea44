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

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import numpy as np

from forewatch.arrays import Array, Index, Mask
from forewatch.clock import instants_us
from forewatch.duty import Service
from forewatch.rates import Forecast, Selection, Spans
from forewatch.shocks import Within
from planning.arrivals import DAY_HOURS, Arrivals, Timing
from planning.casework import CaseLength
from planning.landing import KnownReports
from planning.work_times import Release, ReleasedWork, ServiceTime, WorkTime

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


@dataclass(frozen=True)
class _Kind:
    """Services whose work lasts alike: call type (position), grade, officers, share attended."""

    work: WorkTime
    calls: tuple[tuple[int, str, float, float], ...]


class SourceLoad:
    """The load that calls of one source bring to rows, for any areas.

    Args:
        source: the calls.
        spans: the rows; instants are spans without length.
        measure: "officers" busy at the beginnings of the spans, the "hours" that land in them, or
            of these hours those "carried" into them by calls from before.
        of: which services count.
    """

    def __init__(
        self,
        source: Source,
        spans: Spans,
        measure: Measure,
        of: Callable[[Service], bool] = lambda _: True,
    ) -> None:
        """Find what hours of calls bring to the rows."""
        self._forecast, self._known, self._measure = source.forecast, source.known, measure
        self._kinds = _kinds(source.forecast, filter(of, source.services))
        reach = max((kind.work.reach_hours for kind in self._kinds), default=0.0)
        past = int(np.ceil(reach / DAY_HOURS)) + 1
        self._arrivals = Arrivals.of(source.forecast, spans.ends.max(), past)
        starts, ends = instants_us(spans.starts), instants_us(spans.ends)
        self._timing = Timing(self._arrivals, starts, ends, reach)

    def of(self, leaves: Sequence[str]) -> Load:
        """Return the load of an area, by the leaf areas that make it up."""
        rates, timing = self._forecast.rates, self._timing
        if not self._kinds:
            none = np.zeros(timing.rows)
            return Load(none, none, np.zeros((timing.rows, 0)))
        position = {leaf: i for i, leaf in enumerate(rates.leaves)}
        at = [position[leaf] for leaf in leaves]
        shares = np.zeros((len(rates.places), len(rates.call_types)))
        np.add.at(shares, rates.leaf_place[at], rates.leaf_shares[at])
        places = np.unique(rates.leaf_place[at])
        sums, share = self._sums, shares[places][..., None]
        weighted = share * sums.mean[places]
        variance = self._forecast.shocks.weighted_variance(
            weighted,
            timing.piece_lead,
            timing.piece_row,
            self._within(places),
            ((share * sums.squared[places]).sum(0), (share * sums.own[places]).sum((0, 1))),
        )
        mean = weighted.sum((0, 1)).reshape(timing.rows, -1).sum(1)
        jobs = (share * sums.jobs[:, places]).sum((1, 2)).T
        found = Load(mean, np.maximum(variance, 0), jobs)
        return found if self._known is None else found + self._of_known(at)

    @cached_property
    def _sums(self) -> _Sums:
        """What expected calls bring, of all places and call types."""
        found = self._none(self._whole.shape[0], self._whole.shape[1])
        expected = self._expected
        if self._known is not None:
            is_known = self._known_calls[1][:, None]
            expected = {grade: np.where(is_known, 0, each) for grade, each in expected.items()}
        for kind in self._kinds:
            types = np.unique([each[0] for each in kind.calls])
            found.add(self._brought(kind, expected, types), types)
        return found

    def _none(self, places: int, types: int) -> _Sums:
        pieces = len(self._timing.piece_row)
        return _Sums.none((places, types), self._timing.rows, pieces, self._officers)

    def _brought(self, kind: _Kind, calls: Mapping[str, Array], types: Index) -> _Sums:
        """Return what calls of one kind bring, by place and (some) call types.

        Args:
            kind: the work.
            calls: by grade, shape (places, call types, days, hours).
            types: positions of the call types that are told apart.
        """
        by_officers, squared = _tables(kind, calls, types)
        work, timing = kind.work, self._timing
        first, second = {
            "officers": (work.presence, work.presence),
            "hours": (work.hours, work.square_hours),
            "carried": (work.carried_hours, work.square_hours),
        }[self._measure]
        sizes = np.array(list(by_officers), dtype=np.float64)[:, None, None, None, None]
        tables = np.stack(list(by_officers.values()))
        once = timing.sums(tables, first)
        twice = once if first == second else timing.sums(tables, second)
        of_pairs = timing.sums(squared, lambda *at: first(*at) ** 2)
        pieces = (*once.shape[1:3], -1)
        jobs = np.zeros((max(by_officers), *once.shape[1:4]))
        jobs[np.array(list(by_officers)) - 1] = once.sum(-1)
        return _Sums(
            (sizes * once).sum(0).reshape(pieces),
            of_pairs.reshape(pieces),
            ((sizes**2 * twice).sum(0) - of_pairs).reshape(pieces),
            jobs if self._measure == "officers" else jobs[:0],
        )

    def _of_known(self, leaves: Sequence[int]) -> Load:
        """Return the load that known calls of leaf areas bring; their number is no chance."""
        sums, rows = self._sums_of_known, self._timing.rows
        mean, own = (each[leaves].sum((0, 1)).reshape(rows, -1) for each in (sums.mean, sums.own))
        return Load(mean.sum(1), own.sum(1), sums.jobs[:, leaves].sum((1, 2)).T)

    @cached_property
    def _sums_of_known(self) -> _Sums:
        """What known calls bring by leaf area, types together.

        Which of them are of which type and grade is expected, as their number once was.
        """
        rates, past = self._forecast.rates, self._arrivals.past
        count = self._known_calls[0]
        share = rates.leaf_shares[..., None, None]
        whole = (share * self._whole[rates.leaf_place, :, :past]).sum(1)
        ratio = np.divide(count, whole, out=np.zeros_like(whole), where=whole > 0)[:, None]
        made = {
            grade: share * each[rates.leaf_place, :, :past] * ratio
            for grade, each in self._expected.items()
        }
        found = self._none(len(rates.leaves), 1)
        for kind in self._kinds:
            found.add(self._brought(kind, made, np.arange(0)), slice(None))
        return found

    @cached_property
    def _known_calls(self) -> tuple[Array, Mask]:
        """Known calls by leaf, past day and hour, and which hours of which places are known."""
        rates, past = self._forecast.rates, self._arrivals.past
        known = cast("KnownReports", self._known)
        count = known.during(rates.leaves, self._arrivals.past_edges_us)
        count = count.reshape(len(rates.leaves), past, -1)
        is_known = np.zeros((len(rates.places), *self._arrivals.shape), dtype=np.bool_)
        for place in range(len(rates.places)):
            is_known[place, :past] = ~np.isnan(count[rates.leaf_place == place]).any(0)
        count = np.where(is_known[rates.leaf_place, :past], count, 0)
        return count, is_known

    @cached_property
    def _expected(self) -> dict[str, Array]:
        """Expected calls by grade, each of shape (places, call types, days, hours)."""
        grades = sorted({each[1] for kind in self._kinds for each in kind.calls})
        return {
            grade: self._arrivals.expected(self._forecast, Selection(grades=(grade,)))
            for grade in grades
        }

    @cached_property
    def _whole(self) -> Array:
        """Expected calls of all grades, shape (places, call types, days, hours)."""
        return self._arrivals.expected(self._forecast, Selection())

    @property
    def _officers(self) -> int:
        """The most officers that are busy with one call; 0 where they are not counted."""
        if self._measure != "officers":
            return 0
        return max(
            size for kind in self._kinds for each in kind.calls for size in _sizes(kind, each[2])
        )

    def _within(self, places: Index) -> Within:
        by_day = self._whole.sum((1, 3))[:, self._timing.piece_day]
        types = np.arange(len(self._forecast.rates.call_types))
        return Within(types, by_day[places], by_day.sum(0))


def _kinds(forecast: Forecast, services: Iterable[Service]) -> list[_Kind]:
    """Return services by how long their work lasts; those that nobody attends bring none."""
    rates, found = forecast.rates, defaultdict(list)
    for each in services:
        if each.attended > 0 and each.call_type in rates.call_types and each.grade in rates.grades:
            length = CaseLength(each.minutes / 60, each.cv)
            at = rates.call_types.index(each.call_type)
            found[length, each.release].append((at, each.grade, each.officers, each.attended))
    return [
        _Kind(ReleasedWork(length, Release(release)) if release else ServiceTime(length), tuple(of))
        for (length, release), of in found.items()
    ]


def _sizes(kind: _Kind, officers: float) -> dict[int, float]:
    """Return how many officers are busy with a call, and with which probability."""
    low = int(np.floor(officers))
    part = officers - low
    found = {low: 1 - part} | ({low + 1: part} if part else {})
    return {size * kind.work.officers: share for size, share in found.items()}


def _tables(
    kind: _Kind, calls: Mapping[str, Array], types: Index
) -> tuple[dict[int, Array], Array]:
    """Return attended calls by their officers, and calls × the square of officers attending.

    Each is of shape (places, call types, days, hours), or (places, 1, …) where no types are given.
    """
    shape = list(next(iter(calls.values())).shape)
    shape[1] = max(len(types), 1)
    sizes = sorted({size for each in kind.calls for size in _sizes(kind, each[2])})
    by_officers = {size: np.zeros(shape) for size in sizes}
    squared = np.zeros(shape)
    for call_type, grade, officers, attended in kind.calls:
        at = int(np.searchsorted(types, call_type)) if len(types) else 0
        came = calls[grade][:, call_type]
        for size, share in _sizes(kind, officers).items():
            by_officers[size][:, at] += share * attended * came
        squared[:, at] += (officers * kind.work.officers * attended) ** 2 * came
    return by_officers, squared
