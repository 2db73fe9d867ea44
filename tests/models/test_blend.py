import numpy as np
import pandas as pd
import pytest

from forewatch.errors import SettingsError
from models.blend import (
    Evidence,
    Trust,
    Weights,
    blend_predictions,
    block_of,
    evidence,
    looks,
    weigh,
)

MEMBERS = ("base", "good", "bad")
LEVELS = ("top",)


def proof(errors: dict[str, float], correlation: float = 0.0, n: int = 4000) -> np.ndarray:
    """Predictions of members around a truth, with given error sizes and correlation."""
    rng = np.random.default_rng(4)
    shared = rng.normal(size=n)
    own = rng.normal(size=(len(errors), n))
    mixed = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    return np.asarray(100 + mixed * np.array(list(errors.values()))[:, None])


def trusting(members: int, power: float, blocks: int = 1) -> Trust:
    """Trust that believes all that is said and thinks nothing beforehand."""
    return Trust(np.ones(members), np.ones(blocks), power)


def weights(predictions: np.ndarray, power: float) -> np.ndarray:
    found = evidence(
        predictions[:, :, None],
        np.full((predictions.shape[1], 1), 100.0),
        ["top"],
        LEVELS,
        np.zeros(predictions.shape[1], int),
        1,
    )
    trust = trusting(3, power)
    held = weigh(found, MEMBERS, LEVELS, (0,), baseline="base", trust=trust)
    return np.asarray(held.table[0, 0])


def test_power_one_weighs_by_inverse_squared_error() -> None:
    found = weights(proof({"base": 4.0, "good": 2.0, "bad": 4.2}), power=1.0)
    assert found == pytest.approx(np.array([1, 4, 1 / 1.05**2]) / 5.907, abs=0.02)


def test_power_zero_makes_equal_weights_of_those_that_do_not_clearly_lose() -> None:
    found = weights(proof({"base": 4.0, "good": 2.0, "bad": 9.0}), power=0.0)
    assert found == pytest.approx([0.5, 0.5, 0])


def test_a_member_that_clearly_loses_to_the_baseline_gets_no_weight() -> None:
    found = weights(proof({"base": 3.0, "good": 2.0, "bad": 9.0}), power=4.0)
    assert found[2] == 0
    assert found.sum() == pytest.approx(1)


def test_if_all_others_clearly_lose_the_baseline_stands_alone() -> None:
    found = weights(proof({"base": 1.0, "good": 5.0, "bad": 9.0}), power=4.0)
    assert found == pytest.approx([1, 0, 0], abs=1e-9)


def test_what_other_levels_and_blocks_say_counts_too() -> None:
    squares = np.full((2, 2, 2), 10.0)
    squares[0, 0, 1] = 18.0  # the second member was unlucky once
    found = weigh(
        Evidence(squares, np.ones((2, 2))),
        ("base", "other"),
        ("top", "low"),
        (0, 7),
        baseline="base",
        trust=trusting(2, 1.0, 2),
    )
    # own 1.8, means over levels and over blocks √1.8: 1.8 ** (0.3 + 0.35) = 1.465 is clearly worse
    assert found.table[0, 0].tolist() == [1, 0]
    # own 1, means √1.8 and 1: 1.8 ** 0.175 = 1.108
    assert found.table[0, 1] == pytest.approx([1.108 / 2.108, 1 / 2.108], abs=1e-3)
    # own 1, means 1 and 1
    assert found.table[1, 1] == pytest.approx([0.5, 0.5])


def test_a_member_that_left_out_a_whole_level_is_not_judged_and_gets_no_weight() -> None:
    predictions = proof({"base": 3.0, "good": 2.0, "bad": 1.0})
    predictions[2] = np.nan
    assert weights(predictions, power=4.0)[2] == 0


def test_what_is_half_believed_moves_half_as_far_from_what_was_thought_beforehand() -> None:
    squares = np.array([[[10.0, 11.0, 9.0]]])
    trust = Trust(np.array([0.2, 1.0, 1.0]), np.array([0.5]), 4.0)
    proof = Evidence(squares, np.ones((1, 1)))
    found = weigh(proof, MEMBERS, LEVELS, (0,), baseline="base", trust=trust)
    wanted = np.array([0.2, 1.1**-2, 0.9**-2])
    assert found.table[0, 0] == pytest.approx(wanted / wanted.sum())


def test_a_loss_is_clear_only_if_it_is_believed() -> None:
    proof = Evidence(np.array([[[1.0, 1.5, 1.5]]]), np.ones((1, 1)))
    for belief, weight in ((0.4, 0.26), (0.9, 0.0)):
        trust = Trust(np.ones(3), np.array([belief]), 4.0)
        found = weigh(proof, MEMBERS, LEVELS, (0,), baseline="base", trust=trust)
        assert found.table[0, 0, 1] == pytest.approx(weight, abs=0.01)


def test_origins_that_look_at_the_same_days_are_few_looks() -> None:
    origins = pd.date_range("2026-01-01", periods=4, freq="28D", tz="UTC")
    # 84 days apart: one stretch of 91 days and not quite another, four stretches of 7
    assert looks(origins, (7, 91)) == pytest.approx([4, 1 + 84 / 91])


def test_a_block_without_evidence_takes_the_weights_of_the_block_before() -> None:
    predictions = proof({"base": 3.0, "good": 2.0, "bad": 9.0})[:, :7, None]
    found = evidence(predictions, np.full((7, 1), 100.0), ["top"], LEVELS, np.zeros(7, int), 2)
    trust = trusting(3, 4.0, 2)
    both = weigh(found, MEMBERS, LEVELS, (0, 7), baseline="base", trust=trust).table
    assert both[1] == pytest.approx(both[0])


def test_the_weight_of_a_missing_forecast_goes_to_the_others_in_proportion() -> None:
    held = Weights(("a", "b", "c"), ("top",), (0,), np.array([[[0.5, 0.3, 0.2]]]))
    predictions = np.array([10.0, 20.0, np.nan]).reshape(3, 1, 1)
    assert blend_predictions(predictions, held, ["top"]) == pytest.approx(np.array([[11 / 0.8]]))


def test_blocks_and_levels_have_weights_of_their_own() -> None:
    values = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [1.0, 0.0]]])
    held = Weights(("a", "b"), ("top", "low"), (0, 1), values)
    predictions = np.array([[[1.0, 1.0]] * 2, [[3.0, 3.0]] * 2])
    assert blend_predictions(predictions, held, ["top", "low"]).tolist() == [[1.0, 3.0], [2.0, 1.0]]


def test_a_level_without_weights_is_refused() -> None:
    held = Weights.equal(("a",), ("top",), (0,))
    with pytest.raises(SettingsError, match="no weights for low; train again on this profile"):
        blend_predictions(np.ones((1, 1, 1)), held, ["low"])


def test_state_and_back_is_the_same() -> None:
    held = Weights.equal(("a", "b"), ("top",), (0, 7))
    again = Weights.from_state(held.state())
    assert (again.members, again.levels, again.lead_blocks) == (("a", "b"), ("top",), (0, 7))
    assert np.array_equal(again.table, held.table)


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        Weights(("a", "b"), ("top",), (0,), np.array([[[0.5, 0.6]]]))
    with pytest.raises(ValueError, match="shape"):
        Weights(("a", "b"), ("top",), (0,), np.ones((1, 1, 1)))


def test_blocks_of_leads() -> None:
    assert block_of((0, 7, 28), 30).tolist() == [0] * 7 + [1] * 21 + [2] * 2


def test_means_of_weeks_have_no_say_on_special_days_where_another_has_weight() -> None:
    table = np.array([[[0.5, 0.5], [1.0, 0.0]]])
    held = Weights(("same_weekday_8", "loglinear"), ("top", "low"), (0,), table)
    predictions = np.array([[[10.0, 10.0]] * 2, [[20.0, 20.0]] * 2])
    found = blend_predictions(predictions, held, ["top", "low"], np.array([False, True]))
    assert found.tolist() == [[15.0, 10.0], [20.0, 10.0]]
