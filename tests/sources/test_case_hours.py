from __future__ import annotations

from pathlib import Path

import pytest

from forewatch.errors import DataError, MissingColumns, PersonalData
from sources.case_hours import case_hours


def written(folder: Path, text: str) -> Path:
    file = folder / "cases.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_hours_are_read_in_order_of_size_without_open_cases(tmp_path: Path) -> None:
    file = written(tmp_path, "reference,officer_hours\nA,13.5\nB,\nC,0\nD,2\nE,40\n")
    assert case_hours(file).tolist() == [2.0, 13.5, 40.0]


def test_another_column_can_be_named(tmp_path: Path) -> None:
    file = written(tmp_path, "hours_booked\n3\n")
    assert case_hours(file, "hours_booked").tolist() == [3.0]
    with pytest.raises(MissingColumns, match="lacks officer_hours; it has hours_booked"):
        case_hours(file)


def test_columns_about_persons_are_refused_by_name(tmp_path: Path) -> None:
    file = written(tmp_path, "officer_hours,age\n3,14\n")
    with pytest.raises(PersonalData, match="columns about persons or free text: age"):
        case_hours(file)
    assert case_hours(file, refuse=["age"]).tolist() == [3.0]
    with pytest.raises(PersonalData, match="the mapping reads age"):
        case_hours(file, "age", refuse=["age"])


@pytest.mark.parametrize("figure", ["-1", "long", "200000", "nan"])
def test_what_is_no_number_of_hours_stops_the_reading(tmp_path: Path, figure: str) -> None:
    file = written(tmp_path, f"officer_hours\n3\n{figure}\n")
    with pytest.raises(DataError, match="1 of 2 figures in officer_hours are no hours of a case"):
        case_hours(file)
