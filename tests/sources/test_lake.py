"""The lake: each change is one commit, the same again is none, half a change is never read."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from forewatch.errors import LakeBusy
from forewatch.tables import check, empty
from sources.lake import Lake


def tourism() -> pd.DataFrame:
    return check(
        "tourism",
        pd.DataFrame(
            {
                "area": ["coast", "city"],
                "month": pd.to_datetime(["2026-07-01", "2026-08-01"]),
                "visitors": [1200.5, float("nan")],
                "known_at": pd.to_datetime(["2026-09-01", ""], utc=True),
            }
        ),
    )


def calls() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "reference_hash": [1, -2, 3],
            "received_at": pd.to_datetime(["2026-02-01", "2026-01-01", "2026-02-02"], utc=True),
            "area": pd.Categorical(["a", None, "b"]),
            "month": ["2026-02", "2026-01", "2026-02"],
        }
    )


def test_a_table_comes_back_as_it_went_in(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    assert lake.replace("tourism", tourism(), {"file": "tourism.csv"})
    found = lake.table("tourism")
    assert found is not None
    pd.testing.assert_frame_equal(found, tourism())


def test_the_same_table_again_is_no_commit(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.replace("tourism", tourism(), {"file": "first.csv"})
    before = lake.version()
    assert not lake.replace("tourism", tourism(), {"file": "second.csv"})
    assert lake.version() == before
    assert lake.imports("tourism") == [{"file": "first.csv"}]


def test_a_changed_table_takes_the_place_of_the_old(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.replace("tourism", tourism(), {"n": 1})
    before = lake.version()
    assert lake.replace("tourism", tourism().iloc[:1], {"n": 2})
    found = lake.table("tourism")
    assert found is not None
    assert found["area"].to_list() == ["coast"]
    assert lake.imports("tourism") == [{"n": 1}, {"n": 2}]
    assert lake.version() != before


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.replace("holidays", empty("holidays"), {})
    found = lake.table("holidays")
    assert found is not None
    pd.testing.assert_frame_equal(found, empty("holidays"))


def test_rows_are_added_by_month_and_none_is_lost(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.append("calls", calls(), {"n": 1})
    lake.append("calls", calls().iloc[:1].assign(reference_hash=9), {"n": 2})
    found = lake.table("calls")
    assert found is not None
    assert sorted(found["reference_hash"]) == [-2, 1, 3, 9]
    rows = found.set_index("reference_hash")
    assert rows.loc[3, "received_at"] == pd.Timestamp("2026-02-02", tz="UTC")
    assert rows.loc[9, "month"] == "2026-02"
    assert rows["area"].isna().to_dict() == {1: False, -2: True, 3: False, 9: False}
    months = {folder.name for folder in (tmp_path / "calls").glob("month=*")}
    assert months == {"month=2026-01", "month=2026-02"}


@pytest.mark.parametrize("index", [pa.int8(), pa.int32(), None])
def test_months_may_come_encoded_or_plain(tmp_path: Path, index: pa.DataType | None) -> None:
    months = pa.chunked_array([["2026-02", "2026-01"], ["2026-02"]])
    if index is not None:
        months = months.cast(pa.dictionary(index, pa.string()))
    lake = Lake(tmp_path)
    lake.append("counts", pa.table({"count": pa.array([1, 2, 3]), "month": months}), {})
    found = lake.table("counts")
    assert found is not None
    assert found.groupby("month")["count"].sum().to_dict() == {"2026-01": 2, "2026-02": 4}


def test_no_rows_still_record_what_the_import_said(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.append("calls", calls().iloc[:0], {"observed_until": "2026-03-01"})
    found = lake.table("calls")
    assert found is not None
    assert len(found) == 0
    assert lake.imports("calls") == [{"observed_until": "2026-03-01"}]


def test_files_without_a_commit_are_not_read(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.append("calls", calls(), {})
    written = next((tmp_path / "calls" / "month=2026-02").glob("*.parquet"))
    (written.parent / "part-orphan.parquet").write_bytes(written.read_bytes())
    (written.parent / "part-torn.parquet").write_bytes(written.read_bytes()[:50])
    found = Lake(tmp_path).table("calls")
    assert found is not None
    assert len(found) == 3


def test_an_empty_lake_has_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "none")
    assert lake.table("calls") is None
    assert lake.imports("calls") == []
    assert lake.names() == ()
    assert lake.version() == ""


def test_a_table_of_another_name_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no table 'weather'; the tables are calls, counts"):
        Lake(tmp_path).table("weather")


def test_two_processes_cannot_change_one_lake_at_once(tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from sources.lake import Lake\n"
        "with Lake(Path(sys.argv[1])).lock():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    pipes = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipes, stdout=pipes, cwd=Path(__file__).parents[2]
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LakeBusy) as error:
            Lake(tmp_path).append("calls", calls(), {})
        other.stdin.close()
        other.wait()
    assert str(error.value) == (
        f"another import is changing {tmp_path.name}; wait until it has ended"
    )
    Lake(tmp_path).append("calls", calls(), {})  # a process that is gone holds nothing


def test_a_lock_may_be_taken_again_by_its_holder(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with lake.lock():
        lake.append("calls", calls(), {})
        with pytest.raises(LakeBusy), Lake(tmp_path).lock():
            pass
    with Lake(tmp_path).lock():
        pass


def test_months_without_rows_get_no_file_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    names = ["2026-01", "2026-02", "2026-03"]
    for order, codes in (("ascending", [0, 0, 2, 2]), ("mixed", [2, 0, 2, 0])):
        lake = Lake(tmp_path / order)
        month = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names))
        lake.append("calls", pa.table({"value": pa.array([1, 2, 3, 4]), "month": month}), {})
        found = lake.table("calls")
        assert found is not None
        stored = sorted(zip(found["month"], found["value"], strict=True))
        assert stored == sorted((names[c], v) for c, v in zip(codes, [1, 2, 3, 4], strict=True))
        folders = sorted(p.name for p in (lake.root / "calls").iterdir() if "month" in p.name)
        assert folders == ["month=2026-01", "month=2026-03"]
