from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.areas import Area, AreaTree
from forewatch.errors import BadQuestion, UnknownArea
from planning.names import area_ids, id_meant, says_more

TREE = AreaTree(
    (
        Area("force", "Avon"),
        Area("d1", "Bristol", "force"),
        Area("d2", "Bath", "force"),
        Area("d1-1", "Harbour", "d1"),
        Area("d1-2", "Centre", "d1"),
        Area("d2-1", "Centre", "d2"),
        Area("bath", "Spa", "d2"),
    ),
    ("force", "district", "beat"),
)


def test_areas_are_meant_by_id_level_or_name_whatever_the_case() -> None:
    assert area_ids(TREE, ["d1", "BRISTOL", " harbour", "district"]) == ("d1", "d1-1", "d2")


def test_an_exact_id_comes_before_a_name_and_a_level_before_both() -> None:
    assert area_ids(TREE, ["bath"]) == ("bath",)  # though d2 is called so
    assert area_ids(TREE, ["force"]) == ("force",)


def test_the_name_of_several_is_refused_with_their_ids() -> None:
    with pytest.raises(BadQuestion, match=r"'Centre' may mean d1-2, d2-1; give one of these ids"):
        area_ids(TREE, ["Centre"])
    with pytest.raises(BadQuestion, match=r"'BATH' may mean d2, bath; give one of these ids"):
        area_ids(TREE, ["BATH"])
    assert area_ids(TREE, ["Centre"], within=("d2", "d2-1", "bath")) == ("d2-1",)


def test_of_many_of_one_name_ten_are_shown() -> None:
    names = {f"b{i}": "Town centre" for i in range(12)}
    with pytest.raises(BadQuestion, match=r"b9 and 2 more; give one of these ids"):
        id_meant("town centre", names)


def test_what_may_not_be_meant_is_as_unknown_as_what_is_not_there() -> None:
    within = ("d2", "d2-1", "bath")
    said = []
    for text in ("Bristol", "d1", "force", "nowhere"):
        with pytest.raises(UnknownArea) as found:
            area_ids(TREE, [text], within)
        assert found.value.name == text
        said.append(set(found.value.near))
    assert set().union(*said) <= {*within, "Bath", "Centre", "Spa", "district", "beat"}


def test_near_names_are_offered_where_they_say_more_than_the_id() -> None:
    with pytest.raises(UnknownArea, match="no area 'Bristle'; near names: Bristol"):
        area_ids(TREE, ["Bristle"])
    assert not says_more("South-2", of="south_2")


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=6), st.text())
def test_an_id_is_always_meant_by_itself(names: dict[str, str], text: str) -> None:
    for each in names:
        assert id_meant(each, names) == each
    try:
        found = id_meant(text, names)
    except BadQuestion:
        return
    assert found is None or found in names
