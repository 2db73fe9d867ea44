"""The Welsh counts, holidays and areas through the examples; the oracle is a plain groupby."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forewatch.profile import Profile
from sources.check import check
from sources.crosswalk import slug
from sources.daily import daily
from sources.history import history
from sources.lake import Lake
from sources.receipts import Receipt
from sources.tables import import_table

AT = pd.Timestamp("2026-11-23", tz="UTC")


@pytest.fixture(scope="module")
def example(root: Path) -> Path:
    return root / "examples" / "wales-ambulance"


@pytest.fixture(scope="module")
def profile(example: Path) -> Profile:
    text = (example / "forewatch.toml").read_text(encoding="utf-8")
    return Profile.model_validate(tomllib.loads(text))


@pytest.fixture(scope="module")
def counts(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "wales-ambulance" / "counts.csv.gz", parse_dates=["date"])


@pytest.fixture(scope="module")
def wales(
    tmp_path_factory: pytest.TempPathFactory, example: Path, profile: Profile, real_data: Path
) -> tuple[Lake, dict[str, Receipt]]:
    lake = Lake(tmp_path_factory.mktemp("wales") / "history")
    receipts = imported(lake, example, profile, real_data / "wales-ambulance")
    return lake, receipts


def imported(lake: Lake, example: Path, profile: Profile, data: Path) -> dict[str, Receipt]:
    """Import areas, counts and holidays as the walk-through does."""
    from sources.areas import tree  # noqa: PLC0415 - the areas are imported first

    areas = import_table(lake, profile, None, "areas", example / "areas.csv", None, imported_at=AT)
    known = tree(lake, profile)
    files = {"counts": "counts.csv.gz", "holidays": "holidays.csv"}
    return {"areas": areas} | {
        table: import_table(
            lake, profile, known, table, data / file, example / f"{table}.toml", imported_at=AT
        )
        for table, file in files.items()
    }


def test_every_row_is_taken(wales: tuple[Lake, dict[str, Receipt]]) -> None:
    receipts = wales[1]
    assert (receipts["counts"].rows, receipts["counts"].taken) == (299_133, 299_133)
    assert receipts["areas"].taken == 11
    assert receipts["holidays"].taken == 327
    assert receipts["holidays"].filtered == {"no flag of the day is set": 1_073}


def test_the_same_files_again_change_nothing(
    wales: tuple[Lake, dict[str, Receipt]], example: Path, profile: Profile, real_data: Path
) -> None:
    lake = wales[0]
    version = lake.version()
    again = imported(lake, example, profile, real_data / "wales-ambulance")
    assert again["counts"].unchanged == 299_133
    assert lake.version() == version


def test_the_history_holds_each_cell_of_the_file(
    wales: tuple[Lake, dict[str, Receipt]], profile: Profile, counts: pd.DataFrame
) -> None:
    found = history(wales[0], profile)
    assert found.step == "day"
    per_day = daily(found)
    assert len(per_day.days) == 1_400
    assert per_day.known.all()
    by_board = counts.pivot_table(index="date", columns="area", values="count", aggfunc="sum")
    order = [leaf.upper() for leaf in found.tree.leaves]
    assert np.array_equal(per_day.counts.sum(2), by_board[order].fillna(0).to_numpy())
    slugs = counts.assign(nature=counts["category"].map(slug))
    by_nature = slugs.pivot_table(index="date", columns="nature", values="count", aggfunc="sum")
    natures = by_nature[list(profile.call_type_ids)].fillna(0).to_numpy()
    assert np.array_equal(per_day.counts.sum(1), natures)
    by_grade = found.counts.groupby("grade", observed=True)["count"].sum()
    assert by_grade["immediate"] == counts.loc[counts["priority"] == "RED", "count"].sum()


def test_the_check_finds_a_sound_history(
    wales: tuple[Lake, dict[str, Receipt]], profile: Profile
) -> None:
    report = check(wales[0], profile)
    assert report.must_be_mended == ()
    assert "calls        1,396,671, 6,983 a week" in report.text
    assert max(len(line) for line in report.text.splitlines()) <= 100


def test_the_missing_windows_of_laguna_beach_are_force_days(
    root: Path, real_data: Path, tmp_path: Path
) -> None:
    how = root / "examples" / "laguna-beach"
    text = (how / "forewatch.toml").read_text(encoding="utf-8")
    force = Profile.model_validate(tomllib.loads(text))
    lake = Lake(tmp_path / "history")
    receipt = import_table(
        lake,
        force,
        force.tree(),
        "unobserved",
        real_data / "laguna-beach-pd" / "missing_24h_windows.csv",
        how / "unobserved.toml",
        imported_at=AT,
    )
    assert receipt.taken == 49
    windows = lake.table("unobserved")
    assert windows is not None
    ends = windows[["start", "end"]].apply(lambda t: t.dt.tz_convert("America/Los_Angeles").dt.hour)
    assert (ends == 7).all(axis=None)


def test_the_districts_of_avon_and_somerset_become_areas_at_their_places(
    real_data: Path, tmp_path: Path
) -> None:
    force = Profile.model_validate(
        {
            "force": {"id": "avon-and-somerset", "name": "Avon", "zone": "Europe/London"},
            "levels": {"names": ["force", "district"], "modelled": "district"},
            "call_types": [{"id": "call", "name": "All"}],
            "grades": ["routine"],
        }
    )
    how = tmp_path / "areas.toml"
    how.write_text('columns.name = "LAD13NM"\n', encoding="utf-8")
    lake = Lake(tmp_path / "history")
    file = real_data / "avon-somerset" / "districts.geojson"
    import_table(lake, force, None, "areas", file, how, imported_at=AT)
    areas = lake.table("areas")
    assert areas is not None
    assert len(areas) == 10
    # Bristol's council house stands at 51.452 N, 2.602 W.
    bristol = areas.set_index("id").loc["bristol-city-of"]
    assert bristol["lat"] == pytest.approx(51.452, abs=0.05)
    assert bristol["lon"] == pytest.approx(-2.602, abs=0.05)
