import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import DataError
from sources.extract import column_names
from sources.tabular import table_texts, texts

TEXT = "code,n,street\nNA,1,x\n  b ,,y\nNULL,2.50,z\n"


@pytest.fixture(params=["csv", "csv.gz", "parquet"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"table.{request.param}"
    if request.param == "csv":
        path.write_text(TEXT, encoding="utf-8")
    elif request.param == "csv.gz":
        path.write_bytes(gzip.compress(TEXT.encode()))
    else:
        frame = {"code": ["NA", "  b ", "NULL"], "n": ["1", None, "2.50"], "street": list("xyz")}
        pd.DataFrame(frame).to_parquet(path)
    return path


def test_every_format_gives_the_same_trimmed_texts(file: Path) -> None:
    assert column_names(file) == ("code", "n", "street")
    found = texts(file, ("n", "code"))
    assert list(found) == ["n", "code"]
    assert found["code"].tolist() == ["NA", "b", "NULL"]
    assert found["n"].isna().tolist() == [False, True, False]
    assert found["n"].dropna().tolist() == ["1", "2.50"]


def test_a_file_without_rows_has_no_texts(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("a,b\n", encoding="utf-8")
    assert texts(path, ("a",))["a"].tolist() == []


def test_a_line_with_too_many_cells_stops_without_showing_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b\n1,2\n3,4,Jane Doe\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"odd.csv: 1 rows .*, the first at line 3 with 3; mend the file"
    ) as caught:
        texts(path, ("a",))
    assert "Jane" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file gone.csv"):
        column_names(tmp_path / "gone.csv")


def test_blanks_in_a_file_of_one_column_are_a_row_and_an_empty_line_is_none(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("a\n1\n   \n\n2\n", encoding="utf-8")
    found, account = table_texts(
        path, ("a",), "double", b"", lambda lines: np.ones(len(lines), bool)
    )
    assert found["a"].isna().tolist() == [False, True, False]
    assert account is not None
    assert (account.physical, account.blank, account.further) == (5, 1, 0)
    assert account.line(np.array([1, 2, 3])).tolist() == [2, 3, 5]
