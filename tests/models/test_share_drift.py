"""Ratios that wander, against drawn members whose true shares are known and in closed form."""

import numpy as np
import pytest

from forewatch.arrays import Array
from models.share_drift import (
    BLOCK_DAYS,
    ShareRecord,
    StartingRatios,
    current_ratios,
    in_blocks,
)

MEMBERS, BLOCKS = 12, 78
SIZE = np.linspace(1, 4, MEMBERS)
MIX = np.array([0.8, 0.2])


def shares(change: Array) -> Array:
    """What is found after blocks in which members are *change* times their size, (members, 2)."""
    rate = change * SIZE[:, None] * 100
    counts = np.random.default_rng(3).poisson(rate[:, None, :] * MIX[:, None]).astype(float)
    record = ShareRecord(counts, np.ones(counts.shape), np.zeros(MEMBERS, np.int64))
    even = np.full(MEMBERS, 1 / MEMBERS)
    one = np.ones((MEMBERS, 2))
    found = current_ratios(record, StartingRatios(even, one, 50 * even, 500 * one / MEMBERS))
    return np.asarray(found / found.sum(0))


def apart(found: Array, change: Array) -> Array:
    """Found ÷ true shares of all calls at the end, minus 1, (members,)."""
    true = change[:, -1] * SIZE
    return np.asarray(found @ MIX / (true / true.sum()) - 1)


def test_members_that_stand_still_are_learned_from_all_of_the_past() -> None:
    still = np.ones((MEMBERS, BLOCKS))
    # three years of 100 to 400 calls a block leave 0.6 to 1.1 % to chance, one year 1 to 2 %
    assert np.sqrt((apart(shares(still), still) ** 2).mean()) < 0.011


@pytest.mark.parametrize("kind", ["grows within a year", "steps eight weeks ago"])
def test_one_that_moves_gets_through_and_the_others_stay(kind: str) -> None:
    change = np.ones((MEMBERS, BLOCKS))
    age = np.arange(BLOCKS)[::-1]
    change[0] += np.clip(1 - age / 26, 0, 1) if kind[0] == "g" else age < 4
    off = apart(shares(change), change)
    assert off[0] == pytest.approx(0, abs=0.12)  # a flat year is a quarter or 40 % too low
    assert np.abs(off[1:]).max() < 0.05


def test_all_that_wander_are_followed() -> None:
    steps = np.random.default_rng(4).normal(0, 0.06, (MEMBERS, BLOCKS))
    change = np.exp(steps.cumsum(1))
    true = change * SIZE[:, None]
    flat = true[:, -26:].sum(1) / true[:, -26:].sum() / (true[:, -1] / true[:, -1].sum()) - 1
    assert (apart(shares(change), change) ** 2).mean() < 0.3 * (flat**2).mean()


def test_one_block_adds_its_counts_to_the_calls_that_shares_rest_on() -> None:
    counts = np.array([[[6.0]], [[2.0]], [[5.0]], [[0.0]]])
    record = ShareRecord(counts, np.ones((4, 1, 1)), np.array([0, 0, 1, 1]))
    half, one = np.full(4, 0.5), np.ones((4, 1))
    found = current_ratios(record, StartingRatios(half, one, 4 * half, 1e9 * one))[:, 0]
    share = found / np.array([found[:2].sum(), found[2:].sum()]).repeat(2)
    assert share[:2] == pytest.approx([8 / 12, 4 / 12], rel=0.01)  # Dirichlet, two calls each
    assert share[2:] == pytest.approx([7 / 9, 2 / 9], rel=0.01)


def test_what_was_not_known_of_a_member_says_nothing_of_its_share() -> None:
    rate = np.ones((MEMBERS, BLOCKS)) * SIZE[:, None] * 20
    counts = np.random.default_rng(3).poisson(rate)[:, None].astype(float)
    known = np.ones(counts.shape)
    counts[0, :, -6:], known[0, :, -6:] = 0, 0
    record = ShareRecord(counts, known, np.zeros(MEMBERS, np.int64))
    even, one = np.full(MEMBERS, 1 / MEMBERS), np.ones((MEMBERS, 1))
    found = current_ratios(record, StartingRatios(even, one, 50 * even, 1e6 * one))[:, 0]
    assert found / found.sum() == pytest.approx(SIZE / SIZE.sum(), rel=0.05)


def test_blocks_end_with_the_last_day() -> None:
    daily = np.arange(1.0, BLOCK_DAYS + 3)[None]
    assert in_blocks(daily).tolist() == [[3.0, daily.sum() - 3]]
    assert in_blocks(daily[:, :5]).tolist() == [[15.0]]
