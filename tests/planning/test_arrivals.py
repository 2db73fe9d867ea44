"""Hours of calls by force-day, and which of them bring work to which rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forewatch.arrays import Array
from forewatch.clock import Clock, instants_us
from forewatch.rates import Selection, Spans
from planning.arrivals import Arrivals, Timing
from planning.issues import Issue


def within(left: Array, right: Array, edges: Array) -> Array:
    """Which hours lie within rows, as far as they do."""
    low = np.maximum(edges[:, :-1], left[:, None, None])
    high = np.minimum(edges[:, 1:], right[:, None, None])
    length = np.diff(edges)
    part = np.zeros_like(low)
    np.divide(np.maximum(high - low, 0), length, out=part, where=length > 0)
    return part


def test_days_have_their_hours_and_those_before_are_as_a_week_later(october: Issue) -> None:
    forecast = october.forecast
    edges = forecast.rates.day_edges
    arrivals = Arrivals.of(forecast, edges[15], past=2)  # until the day with 25 hours is over
    assert arrivals.shape == (17, 25)
    lengths = arrivals.hour_edges[:, -1]
    assert lengths.tolist() == [24] * 14 + [25] + [24] * 2
    found = arrivals.expected(forecast)
    assert found[:, :, :2] == pytest.approx(found[:, :, 7:9])
    assert found[:, :, 2:].sum((2, 3)) == pytest.approx(
        forecast.expected(Selection(), Spans(edges[:1], edges[15:16]))[..., 0]
    )
    assert (found[..., 24] > 0).any(axis=(0, 1)).tolist() == [False] * 14 + [True, False, False]
    assert arrivals.lead_days[:4].tolist() == [0, 0, 0, 1]
    shares = arrivals.grade_shares(forecast)
    assert shares.sum(0)[found > 0] == pytest.approx(1)


def test_what_rows_get_is_what_the_forecast_expects_of_them(october: Issue) -> None:
    forecast = october.forecast
    first = forecast.rates.edges[0]
    hours = np.array([[3.0, 9.5], [20.25, 30.75], [24 * 13 + 20, 24 * 13 + 31], [100.0, 290.0]])
    spans = Spans(*(first + pd.to_timedelta(each, unit="h") for each in hours.T))
    arrivals = Arrivals.of(forecast, spans.ends.max(), past=1)
    bounds = [instants_us(each) for each in (spans.starts, spans.ends)]
    calls = arrivals.expected(forecast)
    for parts in ((0,), (0, 8, 16)):
        timing = Timing(arrivals, bounds[0], bounds[1], 5.0, parts)
        found = timing.sums(calls, timing.tables(within))
        assert found.sum(-1) == pytest.approx(forecast.expected(Selection(), spans))
        # Pieces lie in the days that they are said to be of, each row's in order.
        day = timing.piece_day.reshape(len(hours), -1)
        assert (np.diff(day, axis=1) >= 0).all()
        by_day = np.zeros(len(arrivals.lead_days))
        np.add.at(by_day, timing.piece_day, found[0, 0].ravel())
        assert by_day[0] == 0  # the day before the horizon
        assert (timing.piece_lead == arrivals.lead_days[timing.piece_day]).all()
        assert (
            timing.piece_row.tolist()
            == np.repeat(np.arange(len(hours)), timing.pieces_per_row).tolist()
        )
    both = Timing(arrivals, bounds[0], bounds[1], 5.0)
    several = both.sums(
        calls, both.tables(lambda *at: np.stack([within(*at), 2 * within(*at)])[:, None])
    )
    assert several[1] == pytest.approx(2 * several[0])


def test_a_day_changed_by_half_an_hour_ends_with_half_an_hour(october: Issue) -> None:
    clock, first = Clock("Australia/Lord_Howe", pd.Timestamp("07:00").time()), "2026-10-01"
    edges = clock.hour_edges(pd.Timestamp(first), 5)
    rates = october.forecast.rates
    changed = replace(
        rates,
        edges=edges,
        force_days=pd.date_range(first, periods=5),
        day=clock.hour_days(pd.Timestamp(first), 5),
        slot=clock.local_hour(edges[:-1]),
        base=np.ones((2, 2, len(edges) - 1)),
    )
    forecast = replace(october.forecast, origin=edges[0], rates=changed)
    arrivals = Arrivals.of(forecast, edges[-1], past=0)
    assert arrivals.hour_edges[2, -3:].tolist() == [22, 23, 23.5]
    assert arrivals.expected(forecast).sum((2, 3)) == pytest.approx(len(edges) - 1.0)
