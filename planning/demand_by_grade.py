"""Calls of a role by shift and grade: what the officers of a shift are needed for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forewatch.arrays import Array
from forewatch.clock import instants_us
from forewatch.count_distribution import CountDistribution
from forewatch.duty import services
from forewatch.rates import Selection, Spans
from planning.columns import quantile_name
from planning.issues import Issue
from planning.tables import Column, Values

if TYPE_CHECKING:  # its columns are described where nothing is computed
    from planning.duty_plan import AreaPlan

DEMAND_LEVELS = (0.1, 0.5, 0.9)
_CALLS = "calls"


def demand_name(grade: str, figure: str) -> str:
    """Return the column of a figure of a grade's calls.

    >>> demand_name("immediate", "q90")
    'demand_immediate_q90'
    """
    return f"demand_{grade}_{figure}"


def demand_columns(grade: str) -> Iterator[Column]:
    """Yield the columns of a grade."""
    yield Column(demand_name(grade, "mean"), f"expected {grade} calls of the role's", _CALLS,
                 example=9.4, decimals=1)  # fmt: skip
    for level in DEMAND_LEVELS:
        yield Column(
            demand_name(grade, quantile_name(level)),
            f"quantiles of {grade} calls of the role's",
            _CALLS,
            "whole",
            9,
        )


def demand_values(
    issue: Issue, role: str, plans: Sequence[AreaPlan], grades: Sequence[str]
) -> Values:
    """Return the columns of `demand_columns`, one area's shifts after the other's.

    Args:
        issue: the issue asked.
        role: id of the role.
        plans: of the areas.
        grades: ids of those that are told.
    """
    rates, values = issue.forecast.rates, dict[str, Array]()
    work = services(issue.profile, role)
    for grade in grades:
        kinds = {each.call_type for each in work if each.grade == grade}
        types = tuple(kind for kind in rates.call_types if kind in kinds)
        mean, variance = _calls(issue, plans, types, grade)
        quantiles = CountDistribution.of(mean, variance).quantiles(DEMAND_LEVELS)
        values[demand_name(grade, "mean")] = mean
        for i, level in enumerate(DEMAND_LEVELS):
            values[demand_name(grade, quantile_name(level))] = quantiles[:, i]
    return values


def _calls(
    issue: Issue, plans: Sequence[AreaPlan], types: tuple[str, ...], grade: str
) -> tuple[Array, Array]:
    """Return mean and variance of calls by shift; NaN where the issue doesn't reach."""
    tables = [each.staffing.shifts for each in plans]
    reached = np.concatenate([(table["state"] == "forecast").to_numpy() for table in tables])
    if not types:
        none = np.where(reached, 0.0, np.nan)
        return none, none
    alike: dict[tuple[int, ...], list[int]] = {}  # areas with the same shifts
    for i, table in enumerate(tables):
        times = (instants_us(pd.DatetimeIndex(table[name])) for name in ("start", "end"))
        alike.setdefault(tuple(np.concatenate([*times]).tolist()), []).append(i)
    told: list[tuple[Array, Array]] = [(np.zeros(0), np.zeros(0))] * len(plans)
    for same in alike.values():
        table = tables[same[0]]
        spans = Spans(pd.DatetimeIndex(table["start"]), pd.DatetimeIndex(table["end"]))
        areas = [issue.tree.leaves_of(plans[i].staffing.area) for i in same]
        pairs = issue.forecast.counts_of_areas(areas, Selection((), types, (grade,)), spans)
        for i, mean, variance in zip(same, *pairs, strict=True):
            told[i] = mean, variance
    mean, variance = (np.concatenate(each) for each in zip(*told, strict=True))
    return np.where(reached, mean, np.nan), np.where(reached, variance, np.nan)
