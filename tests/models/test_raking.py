import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forewatch.areas import Area, AreaTree
from models.raking import rake, structure

TREE = AreaTree(
    (
        Area("force", "Force"),
        Area("north", "North", "force"),
        Area("south", "South", "force"),
        Area("n1", "N1", "north"),
        Area("n2", "N2", "north"),
        Area("s1", "S1", "south"),
    ),
    ("force", "district", "beat"),
)
PLACES, TYPES = ("n1", "n2", "s1"), ("theft", "violence")
KEYS = pd.DataFrame(
    [
        *[(area, "all") for area in ("force", "north", "n1", "n2", "south", "s1")],
        *[("force", kind) for kind in TYPES],
        *[(place, kind) for place in PLACES for kind in TYPES],
    ],
    columns=["area", "call_type"],
)
PARTS = structure(KEYS, TREE, PLACES, TYPES)
rates = arrays(np.float64, (3, len(KEYS)), elements=st.floats(0, 500))


@given(rates)
def test_every_total_is_the_sum_of_its_parts(predicted: np.ndarray) -> None:
    predicted[:, 0] += 1
    cells = rake(predicted, PARTS)
    assert (cells >= 0).all()
    north = [predicted[:, 1], predicted[:, 2:4].sum(1)]
    south = [predicted[:, 4], predicted[:, 5]]
    areas = mean_of_positive(north) + mean_of_positive(south)
    total = mean_of_positive([predicted[:, 0], areas, predicted[:, 6:8].sum(1)])
    assert cells.sum((1, 2)) == pytest.approx(total, rel=1e-9)


def mean_of_positive(estimates: list[np.ndarray]) -> np.ndarray:
    days = [[x for x in day if x > 0] or [0.0] for day in zip(*estimates, strict=True)]
    return np.array([sum(day) / len(day) for day in days])


def test_a_total_is_the_mean_of_its_own_forecast_and_of_the_sums_of_its_parts() -> None:
    predicted = np.ones((1, len(KEYS)))
    predicted[0, :8] = [30, 10, 4, 4, 6, 2, 20, 16]
    # north (10 + 8) / 2 = 9, south (6 + 2) / 2 = 4, force (30 + 13 + 36) / 3
    cells = rake(predicted, PARTS)
    assert cells.sum() == pytest.approx(79 / 3)
    assert cells[0, 2].sum() / cells.sum() == pytest.approx(4 / 13)


def test_an_unknown_part_says_nothing_of_the_total() -> None:
    predicted = np.ones((1, len(KEYS)))
    predicted[0, :8] = [30, 10, 4, np.nan, 6, 2, 20, np.nan]
    assert rake(predicted, PARTS).sum() == pytest.approx((30 + 10 + 4) / 2)


@given(arrays(np.float64, (2, len(KEYS)), elements=st.floats(0.5, 500)))
def test_margins_keep_the_ratios_that_their_own_level_forecast(predicted: np.ndarray) -> None:
    cells = rake(predicted, PARTS)
    types = cells.sum(1)
    assert types[:, 0] / types[:, 1] == pytest.approx(predicted[:, 6] / predicted[:, 7], rel=1e-4)
    north, south = cells[:, :2].sum((1, 2)), cells[:, 2].sum(1)
    wanted = (predicted[:, 1] + predicted[:, 2:4].sum(1)) / (predicted[:, 4] + predicted[:, 5])
    # the call types are fitted last; where cells differ a thousandfold the places stay a little off
    assert north / south == pytest.approx(wanted, rel=1e-3)


def test_a_coherent_forecast_stays_as_it_is() -> None:
    cells = np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
    place = cells.sum(2)[0]
    flat = [21, 10, place[0], place[1], place[2], place[2], *cells.sum(1)[0], *cells.ravel()]
    assert rake(np.array([flat]), PARTS) == pytest.approx(cells, rel=1e-7)


def test_a_fitted_table_keeps_the_odds_ratio_of_the_cells() -> None:
    rng = np.random.default_rng(0)
    predicted = rng.uniform(1, 50, (1, len(KEYS)))
    seed = predicted[0, 8:].reshape(3, 2)
    cells = rake(predicted, PARTS)[0]
    odds = [t[0, 0] * t[1, 1] / (t[0, 1] * t[1, 0]) for t in (cells, seed)]
    assert odds[0] == pytest.approx(odds[1], rel=1e-6)


def test_unknown_cells_take_the_shares_of_their_margins() -> None:
    predicted = np.ones((1, len(KEYS))) * 6
    predicted[:, 8:] = np.nan
    predicted[:, 6], predicted[:, 7] = 2.0, 4.0
    cells = rake(predicted, PARTS)[0]
    assert cells[:, 1] / cells[:, 0] == pytest.approx(2.0)


def test_one_place_or_one_call_type_share_the_columns_of_their_twins() -> None:
    lone = AreaTree((Area("force", "Force"), Area("only", "Only", "force")), ("force", "district"))
    keys = pd.DataFrame({"area": ["force"] * 3, "call_type": ["all", *TYPES]})
    parts = structure(keys, lone, ("only",), TYPES)
    assert rake(np.array([[10.0, 1.0, 4.0]]), parts).tolist() == [[[1.5, 6.0]]]
    keys = pd.DataFrame({"area": ["force", "north", "south"], "call_type": ["all"] * 3})
    flat = structure(keys, TREE, ("north", "south"), ("calls",))
    assert rake(np.array([[10.0, 1.0, 4.0]]), flat).ravel() == pytest.approx([1.5, 6.0])


def test_nothing_at_all_stays_nothing() -> None:
    assert rake(np.zeros((1, len(KEYS))), PARTS).sum() == 0
