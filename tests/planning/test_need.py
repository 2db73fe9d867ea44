"""Officers that a load needs, and how short numbers of them are, against draws and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forewatch.arrays import Array
from planning.load import Load
from planning.need import BusyOfficers, HoursOfWork, curve_numbers, shortness


def load(jobs: Array, shared: float, dispersion: float = 1.0) -> Load:
    """A load of calls whose number has a shared relative variance, and officers by jobs."""
    sizes = np.arange(1, jobs.shape[1] + 1)
    mean, own = jobs @ sizes, jobs @ sizes**2
    return Load(mean, dispersion * own + shared * mean**2, jobs)


def test_probabilities_are_those_of_calls_with_one_and_two_officers() -> None:
    jobs, shared = np.array([[1.5, 2.5]]), 0.15
    rng = np.random.default_rng(3)
    number = rng.poisson(4 * rng.gamma(1 / shared, shared, 400_000))
    drawn = number + rng.binomial(number, 2.5 / 4)
    over = BusyOfficers.of(load(jobs, shared)).over[0]
    wanted = [(drawn > k).mean() for k in range(12)]
    assert over[:12] == pytest.approx(wanted, abs=0.003)


def test_all_calls_with_two_officers_keep_an_even_number_busy() -> None:
    busy = BusyOfficers.of(load(np.array([[0.0, 3.0]]), 0.1))
    assert busy.over[0, 2] == pytest.approx(busy.over[0, 3])
    assert all(busy.need(level)[0] % 2 == 0 for level in (0.3, 0.5, 0.8, 0.95))


@pytest.mark.parametrize(
    ("mean", "shared", "dispersion"),
    [(3.0, 0.0, 1.0), (3.0, 0.2, 1.0), (40.0, 0.01, 0.7), (900.0, 0.02, 1.0), (1e-6, 0.1, 1.0)],
)
def test_the_distribution_has_the_moments_of_the_load(
    mean: float, shared: float, dispersion: float
) -> None:
    given_load = load(np.array([[mean]]), shared, dispersion)
    over = BusyOfficers.of(given_load).over[0]
    k = np.arange(len(over))
    assert over.sum() == pytest.approx(mean, rel=1e-6)
    variance = ((2 * k + 1) * over).sum() - mean**2
    assert variance == pytest.approx(given_load.variance[0], rel=0.02)


def test_the_need_is_the_smallest_number_that_is_exceeded_rarely_enough() -> None:
    busy = BusyOfficers(np.array([[0.9, 0.5, 0.2, 0.05, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]))
    assert busy.need(0.8).tolist() == [2, 0]
    assert busy.need(0.81).tolist() == [3, 0]
    assert busy.need(0.5).tolist() == [1, 0]
    # Between 1 and 2 officers: P falls from 0.5 to 0.2, and 0.35 lies in the middle.
    assert busy.unrounded_need(0.65) == pytest.approx([1.5, 0.0])
    assert busy.p_over(np.array([2.999999999999, 7.0])).tolist() == [0.05, 0.0]
    assert busy.p_over(np.array([[2.0, 0.0], [2.9, 0.0]]))[:, 0].tolist() == [0.2, 0.2]


SIZES = st.lists(st.floats(0, 40), min_size=2, max_size=2)


@given(
    jobs=SIZES, shared=st.floats(0, 0.3), dispersion=st.floats(1, 1.5), more=st.floats(1, 3),
    level=st.floats(0.5, 0.98), higher=st.floats(0, 1),
)  # fmt: skip
def test_need_never_falls_with_demand_or_percentile(
    jobs: list[float], shared: float, dispersion: float, more: float, level: float, higher: float
) -> None:
    at = np.array([jobs])
    now = BusyOfficers.of(load(at, shared, dispersion))
    demand = BusyOfficers.of(load(more * at, shared, dispersion))
    assert demand.need(level)[0] >= now.need(level)[0]
    top = level + higher * (0.99 - level)
    assert now.need(top)[0] >= now.need(level)[0]
    assert now.need(level)[0] - 1 <= now.unrounded_need(level)[0] <= now.need(level)[0]


def test_hours_of_work_are_gamma() -> None:
    work = HoursOfWork(np.array([50.0, 0.0]), np.array([400.0, 0.0]))
    wanted = stats.gamma(50**2 / 400, scale=8)
    assert work.quantile(0.8) == pytest.approx([wanted.ppf(0.8), 0])
    assert work.p_over(np.array([60.0, 0.0])) == pytest.approx([wanted.sf(60), 0])
    assert work.p_over(np.array([0.0, 1.0])) == pytest.approx([1, 0])


def test_three_figures_of_one_shift_by_hand() -> None:
    over = np.array([[0.9, 0.5, 0.2], [0.8, 0.3, 0.1], [0.9, 0.6, 0.4]])
    during = np.array([[True, True, False], [False, True, True]])
    found = shortness(
        BusyOfficers(over),
        np.array([1.0, 2.0, 1.4]),
        during,
        np.array([0.5, 0.5, 0.25]),
        np.array([0.1, 0.3]),
    )
    share = [(0.5 + 0.1) / 2, (0.5 * 0.1 + 0.25 * 0.6) / 0.75]
    assert found.share_of_time_short == pytest.approx(share)
    assert found.p_short_at_tightest == pytest.approx([0.5, 0.6])
    assert found.at(1) == pytest.approx((share[1], 0.6, 0.3))
    known = found.where(np.array([True, False]), np.array([True, True]))
    assert np.isnan(known.share_of_time_short).tolist() == [False, True]
    assert known.p_hours_over.tolist() == [0.1, 0.3]


def test_a_curve_goes_from_the_minimum_to_half_as_many_again() -> None:
    assert list(curve_numbers(2, 5)) == [2, 3, 4, 5, 6, 7, 8]
    assert list(curve_numbers(4, 1)) == [4]
