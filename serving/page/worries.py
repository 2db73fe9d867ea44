"""The shifts most likely to be short, and what to decide on now, in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planning.tables import Values
from serving.charts.words import count_text
from serving.page.chance_words import chance_with_percent
from serving.page.plain_table import Cell, PlainTable, plain_table

MOST_SHIFTS = 10
_EVEN = 0.5
# What decides stands first: a phone shows the first columns.
_HEAD = ("Shift", "Area", "Lacking", "Chance to be short", "Needed", "Planned")
HOW_TO_PLAN = (
    "Without a plan nobody can say which shift will be short. Whoever keeps Forewatch brings one "
    "with 'forewatch import plan FILE' (area, shift, date, planned), or the rota system sends it."
)
# Gives the address of an area's shift, of its area and the id of its period.
AddressOf = Callable[[str, str], str]


@dataclass(frozen=True)
class Worries:
    """What there is to worry about.

    Args:
        sentences: the first is the one to read.
        likely: the shifts most likely to be short; None where nobody can say.
        unplanned: how many shifts have no plan, in words; "" for none.
    """

    sentences: tuple[str, ...]
    likely: PlainTable | None = None
    unplanned: str = ""


def worries(values: Values, zone: str, address_of: AddressOf, most: int = MOST_SHIFTS) -> Worries:
    """Return the shifts most likely to be short.

    Args:
        values: of the columns `planning.plan_tables.PLAN_COLUMNS`, and shift_name.
        zone: IANA name of the force's time zone.
        address_of: gives the address of a shift.
        most: how many at most.
    """
    chance, planned = (_numbers(values, name) for name in ("p_short_at_tightest", "planned"))
    is_forecast = np.asarray(values["state"] != "no_forecast", dtype=bool)
    unknown = int((np.isnan(planned) & is_forecast).sum())
    total = int(is_forecast.sum())
    unplanned = (
        f"{unknown} of {total} shifts have no plan: nothing is said of them." if unknown else ""
    )
    if unknown == total:
        return Worries((HOW_TO_PLAN,))
    told = np.flatnonzero(np.isfinite(chance))
    if not len(told):
        return Worries(("How likely shifts are to be short can't be told.",), None, unplanned)
    start = values["start"].astype("M8[us]").astype(np.int64)
    order = told[np.lexsort([start[told], -_numbers(values, "gap")[told], -chance[told]])]
    over = int((chance[told] >= _EVEN).sum())
    first = (
        f"{over} of {len(told)} shifts with a plan {'is' if over == 1 else 'are'} more likely "
        "than not to be short at the tightest half-hour."
        if over
        else f"No shift of {len(told)} with a plan is more likely than not to be short."
    )
    rows = [_row(values, i, zone, address_of) for i in order[:most]]
    table = plain_table(
        f"The {len(rows)} shifts most likely to be short, the likeliest first",
        _HEAD,
        rows,
    )
    return Worries((first,), table, unplanned)


def decisions(values: Values, zone: str, currency: str, address_of: AddressOf) -> PlainTable | None:
    """Return what to decide on now, in the order given; None where there is nothing.

    Args:
        values: the same of the rows to decide on.
        zone: IANA name of the force's time zone.
        currency: of the costs.
        address_of: gives the address of a shift.
    """
    rows: list[list[str | Cell]] = []
    for i in range(len(values["area"])):
        told = _row(values, i, zone, address_of)
        day = pd.Timestamp(values["last_cheap_day"][i])
        cost = _numbers(values, "change_cost")[i], _numbers(values, "late_cost")[i]
        by = Cell(f"{day:%a} {day.day} {day:%b}", is_text=True)
        rows.append([*told, by, *map(count_text, cost)])
    if not rows:
        return None
    return plain_table(
        "To decide now: a change costs less until the day named than after it",
        (*_HEAD, "Decide by", f"Cost of an officer's duty now, {currency}",
         f"After that day, {currency}"),
        rows,
    )  # fmt: skip


def shift_words(name: str, start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Return a shift, local times.

    >>> shift_words("late", pd.Timestamp("2026-11-28 15:00"), pd.Timestamp("2026-11-28 23:00"))
    'Sat 28 Nov, late (15:00 to 23:00)'
    """
    return f"{start:%a} {start.day} {start:%b}, {name} ({start:%H:%M} to {end:%H:%M})"


def _row(
    values: Values, at: int, zone: str, address_of: AddressOf
) -> tuple[Cell, Cell, Cell, Cell, Cell, Cell]:
    area, shift, name = (str(values[each][at]) for each in ("area", "shift", "shift_name"))
    day = pd.Timestamp(values["force_day"][at])
    times = pd.DatetimeIndex([values["start"][at], values["end"][at]])
    start, end = times.tz_localize("UTC").tz_convert(zone)
    gap = float(_numbers(values, "gap")[at])
    chance = float(_numbers(values, "p_short_at_tightest")[at])
    return (
        Cell(
            shift_words(name, start, end),
            address_of(area, f"{day:%Y-%m-%d}/{shift}"),
            is_text=True,
        ),
        Cell(str(values["area_name"][at]), is_text=True),
        Cell(f"▼ {count_text(gap)}" if gap > 0 else "none", mark="short" if gap > 0 else ""),
        Cell(chance_with_percent(chance), is_text=True, mark="short" if chance >= _EVEN else ""),
        Cell(count_text(float(_numbers(values, "on_duty")[at]))),
        Cell(count_text(float(_numbers(values, "planned")[at]))),
    )


def _numbers(values: Values, name: str) -> NDArray[np.float64]:
    return np.asarray(values[name], dtype=np.float64)
