"""What is learned of pooled areas is their sum: nothing else of the extract moves anything."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import AsOf
from features.cube import cube
from features.pool_decision import Decision, Thresholds, decisions, table
from features.pools import pool_history
from forewatch.history import History
from forewatch.pools import Pool, areas_of_their_own, merge_overlapping, splits, whole_areas
from forewatch.tables import check

KEYS = ["start", "area", "call_type", "grade"]
KIND = "missing_person"


def own_of(history: History) -> pd.DataFrame:
    return history.counts[history.counts["call_type"] == KIND]


def pools_of(history: History) -> list[set[str]]:
    years = decisions(history)[KIND]
    return [set(pool.leaves) for pool in years[max(years)].pools]


def shuffled(history: History, seed: int) -> History:
    """Return the history with every report of a pool at another of its areas, or the same."""
    rng, counts = np.random.default_rng(seed), history.counts
    area = counts["area"].astype("str").to_numpy().copy()
    rows = (counts["call_type"] == KIND).to_numpy()
    for pool in pools_of(history):
        here = np.flatnonzero(rows & np.isin(area, sorted(pool)))
        # all the changes of one cell move together, as corrections do
        cell = pd.factorize(pd.MultiIndex.from_frame(counts.iloc[here][KEYS]))[0]
        area[here] = rng.choice(sorted(pool), cell.max() + 1)[cell]
    moved = counts.assign(area=pd.Categorical(area, categories=counts["area"].cat.categories))
    order = rng.permutation(len(moved))
    return replace(history, counts=check("counts", moved.iloc[order]))


@pytest.fixture(scope="module")
def corrected(town_history: History) -> History:
    """The town with a part of its reports taken back later, and others added late."""
    rng, own = np.random.default_rng(5), own_of(town_history)
    own = own[~own.duplicated(KEYS, keep=False)]
    back = own[rng.random(len(own)) < 0.2]
    late = own[rng.random(len(own)) < 0.2]
    days = pd.Timedelta(days=3)
    more = [
        back.assign(count=-back["count"], known_at=back["known_at"] + days),
        late.assign(known_at=late["known_at"] + 2 * days),
    ]
    counts = pd.concat([town_history.counts, *more], ignore_index=True)
    return replace(town_history, counts=check("counts", counts))


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), days=st.integers(20, 419))
def test_how_a_pools_reports_lie_among_its_areas_moves_no_count(
    corrected: History, seed: int, days: int
) -> None:
    assert pools_of(corrected)
    origin = corrected.observed_from + pd.Timedelta(days=days)
    one, other = (AsOf(h, origin) for h in (corrected, shuffled(corrected, seed)))
    pd.testing.assert_frame_equal(one.counts(), other.counts())
    pd.testing.assert_frame_equal(one.unknown(), other.unknown())


def test_a_report_that_is_moved_out_of_its_pool_is_seen(corrected: History) -> None:
    (pool, *_), counts = pools_of(corrected), corrected.counts
    outside = next(leaf for leaf in corrected.tree.leaves if leaf not in pool)
    own = counts[(counts["call_type"] == KIND) & counts["area"].isin(pool)]
    moved = counts.copy()
    moved.loc[own.index[0], "area"] = outside
    one, other = (
        AsOf(h, corrected.observed_until).counts()
        for h in (corrected, replace(corrected, counts=moved))
    )
    assert not one.equals(other)


def test_counts_stay_whole_and_every_sum_above_a_pool_is_exact(corrected: History) -> None:
    origin = corrected.observed_until - pd.Timedelta(days=30)
    counts = corrected.counts
    known = counts[(counts["known_at"] <= origin) & (counts["start"] < origin)]
    found = AsOf(corrected, origin).counts()
    assert (found["count"] > 0).all()
    group = {leaf: i for i, pool in enumerate(pools_of(corrected)) for leaf in pool}

    def sums(frame: pd.DataFrame) -> pd.Series:
        place = frame["area"].astype("str").map(lambda leaf: group.get(leaf, leaf))
        keys = [frame["start"], place.astype("str"), frame["call_type"], frame["grade"]]
        total = frame["count"].groupby(keys, observed=True).sum().astype("int64")
        return total[total != 0].sort_index()

    pd.testing.assert_series_equal(sums(found), sums(known))


def test_a_pools_reports_are_spread_by_its_chances(town_history: History) -> None:
    leaves, whole = town_history.tree.leaves, town_history
    chances = (0.5, 0.3, 0.1, 0.1)
    one = Decision((Pool(leaves[:4], chances),), Thresholds(50, 1000), frozenset(leaves))
    found = own_of(pool_history(replace(whole, pools=table({KIND: {2026: one}}))).history)
    count = found.groupby("area", observed=False)["count"].sum().reindex(leaves[:4]).to_numpy()
    n = count.sum()
    assert n == own_of(whole)[own_of(whole)["area"].isin(leaves[:4])]["count"].sum()
    expected = n * np.array(chances)
    assert ((count - expected) ** 2 / expected).sum() < 16.3  # chi-squared of 3, once in 1,000
    # Reports of one hour go to areas of their own: no two draws are the same one.
    apart = found.groupby(["start"], observed=True)["area"].nunique()
    assert apart.max() > 1


def test_pools_belong_to_the_year_in_which_a_report_began(town_history: History) -> None:
    leaves, least = town_history.tree.leaves, Thresholds(50, 1000)
    decided = frozenset(leaves)
    first = Decision((Pool(leaves[:2], (0.5, 0.5)),), least, decided)
    second = Decision((Pool(leaves[2:4], (1.0, 0.0)),), least, decided)
    history = replace(town_history, pools=table({KIND: {2025: first, 2026: second}}))
    found, raw = own_of(pool_history(history).history), own_of(history)
    new_year = pd.Timestamp("2026-01-01T07:00", tz="UTC")

    def of(frame: pd.DataFrame, leaf: str, *, later: bool) -> int:
        here = (frame["area"] == leaf) & ((frame["start"] >= new_year) == later)
        return int(frame[here]["count"].sum())

    assert of(found, leaves[3], later=True) == 0
    assert of(found, leaves[2], later=True) == of(raw, leaves[2], later=True) + of(
        raw, leaves[3], later=True
    )
    for leaf in leaves[2:4]:
        assert of(found, leaf, later=False) == of(raw, leaf, later=False)
    for leaf in leaves[:2]:
        assert of(found, leaf, later=True) == of(raw, leaf, later=True)
    view = AsOf(history, new_year - pd.Timedelta(hours=1))
    assert view.pools[KIND] == first.pools
    assert AsOf(history, new_year).pools[KIND] == second.pools
    assert view.ever_pooled[KIND] == [set(leaves[:2]), set(leaves[2:4])]


def test_what_is_not_known_of_one_area_is_not_known_of_its_pool(town_history: History) -> None:
    leaves = town_history.tree.leaves
    # of two districts, so that what is unknown of one is not of the other by itself
    one = Decision(
        (Pool((leaves[0], leaves[3]), (0.5, 0.5)),), Thresholds(50, 1000), frozenset(leaves)
    )
    start, end = (pd.Timestamp(f"2026-03-{day}T07:00", tz="UTC") for day in ("02", "03"))
    window = {"start": [start], "end": [end], "area": [leaves[0]]}
    history = replace(
        town_history,
        pools=table({KIND: {2026: one}}),
        unobserved=check("unobserved", pd.DataFrame(window)),
    )
    found = cube(AsOf(history, town_history.observed_until))
    day = (found.starts >= start) & (found.starts < end)
    places = found.places
    own, other = (
        places.index(history.tree.ancestor_in(leaf, places)) for leaf in (leaves[0], leaves[3])
    )
    assert own != other
    kind = found.call_types.index(KIND)
    assert np.isnan(found.counts[own][:, day]).all()
    assert np.isnan(found.counts[other, kind, day]).all()
    rest = np.delete(found.counts[other], kind, axis=0)
    assert np.isfinite(rest[:, day]).all()
    assert np.isfinite(found.counts[other, kind, ~day]).all()


def test_a_history_without_small_areas_or_pooled_types_is_left_as_it_is(
    town_history: History,
) -> None:
    profile = town_history.profile
    free = profile.model_copy(
        update={"privacy": profile.privacy.model_copy(update={"call_types": ()})}
    )
    history = replace(town_history, profile=free, pools=town_history.pools.iloc[:0])
    assert pool_history(history).history is history
    assert AsOf(history, history.observed_until).pools == {}


def test_groups_that_share_a_member_are_told_together(town_history: History) -> None:
    tree = town_history.tree
    leaves = tree.leaves
    groups = [{leaves[0], leaves[3]}, {leaves[3], leaves[6]}]
    districts = tree.at_level("district")
    assert merge_overlapping(groups) == [{leaves[0], leaves[3], leaves[6]}]
    assert splits({leaves[0]}, groups[0])
    assert not splits(set(leaves), groups[0])
    assert areas_of_their_own(tree, groups, districts) == [districts]
    assert areas_of_their_own(tree, [set(leaves[:2])], districts) == [(d,) for d in districts]
    assert whole_areas(tree, leaves[:4]) == (districts[0], leaves[3])
