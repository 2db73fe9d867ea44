"""Means of past weeks by hand, and beside the product's own baseline."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy import climatology as past
from benchmarks.accuracy.forecasts import Targets
from benchmarks.accuracy.truth import Truth, truth
from features.asof import AsOf
from features.panel import panel
from forewatch.count_distribution import CountDistribution
from forewatch.history import History
from models.members import MEMBERS
from models.rolling import QUANTILES


def daily(counts: list[float]) -> Truth:
    edges = pd.date_range("2024-01-01", periods=len(counts) + 1, tz="UTC", unit="us")
    day = np.arange(len(counts))
    column = np.array(counts, float)[:, None]
    return Truth("day", (("a", "all", "all"),), edges, day, day % 7, column)


def test_the_mean_is_that_of_the_same_weekday() -> None:
    weeks = [[1.0] * 7, [2.0] * 7, [6.0] * 7, [9.0] * 7]
    happened = daily([count for week in weeks for count in week])
    assert past.means(happened, 2, 21, np.array([21, 27]))[:, 0].tolist() == [4.0, 4.0]


def test_an_unobserved_day_is_left_out_of_the_mean() -> None:
    happened = daily([1.0] * 7 + [np.nan] + [2.0] * 6 + [9.0] * 7)
    found = past.means(happened, 2, 14, np.array([14, 15]))[:, 0]
    assert found.tolist() == [1.0, 1.5]


def test_the_mean_reads_nothing_after_the_origin() -> None:
    counts = list(np.random.default_rng(1).poisson(5, 140).astype(float))
    before = past.means(daily(counts), 8, 100, np.arange(100, 128))
    changed = counts[:100] + [c + 50 for c in counts[100:]]
    assert np.array_equal(before, past.means(daily(changed), 8, 100, np.arange(100, 128)))


def test_the_spread_is_that_of_poisson_counts() -> None:
    rng = np.random.default_rng(4)
    happened = daily(list(rng.poisson(20, 700).astype(float)))
    ratio = past.spread(52, happened, 600, [(1, 7), (8, 28)], ["force"]).ratio
    # a mean of 52 weeks misses by 1/52 of a Poisson variance more
    assert ratio == pytest.approx(np.full((2, 1), 1 + 1 / 52), abs=0.25)


def test_the_spread_reads_nothing_after_the_first_origin() -> None:
    counts = list(np.random.default_rng(5).poisson(20, 400).astype(float))
    changed = counts[:300] + [c + 99 for c in counts[300:]]
    blocks = [(1, 7), (8, 28)]
    one, other = (past.spread(8, daily(x), 300, blocks, ["force"]) for x in (counts, changed))
    assert np.array_equal(one.ratio, other.ratio)


def test_quantiles_are_those_of_the_count_distribution() -> None:
    starts = pd.date_range("2024-01-01", periods=2, tz="UTC", unit="us")
    targets = Targets(
        np.zeros(2, int), starts[:1], starts, np.array([1, 8]), (("a", "all", "all"),)
    )
    spread = past.Spread([(1, 7), (8, 28)], np.array([[1.0], [2.0]]))
    found = past.with_spread("x", np.array([[3.0], [3.0]]), targets, spread)
    exact = CountDistribution.of(np.array([3.0, 3.0]), np.array([3.0, 6.0])).quantiles(QUANTILES)
    assert found.quantiles is not None
    assert found.quantiles[:, 0] == pytest.approx(exact)


@pytest.mark.parametrize(("member", "weeks"), [("same_weekday_8", 8), ("same_weekday_52", 52)])
def test_the_mean_is_the_product_s_own_baseline(
    town_history: History, member: str, weeks: int
) -> None:
    origin = pd.Timestamp("2026-11-02T07:00Z")
    seen = panel(AsOf(town_history, origin), 14)
    theirs = MEMBERS[member]().fit(seen).predict(seen)
    places = [i for i, level in enumerate(seen.keys["level"]) if level == "force"]
    root = (town_history.tree.root, "all", "all")
    happened = truth(town_history, [root], "day")
    first = int(happened.at(pd.DatetimeIndex([origin]))[0])
    ours = past.means(happened, weeks, first, np.arange(first, first + 14))
    # late corrections, which the product could not know at the origin, move a mean of 300 by little
    assert ours[:, 0] == pytest.approx(theirs[:14, places[0]], rel=0.01)
