"""Shares that drift: how far members of a group have moved by now from what was expected of them.

1. The ratio of a member (a leaf area among those of its place, an hour among those of a day) is
   what it has beside its expected part of the group's calls. Its logarithm wanders, and calls tell
   of it as Poisson counts do of a gamma-distributed rate. A ratio that rests on *a* calls has
   variance 1 ÷ a; a block of days later it has the wandering's variance more, so it rests on fewer
   calls, and the block's own are added. So the half-life of the past follows from the information:
   short where calls are many and shares move, long where they are few or shares stand still.
2. Two layers: all calls of a member, and each of its call types beside these. Where nothing wanders
   this is the chain of shrunk shares of `models.shrinkage`.
3. How fast shares wander is found by how well each speed said the next weeks of the past: first of
   each member, then of each cell, member × call type. Speeds are a mixture whose parts are learned
   from all members (a growing suburb moves, the others don't); those of a call type lean on those
   of all. What varies more than chance counts for less, by Pearson's chi-square.

Source:
    West and Harrison (1997), Bayesian Forecasting and Dynamic Models, chapters 6 and 14 (the past
    discounted by information); Stephens (2017), False discovery rates: a new deal (the parts of a
    mixture learned from all); docs/experiments/017-shares-that-drift.md for the numbers below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forewatch.arrays import Array, Index

BLOCK_DAYS = 14
_WEEKLY_VARIANCES = np.array([1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2])  # of a share's logarithm
_AHEAD = 4  # blocks that each speed has to say
_BURN_IN = 13  # blocks of which nothing is judged, or half of them if there are fewer
_ANY = 2.0  # members for which it counts that all speeds are alike
_LIKE_ALL = 10.0  # members for which it counts how fast cells of all call types wander
_ROUNDS = 30
_SMALL = 1e-9
_LEAST_EXPECTED = 0.5


@dataclass(frozen=True)
class ShareRecord:
    """What members of groups have had, block by block, ascending in time.

    Args:
        counts: calls, shape (members, call types, blocks).
        base: what the members' calls are expected to be in proportion to, same shape.
        group: number of each member's group, from 0, shape (members,).
    """

    counts: Array
    base: Array
    group: Index

    @property
    def among(self) -> Array:
        """Which members a group has, shape (groups, members)."""
        groups = np.arange(int(self.group.max()) + 1)
        return np.asarray(groups[:, None] == self.group, dtype=np.float64)

    def ahead(self) -> ShareRecord:
        """Return the sums of the next blocks, that each block begins."""
        return ShareRecord(_next_sums(self.counts), _next_sums(self.base), self.group)


@dataclass(frozen=True)
class StartingRatios:
    """Ratios before the first block, and how many calls they rest on.

    Args:
        whole: of all calls of a member, shape (members,).
        of_type: of its call types beside that, shape (members, call types).
        whole_calls: calls that *whole* rests on, shape (members,).
        type_calls: calls that *of_type* rests on, shape (members, call types).
    """

    whole: Array
    of_type: Array
    whole_calls: Array
    type_calls: Array


def current_ratios(record: ShareRecord, start: StartingRatios) -> Array:
    """Return the members' ratios after the last block, shape (members, call types).

    Times the base, and scaled to the calls of a group, they are what is expected of its members.

    Args:
        record: what members have had.
        start: ratios to begin with.
    """
    speeds = _WEEKLY_VARIANCES * BLOCK_DAYS / 7
    still = np.full((1, 1, 1), speeds[0])
    nats, _ = _evidence(_paths(record, start, speeds[:, None], still), record)
    any_speed = np.full(len(speeds), 1 / len(speeds))
    _, weight = _mixture(nats, any_speed, _ANY)
    own = np.exp(np.log(speeds) @ weight)
    paths = _paths(record, start, own[None], speeds[:, None, None])
    _, cells = _evidence(paths, record)
    of_all, _ = _mixture(cells.reshape(len(speeds), -1), any_speed, _ANY)
    members, types, _ = record.counts.shape
    found = np.empty((members, types))
    for kind in range(types):
        _, weight = _mixture(cells[:, :, kind], of_all, _LIKE_ALL)
        found[:, kind] = (weight * paths[:, -1, :, kind]).sum(0)
    return found


def in_blocks(daily: Array) -> Array:
    """Return the sums over blocks of days, (..., blocks); the first may have fewer days.

    Args:
        daily: shape (..., days), at least one day.
    """
    first = np.arange(daily.shape[-1] % BLOCK_DAYS, daily.shape[-1], BLOCK_DAYS)
    if not len(first) or first[0]:
        first = np.concatenate([[0], first])
    return np.asarray(np.add.reduceat(daily, first, axis=-1))


def _paths(record: ShareRecord, start: StartingRatios, whole: Array, of_type: Array) -> Array:
    """Return ratios before each block and after the last, (speeds, blocks + 1, members, types).

    Args:
        record: what members have had.
        start: ratios to begin with.
        whole: variances that a block adds to the logarithms of whole ratios, (speeds or 1, members
            or 1).
        of_type: the same of call types beside them, (speeds or 1, members or 1, types or 1).
    """
    members, types, blocks = record.counts.shape
    speeds, among = max(len(whole), len(of_type)), record.among
    ratio, own = np.tile(start.whole, (speeds, 1)), np.tile(start.of_type, (speeds, 1, 1))
    rests, own_rests = (
        np.tile(start.whole_calls, (speeds, 1)),
        np.tile(start.type_calls, (speeds, 1, 1)),
    )
    found = np.empty((speeds, blocks + 1, members, types))
    for block in range(blocks):
        counts, base = record.counts[..., block], record.base[..., block]
        group = (among @ counts)[record.group]
        found[:, block] = ratio[..., None] * own
        rests, own_rests = rests / (1 + whole * rests), own_rests / (1 + of_type * own_rests)
        expected = _expected(found[:, block], base, group, record).sum(2)
        seen = counts.sum(1)
        ratio = ratio * (rests + seen) / (rests + expected)
        rests = rests + seen
        expected = _expected(ratio[..., None] * own, base, group, record)
        own = own * (own_rests + counts) / (own_rests + expected)
        own_rests = own_rests + counts
    found[:, blocks] = ratio[..., None] * own
    return found


def _expected(ratio: Array, base: Array, group: Array, record: ShareRecord) -> Array:
    """Return the calls of a group spread over its members, (..., members, types)."""
    part = ratio * base
    whole = (record.among @ part)[..., record.group, :]
    return np.asarray(part / np.maximum(whole, _SMALL) * group)


def _evidence(paths: Array, record: ShareRecord) -> tuple[Array, Array]:
    """Return the log-likelihood of each speed by member and by cell.

    Returns:
        Shapes (speeds, members) and (speeds, members, call types), in nats of independent blocks.
    """
    blocks, ahead = record.counts.shape[2], record.ahead()
    counts, base = (np.moveaxis(each, 2, 0) for each in (ahead.counts, ahead.base))
    group = (record.among @ counts)[:, record.group]
    told = (record.among @ record.counts.sum(1) > 0)[record.group]
    judged = (told.cumsum(1) - told >= min(_BURN_IN, blocks // 2)).T[..., None]
    counts = counts * judged
    expected = np.maximum(_expected(paths[:, :-1], base, group, record), _SMALL) * judged
    return _log_likelihood(counts.sum(2), expected.sum(3)), _log_likelihood(counts, expected)


def _log_likelihood(counts: Array, expected: Array) -> Array:
    """Return Poisson log-likelihoods, divided by the dispersion, summed over blocks.

    Args:
        counts: shape (blocks, members, ...).
        expected: shape (speeds, blocks, members, ...); 0 where nothing is judged.
    """
    nats = (counts * np.log(np.maximum(expected, _SMALL)) - expected).sum(1) / _AHEAD
    likeliest = expected[int(nats.reshape(len(nats), -1).sum(1).argmax())]
    told = likeliest >= _LEAST_EXPECTED
    square = np.where(told, (counts - likeliest) ** 2 / np.maximum(likeliest, _LEAST_EXPECTED), 0)
    dispersion = square.sum((0, 1)) / np.maximum(told.sum((0, 1)), 1)
    return np.asarray(nats / np.maximum(dispersion, 1.0))


def _mixture(nats: Array, prior: Array, prior_members: float) -> tuple[Array, Array]:
    """Return the parts of speeds among members, and the weights of the speeds of each.

    Args:
        nats: log-likelihoods, shape (speeds, members).
        prior: parts that are expected, shape (speeds,).
        prior_members: for so many members the prior counts.

    Returns:
        Shapes (speeds,) and (speeds, members); both sum to 1 over speeds.
    """
    likelihood, parts = np.exp(nats - nats.max(0)), prior
    weight = np.empty(nats.shape)
    for _ in range(_ROUNDS):
        weight = likelihood * parts[:, None]
        weight /= weight.sum(0)
        parts = (weight.sum(1) + prior_members * prior) / (nats.shape[1] + prior_members)
    return parts, weight


def _next_sums(values: Array) -> Array:
    """Return the sum of each block and the next ones, as far as there are some."""
    blocks = values.shape[2]
    total = np.concatenate([np.zeros((*values.shape[:2], 1)), values.cumsum(2)], axis=2)
    first = np.arange(blocks)
    return np.asarray(total[..., np.minimum(first + _AHEAD, blocks)] - total[..., first])
