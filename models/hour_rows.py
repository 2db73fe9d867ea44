"""What the hourly trees see of an hour in a place: clock, calendar, season, visitors, crowds.

Hours of which they see the same are one kind of hour, and their calls are added up: the rows to
learn from do not grow with the years. For that, and because trees learn by heart what tells dates
apart, the season is the month's place in one turn a year and numbers are rounded.

Source:
    docs/experiments/009-hours.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.catalogue import HOURLY, PLACE_AND_TIME, values
from features.cube import HOURS_OF_DAY, Cube
from features.declaration import HourColumn
from features.events import event_crowds
from forewatch.arrays import Array, Index


def _columns() -> dict[str, HourColumn]:
    """Return how trees see each feature, in the order of their columns."""
    found = [(f.name, f.sight.hours) for f in (*PLACE_AND_TIME, *HOURLY) if f.sight.hours]
    return dict(sorted(found, key=lambda entry: entry[1].position))


_COLUMNS = _columns()
NAMES = tuple(_COLUMNS)
SEASON = tuple(name for name, column in _COLUMNS.items() if column.is_yearly)
_OF_DAY, _CROWD = NAMES[:-3], _COLUMNS["crowd"]
_MONTHS = 12
_UNKNOWN_RESIDENTS = 1e5  # of an area that does not say how many it has


@dataclass(frozen=True)
class Timeline:
    """The intervals of force-days.

    Args:
        days: force-days (local dates), shape (days,).
        day: number of the force-day of each interval, shape (intervals,).
        slot: local hour of each interval, same shape.
        edges: instants (UTC) that bound them, shape (intervals + 1,).
    """

    days: pd.DatetimeIndex
    day: Index
    slot: Index
    edges: pd.DatetimeIndex

    @classmethod
    def of(cls, past: Cube) -> Timeline:
        """Return the intervals of a cube."""
        return cls(past.force_days, past.day, past.slot, past.edges)


@dataclass(frozen=True)
class HourKinds:
    """Hours of which trees see the same.

    Args:
        columns: `NAMES` without the call type of each kind of hour, shape (kinds, names - 1).
        kind: number of the kind of each hour, shape (places, intervals).
    """

    columns: Array
    kind: Index

    @classmethod
    def of(cls, view: AsOf, timeline: Timeline) -> HourKinds:
        """Tell the kinds of hours of the modelled places apart."""
        places = view.tree.cut(view.profile.levels.modelled)
        by_day, of_day = _distinct(_day_columns(view, timeline.days, places))
        crowd, of_crowd = _distinct(_crowd(view, timeline, places).reshape(-1, 1))
        hour = (timeline.slot - view.clock.day_starts_at.hour) % HOURS_OF_DAY
        day_kind = of_day.reshape(len(timeline.days), len(places)).T[:, timeline.day]
        key = (day_kind * HOURS_OF_DAY + hour) * len(crowd) + of_crowd.reshape(day_kind.shape)
        keys, kind = np.unique(key, return_inverse=True)
        rest, of_crowd = np.divmod(keys, len(crowd))
        day_kind, hour = np.divmod(rest, HOURS_OF_DAY)
        columns = np.column_stack([by_day[day_kind], hour, crowd[of_crowd]])
        return cls(columns, kind.reshape(key.shape).astype(np.int64))

    def sums(self, values: Array) -> Array:
        """Return the sums over the hours of each kind, shape (call types, kinds).

        Args:
            values: shape (places, call types, intervals).
        """
        n, kind = len(self.columns), self.kind.ravel()
        found = [np.bincount(kind, values[:, t].ravel(), n) for t in range(values.shape[1])]
        return np.stack(found)

    def rows(self, call_types: int) -> Array:
        """Return the columns of every call type and kind, (call types × kinds, names)."""
        number = np.repeat(np.arange(call_types, dtype=np.float64), len(self.columns))
        return np.column_stack([np.tile(self.columns, (call_types, 1)), number])


def _distinct(columns: Array) -> tuple[Array, Index]:
    """Return the distinct rows and the number of each row's."""
    key = np.zeros(len(columns), np.int64)
    for column in columns.T:
        values, number = np.unique(column, return_inverse=True)
        key = key * len(values) + number
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    return columns[first], number.astype(np.int64)


def _day_columns(view: AsOf, days: pd.DatetimeIndex, places: tuple[str, ...]) -> Array:
    """Return the columns that all hours of a day share, shape (days × places, names)."""
    of_day = [feature for feature in PLACE_AND_TIME if feature.sight.hours]
    found = values(view, days, places, of_day)
    numbers = {kind: n for n, kind in enumerate(view.profile.area_kind_ids)}
    kinds = [numbers[view.tree.area(place).kind] for place in places]
    found["kind_of_area"] = np.array([kinds], dtype=np.float64)
    middle = 2 * np.pi * (days.month.to_numpy()[:, None] - 0.5) / _MONTHS
    found["season_sin"], found["season_cos"] = np.sin(middle), np.cos(middle)
    shape = (len(days), len(places))
    rounded = [_COLUMNS[name].rounded(found[name]) for name in _OF_DAY]
    return np.column_stack([np.broadcast_to(column, shape).ravel() for column in rounded])


def _crowd(view: AsOf, timeline: Timeline, places: tuple[str, ...]) -> Array:
    """Return the logarithm of people at events per hundred residents, (places, intervals)."""
    residents = np.array([_residents(view, place) for place in places])[:, None]
    people = 1000 * event_crowds(view, timeline.edges, places)
    return _CROWD.rounded(np.log1p(100 * people / residents))


def _residents(view: AsOf, place: str) -> float:
    own = view.tree.area(place).population
    leaves = [view.tree.area(leaf).population for leaf in view.tree.leaves_of(place)]
    if own is None and None not in leaves:
        own = sum(people for people in leaves if people is not None)
    return own or _UNKNOWN_RESIDENTS
