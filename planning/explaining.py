"""What the expected calls of an issue are made of, one row each, with the rows of its answers.

The parts of a row add up to its mean, in calls; see `forewatch.explanations` for what they are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forewatch.errors import NotExplained
from forewatch.explanations import PARTS
from planning import columns
from planning.answers import MEAN, about_calls
from planning.issues import Issue
from planning.kinds import AnswerKind
from planning.questions import Question, ask, laid_out, states
from planning.tables import Column, Values

# What each part is, and an example: the level, and the others of a mean of 41.237104.
_MEANINGS = {
    "level": ("calls at the long-run level, the same in every hour of the week", 38.4),
    "time_of_week": ("weekday and hour of the day, a public holiday's own hours among them", 0.0),
    "season": ("time of the year", 1.302114),
    "holiday": ("public holidays, special days and school holidays", -0.2),
    "tourism": ("visitors beyond, or short of, the usual number", 0.15),
    "events": ("announced events in the area and near it", 2.02499),
    "recent_trend": ("the level now beyond, or short of, the long-run level", -0.64),
    "other": (
        "what else the blended forecast holds, such as members that see another level",
        0.2,
    ),
}
_COLUMNS = (
    *columns.PERIOD_KEYS,
    *columns.AREA_KEYS,
    *columns.TYPE_KEYS,
    *columns.STATES,
    MEAN,
    *(
        Column(
            part,
            _MEANINGS[part][0],
            "calls",
            example=_MEANINGS[part][1],
            low=0 if part == "level" else None,
            shown="always",
        )
        for part in PARTS
    ),
    columns.POOLED,
)


def explanation_columns(_: tuple[float, ...], __: tuple[int, ...]) -> tuple[Column, ...]:
    """Return the columns of `explanation_values`; they have no quantiles."""
    return _COLUMNS


def explanation_values(
    issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
) -> Values:
    """Return the values of some rows, one for each area, call type, grade and period.

    Args:
        issue: the issue asked.
        question: from `planning.questions.ask`; its quantiles don't matter.
        now: the instant at which the issue's age is judged, UTC.
        rows: which rows of the answer, without a step; no others are computed.

    Raises:
        NotExplained: if the issue was published without what explains it.
    """
    if issue.forecast.factors is None:
        raise NotExplained(
            f"issue {issue.number} was published without explanations; ask a later issue, or "
            "publish one with 'forewatch issue'"
        )
    asked = laid_out(issue, question, rows)
    found = [issue.forecast.parts(*each) for each in asked.cells]
    parts = np.concatenate(
        [np.zeros((len(PARTS), 0)), *(p for p in found if p is not None)], axis=1
    )
    mean = parts.sum(0)
    return (
        asked.keys
        | states(issue, asked, mean, now)
        | {"mean": mean}
        | dict(zip(PARTS, parts, strict=True))
        | {"pooled": asked.pooled}
    )


def _title(issue: Issue, question: Question) -> tuple[str, ...]:
    about = about_calls(issue, question)
    return (f"what the expected calls are made of {question.when}: {about}",)


EXPLANATION = AnswerKind("explain", "calls", ask, explanation_columns, explanation_values, _title)
