"""The test of uniformity: right where days of a week move together, and it sees what is off."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from benchmarks.accuracy.forecasts import Targets
from benchmarks.accuracy.regret import known, p_value, tables
from benchmarks.accuracy.scoring import Case
from benchmarks.accuracy.truth import truth
from forewatch.history import History
from sources.synthetic import DemoForce

WEEKS, DAYS = 52, 70


def transforms(rng: np.random.Generator, shared: float, shift: float = 0.0) -> NDArray[np.float64]:
    """Draw u of days that share a week's shock, uniform if shift is 0; shape (weeks, days)."""
    week, own = rng.standard_normal((WEEKS, 1)), rng.standard_normal((WEEKS, DAYS))
    z = np.sqrt(shared) * week + np.sqrt(1 - shared) * own + shift
    return np.asarray(special.ndtr(z))


@pytest.mark.parametrize("shared", [0.0, 0.5])
def test_what_is_right_is_rarely_rejected(shared: float) -> None:
    rng = np.random.default_rng(1)
    week = np.repeat(np.arange(WEEKS)[:, None], DAYS, axis=1)
    found = np.array([p_value(transforms(rng, shared), week) for _ in range(400)])
    assert (found < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    assert (found < 0.01).mean() <= 0.035


def test_a_test_that_takes_days_for_independent_would_reject_it() -> None:
    rng = np.random.default_rng(2)
    each = np.arange(WEEKS * DAYS).reshape(WEEKS, DAYS)
    found = np.array([p_value(transforms(rng, 0.5), each) for _ in range(50)])
    assert (found < 0.01).mean() > 0.5


def test_what_is_shifted_or_too_wide_is_rejected() -> None:
    rng = np.random.default_rng(3)
    week = np.repeat(np.arange(WEEKS)[:, None], DAYS, axis=1)
    assert p_value(transforms(rng, 0.1, shift=0.3), week) < 0.01
    narrow = 0.5 + 0.7 * (transforms(rng, 0.1) - 0.5)
    assert p_value(narrow, week) < 0.01


def test_too_few_weeks_give_no_verdict() -> None:
    assert np.isnan(p_value(np.full((9, 3), 0.5), np.repeat(np.arange(9)[:, None], 3, axis=1)))


def test_the_truth_has_no_regret_and_is_not_rejected(
    town: DemoForce, town_history: History
) -> None:
    tree = town_history.tree
    series = [(tree.root, "all", "all")]
    series += [(area, "all", "all") for area in tree.at_level("district")]
    happened = truth(town_history, series, "day")
    days = np.flatnonzero(np.isfinite(happened.counts).all(1))[-280:]
    starts = happened.edges[:-1][days]
    lead = np.tile(np.arange(1, 15), 20)
    origin = np.repeat(np.arange(20), 14)
    targets = Targets(origin, starts[::14], starts, lead, tuple(series))
    level = ("force", "district", "district", "district")
    case = Case(targets, happened.counts[days], (), level, np.ones(4))
    true = known(town.truth, case, town_history)
    assert float(np.nanmean(case.counts) / true.mean.mean()) == pytest.approx(1, abs=0.03)
    both = Case(targets, case.counts, (true, true), level, np.ones(4))
    regrets, tests = tables(both, [(1, 7), (8, 14)])
    assert set(regrets.rows["regret"]) == {"1.000"}
    assert (tests.rows["p truth"].astype(float) > 0.01).all()
    assert "in 4 of 4 strata" in tests.title
