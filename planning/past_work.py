"""The work that came in the past, by half-hour and force-day: what forecasts are held against.

1. Calls that came are counts by hour, call type and grade, as they are known by now.
2. Where the log says how many officers went and for how long, that is the work that came.
3. Of the other calls only their number is known: whether they are attended, by how many and for how
   long, is as their service times say. So what came of them is a distribution, its number of calls
   no chance any more, and whether officers were too few is a probability: what would be found on
   average, were it seen. Missing persons, whose work is spread over days, are always among them.
4. Hours of which nothing is known count as the same hours of other days where their calls would
   still be under way later; they themselves, and the hours behind them, are unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index, Mask
from forewatch.clock import HOUR_US, instants_us
from forewatch.duty import Service
from planning.arrivals import DAY_HOURS, Arrivals, Tables, Timing
from planning.duty_layout import HalfHours
from planning.load import Load
from planning.need import BusyOfficers, HoursOfWork
from planning.work_kinds import WorkKind, calls_by_officers, officer_shares, work_kinds
from planning.work_times import WorkTime

if TYPE_CHECKING:
    from features.asof import AsOf, Ledger

# Behind an unknown hour: of urgent work of 1.2 h and its own spread, under a hundredth is left.
_TAIL_HOURS = 6
_TOGETHER: Index = np.arange(0)


@dataclass(frozen=True)
class PastCalls:
    """Calls that came by hour of consecutive force-days, of some areas.

    Args:
        force_days: local dates, shape (days,).
        arrivals: their hours.
        call_types: ids.
        grades: ids.
        counts: area → calls, shape (call types, grades, days, hours).
        is_known: area → whether the calls of all its types are known, shape (days, hours).
    """

    force_days: pd.DatetimeIndex
    arrivals: Arrivals
    call_types: tuple[str, ...]
    grades: tuple[str, ...]
    counts: Mapping[str, Array]
    is_known: Mapping[str, Mask]

    @classmethod
    def of(cls, view: AsOf, areas: Sequence[str], first: pd.Timestamp) -> Self:
        """Return those known from a force-day on, or from the first that is known.

        Args:
            view: what is known by now.
            areas: ids.
            first: local date.
        """
        from features.cube import cube, past_days  # noqa: PLC0415 - as in planning.landing

        days = int((past_days(view) >= first).sum())
        found = cube(view, max(days, 1))
        hours = _Hours.of(instants_us(found.edges), found.day)
        unknown = np.asarray(np.isnan(found.counts).any(axis=1), dtype=np.bool_)
        ledger = view.ledger(since=found.edges[0])
        counts, is_known = {}, {}
        for area in areas:
            leaves = view.tree.leaves_of(area)
            counts[area] = hours.counts(view, ledger, leaves)
            places = sorted({view.tree.ancestor_in(leaf, found.places) for leaf in leaves})
            hidden = unknown[_positions(found.places, places)].any(0)
            is_known[area] = np.zeros(hours.arrivals.shape, dtype=np.bool_)
            is_known[area][hours.day, hours.hour] = ~hidden
        types, grades = view.profile.call_type_ids, view.profile.grade_ids
        return cls(found.force_days, hours.arrivals, types, grades, counts, is_known)

    @cached_property
    def half_hours(self) -> HalfHours:
        """The half-hours of the days."""
        return HalfHours.of(self.arrivals.starts_us)

    def whole_counts(self, area: str) -> Array:
        """Return an area's calls, those of unknown hours as in the same hours of other days."""
        counts, is_known = self.counts[area], self.is_known[area]
        days = np.maximum(is_known.sum(0), 1)
        usual = (counts * is_known).sum(2, keepdims=True) / days
        there = np.diff(self.arrivals.hour_edges) > 0
        return np.asarray(np.where(is_known, counts, usual * there))


@dataclass(frozen=True)
class _Hours:
    """Hours of consecutive force-days, in a row and as a table.

    Args:
        edges_us: their bounds, microseconds since 1970, shape (hours + 1,).
        day: number of each one's force-day, shape (hours,).
        hour: its number within that, likewise.
        arrivals: the table.
    """

    edges_us: Index
    day: Index
    hour: Index
    arrivals: Arrivals

    @classmethod
    def of(cls, edges_us: Index, day: Index) -> Self:
        """Return the hours between edges."""
        begins = np.flatnonzero(np.diff(day, prepend=-1))
        hour = np.arange(len(day)) - begins[day]
        starts = np.append(edges_us[begins], edges_us[-1])
        bounds = np.repeat((np.diff(starts) / HOUR_US)[:, None], hour.max() + 2, axis=1)
        bounds[:, 0] = 0.0
        bounds[day, hour + 1] = (edges_us[1:] - starts[day]) / HOUR_US
        none = np.zeros(len(begins), dtype=np.int64)
        return cls(edges_us, day, hour, Arrivals(starts, bounds, 0, none))

    def counts(self, view: AsOf, ledger: Ledger, leaves: Sequence[str]) -> Array:
        """Return the calls of leaves, shape (call types, grades, days, hours)."""
        shape = (
            len(view.profile.call_type_ids), len(view.profile.grade_ids), *self.arrivals.shape
        )  # fmt: skip
        at = np.searchsorted(self.edges_us, ledger.starts_us, side="right") - 1
        is_own = np.zeros(len(view.tree.leaves), dtype=np.bool_)
        is_own[_positions(view.tree.leaves, leaves)] = True
        mine = np.flatnonzero((at < len(self.day)) & is_own[ledger.leaf])
        at = at[mine]
        cell = (ledger.call_type[mine], ledger.grade[mine], self.day[at], self.hour[at])
        key = np.ravel_multi_index(tuple(each.astype(np.int64) for each in cell), shape)
        found = np.bincount(key, ledger.count[mine], int(np.prod(shape)))
        return np.asarray(np.maximum(found, 0).reshape(shape))


@dataclass(frozen=True)
class SeenWork:
    """Work of an area that the log itself tells.

    Args:
        busy: officers busy with urgent work at the middles of the half-hours, (half-hours,).
        hours: of work of any kind, by force-day, (days,).
        calls: whose work it is, shape (call types, grades, days, hours).
    """

    busy: Array
    hours: Array
    calls: Array


@dataclass(frozen=True)
class PastWork:
    """The work that came in an area.

    Args:
        middles_us: middles of half-hours, microseconds since 1970, ascending, (half-hours,).
        busy: officers busy with urgent work that nobody saw, given the calls, by half-hour.
        seen: officers that were seen to be busy, (half-hours,).
        is_known: (half-hours,).
        force_days: local dates, (days,).
        hours: of work that nobody saw, given the calls, by force-day.
        seen_hours: hours of work that were seen, (days,).
        is_day_known: (days,).
    """

    middles_us: Index
    busy: BusyOfficers
    seen: Array
    is_known: Mask
    force_days: pd.DatetimeIndex
    hours: HoursOfWork
    seen_hours: Array
    is_day_known: Mask

    def p_short(self, middles_us: Index, free: Array) -> Array:
        """Return P(more were busy than free), NaN where unknown; 0 or 1 where all was seen.

        Args:
            middles_us: of half-hours, shape (rows,).
            free: officers, likewise.
        """
        at = np.minimum(np.searchsorted(self.middles_us, middles_us), len(self.middles_us) - 1)
        left = free - self.seen[at]
        found = np.where(left < 0, 1.0, BusyOfficers(self.busy.over[at]).p_over(left))
        return np.where((self.middles_us[at] == middles_us) & self.is_known[at], found, np.nan)

    def p_hours_over(self, days: pd.DatetimeIndex, hours: Array) -> Array:
        """Return P(more hours of work landed than these) of force-days, NaN where unknown."""
        at = self.force_days.get_indexer(days)
        left = hours - self.seen_hours[at]
        rest = HoursOfWork(self.hours.mean[at], self.hours.variance[at])
        found = np.where(left < 0, 1.0, rest.p_over(left))
        return np.where((at >= 0) & self.is_day_known[at], found, np.nan)


class PastWorkload:
    """What calls that came bring to the half-hours and force-days of an area.

    Args:
        calls: of areas.
        services: of a role.
    """

    def __init__(self, calls: PastCalls, services: Sequence[Service]) -> None:
        """Lay out the rows."""
        self._calls, self._services = calls, tuple(services)
        self._timings: dict[tuple[bool, float], Timing] = {}
        self._tables: dict[tuple[bool, WorkTime, str], Tables] = {}

    def of(self, area: str, seen: SeenWork | None = None) -> PastWork:
        """Return the work of an area.

        Args:
            area: its id.
            seen: what the log tells of it; None: nothing.
        """
        calls = self._calls
        counts = calls.whole_counts(area)
        if seen is None:
            rows, days = len(calls.half_hours.day), len(calls.force_days)
            seen = SeenWork(np.zeros(rows), np.zeros(days), np.zeros_like(counts))
        rest = np.maximum(counts - seen.calls, 0)
        busy = self._load(rest, is_instant=True, of=lambda service: service.urgent)
        hours = self._load(rest, is_instant=False, of=lambda _: True)
        is_known, is_day_known = self._known(area)
        return PastWork(
            calls.half_hours.middles_us,
            BusyOfficers.of(busy),
            seen.busy,
            is_known,
            calls.force_days,
            HoursOfWork(hours.mean, hours.variance),
            seen.hours,
            is_day_known,
        )

    def _load(self, calls: Array, *, is_instant: bool, of: Callable[[Service], bool]) -> Load:
        """Return the load of calls whose number is no chance."""
        services = [each for each in self._services if of(each)]
        kinds = work_kinds(services, self._calls.call_types, self._calls.grades)
        rows = len(self._calls.half_hours.day if is_instant else self._calls.force_days)
        by_grade = {g: calls[None, :, i] for i, g in enumerate(self._calls.grades)}
        width = max((size for kind in kinds for size in _sizes(kind)), default=0)
        mean, own, jobs = np.zeros(rows), np.zeros(rows), np.zeros((rows, width))
        first, second = ("presence", "presence") if is_instant else ("hours", "square_hours")
        for kind in kinds:
            by_officers, squared = calls_by_officers(kind, by_grade, _TOGETHER)
            if not squared.any():  # mostly where all was seen
                continue
            for size, each in by_officers.items():
                once = self._sums(each, is_instant, kind.work, first)
                again = once if first == second else self._sums(each, is_instant, kind.work, second)
                mean, own = mean + size * once, own + size**2 * again
                jobs[:, size - 1] += once
            own -= self._sums(squared, is_instant, kind.work, f"{first}²")
        return Load(mean, np.maximum(own, 0), jobs if is_instant else jobs[:, :0])

    def _sums(self, calls: Array, is_instant: bool, work: WorkTime, name: str) -> Array:  # noqa: FBT001
        timing, key = self._timing(is_instant, work.reach_hours), (is_instant, work, name)
        if key not in self._tables:
            weights = timing.tables(getattr(work, name.removesuffix("²")))
            self._tables[key] = [w**2 for w in weights] if name.endswith("²") else weights
        return np.asarray(timing.totals(calls, self._tables[key])[0, 0])

    def _timing(self, is_instant: bool, reach_hours: float) -> Timing:  # noqa: FBT001
        if (is_instant, reach_hours) not in self._timings:
            arrivals, middles = self._calls.arrivals, self._calls.half_hours.middles_us
            days = arrivals.starts_us[:-1], arrivals.starts_us[1:]
            rows = (middles, middles) if is_instant else days
            self._timings[is_instant, reach_hours] = Timing(arrivals, *rows, reach_hours)
        return self._timings[is_instant, reach_hours]

    def _known(self, area: str) -> tuple[Mask, Mask]:
        """Return which half-hours and force-days are known, with the hours before them."""
        arrivals, halves = self._calls.arrivals, self._calls.half_hours
        there = np.diff(arrivals.hour_edges) > 0
        known = self._calls.is_known[area][there]
        sums = np.concatenate([np.zeros(_TAIL_HOURS + 1), np.cumsum(~known)])
        whole = sums[_TAIL_HOURS + 1 :] == sums[: -_TAIL_HOURS - 1]
        starts = arrivals.edges_us[:, :-1][there]
        of_half_hours = whole[np.searchsorted(starts, halves.middles_us, side="right") - 1]
        missing = np.bincount(halves.day, ~of_half_hours, minlength=len(there))
        return of_half_hours, missing == 0


def reach_days(services: Sequence[Service]) -> int:
    """Return the force-days before a first one whose calls may still be under way on it."""
    kinds = work_kinds(
        services, [each.call_type for each in services], [each.grade for each in services]
    )
    hours = max((kind.work.reach_hours for kind in kinds), default=0.0)
    return int(np.ceil(hours / DAY_HOURS)) + 1


def _sizes(kind: WorkKind) -> set[int]:
    return {size for each in kind.calls for size in officer_shares(kind.work, each.officers)}


def _positions(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    number = {name: i for i, name in enumerate(names)}
    return [number[name] for name in wanted]
