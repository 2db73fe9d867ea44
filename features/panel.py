"""Daily counts of every series that is modelled, with what is known of their days and places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.beginnings import as_if_always_there, beginnings
from features.breaks import Break, break_adjustment, recent_means
from features.catalogue import EVERY_FORCES, features_at, grid
from features.cube import cube
from features.days import day_hours
from features.declaration import Feature
from features.ends import end_factors
from features.special_days import SpecialDays, special_days
from features.storms import storm_factors
from forewatch.areas import AreaTree
from forewatch.arrays import Array, Index, Mask
from forewatch.extensions import Packages

ALL = "all"  # stands for every call type in a series' key
CALL_TYPE, CELL = "call_type", "cell"
_SOME = 1e-6  # calls a day: a total of cells without any call has the mean of their factors


@dataclass(frozen=True)
class Covariates:
    """Features by day and area.

    Args:
        features: what each is.
        areas: ids of the areas.
        values: shape (days + horizon, areas, features); NaN unknown.
    """

    features: tuple[Feature, ...]
    areas: tuple[str, ...]
    values: Array

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(feature.name for feature in self.features)

    def named(self, names: tuple[str, ...]) -> Array:
        """Return the features asked for, in that order, (days + horizon, areas, names).

        Of a feature of the force's own that a model learned from and that is gone since, such as a
        kind of holiday, there is nothing: 0.

        Raises:
            KeyError: if a feature that every force has is not here.
        """
        found = np.zeros((*self.values.shape[:2], len(names)))
        for column, name in enumerate(names):
            if name in self.names:
                found[:, :, column] = self.values[:, :, self.names.index(name)]
            elif name in EVERY_FORCES:
                raise KeyError(f"no feature {name!r}; the panel has {', '.join(self.names)}")
        return found


@dataclass(frozen=True)
class Panel:
    """Daily series as known at an origin.

    Args:
        days: force-days of the past (local dates, no zone), ascending, shape (D,); the last one is
            the day before the first that is forecast.
        horizon: force-days ahead, shape (H,).
        keys: level, area and call_type of each series, N rows: the force with "all"; every other
            area down to the places with "all", parents first; the force by call type, level
            "call_type"; places by call type, place-major, level "cell". What would stand twice
            (one place only, one call type only) stands once, at the earlier level.
        counts: calls per force-day, shape (D, N); NaN unknown. A total with an unknown part is
            unknown. A day of 23 or 25 hours has the calls of 23 or 25 hours. Members learn from
            these: where breaks are known, the past is at the level of its last day; a storm's days
            are usual ones (`features.storms`), and what ended (`features.ends`) was never more
            than it is now. An area that is new (`features.beginnings`) is unknown before; totals
            have it as if it had always been there.
        covariates: features of the D + H days in every area of the keys.
        area_of: index in covariates.areas of the area of each series, shape (N,).
        hours: length of the D + H force-days in hours, shape (D + H,).
        places: ids of the modelled areas; call_types: ids, in the profile's order.
        recorded: counts as they were recorded, whatever breaks, storms and ends are known, same
            shape: these are judged by. None: the same as counts.
        ahead: what breaks that are still to come make of the days ahead, a factor of what is
            expected, shape (H, N). None: nothing.
        breaks: the breaks that were used.
        parents: index of the series of the area above each area's, shape (N,); 0 for call types and
            cells, -1 for the force. None: not told.
        packages: those whose members may be fitted to it.
        special: marks of named holidays on the D + H days in the areas of the covariates. None:
            the holidays have no names.
    """

    days: pd.DatetimeIndex
    horizon: pd.DatetimeIndex
    keys: pd.DataFrame
    counts: Array
    covariates: Covariates
    area_of: Index
    hours: Array
    places: tuple[str, ...] = ()
    call_types: tuple[str, ...] = ()
    recorded: Array | None = None
    ahead: Array | None = None
    breaks: tuple[Break, ...] = ()
    parents: Index | None = None
    packages: Packages = ()
    special: SpecialDays | None = None

    @property
    def happened(self) -> Array:
        """The counts as they were recorded, shape (D, N); NaN unknown."""
        return self.counts if self.recorded is None else self.recorded

    @cached_property
    def fits(self) -> dict[Any, Any]:
        """What members learned of it, by what was to be learned: the same is learned once."""
        return {}

    @property
    def doubt(self) -> Array | None:
        """How unsure the special days ahead are, see `SpecialDays.doubt`; None without names."""
        if self.special is None:
            return None
        return self.special.doubt(np.isfinite(self.counts[:, 0]))

    @property
    def special_ahead(self) -> Mask | None:
        """Which days ahead are public holidays or beside one, shape (H,); None without names."""
        return None if self.doubt is None else np.asarray(self.doubt.any(axis=1))

    @property
    def as_recorded(self) -> Panel:
        """The panel as if no break, storm or end were known."""
        return replace(self, counts=self.happened, recorded=None, ahead=None, breaks=())

    def index(self, *levels: str) -> Index:
        """Return the numbers of the series at the levels, ascending, shape (series,)."""
        return np.flatnonzero(self.keys["level"].isin(levels)).astype(np.int64)

    @cached_property
    def _number_of(self) -> dict[tuple[str, str], int]:
        """The number of each series by area and call type."""
        names = zip(self.keys["area"].tolist(), self.keys["call_type"].tolist(), strict=True)
        return {name: i for i, name in enumerate(names)}

    def series(self, area: str, call_type: str = ALL) -> int:
        """Return the number of a series; one that was left out as a duplicate finds its twin.

        Raises:
            KeyError: if the panel has no such series.
        """
        if len(self.call_types) == 1:
            call_type = ALL
        if self.places == (area,):
            area = str(self.keys["area"].iloc[0])
        if (area, call_type) not in self._number_of:
            raise KeyError(f"no series of {area!r} and {call_type!r} in the panel")
        return self._number_of[area, call_type]

    @property
    def cells(self) -> Index:
        """The number of the series of each place and call type, shape (places, call types)."""
        return np.array(
            [[self.series(place, kind) for kind in self.call_types] for place in self.places],
            dtype=np.int64,
        )


def panel(view: AsOf, horizon_days: int, days: int | None = None) -> Panel:
    """Return the daily panel as known at the view's origin.

    Args:
        view: what was known at the origin.
        horizon_days: how many force-days to look ahead.
        days: the last so many force-days of the past; all if None or more than there are.

    Raises:
        NotEnoughHistory: if there is not one whole force-day of the past.
        DataError: if one of all these days is a date that the clock skips as a whole.
    """
    known = cube(view, days)
    daily = known.daily()
    past = len(known.force_days)
    every_day = pd.date_range(known.force_days[0], periods=past + horizon_days, freq="D", unit="us")
    view.clock.stop_if_skipped(every_day[past:])
    areas = _areas(view.tree, known.places)
    series = partial(_series, view.tree, areas, known.places, known.call_types)
    keys, counts = series(daily)
    ahead, found = None, break_adjustment(view, daily, known.places, every_day)
    learned = daily if found is None else found.counts
    if found is not None:
        usual = (recent_means(found.counts) + _SOME)[:, :, None]
        ahead = series(usual * found.ahead)[1] / series(usual)[1]
    learned = lasting(view, learned, known.places, every_day[:past])
    recorded = None if learned is daily else counts
    features = features_at(view)
    number = {area: i for i, area in enumerate(areas)}
    of_their_own = daily[:, list(view.unpooled_types)]  # drawn calls tell no beginning
    begins = beginnings(np.nan_to_num(of_their_own).sum(1))
    if begins.any():
        recorded, learned = counts, as_if_always_there(learned, begins)
    if learned is not daily:
        counts = series(learned)[1]
    unborn = _unborn(view.tree, keys, dict(zip(known.places, begins.tolist(), strict=True)), past)
    counts[unborn] = np.nan
    if recorded is not None:
        recorded[unborn] = np.nan
    return Panel(
        days=every_day[:past],
        horizon=every_day[past:],
        keys=keys,
        counts=counts,
        covariates=Covariates(features, areas, grid(view, every_day, areas, features)),
        area_of=np.array([number[area] for area in keys["area"]], dtype=np.int64),
        hours=day_hours(view, every_day),
        places=known.places,
        call_types=known.call_types,
        recorded=recorded,
        ahead=ahead,
        breaks=() if found is None else found.breaks,
        parents=_parents(view.tree, areas, len(keys)),
        packages=view.profile.extensions.packages,
        special=special_days(view, every_day, areas),
    )


def _areas(tree: AreaTree, places: tuple[str, ...]) -> tuple[str, ...]:
    """Return the areas from the root down to the places, parents first."""
    if len(places) == 1:
        return (tree.root,)
    wanted = {area for place in places for area in tree.upwards(place)}
    return tuple(area for area in tree.below(tree.root) if area in wanted)


def _series(
    tree: AreaTree,
    areas: tuple[str, ...],
    places: tuple[str, ...],
    call_types: tuple[str, ...],
    daily: Array,
) -> tuple[pd.DataFrame, Array]:
    """Return the keys and the counts (D, N) of the panel's series, in its order."""
    by_place, by_type = daily.sum(1), daily.sum(0)
    keys: list[tuple[str, str, str]] = []
    columns: list[Array] = []
    for area in areas:
        under = [i for i, place in enumerate(places) if area in tree.upwards(place)]
        keys.append((tree.level(area), area, ALL))
        columns.append(by_place[under].sum(0))
    if len(call_types) > 1:
        keys += [(CALL_TYPE, tree.root, kind) for kind in call_types]
        columns += list(by_type)
    if len(call_types) > 1 and len(places) > 1:
        keys += [(CELL, place, kind) for place in places for kind in call_types]
        columns += list(daily.reshape(-1, daily.shape[2]))
    frame = pd.DataFrame(keys, columns=["level", "area", "call_type"], dtype="str")
    return frame, np.ascontiguousarray(np.stack(columns, axis=1))


def lasting(view: AsOf, daily: Array, places: tuple[str, ...], days: pd.DatetimeIndex) -> Array:
    """Return counts without storms, and with what ended as small as it is now; *daily* if alike.

    Args:
        view: what was known at the origin.
        daily: calls by force-day, (places, call types, D); NaN unknown.
        places: ids of the places.
        days: the force-days.
    """
    for factor in (storm_factors(view, daily, places, days), end_factors(daily)):
        if factor is not None:
            daily = daily * factor
    return daily


def _unborn(tree: AreaTree, keys: pd.DataFrame, first: dict[str, int], days: int) -> Mask:
    """Return the days on which an area did not exist yet, (D, N); the force always did."""
    begins = np.zeros(len(keys), dtype=np.int64)
    for i, area in enumerate(keys["area"]):
        under = [day for place, day in first.items() if area in tree.upwards(place)]
        begins[i] = 0 if area == tree.root else min(under)
    return np.asarray(np.arange(days)[:, None] < begins)


def _parents(tree: AreaTree, areas: tuple[str, ...], series: int) -> Index:
    """Return the number of the series of the area above each, see `Panel.parents`."""
    found = np.zeros(series, dtype=np.int64)
    for i, area in enumerate(areas):
        above = tree.area(area).parent
        found[i] = -1 if above is None or above not in areas else areas.index(above)
    return found
