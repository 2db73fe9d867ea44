"""Every feature is in the catalogue, and the page in docs/ is the catalogue."""

from pathlib import Path

from features.catalogue import HOLIDAY_OF_A_KIND, PLACE_AND_TIME, TRAILING, markdown
from features.levels import LEVEL_NAMES
from features.pipeline import NAMES


def test_the_catalogue_lists_the_features_in_their_order() -> None:
    assert [feature.name for feature in PLACE_AND_TIME] == [*NAMES, HOLIDAY_OF_A_KIND]
    assert [feature.name for feature in TRAILING] == [*LEVEL_NAMES, "same_weekday"]


def test_the_page_is_up_to_date(root: Path) -> None:
    page = (root / "docs" / "features.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: python -m features.catalogue > docs/features.md"


def test_every_feature_says_all_about_itself() -> None:
    for feature in (*PLACE_AND_TIME, *TRAILING):
        assert all(vars(feature).values()), feature.name
