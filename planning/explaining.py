"""What the expected calls of an issue are made of, one row each, with the rows of its answers.

The parts of a row add up to its mean, in calls; see `forewatch.explanations` for what they are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forewatch.errors import NotExplained
from forewatch.explanation_parts import MEANINGS, PARTS
from planning import columns
from planning.answers import MEAN, about_calls
from planning.issues import Issue
from planning.kinds import AnswerKind
from planning.questions import Question, look_up, row_layout, states
from planning.tables import Column, OwnParts, Values

# Examples that add up to the mean's.
_EXAMPLES = (38.4, 0.0, 1.302114, -0.2, 0.15, 2.02499, -0.64, 0.2)


def explanation_columns(
    _: tuple[float, ...], __: tuple[int, ...], own: OwnParts
) -> tuple[Column, ...]:
    """Return the columns of `explanation_values`, which have no quantiles.

    Args:
        own: what each part of the force's own is; they stand before the last.
    """
    told = [(part, MEANINGS[part], example) for part, example in zip(PARTS, _EXAMPLES, strict=True)]
    told[-1:-1] = [(part, meaning, 0.0) for part, meaning in own]
    return (
        *columns.PERIOD_KEYS,
        *columns.AREA_KEYS,
        *columns.TYPE_KEYS,
        *columns.STATES,
        MEAN,
        *(
            Column(
                part,
                meaning,
                "calls",
                example=example,
                low=0 if part == "level" else None,
                shown="always",
            )
            for part, meaning, example in told
        ),
        columns.POOLED,
    )


def explanation_values(
    issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
) -> Values:
    """Return the values of some rows, one for each area, call type, grade and period.

    Args:
        issue: the issue asked.
        question: from `planning.questions.look_up`; its quantiles don't matter.
        now: the instant at which the issue's age is judged, UTC.
        rows: which rows of the answer, without a step; no others are computed.

    Raises:
        NotExplained: if the issue was published without what explains it.
    """
    why = issue.forecast.factors
    if why is None:
        raise NotExplained(
            f"issue {issue.number} was published without explanations; ask a later issue, or "
            "publish one with 'forewatch issue'"
        )
    asked = row_layout(issue, question, rows)
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


def _title(issue: Issue, question: Question) -> tuple[str, ...]:
    about = about_calls(issue, question)
    return (f"what the expected calls are made of {question.when}: {about}",)


EXPLANATION = AnswerKind("calls", look_up, explanation_columns, explanation_values, _title)
