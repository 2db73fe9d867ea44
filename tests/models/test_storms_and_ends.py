"""What a storm, a step, an end and a start make of levels and shares, of the town's known truth."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.cube import cube
from features.panel import Panel, panel
from features.storms import storm_day_factors
from forewatch.arrays import Array
from forewatch.history import History
from models.demand.training import storms_and_ends
from models.leaf_shares import leaf_shares
from models.loglinear import Loglinear
from models.member_settings import ShareSettings
from models.profiles import hour_profile
from models.seasonal_means import SameWeekday26
from sources.synthetic import DemoForce

Change = Callable[[pd.Series, pd.DataFrame], pd.Series]
AHEAD = 28


def days_before(history: History, counts: pd.DataFrame) -> pd.Series:
    """Whole days from a count to the end of the history, 1 for the last."""
    return pd.Series((history.observed_until - counts["start"]).dt.floor("D").dt.days + 1)


def changed(history: History, factor: Change) -> History:
    """The history with its counts multiplied; rows of nothing are left out."""
    counts = history.counts.copy()
    times = factor(days_before(history, counts), counts).to_numpy()
    counts["count"] = (counts["count"] * times).astype(counts["count"].dtype)
    return replace(history, counts=counts[counts["count"] > 0])


def seen(history: History) -> tuple[Panel, Array, Array]:
    """The panel, and what the log-linear member and 26 weeks' means expect, a mean a series."""
    found = panel(AsOf(history, history.observed_until), AHEAD)
    members = (Loglinear(), SameWeekday26())
    level, mean = (one.fit(found).predict(found).mean(0) for one in members)
    return found, level, mean


@pytest.fixture(scope="module")
def calm(town_history: History) -> tuple[Panel, Array, Array]:
    return seen(town_history)


def storm(kind: str, first: int = 12) -> Change:
    """Thirty, eight and five times the calls of a type on three UTC days, early on a fourth too."""

    def factor(ago: pd.Series, counts: pd.DataFrame) -> pd.Series:
        times = ago.map({first: 30, first - 1: 8, first - 2: 5}).fillna(1)
        return times.where(counts["call_type"] == kind, 1)

    return factor


def test_a_storm_moves_no_level(town_history: History, calm: tuple[Panel, Array, Array]) -> None:
    known, level, mean = calm
    kind = known.call_types[-1]
    found, stormy_level, stormy_mean = seen(changed(town_history, storm(kind)))
    assert "3 days were storms of a series" in " ".join(storms_and_ends(found))
    which = known.index("force", "district", "call_type")
    assert stormy_level[which] == pytest.approx(level[which], rel=0.05)
    assert stormy_mean[which] == pytest.approx(mean[which], rel=0.05)


def test_a_storm_moves_no_share_of_hours_or_leaves(town: DemoForce, town_history: History) -> None:
    kind = town_history.profile.call_type_ids[-1]

    def in_one_leaf_at_noon(ago: pd.Series, counts: pd.DataFrame) -> pd.Series:
        here = (counts["area"] == town_history.tree.leaves[0]) & (counts["start"].dt.hour == 12)
        return (storm(kind)(ago, counts) * 20).where(ago.isin([10, 11, 12]) & here, 1)

    place, settings = town.truth.rates.leaf_place, ShareSettings()
    found = []
    for history in (town_history, changed(town_history, in_one_leaf_at_noon)):
        view = AsOf(history, history.observed_until)
        usual = storm_day_factors(view, cube(view, 364))
        leaves = leaf_shares(view, 364, place, usual)
        found.append((leaves[:, -1], hour_profile(view, settings)[0, -1]))
    (leaves, hours), (stormy_leaves, stormy_hours) = found
    assert stormy_leaves == pytest.approx(leaves, abs=0.02)
    assert stormy_hours == pytest.approx(hours, abs=0.02)


@pytest.mark.parametrize("days", [10, 21])
def test_a_step_is_learned_day_by_day_as_ever(town_history: History, days: int) -> None:
    kind = town_history.profile.call_type_ids[-1]
    stepped = changed(
        town_history,
        lambda ago, counts: (1 + 3 * (ago <= days)).where(counts["call_type"] == kind, 1),
    )
    found, level, _ = seen(stepped)
    plain = found.as_recorded
    wanted = Loglinear().fit(plain).predict(plain).mean(0)
    series = found.series(town_history.tree.root, kind)
    assert level[series] > (0.7 if days == 10 else 0.9) * wanted[series]


def test_an_end_moves_its_own_level_and_no_siblings(
    town_history: History, calm: tuple[Panel, Array, Array]
) -> None:
    known, *before = calm
    place, leaves = known.places[0], town_history.tree.leaves_of(known.places[0])
    ended = changed(
        town_history,
        lambda ago, counts: (~(counts["area"].isin(leaves) & (ago <= 40))).astype(int),
    )
    found, *after = seen(ended)
    said = storms_and_ends(found)
    assert [f"{place}/" in note for note in said] == [True] * len(found.call_types)
    for own, was in zip(after, before, strict=True):
        assert own[found.series(place)] < 0.02 * was[known.series(place)]
        for sibling in known.places[1:]:
            at = known.series(sibling)
            assert own[at] == pytest.approx(was[at], rel=0.02)
        others = sum(was[known.series(sibling)] for sibling in known.places[1:])
        assert own[0] == pytest.approx(others, rel=0.03)


def test_a_place_of_three_days_has_its_level_and_sums_have_it_too(
    town_history: History, calm: tuple[Panel, Array, Array]
) -> None:
    known, *before = calm
    place, leaves = known.places[0], town_history.tree.leaves_of(known.places[0])
    begun = changed(
        town_history,
        lambda ago, counts: (~(counts["area"].isin(leaves) & (ago > 3))).astype(int),
    )
    found, *after = seen(begun)
    here = found.series(place)
    rate = np.nanmean(found.happened[:, here])
    for own, was in zip(after, before, strict=True):
        assert own[here] == pytest.approx(rate, rel=0.25)
        assert own[0] == pytest.approx(own[[found.series(p) for p in found.places]].sum(), rel=0.06)
        for sibling in known.places[1:]:
            at = known.series(sibling)
            assert own[at] == pytest.approx(was[at], rel=0.02)


def test_a_leaf_that_ended_leaves_its_share_to_the_others(
    town: DemoForce, town_history: History
) -> None:
    place, leaf = town.truth.rates.leaf_place, town_history.tree.leaves[0]
    ended = changed(
        town_history,
        lambda ago, counts: (~((counts["area"] == leaf) & (ago <= 40))).astype(int),
    )
    view = AsOf(ended, ended.observed_until)
    shares = leaf_shares(view, 364, place)
    assert shares[0].max() < 0.02
    assert shares[place == place[0]].sum(0) == pytest.approx(1)
