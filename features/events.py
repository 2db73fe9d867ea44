"""Events in and near an area, as announced by the origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.declaration import ANNOUNCED, THOUSANDS, Feature, Kind, Maker, Prior, Sight, Values
from forewatch import tables
from forewatch.areas import AreaTree
from forewatch.arrays import Array
from forewatch.clock import instants_us

FAR_DAYS = 14  # an event further ahead than this says nothing about today (assumed)
REACH_KM = 20.0  # distance at which an event weighs 1/e of one next door (assumed)
_EARTH_KM = 6371.0


@dataclass(frozen=True)
class _EventList:
    """Events one by one: where, first and last force-day (days since 1970), thousands a day."""

    areas: tuple[str, ...]
    first: Array
    last: Array
    thousands: Array


def event_features(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:
    """Return the features of `EVENTS`, each of shape (days, areas).

    The middle of an event's range of attendance is spread evenly over the force-days it touches;
    one without any figure counts nothing here but still as the next event.
    """
    events = _event_list(view)
    today = _day_number(days)[:, None]
    present = (events.first <= today) & (today <= events.last)
    thousands = present * events.thousands
    within = np.array(
        [[area in set(view.tree.below(to)) for to in areas] for area in events.areas], dtype=bool
    ).reshape(len(events.areas), len(areas))
    ahead = np.where(events.last < today, np.inf, np.maximum(events.first - today, 0))
    to_next = np.full((len(days), len(areas)), float(FAR_DAYS))
    for column in range(len(areas)):
        here = ahead[:, within[:, column]]
        to_next[:, column] = here.min(axis=1, initial=float(FAR_DAYS))
    near = np.where(within, 0.0, _closeness(view.tree, events.areas, areas))
    return {
        "event_here_thousands": thousands @ within,
        "event_near_thousands": thousands @ near,
        "event_days_to_next": to_next,
    }


def event_crowds(view: AsOf, edges: pd.DatetimeIndex, areas: tuple[str, ...]) -> Array:
    """Return thousands of people at events in each area, shape (areas, intervals).

    An event counts in every interval that it touches, with the middle of its range of attendance
    spread over its force-days; one without any figure counts nothing.

    Args:
        view: what was announced.
        edges: instants (UTC) that bound the intervals, shape (intervals + 1,).
        areas: ids of the tree.
    """
    events, table = _event_list(view), view.published(tables.EVENTS)
    bounds = instants_us(edges)
    starts, ends = (instants_us(pd.DatetimeIndex(table[name])) for name in ("start", "end"))
    low = np.clip(np.searchsorted(bounds, starts, side="right") - 1, 0, len(edges) - 1)
    high = np.clip(np.searchsorted(bounds, ends, side="left"), 0, len(edges) - 1)
    come_and_go = np.zeros((len(areas), len(edges)))
    for column, area in enumerate(areas):
        here = np.isin(events.areas, view.tree.below(area)) & (high > low)
        np.add.at(come_and_go[column], low[here], events.thousands[here])
        np.subtract.at(come_and_go[column], high[here], events.thousands[here])
    # sums of what came and went leave specks behind: nobody is there
    return np.asarray(np.round(np.maximum(come_and_go.cumsum(1)[:, :-1], 0), 9))


def _event_list(view: AsOf) -> _EventList:
    table = view.published(tables.EVENTS)
    starts, ends = pd.DatetimeIndex(table["start"]), pd.DatetimeIndex(table["end"])
    last_moments = (ends - pd.Timedelta(microseconds=1)).where(ends > starts, starts)
    first, last = (_day_number(view.clock.force_day(at)) for at in (starts, last_moments))
    middle = table[["attendance_low", "attendance_high"]].mean(axis=1).fillna(0)
    thousands = middle.to_numpy(dtype=np.float64) / 1000 / (last - first + 1)
    return _EventList(tuple(table["area"]), first, last, thousands)


def _day_number(days: pd.DatetimeIndex) -> Array:
    return np.asarray((days - pd.Timestamp(0)).days, dtype=np.float64)


def _closeness(tree: AreaTree, events: tuple[str, ...], areas: tuple[str, ...]) -> Array:
    """Return exp(-distance / reach), (events, areas); 0 where a place has no coordinates."""
    if not events:
        return np.zeros((0, len(areas)))
    lat, lon = _coordinates(tree, events)
    lat_to, lon_to = _coordinates(tree, areas)
    distance_km = _distance_km(lat[:, None], lon[:, None], lat_to[None, :], lon_to[None, :])
    return np.nan_to_num(np.exp(-distance_km / REACH_KM))


def _distance_km(lat: Array, lon: Array, lat_to: Array, lon_to: Array) -> Array:
    """Return great-circle distances by the haversine formula; angles in degrees."""
    a, b = np.radians(lat), np.radians(lat_to)
    half = np.sin((b - a) / 2) ** 2
    half = half + np.cos(a) * np.cos(b) * np.sin(np.radians(lon_to - lon) / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(half)), dtype=np.float64)


def _coordinates(tree: AreaTree, areas: tuple[str, ...]) -> tuple[Array, Array]:
    """Return latitudes and longitudes in degrees; NaN unknown."""
    found = np.array([_centre(tree, area) for area in areas], dtype=np.float64)
    return found[:, 0], found[:, 1]


def _centre(tree: AreaTree, area_id: str) -> tuple[float, float]:
    """Return the area's own coordinates, or the mean of its parts'."""
    area = tree.area(area_id)
    if area.lat is not None and area.lon is not None:
        return area.lat, area.lon
    parts = np.array([_centre(tree, child) for child in tree.children(area_id)])
    known = parts[np.isfinite(parts).all(axis=1)] if len(parts) else parts
    if not len(known):
        return float("nan"), float("nan")
    return float(known[:, 0].mean()), float(known[:, 1].mean())


_SOURCE, _UNIT, _PRIOR = "imported events", "thousands of people a day", Prior(0.1, 0.05, "event")
EVENTS = Maker(
    event_features,
    (
        Feature(
            "event_here_thousands",
            "people at events in the area: the middle of the range, spread over the event's "
            "force-days",
            *(_UNIT, _SOURCE, ANNOUNCED, THOUSANDS, "events", _PRIOR, Sight(missing_trees=6)),
        ),
        Feature(
            "event_near_thousands",
            "people at events elsewhere, weighted by exp(-distance / 20 km)",
            *(_UNIT, _SOURCE, ANNOUNCED, THOUSANDS, "events", _PRIOR),
        ),
        Feature(
            *("event_days_to_next", "days to the next event in the area, 0 during one"),
            *(f"days, at most {FAR_DAYS}", _SOURCE, ANNOUNCED),
            *(Kind("countdown", nothing=float(FAR_DAYS)), "events"),
        ),
    ),
)
