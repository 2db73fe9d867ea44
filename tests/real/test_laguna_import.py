"""Laguna Beach's real log, by its mapping in examples/: the totals are those of a plain count."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from forewatch.profile import Profile
from sources.calls import import_calls
from sources.history import history
from sources.lake import Lake
from sources.mapping import call_mapping
from sources.receipts import Receipt

EXTRACTED = pd.Timestamp("2021-05-02T14:00", tz="UTC")


@pytest.fixture(scope="module")
def log(real_data: Path) -> Path:
    return real_data / "laguna-beach-pd" / "calls.csv.gz"


@pytest.fixture(scope="module")
def plain(log: Path) -> pd.DataFrame:
    """The log as pandas reads it, public calls only."""
    rows = pd.read_csv(log, usecols=["received_at", "area", "category", "officer_initiated_guess"])
    is_test = rows["category"].isin(["TEST TEST CALL", "TEST"])
    return rows[~rows["officer_initiated_guess"] & ~is_test]


@pytest.fixture(scope="module")
def profile(root: Path) -> Profile:
    text = (root / "examples" / "laguna-beach" / "forewatch.toml").read_text(encoding="utf-8")
    return Profile.model_validate(tomllib.loads(text))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laguna")


def taken(folder: Path, log: Path, profile: Profile, root: Path) -> Receipt:
    tree = profile.tree()
    mapping = call_mapping(root / "examples" / "laguna-beach" / "mapping.toml", profile, tree)
    lake, aside = Lake(folder / "history"), folder / "quarantine"
    return import_calls(lake, profile, tree, log, mapping, aside, extracted_at=EXTRACTED)


def test_the_log_comes_in_whole(
    folder: Path, log: Path, plain: pd.DataFrame, profile: Profile, root: Path
) -> None:
    receipt = taken(folder, log, profile, root)
    assert (receipt.rows, receipt.taken) == (157_553, len(plain))
    assert dict(receipt.filtered) == {"test": 178, "officer_initiated": 86_761}
    assert taken(folder, log, profile, root).unchanged == 157_553


def test_the_ledger_counts_what_the_log_says(
    folder: Path, log: Path, plain: pd.DataFrame, profile: Profile, root: Path
) -> None:
    taken(folder, log, profile, root)  # nothing new, unless this test runs alone
    counts = history(Lake(folder / "history"), profile).counts
    missing = counts[counts["call_type"] == "missing_person"]
    local = missing["start"].dt.tz_convert(profile.force.zone)
    by_month = missing["count"].groupby(local.dt.strftime("%Y-%m").to_numpy()).sum()
    said = plain[plain["category"].str.contains("MISSING PERSON")]
    expected = said["received_at"].str[:7].value_counts().sort_index()
    assert by_month.to_dict() == expected.to_dict()
    by_area = counts.groupby("area", observed=True)["count"].sum()
    assert by_area["downtown"] == (plain["area"] == "DOWNTOWN").sum()
    assert by_area["unknown"] == (plain["area"] == "UNKNOWN").sum()
