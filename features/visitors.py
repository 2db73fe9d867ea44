"""Tourism pressure of an area: how many visitors compared with its own usual number.

Figures come by area and month, weeks after the month has ended. A month that was not published yet
stands in with the same month of the latest year that was. The figure of an area without its own is
the sum of its parts'; a part without any takes the figure of the nearest area above that has one.

Visitors don't come on the first of a month: a day's pressure lies on the straight line between the
middles of its month and of the nearer month beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.declaration import FLAG, LOG_RATIO, Feature, HourColumn, Maker, Prior, Sight, Values
from forewatch import tables
from forewatch.arrays import Array, Index

_MONTHS = 12
_FLOOR = 0.05  # of the usual number: a month without visitors has a finite logarithm (assumed)


@dataclass(frozen=True)
class MonthsOfDays:
    """The two months whose figures a day stands between, as `month_number`s, each shape (days,).

    Args:
        own: the day's month.
        beside: the month before it up to its middle, the one after it from there on.
        way: how far the day's noon is from the middle of its own to that of the other, 0 to ½.
    """

    own: Index
    beside: Index
    way: Array

    @classmethod
    def of(cls, days: pd.DatetimeIndex) -> MonthsOfDays:
        """Return the months of force-days."""
        own = days.to_period("M")
        from_middle = np.asarray(days.day - 0.5 - own.days_in_month / 2, dtype=np.float64)
        step = np.sign(from_middle).astype(np.int64)
        apart = np.asarray(own.days_in_month + (own + step).days_in_month, dtype=np.float64) / 2
        number = month_number(days)
        return cls(number, number + step, np.abs(from_middle) / apart)


def month_number(days: pd.DatetimeIndex) -> Index:
    """Return the month of each day, numbered from year 0, shape (days,)."""
    return np.asarray(days.year * _MONTHS + days.month - 1, dtype=np.int64)


@dataclass(frozen=True)
class _Figure:
    """Visitors per day by month asked for (NaN unknown), and their usual number."""

    visitors: Array
    usual: float


def tourism_features(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:
    """Return the features of `TOURISM`, each of shape (days, areas).

    The pressure is the logarithm of visitors over the mean of the last twelve published months; 0
    where nothing is known of the month, and there tourism_known is 0 as well.
    """
    of_days = MonthsOfDays.of(days)
    months = np.unique(np.concatenate([of_days.own, of_days.beside]))
    at, beside = (np.searchsorted(months, each) for each in (of_days.own, of_days.beside))
    table = view.published(tables.TOURISM).dropna(subset=["visitors"])
    own = {str(area): _own_figure(rows, months) for area, rows in table.groupby("area")}
    pressure = np.zeros((len(months), len(areas)))
    known = np.zeros((len(months), len(areas)))
    for column, area in enumerate(areas):
        figure = _sum_of_parts(view, area, own) or _figure_above(view, area, own)
        if figure is None or figure.usual <= 0:
            continue
        known[:, column] = np.isfinite(figure.visitors)
        relative = np.maximum(figure.visitors / figure.usual, _FLOOR)
        pressure[:, column] = np.where(np.isfinite(relative), np.log(relative), 0.0)
    way = of_days.way[:, None] * (known[at] * known[beside])
    line = pressure[at] + way * (pressure[beside] - pressure[at])
    return {"tourism_pressure": line, "tourism_known": known[at]}


def _own_figure(rows: pd.DataFrame, months: Index) -> _Figure:
    number = month_number(pd.DatetimeIndex(rows["month"]))
    published = dict(sorted(zip(number.tolist(), rows["visitors"], strict=True)))
    same_month = {m % _MONTHS: visitors for m, visitors in published.items()}  # the latest wins
    filled = [published.get(m, same_month.get(m % _MONTHS, np.nan)) for m in months.tolist()]
    return _Figure(
        np.array(filled, dtype=np.float64), float(np.mean(list(published.values())[-_MONTHS:]))
    )


def _sum_of_parts(view: AsOf, area: str, own: dict[str, _Figure]) -> _Figure | None:
    """Return the area's own figure, or the sum of its parts'; None if there is neither."""
    if area in own:
        return own[area]
    found = [_sum_of_parts(view, child, own) for child in view.tree.children(area)]
    parts = [part for part in found if part is not None]
    if not parts:
        return None
    visitors = np.sum([part.visitors for part in parts], axis=0)
    return _Figure(visitors, sum(part.usual for part in parts))


def _figure_above(view: AsOf, area: str, own: dict[str, _Figure]) -> _Figure | None:
    """Return the own figure of the nearest area above; None if there is none."""
    parent = view.tree.area(area).parent
    if parent is None:
        return None
    return own.get(parent) or _figure_above(view, parent, own)


_SOURCE = "imported tourism figures"
_PUBLISHED = "any lead; a month not published by the origin is filled from the latest year that was"
TOURISM = Maker(
    tourism_features,
    (
        Feature(
            "tourism_pressure",
            "logarithm of the month's visitors over the mean of the last 12 published months, in a "
            "straight line from one month's middle to the next; an area without own figures has "
            "its parts' sum, or those of the nearest area above",
            *("log ratio", _SOURCE, _PUBLISHED, LOG_RATIO, "tourism"),
            Prior(0.3, 0.2, "tourism", harmonic=1),
            Sight(hours=HourColumn(4, 4, is_yearly=True), missing_trees=5),
        ),
        Feature(
            *("tourism_known", "whether a figure stands behind it", "0 or 1", _SOURCE, _PUBLISHED),
            FLAG,
        ),
    ),
)
