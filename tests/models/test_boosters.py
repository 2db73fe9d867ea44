"""Trees are looked through before LightGBM reads them: forged ones are refused, none crashes."""

import re

import lightgbm as lgb
import numpy as np
import pytest

from forewatch.errors import RegistryError
from models.boosters import booster_of


@pytest.fixture(scope="module")
def text() -> str:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 3))
    rows[:, 2] = rng.integers(0, 40, 500)  # two words of categories
    settings = {"objective": "poisson", "num_leaves": 6, "verbosity": -1, "min_data_in_leaf": 5}
    calls = rng.poisson(np.exp(rows[:, 0] / 2 + rows[:, 2] % 3))
    data = lgb.Dataset(rows, label=calls, categorical_feature=[2])
    return str(lgb.train(settings, data, 4).model_to_string())


def test_trees_of_lightgbm_s_own_forecast_as_before(text: str) -> None:
    rows = np.random.default_rng(1).normal(size=(20, 3))
    np.testing.assert_array_equal(
        booster_of(text).predict(rows), lgb.Booster(model_str=text).predict(rows)
    )
    assert "num_cat=1" in text


def test_a_tree_of_one_leaf_is_a_tree() -> None:
    data = lgb.Dataset(np.zeros((50, 1)), label=np.ones(50))
    alone = lgb.train({"objective": "poisson", "verbosity": -1}, data, 1)
    assert booster_of(alone.model_to_string()).num_trees() == 1


def forged(text: str, name: str, value: str) -> str:
    """The text with the first number of the first list of a name changed, and sizes that fit."""
    changed = re.sub(rf"(?m)^{name}=-?\S+", f"{name}={value}", text, count=1)
    body = changed[: changed.index("end of trees")]
    starts = [found.start() for found in re.finditer(r"(?m)^Tree=\d+$", body)]
    sizes = [b - a for a, b in zip(starts, [*starts[1:], len(body)], strict=True)]
    return re.sub(r"(?m)^tree_sizes=.*$", f"tree_sizes={' '.join(map(str, sizes))}", changed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("split_feature", "3"), ("split_feature", "99999999"), ("split_feature", "-1"),
        ("left_child", "0"), ("left_child", "77"), ("left_child", "-7"), ("right_child", "-99999"),
        ("right_child", "x"), ("num_leaves", "7"), ("num_leaves", "1000000000"),
        ("num_leaves", "0"), ("num_cat", "9"), ("num_cat", "-1"), ("cat_boundaries", "1"),
        ("leaf_value", "nan"), ("decision_type", "99"), ("is_linear", "1"),
        ("max_feature_idx", "1"), ("max_feature_idx", "4000000000"), ("num_class", "3"),
        ("num_tree_per_iteration", "2"), ("version", "v9"), ("feature_infos", ""),
        ("Tree", "5"),
    ],
)  # fmt: skip
def test_an_index_that_leads_nowhere_is_refused(text: str, name: str, value: str) -> None:
    with pytest.raises(RegistryError, match="a model's trees can't be used"):
        booster_of(forged(text, name, value))


@pytest.mark.parametrize("text_", ["", "tree\n", "tree\nversion=v4\nend of trees\n", "\0" * 99])
def test_what_is_no_model_is_refused(text_: str) -> None:
    with pytest.raises(RegistryError):
        booster_of(text_)


def test_sizes_that_are_not_those_of_the_trees_are_refused(text: str) -> None:
    with pytest.raises(RegistryError, match="sizes of the trees"):
        booster_of(re.sub(r"tree_sizes=\d", "tree_sizes=9", text))
