"""The truth is what the records are drawn from: checked by other roads and by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forewatch.rates import Selection, Spans
from sources.synthetic import DemoForce
from sources.synthetic.truth import factors


def test_shares_sum_to_one(town: DemoForce) -> None:
    rates = town.truth.rates
    by_place = np.zeros((len(rates.places), len(rates.call_types)))
    np.add.at(by_place, rates.leaf_place, rates.leaf_shares)
    np.testing.assert_allclose(by_place, 1)
    np.testing.assert_allclose(rates.grade_shares.sum(-1), 1)
    assert (rates.leaf_shares > 0).all()
    assert (rates.grade_shares > 0).all()


def test_the_perfect_forecast_sums_the_rates(town: DemoForce) -> None:
    rates = town.truth.rates
    origin = pd.Timestamp("2026-03-26 12:00", tz="UTC")
    forecast = town.truth.forecast(origin, 3)  # over the night in which the clock changes
    days = pd.DatetimeIndex(["2026-03-27", "2026-03-28", "2026-03-29"])
    assert list(forecast.rates.force_days) == list(days)
    assert len(forecast.rates.starts) == 24 + 23 + 24
    leaf = "mendip-02"
    asked = Selection(leaves=(leaf,), call_types=("violence",), grades=("immediate", "routine"))
    edges = forecast.rates.edges
    answer = forecast.answer(asked, Spans(edges[:1], edges[-1:])).mean[0]
    low, high = rates.edges.searchsorted([edges[0], edges[-1]])
    number = rates.leaves.index(leaf)
    by_hand = sum(
        rates.base[2, 2, i]
        * rates.leaf_shares[number, 2]
        * rates.grade_shares[2, 2, rates.slot[i], [0, 2]].sum()
        for i in range(low, high)
    )
    assert answer == pytest.approx(by_hand)
    assert town.truth.rate(asked, edges[:-1]).sum() == pytest.approx(by_hand)
    with pytest.raises(ValueError, match="the truth ends 2027"):
        town.truth.forecast(edges[0], 900)


def test_within_a_day_the_distribution_is_the_forecasts_but_for_spells(town: DemoForce) -> None:
    edges = town.truth.rates.day_edges
    spans = Spans(edges[:3] + pd.Timedelta(hours=3), edges[:3] + pd.Timedelta(hours=12))
    asked = Selection(call_types=("violence", "domestic_abuse"))
    known = town.truth.distribution(asked, spans)
    forecast = town.truth.forecast(edges[0], 5).answer(asked, spans)
    np.testing.assert_allclose(known.mean, forecast.mean)
    np.testing.assert_allclose(known.variance, forecast.variance)


@pytest.mark.parametrize("call_types", [(), ("missing_person",)])
def test_moments_agree_with_simulation(town: DemoForce, call_types: tuple[str, ...]) -> None:
    truth, rates = town.truth, town.truth.rates
    chosen = np.isin(rates.call_types, call_types or rates.call_types)
    span = slice(3, 17)  # a fortnight that cuts weeks
    days = np.array(
        [[np.bincount(rates.day, cell)[span] for cell in place] for place in rates.base]
    )
    rng = np.random.default_rng(11)
    counts = []
    for seed in range(400):
        shocks = factors(town.plan.model_copy(update={"seed": seed}), town.grid, truth.sizes)
        mean = days * shocks.force[span] * shocks.district[:, None, span]
        mean = mean * shocks.call_type[None, :, span]
        mean[:, 0] *= shocks.spell[:, span]
        counts.append(rng.poisson(mean[:, chosen].sum()))
    edges = rates.day_edges
    known = truth.distribution(Selection(call_types=call_types), Spans(edges[3:4], edges[17:18]))
    assert np.mean(counts) == pytest.approx(known.mean[0], abs=4 * np.sqrt(known.variance[0] / 400))
    # The variance of 400 draws has a relative error of 7 %; without the force's persistence the
    # total's would be 2.4 times too small, without spells that of missing people 2.5 times.
    assert np.var(counts) == pytest.approx(known.variance[0], rel=0.25)


def test_a_span_outside_the_truth_is_refused(town: DemoForce) -> None:
    edges = town.truth.rates.edges
    with pytest.raises(ValueError, match="spans reach outside"):
        town.truth.distribution(
            Selection(), Spans(edges[-2:-1], edges[-1:] + pd.Timedelta(hours=1))
        )
    last_hour = town.truth.distribution(Selection(), Spans(edges[-2:-1], edges[-1:]))
    assert last_hour.mean[0] == pytest.approx(town.truth.rates.base[:, :, -1].sum())
