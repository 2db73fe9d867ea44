"""The rows of an answer as plain values by the name of their column."""

from __future__ import annotations

from typing import Any

import pandas as pd

AnswerRow = dict[str, Any]


def answer_rows(frame: pd.DataFrame) -> list[AnswerRow]:
    """Return the rows of an answer's frame, in their order."""
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
