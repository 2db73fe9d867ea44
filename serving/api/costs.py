"""What a question is expected to cost, before anything of it is looked up or computed.

A page is *areas × call types × grades × periods*, cut to the rows asked for. Its size is counted
without laying the periods out; weights that were measured (`benchmarks/costs.py`) turn it into
units, one of which is about a millisecond of one core. Names that do not exist count as one area:
refusing them costs little.

Source:
    Decision 0011, with the weights as measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.clock import WEEK_DAYS
from planning.issues import Issue
from planning.questions import ALL, EACH
from serving.answers import EXPLANATIONS, FORECASTS, MISSING_PERSONS
from serving.queries import CallsQuery, ForecastQuery, MissingQuery, SpanQuery, StaffingQuery

VIEW = 250.0  # units: a view of the page; half of it what officers take
OPENING = 100.0  # units: reading an earlier issue's files, and checking their digests
_HOUR = pd.Timedelta(hours=1)
_DAY = pd.Timedelta(days=1)
_DAY_HOURS = 24
_WEEK_HOURS = 168


@dataclass(frozen=True)
class PageSize:
    """How much a page asks.

    Args:
        rows: rows of the page.
        groups: combinations of area, call type and grade that these are of.
        numbers: quantiles and probabilities of all its rows.
        cells: places × call types × hours that are added up for them.
        periods: periods laid out.
        overlaps: pairs of a window and an hour whose reports may bring work into it.
    """

    rows: int
    groups: int
    numbers: int
    cells: float
    periods: int
    overlaps: float


@dataclass(frozen=True)
class Weights:
    """Units that each part of a size costs, and that every page does."""

    page: float
    row: float
    group: float
    number: float
    cell: float
    period: float
    overlap: float = 0.0

    def of(self, size: PageSize) -> float:
        """Return the cost of a page, in units."""
        return (
            self.page
            + self.row * size.rows
            + self.group * size.groups
            + self.number * size.numbers
            + self.cell * size.cells
            + self.period * size.periods
            + self.overlap * size.overlaps
        )


WEIGHTS = {
    FORECASTS.name: Weights(4.0, 0.015, 0.9, 0.002, 1.5e-5, 0.01),
    EXPLANATIONS.name: Weights(4.0, 0.015, 0.9, 0.0, 1e-4, 0.01),
    MISSING_PERSONS.name: Weights(10.0, 0.35, 1.5, 0.002, 1e-4, 0.02, 2e-5),
}


def size(issue: Issue, query: SpanQuery) -> PageSize:
    """Return the size of the page that is asked for.

    Raises:
        BadQuestion: if the span can't be read, as answering it would.
    """
    when = query.span(issue)
    hours = max((when.end - when.start) / _HOUR, 0.0)
    periods = _periods(issue, query, hours)
    areas = _areas(issue, query.area)
    types, grades = _types_and_grades(issue, query)
    an_area = len(types) * grades * periods  # rows
    rows = max(min(query.limit, len(areas) * an_area - query.offset), 0)
    # Rows stand area by area: only the areas on the page count.
    first, last = (at // an_area for at in (query.offset, query.offset + max(rows - 1, 0)))
    places = float(np.mean(areas[first : last + 1] or [0]))
    period_hours = max(hours / periods, 1.0)
    return PageSize(
        rows=rows,
        groups=min(-(-rows // periods) + (rows > 0), len(areas) * len(types) * grades),
        numbers=rows * _numbers(issue, query),
        cells=rows * period_hours * places * float(np.mean(types)),
        periods=periods,
        overlaps=rows * (_WEEK_HOURS + period_hours) + min(rows, periods) * hours,
    )


@dataclass(frozen=True)
class StaffingWeights:
    """Units that a page of the rota contract costs: whole weeks are solved from the issue's first.

    Args:
        page: of every page.
        day: of each force-day from the issue's first on, once.
        area: of each area.
        area_day: of each of these days and each area.
    """

    page: float = 60.0
    day: float = 1.0
    area: float = 6.0
    area_day: float = 1.4

    def of(self, issue: Issue, query: StaffingQuery) -> float:
        """Return the cost of a page, in units; its areas are named by their ids.

        Raises:
            BadQuestion: if the span can't be read, as answering it would.
        """
        when = query.span(issue)
        first = issue.forecast.rates.edges[0]
        days = max(math.ceil((when.end - when.start) / _DAY), 1)
        until = min(max((when.end - first) / _DAY, 0.0), len(issue.forecast.rates.force_days))
        solved = float(np.ceil(until / WEEK_DAYS) * WEEK_DAYS)
        rows = max(min(query.limit, len(query.area) * days - query.offset), 0)
        areas = min(-(-rows // days) + (query.offset % days > 0), len(query.area)) if rows else 0
        issues = 1 if query.changed_since is None else 2
        each = self.area + self.area_day * max(solved, days)
        return self.page + issues * (self.day * solved + areas * each)

    def rows_that_fit(self, issue: Issue, query: StaffingQuery, most: float) -> int:
        """Return how many force-days of areas a page of at most such a cost may have, 1 or more."""
        return _most_within(
            lambda limit: self.of(issue, query.model_copy(update={"limit": limit})),
            query.limit,
            most,
        )


STAFFING = StaffingWeights()


def rows_that_fit(issue: Issue, query: SpanQuery, weights: Weights, most: float) -> int:
    """Return how many rows of the question a page may have to cost at most so much, 1 at least."""
    return _most_within(
        lambda limit: weights.of(size(issue, query.model_copy(update={"limit": limit}))),
        query.limit,
        most,
    )


def _most_within(cost: Callable[[int], float], limit: int, most: float) -> int:
    """Return the largest limit, 1 at least, of which the cost is at most so much."""
    low, high = 1, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cost(middle) <= most else (low, middle - 1)
    return low


def _periods(issue: Issue, query: SpanQuery, hours: float) -> int:
    """Return how many periods begin in the span, about."""
    days = hours / _DAY_HOURS
    found = {
        "hour": hours,
        "shift": days * len(issue.profile.shifts),
        "day": days,
        "week": hours / _WEEK_HOURS,
    }
    return max(round(found[query.by]), 1)


def _areas(issue: Issue, names: Sequence[str]) -> list[int]:
    """Return for each area that is asked how many modelled places it touches, about."""
    tree, places = issue.tree, len(issue.forecast.rates.places)
    touched = {level: -(-places // len(tree.at_level(level))) for level in tree.levels}
    found: dict[str, int] = {}
    for name in names or (tree.root,):
        if name in touched:
            found |= dict.fromkeys(tree.at_level(name), touched[name])
        else:
            found[name] = touched[tree.level(name)] if name in tree.ids else 1
    return list(found.values())


def _types_and_grades(issue: Issue, query: SpanQuery) -> tuple[list[int], int]:
    """Return for each call type that is asked how many it sums over, and the number of grades."""
    if not isinstance(query, CallsQuery):
        return [1], 1
    rates = issue.forecast.rates
    types: dict[str, int] = {}
    for name in query.call_type or (ALL,):
        if name == EACH:
            types |= dict.fromkeys(rates.call_types, 1)
        else:
            types[name] = len(rates.call_types) if name == ALL else 1
    each = rates.grades if EACH in query.grade else ()
    return list(types.values()), max(len({*each, *query.grade} - {EACH}), 1)


def _numbers(issue: Issue, query: SpanQuery) -> int:
    """Return how many quantiles and probabilities a row has."""
    usual = len(issue.profile.publication.percentiles)
    if isinstance(query, MissingQuery):
        return usual + (_count(query.at_least) or len(issue.profile.missing.at_least))
    if isinstance(query, ForecastQuery):
        return (_count(query.quantiles) or usual) + _count(query.at_least)
    return 0


def _count(text: str | None) -> int:
    return text.count(",") + 1 if text else 0
