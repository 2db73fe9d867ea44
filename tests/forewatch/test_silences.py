from math import comb, log

import numpy as np
import pytest

from forewatch.silences import _log_chance, silences

P_MAX = 1e-6


def daily(*parts: tuple[float, int], seed: int = 1) -> np.ndarray:
    """Poisson counts: mean a day and number of days of each part."""
    mean = np.concatenate([np.full(days, rate) for rate, days in parts])
    return np.random.default_rng(seed).poisson(mean).astype(float)


def test_the_chance_of_a_silence_is_a_quotient_of_binomials() -> None:
    others = np.array([True] * 5 + [False] * 15)
    wanted = log(comb(20, 5) / comb(50, 5))
    assert _log_chance(30, others) == pytest.approx(wanted)
    assert _log_chance(30, np.zeros(20, bool)) == pytest.approx(0)


def test_a_series_that_began_ended_or_paused_is_found_with_its_days() -> None:
    (begun,) = silences(daily((0, 100), (2.0, 300)), P_MAX)
    assert (begun.kind, begun.first, begun.known_days) == ("begins", 0, begun.after)
    assert begun.after - 100 in range(4)
    (ended,) = silences(daily((2.0, 300), (0, 60)), P_MAX)
    assert (ended.kind, ended.after) == ("ends", 360)
    assert 300 - ended.first in range(4)
    (pause,) = silences(daily((2.0, 200), (0, 40), (2.0, 200)), P_MAX)
    assert pause.kind == "pauses"
    assert (200 - pause.first in range(4), pause.after - 240 in range(4)) == (True, True)
    assert pause.calls == pytest.approx(80, rel=0.15)


def test_what_chance_explains_is_no_silence() -> None:
    rare = np.zeros(1000)
    rare[[3, 20, 31, 44]] = 1  # a few calls at the beginning say nothing of the rest
    assert silences(rare, P_MAX) == []
    for seed in range(200):
        assert silences(daily((0.05, 700), seed=seed), P_MAX / 100) == []
    assert silences(np.zeros(400), P_MAX) == []
    assert silences(np.full(400, np.nan), P_MAX) == []


def test_a_slow_fall_is_no_end() -> None:
    falling = np.random.default_rng(4).poisson(np.exp(np.linspace(1, -5, 700))).astype(float)
    assert silences(falling, P_MAX) == []


def test_unknown_days_are_no_silent_days() -> None:
    series = daily((2.0, 200), (0, 60), (2.0, 200))
    series[195:255] = np.nan  # declared, but for the last five
    assert silences(series, P_MAX) == []


def test_a_silence_of_each_winter_is_season() -> None:
    summer = np.tile(np.repeat([3.0, 0.0], 182), 3)
    series = np.random.default_rng(2).poisson(summer).astype(float)
    assert silences(series, P_MAX) == []
    once = summer.copy()
    once[364 + 182 : 728] = 3.0  # in the second year only the winter is silent that was not before
    once[182:364] = 3.0
    found = silences(np.random.default_rng(2).poisson(once).astype(float), P_MAX)
    assert [one.kind for one in found] == ["ends"]


def test_ten_calls_at_once_say_no_more_than_one() -> None:
    clusters = np.zeros(400)
    clusters[:200:50] = 30
    assert silences(clusters, P_MAX) == []
