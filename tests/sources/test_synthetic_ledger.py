"""The ledger, and the extract with its mapping, tell the same story by two roads."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forewatch.history import History
from forewatch.tables import COLUMNS
from sources.synthetic import DemoForce

CELL = ["start", "area", "call_type", "grade"]


def crosswalked(codes: pd.Series, days: pd.Series, entries: list[dict[str, Any]]) -> pd.Series:
    """Ids of codes at dates, row by row by the mapping's own words."""
    meaning = {
        (code, entry.get("from", date.min), entry.get("until", date.max)): entry["to"]
        for entry in entries
        for code in entry["codes"]
    }
    by_code: dict[str, list[tuple[date, date, str]]] = {}
    for (code, low, high), to in meaning.items():
        by_code.setdefault(code, []).append((low, high, to))

    def one(code: str, day: date) -> str:
        (found,) = [to for low, high, to in by_code[code] if low <= day < high]
        return found

    return pd.Series([one(c, d) for c, d in zip(codes, days, strict=True)], index=codes.index)


@pytest.fixture(scope="module")
def versions(town: DemoForce) -> pd.DataFrame:
    """The public versions of the extract, read by the mapping, with UTC times."""
    mapping = tomllib.loads(town.mapping)
    calls, columns, crosswalk = town.calls, mapping["columns"], mapping["crosswalk"]
    zone = mapping["time"]["zone"]
    wall = pd.to_datetime(calls[columns["received_at"]])
    # October's repeated hour: from the first row whose clock goes back it is winter time
    date_ = wall.dt.normalize()
    winter = (wall < wall.cummax()).groupby(date_).cummax().to_numpy()
    utc = wall.dt.tz_localize(zone, ambiguous=~winter).dt.tz_convert("UTC")
    public = pd.Series(data=True, index=calls.index)
    for rule in mapping["filters"]:
        public &= ~calls[rule["column"]].isin(rule["values"])
    calls, utc, days = calls[public], utc[public], date_[public].dt.date
    updated = pd.to_datetime(calls[columns["updated_at"]])
    return pd.DataFrame(
        {
            "reference": calls[columns["reference"]],
            "start": utc.dt.floor("h"),
            "area": calls[columns["area"]],
            "call_type": crosswalked(calls[columns["call_type"]], days, crosswalk["call_type"]),
            "grade": crosswalked(calls[columns["grade"]], days, crosswalk["grade"]),
            "known_at": updated.dt.tz_localize(zone, ambiguous=True).dt.tz_convert("UTC"),
        }
    )


def summed(ledger: pd.DataFrame) -> pd.Series:
    """Counts of the cells that are not zero."""
    counts = ledger.astype(dict.fromkeys(CELL[1:], "str")).groupby(CELL)["count"].sum()
    return counts[counts != 0].sort_index()


def test_the_ledger_has_its_contract(town_history: History) -> None:
    counts = town_history.counts
    assert counts.dtypes.astype(str).to_dict() == COLUMNS["counts"]
    assert tuple(counts["area"].cat.categories) == town_history.tree.leaves
    assert tuple(counts["call_type"].cat.categories) == town_history.profile.call_type_ids
    assert tuple(counts["grade"].cat.categories) == town_history.profile.grade_ids
    assert (counts["known_at"] >= counts["start"] + pd.Timedelta(hours=1)).all()
    assert counts["start"].between(town_history.observed_from, town_history.observed_until).all()
    # an extract taken at the end knows the last hour's calls, but not one that came late
    assert counts["known_at"].max() <= town_history.observed_until


def test_totals_are_the_live_public_calls(town: DemoForce, town_history: History) -> None:
    assert town_history.counts["count"].sum() == town.records.public.sum()
    assert (town_history.counts["count"] < 0).any()


def test_the_extract_read_by_its_mapping_gives_the_ledger(
    versions: pd.DataFrame, town_history: History
) -> None:
    last = versions.drop_duplicates("reference", keep="last").assign(count=1)
    pd.testing.assert_series_equal(
        summed(last), summed(town_history.counts), check_dtype=False, check_index_type=False
    )


def test_as_of_an_origin_the_earlier_version_stands(
    versions: pd.DataFrame, town_history: History
) -> None:
    origin = town_history.observed_until - pd.Timedelta(days=40, hours=3)
    known = versions[versions["known_at"] < origin]
    last = known.drop_duplicates("reference", keep="last").assign(count=1)
    last = last[last["start"] < origin]
    ledger = town_history.counts[town_history.counts["known_at"] <= origin]
    pd.testing.assert_series_equal(
        summed(last), summed(ledger), check_dtype=False, check_index_type=False
    )


def test_codes_and_priorities_change_on_their_dates(town: DemoForce) -> None:
    calls = town.calls
    noise = calls[calls["code"].isin(["NOIS", "NOIZ"])]
    renamed = noise["received_at"] >= "2026-02-01"
    assert (noise["code"] == np.where(renamed, "NOIZ", "NOIS")).all()
    split = calls["received_at"] >= "2026-04-01"
    assert set(calls["priority"][~split]) == set("12345")
    assert set(calls["priority"][split]) == set("123456")


def test_a_corrected_call_has_two_rows_with_one_reference(town: DemoForce) -> None:
    calls = town.calls
    twice = calls[calls.duplicated("call_ref", keep=False)]
    first, later = twice.iloc[::2], twice.iloc[1::2]
    assert (first["call_ref"].to_numpy() == later["call_ref"].to_numpy()).all()
    assert (first["received_at"].to_numpy() == later["received_at"].to_numpy()).all()
    october = twice["updated_at"].str.startswith("2026-10-25").to_numpy()[::2]
    in_order = first["updated_at"].to_numpy() < later["updated_at"].to_numpy()
    assert (in_order | october).all()
    assert (first["priority"].to_numpy() != later["priority"].to_numpy()).mean() > 0.8


def test_school_holidays_are_spread_into_days(town: DemoForce, town_history: History) -> None:
    ranges = town.holidays
    days = ((ranges["to"] - ranges["from"]).dt.days + 1).sum()
    assert len(town_history.holidays) == days
    christmas = town_history.holidays.query("area == 'bristol' and name == 'Christmas holidays'")
    assert {pd.Timestamp("2025-12-25"), pd.Timestamp("2026-01-04")} <= set(christmas["date"])
    assert pd.Timestamp("2026-01-05") not in set(christmas["date"])
