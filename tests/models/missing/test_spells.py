import numpy as np
import pytest

from forewatch.shocks import PERSISTENCES, SCOPES, Within
from models.missing.spells import PastReports, sizes

WEEK = 7


def drawn(
    rng: np.random.Generator, origins: int, days: int, spell: float, force: float, mean: float
) -> list[PastReports]:
    """Draw counts with gamma spells of a place's week and a force-week."""
    found = []
    for _ in range(origins):
        weeks = days // WEEK
        own = rng.gamma(1 / spell**2, spell**2, (weeks, 6)) if spell else np.ones((weeks, 6))
        both = rng.gamma(1 / force**2, force**2, (weeks, 1)) if force else np.ones((weeks, 1))
        factor = np.repeat(own * both, WEEK, axis=0)
        expected = np.full((weeks * WEEK, 6), mean)
        found.append(PastReports(expected, rng.poisson(expected * factor).astype(float)))
    return found


def size(found: list[PastReports], scope: str, persistence: str) -> float:
    shocks = sizes(found, (0,), 28)
    at = [name for name in SCOPES if name == scope], [p for p in PERSISTENCES if p == persistence]
    return float(shocks.sd[0, SCOPES.index(at[0][0]), PERSISTENCES.index(at[1][0])])


def test_the_size_of_known_spells_is_found() -> None:
    found = drawn(np.random.default_rng(1), 40, 28, 0.3, 0, mean=2.0)
    assert size(found, "place", "level") == pytest.approx(0.3, abs=0.04)
    assert size(found, "force", "level") < 0.1


@pytest.mark.parametrize("waves", [0.0, 0.25])
def test_a_week_of_the_force_varies_as_it_was_drawn_from_the_first_week_on(waves: float) -> None:
    rng = np.random.default_rng(6)
    variance = []
    for _ in range(6):
        shocks = sizes(drawn(rng, 24, 91, 0.0, waves, mean=0.5), (0, 7, 28), 28)
        expected = np.full((6, 1, 7), 0.5)
        whole = Within(np.arange(1), np.arange(7), expected.sum(1), expected.sum((0, 1)))
        variance.append(shocks.variance(expected, np.arange(7), np.zeros(7, np.int64), whole)[0])
    assert np.mean(variance) == pytest.approx(21 + (21 * waves) ** 2, rel=0.12)


def test_what_the_whole_force_shares_is_told_from_what_a_place_has() -> None:
    found = drawn(np.random.default_rng(2), 60, 28, 0.0, 0.25, mean=3.0)
    assert size(found, "force", "level") == pytest.approx(0.25, abs=0.06)
    assert size(found, "place", "level") < 0.12


def test_rare_poisson_counts_stay_nearly_poisson() -> None:
    # one report in 50 days and place: a single one is no surprise and no proof of a spell
    found = drawn(np.random.default_rng(3), 24, 84, 0.0, 0.0, mean=0.02)
    shocks = sizes(found, (0,), 28)
    expected = np.full((6, 1, 7), 0.02)
    row = np.zeros(7, np.int64)
    whole = Within(np.arange(1), np.arange(7), expected.sum(1), expected.sum((0, 1)))
    variance = shocks.variance(expected, np.arange(7), row, whole)[0]
    assert variance == pytest.approx(expected.sum(), rel=0.05)
    assert variance >= expected.sum()


def test_shocks_never_shrink_with_the_lead_and_an_unreached_block_has_those_before() -> None:
    rng = np.random.default_rng(4)
    near = drawn(rng, 30, 7, 0.4, 0, mean=3.0)
    far = drawn(rng, 30, 21, 0.0, 0, mean=3.0)
    both = [
        PastReports(np.concatenate([a.mean, b.mean]), np.concatenate([a.counts, b.counts]))
        for a, b in zip(near, far, strict=True)
    ]
    shocks = sizes(both, (0, 7, 28), 28)
    assert (np.diff(shocks.sd, axis=0) >= 0).all()
    assert np.array_equal(shocks.sd[2], shocks.sd[1])
    assert (shocks.dispersion == 1).all()


def test_days_with_an_unknown_count_are_left_out() -> None:
    found = drawn(np.random.default_rng(5), 10, 28, 0.3, 0, mean=2.0)
    with_gaps = [PastReports(one.mean, one.counts.copy()) for one in found]
    for one in with_gaps:
        one.counts[3, 2] = np.nan
    wild = [
        PastReports(one.mean, np.where(np.isnan(one.counts), np.nan, one.counts))
        for one in with_gaps
    ]
    assert np.array_equal(sizes(with_gaps, (0,), 28).sd, sizes(wild, (0,), 28).sd)
    assert np.isfinite(sizes(with_gaps, (0,), 28).sd).all()
