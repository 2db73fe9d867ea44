"""Questions about an issue, with every name looked up, and how their rows are laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.clock import Clock
from forewatch.errors import BadQuestion, UnknownCallType, UnknownGrade
from forewatch.rates import Selection, Spans
from forewatch.shifts import Shift
from planning import names
from planning.columns import PERIOD_KEYS
from planning.issues import Issue
from planning.period_kinds import By
from planning.periods import periods
from planning.tables import Values

ALL = "all"
EACH = "each"
_ALL_TYPES = "all call types"


@dataclass(frozen=True)
class PeriodColumns:
    """Periods as arrays that are shared and can't be written; instants UTC without zone.

    Local times are texts with their distance from UTC, so that none means two instants.
    """

    period: NDArray[Any]
    force_day: NDArray[np.datetime64]
    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    start_local: NDArray[Any]
    end_local: NDArray[Any]
    spans: Spans

    @classmethod
    def of(cls, frame: pd.DataFrame, zone: str) -> PeriodColumns:
        """Return those of a frame of `planning.periods`."""
        spans = Spans(pd.DatetimeIndex(frame["start"]), pd.DatetimeIndex(frame["end"]))
        found = cls(
            frame["period"].to_numpy(dtype=object),
            frame["force_day"].to_numpy(),
            _plain(spans.starts),
            _plain(spans.ends),
            local_texts(spans.starts, zone),
            local_texts(spans.ends, zone),
            spans,
        )
        for each in PERIOD_KEYS:
            getattr(found, each.name).setflags(write=False)
        return found

    def __len__(self) -> int:
        """Return the number of periods."""
        return len(self.period)


# The same weeks are asked for again and again; laying out a week of hours takes milliseconds.
@lru_cache(maxsize=64)
def _periods(
    clock: Clock, shifts: tuple[Shift, ...], start: pd.Timestamp, end: pd.Timestamp, by: By
) -> PeriodColumns:
    return PeriodColumns.of(periods(clock, shifts, start, end, by), clock.zone)


@dataclass(frozen=True)
class Question:
    """Names already looked up; rows are areas × call types × grades × periods, in that order.

    Args:
        areas: ids of areas, any level.
        call_types: ids, or "all" for their sum.
        grades: grades, or "all" for their sum.
        periods: of the span.
        quantiles: levels between 0 and 1, ascending.
        by: the kind of period.
        at_least: numbers k for P(at least k), ascending.
        reserved: officer-hours kept free in each period, by area; None: as the profile has them.
    """

    areas: tuple[str, ...]
    call_types: tuple[str, ...]
    grades: tuple[str, ...]
    periods: PeriodColumns = field(repr=False)
    quantiles: tuple[float, ...]
    by: By = "day"
    at_least: tuple[int, ...] = ()
    reserved: Mapping[str, float] | None = None

    @property
    def groups(self) -> int:
        """The number of area × call type × grade combinations."""
        return len(self.areas) * len(self.call_types) * len(self.grades)

    def combinations(self) -> Iterator[tuple[str, str, str]]:
        """Yield area, call type and grade of each group, in the order of the rows."""
        return product(self.areas, self.call_types, self.grades)

    @property
    def rows(self) -> int:
        """The number of rows the answer has."""
        return self.groups * len(self.periods)

    @property
    def when(self) -> str:
        """The period, or the kind of them, as a heading says it."""
        return f"in {self.periods.period[0]}" if len(self.periods) == 1 else f"by {self.by}"


def look_up(  # noqa: PLR0913 - the dimensions of a forecast, each a name a planner gives
    issue: Issue,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    by: By = "day",
    areas: Sequence[str] = (),
    call_types: Sequence[str] = (),
    grades: Sequence[str] = (),
    quantiles: Sequence[float] = (),
    at_least: Sequence[int] = (),
) -> Question:
    """Return the question with every name looked up.

    Args:
        issue: the issue that will be asked.
        start: first instant, UTC.
        end: instant before which the last period begins, UTC.
        by: the kind of period.
        areas: ids, names, or names of levels for all areas at it; none means the whole force.
        call_types: ids, names, "all" (the sum), "each"; none means "all".
        grades: grades, "all" (the sum), "each"; none means "all".
        quantiles: levels between 0 and 1; one that comes twice is answered once; none means the
            profile's percentiles.
        at_least: numbers k for P(at least k), from 1.

    Raises:
        UnknownArea, UnknownCallType, UnknownGrade: with the near names.
        BadQuestion: if the span is empty, a name is that of several, a quantile is not between 0
            and 1, a number is below 1, or periods shorter than the history's are asked for.
    """
    rates, profile = issue.forecast.rates, issue.profile
    if end <= start:
        raise BadQuestion(f"the span is empty: from {start} to {end}; ask for a later end")
    if rates.step == "day" and by in ("hour", "shift"):
        raise BadQuestion(f"the history is daily and can't be asked by {by}; ask by day or by week")
    levels = tuple(sorted(set(quantiles))) or tuple(
        p / 100 for p in profile.publication.percentiles
    )
    if not all(0 < level < 1 for level in levels):
        raise BadQuestion(f"quantiles lie between 0 and 1; found {', '.join(map(str, levels))}")
    least = tuple(sorted(set(at_least)))
    if least and least[0] < 1:
        raise BadQuestion(f"at_least counts from 1; found {least[0]}")
    return Question(
        names.area_ids(issue.tree, areas or (issue.tree.root,)),
        _expand(_type_names(issue), call_types, UnknownCallType),
        _expand({grade: grade for grade in rates.grades}, grades, UnknownGrade),
        _periods(Clock.of(profile), profile.shifts, start, end, by),
        levels,
        by,
        least,
    )


@dataclass(frozen=True)
class RowLayout:
    """Some rows of an answer before anything is computed.

    Args:
        keys: columns period to grade of the rows.
        cells: what to ask the forecast, the rows of one group after the other.
        pooled: the areas whose calls of a type in the row are known together with the row's only.
        groups: area, call type and grade of each group.
    """

    keys: Values
    cells: list[tuple[Selection, Spans]]
    pooled: NDArray[Any]
    groups: list[tuple[str, str, str]]

    @property
    def lengths(self) -> list[int]:
        """The number of rows of each group."""
        return [len(spans.starts) for _, spans in self.cells]


def row_layout(
    issue: Issue, question: Question, rows: slice = slice(None), types: tuple[str, ...] = ()
) -> RowLayout:
    """Return which rows are asked for, and what each group of them asks of the forecast.

    Args:
        issue: the issue asked.
        question: from `ask`.
        rows: which rows of the answer, without a step.
        types: what "all" call types are; () means all of them.
    """
    first, stop, _ = rows.indices(question.rows)
    count = max(len(question.periods), 1)
    group, period = np.divmod(np.arange(first, stop), count)
    low, high = first // count, max(-(-stop // count), first // count)
    groups = list(islice(question.combinations(), low, high))
    of_periods, spans = question.periods, question.periods.spans
    cells = []
    for n, each in enumerate(groups, low):
        part = slice(max(first - n * count, 0), min(stop - n * count, count))
        is_whole = part == slice(0, count)
        asked = spans if is_whole else Spans(spans.starts[part], spans.ends[part])
        cells.append((_select(issue, each), asked))
    row = group - low
    kinds = _type_names(issue) | {ALL: _ALL_TYPES}
    texts = {
        "area": [area for area, _, _ in groups],
        "area_name": [issue.tree.area(area).name for area, _, _ in groups],
        "call_type": [kind for _, kind, _ in groups],
        "call_type_name": [kinds.get(kind, kind) for _, kind, _ in groups],
        "grade": [grade for _, _, grade in groups],
    }
    together = [
        names.POOLED_BETWEEN.join(issue.pooled_areas(area, types if kind == ALL else (kind,)))
        for area, kind, _ in groups
    ]
    keys = {each.name: getattr(of_periods, each.name)[period] for each in PERIOD_KEYS}
    of_groups = {name: np.array(each, dtype=object)[row] for name, each in texts.items()}
    return RowLayout(keys | of_groups, cells, np.array(together, dtype=object)[row], groups)


def states(
    issue: Issue,
    asked: RowLayout,
    mean: NDArray[np.float64],
    now: pd.Timestamp,
    types: tuple[str, ...] = (),
) -> Values:
    """Return the columns state, reason and observed_until of rows with these means.

    A mean is NaN where the issue doesn't reach. *types*: what "all" call types are; () is all.
    """
    groups = [
        (area, types if call_type == ALL else (call_type,), n)
        for (area, call_type, _), n in zip(asked.groups, asked.lengths, strict=True)
    ]
    return issue.freshness.columns(groups, mean, now)


def local_texts(instants: pd.DatetimeIndex, zone: str) -> NDArray[Any]:
    """Return instants by the wall clock of a zone, with the distance from UTC.

    >>> local_texts(pd.DatetimeIndex(["2026-07-01T06:00Z"]), "Europe/London").tolist()
    ['2026-07-01T07:00:00+01:00']
    """
    there = instants.tz_convert(zone).tz_localize(None).to_numpy()
    minutes = ((there - _plain(instants)) / np.timedelta64(1, "m")).astype(int).tolist()
    ends = {m: f"{'-' if m < 0 else '+'}{abs(m) // 60:02}:{abs(m) % 60:02}" for m in set(minutes)}
    texts = np.datetime_as_string(there, unit="s").tolist()
    return np.array([text + ends[m] for text, m in zip(texts, minutes, strict=True)], dtype=object)


def _plain(instants: pd.DatetimeIndex) -> NDArray[np.datetime64]:
    return instants.tz_convert("UTC").tz_localize(None).to_numpy()


def _type_names(issue: Issue) -> dict[str, str]:
    known = {each.id: each.name for each in issue.profile.call_types}
    return {kind: known.get(kind, kind) for kind in issue.forecast.rates.call_types}


def _select(issue: Issue, group: tuple[str, str, str]) -> Selection:
    area, call_type, grade = group
    return Selection(
        issue.tree.leaves_of(area),
        () if call_type == ALL else (call_type,),
        () if grade == ALL else (grade,),
    )


def _expand(
    known: Mapping[str, str],
    asked: Sequence[str],
    error: Callable[[str, Sequence[str]], Exception],
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in asked or (ALL,):
        if text == EACH:
            found.update(dict.fromkeys(known))
        elif (meant := text if text == ALL else names.id_meant(text, known)) is not None:
            found[meant] = None
        else:
            raise error(text, (*names.ids_and_names(known), ALL, EACH))
    return tuple(found)
