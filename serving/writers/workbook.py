"""A table as an Excel workbook: its rows, and on a second sheet where they come from.

Nothing in it is a formula or a link, whatever a text begins with.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from planning.tables import Column, Table
from serving.writers.cells import cells

_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_ROWS, _ABOUT = "rows", "about"
_WIDEST = 40
_SOME_TIME = datetime(2020, 1, 1, tzinfo=UTC)  # the same rows are the same bytes


def workbook(table: Table) -> bytes:
    """Return the rows with a header line, and on the sheet "about" columns and provenance.

    Instants are texts in UTC: a workbook has no time zones. Unknown is an empty cell.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {**_AS_TEXT, "in_memory": True})
    book.set_properties({"created": _SOME_TIME.replace(tzinfo=None)})
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    rows = book.add_worksheet(_ROWS)
    rows.freeze_panes(1, 0)
    for at, (column, values) in enumerate(zip(table.columns, cells(table).values(), strict=True)):
        rows.write_string(0, at, column.name, bold)
        rows.set_column(at, at, _width(column, values))
        for row, value in enumerate(values, 1):
            _write(rows, (row, at), _cell(column, value), day)
    _write_about(book.add_worksheet(_ABOUT), table, bold)
    book.close()
    return file.getvalue()


def _cell(column: Column, value: Any) -> Any:  # noqa: ANN401 - of any column
    is_day = column.type == "date" and value is not None
    return date.fromisoformat(value) if is_day else value


def _write(sheet: Any, at: tuple[int, int], value: Any, day: Any) -> None:  # noqa: ANN401 - no types
    if value is None or value == "":
        return
    if isinstance(value, date):
        sheet.write_datetime(*at, value, day)
    elif isinstance(value, str):
        sheet.write_string(*at, value)
    else:
        sheet.write_number(*at, value)


def _width(column: Column, values: Sequence[Any]) -> int:
    texts = (len(str(value)) for value in values[:100])
    return min(max(len(column.name), *texts, 0) + 2, _WIDEST)


def _write_about(sheet: Any, table: Table, bold: Any) -> None:  # noqa: ANN401 - no types
    """Write provenance, a line each, and then what the columns are."""
    about = {name: value for name, value in table.provenance.items() if name != "columns"}
    for row, (name, value) in enumerate(about.items()):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, value if isinstance(value, str) else json.dumps(value))
    for row, column in enumerate(table.columns, len(about) + 1):
        for at, text in enumerate((column.name, column.unit, column.meaning)):
            sheet.write_string(row, at, text)
    sheet.set_column(0, 2, _WIDEST)
