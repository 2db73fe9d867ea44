"""Importing the demo force's files gives the history that the ledger makes without files."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from forewatch.history import History
from forewatch.profile import Profile
from forewatch.tables import COLUMNS
from sources.calls import import_calls
from sources.history import history
from sources.lake import Lake
from sources.mapping import call_mapping
from sources.synthetic import DemoForce, demo_force, write
from sources.synthetic import demo_history as made_history
from sources.tables import import_table

FILES = {
    "tourism": "tourism.csv",
    "events": "events.csv",
    "holidays": "school_holidays.csv",
    "unobserved": "unobserved.csv",
}


@pytest.fixture(scope="module")
def imported(town: DemoForce, tmp_path_factory: pytest.TempPathFactory) -> History:
    """The town's files, written and imported."""
    folder = tmp_path_factory.mktemp("town")
    write(town, folder)
    text = (folder / "forewatch.toml").read_text(encoding="utf-8")
    profile = Profile(**tomllib.loads(text))
    tree, lake = profile.tree(), Lake(folder / "history")
    end = town.truth.rates.day_edges[town.plan.history_days]
    mapping = call_mapping(folder / "mapping.toml", profile, tree)
    import_calls(
        lake, profile, tree, folder / "calls.csv", mapping, folder / "quarantine", extracted_at=end
    )
    for table, file in FILES.items():
        import_table(lake, profile, tree, table, folder / file, None, imported_at=end)
    return history(lake, profile)


def summed(counts: pd.DataFrame, by: list[str]) -> pd.Series:
    """Counts that are not zero; ids as text."""
    cells = counts.astype(dict.fromkeys(("area", "call_type", "grade"), "str"))
    total = cells.groupby(by)["count"].sum()
    return total[total != 0]


def test_the_counts_are_the_same(imported: History, town_history: History) -> None:
    assert imported.observed_from == town_history.observed_from
    assert imported.observed_until == town_history.observed_until
    by = ["start", "area", "call_type", "grade"]
    pd.testing.assert_series_equal(
        summed(imported.counts, by), summed(town_history.counts, by), check_index_type=False
    )


def test_every_version_is_known_at_the_same_time(imported: History, town_history: History) -> None:
    by = ["start", "area", "call_type", "grade", "known_at"]
    found, wanted = summed(imported.counts, by), summed(town_history.counts, by)
    difference = found.sub(wanted, fill_value=0)
    apart = difference[difference != 0].reset_index()
    # But for corrections within October's repeated hour, of which the file can't say which it was.
    night = apart["known_at"].dt.strftime("%m-%d %H")
    assert set(night) <= {"10-26 00", "10-26 01", "10-26 02", "10-25 00", "10-25 01", "10-25 02"}
    assert len(apart) < 0.002 * len(wanted)


@pytest.mark.parametrize("table", FILES)
def test_the_tables_are_the_same(imported: History, town_history: History, table: str) -> None:
    found, wanted = getattr(imported, table), getattr(town_history, table)
    order = list(wanted.columns)
    assert len(wanted)
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True), wanted.sort_values(order, ignore_index=True)
    )


def test_the_register_of_breaks_is_the_same(tmp_path: Path) -> None:
    demo = demo_force(years=1.5, districts=1, beats_per_district=1, calls_per_week=10)
    write(demo, tmp_path)
    lake, wanted = Lake(tmp_path / "history"), made_history(demo).breaks
    tree, at = demo.profile.tree(), pd.Timestamp("2026-11-23T07:00Z")
    import_table(lake, demo.profile, tree, "breaks", tmp_path / "breaks.csv", None, imported_at=at)
    found = lake.table("breaks")
    assert found is not None
    assert len(wanted) == 1
    pd.testing.assert_frame_equal(found.astype(COLUMNS["breaks"]), wanted)
