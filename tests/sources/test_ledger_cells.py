from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pandas as pd
import pytest

from forewatch.errors import BadQuestion, SettingsError
from forewatch.history import History, Step
from forewatch.tables import COLUMNS
from sources.ledger_cells import COLUMNS as EXPORTED
from sources.ledger_cells import MOST_ROWS, LedgerCells, ledger_cells

MakeForce = Callable[..., History]
KEY = ["start", "area", "call_type", "grade"]


def rows(cells: LedgerCells) -> pd.DataFrame:
    frame = pd.concat(list(cells.frames()), ignore_index=True)
    assert tuple(frame.columns) == EXPORTED
    assert len(frame) == cells.rows
    return frame


def counted_by_pandas(history: History, by: Step) -> pd.DataFrame:
    """The ledger counted by another road: local wall clock and groupby."""
    zone, opens = history.profile.force.zone, history.profile.force.day_starts_at
    counts = history.counts.astype(dict.fromkeys(KEY[1:], "str"))
    wall = counts["start"].dt.tz_convert(zone).dt.tz_localize(None)
    day = (wall - pd.Timedelta(hours=opens.hour, minutes=opens.minute)).dt.normalize()
    start = counts["start"]
    if by == "day":
        begins = day + pd.Timedelta(hours=opens.hour, minutes=opens.minute)
        start = begins.dt.tz_localize(zone, ambiguous=True).dt.tz_convert("UTC")
    since = history.observed_from
    table = counts.assign(start=start.where(start > since, since), force_day=day)
    found = table.groupby([*KEY, "force_day"], observed=True)["count"].sum().reset_index()
    return found[found["count"] != 0].sort_values(KEY, ignore_index=True)


def alike(found: pd.DataFrame, oracle: pd.DataFrame) -> None:
    for name in (*KEY, "force_day", "count"):
        mine = found[name].astype("str") if name in KEY[1:] else found[name]
        assert mine.tolist() == oracle[name].tolist(), name


def window(history: History, start: str, end: str, area: str) -> History:
    row = {"start": pd.Timestamp(start), "end": pd.Timestamp(end), "area": area}
    table = pd.DataFrame([row]).astype(COLUMNS["unobserved"])
    return replace(history, unobserved=table)


@pytest.mark.parametrize("by", ["hour", "day"])
def test_counts_are_those_of_another_road_over_both_clock_changes(
    town_history: History, by: Step
) -> None:
    bare = replace(town_history, unobserved=town_history.unobserved.iloc[:0])
    assert (bare.counts["count"] < 0).any()  # corrections are among them
    cells = ledger_cells(bare, by)
    found = rows(cells)
    oracle = counted_by_pandas(bare, by)
    by_name = found.astype(dict.fromkeys(KEY[1:], "str")).sort_values(KEY, ignore_index=True)
    alike(by_name, oracle)
    assert found["count"].sum() == bare.counts["count"].sum() == cells.calls
    assert cells.calls_left_out == 0
    assert found["observed"].all()
    lengths = pd.Series(cells.edges[1:] - cells.edges[:-1]) / pd.Timedelta(hours=1)
    assert sorted(set(lengths)) == ([1] if by == "hour" else [23, 24, 25])


@pytest.mark.parametrize("by", ["hour", "day"])
def test_days_observed_in_part_are_there_with_that_part(drawn_force: MakeForce, by: Step) -> None:
    whole = drawn_force(1, per_day=(20.0, 10.0), days=4, call_types=2)
    first = whole.observed_from + pd.Timedelta(hours=5, minutes=20)
    last = whole.observed_until - pd.Timedelta(hours=3)
    hour = first.floor("h")  # calls of an hour stand at its beginning, however late they began
    inside = (whole.counts["start"] >= hour) & (whole.counts["start"] < last)
    part = replace(whole, observed_from=first, observed_until=last, counts=whole.counts[inside])
    found = rows(ledger_cells(part, by))
    assert found["start"].iloc[0] == first
    assert found["count"].sum() == inside.sum() + (whole.counts["count"][inside] - 1).sum()
    assert found["force_day"].iloc[0] == pd.Timestamp("2025-01-06")
    alike(found.sort_values(KEY, ignore_index=True), counted_by_pandas(part, by))


@pytest.mark.parametrize(("by", "hours"), [("hour", 30), ("day", 48)])
@pytest.mark.parametrize("zeros", [False, True])
def test_unobserved_is_never_zero(
    drawn_force: MakeForce, by: Step, hours: int, *, zeros: bool
) -> None:
    sound = drawn_force(2, per_day=(20.0, 10.0, 15.0), days=10, call_types=2)
    history = window(sound, "2025-01-08T10:00Z", "2025-01-09T16:00Z", "d0")  # b0 and b2
    cells = ledger_cells(history, by, zeros=zeros)
    found = rows(cells)
    lost = found[~found["observed"]]
    assert lost["count"].isna().all()
    assert found["count"][found["observed"]].notna().all()
    assert set(lost["area"]) == {"b0", "b2"}
    per_interval = 2 if zeros else 1
    intervals = hours if by == "hour" else 2
    assert len(lost) == 2 * intervals * per_interval
    assert lost["call_type"].isna().all() != zeros
    low, high = lost["start"].min(), lost["start"].max()
    assert low == pd.Timestamp("2025-01-08T10:00Z" if by == "hour" else "2025-01-08T07:00Z")
    assert high == pd.Timestamp("2025-01-09T15:00Z" if by == "hour" else "2025-01-09T07:00Z")
    counts = sound.counts
    inside = (counts["start"] >= low) & (counts["start"] < low + pd.Timedelta(hours=hours))
    gone = counts["count"][inside & counts["area"].isin(["b0", "b2"])].sum()
    assert (cells.calls_left_out, cells.calls) == (gone, counts["count"].sum() - gone)
    assert found["count"].sum() == cells.calls


def test_zeros_make_every_cell_a_row(drawn_force: MakeForce) -> None:
    history = drawn_force(3, per_day=(2.0, 1.0, 0.0), days=30, call_types=2)
    sparse, every = (rows(ledger_cells(history, "day", zeros=zeros)) for zeros in (False, True))
    assert len(every) == 30 * 3 * 2
    assert not every.duplicated(KEY).any()
    some = every[every["count"] > 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, sparse)


def test_blocks_are_put_together_without_a_seam(
    drawn_force: MakeForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = drawn_force(3, per_day=(2.0, 1.0, 0.0), days=30, call_types=2)
    whole = rows(ledger_cells(history, "hour", zeros=True))
    monkeypatch.setattr("sources.ledger_cells._BLOCK_ROWS", 100)
    cells = ledger_cells(history, "hour", zeros=True)
    assert len(list(cells.frames())) > 1
    pd.testing.assert_frame_equal(rows(cells), whole)


def test_a_span_is_cut_at_the_beginnings_of_intervals(drawn_force: MakeForce) -> None:
    history = drawn_force(4, per_day=(20.0, 10.0), days=10)
    start, end = (pd.Timestamp(f"2025-01-{day}T07:00Z") for day in ("08", "11"))
    found = rows(ledger_cells(history, "day", start, end))
    counts = history.counts
    inside = (counts["start"] >= start) & (counts["start"] < end)
    assert found["count"].sum() == counts["count"][inside].sum()
    assert found["force_day"].nunique() == 3
    noon = pd.Timestamp("2025-01-08T12:00Z")
    with pytest.raises(BadQuestion, match="lies within one day; give the beginning of a force-day"):
        ledger_cells(history, "day", noon)
    assert rows(ledger_cells(history, "hour", noon))["start"].min() >= noon
    with pytest.raises(BadQuestion, match="or of one of its hours"):
        ledger_cells(history, "hour", noon + pd.Timedelta(minutes=1))
    with pytest.raises(BadQuestion, match="nothing is observed there; counts are known from 2025"):
        ledger_cells(history, "day", end, start)
    wide = rows(ledger_cells(history, "day", start - pd.Timedelta(days=99)))
    pd.testing.assert_frame_equal(wide, rows(ledger_cells(history, "day")))


def test_daily_counts_have_no_hours(drawn_force: MakeForce) -> None:
    history = drawn_force(5, per_day=(20.0, 10.0), days=100, step="day")
    assert rows(ledger_cells(history, "day"))["count"].sum() == history.counts["count"].sum()
    with pytest.raises(BadQuestion, match="imported by day and has no hours; export it by day"):
        ledger_cells(history, "hour")


def test_days_that_begin_at_half_past_are_cut_there(drawn_force: MakeForce) -> None:
    history = drawn_force(6, per_day=(20.0,), days=5, day_starts_at=time(7, 30), districts=1)
    found = rows(ledger_cells(history, "hour"))
    assert set(found["start"].dt.minute) == {30}
    assert found["count"].sum() == history.counts["count"].sum()


def test_a_file_too_large_to_read_is_refused_with_its_size(drawn_force: MakeForce) -> None:
    large: dict[str, Any] = {"per_day": (1.0,) * 200, "days": 400, "call_types": 30}
    cells = ledger_cells(drawn_force(7, **large), "hour", zeros=True)
    assert cells.rows == 400 * 24 * 200 * 30 > MOST_ROWS
    with pytest.raises(SettingsError, match=r"this would be 57,600,000 rows, more than 50,000,000"):
        cells.stop_if_too_many()
