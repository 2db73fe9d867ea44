import numpy as np
import pandas as pd
import pytest

from forewatch.areas import Area, AreaTree
from models.crossing import Groups, crossed_weights
from models.origins import Fold
from models.raking import structure
from models.recipe import Recipe

RECIPE = Recipe(members=("same_weekday_8", "loglinear"), lead_blocks=(0, 7))
KEYS = pd.DataFrame({"level": ["force"], "area": ["force"], "call_type": ["all"]})
TREE = AreaTree((Area("force", "Force"),), ("force",))
DAYS = pd.date_range("2026-01-01", periods=14, freq="D", unit="us")


def groups(errors: list[tuple[float, float]]) -> Groups:
    """One fold a group; the baseline errs by 4 calls, the other by so many near and far."""
    counts = np.full((14, 1), 100.0)
    made = []
    for number, (near, far) in enumerate(errors):
        other = counts + np.repeat([near, far], 7)[:, None]
        predicted = np.stack([counts + 4.0, other])
        origin = pd.Timestamp("2026-01-01T07:00Z") + pd.Timedelta(days=84 * number)
        made.append(Fold(origin, number, DAYS, predicted, counts, 365))
    parts = structure(KEYS, TREE, ("force",), ("calls",))
    return Groups(made, parts, KEYS, [(np.array([0]), np.array([0]))])


def found(errors: list[tuple[float, float]]) -> list[np.ndarray]:
    """Weights from all folds, then for each fold from the others: (blocks, 1, members)."""
    return [np.asarray(held.table) for held in crossed_weights(groups(errors), RECIPE)]


def test_a_member_that_proves_itself_is_used_in_full() -> None:
    everything, *crossed = found([(2.0, 2.0)] * 3)
    # beforehand 1/12 and 1; losses 1 and 1/4 to the power −4, of three looks 3 / (3 + 3) believed
    other = 12 * 4**2
    assert everything[0, 0] == pytest.approx(np.array([1, other]) / (1 + other))
    assert everything[1, 0] == pytest.approx(everything[0, 0])
    assert len(crossed) == 3


def test_a_blend_that_loses_at_every_origin_gives_way_in_that_block_only() -> None:
    everything, *_ = found([(2.0, 4.6)] * 3)
    assert everything[0, 0, 1] > 0.8
    assert everything[1, 0].tolist() == [1, 0]


def test_a_blend_that_lost_once_is_not_held_back() -> None:
    everything, *_ = found([(2.0, 3.8), (2.0, 6.0), (2.0, 4.0)])
    assert everything[1, 0, 1] > 0.8


def test_weights_of_a_fold_do_not_see_its_group() -> None:
    calm = found([(2.0, 2.0), (2.0, 2.0), (2.0, 2.0)])
    odd = found([(2.5, 2.0), (2.0, 2.0), (2.0, 2.0)])
    assert odd[1] == pytest.approx(calm[1])
    assert odd[2] != pytest.approx(calm[2], rel=1e-6)
