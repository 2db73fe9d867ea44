"""The officer-hours of closed missing-person cases, read to learn how long one takes.

Nothing but the one column is read, nothing is stored, and no case can be told from another: what
leaves is a row of numbers in the order of size.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.errors import DataError, MissingColumns
from sources.extract import column_names
from sources.personal import columns_text, refuse_persons
from sources.tabular import texts

_LONGEST_HOURS = 100_000.0  # eleven years of one officer: above it, minutes or seconds were meant


def case_hours(
    file: Path, column: str = "officer_hours", refuse: Iterable[str] = ()
) -> NDArray[np.float64]:
    """Return the officer-hours of the closed cases of a file, ascending, shape (cases,).

    A case without a figure (still open, not recorded) or with 0 is left out.

    Args:
        file: CSV, CSV.gz or Parquet, one row a case.
        column: the column of hours.
        refuse: columns about persons that are there and are never read.

    Raises:
        PersonalData: if the file has columns about persons that are not refused by name.
        MissingColumns: if it lacks the column.
        DataError: if a figure is no number, negative, or longer than any case.
    """
    offered = column_names(file)
    refuse_persons(file.name, offered, (column,), refuse)
    if column not in offered:
        raise MissingColumns(
            f"{file.name} lacks {column}; it has {columns_text(offered, ())}; name the column of "
            "hours"
        )
    written = texts(file, (column,))[column].dropna().astype("str")
    hours = pd.to_numeric(written, errors="coerce").to_numpy(dtype=np.float64)
    if wrong := int(np.sum(~((hours >= 0) & (hours <= _LONGEST_HOURS)))):
        raise DataError(
            f"{file.name}: {wrong} of {len(hours)} figures in {column} are no hours of a case; "
            "write hours as numbers from 0 on, and nothing where they are unknown"
        )
    return np.sort(hours[hours > 0])
