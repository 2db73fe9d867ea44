import numpy as np
import pytest

from forewatch.single_days import clustering, single_days, without_single_days
from sources.daily import weekly
from sources.level_shifts import shifts

P_MAX = 1e-6
WEEKDAY = np.tile([1.0, 0.9, 0.9, 1.0, 1.3, 1.5, 0.8], 60)


def drawn(level: np.ndarray | float, seed: int = 1, days: int = 420) -> np.ndarray:
    mean = np.broadcast_to(level, (days,)) * WEEKDAY[:days]
    return np.asarray(np.random.default_rng(seed).poisson(mean), float)


@pytest.mark.parametrize("length", [1, 3, 7])
@pytest.mark.parametrize("first", [0, 5, 200, 420])
def test_a_storm_of_up_to_seven_days_is_found_and_is_no_change(length: int, first: int) -> None:
    series = drawn(30.0)
    storm = slice(min(first, 420 - min(length, 3)), first + length)
    series[storm] *= 8
    found = single_days(series, P_MAX)
    assert [one.day for one in found] == list(range(420)[storm])
    assert all(one.is_above for one in found)
    assert found[0].calls == series[storm][0]
    assert found[0].usual == pytest.approx(30 * WEEKDAY[storm][0], rel=0.35)
    assert shifts(weekly(without_single_days(series, found))) == []


def test_without_that_a_storm_would_be_a_change() -> None:
    series = drawn(30.0)
    series[200:203] *= 8
    assert shifts(weekly(series)) != []


def test_a_day_far_below_is_found() -> None:
    series = drawn(100.0)
    series[150] = 20
    (found,) = single_days(series, P_MAX)
    assert (found.day, found.is_above) == (150, False)
    assert without_single_days(series, [found])[150] == found.usual


@pytest.mark.parametrize("ratio", [0.2, 0.5, 3.0, 10.0])
def test_a_lasting_change_is_no_single_day_and_is_still_found(ratio: float) -> None:
    series = drawn(np.where(np.arange(420) < 210, 60.0, 60.0 * ratio))
    found = single_days(series, P_MAX)
    assert found == []
    (shift,) = shifts(weekly(without_single_days(series, found)))
    assert shift.week == 30
    assert shift.ratio == pytest.approx(ratio, rel=0.1)


@pytest.mark.parametrize("ratio", [2.0, 2.3, 3.0, 8.0])
@pytest.mark.parametrize("days", [10, 12, 17, 25])
def test_days_after_a_step_are_taken_for_a_storm_for_four_days_at_most(
    ratio: float, days: int
) -> None:
    for seed in range(20):
        series = drawn(np.where(np.arange(420) < 420 - days, 30.0, 30.0 * ratio), seed)
        assert all(one.day >= 416 for one in single_days(series, P_MAX) if one.is_above)


@pytest.mark.parametrize("day", [170, 196, 208, 212, 240])
def test_a_storm_beside_a_change_hides_nothing(day: int) -> None:
    series = drawn(np.where(np.arange(420) < 210, 60.0, 30.0))
    series[day] = 600
    found = single_days(series, P_MAX)
    assert [one.day for one in found] == [day]
    (shift,) = shifts(weekly(without_single_days(series, found)))
    assert shift.week == 30
    assert shift.ratio == pytest.approx(0.5, rel=0.1)


def test_eight_days_on_end_are_no_single_days() -> None:
    series = drawn(30.0)
    series[200:208] *= 8
    assert single_days(series, P_MAX) == []


def test_chance_holidays_and_unknown_days_are_none() -> None:
    for seed in range(100):
        assert single_days(drawn(0.4, seed), P_MAX / 100) == []
        assert single_days(drawn(40.0, seed), P_MAX / 100) == []
    lumpy = 6.0 * drawn(5.0)  # variance six times the mean: twice the usual is nothing special
    assert single_days(lumpy, P_MAX) == []
    holiday = drawn(100.0)
    holiday[150] = round(holiday[150] * 0.6)
    assert single_days(holiday, P_MAX) == []
    unknown = drawn(30.0)
    unknown[100:110] = np.nan
    assert single_days(unknown, P_MAX) == []
    assert single_days(np.full(60, np.nan), P_MAX) == []
    assert single_days(np.ones(5), P_MAX) == []


def test_clusters_count_where_they_come_in_half_of_all_stretches() -> None:
    plain = np.stack([drawn(0.4, seed) for seed in range(20)])
    stormy = plain.copy()
    stormy[:, 158:164] *= 30  # in one stretch or two
    assert clustering(plain) == pytest.approx(1, abs=0.1)
    assert clustering(stormy) == pytest.approx(1, abs=0.1)
    assert clustering(6 * plain) == pytest.approx(6, rel=0.1)
    assert clustering(6 * plain[:, :340]) == 1  # too few stretches tell nothing
    assert clustering(np.full((2, 420), np.nan)) == 1


@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("first", [400, 328])  # in one stretch, in two
def test_a_storm_of_what_else_hardly_occurs_is_no_cluster(first: int, length: int) -> None:
    series = np.zeros(500)
    series[200] = 1
    series[first : first + length] = 40
    assert clustering(series[None]) == 1
    assert [one.day for one in single_days(series, P_MAX)] == list(range(first, first + length))


@pytest.mark.parametrize("base", [0.3, 30.0])
def test_three_storms_in_one_year_are_no_clusters(base: float) -> None:
    series = np.random.default_rng(3).poisson(base, 343).astype(float)
    days = [first + beside for first in (60, 174, 288) for beside in (0, 1)]
    series[days] = max(8 * base, 30)
    assert [one.day for one in single_days(series, P_MAX) if one.is_above] == days
