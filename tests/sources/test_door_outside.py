"""What a stranger found at the door: counts that became zeros, and calls that one file hid."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import DataError, ImplausibleImport
from forewatch.profile import Profile
from sources.areas import area_table
from sources.calls import import_calls
from sources.counts import import_counts
from sources.history import history
from sources.import_options import AS_USUAL, ImportOptions
from sources.lake import Lake
from sources.ledger_cells import ledger_cells
from sources.mapping import Mapping
from sources.receipts import Receipt
from sources.table_mapping import CountsMapping, TableMapping

AT = pd.Timestamp("2026-06-01", tz="UTC")
TYPES = [{"id": "theft", "name": "Theft"}, {"id": "noise", "name": "Noise"}]
COLUMNS = {"reference": "ref", "received_at": "at", "area": "area", "call_type": "code"}


def profile(**more: Any) -> Profile:
    return Profile.model_validate(
        {
            "force": {"id": "f", "name": "Force", "zone": "Europe/London"},
            "levels": {"names": ["force", "beat"], "modelled": "beat"},
            "areas": [
                {"id": "f", "name": "Force"},
                *({"id": i, "name": i.title(), "parent": "f"} for i in ("north", "south")),
            ],
            "call_types": TYPES,
            "grades": ["routine"],
            **more,
        }
    )


def counts_in(
    folder: Path, rows: list[str], options: ImportOptions = AS_USUAL, **how: Any
) -> Receipt:
    file = folder / "counts.csv"
    file.write_text("\n".join(["start,area,call_type,count", *rows]) + "\n")
    mapping = CountsMapping.model_validate(
        {"resolution": "day", "observed": {"areas": "all", "call_types": "all"}, **how}
    )
    force = profile()
    return import_counts(
        Lake(folder / "history"), force, force.tree(), file, mapping,
        imported_at=AT, quarantine=folder / "quarantine", options=options,
    )  # fmt: skip


def calls_in(folder: Path, rows: list[str], force: Profile | None = None, **how: Any) -> Receipt:
    file = folder / "calls.csv"
    file.write_text("\n".join(["ref,at,area,code", *rows]) + "\n")
    mapping = Mapping.model_validate({"columns": COLUMNS, "constants": {"grade": "routine"}, **how})
    force = force or profile()
    return import_calls(
        Lake(folder / "history"), force, force.tree(), file, mapping, folder / "quarantine",
        extracted_at=AT,
    )  # fmt: skip


def days(n: int, *, every: int = 1) -> list[str]:
    dates = pd.date_range("2026-01-01", periods=n, freq=f"{every}D")
    return [f"{date:%Y-%m-%d}" for date in dates]


def exported(folder: Path, force: Profile | None = None) -> pd.DataFrame:
    cells = ledger_cells(history(Lake(folder / "history"), force or profile()), "day", zeros=True)
    return pd.concat(list(cells.frames()), ignore_index=True)


def day_of(frame: pd.DataFrame, day: str, area: str) -> pd.DataFrame:
    return frame[(frame["force_day"] == pd.Timestamp(day)) & (frame["area"] == area)]


def test_a_count_that_cannot_be_read_is_unknown_and_no_zero(tmp_path: Path) -> None:
    rows = [f"{day},{area},theft,5" for day in days(20) for area in ("north", "south")]
    rows[8] = rows[8].replace(",5", ",n/a")  # 5 January, north
    receipt = counts_in(tmp_path, rows)
    assert receipt.quarantined == {"count is no number": 1}
    frame = exported(tmp_path)
    assert not day_of(frame, "2026-01-05", "north")["observed"].any()
    assert day_of(frame, "2026-01-05", "south")["observed"].all()
    assert day_of(frame, "2026-01-06", "north")["observed"].all()
    mended = [row.replace("n/a", "4") for row in rows[8:9]]
    counts_in(tmp_path, mended, absent="unchanged")
    known = day_of(exported(tmp_path), "2026-01-05", "north")
    assert known["observed"].all()
    assert known["count"].sum() == 4


def test_a_row_without_its_area_leaves_the_day_unknown_everywhere(tmp_path: Path) -> None:
    rows = [f"{day},{area},theft,5" for day in days(20) for area in ("north", "south")]
    rows[8] = rows[8].replace("north", "")
    counts_in(tmp_path, rows)
    frame = exported(tmp_path)
    assert not frame[frame["force_day"] == pd.Timestamp("2026-01-05")]["observed"].any()


def test_rows_that_say_not_even_when_stop_a_file_whose_absent_cells_are_zero(
    tmp_path: Path,
) -> None:
    rows = [f"{day},north,theft,5" for day in days(20)]
    with pytest.raises(ImplausibleImport, match="1 rows can't be taken and don't say of when"):
        counts_in(tmp_path, [*rows, "soon,north,theft,5"])
    with pytest.raises(ImplausibleImport, match="1 rows can't be taken and don't say of when"):
        counts_in(tmp_path, [*rows, "2026-02-01,north,theft,5,x"])
    counts_in(tmp_path, [*rows, "soon,north,theft,5"], absent="unchanged")


def test_an_hour_that_never_was_is_no_lost_row(tmp_path: Path) -> None:
    hours = pd.date_range("2026-03-28", "2026-03-30", freq="h", inclusive="left")
    receipt = counts_in(
        tmp_path, [f"{hour:%Y-%m-%dT%H:%M},north,theft,1" for hour in hours], resolution="hour"
    )
    assert sum(receipt.quarantined.values()) == 1


def test_days_are_not_taken_for_hours_nor_weeks_for_days(tmp_path: Path) -> None:
    by_day = [f"{day}T00:00,north,theft,5" for day in days(30)]
    with pytest.raises(DataError, match=r'30 days has rows at 00:00 only: .* resolution = "day"'):
        counts_in(tmp_path, by_day, resolution="hour")
    by_week = [f"{day},north,theft,5" for day in days(20, every=7)]
    with pytest.raises(ImplausibleImport, match="lie 7 days or a multiple apart"):
        counts_in(tmp_path, by_week)
    form = {"format": "%d/%m/%Y %H:%M"}
    hours = [
        f"{day:%d/%m/%Y} 13:00,north,theft,5" for day in pd.date_range("2026-01-01", "2026-01-20")
    ]
    with pytest.raises(ImplausibleImport, match=r"start is not the beginning of a day \(20\)"):
        counts_in(tmp_path, hours, time=form)


def test_a_mapping_that_was_mended_takes_its_calls_back(tmp_path: Path) -> None:
    rows = [f"r{i},2026-01-{i % 20 + 1:02d}T10:{i % 60:02d},north,{'theft' if i % 2 else 'noise'}"
            for i in range(100)]  # fmt: skip
    wrong: dict[str, Any] = {"filters": [{"reason": "test", "column": "code", "values": ["noise"]}]}
    assert calls_in(tmp_path, rows).taken == 100
    assert calls_in(tmp_path, rows, **wrong).superseded == 50
    assert calls_in(tmp_path, rows).superseded == 50
    assert exported(tmp_path)["count"].sum() == 100
    assert calls_in(tmp_path, rows).unchanged == 100


def test_a_profile_in_another_order_is_no_reason_to_find_nothing_new(tmp_path: Path) -> None:
    rows = [f"r{i},2026-01-{i % 20 + 1:02d}T10:{i % 60:02d},north,X" for i in range(100)]
    walk: dict[str, Any] = {"crosswalk": {"call_type": [{"to": "theft", "codes": ["X"]}]}}
    assert calls_in(tmp_path, rows, **walk).taken == 100
    other = profile(call_types=TYPES[::-1])
    walk["crosswalk"]["call_type"][0]["to"] = "noise"
    assert calls_in(tmp_path, rows, other, **walk).superseded == 100
    found = exported(tmp_path, other)
    assert found[found["call_type"] == "noise"]["count"].sum() == 100


def test_a_column_that_names_units_is_no_reference(tmp_path: Path) -> None:
    minutes = np.arange(140) * 5
    rows = [f"unit-{i % 20},2026-01-05T{7 + m // 60:02d}:{m % 60:02d},north,theft"
            for i, m in enumerate(minutes)]  # fmt: skip
    with pytest.raises(ImplausibleImport, match="120 of 140 rows share their reference"):
        calls_in(tmp_path, rows)
    twice = [
        f"r{i // 2},2026-01-05T10:00,{'north' if i % 2 else 'south'},theft" for i in range(120)
    ]
    with pytest.raises(ImplausibleImport, match="60 of 120 rows share their reference"):
        calls_in(tmp_path, twice)


def test_calls_outside_of_the_stated_span_are_told(tmp_path: Path) -> None:
    rows = [f"r{i},2026-01-{i % 20 + 1:02d}T10:00,north,theft" for i in range(100)]
    receipt = calls_in(tmp_path, rows, observed={"from": "2026-01-05", "until": "2026-01-10"})
    assert dict(receipt.filtered) == {"outside the observed span": 75}
    assert receipt.taken == exported(tmp_path)["count"].sum() == 25


def test_references_that_are_floating_numbers_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "calls.parquet"
    at = pd.date_range("2026-01-01", periods=60, freq="h").strftime("%Y-%m-%dT%H:%M")
    reference = np.arange(60, dtype="float32") + 20_000_000
    pd.DataFrame({"ref": reference, "at": at, "area": "north", "code": "theft"}).to_parquet(file)
    mapping = Mapping.model_validate({"columns": COLUMNS, "constants": {"grade": "routine"}})
    with pytest.raises(DataError, match="ref is a column of float numbers, which hold only some"):
        import_calls(
            Lake(tmp_path / "history"), profile(), profile().tree(), file, mapping,
            tmp_path / "quarantine", extracted_at=AT,
        )  # fmt: skip


def test_a_line_of_blanks_before_the_header_is_told(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("   \n\nref,at,area,code\nr1,2026-01-01T10:00,north,theft\n")
    mapping = Mapping.model_validate({"columns": COLUMNS, "constants": {"grade": "routine"}})
    with pytest.raises(DataError, match=r"calls\.csv lacks ref, at, area, code"):
        import_calls(
            Lake(tmp_path / "history"), profile(), profile().tree(), file, mapping,
            tmp_path / "quarantine", extracted_at=AT,
        )  # fmt: skip


def test_a_key_of_another_length_is_told_and_not_shown(tmp_path: Path) -> None:
    rows = ["r1,2026-01-01T10:00,north,theft"]
    calls_in(tmp_path, rows)
    (tmp_path / "history" / "reference.key").write_text("short")
    with pytest.raises(DataError, match=r"not what was written \(5 bytes") as caught:
        calls_in(tmp_path, rows)
    assert "short" not in str(caught.value)


@pytest.mark.parametrize("year", ["9999", "0001", "2500"])
def test_a_time_that_no_calendar_knows_is_unreadable(tmp_path: Path, year: str) -> None:
    rows = [f"r{i},2026-01-{i % 20 + 1:02d}T10:00,north,theft" for i in range(20)]
    receipt = calls_in(tmp_path, [*rows, f"late,{year}-12-31T23:59,north,theft"])
    assert receipt.quarantined == {"unreadable received_at": 1}


def test_half_a_letter_in_a_geojson_is_told(tmp_path: Path) -> None:
    file = tmp_path / "areas.geojson"
    file.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null, '
        '"properties": {"id": "a", "name": "\\ud800"}}]}'
    )
    with pytest.raises(DataError, match="holds half of a letter"):
        area_table(file, profile(areas=[]), TableMapping())
