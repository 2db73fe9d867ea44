"""Every feature is declared once, its maker makes it, and the page in docs/ is the catalogue."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from features.asof import AsOf
from features.catalogue import (
    EVERY_FORCES,
    HOURLY,
    MAKERS,
    PLACE_AND_TIME,
    TRAILING,
    features_at,
    features_page,
    grid,
)
from features.levels import LEVEL_NAMES
from forewatch.explanation_parts import FED
from forewatch.history import History
from models.missing.settings import Priors

MakeVillage = Callable[..., History]
DAYS = pd.date_range("2026-11-23", periods=3, unit="us")


@pytest.fixture(scope="module")
def view(village: MakeVillage) -> AsOf:
    holidays = {
        "date": ["2026-12-24"],
        "kind": ["carnival"],
        "name": ["parade"],
        "area": [""],
        "known_at": [None],
    }
    return AsOf(village(tables={"holidays": holidays}), pd.Timestamp("2026-11-23T07:00Z"))


def test_a_maker_makes_what_it_declares(view: AsOf) -> None:
    for maker in MAKERS:
        made = maker.make(view, DAYS, ("shire", "coast"))
        assert set(made) == {feature.name for feature in maker.features(view)}


def test_features_stand_in_the_order_of_their_makers_those_of_the_forces_own_too(
    view: AsOf,
) -> None:
    names = [feature.name for feature in features_at(view)]
    declared = [feature.name for feature in PLACE_AND_TIME]
    before = declared[: declared.index("area_<kind>")]
    # Trees draw columns by position: with the standard kinds of area it is what it always was.
    of_areas = ["area_urban", "area_rural", "area_coast", "area_population_log"]
    assert names == [*before, *of_areas, "holiday_carnival"]
    assert grid(view, DAYS, ("shire", "coast"), features_at(view)).shape == (3, 2, len(names))


def test_no_two_features_share_a_name_or_a_place_among_the_columns_of_a_member() -> None:
    every = (*PLACE_AND_TIME, *TRAILING, *HOURLY)
    places = [
        *(f.name for f in every),
        *(f.sight.hours.position for f in every if f.sight.hours),
        *(f"missing {f.sight.missing_trees}" for f in every if f.sight.missing_trees is not None),
    ]
    assert [place for place, times in Counter(places).items() if times > 1] == []


def test_a_declaration_names_what_there_is() -> None:
    assert {feature.part for feature in EVERY_FORCES.values()} == {"", *FED}
    keys = {feature.prior.recipe_key for feature in EVERY_FORCES.values() if feature.prior}
    assert keys | {"weekday"} == set(Priors.model_fields)


def test_the_page_is_up_to_date(root: Path) -> None:
    page = (root / "docs" / "features.md").read_text(encoding="utf-8")
    assert page == features_page(), "run: python -m features.catalogue > docs/features.md"
    assert [feature.name for feature in TRAILING] == [*LEVEL_NAMES, "same_weekday"]


def test_every_feature_says_all_about_itself() -> None:
    for feature in (*PLACE_AND_TIME, *TRAILING, *HOURLY):
        assert all((feature.meaning, feature.unit, feature.source, feature.known)), feature.name
