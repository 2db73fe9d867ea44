"""What of a call's work falls to rows, against numerical integrals of its survival function."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from forewatch.arrays import Array
from planning.casework import CaseLength
from planning.work_times import Release, ReleasedWork, ServiceTime, WorkTime

LENGTH = CaseLength(1.2, 1.0)
SERVICE = ServiceTime(LENGTH)
CASEWORK = ReleasedWork(CaseLength(13.0, 1.5), Release((0.6, 0.4)))
EDGES: Array = np.array([[-30.0, -29.0, -28.5], [-2.0, -1.0, 0.0], [3.0, 4.0, 4.0]])


def survival(hours: float) -> float:
    sigma = np.sqrt(np.log1p(LENGTH.cv**2))
    scale = LENGTH.mean_hours / np.exp(sigma**2 / 2)
    return float(stats.lognorm.sf(max(hours, 0), sigma, scale=scale)) if hours > 0 else 1.0


def test_a_call_is_under_way_with_the_mean_survival_of_its_hour() -> None:
    found = SERVICE.presence(np.array([3.5]), np.array([3.5]), EDGES)[0]
    by_hand = integrate.quad(lambda at: survival(3.5 - at), -2, -1)[0]
    assert found[1, 0] == pytest.approx(by_hand, rel=1e-6)
    # Half of the hour's calls come after the instant, and aren't there yet.
    assert found[2, 0] == pytest.approx(integrate.quad(lambda at: survival(3.5 - at), 3, 3.5)[0])
    assert found[2, 1] == 0  # an hour of no length


def test_hours_within_a_window_are_the_integral_of_presence() -> None:
    left, right = np.array([-0.5]), np.array([2.25])
    minutes = np.linspace(-0.5, 2.25, 2751)
    busy = SERVICE.presence(minutes, minutes, EDGES)
    wanted = integrate.trapezoid(busy, minutes, axis=0)
    assert SERVICE.hours(left, right, EDGES)[0] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("work", [SERVICE, CASEWORK])
def test_hours_are_neither_lost_nor_made(work: WorkTime) -> None:
    edges = np.arange(-200.0, 1.0)[None]
    found = work.hours(np.array([-200.0]), np.array([400.0]), edges)
    mean = 1.2 if work is SERVICE else 13.0
    assert found == pytest.approx(np.full((1, 1, 200), mean), rel=1e-5)
    parts = [
        work.hours(np.array([a]), np.array([b]), edges) for a, b in ((-50.0, -3.3), (-3.3, 20.0))
    ]
    assert sum(parts) == pytest.approx(work.hours(np.array([-50.0]), np.array([20.0]), edges))


def test_squares_of_hours_are_those_of_drawn_calls() -> None:
    rng = np.random.default_rng(1)
    sigma = np.sqrt(np.log1p(LENGTH.cv**2))
    hours = rng.lognormal(np.log(1.2) - sigma**2 / 2, sigma, 400_000)
    at = rng.uniform(-2, -1, len(hours))
    within = np.clip(at + hours, -0.5, 2.25) - np.clip(at, -0.5, 2.25)
    left, right = np.array([-0.5]), np.array([2.25])
    found = SERVICE.square_hours(left, right, EDGES)[0, 1, 0]
    assert found == pytest.approx((within**2).mean(), rel=0.02)
    assert SERVICE.hours(left, right, EDGES)[0, 1, 0] == pytest.approx(within.mean(), rel=0.01)


@pytest.mark.parametrize("work", [SERVICE, CASEWORK])
def test_what_is_carried_in_is_of_calls_before_the_window(work: WorkTime) -> None:
    left, right = np.array([-1.0]), np.array([2.0])
    hours, carried = (each(left, right, EDGES)[0] for each in (work.hours, work.carried_hours))
    assert carried[0] == pytest.approx(hours[0])
    assert carried[1, 0] == pytest.approx(hours[1, 0])
    assert (carried[1, 1], carried[2, 0]) == (0, 0)
    # Of an hour that the window cuts, the part before it.
    cut = work.carried_hours(np.array([-1.5]), right, EDGES)[0, 1, 0]
    half = work.hours(np.array([-1.5]), right, np.array([[-2.0, -1.5]]))[0, 0, 0] / 2
    assert cut == pytest.approx(half)


def test_casework_keeps_officers_busy_for_its_hours() -> None:
    # One officer, as long as a period asks for less than one; otherwise two or more, each in part.
    assert CASEWORK.officers == 1
    assert ReleasedWork(CaseLength(60.0, 1.5), Release((0.6, 0.4))).officers == 2
    at = np.arange(0.0, 48.0) + 0.5
    busy = CASEWORK.presence(at, at, np.array([[-1e-6, 0.0]]))[:, 0, 0]
    assert busy[:24] == pytest.approx(np.full(24, 13 * 0.6 / 24), rel=1e-4)
    assert busy.sum() == pytest.approx(13, rel=1e-4)
