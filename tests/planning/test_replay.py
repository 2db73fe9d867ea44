"""What was said against what came: by hand, and what is unknown stays unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from forewatch.arrays import Array
from planning import replay
from planning.area_staffing import AreaStaffing
from planning.issues import Issue
from planning.need import BusyOfficers, HoursOfWork
from planning.past_work import PastWork
from planning.replay import ALL, BANDS, FIGURES, reliability
from planning.staffing import staffing

FIRST = pd.Timestamp("2026-10-19")


def replayed_shifts(found: AreaStaffing, officers: Array, work: PastWork) -> Any:
    return replay.replayed_shifts(found, officers, work)


@pytest.fixture(scope="module")
def north(october: Issue) -> AreaStaffing:
    return staffing(october, first=FIRST, days=7, areas=["north"]).areas[0]


def seen(found: AreaStaffing, busy: Array, hours: float) -> PastWork:
    """Work that was seen: officers busy by half-hour of the layout, hours of each force-day."""
    rows = len(found.duty.middles_us)
    days = pd.date_range(FIRST, periods=7, unit="us")
    none = HoursOfWork(np.zeros(7), np.zeros(7))
    return PastWork(
        found.duty.middles_us,
        BusyOfficers(np.zeros((rows, 2))),
        busy,
        np.ones(rows, dtype=bool),
        days,
        none,
        np.full(7, hours),
        np.ones(7, dtype=bool),
    )


def test_what_came_is_what_was_seen(north: AreaStaffing) -> None:
    needed = north.shifts["on_duty"].to_numpy(float)
    free = north.duty.free(needed)
    early = int(np.flatnonzero(north.shifts["shift"] == "early")[0])
    inside = np.flatnonzero(north.duty.during[early])
    busy = np.zeros(len(free))
    busy[inside[:5]] = free[inside[:5]] + 1
    rows = replayed_shifts(north, needed, seen(north, busy, 1e6))
    row = rows.iloc[early]
    assert row["came_share_of_time_short"] == pytest.approx(5 / len(inside))
    said = north.duty.shortness(needed)
    assert row["said_share_of_time_short"] == pytest.approx(said.share_of_time_short[early])
    worst = inside[np.argmax(north.duty.busy.p_over(free)[inside])]
    assert row["came_p_short_at_tightest"] == float(worst in inside[:5])
    # A force-day counts once, whatever its shifts.
    over = rows["came_p_hours_over"].dropna()
    assert (over == 1).all()
    assert len(over) == rows["force_day"].nunique() == 7
    quiet = replayed_shifts(north, needed, seen(north, busy * 0, 0.0))
    assert (quiet[[f"came_{figure}" for figure in FIGURES]].max() == 0).all()


def test_officers_and_work_that_nobody_knows_are_unknown(north: AreaStaffing) -> None:
    needed = north.shifts["on_duty"].to_numpy(float)
    work = seen(north, np.zeros(len(north.duty.middles_us)), 0.0)
    silent = needed.copy()
    silent[0] = np.nan
    rows = replayed_shifts(north, silent, work)
    assert np.isnan(rows.loc[0, "said_share_of_time_short"])
    assert np.isnan(rows.loc[0, "came_share_of_time_short"])
    work.is_known[north.duty.during[3]] = False
    rows = replayed_shifts(north, needed, work)
    assert np.isnan(rows.loc[3, "came_share_of_time_short"])
    assert rows.loc[3, "said_share_of_time_short"] >= 0


def sayings(bias: float, weeks: int = 40, seed: int = 1) -> pd.DataFrame:
    """Shifts of two areas of which chances were said, and happened with a bias."""
    rng = np.random.default_rng(seed)
    said = rng.uniform(0.05, 0.35, weeks * 20)
    came = (rng.random(len(said)) < said + bias).astype(float)
    week = np.repeat(pd.date_range("2026-01-05", periods=weeks, freq="7D"), 20)
    rows = pd.DataFrame({"week": week, "area": np.tile(["a", "b"], weeks * 10), "lead_days": 7})
    for figure in FIGURES:
        rows[f"said_{figure}"], rows[f"came_{figure}"] = said, came
    return rows.assign(hours=10.0)


def test_a_figure_that_holds_has_nothing_in_its_interval_and_a_biased_one_has_not() -> None:
    held = {(r.area, r.figure): r for r in reliability(sayings(0)) if r.high_said - r.low_said == 1}
    assert len(held) == 3 * len(FIGURES)
    for each in held.values():
        assert each.low <= 0 <= each.high
        assert each.weeks == 40
    both = held[ALL, "p_hours_over"]
    assert both.rows == 800
    assert both.said == pytest.approx(0.2, abs=0.01)
    biased = [r for r in reliability(sayings(0.1)) if r.area == ALL]
    assert all(r.low > 0 for r in biased if (r.low_said, r.high_said) == (0, 1))


def test_bands_of_what_was_said_hold_every_row_once() -> None:
    rows = sayings(0)
    rows.loc[:4, "said_p_hours_over"] = 1.0
    bands = [
        each
        for each in reliability(rows)
        if each.area == ALL and each.figure == "p_hours_over" and each.high_said - each.low_said < 1
    ]
    assert sum(each.rows for each in bands) == 800
    assert all(each.low_said <= each.said <= each.high_said for each in bands)
    assert bands[-1].high_said == BANDS[-1]
    assert bands[-1].rows == 5


def test_shares_of_time_are_weighted_by_hours_and_unknown_rows_are_counted() -> None:
    rows = (
        sayings(0, weeks=1)
        .iloc[:2]
        .assign(
            hours=[9.0, 11.0],
            said_share_of_time_short=[0.1, 0.2],
            came_share_of_time_short=[0.0, 1.0],
        )
    )
    (found,) = [
        r
        for r in reliability(rows)
        if r.area == ALL and r.figure == FIGURES[0] and r.high_said - r.low_said == 1
    ]
    assert found.said == pytest.approx((0.9 + 2.2) / 20)
    assert found.difference == pytest.approx(11 / 20 - 3.1 / 20)
    assert np.isnan(found.low)  # one week tells nothing of other weeks
    rows.loc[0, "came_share_of_time_short"] = np.nan
    (found,) = [
        r
        for r in reliability(rows)
        if r.area == ALL and r.figure == FIGURES[0] and r.high_said - r.low_said == 1
    ]
    assert (found.rows, found.unknown) == (1, 1)
    assert found.said == pytest.approx(0.2)
