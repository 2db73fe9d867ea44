from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.arrays import Array
from forewatch.explanation_parts import FACTORS, PARTS
from forewatch.explanations import Cells, Factors, parts
from forewatch.rates import Forecast, Rates, Selection, Spans
from forewatch.shocks import Shocks

ZONE = "Europe/London"


def forecast(first: str, lengths: tuple[int, ...]) -> Forecast:
    """Two places (three leaves), two call types, two grades; all factors at work."""
    rng = np.random.default_rng(8)
    hours = sum(lengths)
    origin = pd.Timestamp(f"{first}T07:00", tz=ZONE).tz_convert("UTC").as_unit("us")
    edges = pd.date_range(origin, periods=hours + 1, freq="h", unit="us")
    slot = np.asarray(edges[:-1].tz_convert(ZONE).hour, dtype=np.int64)
    rates = Rates(
        step="hour",
        edges=edges,
        force_days=pd.date_range(first, periods=len(lengths), freq="D", unit="us"),
        day=np.repeat(np.arange(len(lengths)), lengths),
        slot=slot,
        places=("north", "south"),
        call_types=("theft", "violence"),
        grades=("immediate", "routine"),
        leaves=("n1", "n2", "s1"),
        base=rng.gamma(1.0, 2.0, (2, 2, hours)),
        baseline=rng.uniform(1, 5, (2, 2, hours)),
        leaf_place=np.array([0, 0, 1]),
        leaf_shares=np.array([[0.3, 0.6], [0.7, 0.4], [1.0, 1.0]]),
        grade_shares=rng.dirichlet([2, 3], (2, 2, 24)),
    )
    logs = rng.normal(0, 0.3, (len(FACTORS), 2, 2, len(lengths))).astype(np.float32)
    factors = Factors(rng.uniform(20, 90, (2, 2)), logs)
    return Forecast(origin, origin, rates, Shocks.none(), factors)


AUTUMN = forecast("2026-10-21", (24, 24, 24, 24, 25, 24, 24, 24, 24))
SPRING = forecast("2026-03-25", (24, 24, 24, 23, 24, 24, 24, 24))


def explained(held: Forecast, spans: Spans, selection: Selection | None = None) -> Array:
    found = held.parts(selection or Selection(), spans)
    assert found is not None
    return np.asarray(found)


def every(held: Forecast, hours: int) -> Spans:
    edges = held.rates.edges[::hours]
    return Spans(edges[:-1], edges[1:])


@pytest.mark.parametrize("held", [AUTUMN, SPRING])
@pytest.mark.parametrize("hours", [1, 8, 24, 168])
@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(("n2",), ("violence",), ("routine",)),
        Selection(("n1", "s1"), (), ("immediate",)),
    ],
)
def test_parts_add_up_to_the_mean(held: Forecast, hours: int, selection: Selection) -> None:
    spans = every(held, hours)
    found = explained(held, spans, selection)
    mean = held.answer(selection, spans).mean
    assert found.shape == (len(PARTS), len(mean))
    assert np.abs(found.sum(0) - mean).max() < 1e-9


def test_force_days_of_23_and_25_hours_add_up_too() -> None:
    for held in (AUTUMN, SPRING):
        edges = held.rates.day_edges
        days = Spans(edges[:-1], edges[1:])
        found = explained(held, days)
        assert np.abs(found.sum(0) - held.answer(Selection(), days).mean).max() < 1e-9
        # the plain level has calls for each hour that the day has
        assert held.factors is not None
        lengths = np.diff(edges.asi8) / 3.6e9
        assert found[0] == pytest.approx(held.factors.level.sum() * lengths / 24)


def test_each_part_of_a_total_is_the_sum_of_that_part_of_its_parts() -> None:
    spans = every(AUTUMN, 24)
    whole = explained(AUTUMN, spans)
    for selections in (
        [Selection((leaf,)) for leaf in AUTUMN.rates.leaves],
        [Selection(call_types=(kind,)) for kind in AUTUMN.rates.call_types],
        [Selection(grades=(grade,)) for grade in AUTUMN.rates.grades],
    ):
        found = np.sum([explained(AUTUMN, spans, each) for each in selections], axis=0)
        assert np.abs(found - whole).max() < 1e-9
    hours = explained(AUTUMN, every(AUTUMN, 1))[:, : 24 * len(spans.starts)]
    assert np.abs(hours.reshape(len(PARTS), -1, 24).sum(2) - whole).max() < 1e-9


@given(st.integers(0, 200 * 60), st.integers(1, 20 * 60))
def test_a_window_anywhere_adds_up(first: int, minutes: int) -> None:
    start = AUTUMN.rates.edges[0] + pd.Timedelta(minutes=first)
    end = min(start + pd.Timedelta(minutes=minutes), AUTUMN.rates.edges[-1])
    if end <= start:
        return
    spans = Spans(pd.DatetimeIndex([start]), pd.DatetimeIndex([end]))
    mean = AUTUMN.answer(Selection(), spans).mean
    assert explained(AUTUMN, spans).sum() == pytest.approx(mean[0], abs=1e-9)


def test_outside_the_horizon_nothing_is_known() -> None:
    edges = AUTUMN.rates.edges
    starts = pd.date_range(edges[-2], periods=2, freq="h", unit="us")
    late = Spans(starts, starts + pd.Timedelta(hours=1))
    assert np.isnan(explained(AUTUMN, late)).tolist() == [[False, True]] * len(PARTS)


def test_a_forecast_without_factors_has_no_parts() -> None:
    assert replace(AUTUMN, factors=None).parts(Selection(), every(AUTUMN, 24)) is None


def cells(calls: list[float], day_hours: float = 24.0) -> Cells:
    made = np.array(calls)[None, None]
    n = len(calls)
    return Cells(made, np.full(made.shape, made.sum() * 24 / n), np.ones(n), np.full(n, day_hours))


def test_a_product_is_told_by_hand() -> None:
    # 24 calls a day, evenly; an event makes twice, the trend half as many again: 3 an hour.
    logs = np.zeros((len(FACTORS), 1, 1, 2))
    logs[FACTORS.index("events")] = np.log(2)
    logs[FACTORS.index("recent_trend")] = np.log(1.5)
    found = parts(cells([3.0, 3.0]), np.array([[24.0]]), logs)[:, 0, 0, 0]
    mean = 2 / np.log(3)  # logarithmic mean of 3 and 1
    by_hand = {"level": 1.0, "events": mean * np.log(2), "recent_trend": mean * np.log(1.5)}
    assert found == pytest.approx([by_hand.get(name, 0.0) for name in PARTS])


def test_the_hour_of_the_day_is_time_of_week_and_the_day_is_not() -> None:
    # 12 an hour in one half of the day, 4 in the other, at a level of 8 an hour.
    found = parts(cells([12.0, 4.0]), np.array([[192.0]]), np.zeros((len(FACTORS), 1, 1, 2)))
    by_part = dict(zip(PARTS, found[:, 0, 0], strict=True))
    assert by_part["time_of_week"] == pytest.approx([4.0, -4.0])
    assert by_part["other"] == pytest.approx([0.0, 0.0])


def test_no_calls_at_all_take_away_the_level() -> None:
    found = parts(cells([0.0, 2.0]), np.array([[24.0]]), np.zeros((len(FACTORS), 1, 1, 2)))
    assert np.isfinite(found).all()
    assert found.sum(0)[0, 0] == pytest.approx([0.0, 2.0], abs=1e-11)
    assert found[PARTS.index("time_of_week"), 0, 0, 0] == pytest.approx(-1.0)
    nothing = parts(cells([0.0, 0.0]), np.array([[24.0]]), np.zeros((len(FACTORS), 1, 1, 2)))
    assert nothing[PARTS.index("other"), 0, 0] == pytest.approx([-1.0, -1.0])


def test_calls_next_to_the_level_lose_nothing_to_rounding() -> None:
    near = 1 + np.array([0.0, 1e-15, 1e-9, 9e-4, 1.1e-3])
    found = parts(cells(list(near)), np.array([[24.0]]), np.zeros((len(FACTORS), 1, 1, 5)))
    assert np.abs(found.sum(0)[0, 0] - near).max() < 1e-15
