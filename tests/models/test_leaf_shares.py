"""Shares of leaf areas against the town's known truth, new leaves among them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.history import History
from models.leaf_shares import leaf_shares
from sources.synthetic import DemoForce

SharesOf = Callable[..., Array]
NEW = 0  # number of the leaf that is new in the tests below
COUNTED = ("domestic_abuse", "violence", "antisocial_behaviour")  # not pooled


@pytest.fixture(scope="module")
def found(town: DemoForce, town_history: History) -> SharesOf:
    """Shares at the end, where some leaves had no call until so many days before."""

    def made(leaves: tuple[int, ...] = (), days: int = 30) -> Array:
        counts = town_history.counts
        names = [town_history.tree.leaves[i] for i in leaves]
        before = counts["start"] < town_history.observed_until - pd.Timedelta(days=days)
        kept = counts[~(before & counts["area"].isin(names))]
        view = AsOf(replace(town_history, counts=kept), town_history.observed_until)
        return leaf_shares(view, 364, town.truth.rates.leaf_place)

    return made


def test_the_shares_of_a_place_add_up(found: SharesOf, town: DemoForce) -> None:
    place = town.truth.rates.leaf_place
    for leaves in ((), (0,), (0, 1, 2), (1, 8)):
        shares = found(leaves)
        for number in np.unique(place):
            assert shares[place == number].sum(0) == pytest.approx(1)
        assert (shares > 0).all()


@pytest.mark.parametrize("days", [30, 150])
def test_a_new_leaf_has_its_share_and_not_a_twelfth_of_it(
    found: SharesOf, town: DemoForce, town_history: History, days: int
) -> None:
    truth = town.truth.rates.leaf_shares
    calls = np.bincount(
        town_history.counts["call_type"].cat.codes, town_history.counts["count"], truth.shape[1]
    )
    weights = calls / calls.sum()
    shares = found((NEW,), days) @ weights
    assert shares[NEW] == pytest.approx(truth[NEW] @ weights, rel=0.12)
    here = town.truth.rates.leaf_place == town.truth.rates.leaf_place[NEW]
    assert shares[here] == pytest.approx(truth[here] @ weights, rel=0.12)


def test_other_places_do_not_feel_a_new_leaf(found: SharesOf, town: DemoForce) -> None:
    elsewhere = town.truth.rates.leaf_place != town.truth.rates.leaf_place[NEW]
    # but for the speeds of shares, which are learned from all places
    assert found((NEW,))[elsewhere] == pytest.approx(found()[elsewhere], rel=0.03)


def test_a_leaf_that_is_merely_rare_keeps_its_whole_record(
    town: DemoForce, town_history: History
) -> None:
    counts, leaf = town_history.counts, town_history.tree.leaves[NEW]
    own = counts[counts["area"] == leaf].sort_values("start")
    kept = pd.concat([counts[counts["area"] != leaf], own[-2:]])  # two calls in the last days
    view = AsOf(replace(town_history, counts=kept), town_history.observed_until)
    shares = leaf_shares(view, 364, town.truth.rates.leaf_place)
    pooled = town_history.profile.call_type_ids.index("missing_person")
    assert np.delete(shares[NEW], pooled).max() < 0.02


def test_a_leaf_that_doubled_two_months_ago_has_its_share(
    town: DemoForce, town_history: History
) -> None:
    counts, leaf = town_history.counts, town_history.tree.leaves[NEW]
    since = counts["start"] >= town_history.observed_until - pd.Timedelta(days=60)
    twice = counts["count"].where(~(since & (counts["area"] == leaf)), 2 * counts["count"])
    grown = replace(town_history, counts=counts.assign(count=twice))
    place = town.truth.rates.leaf_place
    found = leaf_shares(AsOf(grown, grown.observed_until), 1092, place)
    before = leaf_shares(AsOf(town_history, town_history.observed_until), 1092, place)
    wanted = 2 * before[NEW] / (1 + before[NEW])
    kinds = [i for i, kind in enumerate(town_history.profile.call_type_ids) if kind in COUNTED]
    assert found[NEW, kinds] == pytest.approx(wanted[kinds], rel=0.1)


def test_a_leaf_that_was_not_observed_keeps_its_share(
    town: DemoForce, town_history: History
) -> None:
    leaf, end = town_history.tree.leaves[NEW], town_history.observed_until
    since = end - pd.Timedelta(days=70)
    counts = town_history.counts
    lost = (counts["start"] >= since) & (counts["area"] == leaf)
    window = pd.DataFrame({"start": [since], "end": [end], "area": [leaf], "known_at": [end]})
    columns = town_history.unobserved.columns
    unobserved = pd.concat([town_history.unobserved, window[columns]], ignore_index=True)
    holed = replace(town_history, counts=counts[~lost], unobserved=unobserved)
    place = town.truth.rates.leaf_place
    found = leaf_shares(AsOf(holed, end), 1092, place)
    before = leaf_shares(AsOf(town_history, end), 1092, place)
    assert found[NEW, 1:] == pytest.approx(before[NEW, 1:], rel=0.05)
