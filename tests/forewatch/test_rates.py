import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.rates import Forecast, Rates, Selection, Spans
from forewatch.shocks import Shocks
from tests.oracles.drawn import drawn

ORIGIN = pd.Timestamp("2026-10-23T06:00Z")
# Three force-days from 07:00 London: 24, 25 (clocks go back) and 24 hours.
EDGES = pd.date_range(ORIGIN, periods=74, freq="h", unit="us")
DAY = np.repeat([0, 1, 2], [24, 25, 24])
SLOT = np.asarray(EDGES[:-1].tz_convert("Europe/London").hour, dtype=np.int64)


def forecast(shocks: Shocks | None = None) -> Forecast:
    """Two places (three leaves), two call types, two grades; uneven rates and shares."""
    rng = np.random.default_rng(8)
    grades = rng.dirichlet([2, 3], (2, 2, 24))
    rates = Rates(
        step="hour",
        edges=EDGES,
        force_days=pd.date_range("2026-10-23", periods=3, freq="D", unit="us"),
        day=DAY,
        slot=SLOT,
        places=("north", "south"),
        call_types=("theft", "violence"),
        grades=("immediate", "routine"),
        leaves=("n1", "n2", "s1"),
        base=rng.uniform(1, 5, (2, 2, 73)),
        baseline=rng.uniform(1, 5, (2, 2, 73)),
        leaf_place=np.array([0, 0, 1]),
        leaf_shares=np.array([[0.3, 0.6], [0.7, 0.4], [1.0, 1.0]]),
        grade_shares=grades,
    )
    return Forecast(ORIGIN, ORIGIN, rates, shocks or Shocks.none())


def spans(*pairs: tuple[str, str]) -> Spans:
    starts, ends = zip(*pairs, strict=True)
    return Spans(pd.DatetimeIndex(starts).as_unit("us"), pd.DatetimeIndex(ends).as_unit("us"))


WHOLE = Spans(EDGES[:1], EDGES[-1:])


def test_one_hour_of_one_beat_type_and_grade_is_the_product_of_its_factors() -> None:
    held = forecast()
    r = held.rates
    hour = 30
    asked = Selection(("n2",), ("violence",), ("routine",))
    found = held.answer(asked, Spans(EDGES[[hour]], EDGES[[hour + 1]]))
    wanted = r.base[0, 1, hour] * r.leaf_shares[1, 1] * r.grade_shares[0, 1, r.slot[hour], 1]
    assert found.mean.tolist() == pytest.approx([wanted])
    plain = r.baseline[0, 1, hour] * r.leaf_shares[1, 1] * r.grade_shares[0, 1, r.slot[hour], 1]
    assert found.baseline.tolist() == pytest.approx([plain])


def test_everything_is_the_sum_of_the_base() -> None:
    held = forecast()
    assert held.answer(Selection(), WHOLE).mean.tolist() == pytest.approx([held.rates.base.sum()])


def test_parts_add_up_to_the_whole_by_leaf_type_grade_and_day() -> None:
    held = forecast()
    whole = held.answer(Selection(), WHOLE).mean
    for parts in (
        [Selection((leaf,)) for leaf in held.rates.leaves],
        [Selection(call_types=(kind,)) for kind in held.rates.call_types],
        [Selection(grades=(grade,)) for grade in held.rates.grades],
    ):
        assert sum(held.answer(part, WHOLE).mean for part in parts) == pytest.approx(whole)
    edges = held.rates.day_edges
    by_day = held.answer(Selection(), Spans(edges[:-1], edges[1:]))
    assert by_day.mean.sum() == pytest.approx(whole[0])


def test_days_of_25_hours_are_one_day() -> None:
    lengths = np.diff(forecast().rates.day_edges).astype("timedelta64[h]").astype(int)
    assert lengths.tolist() == [24, 25, 24]
    assert forecast().lead_days.tolist() == [0, 1, 2]


@given(st.integers(0, 72 * 60), st.integers(1, 30 * 60))
def test_a_window_is_the_sum_of_two_halves(first: int, minutes: int) -> None:
    held = forecast()
    start = ORIGIN + pd.Timedelta(minutes=first)
    end = min(start + pd.Timedelta(minutes=minutes), EDGES[-1])
    middle = start + (end - start) / 2
    both = spans((str(start), str(middle)), (str(middle), str(end)))
    one = held.answer(Selection(), spans((str(start), str(end)))).mean
    assert held.answer(Selection(), both).mean.sum() == pytest.approx(one[0], abs=1e-9)


def test_half_an_hour_is_half_of_its_hours_calls() -> None:
    held = forecast()
    half = spans(("2026-10-23T09:15Z", "2026-10-23T09:45Z"))
    assert held.answer(Selection(), half).mean[0] == pytest.approx(
        held.rates.base[..., 3].sum() / 2
    )


def test_a_window_that_reaches_outside_is_unknown_and_never_a_part() -> None:
    asked = spans(
        ("2026-10-23T05:00Z", "2026-10-23T08:00Z"),
        ("2026-10-23T06:00Z", "2026-10-23T08:00Z"),
        ("2026-10-26T06:00Z", "2026-10-26T08:00Z"),
    )
    found = forecast().answer(Selection(), asked)
    assert np.isnan(found.mean).tolist() == [True, False, True]
    assert np.isnan(found.variance).tolist() == [True, False, True]
    assert np.isnan(found.baseline).tolist() == [True, False, True]


def test_each_day_has_the_spread_of_its_own_lead() -> None:
    sizes = np.zeros((3, 4, 3))
    sizes[1, 0, 1], sizes[2, 0, 1] = 0.1, 0.3
    held = forecast(Shocks((0, 1, 2), sizes, np.array([[1.0], [1.2], [1.5]])))
    edges = held.rates.day_edges
    daily = held.answer(Selection(), Spans(edges[:-1], edges[1:]))
    m = daily.mean
    by_hand = np.array([1.0, 1.2, 1.5]) * m + np.array([0.0, 0.1, 0.3]) ** 2 * m**2
    assert daily.variance == pytest.approx(by_hand)


def test_variance_counts_the_shared_day_once() -> None:
    sizes = np.zeros((1, 4, 3))
    sizes[0, 0, 1] = 0.1
    held = forecast(Shocks((0,), sizes, np.ones((1, 1))))
    edges = held.rates.day_edges
    daily = held.answer(Selection(), Spans(edges[:-1], edges[1:]))
    whole = held.answer(Selection(), WHOLE)
    assert daily.variance == pytest.approx(daily.mean + 0.01 * daily.mean**2)
    assert whole.variance[0] == pytest.approx(daily.variance.sum())


def test_a_shock_of_a_third_is_shared_by_the_hours_of_that_third_alone() -> None:
    sizes = np.zeros((1, 4, 3))
    sizes[0, 0, 0] = 0.3
    held = forecast(Shocks((0,), sizes, np.ones((1, 1))))
    first = held.rates.day_edges[0]
    hours = pd.DatetimeIndex([first + pd.Timedelta(hours=h) for h in (0, 6, 8, 10, 24)])
    whole = held.answer(Selection(), Spans(hours[:1], hours[-1:]))
    thirds = held.rates.third_edge_seconds[:4]
    cuts = pd.to_datetime(thirds, unit="s", utc=True)
    m = held.answer(Selection(), Spans(cuts[:-1], cuts[1:])).mean
    assert m.sum() == pytest.approx(whole.mean[0])
    assert whole.variance[0] == pytest.approx(m.sum() + 0.09 * (m**2).sum())
    # from 6 to 10 hours after the day's start: two hours of one third and two of the next
    early, late = held.answer(Selection(), Spans(hours[1:3], hours[2:4])).mean
    over = held.answer(Selection(), Spans(hours[1:2], hours[3:4]))
    assert over.variance[0] == pytest.approx(early + late + 0.09 * (early**2 + late**2))


def test_draws_agree_with_the_answer_and_add_up() -> None:
    sizes, steady = np.full((1, 4, 3), 0.05) * [0, 1, 1], np.array([[0.2, 0.3]])
    held = forecast(Shocks((0,), sizes, np.array([[1.2]]), steady))
    edges = held.rates.day_edges
    days = Spans(edges[:-1], edges[1:])
    counts = drawn(held, Selection(), days, 20_000, seed=4)
    assert counts.shape == (20_000, 2, 2, 3)
    found = held.answer(Selection(), days)
    total = counts.sum((1, 2))
    assert total.mean(0) == pytest.approx(found.mean, rel=0.01)
    assert total.var(0) == pytest.approx(found.variance, rel=0.06)
    whole = held.answer(Selection(), WHOLE).variance[0]
    assert total.sum(1).var() == pytest.approx(whole, rel=0.06)


def test_a_part_of_a_steady_day_has_its_part_of_the_steadiness() -> None:
    steady = Shocks((0,), np.zeros((1, 4, 3)), np.array([[1.1]]), np.array([[0.4, 0.3]]))
    held = forecast(steady)
    first = held.rates.day_edges[0]
    hours = pd.DatetimeIndex([first + pd.Timedelta(hours=h) for h in (3, 9)])
    part, starts = Selection(("n1",), ("theft",)), Spans(hours[:1], hours[1:])
    mean = held.answer(part, starts).mean[0]
    day = held.rates.daily[..., 0]
    kept = 0.4 * mean**2 / day[0].sum() + 0.3 * mean**2 / day.sum()
    assert held.answer(part, starts).variance[0] == pytest.approx(1.1 * mean - kept)
