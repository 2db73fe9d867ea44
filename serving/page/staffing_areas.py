"""Is it enough in the areas below the one that is shown: a row for each that has a plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from serving.charts.words import count_text
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.page_question import PageQuestion
from serving.page.page_words import day_words
from serving.page.plain_table import Cell, PlainTable, plain_table

_HEAD = ("Area", "Shifts that lack officers", "Officers lacking in all", "Most lacking")
_CAPTION = "Where shifts lack officers, by area; what shifts lack is added up"


def officers_by_area(asked: PageQuestion, frame: pd.DataFrame) -> PlainTable:
    """Return how many shifts of each area lack officers.

    Args:
        asked: by the view's address.
        frame: need and plan of the areas' shifts (`serving.staffing_answers.requirement_table`).
    """
    by_area: dict[str, list[AnswerRow]] = {}
    for row in answer_rows(frame):
        by_area.setdefault(row["area"], []).append(row)
    rows = []
    for area, own in by_area.items():
        name = asked.issue.tree.area(area).name
        heading = Cell(name, is_text=True, address=asked.address(area=area))
        rows.append([heading, *_cells(asked, area, own)])
    return plain_table(_CAPTION, _HEAD, rows)


def _cells(asked: PageQuestion, area: str, rows: Sequence[AnswerRow]) -> list[Cell]:
    known = [row for row in rows if np.isfinite(row["gap"])]
    short = [row for row in known if row["gap"] > 0]
    of_all = f"{len(short)} of {len(known)}"
    unplanned = len(rows) - len(known)
    more = f", {unplanned} not planned or not forecast" if unplanned else ""
    if not short:
        return [Cell(of_all + more), Cell("0" if known else "unknown"), Cell("–", is_text=True)]
    worst = max(short, key=lambda row: float(row["gap"]))
    shift, day = worst["shift"], worst["force_day"]
    address = asked.duty_address(area, f"{day:%Y-%m-%d}/{shift}")
    text = f"{day_words(day)}, {asked.shift_names.get(shift, shift)}: {count_text(worst['gap'])}"
    lacking = count_text(sum(float(row["gap"]) for row in short))
    return [
        Cell(of_all + more),
        Cell(f"▼ {lacking}", mark="short"),
        Cell(text, is_text=True, address=address),
    ]
