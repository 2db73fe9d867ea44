from collections.abc import Callable
from dataclasses import replace
from datetime import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forewatch.areas import AreaTree
from forewatch.clock import Clock, instants_us
from forewatch.history import History
from sources.check import check_history
from sources.daily import daily
from sources.gap_windows import GapGrid, as_csv, everywhere, everywhere_and_in_areas, grid
from sources.lake import Lake
from sources.tables import import_table

MakeForce = Callable[..., History]
BUSY = (40.0, 30.0, 20.0, 10.0)


def silent(history: History, area: str, start: str, end: str) -> History:
    """The history without the calls of a local time in an area ("": everywhere)."""
    zone = history.profile.force.zone
    low, high = (pd.Timestamp(text, tz=zone) for text in (start, end))
    leaves = history.tree.leaves_of(area or history.tree.root)
    counts = history.counts
    gone = counts["area"].isin(leaves) & (counts["start"] >= low) & (counts["start"] < high)
    return replace(history, counts=counts[~gone].reset_index(drop=True))


def imported(history: History, text: str, folder: Path) -> History:
    """The history after the import of a file of unobserved windows."""
    lake, file = Lake(folder / "history"), folder / "gaps.csv"
    file.write_text(text, encoding="utf-8")
    receipt = import_table(
        lake,
        history.profile,
        history.tree,
        "unobserved",
        file,
        None,
        imported_at=history.observed_until,
    )
    assert receipt.quarantined == {}
    windows = lake.table("unobserved")
    assert windows is not None
    assert receipt.taken == len(windows) == len(text.splitlines()) - 1
    return replace(history, unobserved=windows)


@pytest.mark.parametrize("step", ["hour", "day"])
def test_gaps_over_clock_changes_are_clean_once_their_file_is_imported(
    drawn_force: MakeForce, tmp_path: Path, step: str
) -> None:
    sound = drawn_force(1, per_day=BUSY, days=400, step=step)
    holed = silent(sound, "", "2025-03-29 07:00", "2025-03-31 07:00")  # with the day of 23 hours
    holed = silent(holed, "d0", "2025-10-25 07:00", "2025-10-28 07:00")  # and that of 25
    holed = silent(holed, "b3", "2025-06-02 07:00", "2025-06-09 07:00")
    report = check_history(holed)
    assert [gap.area for gap in report.gaps] == ["", "b3", "d0"]
    wanted = [(1, 47), (6, 168), (2, 73)]  # at least so many days, and about so many hours
    for gap, (_, hours) in zip(report.gaps, wanted, strict=True):
        assert (gap.end - gap.start) / pd.Timedelta(hours=1) == pytest.approx(hours, abs=8)
    if step == "day":
        edges = Clock.of(sound.profile).day_edges(pd.Timestamp("2025-01-06"), 400)
        assert all(gap.start in edges and gap.end in edges for gap in report.gaps)
    again = check_history(imported(holed, as_csv(report.gaps), tmp_path))
    assert again.gaps == ()
    assert "none: every stretch without a call can be chance" in again.text
    assert again.must_be_mended == ()


def test_the_file_round_trips_whatever_is_missing(drawn_force: MakeForce, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for seed in range(12):
        holed = drawn_force(seed, per_day=(20.0, 8.0, 3.0, 1.0, 0.5, 0.2), days=200)
        for area in ("", "d0", "d1", "b0", "b3", "b5"):
            start = pd.Timestamp("2025-01-20") + pd.Timedelta(hours=int(rng.integers(3000)))
            end = start + pd.Timedelta(hours=int(rng.integers(6, 900)))
            holed = silent(holed, area, f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}")
        report = check_history(holed)
        assert report.gaps
        folder = tmp_path / str(seed)
        folder.mkdir()
        assert check_history(imported(holed, as_csv(report.gaps), folder)).gaps == ()


def test_a_leaf_whose_district_is_silent_is_not_told_again(drawn_force: MakeForce) -> None:
    sound = drawn_force(2, per_day=BUSY, days=200)
    holed = silent(sound, "d0", "2025-04-01 07:00", "2025-04-04 07:00")
    assert [gap.area for gap in check_history(holed).gaps] == ["d0"]
    longer = silent(holed, "b0", "2025-04-01 07:00", "2025-04-09 07:00")
    first, second = check_history(longer).gaps
    assert (first.area, second.area) == ("d0", "b0")
    assert second.start == first.end


def test_hours_are_those_of_the_force(drawn_force: MakeForce) -> None:
    sound = drawn_force(
        5, per_day=(60.0, 40.0), days=120, zone="Asia/Kolkata", day_starts_at=time(7, 30)
    )
    found = grid(sound, daily(sound))
    local = (
        pd.DatetimeIndex(found.edges.view("M8[us]"))
        .tz_localize("UTC")
        .tz_convert(sound.profile.force.zone)
    )
    assert set(local.minute) == {30}
    assert found.counts.sum() == sound.counts["count"].sum()
    holed = silent(sound, "", "2025-02-03 07:30", "2025-02-04 07:30")
    (gap,) = check_history(holed).gaps
    assert gap.start.minute == gap.end.minute == 0  # half an hour from UTC: 02:00Z is 07:30


def test_a_beginning_and_an_end_of_an_area_are_told_elsewhere(drawn_force: MakeForce) -> None:
    sound = drawn_force(6, per_day=BUSY, days=300)
    ended = silent(sound, "b2", "2025-09-01 07:00", "2026-01-01 07:00")
    report = check_history(ended)
    assert report.gaps == ()
    assert "beat b2: ends, no call since 2025-09-01" in " ".join(report.warnings)
    short = silent(sound, "b2", "2025-10-25 07:00", "2026-01-01 07:00")  # of the last 8 days
    assert [gap.area for gap in check_history(short).gaps] == ["b2"]


def test_a_force_that_ends_early_has_a_gap(drawn_force: MakeForce) -> None:
    sound = drawn_force(7, per_day=BUSY, days=300)
    ended = silent(sound, "", "2025-09-01 07:00", "2026-01-01 07:00")
    report = check_history(ended)
    assert [gap.area for gap in report.gaps] == [""]
    assert report.must_be_mended[0].startswith("1 stretches without any call are not declared")
    assert not [text for text in report.warnings if "ends, no call" in text]


def simulated(rng: np.random.Generator) -> GapGrid:
    """Poisson counts by hour of a force of 40 leaves from busy to very quiet, over a year."""
    clock = Clock("Europe/London", time(7))
    first = pd.Timestamp("2025-01-06")
    edges = clock.hour_edges(first, 364)
    local = edges[:-1].tz_convert("Europe/London")
    slot = np.asarray(local.day_of_week * 24 + local.hour, np.int64)
    per_hour = np.exp(rng.normal(-2.5, 1.2, 40))
    of_day = 1 + 0.7 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    season = 1 + 0.4 * np.sin(np.arange(len(slot)) / 8736 * 2 * np.pi)
    mean = season[:, None] * of_day[slot % 24][:, None] * per_hour
    counts = rng.poisson(mean).astype(float)
    scopes = [("", np.arange(40))]
    scopes += [(f"d{i}", np.arange(i, 40, 5)) for i in range(5)]
    scopes += [(f"b{i}", np.array([i])) for i in range(40)]
    return GapGrid(instants_us(edges), slot, 24, counts, tuple(scopes))


def test_at_most_one_force_in_a_hundred_is_told_of_a_gap_by_chance() -> None:
    rng = np.random.default_rng(11)
    told = 0
    for _ in range(100):
        one = simulated(rng)
        told += bool(everywhere_and_in_areas(one, everywhere(one), ()))
    assert told <= 1


def test_the_limit_falls_with_the_number_of_intervals_looked_at() -> None:
    few = GapGrid(
        np.arange(101), np.zeros(100, np.int64), 24, np.ones((100, 1)), (("", np.array([0])),)
    )
    assert few.p_max == 1e-6
    many = replace(few, slot=np.zeros(26_280, np.int64), scopes=few.scopes * 721)
    assert many.p_max == pytest.approx(0.01 / (26_280 * 721))


def test_the_tree_of_the_drawn_force_has_leaves_below_its_districts(drawn_force: MakeForce) -> None:
    tree: AreaTree = drawn_force(1, per_day=BUSY, days=2).tree
    assert tree.leaves_of("d0") == ("b0", "b2")
