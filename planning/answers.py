"""What an issue says about areas, call types, grades and periods, one row each.

A row that the issue does not reach has the state `no_forecast` and no numbers: never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from features.clock import Clock
from forewatch.errors import BadQuestion, UnknownArea, UnknownCallType, UnknownGrade
from forewatch.rates import Selection, Spans
from planning.issues import Issue
from planning.periods import By, periods

State = Literal["forecast", "no_forecast", "stale"]
ALL = "all"
EACH = "each"


@dataclass(frozen=True)
class Question:
    """Names already looked up; rows are areas × call types × grades × periods, in that order.

    Args:
        areas: ids of areas, any level.
        call_types: ids, or "all" for their sum.
        grades: grades, or "all" for their sum.
        periods: frame of `planning.periods`.
        quantiles: levels between 0 and 1, ascending.
    """

    areas: tuple[str, ...]
    call_types: tuple[str, ...]
    grades: tuple[str, ...]
    periods: pd.DataFrame
    quantiles: tuple[float, ...]

    @property
    def groups(self) -> int:
        """The number of area × call type × grade combinations."""
        return len(self.areas) * len(self.call_types) * len(self.grades)

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
        quantiles: levels between 0 and 1; none means the profile's percentiles.

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
    levels = tuple(sorted(quantiles)) or tuple(p / 100 for p in profile.publication.percentiles)
    if not all(0 < level < 1 for level in levels):
        raise BadQuestion(f"quantiles lie between 0 and 1; found {', '.join(map(str, levels))}")
    clock = Clock.of(profile)
    return Question(
        _areas(issue, areas),
        _expanded(rates.call_types, call_types, UnknownCallType),
        _expanded(rates.grades, grades, UnknownGrade),
        periods(clock, profile.shifts, start, end, by),
        levels,
    )


def answer(issue: Issue, question: Question, now: pd.Timestamp) -> pd.DataFrame:
    """Return one row per area, call type, grade and period, in the order of the question.

    Args:
        issue: the issue asked.
        question: from `ask`.
        now: the instant at which the issue's age is judged, UTC.

    Returns:
        Columns period, force_day, start, end (UTC), area, call_type, grade, state, mean, one per
        quantile (q05 …), baseline (mean of the last 8 weeks) in calls, and noise_floor: the
        relative error that is expected even with the rate known, in percent. NaN where the state
        is no_forecast.
    """
    if question.periods.empty:
        return _empty(question)
    known: State = "stale" if issue.is_stale(now) else "forecast"
    groups = product(question.areas, question.call_types, question.grades)
    parts = [_group(issue, question, group, known) for group in groups]
    return pd.concat(parts, ignore_index=True)


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


def _group(
    issue: Issue, question: Question, group: tuple[str, str, str], known: State
) -> pd.DataFrame:
    area, call_type, grade = group
    selection = Selection(
        issue.tree.leaves_of(area),
        () if call_type == ALL else (call_type,),
        () if grade == ALL else (grade,),
    )
    frame = question.periods
    spans = Spans(pd.DatetimeIndex(frame["start"]), pd.DatetimeIndex(frame["end"]))
    said = issue.forecast.answer(selection, spans)
    quantiles = said.distribution.quantiles(question.quantiles)
    columns = {quantile_name(q): quantiles[:, i] for i, q in enumerate(question.quantiles)}
    return frame.assign(
        area=area,
        call_type=call_type,
        grade=grade,
        state=np.where(np.isnan(said.mean), "no_forecast", known),
        mean=said.mean,
        **columns,
        baseline=said.baseline,
        noise_floor=noise_floor(said.mean),
    )


def _empty(question: Question) -> pd.DataFrame:
    names = ["area", "call_type", "grade", "state"]
    numbers = ["mean", *map(quantile_name, question.quantiles), "baseline", "noise_floor"]
    empty = {name: pd.Series(dtype="str") for name in names}
    return question.periods.assign(**empty, **{name: pd.Series(dtype=float) for name in numbers})


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
