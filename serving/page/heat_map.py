"""The heat map: calls by hour and day as a table; of a daily force by week and weekday."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from serving.charts.words import amount_text, count_text, local_times
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.page_question import PageQuestion
from serving.page.page_words import day_words

_SHADES = 7  # of the style sheet: h0 to h6
SPECIAL = "★"

_SHOWN = ["force_day", "period", "mean"]  # columns of a cell


@dataclass(frozen=True)
class HeatCell:
    """A cell.

    Args:
        text: the number; "" where there is no such hour on that day.
        label: the same with day, hour and unit, for a screen reader.
        address: of the period's own view.
        shade: 0 to 6, the more calls the higher; None where nobody knows.
        is_most: whether no other has more.
    """

    text: str = ""
    label: str = ""
    address: str = ""
    shade: int | None = None
    is_most: bool = False


@dataclass(frozen=True)
class HeatRow:
    """A row: an hour of the clock, or a week.

    Args:
        name: of it.
        cells: a cell a column.
    """

    name: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class HeatTotal:
    """What a whole day comes to.

    Args:
        text: calls expected.
        span: in which they lie in 8 of 10 cases.
    """

    text: str
    span: str


@dataclass(frozen=True)
class HeatMap:
    """A table of numbers, shaded.

    Args:
        caption: what it shows.
        corner: what the names of the rows are.
        columns: weekday and date of each column; no date where it is another in each row.
        rows: in their order.
        totals: of each column; () where the columns are no days.
        key: the least and the most calls of each shade that there is.
    """

    caption: str
    corner: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[HeatRow, ...]
    totals: tuple[HeatTotal, ...] = ()
    key: tuple[tuple[int, str], ...] = field(default=())


def hour_map(
    asked: PageQuestion, hours: pd.DataFrame, days: pd.DataFrame, special: frozenset[pd.Timestamp]
) -> HeatMap:
    """Return the hours of the clock by the days of the week.

    Args:
        asked: by the view's address.
        hours: forecasts by hour.
        days: forecasts by day, with q10 and q90.
        special: local dates on which something special is.
    """
    starts = local_times(hours["start"], asked.zone)
    begin = asked.clock.day_starts_at
    # Of an hour that the clock has twice the second is a row of its own.
    seen: dict[tuple[pd.Timestamp, str], int] = {}
    cells: dict[tuple[tuple[int, int], pd.Timestamp], HeatCell] = {}
    names: dict[tuple[int, int], str] = {}
    shade, most = _shades(hours["mean"]), _most(hours["mean"])
    for i, (row, start) in enumerate(zip(answer_rows(hours[_SHOWN]), starts, strict=True)):
        day = row["force_day"]
        clock = f"{start:%H:%M}"
        turn = seen[day, clock] = seen.get((day, clock), -1) + 1
        minutes = (start.hour - begin.hour) * 60 + start.minute - begin.minute
        key = (minutes % 1440, turn)
        names[key] = f"{clock} again" if turn else clock
        when = f"{day_words(start)}, {names[key]}"
        cells[key, day] = _cell(asked, row, when, shade[i], is_most=i == most)
    dates = [*dict.fromkeys(hours["force_day"])]
    rows = tuple(
        HeatRow(names[key], tuple(cells.get((key, day), HeatCell()) for day in dates))
        for key in sorted(names)
    )
    totals = tuple(
        HeatTotal(count_text(mean), f"{count_text(low)} to {count_text(high)}")
        for mean, low, high in zip(days["mean"], days["q10"], days["q90"], strict=True)
    )
    columns = tuple(_column(day, special) for day in dates)
    about = f"Calls expected by hour and day, {asked.area_name}"
    return HeatMap(about, "Hour", columns, rows, totals, _key(hours["mean"]))


def day_map(asked: PageQuestion, days: pd.DataFrame, special: frozenset[pd.Timestamp]) -> HeatMap:
    """Return the weeks of a daily force by weekdays.

    Args:
        asked: by the view's address.
        days: forecasts by day, of whole weeks.
        special: local dates on which something special is.
    """
    shade, most = _shades(days["mean"]), _most(days["mean"])
    weeks: dict[pd.Timestamp, dict[int, HeatCell]] = {}
    for i, row in enumerate(answer_rows(days[_SHOWN])):
        day = row["force_day"]
        monday = day - pd.Timedelta(days=day.weekday())
        cell = _cell(asked, row, day_words(day), shade[i], is_most=i == most)
        if day in special and cell.text:
            cell = HeatCell(f"{cell.text} {SPECIAL}", *_rest(cell))
        weeks.setdefault(monday, {})[day.weekday()] = cell
    rows = tuple(
        HeatRow(f"{monday.day} {monday:%b}", tuple(week.get(n, HeatCell()) for n in range(7)))
        for monday, week in weeks.items()
    )
    names = tuple((day, "") for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    about = f"Calls expected by week and day, {asked.area_name}"
    return HeatMap(about, "Week of", names, rows, (), _key(days["mean"]))


def _rest(cell: HeatCell) -> tuple[str, str, int | None, bool]:
    return cell.label, cell.address, cell.shade, cell.is_most


def _column(day: pd.Timestamp, special: frozenset[pd.Timestamp]) -> tuple[str, str]:
    return f"{day:%a}", f"{day.day}{f' {SPECIAL}' if day in special else ''}"


def _cell(
    asked: PageQuestion, row: AnswerRow, when: str, shade: int | None, *, is_most: bool
) -> HeatCell:
    mean = float(row["mean"])
    address = asked.period_address(row["period"])
    if not np.isfinite(mean):
        return HeatCell("∅", f"{when}: not forecast", address)
    return HeatCell(
        count_text(mean), f"{when}: {amount_text(mean, 'calls')}", address, shade, is_most
    )


def _edges(means: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    known = means.to_numpy(dtype=np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return np.zeros(_SHADES + 1)
    return np.linspace(known.min(), max(known.max(), known.min() + 1e-9), _SHADES + 1)


def _shades(means: pd.Series) -> Sequence[int | None]:
    values = means.to_numpy(dtype=np.float64)
    found = np.clip(np.searchsorted(_edges(means), values, side="right") - 1, 0, _SHADES - 1)
    return [
        int(at) if np.isfinite(value) else None for at, value in zip(found, values, strict=True)
    ]


def _most(means: pd.Series) -> int:
    values = means.to_numpy(dtype=np.float64)
    return int(np.nanargmax(values)) if np.isfinite(values).any() else -1


def _key(means: pd.Series) -> tuple[tuple[int, str], ...]:
    """Return each shade with the counts that it stands for."""
    edges = _edges(means)
    if edges[-1] <= edges[0] + 1e-6:
        return ()
    return tuple(
        (at, f"{count_text(low)} to {count_text(high)}")
        for at, (low, high) in enumerate(pairwise(edges))
    )
