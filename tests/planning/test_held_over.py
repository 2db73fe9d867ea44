"""Hours held over, against what a schedule must make of itself."""

import numpy as np
import pytest

from planning.casework import CaseLength
from planning.held_over import WorkStream, held_over_hours

HOUR = 3_600_000_000
LENGTH = CaseLength(mean_hours=1.5, cv=1.0, shape="gamma")  # exponential: what is left is as long


def steady(busy: float, days: int = 3, length: CaseLength = LENGTH) -> WorkStream:
    """Work that keeps so many officers busy all the time, by six minutes."""
    sent = np.full((1, days * 240), busy / length.mean_hours / 10)
    return WorkStream(0, HOUR // 10, sent, (length,))


def at(*hours: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([hour * HOUR for hour in hours], dtype=np.int64)


def test_steady_work_keeps_as_many_busy_as_come_times_their_hours() -> None:
    assert steady(4.0).busy()[400:] == pytest.approx(4.0, rel=1e-3)


def test_without_an_overlap_those_busy_stay_as_long_as_their_work_has_left() -> None:
    # Exponential times: each of four busy officers has 1.5 h left on average.
    found = held_over_hours(steady(4.0), at(40, 50), at(50, 60), np.array([8.0, 8.0]))
    assert found == pytest.approx([6.0, 6.0], rel=0.01)


def test_of_fewer_officers_than_are_busy_only_those_stay() -> None:
    found = held_over_hours(steady(4.0), at(40), at(50), np.array([2.0]))
    assert found == pytest.approx([3.0], rel=0.01)


def test_an_overlap_leaves_only_what_lasts_through_it() -> None:
    overlap = 3.0
    found = held_over_hours(steady(4.0), at(40, 50 - overlap), at(50, 60), np.array([8.0, 8.0]))
    assert found[0] == pytest.approx(6.0 * np.exp(-overlap / 1.5), rel=0.01)


def test_an_overlap_that_is_too_small_leaves_the_rest_to_those_who_leave() -> None:
    found = held_over_hours(steady(4.0), at(40, 47), at(50, 60), np.array([8.0, 1.0]))
    # One of the four busy in the overlap is of the next shift.
    through, within = np.exp(-3 / 1.5), 1 - np.exp(-3 / 1.5)
    assert found[0] == pytest.approx(6.0 * (through + within * 3 / 4), rel=0.01)


def test_shifts_that_end_together_share_what_is_held_over() -> None:
    found = held_over_hours(steady(4.0), at(40, 40), at(50, 50), np.array([6.0, 2.0]))
    assert found == pytest.approx([4.5, 1.5], rel=0.01)


def test_what_rests_on_an_unknown_plan_is_unknown() -> None:
    found = held_over_hours(
        steady(4.0), at(20, 40, 47), at(30, 50, 60), np.array([8.0, 8.0, np.nan])
    )
    assert np.isfinite(found[0])
    assert np.isnan(found[1:]).all()


def test_heavier_tails_hold_more_over() -> None:
    heavy = CaseLength(mean_hours=1.5, cv=2.0)
    light = CaseLength(mean_hours=1.5, cv=0.5)
    both = [
        held_over_hours(steady(4.0, days=4, length=each), at(70), at(80), np.array([8.0]))[0]
        for each in (light, heavy)
    ]
    # What is left of the work of a busy officer: E[S²] ÷ 2 E[S], of the part that ten hours hold.
    assert both[0] == pytest.approx(4 * 1.5 * (1 + 0.25) / 2, rel=0.01)
    assert both[1] > 2 * both[0]
