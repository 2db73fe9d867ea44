"""A ridge log-linear model of daily counts, for all series at once.

    expected(day, series) = level(day, series) × hours of the day ÷ 24 × exp(terms × coefficients)

1. The *level* is an exponentially decaying mean of the counts with the effects of the calendar
   taken out; looking back over the past it uses the days before and after, ahead only the last,
   with the memory that forecast best so far at that lead (`models.level_bank`).
2. The *coefficients* are found by penalised Poisson iterations given the level, then the level
   given the coefficients, a few times in turn.
3. Each named holiday, its eve and the day after it deviate from the others (`models.named_days`).
4. So does each week of the year, as far as the years agree on it (`models.weeks_of_year`).
5. Children are shrunk towards their parents: an area and a call type towards the whole force, a
   place × call type towards the sum of both deviations.
6. Small series borrow the recent change of their level from their parents.

Source:
    McCullagh & Nelder (1989), Generalized Linear Models, section 2.5 (iterations); Hastie &
    Tibshirani (1990), Generalized Additive Models, section 4.4 (level and terms in turn);
    docs/experiments/003-members-on-wales.md (half-lives).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from features.panel import Panel
from forewatch.arrays import Array, Index
from models import weeks_of_year
from models.base import Series, State, check_series, series_from, series_of
from models.level import Level
from models.level_bank import LevelBank
from models.member_settings import LoglinearSettings
from models.named_days import Expectation, deviations, effect_of, named_days
from models.terms import Term, design, terms
from models.yearly import credible_shares

HOURS_OF_DAY = 24.0
_STRONGEST = 2.5  # no calendar makes a day more than exp(2.5) = 12 times another
_ITERATIONS = 4
_LEAST_SHARE = 1e-6  # of a yearly cycle that is not believed at all


class Loglinear:
    """The log-linear member; see the module for the method."""

    name = "loglinear"

    def __init__(self, settings: LoglinearSettings | None = None) -> None:
        self.settings = settings or LoglinearSettings()
        self.series_: Series | None = None
        self.terms_: tuple[Term, ...] = ()
        self.coefficients_: Array = np.zeros((0, 0))
        self.named_: tuple[str, ...] = ()
        self.deviations_: Array = np.zeros((0, 0))
        self.weeks_: Array = np.zeros((0, 0))
        self.weights_: Array = np.zeros((0, 0, 0))

    def fit(self, panel: Panel) -> Self:
        """Learn the coefficients, shape (N, terms), from the panel's past."""
        # Members that differ in what they carry ahead learn the same of the past.
        asked = self.settings.model_copy(update={"ahead_half_lives_days": ()})
        if asked not in panel.fits:
            panel.fits[asked] = self._fit_past(panel)
        past: _PastFit = panel.fits[asked]
        self.series_, self.terms_ = series_of(panel), past.terms
        self.coefficients_ = past.coefficients
        self.named_, self.deviations_, self.weeks_ = past.named, past.deviations, past.weeks
        level = Level.of(panel, self.settings.level_trust_calls)
        self.weights_ = self._bank.weights(level, past.effect)
        return self

    def _fit_past(self, panel: Panel) -> _PastFit:
        """Return what the past teaches, whatever is carried ahead."""
        chosen = terms(panel.covariates.features, self.settings.harmonics)
        days, n = panel.counts.shape
        columns = design(panel, chosen)[:, :days]
        level = Level.of(panel, self.settings.level_trust_calls)
        fit = _Fit(panel, chosen, level, self.settings)
        coefficients = np.zeros((n, len(chosen)))
        dispersion, apart = np.ones(n), np.ones((days, n))
        named, own = named_days(panel), np.zeros((n, 0))
        for _ in range(self.settings.rounds):
            effect = _effect(columns, coefficients, panel) * apart
            path = level.path(effect, self.settings.level_half_life_days)
            for series in level.lineage.generations:
                fit.improve(coefficients, series, path * apart, dispersion)
            plain = path * _effect(columns, coefficients, panel)
            if named and panel.special is not None:
                seen = fit.expectation(plain, dispersion)
                own = deviations(panel, named, level.lineage, seen)
                apart = effect_of(panel.special, named, own, panel.area_of)[:days]
            dispersion = fit.dispersion(plain * apart)
        effect, weeks = _effect(columns, coefficients, panel) * apart, np.zeros((0, n))
        if self.settings.harmonics and weeks_of_year.has_years_to_compare(panel):
            seen = fit.expectation(plain * apart, dispersion)
            weeks = weeks_of_year.week_deviations(panel, level.lineage, seen)
            effect *= weeks_of_year.week_effect(panel, weeks)[:days]
        return _PastFit(chosen, coefficients, named, own, weeks, effect)

    def predict(self, panel: Panel) -> Array:
        """Return expected calls for the horizon, shape (H, N), the level taken from the panel."""
        effect = self.effect(panel)
        return self.levels_ahead(panel, effect) * effect[len(panel.days) :]

    def levels_ahead(self, panel: Panel, effect: Array) -> Array:
        """Return the level that each day of the horizon is forecast with, shape (H, N)."""
        level = Level.of(panel, self.settings.level_trust_calls)
        days = len(panel.days)
        return self._bank.ahead(level, effect[:days], self.weights_, len(panel.horizon))

    @property
    def _bank(self) -> LevelBank:
        return LevelBank(self.settings.ahead_half_lives_days, self.settings.long_half_life_days)

    def effect(self, panel: Panel) -> Array:
        """Return what one call of level becomes on each day, hours included; (D + H, N)."""
        check_series(self.name, self.series_, panel)
        effect = _effect(design(panel, self.terms_), self.coefficients_, panel)
        return self._with_dates(panel, effect)

    def yearly_effect(self, panel: Panel) -> Array:
        """Return the factor of what comes once a year on each day, shape (D + H, N).

        That is season, tourism, and what named holidays and weeks have beyond the terms.
        """
        check_series(self.name, self.series_, panel)
        yearly = np.array([term.prior.harmonic > 0 for term in self.terms_])
        kept = np.where(yearly, self.coefficients_, 0.0)
        return self._with_dates(panel, _factor(design(panel, self.terms_), kept, panel))

    def half_level(self, panel: Panel) -> Array:
        """Return the root of level ÷ typical level, of the past and carried ahead, (D + H, N)."""
        level, effect = Level.of(panel, self.settings.level_trust_calls), self.effect(panel)
        path = level.path(effect[: len(panel.days)], self.settings.level_half_life_days)
        levels = np.concatenate([path, self.levels_ahead(panel, effect)])
        return np.asarray(np.sqrt(levels / level.typical))

    def _with_dates(self, panel: Panel, factor: Array) -> Array:
        """Return a factor with what named holidays and weeks of the year have beyond the terms."""
        if self.named_ and panel.special is not None:
            factor = factor * effect_of(panel.special, self.named_, self.deviations_, panel.area_of)
        if len(self.weeks_):
            factor = factor * weeks_of_year.week_effect(panel, self.weeks_)
        return factor

    def levels(self, panel: Panel, effect: Array) -> Array:
        """Return the level as known before each day and at the end of the past, (D + 1, N)."""
        settings = self.settings
        level = Level.of(panel, settings.level_trust_calls)
        return level.before_each_day(
            effect[: len(panel.days)], settings.level_half_life_days, settings.long_half_life_days
        )

    def state(self) -> State:
        """Return settings, series, terms, coefficients, named days, weeks, weights of the bank."""
        return {
            "settings": self.settings.model_dump(),
            "series": [list(pair) for pair in self.series_ or ()],
            "terms": [term.state() for term in self.terms_],
            "coefficients": self.coefficients_,
            "named": list(self.named_),
            "deviations": self.deviations_,
            "weeks": self.weeks_,
            "weights": self.weights_,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the member whose state this was."""
        member = cls(LoglinearSettings(**state["settings"]))
        member.series_ = series_from(state["series"])
        member.terms_ = tuple(map(Term.from_state, state["terms"]))
        member.coefficients_ = np.asarray(state["coefficients"], float)
        member.named_ = tuple(state["named"])
        member.deviations_ = np.asarray(state["deviations"], float)
        member.weeks_ = np.asarray(state["weeks"], float)
        member.weights_ = np.asarray(state["weights"], float)
        return member


@dataclass(frozen=True)
class _PastFit:
    """Terms and coefficients, names and weeks with their deviations, the effect of all by day."""

    terms: tuple[Term, ...]
    coefficients: Array
    named: tuple[str, ...]
    deviations: Array
    weeks: Array
    effect: Array


class _Fit:
    """Penalised Poisson iterations for the coefficients, given the level."""

    def __init__(
        self, panel: Panel, chosen: tuple[Term, ...], level: Level, settings: LoglinearSettings
    ) -> None:
        days = len(panel.days)
        self.level = level
        self.area_of = panel.area_of
        columns = design(panel, chosen)[:, :days]
        # an intercept takes up what the level leaves over, and is not kept
        self.columns = np.concatenate([columns, np.ones((*columns.shape[:2], 1))], axis=2)
        self.hours = panel.hours[:days, None] / HOURS_OF_DAY
        age = np.arange(days)[::-1]
        self.weight = 0.5 ** (age / settings.coefficient_half_life_days)
        self.sd = np.array([t.prior.sd for t in chosen])
        self.child_sd = np.array([t.prior.child_sd for t in chosen])
        self.harmonic = np.array([t.prior.harmonic for t in chosen])

    def improve(self, coefficients: Array, series: Index, path: Array, dispersion: Array) -> None:
        """Take Newton steps for one generation of series, in place; their parents stay."""
        prior = self.level.lineage.from_parents(coefficients, series)
        doubt = self._yearly_doubt(np.where(self.harmonic, prior, coefficients[series]), series)
        sd = self.child_sd if series[0] else self.sd
        for area in np.unique(self.area_of[series]):
            here = np.flatnonzero(self.area_of[series] == area)
            which = series[here]
            coefficients[which] = _solve(
                self.columns[area],
                _Target(
                    self.level.counts[:, which],
                    path[:, which] * self.hours,
                    self.weight[:, None] * self.level.known[:, which] / dispersion[which],
                ),
                coefficients[which],
                _Ridge(prior[here], 1 / sd**2, doubt[here]),
            )

    def dispersion(self, expected: Array) -> Array:
        """Return the Pearson dispersion of each series, at least 1, shape (N,)."""
        weight = self.weight[:, None] * self.level.known
        squares = weight * (self.level.counts - expected) ** 2 / expected
        return np.asarray(np.maximum(squares.sum(0) / np.maximum(weight.sum(0), 1.0), 1.0))

    def expectation(self, expected: Array, dispersion: Array) -> Expectation:
        """Return what is expected of the past, for what is found after the terms."""
        weight = self.weight[:, None] * self.level.known
        return Expectation(self.level.counts, expected, weight, dispersion)

    def _yearly_doubt(self, without: Array, series: Index) -> Array:
        """Return the doubt in each yearly term given coefficients without them, (n, terms)."""
        expected = np.empty((len(self.weight), len(series)))
        for area in np.unique(self.area_of[series]):
            here = self.area_of[series] == area
            expected[:, here] = np.exp(_linear(self.columns[area][:, :-1], without[here]))
        known = self.level.known[:, series]
        expected = np.where(known, expected * self.hours, 0.0)
        counts = self.level.counts[:, series]
        expected *= counts.sum(0) / np.maximum(expected.sum(0), 1e-12)
        share = np.maximum(credible_shares(counts, expected), _LEAST_SHARE)
        share = np.concatenate([np.ones((len(series), 1)), share], axis=1)
        return np.asarray(1 / share - 1)[:, self.harmonic]


@dataclass(frozen=True)
class _Ridge:
    """What is thought of the coefficients of n series beforehand.

    Args:
        centre: what they are drawn to, shape (n, terms).
        precision: 1 ÷ variance, shape (terms,).
        doubt: pull towards the centre per information of the data, shape (n, terms).
    """

    centre: Array
    precision: Array
    doubt: Array

    def with_intercept(self) -> _Ridge:
        """Return the same with an all but free intercept as last term."""
        edge = np.zeros((len(self.centre), 1))
        return _Ridge(
            np.concatenate([self.centre, edge], axis=1),
            np.append(self.precision, 1.0),
            np.concatenate([self.doubt, edge], axis=1),
        )


def _solve(columns: Array, target: _Target, start: Array, ridge: _Ridge) -> Array:
    """Return the coefficients of series that share their columns, shape (n, terms)."""
    n, size = len(start), columns.shape[1]
    ridge = ridge.with_intercept()
    found = np.concatenate([start, np.zeros((n, 1))], axis=1)
    pairs = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)
    diagonal = np.arange(size)
    for _ in range(_ITERATIONS):
        expected = target.offset * np.exp(_linear(columns, found))
        information = ((target.weight * expected).T @ pairs).reshape(n, size, size)
        precision = ridge.precision + ridge.doubt * information[:, diagonal, diagonal]
        slope = (target.weight * (target.counts - expected)).T @ columns
        slope -= precision * (found - ridge.centre)
        information[:, diagonal, diagonal] += precision
        step = np.linalg.solve(information, slope[:, :, None])[:, :, 0]
        found = found + np.clip(step, -1, 1)
    return found[:, :-1]


@dataclass(frozen=True)
class _Target:
    """Counts of some series with their offsets and weights, each of shape (D, n)."""

    counts: Array
    offset: Array
    weight: Array


def _linear(columns: Array, coefficients: Array) -> Array:
    """Return the effects on the log scale, bounded, shape (days, series)."""
    return np.asarray(np.clip(columns @ coefficients.T, -_STRONGEST, _STRONGEST))


def _effect(columns: Array, coefficients: Array, panel: Panel) -> Array:
    """Return what one call of level becomes on each day of the columns, shape (days, N)."""
    days = columns.shape[1]
    return _factor(columns, coefficients, panel) * panel.hours[:days, None] / HOURS_OF_DAY


def _factor(columns: Array, coefficients: Array, panel: Panel) -> Array:
    """Return the factor of the terms on each day of the columns, shape (days, N)."""
    found = np.empty((columns.shape[1], len(coefficients)))
    for area in np.unique(panel.area_of):
        here = panel.area_of == area
        found[:, here] = np.exp(_linear(columns[area], coefficients[here]))
    return found
