"""Who is pooled: whole areas, never too few, and what was once pooled stays so."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.pool_decision import (
    Group,
    Sizes,
    Thresholds,
    decisions,
    due_kinds,
    partition,
    table,
)
from forewatch.areas import Area, AreaTree
from forewatch.history import History
from forewatch.pools import splits, whole_areas
from forewatch.profile import Profile
from forewatch.tables import check

LEAST = Thresholds(50, 1000)
LEVELS = ("force", "division", "district", "beat")


def tree_of(shape: list[list[int]], residents: list[int | None]) -> AreaTree:
    """Return a force of divisions with districts of so many beats."""
    areas, people = [Area("force", "Force")], iter(residents * 1000)
    for i, division in enumerate(shape):
        areas.append(Area(f"v{i}", "", "force"))
        for j, beats in enumerate(division):
            district, is_leaf = f"v{i}d{j}", beats == 0
            areas.append(Area(district, "", f"v{i}", population=next(people) if is_leaf else None))
            areas += [
                Area(f"{district}b{k}", "", district, population=next(people)) for k in range(beats)
            ]
    return AreaTree(tuple(areas), LEVELS)


def sizes_of(tree: AreaTree, reports: list[int]) -> Sizes:
    many = iter(reports * 1000)
    return Sizes(tree, {leaf: float(next(many)) for leaf in tree.leaves}, LEAST)


SHAPES = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4), min_size=1, max_size=4)
RESIDENTS = st.lists(st.sampled_from([None, 0, 400, 900, 1500, 4000]), min_size=1, max_size=12)
YEARS = st.lists(st.lists(st.integers(0, 150), min_size=1, max_size=17), min_size=1, max_size=5)


@settings(max_examples=300)
@given(shape=SHAPES, residents=RESIDENTS, years=YEARS)
def test_a_pool_holds_whole_siblings_and_neither_it_nor_its_rest_is_ever_too_small(
    shape: list[list[int]], residents: list[int | None], years: list[list[int]]
) -> None:
    tree = tree_of(shape, residents)
    before: list[Group] = []
    for reports in years:
        sizes = sizes_of(tree, reports)
        found = partition(sizes, before)
        for pool in found:
            areas = whole_areas(tree, pool)
            everything = set(tree.leaves) == pool
            if not everything:
                assert len({tree.area(area).parent for area in areas}) == 1
                assert sizes.large(areas)
        for area in tree.ids:
            leaves = tree.leaves_of(area)
            if leaves != tree.leaves and not any(splits(set(leaves), pool) for pool in found):
                assert sizes.large([area])
        for pool in before:
            rest = set().union(*(pool & group for group in found if _is_beside(tree, pool, group)))
            assert not rest or rest == pool or sizes.large(rest)
        before = found


def _is_beside(tree: AreaTree, pool: Group, group: Group) -> bool:
    """Return whether a group holds a whole one of the areas that were pooled."""
    return any(group.issuperset(tree.leaves_of(area)) for area in whole_areas(tree, pool))


def test_siblings_that_are_too_small_are_one_pool_and_the_others_stand_alone() -> None:
    tree = tree_of([[4]], [2000])
    assert partition(sizes_of(tree, [49, 50, 30, 200])) == [{"v0d0b0", "v0d0b2"}]


def test_a_pool_that_is_still_too_small_takes_in_the_smallest_that_stands_alone() -> None:
    tree = tree_of([[4]], [2000])
    assert partition(sizes_of(tree, [10, 70, 60, 200])) == [{"v0d0b0", "v0d0b2"}]
    few = tree_of([[4]], [300, 2000, 2000, 500])
    assert partition(sizes_of(few, [60, 70, 80, 200])) == [{"v0d0b0", "v0d0b1", "v0d0b3"}]


def test_an_area_whose_parts_are_too_small_together_is_pooled_with_all_that_is_below_it() -> None:
    tree = tree_of([[2, 2, 0]], [2000])
    pool = {"v0d0b0", "v0d0b1", "v0d2"}
    assert partition(sizes_of(tree, [15, 15, 60, 60, 40])) == [pool]


def test_the_force_always_stands() -> None:
    tree = tree_of([[2], [1]], [100])
    assert partition(sizes_of(tree, [1, 2, 3])) == [set(tree.leaves)]


def test_unknown_residents_are_not_asked_for_and_reports_are_rounded_down_to_fives() -> None:
    tree = tree_of([[3]], [None])
    assert partition(sizes_of(tree, [54, 50, 59])) == []
    sizes = replace(sizes_of(tree, [54, 55, 59]), least=Thresholds(55, 0))
    assert partition(sizes) == [{"v0d0b0", "v0d0b1"}]


def test_an_area_leaves_its_pool_only_well_above_and_if_the_rest_is_large_enough() -> None:
    tree = tree_of([[3]], [2000])
    before = [frozenset(tree.leaves[:2])]
    assert partition(sizes_of(tree, [30, 60, 200]), before) == before
    assert partition(sizes_of(tree, [30, 65, 200]), before) == before  # 30 would be left
    assert partition(sizes_of(tree, [50, 65, 200]), before) == []


def force(reports: dict[str, int], until: str = "2026-06-01", **privacy: Any) -> History:
    """Return a force of one district whose beats have so many reports in the year before."""
    beats = sorted(reports)
    profile = Profile.model_validate(
        {
            "force": {"id": "f", "name": "F", "zone": "Europe/London"},
            "areas": [
                {"id": "f", "name": "F"},
                {"id": "district", "name": "D", "parent": "f"},
                *({"id": beat, "name": beat, "parent": "district"} for beat in beats),
            ],
            "call_types": [
                {"id": "missing_person", "name": "Missing"},
                {"id": "theft", "name": "Theft"},
            ],
            "grades": ["routine"],
            "privacy": privacy,
        }
    )
    end = pd.Timestamp(until, tz="UTC")
    rows = [
        (end - pd.Timedelta(days=200), beat, kind, "routine", count)
        for beat in beats
        for kind, count in (("missing_person", reports[beat]), ("theft", 100 + 50 * ord(beat[0])))
    ]
    frame = pd.DataFrame(rows, columns=["start", "area", "call_type", "grade", "count"])
    for name, known in (("area", beats), ("call_type", profile.call_type_ids)):
        frame[name] = pd.Categorical(frame[name], categories=list(known))
    frame["grade"] = pd.Categorical(frame["grade"], categories=["routine"])
    counts = check("counts", frame.assign(known_at=frame["start"] + pd.Timedelta(hours=1)))
    begin = end - pd.Timedelta(days=365)
    return History(profile, profile.tree(), "hour", begin, end, counts)


def kept(history: History, then: History | None = None) -> History:
    """Return the history (or a later one) with the decisions that were made by then."""
    return replace(then or history, pools=table(decisions(history)))


def pools_in(history: History) -> dict[int, list[set[str]]]:
    found = decisions(history).get("missing_person", {})
    return {year: [set(pool.leaves) for pool in one.pools] for year, one in found.items()}


def test_pools_are_decided_once_a_year_and_a_later_year_opens_none_of_the_past() -> None:
    first = force({"a": 20, "b": 40, "c": 90})
    assert pools_in(first) == {2026: [{"a", "b"}]}
    same_year = kept(first, force({"a": 200, "b": 200, "c": 1}, "2026-11-01"))
    assert pools_in(same_year) == {2026: [{"a", "b"}]}
    assert table(decisions(same_year)).equals(same_year.pools)
    next_year = kept(same_year, force({"a": 200, "b": 200, "c": 1}, "2027-02-01"))
    assert pools_in(next_year) == {2026: [{"a", "b"}], 2027: [{"a", "c"}]}


def test_raised_thresholds_merge_pools_at_once_and_lowered_ones_wait() -> None:
    first = force({"a": 20, "b": 40, "c": 90, "d": 200})
    raised = kept(first, force({"a": 20, "b": 40, "c": 90, "d": 200}, least_yearly_reports=100))
    assert pools_in(raised) == {2026: [{"a", "b", "c"}]}
    lowered = kept(raised, force({"a": 20, "b": 40, "c": 90, "d": 200}, least_yearly_reports=5))
    assert pools_in(lowered) == {2026: [{"a", "b", "c"}]}
    later = force({"a": 20, "b": 40, "c": 90, "d": 200}, "2027-02-01", least_yearly_reports=5)
    assert pools_in(kept(lowered, later)) == {2026: [{"a", "b", "c"}], 2027: []}


def test_a_type_that_is_added_is_pooled_in_all_years_and_one_left_out_until_the_next() -> None:
    first = force({"a": 20, "b": 40, "c": 90}, call_types=[])
    assert table(decisions(first)).empty
    added = kept(first, force({"a": 20, "b": 40, "c": 90}))
    assert pools_in(added) == {2026: [{"a", "b"}]}
    out = kept(added, force({"a": 20, "b": 40, "c": 90}, "2026-08-01", call_types=[]))
    assert pools_in(out) == {2026: [{"a", "b"}]}
    later = force({"a": 20, "b": 40, "c": 90}, "2027-02-01", call_types=[])
    assert pools_in(kept(out, later)) == {2026: [{"a", "b"}], 2027: []}


def test_an_area_that_is_new_is_decided_at_once_and_one_that_went_leaves_nobody_alone() -> None:
    first = force({"a": 20, "b": 40, "c": 90})
    new = kept(first, force({"a": 20, "b": 40, "c": 90, "n": 1}))
    assert pools_in(new) == {2026: [{"a", "b", "n"}]}
    gone = kept(first, force({"a": 20, "c": 90}))
    assert pools_in(gone) == {2026: [{"a", "c"}]}


def test_an_area_that_grew_is_not_opened_in_the_past_when_the_others_of_its_pool_are_gone() -> None:
    first = force({"a": 20, "b": 40, "c": 90})
    grown = kept(first, force({"a": 900, "c": 90}))
    assert pools_in(grown) == {2026: [{"a", "c"}]}
    again = kept(grown, force({"a": 900, "b": 40, "c": 90}))
    assert pools_in(again) == {2026: [{"a", "b", "c"}]}
    # the year after is decided by what it has become
    assert pools_in(kept(grown, force({"a": 900, "c": 90}, "2027-02-01"))) == {
        2026: [{"a", "c"}],
        2027: [],
    }


def test_chances_are_those_of_other_calls_where_residents_are_unknown() -> None:
    (pool,) = decisions(force({"a": 20, "b": 40, "c": 90}))["missing_person"][2026].pools
    calls = [100 + 50 * ord("a"), 100 + 50 * ord("b")]
    assert pool.chances == pytest.approx([call / sum(calls) for call in calls])


def test_an_area_that_is_declared_unobserved_stays_in_its_pool() -> None:
    first = force({"a": 20, "b": 40, "c": 90})
    window = pd.DataFrame(
        {"start": [first.observed_from], "end": [first.observed_until], "area": ["b"]}
    )
    # without it the sum of the pool before and after would tell what it had
    gone = replace(kept(first), unobserved=check("unobserved", window))
    assert pools_in(gone) == {2026: [{"a", "b"}]}
    never = replace(first, unobserved=check("unobserved", window))
    assert pools_in(never) == {2026: [{"a", "c"}]}


def test_what_is_kept_is_what_was_decided_whatever_the_order_of_the_areas() -> None:
    first = force({"a": 20, "b": 40, "c": 90})
    tree = first.tree
    backwards = replace(first, tree=replace(tree, areas=(*tree.areas[:2], *tree.areas[:1:-1])))
    assert backwards.tree.leaves == ("c", "b", "a")
    once = kept(backwards)
    assert decisions(once) == decisions(backwards)
    assert table(decisions(once)).equals(once.pools)
    assert not due_kinds(once)
