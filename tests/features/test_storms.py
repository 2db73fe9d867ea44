from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import Panel, panel
from features.storms import storm_factors
from forewatch.history import History

MakeVillage = Callable[..., History]
STORM = (424.0, 110.0, 73.0)


def thefts(days: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(13.0, days).astype(float)


def seen(
    village: MakeVillage,
    counts: np.ndarray,
    first: str = "2025-09-01",
    ordinary: tuple[str, ...] = (),
) -> Panel:
    """The village's panel after days of thefts in the old town and a noise a day at the coast."""
    days = pd.date_range(first, periods=len(counts))
    rows = [
        (f"{day:%Y-%m-%d}T12:00", area, kind, "routine", int(n), f"{day:%Y-%m-%d}T13:00")
        for day, calls in zip(days, counts, strict=True)
        for area, kind, n in (("old", "theft", calls), ("bay", "noise", 1))
        if n
    ]
    morning = pd.Timedelta(days=1, hours=7)
    end = (days[-1] + morning).tz_localize("Europe/London").tz_convert("UTC")
    made = village(rows, observed=(f"{first}T06:00", f"{end:%Y-%m-%dT%H:%M}"))
    calendar = made.profile.calendar.model_copy(update={"ordinary": ordinary})
    made = replace(made, profile=made.profile.model_copy(update={"calendar": calendar}))
    return panel(AsOf(made, end), 7)


@pytest.mark.parametrize("before_the_end", [1, 2, 3, 5, 10, 60])
def test_a_storm_is_learned_as_usual_days_in_every_sum_and_stays_what_happened(
    village: MakeVillage, before_the_end: int
) -> None:
    counts, plain = thefts(150), thefts(150)
    at = slice(150 - before_the_end, min(153 - before_the_end, 150))
    counts[at] = STORM[: len(counts[at])]
    found = seen(village, counts)
    for series in (found.series("town", "theft"), found.series("town"), found.series("shire")):
        learned = found.counts[-150:, series]
        assert learned[at].max() <= 26  # twice the usual
        noises = float(series == found.series("shire"))
        assert (np.delete(learned, np.r_[at]) == np.delete(plain, np.r_[at]) + noises).all()
    assert (found.happened[-150:, found.series("town", "theft")] == counts).all()


@pytest.mark.parametrize("days", [8, 12, 20, 40])
@pytest.mark.parametrize("ratio", [2.2, 3.0, 6.0])
def test_a_step_gets_through_but_for_the_last_four_days(
    village: MakeVillage, days: int, ratio: float
) -> None:
    counts = thefts(150)
    counts[-days:] = np.random.default_rng(3).poisson(13 * ratio, days)
    found = seen(village, counts)
    learned = found.counts[-150:, found.series("town", "theft")]
    assert (learned[:-4] == counts[:-4]).all()


def test_a_step_of_eight_days_gets_through_but_for_its_last_ones(village: MakeVillage) -> None:
    counts = thefts(150)
    counts[-8:] = 60
    found = seen(village, counts)
    learned = found.counts[-150:, found.series("town", "theft")]
    assert (learned == counts).sum() >= 146


def test_holidays_and_what_comes_each_year_are_no_storms(village: MakeVillage) -> None:
    counts = thefts(150)
    christmas = (pd.Timestamp("2025-12-25") - pd.Timestamp("2025-09-01")).days
    counts[christmas - 1 : christmas + 3] = 100  # Boxing Day is one, and the 27th is beside it
    assert seen(village, counts).recorded is None
    counts = thefts(800)
    counts[[200, 566]] = 100
    assert seen(village, counts).recorded is None
    counts[566] = 13
    assert seen(village, counts).recorded is not None


def test_a_holiday_that_nobody_takes_off_is_no_reason_for_a_storm(village: MakeVillage) -> None:
    counts = thefts(150)
    boxing_day = (pd.Timestamp("2025-12-26") - pd.Timestamp("2025-09-01")).days
    counts[boxing_day] = 200
    assert seen(village, counts).recorded is None
    both = ("Christmas Day", "Boxing Day")
    found = seen(village, counts, ordinary=both)
    assert found.counts[-150:, found.series("town", "theft")][boxing_day] <= 26


def test_a_storm_on_a_holiday_is_one_where_the_other_year_knows_nothing_of_it(
    village: MakeVillage,
) -> None:
    first, counts = pd.Timestamp("2025-09-01"), thefts(520)
    second = (pd.Timestamp("2026-12-25") - first).days
    counts[second] = 200
    found = seen(village, counts)
    assert found.counts[-520:, found.series("town", "theft")][second] < 30
    counts[second - 365] = 60  # half as far above usual, in logarithms
    assert seen(village, counts).recorded is None


def test_chance_is_no_storm(village: MakeVillage) -> None:
    for seed in range(5):
        assert seen(village, thefts(300, seed)).recorded is None


def test_a_storm_of_the_whole_force_is_found_where_no_cell_shows_it(village: MakeVillage) -> None:
    made = village()
    view = AsOf(made, pd.Timestamp("2026-11-30T08:00", tz="UTC"))
    days = pd.date_range("2026-10-02", periods=50)
    daily = np.random.default_rng(2).poisson(0.4, (2, 2, 50)).astype(float)
    daily = np.repeat(daily, 10, axis=0)[:20]
    daily[:] = np.random.default_rng(2).poisson(0.4, daily.shape)
    daily[:, 0, 30] = 3
    factor = storm_factors(view, daily, tuple(["town"] * 20), days)
    assert factor is not None
    assert (daily * factor)[:, 0, 30].sum() == pytest.approx(8, abs=4)


def test_calls_that_come_in_clusters_are_no_storms_but_a_storm_among_them_is(
    village: MakeVillage,
) -> None:
    days, view = 500, AsOf(village(), pd.Timestamp("2026-11-30T08:00", tz="UTC"))
    clusters = np.random.default_rng(4).poisson(0.02, (20, 1, days))
    daily = np.asarray(
        6.0 * clusters, dtype=np.float64
    )  # six reports of one incident, in a cell that has one in 50 days
    daily[3, 0, 400] = 60
    found = storm_factors(
        view, daily, tuple(["town"] * 20), pd.date_range("2025-07-01", periods=days)
    )
    assert found is not None
    assert np.argwhere(found < 1).tolist() == [[3, 0, 400]]


def test_rare_clusters_of_small_places_are_no_storms(village: MakeVillage) -> None:
    days, view = 500, AsOf(village(), pd.Timestamp("2026-11-30T08:00", tz="UTC"))
    clusters = np.random.default_rng(0).poisson(0.002, (20, 1, days))
    found = storm_factors(
        view,
        np.asarray(6.0 * clusters, dtype=np.float64),  # one incident a year and place
        tuple(["town"] * 20),
        pd.date_range("2025-07-01", periods=days),
    )
    assert found is None
