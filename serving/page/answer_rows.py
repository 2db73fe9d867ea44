"""The rows of an answer as plain values by the name of their column."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd

AnswerRow = dict[str, Any]


def answer_rows(frame: pd.DataFrame) -> list[AnswerRow]:
    """Return the rows of an answer's frame, in their order."""
    return cast("list[AnswerRow]", frame.to_dict("records"))
