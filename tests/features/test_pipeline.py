"""The transformer: one row out per row in, in scikit-learn's manner."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from features.asof import AsOf
from features.catalogue import features_at
from features.pipeline import PlaceTimeFeatures
from forewatch.errors import MissingColumns, NotFitted, UnknownArea
from forewatch.history import History

MakeVillage = Callable[..., History]
ROWS = pd.DataFrame(
    {
        "day": pd.to_datetime(["2026-12-25", "2026-11-23", "2026-12-25"]),
        "area": ["coast", "shire", "town"],
    },
    index=[7, 3, 5],
)


def names_of(view: AsOf) -> list[str]:
    return [feature.name for feature in features_at(view)]


@pytest.fixture(scope="module")
def view(village: MakeVillage) -> AsOf:
    return AsOf(village(), pd.Timestamp("2026-11-23T07:00Z"))


def test_rows_keep_their_order(view: AsOf) -> None:
    features = PlaceTimeFeatures(view)
    values = features.fit_transform(ROWS)
    names = names_of(view)
    assert values.shape == (3, len(names))
    assert values.dtype == np.float64
    named = pd.DataFrame(values, columns=names)
    assert named["christmas_day"].tolist() == [1, 0, 1]
    assert named["area_coast"].tolist() == [1, 0, 0]
    assert named["area_urban"].tolist() == [0, 0, 1]
    assert named["area_rural"].tolist() == [0, 0, 0]


def test_residents_of_an_area_are_its_own_or_all_of_its_parts(view: AsOf) -> None:
    values = PlaceTimeFeatures(view).fit_transform(ROWS)
    log = values[:, names_of(view).index("area_population_log")]
    # The coast has its bay's 500, the town its own 1,000, the shire both.
    assert log == pytest.approx(np.log([500, 1500, 1000]))
    beat = pd.DataFrame({"day": ROWS["day"].iloc[:1], "area": ["old"]})
    assert np.isnan(PlaceTimeFeatures(view).fit_transform(beat)[0, -1])


def test_a_frame_comes_out_where_one_is_asked_for(view: AsOf) -> None:
    features = PlaceTimeFeatures(view).set_output(transform="pandas")
    frame = features.fit_transform(ROWS)
    assert frame.columns.tolist() == names_of(view)
    assert frame.index.tolist() == [7, 3, 5]


def test_it_works_in_a_pipeline_and_clones(view: AsOf) -> None:
    features = clone(PlaceTimeFeatures(view))
    assert features.view is view
    chained = make_pipeline(features, FunctionTransformer(np.nan_to_num)).fit_transform(ROWS)
    assert np.isfinite(chained).all()


def test_no_rows_give_no_rows(view: AsOf) -> None:
    none = PlaceTimeFeatures(view).fit(ROWS).transform(ROWS.iloc[:0])
    assert none.shape == (0, len(names_of(view)))


def test_before_fit_nothing_is_known(view: AsOf) -> None:
    features = PlaceTimeFeatures(view)
    message = r"^PlaceTimeFeatures is not fitted; call fit\(\) first$"
    with pytest.raises(NotFitted, match=message):
        features.transform(ROWS)
    with pytest.raises(NotFitted, match=message):
        features.get_feature_names_out()


def test_a_missing_column_is_named(view: AsOf) -> None:
    with pytest.raises(MissingColumns) as raised:
        PlaceTimeFeatures(view).fit(ROWS[["area"]])
    assert str(raised.value) == "places and times lack day; found area; give day and area"


def test_an_unknown_area_is_refused_with_the_near_ones(view: AsOf) -> None:
    rows = pd.DataFrame({"day": ROWS["day"].iloc[:1], "area": ["twon"]})
    with pytest.raises(UnknownArea, match="no area 'twon'; near names: town"):
        PlaceTimeFeatures(view).fit(ROWS).transform(rows)
