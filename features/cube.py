"""Counts by place, call type and interval as known at an origin; unknown is NaN, never zero.

1. The known changes of the ledger are summed into the hours (or days) of whole force-days.
2. An interval is unknown where it began before the counts were complete, where it ends after what
   was known, where any part of the place lay in an unobserved window, and where the register of
   breaks says that its counts are not to be believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import AsOf, Ledger
from features.breaks import places_of
from forewatch.arrays import Array, Index
from forewatch.clock import instant_us, instants_us, intervals_of, utc_instants
from forewatch.errors import NotEnoughHistory
from forewatch.history import Step

HOURS_OF_DAY = 24


@dataclass(frozen=True)
class Cube:
    """Counts of the modelled places.

    Args:
        step: length of an interval, "hour" or "day".
        places: ids of the modelled areas; call_types: ids, in the profile's order.
        edges: instants (UTC) that bound the intervals, shape (intervals + 1,).
        day: number of the force-day of each interval, from 0, shape (intervals,).
        slot: local hour of each interval (0 with step "day"), shape (intervals,).
        force_days: local dates (no zone) of the force-days, shape (days,).
        counts: shape (places, call types, intervals); NaN where unobserved or not yet known.
    """

    step: Step
    places: tuple[str, ...]
    call_types: tuple[str, ...]
    edges: pd.DatetimeIndex
    day: Index
    slot: Index
    force_days: pd.DatetimeIndex
    counts: Array

    @property
    def starts(self) -> pd.DatetimeIndex:
        """Instants (UTC) at which the intervals begin."""
        return self.edges[:-1]

    def times(self, factors: DayFactors | None) -> Cube:
        """Return the cube with the counts of each day multiplied by its factors; None: as it is."""
        if factors is None:
            return self
        return replace(self, counts=self.counts * factors.factor[:, :, self.day])

    def daily(self) -> Array:
        """Return counts by force-day, (places, call types, days); NaN if any interval is."""
        first = np.flatnonzero(np.diff(self.day, prepend=-1))
        return np.asarray(np.add.reduceat(self.counts, first, axis=2), dtype=np.float64)


@dataclass(frozen=True)
class DayFactors:
    """What counts of the modelled places are multiplied by, day by day; elsewhere it is 1.

    Args:
        edges: instants (UTC) that bound the force-days, shape (days + 1,).
        factor: shape (places, call types, days).
    """

    edges: pd.DatetimeIndex
    factor: Array

    def of(self, view: AsOf, ledger: Ledger) -> Array:
        """Return the factor of each change of a ledger."""
        bounds = instants_us(self.edges)
        day = np.searchsorted(bounds, ledger.starts_us, side="right") - 1
        inside = np.flatnonzero((day >= 0) & (day < len(bounds) - 1))
        found = np.ones(len(day))
        place = _place_of_leaf(view, view.tree.cut(view.profile.levels.modelled))
        leaf, kind = ledger.leaf[inside], ledger.call_type[inside]
        found[inside] = self.factor[place[leaf], kind, day[inside]]
        return found


def cube(view: AsOf, days: int | None = None) -> Cube:
    """Return the counts of the whole force-days before the first one that is forecast.

    Args:
        view: what was known at the origin.
        days: the last so many force-days; all since the first complete one if None or more than
            there are.

    Raises:
        NotEnoughHistory: if not one force-day lies between the first count and the origin.
        DataError: if one of the days is a date that the clock skips as a whole.
    """
    force_days = past_days(view, days)
    first, n = force_days[0], len(force_days)
    if view.step == "hour":
        edges, day = view.clock.hour_edges(first, n), view.clock.hour_days(first, n)
        slot = view.clock.local_hour(edges[:-1])
    else:
        edges, day = view.clock.day_edges(first, n), np.arange(n, dtype=np.int64)
        slot = np.zeros(n, dtype=np.int64)
    places, types = view.tree.cut(view.profile.levels.modelled), view.profile.call_type_ids
    ledger = view.ledger(since=edges[0])
    shape = (len(places), len(types), len(day))
    key = _place_of_leaf(view, places)[ledger.leaf] * (shape[1] * shape[2])
    key += ledger.call_type.astype(np.int64) * shape[2]
    key += intervals_of(instants_us(edges), ledger.starts_us)
    counts = _sum_by_cell(key, ledger.count, shape)
    counts[_unknown(view, places, instants_us(edges))] = np.nan
    return Cube(view.step, places, types, edges, day, slot, force_days, counts)


def past_days(view: AsOf, days: int | None = None) -> pd.DatetimeIndex:
    """Return the force-days (local dates) before the first one that is forecast, ascending.

    Raises:
        NotEnoughHistory: if there is none.
        DataError: if one of them is a date that the clock skips as a whole.
    """
    first = view.clock.first_day_from(view.observed_from)
    found = pd.date_range(
        first, view.clock.first_day_from(view.origin), freq="D", inclusive="left", unit="us"
    )
    if not len(found):
        raise NotEnoughHistory(
            f"no whole force-day lies between the first count ({view.observed_from.isoformat()}) "
            f"and the origin ({view.origin.isoformat()}); forecast from a later origin"
        )
    found = found if days is None else found[-days:]
    view.clock.stop_if_skipped(found)
    return found


def leaf_counts(view: AsOf, days: int, factors: DayFactors | None = None) -> Array:
    """Return the known calls of the last force-days that were complete, (leaves, call types).

    Args:
        view: what was known at the origin.
        days: how many force-days before the end of what was known.
        factors: what counts are multiplied by.
    """
    ledger = view.ledger(since=_trailing_start(view, days))
    count = ledger.count if factors is None else ledger.count * factors.of(view, ledger)
    shape = (len(view.tree.leaves), len(view.profile.call_type_ids))
    key = ledger.leaf.astype(np.int64) * shape[1] + ledger.call_type
    return _sum_by_cell(key, count, shape)


def leaf_days(view: AsOf) -> Array:
    """Return the known calls of each leaf by force-day of the whole past, (leaves, days).

    Days of which nothing is known have none. Calls of pooled types are left out: they are drawn for
    times before a leaf had any of its own.
    """
    force_days = past_days(view)
    edges = view.clock.day_edges(force_days[0], len(force_days))
    ledger = view.ledger(since=edges[0])
    day = np.searchsorted(instants_us(edges), ledger.starts_us, side="right") - 1
    inside = (day < len(force_days)) & np.isin(ledger.call_type, view.unpooled_types)
    shape = (len(view.tree.leaves), len(force_days))
    key = ledger.leaf.astype(np.int64) * shape[1] + day
    return _sum_by_cell(key[inside], ledger.count[inside], shape)


def leaf_type_days(view: AsOf, force_days: pd.DatetimeIndex) -> Array:
    """Return the known calls of each leaf and call type by force-day, (leaves, call types, days).

    Days of which nothing is known have none.

    Args:
        view: what was known at the origin.
        force_days: consecutive force-days (local dates).
    """
    edges = view.clock.day_edges(force_days[0], len(force_days))
    ledger = view.ledger(since=edges[0])
    day = np.searchsorted(instants_us(edges), ledger.starts_us, side="right") - 1
    inside = day < len(force_days)
    shape = (len(view.tree.leaves), len(view.profile.call_type_ids), len(force_days))
    key = (ledger.leaf.astype(np.int64) * shape[1] + ledger.call_type) * shape[2] + day
    return _sum_by_cell(key[inside], ledger.count[inside], shape)


def known_leaf_type_days(view: AsOf, force_days: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Return whether all is known of leaf areas' days, (leaves, call types, days).

    Args:
        view: what was known at the origin.
        force_days: consecutive force-days (local dates).
    """
    edges = view.clock.day_edges(force_days[0], len(force_days))
    return ~_unknown(view, view.tree.leaves, instants_us(edges))


def known_leaf_days(view: AsOf, days: int) -> tuple[pd.DatetimeIndex, Array]:
    """Return the last force-days of the past, and the calls of all types by leaf area on them.

    Args:
        view: what was known at the origin.
        days: at most so many.

    Returns:
        Local dates, ascending, and counts of shape (leaves, days); NaN where not all is known.

    Raises:
        NotEnoughHistory, DataError: as `past_days` does.
    """
    force_days = past_days(view, days)
    edges = view.clock.day_edges(force_days[0], len(force_days))
    counts = leaf_type_days(view, force_days)
    counts[_unknown(view, view.tree.leaves, instants_us(edges))] = np.nan
    return force_days, np.asarray(counts.sum(1), dtype=np.float64)


def known_leaf_hours(view: AsOf, force_days: pd.DatetimeIndex) -> Array:
    """Return the calls of all types by leaf area, force-day and local hour, (leaves, days, 24).

    NaN where not all is known, and for the hours that the wall clock reads twice or not at all on
    the days on which it is changed.

    Args:
        view: what was known at the origin.
        force_days: consecutive force-days (local dates), at least one.
    """
    first, n = force_days[0], len(force_days)
    edges, day = view.clock.hour_edges(first, n), view.clock.hour_days(first, n)
    hour, leaves = view.clock.local_hour(edges[:-1]), view.tree.leaves
    ledger = view.ledger(since=edges[0])
    inside = ledger.starts_us < instant_us(edges[-1])
    key = ledger.leaf[inside].astype(np.int64) * len(day)
    key += intervals_of(instants_us(edges), ledger.starts_us[inside])
    told = _sum_by_cell(key, ledger.count[inside], (len(leaves), len(day)))
    told[_unknown(view, leaves, instants_us(edges)).any(1)] = np.nan
    cell = day * HOURS_OF_DAY + hour
    is_once = np.bincount(cell, minlength=n * HOURS_OF_DAY)[cell] == 1
    found = np.full((len(leaves), n * HOURS_OF_DAY), np.nan)
    found[:, cell[is_once]] = told[:, is_once]
    return found.reshape(len(leaves), n, HOURS_OF_DAY)


def grade_counts(view: AsOf, days: int, factors: DayFactors | None = None) -> Array:
    """Return the known calls of the last force-days, (places, call types, slots, grades).

    Slots are the 24 local hours with step "hour" and one with step "day"; days and factors as in
    `leaf_counts`.
    """
    ledger = view.ledger(since=_trailing_start(view, days))
    count = ledger.count if factors is None else ledger.count * factors.of(view, ledger)
    places = view.tree.cut(view.profile.levels.modelled)
    types, grades = len(view.profile.call_type_ids), len(view.profile.grade_ids)
    slots = HOURS_OF_DAY if view.step == "hour" else 1
    key = _place_of_leaf(view, places)[ledger.leaf] * types + ledger.call_type
    key = (key * slots + _slot(view, ledger.starts_us)) * grades + ledger.grade
    return _sum_by_cell(key, count, (len(places), types, slots, grades))


def _trailing_start(view: AsOf, days: int) -> pd.Timestamp:
    """Return the instant at which the trailing complete force-days begin."""
    today = view.clock.force_day(pd.DatetimeIndex([view.known_until]))[0]
    return view.clock.day_start(today - pd.Timedelta(days=days))


def _slot(view: AsOf, starts_us: Index) -> Index:
    """Return the slot of each start: what the wall clock reads as its hour begins, as in `cube`.

    The zone is asked once an hour, not once a row.
    """
    if view.step == "day" or not len(starts_us):
        return np.zeros(len(starts_us), dtype=np.int64)
    edges = view.clock.hour_grid(starts_us)
    begins = utc_instants(edges[:-1])
    return view.clock.local_hour(begins)[intervals_of(edges, starts_us)]


def _place_of_leaf(view: AsOf, places: tuple[str, ...]) -> Index:
    number = {place: i for i, place in enumerate(places)}
    return np.array(
        [number[view.tree.ancestor_in(leaf, places)] for leaf in view.tree.leaves], dtype=np.int64
    )


def _sum_by_cell(cell: Index, count: Array, shape: tuple[int, ...]) -> Array:
    """Return the sums of the changes that fall into each cell."""
    sums = np.bincount(cell, count, int(np.prod(shape)))
    return np.asarray(sums, dtype=np.float64).reshape(shape)


def _unknown(view: AsOf, places: tuple[str, ...], edges_us: Index) -> NDArray[np.bool_]:
    """Return where nothing, or not all, is known, shape (places, call types, intervals)."""
    types = view.profile.call_type_ids
    outside = edges_us[1:] > instant_us(view.known_until)
    outside |= edges_us[:-1] < instant_us(view.observed_from)
    unknown = np.repeat(outside[None, None, :], len(places), axis=0).repeat(len(types), axis=1)
    windows = view.unknown()
    first, after = _intervals(windows, edges_us)
    touched = {area: places_of(view, area, places) for area in windows["area"].unique()}
    scopes = zip(windows["area"], windows["call_type"], first, after, strict=True)
    for area, kind, low, high in scopes:
        kinds = np.flatnonzero([kind in ("", one) for one in types])
        unknown[np.ix_(touched[area], kinds, np.arange(low, high))] = True
    return unknown


def _intervals(windows: pd.DataFrame, edges_us: Index) -> tuple[Index, Index]:
    """Return the first interval that each window touches, and the one after the last."""
    starts = instants_us(pd.DatetimeIndex(windows["start"]))
    ends = instants_us(pd.DatetimeIndex(windows["end"]))
    first = np.maximum(np.searchsorted(edges_us, starts, side="right") - 1, 0)
    after = np.minimum(np.searchsorted(edges_us, ends, side="left"), len(edges_us) - 1)
    return first, after
