"""Breaks as known at an origin: the past as if they had always been, and the days ahead as told.

1. `exclude`: counts that are not to be believed are unknown (`features.cube` sees to it).
2. `pulse`: the days are unknown to those who learn; what was counted stays what happened.
3. `level`, `recode`, `ramp`: counts before are multiplied by the ratio after ÷ before, so that the
   past is at the level of its last day. The ratio is estimated (`features.break_sizes`), one for
   everything that the break names; who knows of different ratios registers several breaks.
4. A break that is announced for a day ahead multiplies what is expected from that day on, by its
   stated ratio.

Adjusting is done by place and call type; every total is the sum of its adjusted parts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import EXCLUDE, AsOf
from features.break_sizes import Calendar, log_ratio
from features.public_holidays import BANK_HOLIDAY
from forewatch.arrays import Array, Mask
from forewatch.clock import WEEK_DAYS, instants_us
from forewatch.tables import BREAKS

PULSE, RAMP = "pulse", "ramp"
_ROUNDS = 2  # each break is sized with the others taken out
_YEAR_DAYS, _HARMONICS = 365.25, 2
# Prior deviations on the log scale of weekdays, of the year and of bank holidays (assumed).
_SD_WEEKDAY, _SD_YEAR, _SD_HOLIDAY = 0.3, 0.1, 0.2
_RECENT_DAYS = 56
_LONG_KNOWN = 0.9  # of the known days of the cell that is known longest


@dataclass(frozen=True)
class Break:
    """A break that bears on a panel.

    Args:
        row: the row of the register, columns of forewatch.tables.BREAKS.
        cells: which places and call types it concerns, shape (places, call types).
        force: how far it is in force on each day, past and ahead, 0 to 1, shape (D + H,).
        days_after: known days of the past on which it was in force.
        log_ratio: logarithm of calls after ÷ before.
    """

    row: pd.Series
    cells: Mask
    force: Array
    days_after: int = 0
    log_ratio: float = 0.0

    @property
    def is_pulse(self) -> bool:
        """Whether nothing is learned from its days."""
        return bool(self.row["kind"] == PULSE)

    def __str__(self) -> str:
        """Say what it is, how large, and who decided it."""
        row = self.row
        what = " ".join(filter(None, (row["call_type"] or "all call types", row["area"])))
        if self.days_after:
            how = f"estimated from {self.days_after} days"
        else:
            how = "as stated" if np.isfinite(row["expected_ratio"]) else "no day to tell it yet"
        return (
            f"break of {row['start']:%Y-%m-%d} ({row['kind']}), {what}: calls × "
            f"{np.exp(self.log_ratio):.2f}, {how}; {row['reason']} ({row['decided_by']})"
        )


@dataclass(frozen=True)
class BreakAdjustment:
    """A past as if its breaks had always been, and what is still to come.

    Args:
        counts: calls by force-day, (places, call types, D); NaN unknown.
        ahead: factor of what is expected of the days ahead, (places, call types, H).
        breaks: what was used.
    """

    counts: Array
    ahead: Array
    breaks: tuple[Break, ...]


def break_adjustment(
    view: AsOf, daily: Array, places: tuple[str, ...], days: pd.DatetimeIndex
) -> BreakAdjustment | None:
    """Return the past at the level of its last day, or None where no break bears on it.

    Args:
        view: what was known at the origin.
        daily: calls by force-day, (places, call types, D); NaN unknown.
        places: ids of the places.
        days: the D force-days of the past and the H ahead, ascending, without holes.
    """
    past = daily.shape[2]
    found = _with_ratios(_bearing(view, places, days), daily, _calendar(view, days[:past]))
    if not found:
        return None
    counts, ahead = daily.copy(), np.ones((*daily.shape[:2], len(days) - past))
    for one in found:
        if one.is_pulse:
            counts[np.ix_(*_place_numbers(one), np.flatnonzero(one.force[:past] > 0))] = np.nan
            ahead[one.cells] *= np.exp(one.log_ratio * one.force[past:])
        else:
            now = one.force[past - 1]
            counts[one.cells] *= np.exp(one.log_ratio * (now - one.force[:past]))
            ahead[one.cells] *= np.exp(one.log_ratio * (one.force[past:] - now))
    return BreakAdjustment(counts, ahead, tuple(found))


def recent_means(counts: Array) -> Array:
    """Return the mean of the last known days of each cell, (places, call types); 0 unknown."""
    recent = counts[:, :, -_RECENT_DAYS:]
    known = np.isfinite(recent)
    total = np.where(known, recent, 0.0).sum(2)
    return np.asarray(total / np.maximum(known.sum(2), 1))


def _bearing(view: AsOf, places: tuple[str, ...], days: pd.DatetimeIndex) -> list[Break]:
    """Return the breaks that change anything between the first of the days and the last."""
    table = view.published(BREAKS)
    table = table[table["kind"] != EXCLUDE]
    edges = view.clock.day_edges(days[0], len(days))
    types = view.profile.call_type_ids
    found = []
    for _, row in table.iterrows():
        named = np.array([row["call_type"] in ("", kind) for kind in types])
        cells = places_of(view, row["area"], places)[:, None] & named
        force = _in_force(row, edges)
        if cells.any() and np.ptp(force) > 0:
            found.append(Break(row, cells, force))
    return found


def places_of(view: AsOf, area: str, places: tuple[str, ...]) -> Mask:
    """Return which places share a leaf with an area ("" is the whole force), shape (places,)."""
    leaves = view.tree.leaves if area == "" else view.tree.leaves_of(area)
    touched = {view.tree.ancestor_in(leaf, places) for leaf in leaves}
    return np.array([place in touched for place in places])


def _in_force(row: pd.Series, edges: pd.DatetimeIndex) -> Array:
    """Return how far a break is in force on each day, its share of a day that it divides."""
    bounds = instants_us(edges).astype(np.float64)
    start = float(row["start"].value // 1000)
    end = float(row["end"].value // 1000) if pd.notna(row["end"]) else np.inf
    if row["kind"] == RAMP:
        middle = (bounds[:-1] + bounds[1:]) / 2
        return np.asarray(np.clip((middle - start) / (end - start), 0, 1))
    within = np.minimum(bounds[1:], end) - np.maximum(bounds[:-1], start)
    return np.asarray(np.clip(within / np.diff(bounds), 0, 1))


def _with_ratios(found: list[Break], daily: Array, calendar: Calendar) -> list[Break]:
    """Return the breaks with their ratios, each estimated with the others taken out."""
    for _ in range(_ROUNDS if len(found) > 1 else 1):
        for i, one in enumerate(found):
            others = [other for other in found if other is not one]
            found[i] = _with_ratio(one, _calls_without(daily, one, others), calendar)
    return found


def _calls_without(daily: Array, one: Break, others: list[Break]) -> Array:
    """Return the calls a day that a break concerns, other breaks taken out, shape (D,).

    Cells that are known of much fewer days than others are left out: they would hide the others'.
    """
    past = daily.shape[2]
    counts = daily[one.cells]
    for other in others:
        both = other.cells[one.cells]
        force = other.force[:past]
        if other.is_pulse and not one.is_pulse:
            counts[np.ix_(both, force > 0)] = np.nan
        else:
            counts[both] *= np.exp(-other.log_ratio * force)
    known = np.isfinite(counts).sum(1)
    return np.asarray(counts[known >= _LONG_KNOWN * known.max()].sum(0))


def _with_ratio(one: Break, counts: Array, calendar: Calendar) -> Break:
    force, stated = one.force[: len(counts)], float(one.row["expected_ratio"])
    after = int((np.isfinite(counts) & (force > 0)).sum())
    return replace(one, days_after=after, log_ratio=log_ratio(counts, calendar, force, stated))


def _calendar(view: AsOf, days: pd.DatetimeIndex) -> Calendar:
    """Return the columns of the calendar that counts before and after a break share."""
    weekday = days.day_of_week.to_numpy()[:, None] == np.arange(WEEK_DAYS)
    turn = 2 * np.pi * days.day_of_year.to_numpy() / _YEAR_DAYS
    year = [wave(k * turn) for k in range(1, _HARMONICS + 1) for wave in (np.sin, np.cos)]
    table = view.demand_holidays()
    public = table[(table["kind"] == BANK_HOLIDAY) & (table["area"] == "")]
    holiday = days.isin(pd.DatetimeIndex(public["date"]))
    columns = np.column_stack([weekday - 1 / WEEK_DAYS, *year, holiday.astype(np.float64)])
    sd = [_SD_WEEKDAY] * WEEK_DAYS + [_SD_YEAR] * len(year) + [_SD_HOLIDAY]
    return Calendar(columns, np.array(sd))


def _place_numbers(one: Break) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the places and of the call types of a break."""
    return np.flatnonzero(one.cells.any(1)), np.flatnonzero(one.cells.any(0))
