import pytest
from pydantic import ValidationError

from models.recipe import Recipe


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"members": ["loglinear"]}, "members lack same_weekday_8, the honest baseline; add it"),
        ({"members": ["same_weekday_8"] * 2}, "hold a name twice"),
        ({"lead_blocks": [7, 28]}, "lead_blocks ascend from 0"),
        ({"lead_blocks": [0, 28, 7]}, "lead_blocks ascend from 0"),
        ({"folds": 3}, "Extra inputs are not permitted"),
        ({"origins": {"folds": 1}}, "greater than or equal to 2"),
    ],
)
def test_a_recipe_that_can_not_be_trained_is_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Recipe.model_validate(changes)


def test_members_that_neither_forewatch_has_nor_packages_add_are_strange() -> None:
    recipe = Recipe(members=("same_weekday_8", "prophet", "theta"))
    assert recipe.strange_members(["theta"]) == ("prophet",)
    assert Recipe().strange_members([]) == ()


def test_the_fingerprint_follows_every_setting_and_nothing_else() -> None:
    plain = Recipe()
    assert Recipe.model_validate_json(plain.model_dump_json()).fingerprint() == plain.fingerprint()
    others = [
        Recipe(seed=7),
        Recipe(lead_blocks=(0, 7)),
        Recipe.model_validate({"shares": {"days": 182}}),
        Recipe.model_validate({"boosting": {"rounds": 10}}),
    ]
    assert len({recipe.fingerprint() for recipe in (plain, *others)}) == 5
