"""Features of areas, with kinds of area of the force's own."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from features.asof import AsOf
from features.catalogue import features_at
from features.places import KINDS_OF_AREA, kind_flags
from forewatch.errors import SettingsError
from forewatch.history import History
from forewatch.profile import Profile

MakeVillage = Callable[..., History]
DAYS = pd.date_range("2026-11-23", periods=2, unit="us")
CAMPUS = {"id": "university", "name": "University"}


@pytest.fixture(scope="module")
def college_town(village: MakeVillage) -> AsOf:
    history = village()
    told = history.profile.model_dump() | {"area_kinds": ["coast", CAMPUS]}
    told["areas"] = [
        area | ({"kind": "university"} if area["id"] == "town" else {}) for area in told["areas"]
    ]
    profile = Profile.model_validate(told)
    history = replace(history, profile=profile, tree=profile.tree())
    return AsOf(history, pd.Timestamp("2026-11-23T07:00Z"))


def test_each_kind_of_the_forces_own_is_a_flag_and_mixed_is_none(college_town: AsOf) -> None:
    flags = kind_flags(college_town, DAYS, ("shire", "town", "coast"))
    assert {name: values.tolist() for name, values in flags.items()} == {
        "area_coast": [[0, 0, 1]],
        "area_university": [[0, 1, 0]],
    }


def test_a_flag_says_what_its_kind_is_called(college_town: AsOf) -> None:
    own = KINDS_OF_AREA.features(college_town)
    assert [feature.meaning for feature in own] == [
        "area of the kind Coast",
        "area of the kind University",
    ]
    assert [feature.name for feature in features_at(college_town)[-3:]] == [
        "area_coast",
        "area_university",
        "area_population_log",
    ]


def test_a_kind_whose_flag_would_be_another_feature_is_refused(village: MakeVillage) -> None:
    history = village()
    kinds = ["urban", "rural", "coast", {"id": "population_log", "name": "Log of population"}]
    profile = Profile.model_validate(history.profile.model_dump() | {"area_kinds": kinds})
    view = AsOf(replace(history, profile=profile), pd.Timestamp("2026-11-23T07:00Z"))
    with pytest.raises(SettingsError, match="two features have the name area_population_log; give"):
        features_at(view)
