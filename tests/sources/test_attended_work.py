"""Officers at work by the log: against adding up call by call, and what is no work."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forewatch.clock import HOUR_US
from sources.attended_work import AttendedWork, CallFigures, WorkTimes, attended_work, work_of
from sources.lake import Lake
from tests.sources.test_attendance import take
from tests.sources.test_calls import PROFILE

START = int(pd.Timestamp("2026-06-01T06:00Z").value // 1000)
DAYS = 3
TIMES = WorkTimes(
    START + np.arange(24 * DAYS + 1) * HOUR_US,
    START + np.arange(48 * DAYS) * (HOUR_US // 2) + HOUR_US // 4,
    START + np.arange(DAYS + 1) * 24 * HOUR_US,
)
ALL = np.ones((2, 2), dtype=bool)


def drawn(count: int, seed: int) -> CallFigures:
    rng = np.random.default_rng(seed)
    officers = rng.integers(0, 4, count).astype(float)
    minutes = np.where(officers > 0, rng.gamma(1.5, 90, count), np.nan)
    received = START + rng.integers(-24 * HOUR_US, 24 * DAYS * HOUR_US, count)
    kind, grade, leaf = rng.integers(0, 2, (3, count))
    return CallFigures(received, leaf, kind, grade, officers, minutes)


def found_of(calls: CallFigures, urgent: np.ndarray = ALL) -> AttendedWork:
    found = work_of(calls, 2, (ALL, urgent), TIMES)
    assert found is not None
    return found


def test_work_is_that_of_calls_added_up_one_by_one() -> None:
    calls = drawn(400, 1)
    urgent = np.array([[True, False], [True, True]])
    found = found_of(calls, urgent)
    busy, hours = np.zeros((2, 48 * DAYS)), np.zeros((2, DAYS))
    for i in range(400):
        if calls.officers[i] == 0:
            continue
        start = calls.received_us[i]
        end = start + calls.minutes[i] * 6e7
        if urgent[calls.call_type[i], calls.grade[i]]:
            there = (start <= TIMES.middles) & (TIMES.middles < end)
            busy[calls.leaf[i]] += calls.officers[i] * there
        within = np.minimum(end, TIMES.days[1:]) - np.maximum(start, TIMES.days[:-1])
        hours[calls.leaf[i]] += calls.officers[i] * np.maximum(within, 0) / HOUR_US
    assert (found.busy == busy).all()
    assert found.hours == pytest.approx(hours)
    # Those of the first day were received before the hours that are counted.
    inside = calls.received_us >= START
    assert found.calls.sum() == inside.sum()
    table = found.cells_of(np.array([1]), (2, 2, 24 * DAYS))
    assert table.sum() == (inside & (calls.leaf == 1)).sum()
    assert table[1, 0].sum() == (
        inside & (calls.leaf == 1) & (calls.call_type == 1) & (calls.grade == 0)
    ).sum()  # fmt: skip


def test_a_blank_is_unknown_where_the_log_writes_zeros_and_nobody_where_it_does_not() -> None:
    one = np.zeros(3, dtype=np.int64)
    at = START + np.array([1, 2, 3]) * HOUR_US
    minutes = np.array([30.0, np.nan, np.nan])
    with_zero = CallFigures(at, one, one, one, np.array([2.0, 0.0, np.nan]), minutes)
    assert found_of(with_zero).calls.sum() == 2
    without = CallFigures(at, one, one, one, np.array([2.0, np.nan, np.nan]), minutes)
    assert found_of(without).calls.sum() == 3
    # On a day of which no call has figures, blanks say nothing.
    apart = CallFigures(at + np.array([0, 24, 24]) * HOUR_US, one, one, one,
                        without.officers, minutes)  # fmt: skip
    assert found_of(apart).calls.sum() == 1
    nothing = CallFigures(at, one, one, one, np.full(3, np.nan), np.full(3, np.nan))
    assert work_of(nothing, 2, (ALL, ALL), TIMES) is None


def test_the_log_is_read_by_its_last_versions(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "history")
    asked = np.ones((len(PROFILE.call_type_ids), len(PROFILE.grade_ids)), dtype=bool)
    tree = PROFILE.tree()
    take(tmp_path, "2,30", "1,60", "0,")
    found = attended_work(lake, PROFILE, tree, (asked, asked), TIMES)
    assert found is not None
    assert found.hours.sum() == pytest.approx(2)
    assert found.calls.sum() == 3
    take(tmp_path, "2,90", "1,60", "0,", at="07-02")
    found = attended_work(lake, PROFILE, tree, (asked, asked), TIMES)
    assert found is not None
    assert found.hours.sum() == pytest.approx(4)


def test_a_log_without_figures_tells_of_no_work(tmp_path: Path) -> None:
    from tests.sources.test_calls import imported, mapping, written  # noqa: PLC0415

    row = "A1,2026-06-01T08:05:00,north,VIO,immediate,live"
    imported(tmp_path, written(tmp_path, row), mapping(), pd.Timestamp("2026-07-01", tz="UTC"))
    asked = np.ones((len(PROFILE.call_type_ids), len(PROFILE.grade_ids)), dtype=bool)
    lake = Lake(tmp_path / "history")
    assert attended_work(lake, PROFILE, PROFILE.tree(), (asked, asked), TIMES) is None
