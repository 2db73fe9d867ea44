"""The shape that the calendar gives to missing-person reports: one Poisson regression for all.

1. log(expected reports of a place and day) = level + log(share of the place) + terms: weekday, one
   or two harmonics of the year, public and school holidays, tourism and events where known.
2. The terms' coefficients are shared by all places and held by normal priors (`Priors`); the level
   is free. Tourism and events differ from place to place, so they move reports between places.
3. The mode is found by Newton's method with steps held to 1, so that it can't run away where few
   reports are known.

Source:
    McCullagh & Nelder (1989), Generalized Linear Models, chapter 6; priors and the number of
    harmonics: docs/experiments/008-missing-person-model.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from forewatch.arrays import Array
from models.missing.reports import Reports
from models.missing.settings import Priors
from models.shrinkage import shrunk
from models.terms import WEEKDAYS, Term, design, terms

Kind = Literal["week", "season", "two_seasons"]
_HARMONICS: dict[Kind, int] = {"season": 1, "two_seasons": 2}
_ROUNDS = 30
_CLOSE = 1e-8
_LARGEST_STEP = 1.0
_MOST_SCALED = 50.0  # a place known for a day says next to nothing of its share


@dataclass(frozen=True)
class Shape:
    """Coefficients of the calendar's terms.

    Args:
        terms: weekdays first.
        coefficients: on the log scale, shape (terms,).
    """

    terms: tuple[Term, ...]
    coefficients: Array

    def effect(self, seen: Reports) -> Array:
        """Return the factor of each day and place, shape (D + H, P).

        Terms that the reports' panel does not have (a kind of holiday that is gone) count as 0.
        """
        return np.asarray(np.exp(columns(seen, self.terms) @ self.coefficients))

    def state(self) -> dict[str, Any]:
        """Return terms and coefficients."""
        return {"terms": [t.state() for t in self.terms], "coefficients": self.coefficients}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Shape:
        """Return the shape whose state this was."""
        found = tuple(map(Term.from_state, state["terms"]))
        return cls(found, np.asarray(state["coefficients"]))


def columns(seen: Reports, chosen: tuple[Term, ...]) -> Array:
    """Return the terms' columns, shape (D + H, P, terms)."""
    return np.asarray(design(seen.panel, chosen)[seen.column].transpose(1, 0, 2))


def shape_of(
    seen: Reports, kind: Kind, priors: Priors, half_life_days: float | None = None
) -> Shape:
    """Return the shape that the past has.

    Args:
        seen: the reports.
        kind: which terms: the week alone, with one harmonic and everything else, or with two.
        priors: how large effects are thought to be.
        half_life_days: how fast older days lose weight; None: not at all.
    """
    chosen = _terms(seen, kind)
    sd = np.array([_sd(term, priors) for term in chosen])
    past = len(seen.days)
    known = seen.known
    age = np.arange(past, 0, -1.0)
    weight = np.ones(past) if half_life_days is None else 0.5 ** (age / half_life_days)
    share = place_shares(seen, np.ones_like(seen.filled))
    rows = columns(seen, chosen)[:past][known]
    each = np.broadcast_to(weight[:, None], known.shape)[known]
    offset = np.broadcast_to(np.log(share), known.shape)[known]
    return Shape(chosen, poisson_mode(rows, seen.counts[known], each, offset, 1 / sd**2))


def place_shares(seen: Reports, effect: Array) -> Array:
    """Return the places' shares, from their reports and the effects of the days known, (P,).

    A place that is new or not always observed is not taken for a quiet one.

    Args:
        seen: the reports.
        effect: factor of each day of the past and place, shape (D, P).
    """
    exposure = (effect * seen.known).sum(0)
    widest = max(float(exposure.max()), 1e-9)
    scale = np.divide(widest, exposure, out=np.zeros_like(exposure), where=exposure > 0)
    return shrunk(seen.filled.sum(0) * np.minimum(scale, _MOST_SCALED), seen.prior)


def _terms(seen: Reports, kind: Kind) -> tuple[Term, ...]:
    if kind == "week":
        return WEEKDAYS
    return terms(seen.panel.covariates.features, _HARMONICS[kind])


def _sd(term: Term, priors: Priors) -> float:
    """Return the prior standard deviation of a term's coefficient."""
    key = term.prior.recipe_key
    return float(getattr(priors, key)) if key else term.prior.sd


def poisson_mode(
    rows: Array, counts: Array, weight: Array, offset: Array, precision: Array
) -> Array:
    """Return the coefficients of a Poisson regression with normal priors, shape (terms,).

    Args:
        rows: the terms, without the level, which is free; shape (rows, terms).
        counts: what was counted, shape (rows,).
        weight: how often each row counts, same shape.
        offset: what is known of its log mean, same shape.
        precision: 1 ÷ variance of each coefficient's prior, shape (terms,).
    """
    total = (weight * counts).sum()
    if total <= 0:
        return np.zeros(rows.shape[1])
    table = np.column_stack([np.ones(len(rows)), rows])
    hold = np.append(0.0, precision)
    found = np.zeros(table.shape[1])
    found[0] = np.log(total / (weight * np.exp(offset)).sum())
    for _ in range(_ROUNDS):
        mean = weight * np.exp(table @ found + offset)
        slope = table.T @ (weight * counts - mean) - hold * found
        curve = (table * mean[:, None]).T @ table + np.diag(hold)
        step = np.clip(np.linalg.solve(curve, slope), -_LARGEST_STEP, _LARGEST_STEP)
        found += step
        if np.abs(step).max() < _CLOSE:
            break
    return np.asarray(found[1:])
