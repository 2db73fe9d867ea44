"""The likelihood of an ARMA process, and its parameters, by one banded Cholesky factor.

1. Filtered by its own autoregression a series is a moving average from the r-th value on, so the
   covariance of the first r values and of the filtered others is a narrow band, whose Cholesky
   factor gives the exact likelihood in a twentieth of the time of a Kalman filter.
2. An unknown value is one measured with an error so large that it says nothing.
3. The size of the innovations is what fits best given the rest (concentrated out); the rest is
   searched by L-BFGS from statsmodels' start, in its stationary and invertible coordinates.

Source:
    Ansley (1979), An algorithm for the exact likelihood of a mixed autoregressive-moving average
    process, Biometrika 66(1); docs/experiments/019-processor-time.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg.lapack import dpbtrf, dtbtrs
from scipy.optimize import minimize
from scipy.signal import lfilter

from forewatch.arrays import Array, Mask

_UNKNOWN = 1e4  # variance of the error of an unknown value ÷ that of the innovations
_STEP = 1e-6  # of the slope
_WORST = 1e6  # where the covariance has no factor


@dataclass(frozen=True)
class Arma:
    """A stationary process a(B) y = b(B) e.

    Args:
        ar: a, from the power 0 on, the first is 1; shape (r + 1,).
        ma: b, likewise; shape (q + 1,).
    """

    ar: Array
    ma: Array

    def likelihood(self, values: Array) -> tuple[float, float]:
        """Return the log likelihood ÷ known values, and the variance of the innovations.

        Args:
            values: with a mean of 0, NaN unknown; shape (n,), more than r + q.
        """
        known = np.isfinite(values)
        count = int(known.sum())
        factor, info = dpbtrf(self._covariance(known), lower=1, overwrite_ab=1)
        if info:
            return -_WORST, np.nan
        r = len(self.ar) - 1
        filled = np.where(known, values, 0.0)
        filtered = np.convolve(filled, self.ar)[: len(values)]
        filtered[:r] = filled[:r]
        apart, _ = dtbtrs(factor, filtered, uplo="L")
        variance = max(float(apart @ apart) / count, np.finfo(float).tiny)
        determinant = 2 * float(np.log(factor[0]).sum())
        determinant -= (len(values) - count) * np.log(_UNKNOWN)
        return -0.5 * (np.log(2 * np.pi * variance) + 1 + determinant / count), variance

    def _covariance(self, known: Mask) -> Array:
        """Return the covariance of the filtered values as a lower band, (width + 1, n)."""
        r, q = len(self.ar) - 1, len(self.ma) - 1
        n, width = len(known), max(r, q)
        band = np.zeros((width + 1, n), order="F")
        band[: q + 1] = np.correlate(self.ma, self.ma, "full")[q:, None]
        if r:
            impulse = np.zeros(q + 1)
            impulse[0] = 1.0
            response = lfilter(self.ma, self.ar, impulse)
            # of a value with the moving average so many values later
            across = np.correlate(self.ma, response, "full")[q:]
            own = self._autocovariance(across)
            for first in range(r):
                band[:, first] = 0.0
                band[: q + 1, first] = across
                band[: r - first, first] = own[: r - first]
        if not known.all():
            self._add_errors(band, np.where(known, 0.0, _UNKNOWN))
        return band

    def _autocovariance(self, across: Array) -> Array:
        """Return that of the values at lags 0 to r, by the equations of Yule and Walker."""
        lags = np.arange(len(self.ar))
        equations = [np.bincount(np.abs(lag - lags), self.ar, len(lags)) for lag in lags]
        right = np.zeros(len(lags))
        right[: len(across)] = across[: len(lags)]
        return np.asarray(np.linalg.solve(equations, right))

    def _add_errors(self, band: Array, variance: Array) -> None:
        """Add the filtered errors of the values to the covariance, in place."""
        r, n = len(self.ar) - 1, len(variance)
        for lag in range(r + 1):
            products = self.ar[: r + 1 - lag] * self.ar[lag:]
            added = np.convolve(variance, products)[:n]
            added[:r] = 0.0
            # the first r values are not filtered: they have their own error alone
            start = np.arange(max(r - lag, 0), min(r, n - lag)) if lag else np.arange(r)
            added[start] = (self.ar[lag] if lag else 1.0) * variance[start]
            band[lag, : n - lag] += added[: n - lag]


def likeliest(model: Any, iterations: int) -> tuple[Array, float]:  # noqa: ANN401
    """Return the parameters of the likeliest process, and the variance of its innovations.

    Args:
        model: statsmodels' SARIMAX of a series with a mean of 0, its differences taken beforehand,
            without covariates and with its scale concentrated out.
        iterations: steps at most of the search.
    """
    values = model.endog[:, 0]

    def loss(free: Array) -> float:
        return -_process(model, model.transform_params(free)).likelihood(values)[0]

    free = np.asarray(model.untransform_params(model.start_params), float)
    if len(free):
        options: Any = {"maxiter": iterations, "eps": _STEP, "ftol": 1e-9, "gtol": 1e-5}
        free = minimize(loss, free, method="L-BFGS-B", options=options).x
    parameters = np.asarray(model.transform_params(free), float)
    return parameters, _process(model, parameters).likelihood(values)[1]


def _process(model: Any, parameters: Array) -> Arma:  # noqa: ANN401
    """Return the process of a model of statsmodels, whose order of parameters this is."""
    p, _, q = model.order
    seasonal_p, _, _, season = model.seasonal_order
    ar, ma, seasonal_ar, seasonal_ma = np.split(parameters, np.cumsum([p, q, seasonal_p]))
    return Arma(
        np.convolve(_polynomial(-ar, 1), _polynomial(-seasonal_ar, season)),
        np.convolve(_polynomial(ma, 1), _polynomial(seasonal_ma, season)),
    )


def _polynomial(coefficients: Array, every: int) -> Array:
    """Return a polynomial of every so many powers, from the power 0 on, whose first is 1."""
    found = np.zeros(len(coefficients) * every + 1)
    found[0] = 1.0
    found[every::every] = coefficients
    return found
