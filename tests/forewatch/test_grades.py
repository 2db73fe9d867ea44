from __future__ import annotations

import pytest

from forewatch.grades import STANDARD_GRADES, Grade, grades_of

OWN = {"id": "p1", "name": "P1", "work": "urgent", "target_minutes": 10}


def test_the_standard_grades_are_the_default_scale() -> None:
    assert [grade.id for grade in STANDARD_GRADES] == [
        "immediate",
        "priority",
        "routine",
        "appointment",
        "no_deployment",
    ]
    assert [grade.id for grade in STANDARD_GRADES if grade.work == "urgent"] == [
        "immediate",
        "priority",
    ]


def test_an_id_stands_for_a_standard_grade_and_a_table_for_one_of_the_force_s_own() -> None:
    routine, own = grades_of(["routine", OWN])
    assert routine is STANDARD_GRADES[2]
    assert Grade.model_validate(own).target_minutes == 10


def test_what_is_no_list_is_left_to_be_refused_by_the_profile() -> None:
    assert grades_of("routine") == "routine"


@pytest.mark.parametrize(
    ("given", "says"), [([], "is empty"), (["p1"], "'p1' is none of the standard")]
)
def test_no_grade_and_one_that_nobody_knows_are_refused(given: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        grades_of(given)
