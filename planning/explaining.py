"""What the expected calls of an issue are made of, one row each, with the rows of its answers.

The parts of a row add up to its mean, in calls; see `forewatch.explanations` for what they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.errors import NotExplained
from planning.answers import Question, framed, laid_out, states
from planning.issues import Issue


def explanation(
    issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
) -> pd.DataFrame:
    """Return one row per area, call type, grade and period, in the order of the question.

    Args:
        issue: the issue asked.
        question: from `planning.answers.ask`; its quantiles don't matter.
        now: the instant at which the issue's age is judged, UTC.
        rows: which rows of the answer, without a step; no others are computed.

    Returns:
        Columns period, force_day, start, end (UTC), area, call_type, grade, state with its
        reason, observed_until, mean, and its parts in calls, which may be negative: level,
        time_of_week, season, holiday, tourism, events, recent_trend, those of the force's own,
        other. NaN where the state is no_forecast. pooled as in an answer.

    Raises:
        NotExplained: if the issue was published without what explains it.
    """
    return framed(columns(issue, question, now, rows))


def columns(
    issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
) -> dict[str, NDArray[Any]]:
    """Return the columns of `explanation` as arrays; start and end are UTC without zone.

    Raises:
        NotExplained: if the issue was published without what explains it.
    """
    why = issue.forecast.factors
    if why is None:
        raise NotExplained(
            f"issue {issue.number} was published without explanations; ask a later issue, or "
            "publish one with 'forewatch issue'"
        )
    asked = laid_out(issue, question, rows)
    found = [issue.forecast.parts(*each) for each in asked.cells]
    parts = np.concatenate(
        [np.zeros((len(why.parts), 0)), *(p for p in found if p is not None)], axis=1
    )
    mean = parts.sum(0)
    return (
        asked.keys
        | states(issue, asked, mean, now)
        | {"mean": mean}
        | dict(zip(why.parts, parts, strict=True))
        | {"pooled": asked.pooled}
    )
