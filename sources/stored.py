"""Columns of stored tables as numbers, and ids that the force no longer has."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from forewatch.errors import DataError

Ints = NDArray[np.int64]


def positions(versions: pa.Table, name: str, known: tuple[str, ...]) -> NDArray[np.int16]:
    """Return the position of each row's id in *known*, −1 where it has none (filtered rows only).

    Raises:
        DataError: if the table uses an id that the force no longer has.
    """
    column = versions.column(name).unify_dictionaries().combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([]).dictionary_encode()
    found = column.dictionary.to_pylist()
    used = {found[i] for i in column.indices.unique().to_pylist() if i is not None}
    stop_if_gone(name, used, known)
    position = np.array([known.index(i) if i in used else -1 for i in found] + [-1], np.int16)
    taken: NDArray[np.int16] = position[column.indices.fill_null(-1).to_numpy()]
    return taken


def stop_if_gone(name: str, used: set[str], known: tuple[str, ...]) -> None:
    """Stop where a stored id is none of the force's.

    Raises:
        DataError: naming each such id.
    """
    if gone := sorted(used - set(known)):
        raise DataError(
            f"the history uses {name.replace('_', ' ')} {', '.join(gone)}, which the force no "
            "longer has; put it back into forewatch.toml, or start a new history and import again"
        )


def ints(table: pa.Table, name: str) -> Ints:
    """Return a column as whole numbers; instants in microseconds since 1970."""
    found: Ints = table.column(name).cast(pa.int64()).to_numpy()
    return found
