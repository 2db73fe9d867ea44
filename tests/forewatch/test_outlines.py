import pandas as pd

from forewatch.areas import Area, AreaTree
from forewatch.outlines import current_outlines, made_of

TREE = AreaTree(
    (Area("shire", "Shire"), Area("s", "S", "shire"), Area("n", "N", "shire")), ("force", "beat")
)


def test_what_an_outline_was_made_of_is_the_areas_right_below() -> None:
    assert made_of(TREE, "shire") == "n s"
    assert made_of(TREE, "n") == ""


def test_outlines_of_other_areas_or_other_parts_are_left_out() -> None:
    rows = pd.DataFrame({"area": ["shire", "shire", "n", "gone"], "made_of": ["n s", "n", "", ""]})
    assert current_outlines(rows, TREE).index.tolist() == [0, 2]
