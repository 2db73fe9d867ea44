"""The peers: each forecasts many daily series at once, as its own documentation recommends.

A peer takes the past (days × series), the covariates (days × names, over past and future) and the
number of processes or threads, and returns a mean and 19 quantiles for every series and future day.
Interval ends are turned into quantiles: the 80 % interval ends at q10 and q90. No peer knows that
counts can't be negative: whoever writes their forecasts clips them at zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SEASON = 7
QUANTILES = tuple(round(0.05 * k, 2) for k in range(1, 20))
INTERVALS = tuple(range(10, 100, 10))  # central intervals in %; their ends and the middle are 19
WINDOWS = 4  # of the past, from whose errors mlforecast takes its intervals
BATCH = 64  # series given to fracast at once


@dataclass(frozen=True)
class Made:
    """A forecast: *mean* (days × series) and *quantiles* (days × series × 19)."""

    mean: Floats
    quantiles: Floats


@dataclass(frozen=True)
class Asked:
    """What a peer is given.

    Args:
        past: one row a day, one column a series (names of columns are text); NaN unobserved.
        covariates: one row a day, past days first, then the days to forecast.
        jobs: processes or threads it may use.
    """

    past: pd.DataFrame
    covariates: pd.DataFrame
    jobs: int

    @property
    def horizon(self) -> int:
        """Number of days to forecast."""
        return len(self.covariates) - len(self.past)

    def filled(self) -> pd.DataFrame:
        """Return the past with unobserved days filled, for peers that can't leave them out.

        They take the count of one week before, or of one week later where that is missing too.
        """
        filled = self.past
        while filled.isna().to_numpy().any():
            filled = filled.fillna(filled.shift(SEASON)).fillna(filled.shift(-SEASON))
        return filled

    def long(self) -> pd.DataFrame:
        """Return the filled past as unique_id, ds, y."""
        by_day = self.filled().rename_axis("ds")
        long = by_day.melt(ignore_index=False, var_name="unique_id", value_name="y")
        return long.reset_index().astype({"unique_id": "object"})

    def ahead(self) -> pd.DataFrame:
        """Return the covariates of the days to forecast, for every series."""
        days = self.covariates.iloc[len(self.past) :].rename_axis("ds").reset_index()
        names = pd.DataFrame({"unique_id": self.past.columns.astype("object")})
        return names.merge(days, how="cross")


Peer = Callable[[Asked], Made]


def seasonal_naive(asked: Asked) -> Made:
    """Forecast with statsforecast's SeasonalNaive: the same weekday of the last week."""
    from statsforecast.models import SeasonalNaive  # noqa: PLC0415 - each peer loads only its own

    return _statsforecast(asked, SeasonalNaive(season_length=SEASON))


class AutoArima:
    """Statsforecast's AutoARIMA, holidays as regressors.

    Between two searches of orders the fitted model takes in the new days with its own `forward`:
    orders and coefficients stay.

    Args:
        refit_every: origins from one search to the next.
    """

    def __init__(self, refit_every: int) -> None:
        self._refit_every = refit_every
        self._seen = 0
        self._models: list[Any] = []

    def __call__(self, asked: Asked) -> Made:
        """Forecast from the next origin; the series are the same each time."""
        from joblib import Parallel, delayed  # noqa: PLC0415

        filled, known = asked.filled(), asked.covariates.to_numpy()
        before, after = known[: len(filled)], known[len(filled) :]
        series = [filled[name].to_numpy() for name in filled]
        parallel = Parallel(n_jobs=asked.jobs)
        if self._seen % self._refit_every == 0:
            self._models = list(parallel(delayed(_arima)(y, before) for y in series))
        self._seen += 1
        ahead = asked.horizon, before, after
        quantiles = parallel(
            delayed(_forward)(model, y, ahead)
            for model, y in zip(self._models, series, strict=True)
        )
        found = np.stack(list(quantiles), axis=1)
        return Made(mean=found[:, :, len(INTERVALS)].copy(), quantiles=found)


def auto_ets(asked: Asked) -> Made:
    """Forecast with statsforecast's AutoETS, which takes no covariates."""
    from statsforecast.models import AutoETS  # noqa: PLC0415

    return _statsforecast(asked, AutoETS(season_length=SEASON))


def mstl(asked: Asked) -> Made:
    """Forecast with statsforecast's MSTL of the week; its trend by AutoETS, no covariates."""
    from statsforecast.models import MSTL  # noqa: PLC0415

    return _statsforecast(asked, MSTL(season_length=SEASON))


def boosted(asked: Asked) -> Made:
    """Forecast with mlforecast and LightGBM, one model over all series, holidays as features.

    Lags of one to four weeks, rolling and exponential means, weekday and month; every series scaled
    by its own mean and deviation; conformal intervals.
    """
    from lightgbm import LGBMRegressor  # noqa: PLC0415
    from mlforecast import MLForecast  # noqa: PLC0415
    from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean  # noqa: PLC0415
    from mlforecast.target_transforms import LocalStandardScaler  # noqa: PLC0415
    from mlforecast.utils import PredictionIntervals  # noqa: PLC0415

    model = MLForecast(
        models={"made": LGBMRegressor(random_state=0, verbosity=-1, n_jobs=asked.jobs)},
        freq="D",
        lags=[1, 7, 14, 21, 28],
        lag_transforms={
            1: [RollingMean(7), RollingMean(28), ExponentiallyWeightedMean(0.02)],
            7: [RollingMean(28)],
        },
        date_features=["dayofweek", "month"],
        target_transforms=[LocalStandardScaler()],
        num_threads=asked.jobs,
    )
    model.fit(
        asked.long().merge(asked.covariates, left_on="ds", right_index=True),
        static_features=[],
        prediction_intervals=PredictionIntervals(n_windows=WINDOWS, h=asked.horizon),
    )
    return _made(model.predict(asked.horizon, X_df=asked.ahead(), level=list(INTERVALS)), asked)


def zero_shot(asked: Asked) -> Made:
    """Forecast with fracast's shipped weights: no fitting, no covariates, gaps left as gaps.

    It gives q10 … q90. The others are drawn through them on a normal scale, and the mean is the
    mean of the 19.
    """
    import torch  # noqa: PLC0415
    from fracast import FracastModel  # noqa: PLC0415
    from scipy.stats import norm  # noqa: PLC0415

    torch.set_num_threads(asked.jobs)
    model = FracastModel.from_pretrained(device="cpu")
    context = asked.past.to_numpy().T
    given = np.concatenate(
        [
            model.forecast_batch(context[at : at + BATCH], horizon=asked.horizon)
            for at in range(0, len(context), BATCH)
        ]
    )
    given = np.sort(given.swapaxes(0, 1).astype(np.float64), axis=-1)  # days × series × 9
    known, wanted = (np.asarray(norm.ppf(at)) for at in (model.quantiles, QUANTILES))
    quantiles = _through(known, wanted, given)
    return Made(mean=quantiles.mean(axis=-1), quantiles=quantiles)


_WITHOUT_MEMORY: Mapping[str, Peer] = {
    "seasonal-naive": seasonal_naive,
    "auto-ets": auto_ets,
    "mstl": mstl,
    "mlforecast-lightgbm": boosted,
    "fracast": zero_shot,
}


def peer(name: str, refit_every: int) -> Peer:
    """Return a peer by name; call it once an origin, in order.

    Args:
        name: as the command has it.
        refit_every: origins between AutoARIMA's searches; the others fit at every origin.
    """
    return AutoArima(refit_every) if name == "auto-arima" else _WITHOUT_MEMORY[name]


def _statsforecast(asked: Asked, model: Any) -> Made:  # noqa: ANN401 - its library ships no types
    from statsforecast import StatsForecast  # noqa: PLC0415

    model.alias = "made"
    made = StatsForecast(models=[model], freq="D", n_jobs=asked.jobs).forecast(
        df=asked.long(), h=asked.horizon, level=list(INTERVALS)
    )
    return _made(made, asked)


def _arima(y: Floats, covariates: Floats) -> Any:  # noqa: ANN401
    from statsforecast.models import AutoARIMA  # noqa: PLC0415

    return AutoARIMA(season_length=SEASON).fit(y, covariates)


def _forward(model: Any, y: Floats, ahead: tuple[int, Floats, Floats]) -> Floats:  # noqa: ANN401
    """Return the quantiles of a fitted model that takes in *y*, shape (days, 19)."""
    horizon, before, after = ahead
    made = model.forward(y, horizon, before, after, level=list(INTERVALS))
    low = [made[f"lo-{interval}"] for interval in reversed(INTERVALS)]
    high = [made[f"hi-{interval}"] for interval in INTERVALS]
    return np.stack([*low, made["mean"], *high], axis=-1)


def _made(frame: pd.DataFrame, asked: Asked) -> Made:
    names = [f"made-lo-{interval}" for interval in reversed(INTERVALS)]
    names += ["made", *(f"made-hi-{interval}" for interval in INTERVALS)]
    days = asked.covariates.index[len(asked.past) :]
    order = pd.MultiIndex.from_product([asked.past.columns, days], names=["unique_id", "ds"])
    values = frame.set_index(["unique_id", "ds"]).reindex(order)[names].to_numpy(dtype=np.float64)
    quantiles = values.reshape(len(asked.past.columns), len(days), len(names)).swapaxes(0, 1)
    return Made(mean=quantiles[:, :, len(INTERVALS)].copy(), quantiles=quantiles)


def _through(known: Floats, wanted: Floats, values: Floats) -> Floats:
    """Return *values*, given at *known*, at *wanted*: straight lines, the outer ones prolonged."""
    right = np.clip(np.searchsorted(known, wanted), 1, len(known) - 1)
    share = (wanted - known[right - 1]) / (known[right] - known[right - 1])
    low, high = values[..., right - 1], values[..., right]
    made: Floats = low + share * (high - low)
    return made
