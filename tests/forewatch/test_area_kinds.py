from __future__ import annotations

import pytest

from forewatch.area_kinds import MIXED, STANDARD_AREA_KINDS, AreaKind, area_kinds_of, with_mixed

OWN = AreaKind(id="university", name="University")


def test_the_standard_kinds_are_four_and_the_hourly_trees_number_them_in_this_order() -> None:
    assert [kind.id for kind in STANDARD_AREA_KINDS] == ["urban", "rural", "coast", "mixed"]


def test_an_id_stands_for_a_standard_kind_and_a_table_for_one_of_the_force_s_own() -> None:
    coast, own = area_kinds_of(["coast", OWN.model_dump()])
    assert coast is STANDARD_AREA_KINDS[2]
    assert AreaKind.model_validate(own) == OWN


@pytest.mark.parametrize(
    ("given", "says"), [([], "area_kinds is empty"), (["hilly"], "'hilly' is none of the standard")]
)
def test_no_kind_and_one_that_nobody_knows_are_refused(given: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        area_kinds_of(given)


def test_mixed_is_always_there_and_stays_where_it_was_put() -> None:
    assert [kind.id for kind in with_mixed((OWN,))] == ["university", MIXED]
    moved = (AreaKind(id=MIXED, name="Countryside and towns"), OWN)
    assert with_mixed(moved) == moved
