from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from features.panel import Panel
from models.missing.calendar_shape import place_shares, poisson_mode, shape_of
from models.missing.reports import Reports
from models.missing.settings import Priors


def reports_of(panel: Panel, counts: NDArray[np.float64]) -> Reports:
    """Return reports of a panel's places with given counts, shape (D, P)."""
    places = len(panel.places)
    return Reports(
        panel=panel,
        counts=counts,
        recorded=counts,
        ahead=np.ones((len(panel.horizon), places)),
        column=np.arange(1, places + 1),
        prior=np.full(places, 1 / places),
    )


def test_the_mode_of_a_poisson_regression_is_where_the_gradient_vanishes() -> None:
    rng = np.random.default_rng(1)
    rows, weight = rng.normal(size=(400, 3)), rng.uniform(0.5, 1, 400)
    offset, precision = rng.normal(size=400) * 0.1, np.array([1.0, 4.0, 100.0])
    counts = rng.poisson(np.exp(0.2 + rows @ [0.5, -0.3, 0.1] + offset)).astype(float)
    found = poisson_mode(rows, counts, weight, offset, precision)
    # the level's score equation: Σ w y = e^b Σ w exp(rows c + offset)
    shape = np.exp(rows @ found + offset)
    level = (weight * counts).sum() / (weight * shape).sum()
    slope = rows.T @ (weight * (counts - level * shape)) - precision * found
    assert slope == pytest.approx(np.zeros(3), abs=1e-6)


def test_without_a_report_nothing_is_learned() -> None:
    rows = np.ones((10, 2))
    found = poisson_mode(rows, np.zeros(10), np.ones(10), np.zeros(10), np.ones(2))
    assert np.array_equal(found, np.zeros(2))


def test_a_known_season_is_found_and_shrinks_with_a_narrow_prior(
    panel_of: Callable[..., Panel],
) -> None:
    rng = np.random.default_rng(2)
    panel = panel_of(np.ones((1100, 3, 1)), 50)
    turn = 2 * np.pi * panel.days.day_of_year.to_numpy() / 365.25
    mean = np.exp(0.5 - 0.6 * np.cos(turn))[:, None] * np.array([0.5, 0.3, 0.2])
    seen = reports_of(panel, rng.poisson(mean).astype(float))
    wide = shape_of(seen, "season", Priors())
    coefficient = dict(zip((term.name for term in wide.terms), wide.coefficients, strict=True))
    assert coefficient["season_cos_1"] == pytest.approx(-0.6, abs=0.1)
    assert abs(coefficient["season_sin_1"]) < 0.1
    narrow = shape_of(seen, "season", Priors(season=0.01))
    at = [term.name for term in narrow.terms].index("season_cos_1")
    assert -0.15 < narrow.coefficients[at] < 0


def test_a_place_that_is_new_is_not_taken_for_a_quiet_one(panel_of: Callable[..., Panel]) -> None:
    panel = panel_of(np.ones((420, 2, 1)), 20)
    counts = np.ones((400, 2))
    counts[:300, 1] = np.nan
    seen = reports_of(panel, counts)
    assert place_shares(seen, np.ones((400, 2))) == pytest.approx([0.5, 0.5])


def test_shares_lie_between_own_reports_and_the_prior(panel_of: Callable[..., Panel]) -> None:
    panel = panel_of(np.ones((420, 2, 1)), 20)
    counts = np.zeros((400, 2))
    counts[:3, 0] = 1
    seen = replace(reports_of(panel, counts), prior=np.array([0.4, 0.6]))
    found = place_shares(seen, np.ones((400, 2)))
    assert found.sum() == pytest.approx(1)
    assert 0.4 < found[0] < 1
