"""Least squares with no coefficient below zero, of a table with far more rows than columns.

The active-set search of `scipy.optimize.nnls` goes over all rows again for each step. A triangular
factor, of the table or of its columns' products, has the same residuals, a constant aside, in as
many rows as there are columns, so the search runs on that.

Source:
    Lawson & Hanson (1974), Solving Least Squares Problems, chapters 23 and 27 (sequential
    accumulation of the rows of a table by its QR factor).
"""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.optimize import lsq_linear, nnls

from forewatch.arrays import Array

_RIDGE = 1e-9  # of columns of length 1: identical ones stay apart


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


def nonnegative_of_products(gram: Array, cross: Array) -> Array:
    """Return the coefficients, none below zero, from products of the columns, shape (columns,).

    Columns that can't be told apart share their coefficient; one that is 0 throughout gets 0.

    Args:
        gram: the columns' products with one another, shape (columns, columns).
        cross: their products with the target, shape (columns,).

    >>> nonnegative_of_products(np.diag([1.0, 2.0]), np.array([2.0, -4.0]))
    array([2., 0.])
    """
    size = np.sqrt(np.diag(gram))
    used = np.flatnonzero(size > 0)
    scaled = gram[np.ix_(used, used)] / np.outer(size[used], size[used])
    factor = np.linalg.cholesky(scaled + _RIDGE * np.eye(len(used))).T
    target = np.linalg.solve(factor.T, cross[used] / size[used])
    found = np.zeros(len(size))
    found[used] = nnls(factor, target)[0] / size[used]
    return found


def bounded(table: Array, target: Array, most: Array) -> Array:
    """Return the coefficients, none below zero or above its bound, shape (columns,).

    Args:
        table: shape (rows, columns).
        target: shape (rows,).
        most: of each coefficient, shape (columns,).

    >>> bounded(np.eye(2), np.array([3.0, -1.0]), np.array([2.0, 2.0])).tolist()
    [2.0, 0.0]
    """
    size = np.linalg.norm(table, axis=0)
    free = np.flatnonzero((most * size) > 0)
    found = np.zeros(len(most))
    if free.size:
        scaled = most[free]  # in parts of the bounds
        factor = cast(
            "Array",
            np.linalg.qr(np.column_stack([table[:, free] * scaled, target]), mode="r"),
        )
        solved = lsq_linear(factor[:, :-1], factor[:, -1], (0, 1), method="bvls")
        found[free] = np.clip(solved.x, 0, 1) * scaled
    return found
