from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import integrate, special, stats

from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.errors import NotEnoughHistory
from forewatch.profile import Missing
from planning.casework import SHARES, CaseLength, Workload

LEVELS = (0.5, 0.8, 0.9, 0.95)
NOTHING = np.array([np.nan])


def quantiles(work: Workload, levels: tuple[float, ...] = LEVELS) -> Array:
    """The quantiles of the only row."""
    return np.asarray(work.quantiles(levels, NOTHING)[0][0])


def cases(length: CaseLength, mean: float, variance: float) -> Workload:
    return Workload.of_counts(length, np.array([mean]), np.array([variance]))


def total_cdf(counts: CountDistribution, length: CaseLength, hours: Array) -> Array:
    """P(total <= hours) of gamma cases by adding over the number of cases: n of them are gamma."""
    size = length.cv**-2
    n = np.arange(600)
    below = np.concatenate([[0.0], counts.cdf(n)[0]])
    chance = np.diff(below)
    of_n = special.gammainc(np.maximum(n, 1)[:, None] * size, hours * size / length.mean_hours)
    return np.asarray(chance[0] + chance[1:] @ of_n[1:])


def test_the_default_figures_of_a_district_day_come_to_98_hours() -> None:
    # 3.6 expected, 13 hours, spread 1.5: DOMAIN 7; quantile of the count x 13 would say 78.
    found = quantiles(cases(CaseLength(), 3.6, 3.6))
    assert found[2] == pytest.approx(98, abs=1.5)
    assert stats.poisson.ppf(0.9, 3.6) * 13 == 78


@pytest.mark.parametrize("mean", [0.4, 3.6, 21.4])
@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.8])
@pytest.mark.parametrize("shape", ["lognormal", "gamma"])
def test_totals_are_those_of_simulated_cases(mean: float, ratio: float, shape: str) -> None:
    length = CaseLength(shape="gamma" if shape == "gamma" else "lognormal")
    rng = np.random.default_rng(11)
    draws = 100_000
    levels = CountDistribution.of([mean], [mean * ratio]).quantiles(rng.random(draws))[0]
    counts = levels.astype(np.int64)
    variance = np.log1p(1.5**2)
    if shape == "gamma":
        hours = rng.gamma(1 / 2.25, 13 * 2.25, counts.sum())
    else:
        hours = rng.lognormal(np.log(13) - variance / 2, np.sqrt(variance), counts.sum())
    totals = np.bincount(np.repeat(np.arange(draws), counts), hours, draws)
    work = cases(length, mean, mean * ratio)
    for level, hours_ in zip(LEVELS, quantiles(work), strict=True):
        # A level within the chance of no hours at all has quantile 0.
        reached = max(level, np.mean(totals == 0))
        assert np.mean(totals <= hours_) == pytest.approx(reached, abs=0.006)
    assert work.mean == pytest.approx(totals.mean(), rel=0.02)
    assert work.variance**0.5 == pytest.approx(totals.std(), rel=0.03)


@pytest.mark.parametrize("mean", [0.3, 3.6, 40.0])
@pytest.mark.parametrize("ratio", [0.8, 1.0, 2.5])
@pytest.mark.parametrize("cv", [0.5, 1.0, 1.5])
def test_gamma_cases_have_their_closed_form(mean: float, ratio: float, cv: float) -> None:
    length = CaseLength(cv=cv, shape="gamma")
    counts = CountDistribution.of([mean], [mean * ratio])
    work = cases(length, mean, mean * ratio)
    found = quantiles(work)
    wanted = total_cdf(counts, length, found)
    none = counts.cdf([0])[0, 0]
    assert wanted == pytest.approx(np.maximum(LEVELS, none), abs=0.003)
    limit = np.array([1.5 * mean * 13])
    over = work.quantiles(LEVELS, limit)[1]
    assert over == pytest.approx(1 - total_cdf(counts, length, limit), abs=0.003)


@pytest.mark.parametrize("mean", [0.05, 1.0, 20.0, 100.0])
def test_quantiles_lie_within_a_step_and_a_half_of_their_closed_form(mean: float) -> None:
    levels = (*LEVELS, 0.99)
    for ratio, cv in product((0.8, 1.0, 2.5), (0.5, 1.5, 2.5)):
        length = CaseLength(cv=cv, shape="gamma")
        counts = CountDistribution.of([mean], [mean * ratio])
        work = cases(length, mean, mean * ratio)
        reach = work.mean[0] + 8 * work.variance[0] ** 0.5 + length.longest_hours
        found = quantiles(work, levels)
        around = found + 1.5 * 1.2 * reach / 1024 * np.array([[-1], [1]])
        low, high = (total_cdf(counts, length, np.maximum(edge, 0)) for edge in around)
        reached = np.maximum(levels, counts.cdf([0])[0, 0])
        assert np.all((low <= reached) & (reached <= high))


def test_exponential_cases_have_bessels_density() -> None:
    rate, mean_hours = 2.0, 13.0

    def density(hours: float) -> float:
        # Feller (1971), volume 2, section II.7: I1 is the modified Bessel function.
        scaled = hours / mean_hours
        root = 2 * np.sqrt(rate * scaled)
        bessel = special.ive(1, root) * np.exp(root - rate - scaled)
        return float(np.sqrt(rate / scaled) * bessel / mean_hours)

    found = quantiles(cases(CaseLength(mean_hours, 1.0, "gamma"), rate, rate))
    for level, hours in zip(LEVELS, found, strict=True):
        below = np.exp(-rate) + integrate.quad(density, 0, hours)[0]
        assert below == pytest.approx(level, abs=0.001)


@pytest.mark.parametrize("share", [SHARES[0], SHARES[3], SHARES[8]])
def test_known_cases_are_a_gamma_of_their_number(share: float) -> None:
    known = np.where(share == SHARES, 5.0, 0.0)[None, :]
    none = np.zeros_like(known)
    length = CaseLength(shape="gamma")
    work = Workload(length, none, np.zeros(1), known, np.ones(1))
    size = length.cv**-2
    wanted = stats.gamma.ppf(LEVELS, 5 * size, scale=share * 13 / size)
    assert quantiles(work) == pytest.approx(wanted, rel=0.03, abs=0.3)
    assert work.mean == pytest.approx(5 * share * 13)
    assert work.variance == pytest.approx(5 * (share * 19.5) ** 2)


def test_rows_do_not_depend_on_their_neighbours_and_impossible_hours_are_certain() -> None:
    mean = np.concatenate([np.geomspace(0.01, 150, 300), [0.0]])
    work = Workload.of_counts(CaseLength(), mean, mean * 1.2)
    found, over = work.quantiles(LEVELS, np.zeros(301))
    alone = quantiles(cases(CaseLength(), mean[250], mean[250] * 1.2))
    assert found[250] == pytest.approx(alone)
    assert np.all(np.diff(found, axis=1) >= 0)
    assert found[-1].tolist() == [0.0] * 4
    some = 1 - CountDistribution.of(mean, mean * 1.2).cdf([0])[:, 0]
    assert over == pytest.approx(some)
    assert np.isnan(work.quantiles(LEVELS, np.full(301, np.nan))[1]).all()


@pytest.mark.parametrize("shape", ["lognormal", "gamma"])
def test_hours_up_to_a_limit_are_the_integral_of_the_chance_of_more(shape: str) -> None:
    length = CaseLength(13, 1.5, "gamma" if shape == "gamma" else "lognormal")
    variance = np.log1p(2.25)
    law = (
        stats.gamma(1 / 2.25, scale=13 * 2.25)
        if shape == "gamma"
        else stats.lognorm(np.sqrt(variance), scale=13 * np.exp(-variance / 2))
    )
    for hours in (0.5, 8.0, 60.0):
        wanted = integrate.quad(law.sf, 0, hours)[0]
        assert length.limited_mean(np.array([hours]))[0] == pytest.approx(wanted, rel=1e-6)
    assert law.sf(length.longest_hours) == pytest.approx(1e-5, rel=1e-6)


@pytest.mark.parametrize("shape", ["lognormal", "gamma"])
def test_lengths_learned_from_durations_are_those_that_made_them(shape: str) -> None:
    rng = np.random.default_rng(3)
    variance = np.log1p(0.8**2)
    if shape == "gamma":
        hours, learned = rng.gamma(1 / 0.64, 9 * 0.64, 20_000), "gamma"
    else:
        hours = rng.lognormal(np.log(9) - variance / 2, np.sqrt(variance), 20_000)
        learned = "lognormal"
    found = CaseLength.from_durations(hours, "gamma" if learned == "gamma" else "lognormal")
    assert found.mean_hours == pytest.approx(9, rel=0.02)
    assert found.cv == pytest.approx(0.8, rel=0.03)


def test_too_few_or_empty_durations_are_refused() -> None:
    with pytest.raises(NotEnoughHistory, match="29 cases say too little"):
        CaseLength.from_durations(np.ones(29))
    with pytest.raises(ValueError, match="more than 0 hours"):
        CaseLength.from_durations(np.zeros(40))
    with pytest.raises(ValueError, match="more than 0 hours"):
        CaseLength.from_durations(np.full(40, np.nan))


def test_the_profile_names_the_length() -> None:
    assert CaseLength.of(Missing()) == CaseLength(13.0, 1.5, "lognormal")
