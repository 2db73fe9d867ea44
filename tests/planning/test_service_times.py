"""Service times are found in drawn logs, whole days of open cases left out, few calls leaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import NotEnoughHistory
from planning.service_times import LearnedService, ServiceTimes, service_times

TYPES, GRADES = ("theft", "violence", "missing_person"), ("immediate", "routine")


@dataclass(frozen=True)
class Log:
    """Figures of the calls of a day, type and grade, as `attended_calls` sums them."""

    officers: np.ndarray[tuple[int], np.dtype[np.float64]]
    minutes: np.ndarray[tuple[int], np.dtype[np.float64]]

    def row(self, day: int, kind: str, grade: str) -> dict[str, object]:
        officers, minutes = self.officers, self.minutes
        timed, sent = ~np.isnan(minutes), officers > 0
        weight = np.where(timed, officers, 0)
        known = np.nan_to_num(minutes)
        return {
            "force_day": pd.Timestamp("2026-01-05") + pd.Timedelta(days=day),
            "call_type": kind,
            "grade": grade,
            "calls": len(officers),
            "sent": sent.sum(),
            "not_sent": (officers == 0).sum(),
            "blank": (np.isnan(officers) & ~timed).sum(),
            "open": (~(officers == 0) & ~timed).sum(),
            "with_officers": sent.sum(),
            "officers": np.nansum(np.where(sent, officers, 0)),
            "timed": timed.sum(),
            "weight": weight.sum(),
            "weighted_minutes": (weight * known).sum(),
            "weighted_squares": (weight * known**2).sum(),
        }


def drawn(
    rng: np.random.Generator, calls: int, mean: float, attended: float, officers: float = 1.5
) -> Log:
    """Calls of which a share is attended, by one or two officers, for exponential times."""
    sent = np.where(rng.random(calls) < attended, 1 + (rng.random(calls) < officers - 1), 0)
    return Log(sent.astype(float), np.where(sent > 0, rng.exponential(mean, calls), np.nan))


def blank(log: Log, share: float, rng: np.random.Generator) -> Log:
    """The log with a share of its calls still open."""
    is_open = rng.random(len(log.officers)) < share
    return Log(np.where(is_open, np.nan, log.officers), np.where(is_open, np.nan, log.minutes))


def learn(
    rows: list[dict[str, object]],
) -> tuple[ServiceTimes, dict[tuple[str, str], LearnedService]]:
    found = service_times(pd.DataFrame(rows), TYPES, GRADES, ("missing_person",))
    return found, {(each.call_type, each.grade): each for each in found.services}


def test_what_calls_take_is_found_again() -> None:
    rng = np.random.default_rng(1)
    truth = {
        ("theft", "immediate"): (40.0, 0.9), ("theft", "routine"): (30.0, 0.4),
        ("violence", "immediate"): (80.0, 0.95),
    }  # fmt: skip
    rows = [
        drawn(rng, 150, mean, attended).row(day, *name)
        for day in range(100)
        for name, (mean, attended) in truth.items()
    ]
    found, services = learn(rows)
    assert (found.days, found.open_days) == (100, 0)
    assert set(services) == set(truth)
    for name, (mean, attended) in truth.items():
        assert services[name].calls == 15_000
        assert services[name].minutes == pytest.approx(mean, rel=0.04)
        assert services[name].cv == pytest.approx(1, rel=0.04)
        assert services[name].officers == pytest.approx(1.5, abs=0.02)
        assert services[name].attended == pytest.approx(attended, abs=0.012)


def test_officers_times_minutes_are_the_officer_minutes_of_a_call() -> None:
    # Many officers stay long: the mean of minutes alone would lose a third of the work.
    log = Log(np.array([1.0, 4.0]), np.array([10.0, 60.0]))
    _, services = learn([log.row(day, "theft", "immediate") for day in range(2_000)])
    found = services["theft", "immediate"]
    assert found.officers is not None
    assert found.minutes is not None
    assert found.officers * found.minutes == pytest.approx((10 + 240) / 2, rel=0.01)


def test_days_of_open_cases_are_left_out_whole_so_that_long_ones_count() -> None:
    rng = np.random.default_rng(2)
    rows = []
    for day in range(60):
        log = drawn(rng, 400, 60, 0.9)
        if day >= 57:  # of these the long ones are still open
            keep = ~(log.minutes > 20)
            log = Log(np.where(keep, log.officers, np.nan), np.where(keep, log.minutes, np.nan))
        rows.append(log.row(day, "theft", "immediate"))
    found, services = learn(rows)
    assert (found.days, found.open_days) == (57, 3)
    assert services["theft", "immediate"].minutes == pytest.approx(60, rel=0.03)
    assert found.last == pd.Timestamp("2026-01-05") + pd.Timedelta(days=56)


def test_cases_that_nobody_ever_closes_do_not_open_their_days() -> None:
    rng = np.random.default_rng(3)
    rows = [
        blank(drawn(rng, 300, 60, 0.9), 0.03 if day < 58 else 0.4, rng).row(
            day, "theft", "immediate"
        )
        for day in range(60)
    ]
    found, services = learn(rows)
    assert (found.days, found.open_days) == (58, 2)
    assert services["theft", "immediate"].attended == pytest.approx(0.9, abs=0.01)


def test_where_no_log_says_nought_a_blank_means_that_nobody_was_sent() -> None:
    rng = np.random.default_rng(4)
    rows = []
    for day in range(60):
        log = drawn(rng, 300, 60, 0.7)
        log = Log(np.where(log.officers == 0, np.nan, log.officers), log.minutes)
        rows.append(log.row(day, "theft", "immediate"))
    found, services = learn(rows)
    assert found.open_days == 0
    assert services["theft", "immediate"].attended == pytest.approx(0.7, abs=0.015)


def test_days_before_the_columns_were_there_are_not_taken_for_open_ones() -> None:
    rng = np.random.default_rng(5)
    rows = [
        blank(drawn(rng, 200, 60, 0.9), 1.0 if day < 100 else 0.0, rng).row(
            day, "theft", "immediate"
        )
        for day in range(140)
    ]
    found, _ = learn(rows)
    assert (found.days, found.open_days) == (40, 0)


def test_few_calls_lean_on_their_type_and_many_do_not() -> None:
    rng = np.random.default_rng(6)
    rows = [drawn(rng, 100, 90, 0.9).row(day, "violence", "immediate") for day in range(60)]
    few = Log(np.array([1.0]), np.array([5.0]))
    rows.append(few.row(30, "violence", "routine"))
    _, services = learn(rows)
    found = services["violence", "routine"]
    assert (found.calls, found.sent) == (1, 1)
    assert found.minutes is not None
    assert 75 < found.minutes < 90
    assert services["violence", "immediate"].minutes == pytest.approx(90, rel=0.04)


def test_missing_persons_are_neither_learned_nor_do_they_hold_a_day_open() -> None:
    rng = np.random.default_rng(7)
    rows = []
    for day in range(40):
        rows.append(drawn(rng, 50, 60, 0.9).row(day, "theft", "immediate"))
        rows.append(
            blank(drawn(rng, 50, 780, 1), 0.0 if day < 20 else 1.0, rng).row(
                day, "missing_person", "immediate"
            )
        )
    found, services = learn(rows)
    assert (found.days, found.open_days) == (40, 0)
    assert set(services) == {("theft", "immediate")}


def test_of_grades_that_nobody_attends_only_that_is_said() -> None:
    none = Log(np.zeros(50), np.full(50, np.nan))
    some = Log(np.ones(50), np.full(50, 5.0))
    rows = [none.row(day, "theft", "routine") for day in range(400)]
    rows += [some.row(day, "theft", "immediate") for day in range(400)]
    _, services = learn(rows)
    found = services["theft", "routine"]
    assert found == LearnedService("theft", "routine", 20_000, 0, None, None, None, 0.0)


def test_fewer_than_four_weeks_are_too_few() -> None:
    rng = np.random.default_rng(8)
    rows = [drawn(rng, 50, 60, 0.9).row(day, "theft", "immediate") for day in range(27)]
    with pytest.raises(NotEnoughHistory, match="known of 27 force-days, 27 of them with all cases"):
        learn(rows)
