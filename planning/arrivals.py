"""When calls come, hour by hour, and what of their work falls to instants and windows of time.

1. Hours stand in a table of force-days: those of the horizon, and before them days of 24 hours in
   which calls are expected as in the same hours a week later (where they are not known).
2. An answer's row is an instant, or a window of time. It belongs to the force-day in which it
   begins; what calls of an hour bring to it depends only on how the two lie to each other, and
   that is alike on all days around which days are as long as others.
3. So weights are found once for all days that are alike, and multiplied with the table.
4. What a row gets from each force-day stays apart (a *piece*): calls of one day share its shocks.

Elapsed time is counted, not clock readings: an hour more in a night is an hour more of work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index, Mask
from forewatch.clock import HOUR_US, instant_us, instants_us, utc_instants
from forewatch.rates import Forecast, Selection, Spans

DAY_HOURS = 24
_SHORTEST_DAY_HOURS = 23
WEEK_HOURS = 168

# Weights of rows (left, right: hours from the beginning of their day, shape (rows,)) by hours of
# calls of days around (their bounds likewise, shape (days, hours + 1)): shape (rows, days, hours),
# or (several, rows, days, hours).
Weights = Callable[[Array, Array, Array], Array]
Tables = list[Array]  # weights, one array for each group of days that are alike


@dataclass(frozen=True)
class Arrivals:
    """Hours of calls as a table of force-days × hours; hours that a day lacks have no length.

    Args:
        starts_us: beginnings of the days, and the end of the last, shape (days + 1,).
        hour_edges: bounds of each day's hours, hours from its beginning, shape (days, hours + 1).
        past: how many of the days are before the horizon.
        lead_days: lead of each day, those before the horizon as its first, shape (days,).
    """

    starts_us: Index
    hour_edges: Array
    past: int
    lead_days: Index

    @classmethod
    def of(cls, forecast: Forecast, until: pd.Timestamp, past: int) -> Arrivals:
        """Return those of so many days before the horizon, and of the horizon until an instant."""
        horizon = instants_us(forecast.rates.day_edges)
        days = max(int(np.searchsorted(horizon, instant_us(until), side="left")), 1)
        before = horizon[0] - np.arange(past, 0, -1) * DAY_HOURS * HOUR_US
        starts = np.concatenate([before, horizon[: days + 1]])
        lengths = np.diff(starts) / HOUR_US
        most = int(np.ceil(lengths.max()))
        edges = np.minimum(np.arange(most + 1), lengths[:, None])
        lead = forecast.lead_days[:days]
        return cls(starts, edges, past, np.concatenate([np.repeat(lead[:1], past), lead]))

    @property
    def shape(self) -> tuple[int, int]:
        """Days and hours of the table."""
        return self.hour_edges.shape[0], self.hour_edges.shape[1] - 1

    @cached_property
    def edges_us(self) -> Index:
        """`hour_edges` as instants, microseconds since 1970."""
        found = self.starts_us[:-1, None] + np.round(self.hour_edges * HOUR_US)
        return np.asarray(found, dtype=np.int64)

    @cached_property
    def past_edges_us(self) -> Index:
        """Bounds of the hours before the horizon, one after the other, (past × hours + 1,)."""
        return np.append(self.edges_us[: self.past, :-1].ravel(), self.starts_us[self.past])

    def expected(self, forecast: Forecast) -> Array:
        """Return expected calls, shape (places, call types, days, hours)."""
        there, spans = self._spans(forecast)
        calls = forecast.expected(Selection(), spans)
        found = np.zeros((*calls.shape[:2], *self.shape))
        found[:, :, there] = calls
        return found

    def grade_shares(self, forecast: Forecast) -> Array:
        """Return shares of grades, shape (grades, places, call types, days, hours).

        The forecast's intervals are hours.
        """
        rates = forecast.rates
        there, spans = self._spans(forecast)
        interval = np.searchsorted(rates.edge_seconds, instants_us(spans.starts) / 1e6, "right") - 1
        found = np.zeros((len(rates.grades), *rates.base.shape[:2], *self.shape))
        shares = rates.grade_shares[:, :, rates.slot[interval]]
        found[..., there] = np.moveaxis(shares, -1, 0)
        return found

    def _spans(self, forecast: Forecast) -> tuple[Mask, Spans]:
        """Return which hours there are, and what the forecast is asked for each of them."""
        horizon = instants_us(forecast.rates.edges)[[0, -1]]
        left, right = self.edges_us[:, :-1], self.edges_us[:, 1:]
        there = right > left
        left, right = left[there], right[there]
        is_week = horizon[1] - horizon[0] >= WEEK_HOURS * HOUR_US
        cycle = (WEEK_HOURS if is_week else DAY_HOURS) * HOUR_US
        later = np.where(left < horizon[0], -((left - horizon[0]) // cycle) * cycle, 0)
        right = np.minimum(right + later, horizon[1])
        return there, Spans(utc_instants(left + later), utc_instants(right))


@dataclass(frozen=True)
class _Alike:
    """Days around which days are as long as others, and their rows.

    Args:
        days: their positions among the days, shape (days,).
        left, right: bounds of each kind of row, hours from the day's beginning, shape (kinds,).
        edges: bounds of the hours of the days around, likewise, shape (offsets, hours + 1).
        at: which of the days × kinds each row is, shape (rows,).
        rows: positions of the rows, shape (rows,); a slice where they follow each other.
    """

    days: Index
    left: Array
    right: Array
    edges: Array
    at: Index | slice
    rows: Index | slice

    def near(self, days: int, reach: int) -> _Alike:
        """Return the part of it that calls of the first days reach, each so many days ahead."""
        count = int(np.searchsorted(self.days, days + reach))
        if count == len(self.days):
            return self
        at, rows = (
            np.arange(each.start, each.stop) if isinstance(each, slice) else each
            for each in (self.at, self.rows)
        )
        own = at < count * len(self.left)
        return replace(self, days=self.days[:count], at=_span(at[own]), rows=_span(rows[own]))


class Timing:
    """Which hours of calls bring work to which rows.

    Args:
        arrivals: the hours of calls.
        starts_us: beginnings of the rows, microseconds since 1970, inside the horizon, (rows,).
        ends_us: their ends; an instant's is its beginning.
        reach_hours: for how long a call brings work.
        part_hours: where a day's pieces begin, hours from its beginning; one piece a day by
            default.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        starts_us: Index,
        ends_us: Index,
        reach_hours: float,
        part_hours: tuple[int, ...] = (0,),
    ) -> None:
        """Find out which days and rows are alike."""
        self.arrivals = arrivals
        self._parts = [
            slice(low, high) for low, high in zip(part_hours, (*part_hours[1:], None), strict=True)
        ]
        self.rows = len(starts_us)
        starts = arrivals.starts_us
        day = np.searchsorted(starts[:-1], starts_us, side="right") - 1
        last = np.searchsorted(starts[:-1], ends_us, side="left") - 1
        back = int(np.ceil(reach_hours / _SHORTEST_DAY_HOURS))
        ahead = int(np.maximum(last - day, 0).max(initial=0))
        # How many days before the row's own each piece lies: the earliest first.
        self._offsets = np.arange(back, -ahead - 1, -1)
        self._alike = list(self._groups(day, starts_us, ends_us))
        piece_day = day[:, None] - np.repeat(self._offsets, len(self._parts))
        self.piece_day = np.clip(piece_day, 0, len(starts) - 2).ravel()

    @property
    def pieces_per_row(self) -> int:
        """How many pieces each row has: from each day, its parts one after the other."""
        return len(self._offsets) * len(self._parts)

    @cached_property
    def piece_row(self) -> Index:
        """The row of each piece, shape (pieces,)."""
        return np.repeat(np.arange(self.rows), self.pieces_per_row)

    @cached_property
    def piece_lead(self) -> Index:
        """The lead of each piece's day, shape (pieces,)."""
        return self.arrivals.lead_days[self.piece_day]

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """Rows, days and hours of each of the tables that `tables` gives."""
        return [(len(g.left), len(g.edges), g.edges.shape[1] - 1) for g in self._alike]

    def tables(self, weights: Weights, reach_hours: float = np.inf) -> Tables:
        """Return weights of rows and hours, to be multiplied with calls by `sums`.

        Args:
            weights: what calls bring.
            reach_hours: for how long a call brings any of it, if that is less than here.
        """
        back = int(np.ceil(min(reach_hours, WEEK_HOURS * 52) / _SHORTEST_DAY_HOURS))
        nothing = int((self._offsets > back).sum())
        found = []
        for group in self._alike:
            table = weights(group.left, group.right, group.edges[nothing:])
            found.append(np.pad(table, [*[(0, 0)] * (table.ndim - 2), (nothing, 0), (0, 0)])
                         if nothing else table)  # fmt: skip
        return found

    def sums(self, calls: Array, tables: Tables) -> Array:
        """Return what calls bring, weighted, shape (..., places, rows, pieces a row).

        Args:
            calls: shape (..., places, days, hours); of the first days only where there are none
                later. Instead of one number an hour may have several, one behind the other.
            tables: of this timing, shape (..., rows, days, hours); what stands before goes with
                what stands before the places of the calls, as NumPy broadcasts.
        """
        found = np.zeros((*_lead(calls, tables), calls.shape[-3], self.rows, self.pieces_per_row))
        several = calls.shape[-1] // self.arrivals.shape[1]
        for group, table in zip(self._alike, tables, strict=True):
            for i, came in self._days_around(group, calls):
                for n, part in enumerate(self._hours_of_parts(several), i * len(self._parts)):
                    weight = table[..., i, part]
                    if weight.any():
                        found[..., group.rows, n] = _product(came[..., part], weight)[..., group.at]
        return found

    def reached_pieces(self, tables: Tables) -> Index:
        """Return the pieces to which tables bring anything, and the first of each row's own day."""
        found = np.zeros((self.rows, self.pieces_per_row), dtype=np.bool_)
        found[:, np.flatnonzero(self._offsets == 0)[0] * len(self._parts)] = True
        several = max((table.shape[-1] for table in tables), default=0) // self.arrivals.shape[1]
        for group, table in zip(self._alike, tables, strict=True):
            there = (table != 0).reshape(-1, *table.shape[-3:]).any(0)
            for n, part in enumerate(self._hours_of_parts(several)):
                of_kind = there[..., part].any(-1)
                of_row = np.tile(of_kind, (len(group.days), 1))[group.at]
                found[group.rows, n :: len(self._parts)] |= of_row
        return np.flatnonzero(found)

    def totals(self, calls: Array, tables: Tables) -> Array:
        """Return the same with the pieces of each row added up, shape (..., places, rows)."""
        found = np.zeros((*_lead(calls, tables), calls.shape[-3], self.rows))
        for group, table in zip(self._alike, tables, strict=True):
            near = group.near(calls.shape[-2], int(self._offsets[0]))
            for i, came in self._days_around(near, calls):
                weight = table[..., i, :]
                if weight.any():
                    found[..., near.rows] += _product(came, weight)[..., near.at]
        return found

    def _days_around(self, group: _Alike, calls: Array) -> Iterator[tuple[int, Array]]:
        """Yield the calls of the days so many before those of a group; 0 where there are none."""
        for i, offset in enumerate(self._offsets):
            day = group.days - offset
            there = (day >= 0) & (day < calls.shape[-2])
            if there.all():
                yield i, calls[..., _span(day), :]
            elif there.any():
                yield i, calls[..., np.where(there, day, 0), :] * there[:, None]

    def _hours_of_parts(self, several: int) -> list[slice]:
        """Return the parts of the day as slices of hours, each with so many numbers."""
        bounds = [(part.start, part.stop) for part in self._parts]
        return [
            slice(low * several, None if high is None else high * several) for low, high in bounds
        ]

    def _groups(self, day: Index, starts_us: Index, ends_us: Index) -> list[_Alike]:
        around = self._around()
        kinds_us = np.stack([starts_us, ends_us]) - self.arrivals.starts_us[day]
        used = np.unique(day)
        _, number = np.unique(around[used].reshape(len(used), -1), axis=0, return_inverse=True)
        found = []
        for group in range(number.max(initial=-1) + 1):
            days = used[number == group]
            rows = np.flatnonzero(np.isin(day, days))
            kinds, kind = np.unique(kinds_us[:, rows], axis=1, return_inverse=True)
            left, right = kinds / HOUR_US
            found.append(
                _Alike(
                    days,
                    left,
                    right,
                    around[days[0]],
                    _span(np.searchsorted(days, day[rows]) * len(left) + kind.ravel()),
                    _span(rows),
                )
            )
        return found

    def _around(self) -> Array:
        """Return the bounds of the hours around each day, shape (days, offsets, hours + 1).

        In hours from the beginning of the day; days that aren't there have no length.
        """
        arrivals, (days, hours) = self.arrivals, self.arrivals.shape
        found = np.zeros((days, len(self._offsets), hours + 1))
        for i, offset in enumerate(self._offsets):
            other = np.arange(days) - offset
            there = (other >= 0) & (other < days)
            at = other[there]
            begin = (arrivals.starts_us[at] - arrivals.starts_us[:-1][there]) / HOUR_US
            found[there, i] = begin[:, None] + arrivals.hour_edges[at]
        return found


def _span(at: Index) -> Index | slice:
    """Return positions as a slice where they follow each other: that takes no copy."""
    follow = len(at) > 0 and bool((np.diff(at) == 1).all())
    return slice(int(at[0]), int(at[-1]) + 1) if follow else at


def _lead(calls: Array, tables: Tables) -> tuple[int, ...]:
    """Return what stands before places, days and hours of calls × weights."""
    return np.broadcast_shapes(calls.shape[:-3], *(table.shape[:-3] for table in tables))


def _product(calls: Array, table: Array) -> Array:
    """Return calls (..., places, days, hours) × weights (..., rows, hours).

    Its shape is (..., places, days × rows).
    """
    *lead, places, days, hours = calls.shape
    found = calls.reshape(*lead, places * days, hours) @ table.swapaxes(-1, -2)
    return np.asarray(found.reshape(*found.shape[:-2], places, -1))


def over_hours(integral: Array, edges: Array) -> Array:
    """Return means over hours of what has these integrals, (..., hours); 0 in those of no length.

    Args:
        integral: at the bounds of the hours, falling, shape (..., days, hours + 1).
        edges: the bounds, hours, shape (days, hours + 1).
    """
    length: Array = np.diff(edges)
    there: Mask = length > 0
    found = integral[..., :-1] - integral[..., 1:]
    return np.asarray(np.divide(found, length, out=np.zeros_like(found), where=there))
