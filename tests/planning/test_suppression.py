from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.asof import AsOf
from forewatch.areas import Area, AreaTree
from forewatch.errors import SettingsError
from forewatch.history import History
from forewatch.profile import Missing
from planning.suppression import (
    KINDS,
    AreaFacts,
    Kind,
    Pattern,
    Why,
    decided,
    facts,
    pattern,
)

Array = NDArray[np.float64]
SETTINGS = Missing()
DAYS, SHIFTS = 3, 2


def tree(**parents: str | None) -> AreaTree:
    return AreaTree(
        tuple(Area(name, name, parent) for name, parent in parents.items()),
        ("force", "district", "beat", "street"),
    )


TOWN = tree(force=None, a="force", b="force", c="force", a1="a", a2="a", a3="a", b1="b", b2="b")


def known(large: AreaTree = TOWN, **reports: float) -> dict[str, AreaFacts]:
    """Facts of areas without a population: reports as given, 100 where not."""
    return {area: AreaFacts(np.nan, reports.get(area, 100.0)) for area in large.ids}


def hidden(found: Pattern, kind: Kind = "day") -> dict[str, str]:
    return dict(found.hidden[kind])


def test_where_all_are_large_nothing_is_hidden() -> None:
    found = pattern(TOWN, known(), SETTINGS, 2027)
    assert found.hidden == {"week": {}, "day": {}}
    assert found.shown_with(TOWN, "a1", "day") == "a1"


def test_a_hidden_child_takes_the_smallest_other_with_it() -> None:
    found = pattern(TOWN, known(a1=45.0, a2=80.0, a3=60.0), SETTINGS, 2027)
    assert hidden(found) == {"a1": "few_reports", "a3": "protects_another"}
    # By week ten are enough.
    assert hidden(found, "week") == {}
    assert found.shown_with(TOWN, "a1", "day") == "a"
    assert found.why("a1", "day") == "few_reports"
    assert found.why("a2", "day") is None


def test_what_the_hidden_come_to_together_must_be_large_enough_too() -> None:
    # 20 + 25 are two, but too small together by day; by week 45 are enough.
    small = known(a1=20.0, a2=25.0, a3=60.0)
    assert set(hidden(pattern(TOWN, small, SETTINGS, 2027))) == {"a1", "a2", "a3"}
    assert hidden(pattern(TOWN, small, SETTINGS, 2027), "week") == {}
    enough = known(a1=25.0, a2=30.0, a3=60.0)
    assert set(hidden(pattern(TOWN, enough, SETTINGS, 2027))) == {"a1", "a2"}


def test_below_a_hidden_area_all_is_hidden() -> None:
    found = pattern(TOWN, known(b=5.0, c=55.0, a=300.0), SETTINGS, 2027)
    assert hidden(found) == {
        "b": "few_reports",
        "c": "protects_another",
        "b1": "inside_hidden",
        "b2": "inside_hidden",
    }
    assert hidden(found, "week") == hidden(found)
    assert found.shown_with(TOWN, "b1", "week") == "force"


def test_few_residents_hide_an_area_and_unknown_ones_do_not() -> None:
    with_people = known() | {"a2": AreaFacts(999.0, 500.0), "a1": AreaFacts(np.nan, 60.0)}
    found = pattern(TOWN, with_people, SETTINGS, 2027)
    assert hidden(found, "week") == {"a2": "few_residents", "a1": "protects_another"}
    with_people["a2"] = AreaFacts(1000.0, 500.0)
    assert hidden(pattern(TOWN, with_people, SETTINGS, 2027), "week") == {}


def test_an_only_child_and_its_parent_share_one_fate() -> None:
    line = tree(force=None, a="force", b="force", c="force", a1="a")
    found = pattern(line, known(line, a1=20.0), SETTINGS, 2027)
    assert hidden(found)["a"] == "protects_another"
    assert {"a", "a1"} < set(hidden(found))
    alone = tree(force=None, a="force")
    found = pattern(alone, known(alone, a=20.0), SETTINGS, 2027)
    assert set(hidden(found)) == {"force", "a"}
    assert found.shown_with(alone, "a", "day") is None


def test_a_year_later_an_area_must_be_a_quarter_above_to_be_shown_again() -> None:
    first = pattern(TOWN, known(a1=45.0), SETTINGS, 2027)
    again = pattern(TOWN, known(a1=60.0), SETTINGS, 2028, first)
    assert hidden(again)["a1"] == "few_reports"
    assert hidden(pattern(TOWN, known(a1=65.0), SETTINGS, 2029, again)) == {}
    # One that was hidden for another's sake needs no more than the threshold.
    protecting = next(area for area, why in hidden(first).items() if why == "protects_another")
    later = known() | {protecting: AreaFacts(np.nan, 55.0)}
    assert hidden(pattern(TOWN, later, SETTINGS, 2028, first)) == {}


def test_within_a_year_nothing_that_was_hidden_is_ever_shown() -> None:
    first = pattern(TOWN, known(a1=45.0), SETTINGS, 2027)
    more = pattern(TOWN, known(a1=500.0, b1=5.0), SETTINGS, 2027, first)
    assert set(hidden(first)) < set(hidden(more))
    assert {"b1", "b2"} < set(hidden(more))


def test_a_pattern_is_kept_as_json() -> None:
    found = pattern(TOWN, known(a1=45.0), SETTINGS, 2027)
    assert Pattern.from_state(json.loads(json.dumps(found.state()))) == found
    with pytest.raises(SettingsError, match="no pattern of suppression: it holds year"):
        Pattern.from_state({"year": 2027})


@st.composite
def forces(draw: st.DrawFn) -> tuple[AreaTree, dict[str, AreaFacts]]:
    """Trees of up to 13 areas and four levels, with facts that need not even add up."""
    parents: dict[str, str | None] = {"r": None}
    depth = {"r": 0}
    for i in range(draw(st.integers(1, 12))):
        parent = draw(st.sampled_from([area for area in parents if depth[area] < 3]))
        parents[f"n{i}"], depth[f"n{i}"] = parent, depth[parent] + 1
    numbers = st.tuples(
        st.sampled_from([np.nan, 500.0, 5000.0]),
        st.sampled_from([0.0, 5.0, 15.0, 45.0, 60.0, 200.0]),
    )
    return tree(**parents), {area: AreaFacts(*draw(numbers)) for area in parents}


def vector(force: AreaTree, area: str, times: Array) -> Array:
    """What a cell adds up, over leaves × shifts of days."""
    under = np.isin(force.leaves, force.leaves_of(area)).astype(float)
    return np.asarray(np.outer(under, times).ravel())


def cells(force: AreaTree, kind: Kind) -> list[tuple[str, Array]]:
    """Every area and window of a kind: weeks, or days and shifts."""
    atoms = np.eye(DAYS * SHIFTS)
    days = atoms.reshape(DAYS, SHIFTS, -1).sum(1)
    windows = [atoms.sum(0)] if kind == "week" else [*days, *atoms]
    return [(area, vector(force, area, times)) for area, times in product(force.ids, windows)]


@given(forces(), forces())
def test_no_hidden_number_follows_from_all_that_is_published(
    force: tuple[AreaTree, dict[str, AreaFacts]], other: tuple[AreaTree, dict[str, AreaFacts]]
) -> None:
    areas, first = force
    # An earlier year with other facts, and a later change within the year: still nothing follows.
    earlier = {area: other[1].get(area, first[area]) for area in areas.ids}
    before = pattern(areas, earlier, SETTINGS, 2026)
    found = pattern(areas, first, SETTINGS, 2027, before)
    for shown in (before, found, pattern(areas, earlier, SETTINGS, 2027, found)):
        published: list[Array] = []
        unpublished: list[Array] = []
        for kind in KINDS:
            for area, cell in cells(areas, kind):
                (unpublished if area in shown.hidden[kind] else published).append(cell)
        if not published or not unpublished:
            continue
        # The part of each hidden cell outside the span of all published ones.
        basis = np.linalg.svd(np.array(published), full_matrices=False)
        rows = basis[2][basis[1] > 1e-9]
        targets = np.array(unpublished)
        left = np.linalg.norm(targets - targets @ rows.T @ rows, axis=1)
        assert left.min() > 1e-6


@given(forces())
def test_by_day_nothing_is_shown_that_is_hidden_by_week(
    force: tuple[AreaTree, dict[str, AreaFacts]],
) -> None:
    found = pattern(*force, SETTINGS, 2027)
    assert set(hidden(found, "week")) <= set(hidden(found))


def test_the_rank_test_can_fail() -> None:
    # With the smallest other child shown, the hidden one is its parent's number less the others'.
    shown = [vector(TOWN, area, np.ones(1)) for area in ("a", "a2", "a3")]
    given_away = vector(TOWN, "a1", np.ones(1))
    assert np.linalg.matrix_rank([*shown, given_away]) == np.linalg.matrix_rank(shown)


def test_facts_are_the_reports_of_the_last_year_by_fives(town_history: History) -> None:
    origin = town_history.observed_until - pd.Timedelta(days=20)
    view = AsOf(town_history, origin)
    found = facts(view, ("missing_person",))
    counts = view.counts()
    year = counts[
        (counts["call_type"] == "missing_person")
        & (counts["start"] >= origin - pd.Timedelta(days=365))
    ]
    for area in view.tree.ids:
        mine = year[year["area"].isin(view.tree.leaves_of(area))]["count"].sum()
        assert found[area].yearly_reports == mine // 5 * 5
    assert np.isnan(found[view.tree.root].population) or found[view.tree.root].population > 0


def test_a_short_past_is_scaled_to_a_year_once_it_says_enough(town_history: History) -> None:
    first = town_history.observed_from
    short, longer = (
        facts(AsOf(town_history, first + pd.Timedelta(days=days)), ("missing_person",))
        for days in (90, 120)
    )
    root = town_history.tree.root
    counts = AsOf(town_history, first + pd.Timedelta(days=120)).counts()
    mine = counts[counts["call_type"] == "missing_person"]["count"].sum()
    assert longer[root].yearly_reports == mine * 365 / 120 // 5 * 5
    assert short[root].yearly_reports < longer[root].yearly_reports / 2


def test_by_day_more_is_hidden_even_where_two_are_hidden_for_days_already() -> None:
    was: dict[Kind, dict[str, Why]] = {"week": {}, "day": {"a3": "few_reports"}}
    found = pattern(TOWN, known(a1=5.0, a2=55.0, a3=60.0), SETTINGS, 2027, Pattern(2026, was, ""))
    assert set(hidden(found, "week")) == {"a1", "a2"}
    assert set(hidden(found)) == {"a1", "a2", "a3"}


def test_a_pattern_once_decided_stays_until_tree_or_thresholds_change(
    town_history: History,
) -> None:
    end = town_history.observed_until
    early, late = (AsOf(town_history, end - pd.Timedelta(days=d)) for d in (300, 5))
    first = decided(early, ("missing_person",), (2026, 2027))
    assert [each.year for each in first] == [2026, 2027]
    # Far more is known now; the years that were decided stay, the new one is decided from it.
    again = decided(late, ("missing_person",), (2026, 2027, 2028), first)
    assert again[:2] == first
    assert again[2] == pattern(
        late.tree,
        facts(late, ("missing_person",)),
        late.profile.missing,
        2028,
        first[1],
    )
    # Another threshold: the year is decided again, and what was hidden stays hidden.
    strict = Missing(least_yearly_reports_week=400, least_yearly_reports_day=4000)
    profile = town_history.profile.model_copy(update={"missing": strict})
    changed = decided(
        AsOf(replace(town_history, profile=profile), late.origin),
        ("missing_person",),
        (2027,),
        first,
    )
    assert changed[0] == first[0]
    assert set(first[1].hidden["day"]) < set(changed[1].hidden["day"])
