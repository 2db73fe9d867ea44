"""SARIMA with calendar covariates, one a series, for the series that carry signal.

1. Series: the whole force, areas and call types with enough calls a day; cells have none.
2. Season: a weekly SARIMA knows of no year. Counts are divided by the yearly effect (season,
   tourism) of a log-linear model, which believes a cycle as far as the years show it, and the
   forecast is multiplied by it.
3. Level: its likelihood, that of tomorrow, says next to nothing of a level that moves over months,
   and takes the mean of all years for it. So half of the log-linear level's way (the root of level
   ÷ typical level) is taken out with the season and carried ahead; the other half goes back to
   the mean. All of it is better where levels move, none where they don't, and the blend has a
   member that follows all of it.
4. Scale: square roots, on which counts have about the same spread at every level. A forecast is
   brought back as mean² + variance, so that it is a mean again.
5. Model: (1,0,1)(0,1,1) with season 7 and a few special days as covariates: their effects by ridge
   least squares, the rest by maximum likelihood; unknown days are missing, not zero. An effect is
   drawn to nothing by what the chance of the days it was seen on is, beside the prior of its
   feature (`features.declaration`): half of what New Year's Eve did once at 40 calls a day.
6. Kept are the orders and the parameters. A later panel is filtered with them, without a new fit.
7. A fit that fails, or a forecast that leaves the range of the recent level, is left out (NaN) and
   named in `replaced_`: the engine gives its weight to the other members. The effect of a
   covariate that few days have (1 January) is learned from these few: such days are cut to the
   range, and the others tell whether the fit failed.

Source:
    Box, Jenkins, Reinsel & Ljung (2015), Time Series Analysis, 5th ed., chapter 9; Durbin & Koopman
    (2012), Time Series Analysis by State Space Methods, section 4.10 (missing observations);
    docs/experiments/023-weights-and-sarima-level.md, 024-what-few-days-teach.md.
"""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from statsmodels.tsa.statespace.sarimax import SARIMAX
from threadpoolctl import threadpool_limits

from features.panel import CELL, Panel
from forewatch.arrays import Array, Mask
from forewatch.clock import WEEK_DAYS
from forewatch.errors import NotEnoughHistory
from models.arma import likeliest
from models.base import Series, State, check_series, series_from, series_of
from models.loglinear import Loglinear
from models.member_settings import SarimaSettings

_LEAST_WEEKS = 26
_RECENT_DAYS = 56
_FILTER_DAYS = 400  # a state of a weekly season forgets what lies further back
_FEW = 0.1  # of the days of the past: more have a school holiday, fewer a public one
# What statsmodels warns of while it looks for a start; the fit is judged by its forecast below.
_LOOKING = "Non-stationary|Non-invertible|Maximum Likelihood|Too few observations|divide|overflow"


class Sarima:
    """The SARIMA member; see the module for the method.

    Args:
        settings: orders and bounds.
        jobs: processes to fit in.
    """

    name = "sarima"

    def __init__(self, settings: SarimaSettings | None = None, jobs: int = 1) -> None:
        self.settings = settings or SarimaSettings()
        self.jobs = jobs
        self.plain_ = Loglinear(self.settings.plain)
        self.series_: Series | None = None
        self.covariates_: tuple[tuple[str, ...], ...] = ()
        self.fitted_: dict[int, Array] = {}
        self.replaced_: dict[str, str] = {}

    def fit(self, panel: Panel) -> Self:
        """Learn the parameters of each series with signal.

        Raises:
            NotEnoughHistory: if fewer than 26 weeks are known of the whole force.
        """
        known = int(np.isfinite(panel.counts[:, 0]).sum())
        if known < _LEAST_WEEKS * WEEK_DAYS:
            raise NotEnoughHistory(
                f"sarima needs {_LEAST_WEEKS} weeks of counts, {known} days are known"
            )
        self.series_, self.replaced_ = series_of(panel), {}
        self.covariates_ = tuple(_covariates(panel, area) for area in range(len(_areas(panel))))
        self.plain_ = Loglinear(self.settings.plain).fit(panel)
        slow = self._slow(panel)
        chosen = self._chosen(panel)
        tasks = (delayed(_parameters)(*self._past(panel, i, slow), self.settings) for i in chosen)
        with threadpool_limits(1):
            found = Parallel(n_jobs=self.jobs)(tasks)
        self.fitted_ = {}
        for i, parameters in zip(chosen, found, strict=True):
            if isinstance(parameters, str):
                self.replaced_["/".join(self.series_[i])] = parameters
            else:
                self.fitted_[i] = parameters
        return self

    def predict(self, panel: Panel) -> Array:
        """Return expected calls for the horizon, shape (H, N); NaN for a series left out."""
        check_series(self.name, self.series_, panel)
        with threadpool_limits(1):  # once: to look for the libraries takes longer than a forecast
            return self._predictions(panel)

    def _predictions(self, panel: Panel) -> Array:
        """Return what `predict` does."""
        found = np.full((len(panel.horizon), len(panel.keys)), np.nan)
        slow = self._slow(panel)
        for i, parameters in self.fitted_.items():
            roots, past, ahead = self._model(panel, i, slow)
            recent = panel.counts[-_RECENT_DAYS:, i]
            level = float(np.nanmean(recent)) if np.isfinite(recent).any() else np.nan
            last = min(_FILTER_DAYS, len(roots))
            mean = _forecast(roots[-last:], past[-last:], ahead, parameters, self.settings)
            mean *= slow[len(panel.days) :, i]
            low, high = self.settings.least_ratio * level, self.settings.most_ratio * level
            usual = mean[_usual_days(past[-len(roots) :], ahead)]
            is_fit = level > 0 and np.isfinite(mean).all()
            if is_fit and (usual >= low).all() and (usual <= high).all():
                found[:, i] = np.clip(mean, low, high)
            else:
                self._replace(panel, i)
        return found

    def state(self) -> State:
        """Return orders, series, covariates and one vector of parameters a series."""
        return {
            "settings": self.settings.model_dump(mode="json"),
            "series": [list(pair) for pair in self.series_ or ()],
            "covariates": [list(names) for names in self.covariates_],
            "parameters": {str(i): vector for i, vector in self.fitted_.items()},
            "plain": self.plain_.state(),
            "replaced": dict(self.replaced_),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the member whose state this was."""
        member = cls(SarimaSettings(**state["settings"]))
        member.series_ = series_from(state["series"])
        member.covariates_ = tuple(tuple(names) for names in state["covariates"])
        member.fitted_ = {int(i): np.asarray(v, float) for i, v in state["parameters"].items()}
        member.plain_ = Loglinear.from_state(state["plain"])
        member.replaced_ = dict(state["replaced"])
        return member

    def _replace(self, panel: Panel, i: int) -> None:
        name = "/".join(series_of(panel)[i])
        self.replaced_[name] = "its forecast left the range of the last 8 weeks"

    def _chosen(self, panel: Panel) -> list[int]:
        """Return the series worth a fit, the largest first."""
        days = np.isfinite(panel.counts).sum(axis=0)
        mean = np.nansum(panel.counts, axis=0) / np.maximum(days, 1)
        enough = (mean >= self.settings.least_calls) & (days >= _LEAST_WEEKS * WEEK_DAYS)
        fit = np.flatnonzero(enough & (panel.keys["level"] != CELL).to_numpy())
        return [int(i) for i in fit[np.argsort(-mean[fit], kind="stable")]][
            : self.settings.most_series
        ]

    def _slow(self, panel: Panel) -> Array:
        """Return what is taken out of the past and carried ahead, shape (D + H, N)."""
        return self.plain_.yearly_effect(panel) * self.plain_.half_level(panel)

    def _past(self, panel: Panel, i: int, slow: Array) -> tuple[Array, Array, Array]:
        """Return what a fit learns from: roots of the counts, covariates, sd of their effects."""
        roots, past, _ = self._model(panel, i, slow)
        sd = {f.name: f.prior.sd for f in panel.covariates.features if f.prior is not None}
        names = self.covariates_[int(panel.area_of[i])]
        # an effect on the log scale is half of it on that of roots, in parts of the root
        known = roots[np.isfinite(roots)]
        sizes = np.array([sd[name] for name in names]) * known.sum() / max(len(known), 1) / 2
        return roots, past[-len(roots) :], sizes

    def _model(self, panel: Panel, i: int, slow: Array) -> tuple[Array, Array, Array]:
        """Return roots of the counts, covariates of the past and of the horizon of a series.

        The counts are those of days of 24 hours, what moves slowly taken out.
        """
        area = int(panel.area_of[i])
        columns = np.nan_to_num(panel.covariates.named(self.covariates_[area])[:, area])
        days = len(panel.days)
        hours = panel.hours[:days] / 24.0
        roots = np.sqrt(panel.counts[:, i] / hours / slow[:days, i])
        return roots[-self.settings.last_days :], columns[:days], columns[days:]


def _areas(panel: Panel) -> tuple[str, ...]:
    return panel.covariates.areas


def _covariates(panel: Panel, area: int) -> tuple[str, ...]:
    """Return the covariates that vary in the past of an area, so that they can be learned."""
    names = tuple(f.name for f in panel.covariates.features if f.sight.sarima)
    past = np.nan_to_num(panel.covariates.named(names)[: len(panel.days), area])
    seen: list[str] = []
    kept = np.empty((len(past), 0))
    for i, name in enumerate(names):
        wider = np.column_stack([kept, past[:, i] - past[:, i].mean()])
        if np.linalg.matrix_rank(wider) > kept.shape[1]:
            seen.append(name)
            kept = wider
    return tuple(seen)


def _parameters(roots: Array, past: Array, sizes: Array, settings: SarimaSettings) -> Array | str:
    """Return the parameters of a series in statsmodels' order, or why there are none."""
    if not (roots > 0).any():  # NaN is not: of such a series no size of an effect is told
        return f"no call is known of the last {len(roots)} days, which a fit learns from"
    effects = _effects(roots, past, sizes, settings.seasonal_order[1])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _LOOKING)  # the search may end early: it is time-boxed
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        try:
            model = SARIMAX(
                pd.Series(roots - past @ effects),
                order=settings.order,
                seasonal_order=(*settings.seasonal_order, WEEK_DAYS),
                simple_differencing=True,
                concentrate_scale=True,
            )
            known = int(np.isfinite(model.endog).sum())
            if known <= len(model.param_names):
                return f"the fit failed: of its differences {known} are known, too few"
            process, variance = likeliest(model, settings.iterations)
        except (ValueError, np.linalg.LinAlgError) as error:
            return f"the fit failed: {error}"
    found = np.concatenate([effects, process, [variance]])
    return found if np.isfinite(found).all() else "the fit gave parameters that are no numbers"


def _effects(roots: Array, past: Array, sizes: Array, differences: int) -> Array:
    """Return the effects of the covariates by ridge least squares on seasonal differences.

    In one search with the other parameters they cost ten times as much for the same forecast.

    Args:
        roots: of counts, shape (D,); NaN unknown.
        past: covariates, shape (D, covariates).
        sizes: sd that the effects are thought to have, shape (covariates,).
        differences: how often to take them.
    """
    for _ in range(differences):
        roots = roots[WEEK_DAYS:] - roots[:-WEEK_DAYS]
        past = past[WEEK_DAYS:] - past[:-WEEK_DAYS]
    known = np.isfinite(roots)
    roots, past = roots[known], past[known]
    free = np.linalg.lstsq(past, roots, rcond=None)[0]
    variance = ((roots - past @ free) ** 2).mean() if len(roots) else 1.0
    table = np.concatenate([past, np.diag(np.sqrt(variance) / sizes)])
    target = np.concatenate([roots, np.zeros(len(sizes))])
    return np.asarray(np.linalg.lstsq(table, target, rcond=None)[0])


def _usual_days(past: Array, ahead: Array) -> Mask:
    """Return which days ahead have no covariate that few days had, shape (H,); all if none is so.

    Args:
        past: covariates of the days that a fit learns from, shape (D, covariates).
        ahead: those of the days ahead, shape (H, covariates).
    """
    seldom = (past != 0).mean(axis=0) < _FEW
    usual: Mask = (ahead[:, seldom] == 0).all(axis=1)
    return usual if usual.any() else np.ones_like(usual)


def _forecast(
    roots: Array, past: Array, ahead: Array, parameters: Array, settings: SarimaSettings
) -> Array:
    """Return expected calls of the days ahead, shape (H,)."""
    columns = np.concatenate([past, ahead])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        # The days ahead are unknown ones, so that one filter gives the forecast too.
        model = SARIMAX(
            pd.Series(np.append(roots, np.full(len(ahead), np.nan))),
            exog=columns if columns.shape[1] else None,
            order=settings.order,
            seasonal_order=(*settings.seasonal_order, WEEK_DAYS),
        )
        model.update(parameters)
        known = model.ssm.filter()
    mean = np.maximum(known.forecasts[0, len(roots) :], 0.0)
    return np.asarray(mean**2 + known.forecasts_error_cov[0, 0, len(roots) :])
