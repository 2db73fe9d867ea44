"""What an issue keeps of days that differ: announced by the origin, of its horizon, no more."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.history import History
from forewatch.tables import check
from planning.occasions import BREAK, EVENT, Occasion, announced_occasions

ORIGIN, UNTIL = (pd.Timestamp(text, tz="UTC") for text in ("2026-11-23T07:00", "2027-01-01T07:00"))


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


@pytest.fixture
def history(town_history: History) -> History:
    events = pd.DataFrame(
        [
            (
                "Fair",
                "d01",
                at("2026-11-28T12:00"),
                at("2026-11-28T20:00"),
                900,
                1100,
                "2026-11-01",
            ),
            ("Late news", "d01", at("2026-11-29"), at("2026-11-30"), 1, 2, "2026-11-24"),
            ("Long over", "d01", at("2026-11-20"), at("2026-11-21"), 1, 2, "2026-11-01"),
            ("Too far", "d01", at("2027-02-01"), at("2027-02-02"), 1, 2, "2026-11-01"),
            ("Moment", "", at("2026-12-01"), at("2026-12-01"), float("nan"), 5, "2026-11-01"),
        ],
        columns=["name", "area", "start", "end", "attendance_low", "attendance_high", "known_at"],
    )
    days = pd.DatetimeIndex(["2026-12-21", "2026-12-22", "2026-12-24", "2027-03-01"])
    holidays = pd.DataFrame({"date": days, "kind": "school_holiday", "name": "Christmas holiday"})
    breaks = pd.DataFrame(
        [
            (at("2026-12-01"), pd.NaT, "level", 0.7, "New counting", "2026-11-20"),
            (at("2026-01-01"), pd.NaT, "level", 0.9, "Old change", "2025-12-01"),
            (at("2026-11-01"), at("2026-12-05"), "pulse", float("nan"), "Strike", "2026-10-01"),
        ],
        columns=["start", "end", "kind", "expected_ratio", "reason", "known_at"],
    ).assign(area="", call_type="", decided_by="board")
    for frame in (events, breaks):
        for name in ("start", "end", "known_at"):
            if name in frame:
                frame[name] = pd.to_datetime(frame[name], utc=True)
    never = pd.Series([pd.NaT] * len(days), dtype="datetime64[us, UTC]")
    return replace(
        town_history,
        events=check("events", events),
        holidays=check("holidays", holidays.assign(area="", known_at=never)),
        breaks=check("breaks", breaks),
    )


def named(found: tuple[Occasion, ...], kind: str) -> list[str]:
    return [each.name for each in found if each.kind == kind]


def test_only_what_was_announced_and_lies_ahead_is_kept(history: History) -> None:
    found = announced_occasions(AsOf(history, ORIGIN), UNTIL)
    assert named(found, EVENT) == ["Fair", "Moment"]
    assert named(found, BREAK) == ["Strike", "New counting"]
    assert [each.start for each in found] == sorted(each.start for each in found)
    later = announced_occasions(AsOf(history, at("2026-11-25")), UNTIL)
    assert named(later, EVENT) == ["Fair", "Late news", "Moment"]


def test_consecutive_days_of_a_holiday_are_one_by_the_forces_clock(history: History) -> None:
    found = announced_occasions(AsOf(history, ORIGIN), UNTIL)
    spans = [(each.start, each.end) for each in found if each.kind == "school_holiday"]
    assert spans == [
        (at("2026-12-21T07:00"), at("2026-12-23T07:00")),
        (at("2026-12-24T07:00"), at("2026-12-25T07:00")),
    ]
    assert "Christmas Day" in named(found, "bank_holiday")


def test_figures_nobody_told_are_unknown_and_not_zero(history: History) -> None:
    found = {each.name: each for each in announced_occasions(AsOf(history, ORIGIN), UNTIL)}
    assert (found["Moment"].low, found["Moment"].high) == (None, 5)
    assert (found["Strike"].ratio, found["New counting"].ratio) == (None, 0.7)
    assert found["New counting"].end is None
    assert found["Christmas Day"].known_at is None
