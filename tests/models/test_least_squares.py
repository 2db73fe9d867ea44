from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from models.least_squares import nonnegative


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 8))
def test_coefficients_are_those_that_scipy_finds_on_all_rows(
    seed: int, rows: int, columns: int
) -> None:
    rng = np.random.default_rng(seed)
    table, target = rng.normal(size=(rows + columns, columns)), rng.normal(size=rows + columns)
    assert nonnegative(table, target) == pytest.approx(nnls(table, target)[0], abs=1e-9)


def test_a_column_that_could_only_be_below_zero_gets_nothing() -> None:
    table = np.array([[1.0, 1.0], [0.0, 1.0], [0.0, 2.0]])
    # by the second column alone -1; without it the first one is the mean of its only row
    assert nonnegative(table, np.array([3.0, -1.0, -2.0])).tolist() == pytest.approx([3.0, 0.0])


def test_fewer_rows_than_columns_are_fitted_too() -> None:
    table, target = np.array([[1.0, 2.0, 3.0]]), np.array([6.0])
    found = nonnegative(table, target)
    assert (found >= 0).all()
    assert table @ found == pytest.approx(target)
