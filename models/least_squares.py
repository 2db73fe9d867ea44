"""Least squares with no coefficient below zero, of a table with far more rows than columns.

The active-set search of `scipy.optimize.nnls` goes over all rows again for each step. The
triangular factor of the table has the same residuals, a constant aside, in as many rows as there
are columns, so the search runs on that.

Source:
    Lawson & Hanson (1974), Solving Least Squares Problems, chapters 23 and 27 (sequential
    accumulation of the rows of a table by its QR factor).
"""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.optimize import nnls

from forewatch.arrays import Array


def nonnegative(table: Array, target: Array) -> Array:
    """Return the coefficients, none below zero, shape (columns,).

    Args:
        table: shape (rows, columns).
        target: shape (rows,).

    >>> nonnegative(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), np.array([2.0, -1.0, -3.0]))
    array([2., 0.])
    """
    columns = table.shape[1]
    # NumPy's stubs know only what the other modes give.
    factor = cast("Array", np.linalg.qr(np.column_stack([table, target]), mode="r"))
    found, _ = nnls(factor[:, :columns], factor[:, columns])
    return np.asarray(found)
