"""A call log comes in whole: no row is lost, none twice, nothing half, nothing about persons."""

import gzip
import hashlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forewatch.doubts import ACCEPTABLE
from forewatch.errors import MissingColumns, PersonalData, SettingsError, UnmappedCodes
from forewatch.profile import Profile
from sources.calls import import_calls
from sources.history import history
from sources.import_options import ImportOptions
from sources.lake import Lake
from sources.mapping import Mapping
from sources.receipts import LineCount, Receipt

PROFILE = Profile.model_validate(
    {
        "force": {"id": "f", "name": "Force", "zone": "Europe/London"},
        "levels": {"names": ["force", "beat"], "modelled": "beat"},
        "areas": [
            {"id": "f", "name": "Force"},
            {"id": "north", "name": "North", "parent": "f"},
            {"id": "south", "name": "South", "parent": "f"},
        ],
        "call_types": [
            {"id": "violence", "name": "Violence"},
            {"id": "missing_person", "name": "Missing person"},
        ],
        "grades": ["immediate", "routine"],
    }
)
HEADER = "ref,at,beat,code,grade,status"
ROWS = (
    "A1,2026-06-01T10:05:00,north,VIO,immediate,live",
    "A2,2026-06-01T10:55:00,south,MIS,routine,live",
    "A3,2026-06-01T12:00:00,North,VIO,routine,test",
)
ALL_ACCEPTED = ImportOptions(accepted=frozenset(ACCEPTABLE))
EXTRACTED = pd.Timestamp("2026-07-01", tz="UTC")


def mapping(**more: Any) -> Mapping:
    return Mapping.model_validate(
        {
            "columns": {
                "reference": "ref", "received_at": "at", "area": "beat", "call_type": "code",
                "grade": "grade", **more.pop("columns", {}),
            },
            "crosswalk": {
                "call_type": [
                    {"to": "violence", "codes": ["VIO"]},
                    {"to": "missing_person", "codes": ["MIS"]},
                ]
            },
            "filters": [{"reason": "test", "column": "status", "values": ["test"]}],
            **more,
        }
    )  # fmt: skip


def written(folder: Path, *rows: str, header: str = HEADER, name: str = "calls.csv") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def imported(
    folder: Path, file: Path, plan: Mapping | None = None, at: pd.Timestamp = EXTRACTED
) -> Receipt:
    """Import a small file, in which one odd row is already a large share."""
    return import_calls(
        Lake(folder / "history"), PROFILE, PROFILE.tree(), file, plan or mapping(),
        folder / "quarantine", extracted_at=at, options=ALL_ACCEPTED,
    )  # fmt: skip


def known(folder: Path, at: str = "2030-01-01") -> dict[tuple[str, str, str, str], int]:
    """The counts as known at an instant: UTC hour, area, call type, grade."""
    counts = history(Lake(folder / "history"), PROFILE).counts
    counts = counts[counts["known_at"] <= pd.Timestamp(at, tz="UTC")]
    found: dict[tuple[str, str, str, str], int] = {}
    names = ("area", "call_type", "grade", "count")
    columns = [counts["start"].dt.strftime("%m-%dT%H"), *(counts[name] for name in names)]
    for hour, area, call_type, grade, n in zip(*columns, strict=True):
        cell = (hour, area, call_type, grade)
        found[cell] = found.get(cell, 0) + n
    return {cell: n for cell, n in found.items() if n}


def test_rows_are_taken_filtered_and_counted_in_their_hour(tmp_path: Path) -> None:
    receipt = imported(tmp_path, written(tmp_path, *ROWS))
    assert (receipt.rows, receipt.taken, dict(receipt.filtered)) == (3, 2, {"test": 1})
    assert known(tmp_path) == {
        ("06-01T09", "north", "violence", "immediate"): 1,
        ("06-01T09", "south", "missing_person", "routine"): 1,
    }


def test_a_file_says_nothing_of_what_came_after_it_was_extracted(tmp_path: Path) -> None:
    plan = mapping(observed={"from": "2026-06-01", "until": "2026-08-01"})
    drawn = pd.Timestamp("2026-06-20T10:30", tz="UTC")
    imported(tmp_path, written(tmp_path, *ROWS), plan, drawn)
    (about,) = Lake(tmp_path / "history").imports("calls")
    assert pd.Timestamp(about["observed_until"]) == drawn
    assert history(Lake(tmp_path / "history"), PROFILE).observed_until == drawn


def test_no_reference_is_kept_as_it_was_written(tmp_path: Path) -> None:
    secret = "CAD-SECRET-77"  # noqa: S105 - a reference, no password
    imported(tmp_path, written(tmp_path, f"{secret},2026-06-01T10:05:00,north,VIO,routine,live"))
    kept = b"".join(f.read_bytes() for f in (tmp_path / "history").rglob("*") if f.is_file())
    assert secret.encode() not in kept


def test_two_lakes_hash_one_reference_differently(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "other"):
        imported(tmp_path / name, written(tmp_path / name, ROWS[0]))
        table = Lake(tmp_path / name / "history").table("calls")
        assert table is not None
        hashes.add(int(table["reference_hash"].iloc[0]))
    assert len(hashes) == 2


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    bad = "A9,2026-06-01T10:05:00,,VIO,routine,live"
    file = written(tmp_path, *ROWS, bad)
    imported(tmp_path, file)
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    again = imported(tmp_path, file, at=EXTRACTED + pd.Timedelta(days=5))
    assert (again.taken, again.unchanged, again.superseded) == (0, 3, 0)
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


def test_a_corrected_record_supersedes_and_the_earlier_stays_visible(tmp_path: Path) -> None:
    imported(tmp_path, written(tmp_path, ROWS[0]), at=pd.Timestamp("2026-06-02", tz="UTC"))
    moved = written(tmp_path, "A1,2026-06-01T10:05:00,south,MIS,routine,live")
    receipt = imported(tmp_path, moved, at=pd.Timestamp("2026-06-09", tz="UTC"))
    assert (receipt.taken, receipt.superseded) == (0, 1)
    first = {("06-01T09", "north", "violence", "immediate"): 1}
    later = {("06-01T09", "south", "missing_person", "routine"): 1}
    assert known(tmp_path, "2026-06-01T09:59") == {}  # the hour was not over
    assert known(tmp_path, "2026-06-01T10:00") == first
    assert known(tmp_path, "2026-06-08T23:59") == first
    assert known(tmp_path, "2026-06-09T00:00") == later


def test_an_older_extract_that_was_imported_before_takes_nothing_back(tmp_path: Path) -> None:
    old = written(tmp_path, ROWS[0], name="old.csv")
    new = written(tmp_path, "A1,2026-06-01T10:05:00,south,MIS,routine,live", name="new.csv")
    for day, file in enumerate((old, new, old)):
        receipt = imported(tmp_path, file, at=EXTRACTED + pd.Timedelta(days=day))
    assert (receipt.unchanged, receipt.superseded) == (1, 0)
    assert known(tmp_path) == {("06-01T09", "south", "missing_person", "routine"): 1}


def test_a_record_that_turns_out_a_test_is_taken_back(tmp_path: Path) -> None:
    imported(tmp_path, written(tmp_path, ROWS[0]), at=pd.Timestamp("2026-06-02", tz="UTC"))
    void = written(tmp_path, "A1,2026-06-01T10:05:00,north,VIO,immediate,test")
    receipt = imported(tmp_path, void, at=pd.Timestamp("2026-06-09", tz="UTC"))
    assert receipt.superseded == 1
    assert len(known(tmp_path, "2026-06-08")) == 1
    assert known(tmp_path, "2026-06-09") == {}


def test_versions_in_one_file_follow_their_time_of_writing(tmp_path: Path) -> None:
    plan = mapping(columns={"updated_at": "updated"})
    file = written(
        tmp_path,
        "A1,2026-06-01T10:05:00,south,VIO,immediate,live,2026-06-03T13:00:00",  # the later first
        "A1,2026-06-01T10:05:00,north,VIO,immediate,live,2026-06-01T10:06:00",
        "A1,2026-06-01T10:05:00,north,VIO,immediate,live,2026-06-01T10:06:00",
        "A2,2026-06-01T10:05:00,north,MIS,routine,live,",
        header=HEADER + ",updated",
    )
    receipt = imported(tmp_path, file, plan)
    assert (receipt.taken, receipt.superseded, dict(receipt.filtered)) == (2, 1, {"duplicate": 1})
    second = ("06-01T09", "north", "missing_person", "routine")
    assert known(tmp_path, "2026-06-03T11:59") == {
        ("06-01T09", "north", "violence", "immediate"): 1, second: 1,
    }  # fmt: skip
    assert known(tmp_path, "2026-06-03T12:00") == {
        ("06-01T09", "south", "violence", "immediate"): 1, second: 1,
    }  # fmt: skip
    assert imported(tmp_path, file, plan).superseded == 0


def test_a_call_that_arrived_late_is_known_late(tmp_path: Path) -> None:
    plan = mapping(columns={"updated_at": "updated"})
    row = "A1,2026-06-01T10:05:00,north,VIO,immediate,live,2026-06-05T08:00:00"
    imported(tmp_path, written(tmp_path, row, header=HEADER + ",updated"), plan)
    assert known(tmp_path, "2026-06-05T06:59") == {}
    assert len(known(tmp_path, "2026-06-05T07:00")) == 1


def digest(text: str, folder: Path) -> str:
    key = (folder / "history" / "reference.key").read_bytes()
    return hashlib.blake2b(text.encode(), key=key, digest_size=6).hexdigest()


def test_unmapped_codes_stop_the_import_with_every_code(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        *ROWS,
        "B1,2026-06-02T10:00:00,west,NEW,immediate,live",
        "B2,2026-06-04T10:00:00,north,NEW,immediate,live",
        "B3,2026-06-04T10:00:00,north,OFF,immediate,test",  # left out: needs no mapping
    )
    with pytest.raises(UnmappedCodes) as error:
        imported(tmp_path, file)
    assert str(error.value) == (
        "calls.csv uses 2 codes without a mapping; nothing was imported:\n"
        f"  area at line 5 (not shown: long, or in few rows; digest {digest('west', tmp_path)}): "
        "1 rows, 2026-06-02 to 2026-06-02\n"
        "  call type 'NEW': 2 rows, 2026-06-02 to 2026-06-04\n"
        "add them to the mapping ([areas], [[crosswalk.call_type]], [[crosswalk.grade]]), also to "
        'leave them out (to "exclude")'
    )
    assert Lake(tmp_path / "history").names() == ()


def test_excluded_codes_are_filtered_with_their_reason(tmp_path: Path) -> None:
    walk = {"call_type": [
        {"to": "violence", "codes": ["VIO"]},
        {"to": "exclude", "codes": ["MIS"], "reason": "officer_initiated"},
    ]}  # fmt: skip
    receipt = imported(tmp_path, written(tmp_path, *ROWS), mapping(crosswalk=walk))
    assert dict(receipt.filtered) == {"test": 1, "officer_initiated": 1}


def test_a_personal_column_stops_the_import_unless_it_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, ROWS[0] + ",Ann Other", header=HEADER + ",caller_name")
    with pytest.raises(PersonalData, match=r'write refuse = \["caller_name"\] into the mapping'):
        imported(tmp_path, file)
    with pytest.raises(PersonalData, match="the mapping reads caller_name"):
        imported(tmp_path, file, mapping(columns={"area": "caller_name"}))
    assert imported(tmp_path, file, mapping(refuse=["caller_name"])).taken == 1
    kept = b"".join(f.read_bytes() for f in (tmp_path / "history").rglob("*") if f.is_file())
    assert b"Ann Other" not in kept


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, "A1,2026-06-01T10:05:00", header="ref,at")
    with pytest.raises(MissingColumns) as error:
        imported(tmp_path, file)
    assert str(error.value) == (
        "calls.csv lacks beat, code, grade, status; it has ref, at; mend the mapping's names of "
        "columns"
    )


BAD = {
    "no reference": ",2026-06-01T10:05:00,north,VIO,routine,live",
    "no received_at": "B1,,north,VIO,routine,live",
    "unreadable received_at": "B2,noon,north,VIO,routine,live",
    "impossible local time": "B3,2026-03-29T01:30:00,north,VIO,routine,live",
    "received before 1990": "B4,1900-01-01T00:00:00,north,VIO,routine,live",
    "received after the extract was made": "B5,2026-07-02T00:00:00,north,VIO,routine,live",
    "no area": "B6,2026-06-01T10:05:00,,VIO,routine,live",
    "no call_type": "B7,2026-06-01T10:05:00,north, ,routine,live",
    "no grade": "B8,2026-06-01T10:05:00,north,VIO,,live",
}


def test_what_cannot_be_taken_is_put_aside_with_its_row_and_reason(tmp_path: Path) -> None:
    file = written(tmp_path, ROWS[0], *BAD.values())
    receipt = imported(tmp_path, file)
    assert receipt.taken == 1
    assert dict(receipt.quarantined) == dict.fromkeys(BAD, 1)
    aside = pd.read_csv(next((tmp_path / "quarantine").glob("*.csv")), dtype="str")
    assert aside["reason"].to_list() == list(BAD)
    assert aside["line"].to_list() == [str(n) for n in range(3, 3 + len(BAD))]
    assert set(aside["file"]) == {"calls.csv"}
    assert list(aside.columns) == [
        "reason", "file", "line", "received_at", "updated_at", "area", "call_type", "grade"
    ]  # fmt: skip
    no_area = aside[aside["reason"] == "no area"].iloc[0]
    assert no_area["received_at"] == "2026-06-01T09:05:00Z"
    assert (no_area["call_type"], no_area["grade"]) == ("violence", "routine")
    assert no_area[["updated_at", "area"]].isna().all()


def test_a_line_with_too_many_cells_is_kept_by_line_cells_and_digest(tmp_path: Path) -> None:
    bad = "A7,2026-06-01T10:05:00,north,VIO,x,y,Jane Doe"
    receipt = imported(tmp_path, written(tmp_path, ROWS[0], bad, *ROWS[1:], BAD["no area"]))
    assert dict(receipt.quarantined) == {"more or fewer cells than the header": 1, "no area": 1}
    assert receipt.rows == 5
    (file,) = (tmp_path / "quarantine").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Jane" not in file.read_text()
    aside = pd.read_csv(file, dtype="str")
    assert aside["line"].to_list() == ["3", "6"]
    assert aside["cells"].to_list()[:1] == ["7"]
    assert len(aside["digest"][0]) == 16


def test_a_line_break_in_a_text_that_is_never_read_breaks_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, ROWS[0] + ',"two\nlines"', header=HEADER + ",notes")
    receipt = imported(tmp_path, file, mapping(refuse=["notes"]))
    assert (receipt.rows, receipt.taken) == (1, 1)
    assert receipt.lines == LineCount(physical=3, header=1, blank=0, rows=1, further=1)


def test_csv_gzip_and_parquet_say_the_same(tmp_path: Path) -> None:
    plain = written(tmp_path, *ROWS, *BAD.values())
    zipped = tmp_path / "calls.csv.gz"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    table = pd.read_csv(plain, dtype="str")
    columnar = tmp_path / "calls.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pandas(table), columnar)
    receipts = [imported(tmp_path, file) for file in (plain, zipped, columnar)]
    assert receipts[0].taken == 2
    assert [r.unchanged for r in receipts[1:]] == [3, 3]
    assert receipts[0].quarantined == receipts[1].quarantined == receipts[2].quarantined


@pytest.mark.parametrize(
    ("zone", "night", "hours"),
    [
        ("Europe/London", "2026-10-25", {"10-25T00": 2, "10-25T01": 1}),
        ("America/Los_Angeles", "2026-11-01", {"11-01T08": 2, "11-01T09": 1}),
    ],
)
def test_the_repeated_hour_is_told_by_the_order_of_arrival(
    tmp_path: Path, zone: str, night: str, hours: dict[str, int]
) -> None:
    minutes = ("01:10", "01:50", "01:05")
    rows = [f"A{i},{night}T{m},north,VIO,routine,live" for i, m in enumerate(minutes)]
    plan = mapping(time={"zone": zone})
    receipt = imported(
        tmp_path, written(tmp_path, *rows), plan, at=pd.Timestamp("2026-12-01", tz="UTC")
    )
    assert dict(receipt.clock) == {"repeated hour: by order of arrival": 3}
    assert {cell[0]: n for cell, n in known(tmp_path).items()} == hours


def test_counts_and_calls_do_not_share_a_history(tmp_path: Path) -> None:
    cell = {"start": [EXTRACTED], "area": ["north"], "count": [1], "month": ["2026-07"]}
    Lake(tmp_path / "history").append("counts", pd.DataFrame(cell), {})
    with pytest.raises(SettingsError, match="this history holds counts, and calls would count"):
        imported(tmp_path, written(tmp_path, *ROWS))


def test_a_mapping_to_an_unknown_id_is_refused_before_reading(tmp_path: Path) -> None:
    walk = {"call_type": [{"to": "voilence", "codes": ["VIO"]}]}
    with pytest.raises(SettingsError) as error:
        imported(tmp_path, tmp_path / "no such file.csv", mapping(crosswalk=walk))
    assert str(error.value) == (
        "the mapping leads to unknown call types voilence (the force's are violence, "
        "missing_person); mend the mapping"
    )


references = st.sampled_from(["A", "B", "C", "D", "", " "])
times = st.sampled_from(
    [
        "2026-06-01T10:05:00",
        "2026-06-01 11:00",
        "2026-03-29T01:30:00",
        "2031-01-01T00:00:00",
        "?",
        "",
    ]
)
row = st.tuples(
    references, times, st.sampled_from(["north", "South", ""]), st.sampled_from(["VIO", "MIS", ""]),
    st.sampled_from(["immediate", "routine", ""]), st.sampled_from(["live", "test", ""]),
)  # fmt: skip


@settings(max_examples=30)  # each example is up to six imports
@given(st.lists(st.lists(row, max_size=12), min_size=1, max_size=3))
def test_every_row_is_accounted_for_and_a_second_import_is_none(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str, ...]]]
) -> None:
    folder = tmp_path_factory.mktemp("account")
    for number, rows in enumerate(files):
        file = written(folder, *(",".join(cells) for cells in rows))
        at = EXTRACTED + pd.Timedelta(days=number)
        receipt = imported(folder, file, at=at)
        parts = (receipt.filtered, receipt.quarantined)
        left_out = sum(sum(part.values()) for part in parts)
        assert receipt.rows == len(rows)
        assert receipt.taken + receipt.unchanged + receipt.superseded + left_out == len(rows)
        version = Lake(folder / "history").version()
        again = imported(folder, file, at=at + pd.Timedelta(hours=1))
        assert (again.taken, again.superseded) == (0, 0)
        assert Lake(folder / "history").version() == version
    stored = Lake(folder / "history").table("calls")
    if stored is not None and (stored["state"] == "taken").any():
        newest = (
            stored.sort_values(["known_at", "import_id", "row"]).groupby("reference_hash").last()
        )
        assert sum(known(folder, "2040-01-01").values()) == (newest["state"] == "taken").sum()


KILLED = """
import os, signal, sys
from pathlib import Path
import deltalake.transaction, pandas as pd
import sources.lake
sys.path.insert(0, sys.argv[1])
import test_calls as t
from sources.calls import import_calls
from sources.lake import Lake
stage, folder = sys.argv[2], Path(sys.argv[3])
def die(*_a, **_k): os.kill(os.getpid(), signal.SIGKILL)
def progress(what, done, total):
    if what.startswith(stage) and (stage != "writing" or done == 0): die()
if stage == "commit":
    sources.lake.DeltaTable.create_write_transaction = die
if stage == "confirm":  # the commit is there, and nobody said that it is
    sources.lake.confirm = die
import_calls(Lake(folder / "history"), t.PROFILE, t.PROFILE.tree(), folder / "second.csv",
             t.mapping(), folder / "quarantine", extracted_at=t.EXTRACTED, progress=progress,
             options=t.ALL_ACCEPTED)
"""


@pytest.mark.parametrize("stage", ["reading", "comparing", "writing", "commit", "confirm"])
def test_a_kill_at_any_point_leaves_the_last_good_history(tmp_path: Path, stage: str) -> None:
    imported(tmp_path, written(tmp_path, ROWS[0], name="first.csv"))
    before, version = known(tmp_path), Lake(tmp_path / "history").version()
    second = written(tmp_path, *ROWS, BAD["no area"], name="second.csv")
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), stage, str(tmp_path)]
    died = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert died.returncode == -signal.SIGKILL
    assert known(tmp_path) == before
    assert Lake(tmp_path / "history").version() == version
    receipt = imported(tmp_path, second)  # and the import can simply be run again
    assert (receipt.taken, receipt.unchanged) == (1, 1)
    assert sum(known(tmp_path).values()) == 2
