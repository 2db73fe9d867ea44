"""Tourism pressure of an area: how many visitors compared with its own usual number.

Figures come by area and month, weeks after the month has ended. A month that was not published yet
stands in with the same month of the latest year that was. The figure of an area without its own is
the sum of its parts'; a part without any takes the figure of the nearest area above that has one.
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
class _Figure:
    """Visitors per day by month asked for (NaN unknown), and their usual number."""

    visitors: Array
    usual: float


def tourism_features(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:
    """Return the features of `TOURISM`, each of shape (days, areas).

    The pressure is the logarithm of visitors over the mean of the last twelve published months; 0
    where nothing is known, and there tourism_known is 0 as well.
    """
    months, month_of_day = np.unique(
        np.asarray(days.year * _MONTHS + days.month - 1, dtype=np.int64), return_inverse=True
    )
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
    return {"tourism_pressure": pressure[month_of_day], "tourism_known": known[month_of_day]}


def _own_figure(rows: pd.DataFrame, months: Index) -> _Figure:
    month = pd.DatetimeIndex(rows["month"])
    number = np.asarray(month.year * _MONTHS + month.month - 1, dtype=np.int64)
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
            "logarithm of the month's visitors over the mean of the last 12 published months; an "
            "area without own figures has its parts' sum, or those of the nearest area above",
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
