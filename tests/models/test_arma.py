import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from statsmodels.tsa.statespace.sarimax import SARIMAX

from forewatch.arrays import Array
from models.arma import _process, likeliest
from models.member_settings import SarimaSettings
from models.sarima import _forecast

ORDERS = [((1, 0, 1), (0, 1, 1)), ((2, 0, 0), (1, 1, 0)), ((0, 1, 2), (0, 0, 1)), ((0, 0, 0),) * 2]


def series(days: int = 300) -> Array:
    """A weekly pattern that wanders, with noise that has a memory."""
    noise = np.random.default_rng(4).normal(size=days + 7)
    moving = lfilter(np.convolve([1, -0.5], [1, *[0] * 6, -0.8]), [1, -0.9], noise)
    return np.asarray(20 + lfilter([1.0], [1, *[0] * 6, -1], moving)[7:])


def model(roots: Array, order: Any, seasonal: Any) -> Any:
    return SARIMAX(
        pd.Series(roots),
        order=order,
        seasonal_order=(*seasonal, 7),
        simple_differencing=True,
        concentrate_scale=True,
    )


@pytest.mark.parametrize(("order", "seasonal"), ORDERS)
def test_the_likelihood_is_that_of_the_kalman_filter(order: Any, seasonal: Any) -> None:
    there = model(series() - 20, order, seasonal)
    point = np.linspace(0.5, -0.3, len(there.start_params))
    at = there.transform_params(point)
    mean, variance = _process(there, at).likelihood(there.endog[:, 0])
    assert mean * there.nobs == pytest.approx(there.loglike(at), rel=1e-10)
    assert variance == pytest.approx(there.filter(at).scale, rel=1e-9)


@pytest.mark.parametrize(("order", "seasonal"), ORDERS)
def test_unknown_values_say_next_to_nothing(order: Any, seasonal: Any) -> None:
    roots = series() - 20
    roots[[0, 1, 60, -1]] = np.nan
    roots[100:120] = np.nan
    there = model(roots, order, seasonal)
    at = there.transform_params(np.linspace(0.5, -0.3, len(there.start_params)))
    values = there.endog[:, 0]
    mean, _ = _process(there, at).likelihood(values)
    assert mean * np.isfinite(values).sum() == pytest.approx(there.loglike(at), abs=0.01)


def test_the_search_finds_what_statsmodels_finds() -> None:
    there = model(series(), (1, 0, 1), (0, 1, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = there.fit(disp=0, method="lbfgs", cov_type="none")
    found, variance = likeliest(there, 40)
    assert there.loglike(found) == pytest.approx(known.llf, abs=1e-3)
    assert found == pytest.approx(np.asarray(known.params), abs=0.01)
    assert variance == pytest.approx(known.scale, rel=0.01)


def test_a_forecast_is_the_filter_over_days_that_are_unknown() -> None:
    roots, settings = series(200), SarimaSettings()
    past, ahead = (np.asarray(np.arange(n)[:, None] % 30 == 0, float) for n in (200, 28))
    parameters = np.array([-0.5, 0.8, -0.4, -0.7, 1.3])
    found = _forecast(roots, past, ahead, parameters, settings)
    plain = SARIMAX(pd.Series(roots), exog=past, order=(1, 0, 1), seasonal_order=(0, 1, 1, 7))
    said = plain.filter(parameters).get_forecast(28, exog=ahead)
    wanted = np.asarray(said.predicted_mean) ** 2 + np.asarray(said.var_pred_mean)
    assert found == pytest.approx(wanted, rel=1e-12)
