"""Tables in workbooks (Excel, LibreOffice): one sheet as text, with what its program made of cells.

A spreadsheet keeps dates as numbers and takes texts for dates or numbers where they look like them.
A cell is read as the text that a CSV would hold, and it is remembered where it was kept as a date,
a time or yes and no, so that whoever reads it can refuse what the program made of it. Of formulas
the results are read; an error is blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from forewatch.arrays import Mask
from forewatch.errors import DataError, MissingColumns
from sources.extract import stop_if_doubled
from sources.lines import LineAccount
from sources.personal import columns_text

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
Cell = int | float | str | bool | time | date | datetime | timedelta
_LONGEST_WHOLE = 1e15  # beyond it a number of a cell no longer holds every digit


def is_workbook(file: Path) -> bool:
    """Return whether a file's name says that it is a workbook."""
    return file.suffix.lower() in WORKBOOKS


class Workbook:
    """The sheet of a workbook that holds a table.

    Args:
        file: Excel or OpenDocument.
        sheet: its name; None: the only visible one that holds anything.
        header_row: of the sheet, from 1, that names the columns.

    Attributes:
        columns: names of the columns, "" of one without.
        account: of the sheet's rows; what is told by it are the sheet's own numbers.

    Raises:
        DataError: if the file can't be read, or it isn't plain which sheet is meant.
    """

    def __init__(self, file: Path, sheet: str | None = None, header_row: int = 1) -> None:
        self._file = file
        rows = _sheet_cells(file, sheet)
        if len(rows) < header_row or not any(_is_full(cell) for cell in rows[header_row - 1]):
            raise DataError(
                f"row {header_row} of the sheet in {file.name} is blank, and should name the "
                "columns; write header_row = N into the mapping, counted as the sheet does"
            )
        self.columns = tuple(map(_name, rows[header_row - 1]))
        numbered = enumerate(rows[header_row:], start=header_row + 1)
        full = [(number, row) for number, row in numbered if any(map(_is_full, row))]
        self._rows = [row for _, row in full]
        self.account = LineAccount(
            physical=len(rows),
            header=header_row,
            blank=len(rows) - header_row - len(full),
            first=np.array([number for number, _ in full], dtype=np.int64),
        )

    def texts(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return columns as categories of text, NaN where blank.

        Raises:
            DataError: if two columns have the name of one that is read.
        """
        stop_if_doubled(self._file, self.columns, columns)
        found = {name: [_text(cell) for cell in self._cells(name)] for name in columns}
        return pd.DataFrame(
            {
                name: pd.Series(texts, dtype="str").astype("category")
                for name, texts in found.items()
            }
        )

    def is_time(self, column: str) -> Mask:
        """Return which cells of a column are kept as dates, times or yes and no."""
        kinds = (bool, date, time, timedelta)  # a datetime is a date
        return np.array([isinstance(cell, kinds) for cell in self._cells(column)], dtype=bool)

    def _cells(self, column: str) -> list[Cell]:
        at = self.columns.index(column)
        return [row[at] for row in self._rows]


def _sheet_cells(file: Path, sheet: str | None) -> list[list[Cell]]:
    """Return a sheet's cells from its first row and column on."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum  # noqa: PLC0415

    try:
        with CalamineWorkbook.from_path(file) as book:
            shown = [each.name for each in book.sheets_metadata
                     if each.visible == SheetVisibleEnum.Visible]  # fmt: skip
            full = [name for name in shown if book.get_sheet_by_name(name).start is not None]
            if sheet is not None and sheet not in book.sheet_names:
                raise MissingColumns(
                    f"{file.name} has no sheet {sheet!r}; it has {columns_text(book.sheet_names)}; "
                    "mend sheet in the mapping"
                )
            if sheet is None and len(full) != 1:
                raise DataError(
                    f"{file.name} has {len(full)} sheets that hold anything"
                    + (f" ({columns_text(full)})" if full else "")
                    + '; name the one that is meant: sheet = "…" in the mapping'
                )
            chosen = full[0] if sheet is None else sheet
            cells: list[list[Cell]] = book.get_sheet_by_name(chosen).to_python(
                skip_empty_area=False
            )
    except CalamineError as error:
        raise DataError(
            f"{file.name} can't be read as a workbook ({type(error).__name__}); it is locked with "
            "a password, cut short or something else; save it again as .xlsx or as CSV"
        ) from None
    return cells


def _is_full(cell: Cell) -> bool:
    return not isinstance(cell, str) or bool(cell.strip())


def _name(cell: Cell) -> str:
    return _text(cell) or ""


def _text(cell: Cell) -> str | None:
    """Return what a CSV would hold; None where blank."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _LONGEST_WHOLE:
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat(timespec="minutes")
    return str(cell).strip() or None
