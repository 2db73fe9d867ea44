"""What an issue says about areas, call types, grades and periods, one row each.

A row that the issue does not reach has the state `no_forecast` and no numbers: never zero. One that
rests on calls which are known of several areas together only names these areas as `pooled`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from forewatch.clock import Clock
from forewatch.count_distribution import CountDistribution
from forewatch.errors import BadQuestion, UnknownArea, UnknownCallType, UnknownGrade
from forewatch.profile import Shift
from forewatch.rates import Selection, Spans
from planning.issues import Issue
from planning.periods import By, periods

State = Literal["forecast", "no_forecast", "stale"]
ALL = "all"
EACH = "each"
POOLED_BETWEEN = ", "
# Columns of instants, in arrays UTC without zone.
INSTANTS = ("start", "end", "observed_until")


@dataclass(frozen=True)
class PeriodColumns:
    """The columns of a frame of periods as arrays; of the instants UTC without zone, too."""

    period: NDArray[Any]
    force_day: NDArray[np.datetime64]
    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    spans: Spans

    @classmethod
    def of(cls, frame: pd.DataFrame) -> PeriodColumns:
        """Return those of a frame of `planning.periods`."""
        spans = Spans(pd.DatetimeIndex(frame["start"]), pd.DatetimeIndex(frame["end"]))
        return cls(
            frame["period"].to_numpy(dtype=object),
            frame["force_day"].to_numpy(),
            _plain(spans.starts),
            _plain(spans.ends),
            spans,
        )


# The same weeks are asked for again and again; laying out a week of hours takes milliseconds.
@lru_cache(maxsize=64)
def _periods(
    clock: Clock, shifts: tuple[Shift, ...], start: pd.Timestamp, end: pd.Timestamp, by: By
) -> tuple[pd.DataFrame, PeriodColumns]:
    frame = periods(clock, shifts, start, end, by)
    return frame, PeriodColumns.of(frame)


@dataclass(frozen=True)
class Question:
    """Names already looked up; rows are areas × call types × grades × periods, in that order.

    Args:
        areas: ids of areas, any level.
        call_types: ids, or "all" for their sum.
        grades: grades, or "all" for their sum.
        periods: frame of `planning.periods`.
        quantiles: levels between 0 and 1, ascending.
        period_columns: the columns of `periods`, which are shared and not to be changed.
    """

    areas: tuple[str, ...]
    call_types: tuple[str, ...]
    grades: tuple[str, ...]
    periods: pd.DataFrame
    quantiles: tuple[float, ...]
    period_columns: PeriodColumns

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


def ask(  # noqa: PLR0913 - the dimensions of a forecast, each a name a planner gives
    issue: Issue,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    by: By = "day",
    areas: Sequence[str] = (),
    call_types: Sequence[str] = (),
    grades: Sequence[str] = (),
    quantiles: Sequence[float] = (),
) -> Question:
    """Return the question with every name looked up.

    Args:
        issue: the issue that will be asked.
        start: first instant, UTC.
        end: instant before which the last period begins, UTC.
        by: the kind of period.
        areas: ids, or names of levels for all areas at it; none means the whole force.
        call_types: ids, "all" (the sum), "each"; none means "all".
        grades: grades, "all" (the sum), "each"; none means "all".
        quantiles: levels between 0 and 1; one that comes twice is answered once; none means the
            profile's percentiles.

    Raises:
        UnknownArea, UnknownCallType, UnknownGrade: with the near names.
        BadQuestion: if the span is empty, a quantile is not between 0 and 1, or periods shorter
            than the history's are asked for.
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
    frame, arrays = _periods(Clock.of(profile), profile.shifts, start, end, by)
    return Question(
        _areas(issue, areas),
        _expanded(rates.call_types, call_types, UnknownCallType),
        _expanded(rates.grades, grades, UnknownGrade),
        # A shallow copy: what a caller does to it is never seen by the next.
        frame.copy(deep=False),
        levels,
        arrays,
    )


def answer(
    issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
) -> pd.DataFrame:
    """Return one row per area, call type, grade and period, in the order of the question.

    Args:
        issue: the issue asked.
        question: from `ask`.
        now: the instant at which the issue's age is judged, UTC.
        rows: which rows of the answer, without a step; no others are computed.

    Returns:
        Columns period, force_day, start, end (UTC), area, call_type, grade, state with its reason,
        observed_until (the end of what was observed of these calls; NaT: never), mean, one per
        quantile (q05 …), baseline (mean of the last 8 weeks) in calls, and noise_floor: the
        relative error that is expected even with the rate known, in percent. NaN where the state
        is no_forecast. pooled: the areas whose calls of a type in the row are known together with
        the row's only, and spread over them; "" where there are none.
    """
    return framed(columns(issue, question, now, rows))


def columns(
    issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
) -> dict[str, NDArray[Any]]:
    """Return the columns of `answer` as arrays of one length; start and end are UTC without zone.

    For readers that need no frame: making one costs more than the numbers in it.
    """
    asked = laid_out(issue, question, rows)
    said = [issue.forecast.answer(*each) for each in asked.cells]
    mean, variance, baseline = (
        np.concatenate([getattr(one, name) for one in said]) if said else np.zeros(0)
        for name in ("mean", "variance", "baseline")
    )
    quantiles = CountDistribution.of(mean, variance).quantiles(question.quantiles)
    return (
        asked.keys
        | states(issue, asked, mean, now)
        | {"mean": mean}
        | {quantile_name(q): quantiles[:, i] for i, q in enumerate(question.quantiles)}
        | {"baseline": baseline, "noise_floor": noise_floor(mean), "pooled": asked.pooled}
    )


@dataclass(frozen=True)
class LaidOut:
    """Some rows of an answer before anything is computed.

    Args:
        keys: columns period to grade of the rows, as in `columns`.
        cells: what to ask the forecast, the rows of one group after the other.
        pooled: the areas that each row's is pooled with, see `columns`.
        groups: area, call type and grade of each group.
    """

    keys: dict[str, NDArray[Any]]
    cells: list[tuple[Selection, Spans]]
    pooled: NDArray[Any]
    groups: list[tuple[str, str, str]]

    @property
    def lengths(self) -> list[int]:
        """The number of rows of each group."""
        return [len(spans.starts) for _, spans in self.cells]


def laid_out(issue: Issue, question: Question, rows: slice = slice(None)) -> LaidOut:
    """Return which rows are asked for, and what each group of them asks of the forecast."""
    first, stop, _ = rows.indices(question.rows)
    count = max(len(question.periods), 1)
    group, period = np.divmod(np.arange(first, stop), count)
    low, high = first // count, max(-(-stop // count), first // count)
    groups = list(islice(question.combinations(), low, high))
    of_periods, spans = question.period_columns, question.period_columns.spans
    cells = []
    for n, each in enumerate(groups, low):
        part = slice(max(first - n * count, 0), min(stop - n * count, count))
        is_whole = part == slice(0, count)
        asked = spans if is_whole else Spans(spans.starts[part], spans.ends[part])
        cells.append((_selected(issue, each), asked))
    names = np.array(groups, dtype=str).reshape(-1, 3)[group - low]
    keys = {
        name: getattr(of_periods, name)[period] for name in ("period", "force_day", "start", "end")
    } | {name: names[:, i] for i, name in enumerate(("area", "call_type", "grade"))}
    together = [
        POOLED_BETWEEN.join(issue.pooled_areas(area, () if kind == ALL else (kind,)))
        for area, kind, _ in groups
    ]
    return LaidOut(keys, cells, np.array(together, dtype=object)[group - low], groups)


def states(
    issue: Issue, asked: LaidOut, mean: NDArray[np.float64], now: pd.Timestamp
) -> dict[str, NDArray[Any]]:
    """Return the columns state, reason and observed_until of rows of calls with these means.

    A mean is NaN where the issue doesn't reach.
    """
    groups = [
        (area, () if call_type == ALL else (call_type,), n)
        for (area, call_type, _), n in zip(asked.groups, asked.lengths, strict=True)
    ]
    return issue.freshness.columns(groups, mean, now)


def framed(said: dict[str, NDArray[Any]]) -> pd.DataFrame:
    """Return columns as a frame with instants in UTC."""
    instants = {name: pd.DatetimeIndex(said[name]).tz_localize("UTC") for name in INSTANTS}
    texts = {name: "str" for name, values in said.items() if values.dtype.kind in "OU"}
    return pd.DataFrame(said | instants).astype(texts)


def quantile_name(level: float) -> str:
    """Return the column of a quantile.

    >>> quantile_name(0.05), quantile_name(0.975)
    ('q05', 'q97.5')
    """
    percent = f"{level * 100:.6g}"
    whole, _, rest = percent.partition(".")
    return f"q{whole.zfill(2)}" + (f".{rest}" if rest else "")


def noise_floor(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the expected absolute error ÷ mean of a Poisson count whose rate is known, percent.

    NaN where the mean is unknown or zero.

    >>> noise_floor(np.array([1.0, 100.0])).round(1)
    array([73.6,  8. ])

    Source:
        Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, equation 4.19.
    """
    safe = np.where(mean > 0, mean, np.nan)
    whole = np.floor(safe)
    floor: NDArray[np.float64] = 200 * np.exp(
        whole * np.log(safe) - safe - special.gammaln(whole + 1)
    )
    return floor


def _plain(instants: pd.DatetimeIndex) -> NDArray[np.datetime64]:
    return instants.tz_convert("UTC").tz_localize(None).to_numpy()


def _selected(issue: Issue, group: tuple[str, str, str]) -> Selection:
    area, call_type, grade = group
    return Selection(
        issue.tree.leaves_of(area),
        () if call_type == ALL else (call_type,),
        () if grade == ALL else (grade,),
    )


def _areas(issue: Issue, asked: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in asked or (issue.tree.root,):
        if name in issue.tree.ids:
            found[name] = None
        elif name in issue.tree.levels:
            found.update(dict.fromkeys(issue.tree.at_level(name)))
        else:
            raise UnknownArea(name, (*issue.tree.ids, *issue.tree.levels))
    return tuple(found)


def _expanded(
    known: tuple[str, ...],
    asked: Sequence[str],
    error: type[UnknownCallType | UnknownGrade],
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in asked or (ALL,):
        if name == EACH:
            found.update(dict.fromkeys(known))
        elif name == ALL or name in known:
            found[name] = None
        else:
            raise error(name, (*known, ALL, EACH))
    return tuple(found)
