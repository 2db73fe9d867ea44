"""What a call took, as a log has it: the officers sent, and their minutes from assignment to clear.

Both are numbers of a call, not of anybody: how many were sent, and for how long. A blank is unknown
(the call is still open, or nobody wrote it down); 0 officers means that nobody was sent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from forewatch.hashes import Hashes, hash_pairs
from sources.mapping import Columns
from sources.stored import Ints

Figures = NDArray[np.float32]
ATTENDANCE = ("officers", "attended_minutes")
_MOST_OFFICERS = 500  # at one call; a larger number is that of an officer, a unit or a vehicle
_MOST_MINUTES = 28 * 1440.0  # four weeks; above it, seconds were meant
_TYPES = {"officers": pa.int16(), "attended_minutes": pa.float32()}


def attendance_columns(columns: Columns) -> tuple[str, ...]:
    """Return which of ATTENDANCE a mapping reads."""
    return tuple(name for name in ATTENDANCE if getattr(columns, name) is not None)


def figures_of(
    name: str, texts: Sequence[str | None], rows: NDArray[np.int32]
) -> tuple[Figures, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the figures of a block, NaN where unknown; which are no numbers; which are impossible.

    Args:
        name: one of ATTENDANCE.
        texts: the distinct texts of the block.
        rows: the position of each row's text in *texts*, −1 where the cell is blank.
    """
    found = np.array([_number(text or "") for text in texts] + [math.nan])
    has_text = np.array([bool((text or "").strip()) for text in texts] + [False])
    is_unread = has_text & np.isnan(found)
    with np.errstate(invalid="ignore"):
        most = _MOST_OFFICERS if name == "officers" else _MOST_MINUTES
        is_impossible = (found < 0) | (found > most)
        if name == "officers":
            is_impossible |= found % 1 > 0
    return found.astype(np.float32)[rows], is_unread[rows], is_impossible[rows]


def with_figures(says: Hashes, figures: Figures) -> Hashes:
    """Return hashes of what versions say, with their figures; those without any stay as they are.

    Args:
        says: of all else, shape (versions,).
        figures: shape (versions, k).
    """
    found = says
    for column in range(figures.shape[1]):
        figure = np.ascontiguousarray(figures[:, column])
        # The column's number as well: two officers are not two minutes.
        packed = figure.view(np.uint32).astype(np.uint64) + (np.uint64(column + 1) << np.uint64(32))
        found = np.where(np.isnan(figure), found, hash_pairs(found, packed))
    return found


def stored_figures(table: pa.Table, names: Sequence[str]) -> Figures:
    """Return the figures of stored versions, shape (versions, names), NaN where unknown.

    A history that never had such a column knows none.
    """
    columns = [
        table.column(name).cast(pa.float32()).fill_null(math.nan).to_numpy()
        if name in table.column_names
        else np.full(table.num_rows, math.nan, np.float32)
        for name in names
    ]
    return np.stack(columns, axis=1) if columns else np.empty((table.num_rows, 0), np.float32)


def figure_columns(figures: Figures, names: Sequence[str]) -> dict[str, pa.Array]:
    """Return figures as columns of a table, null where unknown."""
    return {
        name: pa.array(figures[:, i], from_pandas=True).cast(_TYPES[name])
        for i, name in enumerate(names)
    }


def last_known(figures: Figures, call: Ints) -> Figures:
    """Return the last figures of each call that are known, shape (calls, k).

    Args:
        figures: of versions, those of a call one after the other as they became known.
        call: number of each version's call, ascending from 0.
    """
    found = np.full((int(call[-1]) + 1 if len(call) else 0, figures.shape[1]), np.nan, np.float32)
    for column in range(figures.shape[1]):
        is_known = ~np.isnan(figures[:, column])
        found[call[is_known], column] = figures[is_known, column]  # the last of several stays
    return found


def _number(text: str) -> float:
    """Return the number that a text is, NaN if it is none (or "nan", or "1_0")."""
    try:
        found = float(text) if "_" not in text else math.nan
    except ValueError:
        return math.nan
    return found if math.isfinite(found) else math.nan
