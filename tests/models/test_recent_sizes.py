import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from forewatch.count_distribution import CountDistribution
from forewatch.shocks import PERSISTENCES, SCOPES, Shocks
from models import scores
from models.crossing import Groups
from models.origins import Fold
from models.raking import Structure
from models.recent_sizes import SpreadFactors, resize_shocks, shocks_of_origins
from models.told_days import ToldDays, day_variance

Array = NDArray[np.float64]
FORCE_DAY, PLACE_DAY = 0.06, 0.05
CALLS = np.array([[120.0, 60.0], [80.0, 40.0], [50.0, 30.0], [20.0, 100.0]])
EVERY, HORIZON, ORIGINS = 14, 42, 40
CELLS = np.arange(8).reshape(4, 2)
OLD = (0.5 ** (np.arange(28, 21, -1) / 28) / 7).sum()  # of a week three weeks ago, in looks
LOOKS = 4 / np.log(2)  # that all weeks together are, each worth half of one four weeks later


def sizes(force: float = FORCE_DAY, place: float = PLACE_DAY) -> Shocks:
    sd = np.zeros((2, len(SCOPES), len(PERSISTENCES)))
    sd[:, 0] = [force / 2, force, force / 3]
    sd[:, 1, 1] = place
    sd[:, 2, 1] = 0.02
    return Shocks((0, 7), sd, np.ones((2, 1)))


def horizon(days: int = HORIZON) -> Array:
    return np.repeat(CALLS[..., None], days, axis=2)


def drawn(rng: np.random.Generator, days: int, scale: float) -> Array:
    """Counts of the force and its places, their shocks so many times as large as told."""
    variance = day_variance(horizon(1), sizes(), np.zeros(1, dtype=int))[0]
    place = CALLS.sum(1)
    own = np.sqrt(np.maximum(scale**2 * variance[1:] - place, 0))  # chance is Poisson
    left = scale**2 * variance[0] - (own**2).sum() - place.sum()  # of what two places share
    shared = np.sqrt(max(left, 0) / (place.sum() ** 2 - (place**2).sum()))
    force, of_place = rng.standard_normal((days, 1)), rng.standard_normal((days, 4))
    # what is shared is a part of what places vary
    alone = np.sqrt(np.maximum(own**2 - (shared * place) ** 2, 0))
    rates = np.maximum(place * (1 + shared * force) + alone * of_place, 1.0)
    counts = rng.poisson(rates)
    return np.column_stack([counts.sum(1), counts]).astype(float)


def record(
    scale: float, seed: int
) -> tuple[list[SpreadFactors], list[SpreadFactors], Array, Array]:
    """Origins one after the other: wanted and reached factors, day variances told, counts."""
    days = pd.date_range("2024-01-01", periods=EVERY * ORIGINS + HORIZON, unit="us")
    counts = drawn(np.random.default_rng(seed), len(days), scale)
    told, calls = ToldDays.none(), horizon()
    wanted, reached, variance, came = [], [], [], []
    for k in range(ORIGINS):
        first = EVERY * k
        factors = SpreadFactors()
        if first:
            factors = SpreadFactors.of(told, days[:first], counts[:first])
        moved, found = resize_shocks(sizes(), factors, calls)
        ahead = days[first : first + HORIZON]
        told = ToldDays.concat([told, ToldDays.of(ahead, np.moveaxis(calls, 2, 0), sizes(), None)])
        wanted.append(factors)
        reached.append(found)
        variance.append(day_variance(calls, moved, np.arange(HORIZON)))
        came.append(counts[first : first + HORIZON])
    return wanted, reached, np.array(variance), np.array(came)


def held(variance: Array, counts: Array) -> tuple[float, float]:
    """Coverage of 80 % intervals of the force's days and its mean CRPS, from the 13th week on."""
    mean = np.full(variance[6:, :, 0].shape, CALLS.sum())
    told = CountDistribution.of(mean.ravel(), variance[6:, :, 0].ravel())
    truth = counts[6:, :, 0].ravel()
    return (
        float(scores.coverage(scores.bracket(told, truth), 0.8).mean()),
        float(scores.crps(told, truth).mean()),
    )


def test_without_a_record_nothing_moves() -> None:
    days = pd.date_range("2024-01-01", periods=5, unit="us")
    factors = SpreadFactors.of(ToldDays.none(), days, np.full((5, 5), 300.0))
    assert factors == SpreadFactors(1.0, 1.0)
    told = ToldDays.of(days + pd.Timedelta(days=5), np.full((5, 4, 2), 50.0), sizes(), None)
    none_came = SpreadFactors.of(told, days, np.full((5, 5), 300.0))
    assert none_came == SpreadFactors()
    before = sizes()
    assert resize_shocks(before, factors, horizon())[0] is before
    assert factors.note() == ()


@pytest.mark.parametrize(
    ("force", "places"), [(0.9, 0.97), (1.3, 1.1), (0.97, 1.03), (1.0, 0.98), (1.1, 1.0)]
)
def test_days_of_force_and_places_vary_as_the_factors_say(force: float, places: float) -> None:
    before = sizes()
    after, reached = resize_shocks(before, SpreadFactors(force, places), horizon())
    lead = np.arange(HORIZON)
    ratio = day_variance(horizon(), after, lead) / day_variance(horizon(), before, lead)
    assert np.sqrt(ratio[:, 0].mean()) == pytest.approx(force, abs=0.003)
    assert np.sqrt(ratio[:, 1:].mean()) == pytest.approx(places, abs=0.003)
    assert (reached.force, reached.places) == pytest.approx((force, places), abs=0.003)
    assert np.array_equal(after.sd[:, 2:], before.sd[:, 2:])  # call types and cells
    assert after.steadiness == pytest.approx(np.zeros((2, 2)), abs=1e-3)


def test_a_force_without_shocks_is_made_calmer_by_steadiness_and_only_so_far() -> None:
    poisson = sizes(0.0, 0.0)
    after, reached = resize_shocks(poisson, SpreadFactors(0.9, 0.9), horizon())
    assert (after.sd[:, :2] == 0).all()
    assert after.steadiness.sum(1) == pytest.approx([0.2, 0.2], abs=0.06)
    assert reached.force == pytest.approx(0.9, abs=0.02)
    after, reached = resize_shocks(poisson, SpreadFactors(0.5, 0.5), horizon())
    assert (after.steadiness.sum(1) <= 0.7 + 1e-9).all()
    assert reached.force > 0.55
    after, _ = resize_shocks(poisson, SpreadFactors(1.2, 1.0), horizon())
    assert (after.sd[:, 0, 1] > 0.02).all()  # where there was none


def test_one_place_moves_by_the_forces_shocks_alone() -> None:
    before = sizes()
    after, reached = resize_shocks(before, SpreadFactors(1.2, 1.2), horizon()[:1])
    assert reached.force == pytest.approx(1.2, abs=0.005)
    assert after.sd[:, 1] == pytest.approx(before.sd[:, 1], rel=0.05)


@pytest.mark.parametrize("calls_a_day", [0.0, 2.0, 4.9])
def test_a_force_of_few_calls_keeps_its_ranges_and_is_told_nothing(calls_a_day: float) -> None:
    before, calls = sizes(), horizon() * calls_a_day / CALLS.sum()
    after, reached = resize_shocks(before, SpreadFactors(0.6, 1.4), calls)  # of when it had more
    assert reached == SpreadFactors()
    assert reached.note() == ()
    assert np.array_equal(after.sd, before.sd)
    assert after.steadiness == pytest.approx(np.zeros((2, 2)))
    days = pd.date_range("2024-01-01", periods=HORIZON, unit="us")
    told = ToldDays.of(days, np.moveaxis(calls, 2, 0), before, None)
    wild = np.random.default_rng(4).poisson(3 * told.mean).astype(float)
    assert SpreadFactors.of(told, days, wild) == SpreadFactors()


def test_a_calmer_force_gets_narrower_ranges_that_hold() -> None:
    wanted, reached, variance, counts = record(0.7, 1)
    assert wanted[0] == SpreadFactors()
    late = np.mean([one.force for one in reached[6:]])
    assert late == pytest.approx(np.sqrt((8 + 0.49 * LOOKS) / (8 + LOOKS)), abs=0.03)
    before = np.broadcast_to(variance[:1], variance.shape)
    (wide, lost), (cover, crps) = held(before, counts), held(variance, counts)
    assert wide > 0.9
    assert cover < wide - 0.03
    assert crps < 0.99 * lost


def test_a_wilder_force_gets_wider_ranges() -> None:
    wanted, _, variance, counts = record(1.5, 2)
    assert 1.15 < np.mean([one.force for one in wanted[6:]]) < 1.25
    before = np.broadcast_to(variance[:1], variance.shape)
    (narrow, lost), (cover, crps) = held(before, counts), held(variance, counts)
    assert narrow < 0.65
    assert cover > narrow + 0.06
    assert crps < lost


def test_a_force_that_stays_as_it_was_loses_nothing() -> None:
    wanted, _, variance, counts = record(1.0, 3)
    assert np.mean([one.force for one in wanted]) == pytest.approx(1, abs=0.04)
    before = np.broadcast_to(variance[:1], variance.shape)
    (_, lost), (cover, crps) = held(before, counts), held(variance, counts)
    assert cover == pytest.approx(0.8, abs=0.03)
    assert crps < 1.003 * lost


def one_look(**changes: Array) -> tuple[ToldDays, pd.DatetimeIndex, Array]:
    days = pd.date_range("2024-01-01", periods=21, unit="us")
    told = ToldDays.of(days, np.moveaxis(horizon(21), 2, 0), sizes(), changes.get("doubt"))
    counts = told.mean + 2 * np.sqrt(np.nan_to_num(told.variance))
    return told, days, counts


def test_the_factor_is_that_of_the_formula_and_a_day_counts_once() -> None:
    told, days, counts = one_look()
    came = days[:14]
    weight = (0.5 ** (np.arange(14, 0, -1) / 28) / 7).sum()
    wanted = np.sqrt((8 + 4 * weight) / (8 + weight))
    assert SpreadFactors.of(told, came, counts[:14]).force == pytest.approx(wanted, rel=2e-3)
    twice = ToldDays.concat([told, told])
    assert SpreadFactors.of(twice, came, counts[:14]).force == pytest.approx(wanted, rel=2e-3)


def test_between_past_origins_looks_grow_older_though_nothing_is_told_of_those_days() -> None:
    weeks = [pd.date_range(first, periods=7, unit="us") for first in ("2024-01-01", "2024-01-29")]
    cells, places = np.moveaxis(horizon(7), 2, 0), np.arange(4)
    told = ToldDays.of(weeks[0], cells, sizes(), None)
    counts = told.mean + 2 * np.sqrt(told.variance)
    folds = [
        Fold(pd.Timestamp(days[0], tz="UTC"), i, days, np.zeros((0, 7, 5)), counts)
        for i, days in enumerate(weeks)
    ]
    parts = Structure(0, ((0, places + 1),), np.arange(5), places + 1, np.zeros(2, int), CELLS)
    sums = [(places, np.arange(2)), *((places[[i]], np.arange(2)) for i in places)]
    groups = Groups(folds, parts, pd.DataFrame({"level": ["force"] + ["district"] * 4}), sums)
    first, second = shocks_of_origins(groups, [cells, cells], {0: sizes(), 1: sizes()})
    assert np.array_equal(first.sd, sizes().sd)
    since = pd.date_range(weeks[0][0], periods=28, unit="us")
    came = np.full((28, 5), np.nan)
    came[:7] = counts
    factors = SpreadFactors.of(told, since, came)
    assert factors.force == pytest.approx(np.sqrt((8 + 4 * OLD) / (8 + OLD)), rel=2e-3)
    wanted, _ = resize_shocks(sizes(), factors, horizon(7))
    assert second.sd == pytest.approx(wanted.sd, rel=1e-9)


def test_what_comes_after_an_origin_moves_nothing() -> None:
    told, days, counts = one_look()
    at_origin = SpreadFactors.of(told, days[:14], counts[:14])
    later = ToldDays.concat([told.since(int(told.day[14])), told])
    assert SpreadFactors.of(later, days[:14], counts[:14]) == at_origin


def test_special_unknown_and_long_past_days_tell_nothing() -> None:
    doubt = np.zeros((21, 2))
    doubt[:14, 0] = 1
    told, days, counts = one_look(doubt=doubt)
    assert SpreadFactors.of(told, days[:14], counts[:14]) == SpreadFactors()
    told, days, counts = one_look()
    assert SpreadFactors.of(told, days[:14], np.full_like(counts[:14], np.nan)) == SpreadFactors()
    since = pd.date_range("2024-01-01", periods=200, unit="us")
    late = np.full((200, counts.shape[1]), np.nan)
    late[:21] = counts
    assert SpreadFactors.of(told, since, late) == SpreadFactors()


def test_a_note_says_it_in_a_planners_words() -> None:
    (told,) = SpreadFactors(0.92, 0.98).note()
    assert told == (
        "the last weeks were calmer than the year before: ranges are 8% narrower for days of the "
        "whole force than the training alone would make them"
    )
    (both,) = SpreadFactors(1.2, 1.1).note()
    assert "wilder" in both
    assert "20% wider for days of the whole force and 10% wider for days of its areas than" in both
    assert "not as the year before" in SpreadFactors(1.2, 0.9).note()[0]
    assert SpreadFactors(1.04, 0.96).note() == ()
