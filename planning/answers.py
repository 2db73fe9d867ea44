"""What an issue says about areas, call types, grades and periods, one row each.

A row that the issue does not reach has the state `no_forecast` and no numbers: never zero. One that
rests on calls which are known of several areas together only names these areas as `pooled`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from forewatch.count_distribution import CountDistribution
from planning import columns
from planning.issues import Issue
from planning.kinds import AnswerKind
from planning.questions import ALL, Question, look_up, row_layout, states
from planning.tables import Column, OwnParts, Values

_CALLS = "calls"
_PROBABILITY_DECIMALS = 3
MEAN = Column("mean", "expected calls", _CALLS, example=41.237104, shown="always")
_MEASURES = (
    Column(
        "baseline",
        "mean of the same weekday (and hour) over the last 8 weeks known at the origin",
        _CALLS,
        example=43.875,
        shown="always",
    ),
    Column(
        "noise_floor",
        "mean absolute error ÷ mean of a Poisson count whose mean is known exactly; no forecast "
        "can be expected to miss by less",
        "percent",
        example=12.4,
        decimals=1,
        shown="always",
    ),
    columns.POOLED,
)


@lru_cache(maxsize=256)
def forecast_columns(
    quantiles: tuple[float, ...], at_least: tuple[int, ...], _: OwnParts
) -> tuple[Column, ...]:
    """Return the columns of `forecast_values`."""
    return (
        *columns.PERIOD_KEYS,
        *columns.AREA_KEYS,
        *columns.TYPE_KEYS,
        *columns.STATES,
        MEAN,
        *(columns.quantile(level, _CALLS, "always") for level in quantiles),
        *(columns.at_least(count, _CALLS) for count in at_least),
        *_MEASURES,
    )


def forecast_values(
    issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
) -> Values:
    """Return the values of some rows, one for each area, call type, grade and period.

    Args:
        issue: the issue asked.
        question: from `planning.questions.look_up`.
        now: the instant at which the issue's age is judged, UTC.
        rows: which rows of the answer, without a step; no others are computed.
    """
    asked = row_layout(issue, question, rows)
    told = [issue.forecast.answer(*each) for each in asked.cells]
    mean, variance, baseline = (
        np.concatenate([getattr(one, name) for one in told]) if told else np.zeros(0)
        for name in ("mean", "variance", "baseline")
    )
    counts = CountDistribution.of(mean, variance)
    return (
        asked.keys
        | states(issue, asked, mean, now)
        | {"mean": mean}
        | count_values(counts, question)
        | {"baseline": baseline, "noise_floor": noise_floor(mean), "pooled": asked.pooled}
    )


def count_values(counts: CountDistribution, question: Question) -> Values:
    """Return the columns of the quantiles and of P(at least k) that were asked for."""
    quantiles = counts.quantiles(question.quantiles)
    found: Values = {
        columns.quantile_name(level): quantiles[:, i] for i, level in enumerate(question.quantiles)
    }
    if question.at_least:
        below = counts.cdf(np.array(question.at_least) - 1.0)
        for i, count in enumerate(question.at_least):
            found[f"p_at_least_{count}"] = np.round(1 - below[:, i], _PROBABILITY_DECIMALS)
    return found


def about_calls(issue: Issue, question: Question) -> str:
    """Return the areas, call types and grades of a question, counted where they are several."""
    kinds = {each.id: each.name for each in issue.profile.call_types}
    asked = {
        "areas": [issue.tree.area(area).name for area in question.areas],
        "call types": [kinds.get(kind, kind) for kind in question.call_types],
        "grades": question.grades,
    }
    return ", ".join(
        f"{len(names)} {plural}"
        if len(names) > 1
        else f"all {plural}"
        if names[0] == ALL
        else names[0]
        for plural, names in asked.items()
    )


def _title(issue: Issue, question: Question) -> tuple[str, ...]:
    return (f"expected calls {question.when}: {about_calls(issue, question)}",)


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


FORECAST = AnswerKind(_CALLS, look_up, forecast_columns, forecast_values, _title)
