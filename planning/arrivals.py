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

from collections.abc import Callable
from dataclasses import dataclass
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
        day, kind: which of the days and kinds each row is, shape (rows,).
        rows: positions of the rows, shape (rows,).
    """

    days: Index
    left: Array
    right: Array
    edges: Array
    day: Index
    kind: Index
    rows: Index


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

    def tables(self, weights: Weights) -> Tables:
        """Return weights of rows and hours, to be multiplied with calls by `sums`."""
        return [weights(group.left, group.right, group.edges) for group in self._alike]

    def sums(self, calls: Array, tables: Tables) -> Array:
        """Return what calls bring, weighted, shape (..., rows, pieces a row).

        Args:
            calls: shape (..., days, hours); of the first days only where there are none later.
            tables: of this timing; with a first axis of several weights, so has the answer.
        """
        several = tables[0].shape[:-3] if tables else ()
        found = np.zeros((*several, *calls.shape[:-2], self.rows, self.pieces_per_row))
        for group, table in zip(self._alike, tables, strict=True):
            for i, offset in enumerate(self._offsets):
                day = group.days - offset
                there = (day >= 0) & (day < calls.shape[-2])
                if not (there.any() and table[..., i, :].any()):
                    continue
                came = calls[..., np.where(there, day, 0), :] * there[:, None]
                for n, part in enumerate(self._parts, i * len(self._parts)):
                    brought = _product(came[..., part], table[..., i, part])
                    found[..., group.rows, n] = brought[..., group.day, group.kind]
        return found

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
                    np.searchsorted(days, day[rows]),
                    kind.ravel(),
                    rows,
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


def _product(calls: Array, table: Array) -> Array:
    """Return calls (..., days, hours) × weights ([several,] kinds, hours): (..., days, kinds)."""
    if table.ndim == 2:  # noqa: PLR2004
        return np.asarray(calls @ table.T)
    return np.stack([calls @ each.T for each in table])


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
