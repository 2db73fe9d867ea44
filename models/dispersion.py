"""Sizes of the shared shocks, from how far the counts of past forecasts fell from their means.

The model (`forewatch.shocks`) says of any group of calls E[(y − λ)²] = chance + Σ over shocks of
sd² × (calls that share it)²: squared residuals are linear in the sizes. Each size is found where it
is used, in turn, until they agree (six rounds at most), thirds of days once at the end:

1. *Dispersion* of each call type, from contrasts of the smallest parts (`models.contrasts`): hours
   within a third of a cell's day, leaf areas within a place's day. No shock moves these.
2. *Shocks* and *steadiness*, by a regression on days, weeks, four weeks and all of a block, for
   the groups force, place, call type and cell, given the dispersion. Steadiness has negative
   columns: it lowers the variance of wholes and never raises that of parts.
3. *Thirds*: how much of each scope's day comes by independent thirds of it, from thirds of days
   given the rest. What whole days vary stays what it is.
4. Where there are no smaller parts than a cell's day, cells within their call type's day tell the
   call types' ratios (less what shocks of places and cells do), and the regression finds the mean
   dispersion too.

Of the regressions:

- A row's weight is 1 ÷ the variance of its square if it were Poisson with the variance expected,
  e + 2 e², from the round before: what is rare says little, however far a forecast of next to
  nothing was off. A kind of group (who × window) counts by the root of its rows: the many cells
  must not drown the few force-weeks, because every published level has to be calibrated.
- A residual beyond three standard deviations counts as that many (with the factor that keeps a
  Poisson residual unbiased), so that one strike day does not widen every interval; but a call or
  two where next to nothing was expected are no surprise.
- A forecast does not become surer further ahead: level shocks never shrink with the lead.
- Past origins had less to learn from. A shock's sd² is thought to be as 1 + 1 ÷ years of history
  (a year's effects, learned from n years, are off by 1 ÷ n of how years differ), so residuals of a
  short history say less of the shocks of a long one (docs/experiments/010-calibration.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from forewatch.arrays import Array, Index, Mask
from forewatch.shocks import PERSISTENCES, SCOPES, SPECIAL, WHOLES, Shocks
from models.contrasts import (
    LEAST_CALLS,
    LEAST_DISPERSION,
    Contrasts,
    clipped,
    dispersion_of,
    expected_variance,
)
from models.least_squares import bounded, nonnegative_of_products
from models.squared_residuals import DAY, THIRD, Residuals, SquaredResiduals, SquaredSums

_ROUNDS = 6  # at most
_NEAR, _SAME = 1e-2, 1e-4
_ROUNDING = 1e-6
# A chosen sd for the level of the force counts as this many observed groups: a few overlapping
# origins give a handful of independent looks at the level, which may all be lucky.
_PRIOR_LEVEL_SD = 0.02
_PRIOR_ROWS = 4.0
_PRIOR_STEADY_ALONE = 0.5  # of one place, whose days can't be told from the force's
_PRIOR_SHARE = 0.1  # size of the rows of chance and steadiness ÷ that of all rows together
# Weight of "no shock of its own" ÷ that of all rows with the call type; less where the mean
# dispersion is found in the same regression, which would else take a stormy type's days for chance.
_PRIOR_TYPE_SD = 1.3
_PRIOR_TYPE_SD_SCALED = 0.75
_YEAR_DAYS = 365.25
# Of a special day known from endless years, thought beforehand, and the days that this counts as:
# holidays, days beside them; of force, place, call type, cell (assumed).
_SPECIAL_SD = (0.05, 0.02)
_SPECIAL_SCOPES = np.array([1.0, 0.25, 0.25, 0.0])
_PRIOR_SPECIAL_ROWS = 4.0
_APART = [SCOPES.index("place"), SCOPES.index("cell")]  # whose shocks cells do not share


def estimate(
    found: Sequence[Residuals], lead_blocks: Sequence[int], *, history_days: int
) -> Shocks:
    """Return the shocks by block of leads, see `sizes_of`."""
    squares = [SquaredResiduals.of(one, lead_blocks) for one in found]
    return sizes_of(squares, lead_blocks, history_days=history_days)


def sizes_of(
    found: Sequence[SquaredResiduals], lead_blocks: Sequence[int], *, history_days: int
) -> Shocks:
    """Return the shocks by block of leads.

    A block that no origin reached takes the sizes of the block before it.

    Args:
        found: one per origin.
        lead_blocks: first lead day of each block, ascending from 0.
        history_days: force-days of history that the forecasts to come are learned from.
    """
    less = np.array([_doubt(one.history_days) / _doubt(history_days) for one in found])
    sizes: list[_Sizes] = []
    for block in range(len(lead_blocks)):
        groups = SquaredSums.joined([one.groups[block] for one in found], less)
        are_cells = all(one.are_cells for one in found)
        told = [one.contrasts[block] for one in found if one.are_cells == are_cells]
        if len(groups.square):
            sizes.append(_sizes(groups, Contrasts.joined(told), are_cells=are_cells))
        else:
            sizes.append(sizes[-1] if sizes else _Sizes.poisson(groups.by_type.shape[1]))
    special = _special(found, sizes, less)
    variance = np.array([one.variance for one in sizes])
    level = PERSISTENCES.index("level")
    variance[..., level] = np.maximum.accumulate(variance[..., level], axis=0)
    return Shocks(
        tuple(int(day) for day in lead_blocks),
        np.sqrt(variance),
        dispersion=np.array([one.dispersion for one in sizes]),
        steadiness=np.array([one.steadiness for one in sizes]),
        type_sd=np.sqrt(np.array([one.type_variance for one in sizes])),
        special_sd=np.sqrt(special),
    )


def at_bounds(shocks: Shocks, call_types: Sequence[str]) -> tuple[str, ...]:
    """Return in words which sizes were held at a bound, and so are not what the counts say."""
    low: Mask = np.any(shocks.dispersion <= LEAST_DISPERSION * (1 + _ROUNDING), axis=0)
    notes = [
        f"counts of {kind} vary less than any chance is taken for: its dispersion is held at "
        f"{LEAST_DISPERSION:g}, and its intervals may be too wide"
        for kind, is_bound in zip(call_types, low.tolist(), strict=True)
        if is_bound
    ]
    steady = shocks.steadiness.sum(1)
    room = shocks.dispersion.min(1) - LEAST_DISPERSION - steady
    # with shocks of days beside it, steadiness only offsets them
    unshaken = ~shocks.sd[..., PERSISTENCES.index("day")].any(axis=1)
    if ((room < _ROUNDING) & (steady > 0) & unshaken).any():
        notes.append(
            "whole days vary so little beside their parts that their steadiness is held at its "
            "bound, and the intervals of whole days may be too wide"
        )
    plain = (shocks.dispersion == 1).all() and not (shocks.sd.any() or steady.any())
    if plain:
        notes.append(
            "no size of chance could be found from past origins: intervals are those of "
            "independent Poisson counts, and of days and weeks too narrow"
        )
    return tuple(notes)


def _doubt(history_days: int) -> float:
    """Return how much larger sd² is than after endless years."""
    return 1 + _YEAR_DAYS / history_days


@dataclass(frozen=True)
class _Sizes:
    """What is estimated for one block of leads.

    Args:
        dispersion: shape (call types,).
        steadiness: shape (wholes,).
        variance: sd² of the shocks, shape (scopes, persistences).
        type_variance: sd² of the call types' own days, shape (call types,).
    """

    dispersion: Array
    steadiness: Array
    variance: Array
    type_variance: Array

    @classmethod
    def poisson(cls, types: int) -> _Sizes:
        """Return no shocks at all."""
        shape = len(SCOPES), len(PERSISTENCES)
        return cls(np.ones(types), np.zeros(len(WHOLES)), np.zeros(shape), np.zeros(types))

    def agrees_with(self, other: _Sizes) -> bool:
        """Tell whether nothing moved by more than a hundredth, or by next to nothing."""
        return all(
            np.allclose(getattr(self, f.name), getattr(other, f.name), rtol=_NEAR, atol=_SAME)
            for f in fields(self)
        )

    @property
    def shared(self) -> Array:
        """What the columns of `SquaredSums.shared` are multiplied with."""
        return np.concatenate([self.variance.ravel(), self.type_variance])


def _sizes(groups: SquaredSums, small: Contrasts, *, are_cells: bool) -> _Sizes:
    """Return the sizes of one block of leads.

    Args:
        groups: squared residuals of thirds of days and longer.
        small: contrasts of the smallest parts.
        are_cells: whether these are days of cells: shocks move them, and tell the mean dispersion.
    """
    found = _Sizes.poisson(groups.by_type.shape[1])
    fair = np.sqrt(groups.weight) * np.bincount(groups.kind, groups.weight)[groups.kind] ** -0.25
    days, thirds = groups.kind >= len(SCOPES), groups.kind < len(SCOPES)
    long, short = (groups.at(np.flatnonzero(which)) for which in (days, thirds))
    is_scaled = are_cells and len(small.square) > 0
    for _ in range(_ROUNDS):
        before = found
        apart = found.variance[_APART].sum() if are_cells else 0.0
        found = replace(found, dispersion=dispersion_of(small, found.dispersion, apart))
        found = _shocks(long, fair[days], found, is_scaled=is_scaled)
        if found.agrees_with(before):
            break
    return _thirds(short, long, fair[thirds], found) if thirds.any() else found


def _shocks(groups: SquaredSums, fair: Array, found: _Sizes, *, is_scaled: bool) -> _Sizes:
    """Return shocks and steadiness given the dispersion.

    Args:
        groups: the squared residuals.
        fair: weight of the rows by their kind.
        found: the sizes of the round before.
        is_scaled: whether the mean dispersion is found with them.
    """
    chance = groups.by_type @ found.dispersion
    explained = groups.steady @ found.steadiness + groups.shared @ found.shared
    expected = expected_variance(chance + explained, groups.by_type.sum(1))
    weight = fair / np.sqrt(expected + 2 * expected**2)
    shared = groups.shared.copy()
    shared[:, THIRD] = 0
    table = np.column_stack([chance, groups.steady, shared]) * weight[:, None]
    target = clipped(groups.square, expected) * weight
    gram, cross = table.T @ table, table.T @ target
    prior, thought = _priors(gram, len(target), found.dispersion, is_scaled=is_scaled)
    gram += np.diag(prior)
    cross += prior * thought
    scale = float(nonnegative_of_products(gram, cross)[0]) if is_scaled else 1.0
    dispersion = np.maximum(found.dispersion * scale, LEAST_DISPERSION)
    room = float(dispersion.min()) - LEAST_DISPERSION
    sizes = _steady_within(gram[1:, 1:], cross[1:] - gram[1:, 0] * scale, room)
    steadiness, variance, own = np.split(sizes, [len(WHOLES), -len(dispersion)])
    return _Sizes(dispersion, steadiness, variance.reshape(found.variance.shape), own)


def _special(found: Sequence[SquaredResiduals], sizes: Sequence[_Sizes], less: Array) -> Array:
    """Return sd² of special days beside what all days have, shape (kinds, scopes).

    Found from special days of all blocks together, which are few, given the other sizes.
    """
    parts = [
        _SpecialRows.of(*one.special[block], sizes[block], factor)
        for one, factor in zip(found, less, strict=True)
        for block in range(len(one.special))
    ]
    thought = np.repeat(_SPECIAL_SD, len(SCOPES)).reshape(SPECIAL, -1) ** 2
    if not sum(len(part.square) for part in parts):
        return np.zeros((SPECIAL, len(SCOPES)))
    rows = _SpecialRows(
        *(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_SpecialRows))
    )
    return rows.sizes(thought * _SPECIAL_SCOPES).reshape(SPECIAL, -1)


@dataclass(frozen=True)
class _SpecialRows:
    """Squared residuals of groups on special days.

    Args:
        square: shape (rows,).
        known: variance that all days have, shape (rows,).
        calls: expected, shape (rows,).
        columns: what the sizes of special days are multiplied with, (rows, kinds × scopes).
        kind: number of the scope, shape (rows,).
        weight: how many groups each row stands for, shape (rows,).
    """

    square: Array
    known: Array
    calls: Array
    columns: Array
    kind: Index
    weight: Array

    @classmethod
    def of(cls, sums: SquaredSums, columns: Array, sizes: _Sizes, factor: float) -> _SpecialRows:
        """Return the rows of one origin and block of which something is expected.

        Args:
            sums: the rows.
            columns: see `SquaredResiduals.special`.
            sizes: of all days of the block.
            factor: of these at the origin.
        """
        calls = sums.by_type.sum(1)
        known = sums.by_type @ sizes.dispersion + sums.steady @ sizes.steadiness
        known = known + factor * (sums.shared @ sizes.shared)
        used = calls > LEAST_CALLS
        every = (sums.square, known, calls, columns, sums.kind % len(SCOPES), sums.weight)
        return cls(*(each[used] for each in every))

    def sizes(self, thought: Array) -> Array:
        """Return sd² of the kinds and scopes, drawn to what is thought of them, shape (sizes,)."""
        rows = np.bincount(self.kind, self.weight)[self.kind]
        fair = np.sqrt(self.weight) * rows**-0.25
        found, prior = thought.ravel().copy(), thought.ravel()
        for _ in range(_ROUNDS):
            expected = expected_variance(self.known + self.columns @ found, self.calls)
            weight = fair / np.sqrt(expected + 2 * expected**2)
            table = self.columns * weight[:, None]
            target = (clipped(self.square, expected) - self.known) * weight
            gram, cross = table.T @ table, table.T @ target
            held = _PRIOR_SPECIAL_ROWS * np.diag(gram) / np.maximum(self._rows_of(), 1)
            found = nonnegative_of_products(gram + np.diag(held), cross + held * prior)
        return found

    def _rows_of(self) -> Array:
        """Return how many rows each size is told by, shape (sizes,)."""
        return np.asarray((self.columns > 0).sum(0), dtype=np.float64)


def _thirds(short: SquaredSums, long: SquaredSums, fair: Array, found: _Sizes) -> _Sizes:
    """Return the sizes with as much of each day's shock as comes by thirds of it.

    What a day varies stays what it is: of independent thirds it has the sum, so the day's own shock
    loses what these bring to it.

    Args:
        short: squared residuals of thirds of days.
        long: of days and longer.
        fair: weight of the thirds by their kind.
        found: the sizes by days and longer.
    """
    part = np.array(
        [_share_of_days(long, scope) for scope in range(len(SCOPES))]
    )  # sd² of a day by sd² of its thirds
    known = short.by_type @ found.dispersion + short.steady @ found.steadiness
    known = known + short.shared @ found.shared
    columns = short.shared[:, THIRD] * (1 - part)
    most = found.variance[:, PERSISTENCES.index("day")] / part
    apart = np.zeros(len(SCOPES))
    for _ in range(_ROUNDS):
        expected = expected_variance(known + columns @ apart, short.by_type.sum(1))
        weight = fair / np.sqrt(expected + 2 * expected**2)
        target = clipped(short.square, expected) - known
        apart = bounded(columns * weight[:, None], target * weight, most)
    variance = found.variance.copy()
    variance[:, PERSISTENCES.index("third")] = apart
    variance[:, PERSISTENCES.index("day")] -= apart * part
    return replace(found, variance=np.maximum(variance, 0))


def _share_of_days(long: SquaredSums, scope: int) -> float:
    """Return squared calls that share a third ÷ those that share a day, of days of one scope."""
    at = long.kind % len(SCOPES) == scope
    days = long.shared[at, DAY[scope]].sum()
    return float(long.shared[at, THIRD[scope]].sum() / days) if days > 0 else 1.0


def _steady_within(gram: Array, cross: Array, room: float) -> Array:
    """Return the sizes, steadiness first; all of it together no more than there is room for."""
    sizes = nonnegative_of_products(gram, cross)
    wholes = len(WHOLES)
    steady = sizes[:wholes].sum()
    if steady <= room:
        return sizes
    held = sizes[:wholes] * room / steady
    left = cross[wholes:] - gram[wholes:, :wholes] @ held
    return np.concatenate([held, nonnegative_of_products(gram[wholes:, wholes:], left)])


def _priors(gram: Array, rows: int, dispersion: Array, *, is_scaled: bool) -> tuple[Array, Array]:
    """Return the weight and the value of what is thought of each unknown beforehand.

    Counts are Poisson given their rates, each on its own, which decides where all cells are alike
    and chance can't be told from shocks; the force's level is not sure; a call type's days are as
    the others'.

    Args:
        gram: products of the columns: chance, steadiness, shocks, own days of the call types.
        rows: how many rows they have.
        dispersion: of the call types, of which chance is made.
        is_scaled: as of `_shocks`.
    """
    weight, value = np.zeros(len(gram)), np.zeros(len(gram))
    weight[: 1 + len(WHOLES)] = _PRIOR_SHARE**2 * gram[0, 0]
    if np.allclose(gram[1], gram[2]):  # one place is the force
        weight[1 : 1 + len(WHOLES)] = _PRIOR_STEADY_ALONE**2 * gram[0, 0]
    value[0] = 1 / dispersion.mean()
    level = 1 + len(WHOLES) + PERSISTENCES.index("level")
    weight[level], value[level] = _PRIOR_ROWS / rows * gram[level, level], _PRIOR_LEVEL_SD**2
    own = slice(len(gram) - len(dispersion), None)
    own_prior = _PRIOR_TYPE_SD_SCALED if is_scaled else _PRIOR_TYPE_SD
    weight[own] = own_prior**2 * np.diag(gram)[own]
    return weight, value
