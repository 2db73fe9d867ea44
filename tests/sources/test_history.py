"""The ledger made in bulk says what one gets by walking through the versions call by call."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.clock import Clock
from forewatch.errors import DataError, NotEnoughHistory, SettingsError
from forewatch.profile import Profile
from forewatch.tables import COLUMNS
from sources.calls import import_calls
from sources.history import history, ledger
from sources.lake import Lake
from sources.mapping import Mapping
from sources.spans import holes, spans_of

PROFILE = Profile.model_validate(
    {
        "force": {"id": "f", "name": "Force", "zone": "Europe/London"},
        "levels": {"names": ["force", "beat"], "modelled": "beat"},
        "areas": [
            {"id": "f", "name": "Force"},
            {"id": "north", "name": "North", "parent": "f"},
            {"id": "south", "name": "South", "parent": "f"},
        ],
        "call_types": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}],
        "grades": ["immediate", "routine"],
    }
)
HOUR = pd.Timedelta(hours=1)
FIRST = pd.Timestamp("2026-06-01", tz="UTC")
SPAN = {"observed_from": "2026-06-01T00:00:00+00:00", "observed_until": "2026-06-08T00:00:00+00:00"}

version = st.fixed_dictionaries(
    {
        "reference_hash": st.integers(-2, 2),
        "received": st.integers(0, 300),  # minutes from FIRST
        "delay": st.integers(0, 600),  # minutes from received to known
        "area": st.sampled_from(["north", "south"]),
        "call_type": st.sampled_from(["a", "b"]),
        "grade": st.sampled_from(["immediate", "routine"]),
        "state": st.sampled_from(["taken", "taken", "taken", "test", "officer_initiated"]),
        "is_blank": st.booleans(),
    }
)


def versions(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows of the table "calls"; what is left out may lack its area."""
    made = []
    for number, row in enumerate(rows):
        received = FIRST + pd.Timedelta(minutes=row["received"])
        known_at = received + pd.Timedelta(minutes=row["delay"])
        area = None if row["is_blank"] and row["state"] != "taken" else row["area"]
        made.append(
            {
                "reference_hash": row["reference_hash"], "received_at": received,
                "known_at": known_at, "import_id": 1 + number // 3, "row": number,
                "area": area, "call_type": row["call_type"], "grade": row["grade"],
                "state": row["state"],
            }
        )  # fmt: skip
    return pd.DataFrame(made)


def as_arrow(frame: pd.DataFrame) -> pa.Table:
    columns = {}
    for name in frame:
        if name in ("received_at", "known_at"):
            micros = pa.array([t.value // 1000 for t in frame[name]], pa.int64())
            columns[str(name)] = micros.cast(pa.timestamp("us", "UTC"))
        elif name in ("area", "call_type", "grade", "state"):
            texts = [None if pd.isna(v) else v for v in frame[name]]
            columns[str(name)] = pa.array(texts, pa.string()).dictionary_encode()
        else:
            columns[str(name)] = pa.array(frame[name], pa.int64())
    return pa.table(columns)


def walked(frame: pd.DataFrame) -> dict[tuple[Any, ...], int]:
    """The changes of counts, one version after the other."""
    found: dict[tuple[Any, ...], int] = {}

    def change(row: Any, known_at: pd.Timestamp, by: int) -> None:
        start = row.received_at.floor("h")
        known = max(known_at, start + HOUR)
        cell = (start, row.area, row.call_type, row.grade, known)
        found[cell] = found.get(cell, 0) + by

    for _, chain in frame.sort_values(["known_at", "import_id", "row"]).groupby("reference_hash"):
        before = None
        rows: Any = chain.itertuples()
        for row in rows:
            if before is not None and before.state == "taken":
                change(before, row.known_at, -1)
            if row.state == "taken":
                change(row, row.known_at, +1)
            before = row
    return {cell: n for cell, n in found.items() if n}


@given(st.lists(version, min_size=1, max_size=25))
def test_the_ledger_is_what_a_walk_through_the_versions_gives(rows: list[dict[str, Any]]) -> None:
    frame = versions(rows)
    found = ledger(as_arrow(frame), PROFILE, PROFILE.tree())
    assert {name: str(kind) for name, kind in found.dtypes.items()} == COLUMNS["counts"]
    names = ["start", "area", "call_type", "grade", "known_at"]
    cells = [tuple(cell) for cell in found[names].astype(object).to_numpy()]
    assert len(set(cells)) == len(cells)  # one row a cell and time
    assert dict(zip(cells, found["count"].to_list(), strict=True)) == walked(frame)


def call(ref: int, minutes: int, **more: Any) -> dict[str, Any]:
    return {
        "reference_hash": ref, "received": minutes, "delay": 0, "area": "north", "call_type": "a",
        "grade": "routine", "state": "taken", "is_blank": False, **more,
    }  # fmt: skip


def filled(folder: Path, rows: list[dict[str, Any]], *spans: dict[str, Any]) -> Lake:
    lake = Lake(folder)
    frame = versions(rows)
    frame["import_id"] = frame["import_id"].astype("int32")
    frame["month"] = frame["received_at"].dt.strftime("%Y-%m")
    for number, span in enumerate(spans or (SPAN,)):
        lake.append("calls", frame if number == 0 else frame.iloc[:0], span | stated(span))
    return lake


def stated(span: dict[str, Any]) -> dict[str, Any]:
    return {"observed_stated": span.get("observed_stated", [False, False])}


def test_a_history_carries_its_span_its_categories_and_its_version(tmp_path: Path) -> None:
    lake = filled(tmp_path, [call(1, 5), call(2, 10), call(3, 70, area="south")])
    found = history(lake, PROFILE)
    assert found.step == "hour"
    assert found.observed_from == FIRST
    assert found.observed_until == FIRST + 7 * pd.Timedelta(days=1)
    assert list(found.counts["area"].cat.categories) == ["north", "south"]
    assert list(found.counts["grade"].cat.categories) == ["immediate", "routine"]
    assert found.counts["count"].to_list() == [2, 1]
    assert found.version == lake.version()
    lake.append("calls", as_arrow(versions([call(9, 9)])).append_column(
        "month", pa.array(["2026-06"])), SPAN | stated(SPAN))  # fmt: skip
    assert history(lake, PROFILE).version != found.version


def test_time_that_no_extract_covers_is_unobserved_and_not_zero(tmp_path: Path) -> None:
    later = {
        "observed_from": "2026-06-20T00:00:00+00:00",
        "observed_until": "2026-06-22T00:00:00+00:00",
    }
    found = history(filled(tmp_path, [call(1, 5)], SPAN, later), PROFILE)
    assert found.observed_until == pd.Timestamp("2026-06-22", tz="UTC")
    assert found.unobserved.to_dict("records") == [
        {
            "start": pd.Timestamp("2026-06-08", tz="UTC"),
            "end": pd.Timestamp("2026-06-20", tz="UTC"),
            "area": "",
        }
    ]


def span(start: str, until: str, *, is_stated: bool) -> dict[str, Any]:
    return {
        "observed_from": f"2026-06-{start}+00:00", "observed_until": f"2026-06-{until}+00:00",
        "observed_stated": [is_stated, is_stated],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "is_stated", "hours"),
    [
        ("08T05:00:00", False, 0.0),  # a quiet night between two extracts
        ("08T05:00:00", True, 5.0),  # both say that they end and begin there
        ("09T05:00:00", False, 29.0),  # no night is that quiet
        ("07T00:00:00", True, 0.0),  # they overlap
    ],
)
def test_a_hole_between_extracts_counts_unless_it_is_a_quiet_night(
    start: str, *, is_stated: bool, hours: float
) -> None:
    imports = [
        span(start, "20T00:00:00", is_stated=is_stated),
        {"no": "span"},
        span("01T00:00:00", "08T00:00:00", is_stated=is_stated),
    ]
    found = holes(spans_of(imports))
    lost = [end - begin for begin, end in zip(found["start"], found["end"], strict=True)]
    assert sum((window / HOUR for window in lost), 0.0) == hours


def test_an_empty_lake_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughHistory) as error:
        history(Lake(tmp_path), PROFILE)
    assert str(error.value) == (
        "the history is empty; run 'forewatch import calls' or 'forewatch import counts' first"
    )


def test_an_area_that_the_force_no_longer_has_stops(tmp_path: Path) -> None:
    lake = filled(tmp_path, [call(1, 5, area="west")])
    with pytest.raises(DataError) as error:
        history(lake, PROFILE)
    assert str(error.value) == (
        "the history uses area west, which the force no longer has; put it back into "
        "forewatch.toml, or start a new history and import again"
    )


def test_calls_beside_counts_are_refused(tmp_path: Path) -> None:
    lake = filled(tmp_path, [call(1, 5)])
    lake.append("counts", pd.DataFrame({"count": [1], "month": ["2026-06"]}), {})
    with pytest.raises(SettingsError, match="this history holds calls and counts"):
        history(lake, PROFILE)


def test_millions_of_versions_are_summed_without_loss() -> None:
    rng = np.random.default_rng(7)
    n = 200_000
    minutes = rng.integers(0, 60 * 24 * 365, n)
    received = pa.array(FIRST.value // 1000 + minutes * 60_000_000).cast(pa.timestamp("us", "UTC"))
    coded = {
        name: pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, 2, n), pa.int32()), ids)
        for name, ids in (
            ("area", ["north", "south"]),
            ("call_type", ["a", "b"]),
            ("grade", ["immediate", "routine"]),
        )
    }  # fmt: skip
    table = pa.table(
        {
            "reference_hash": pa.array(rng.permutation(n)), "received_at": received,
            "known_at": received, "import_id": pa.array(np.ones(n, np.int32)),
            "row": pa.array(np.arange(n)), **coded,
            "state": pa.array(["taken"] * n).dictionary_encode(),
        }
    )  # fmt: skip
    found = ledger(table, PROFILE, PROFILE.tree())
    assert found["count"].sum() == n
    assert ((found["known_at"] - found["start"]) == HOUR).all()
    in_north = np.asarray(coded["area"].indices) == 0
    assert found.loc[found["area"] == "north", "count"].sum() == in_north.sum()


@pytest.mark.parametrize(
    ("zone", "opens"),
    [
        ("Europe/London", "07:30"),
        ("Asia/Kolkata", "07:30"),
        ("Asia/Kathmandu", "07:30"),
        ("Australia/Lord_Howe", "07:30"),
        ("Australia/Adelaide", "07:30"),
        ("Pacific/Chatham", "07:30"),
        ("Asia/Kolkata", "07:00"),
        ("Australia/Lord_Howe", "07:00"),
    ],
)
def test_a_call_of_07_35_is_in_the_hour_and_the_force_day_that_began_before_it(
    tmp_path: Path, zone: str, opens: str
) -> None:
    force = {"id": "f", "name": "Force", "zone": zone, "day_starts_at": opens}
    profile = Profile.model_validate(PROFILE.model_dump(mode="json") | {"force": force})
    dates = pd.date_range("2026-01-01", "2026-12-31")  # with both changes of the clock
    lines = [f"{i},{day:%Y-%m-%d}T07:35,north,a,routine" for i, day in enumerate(dates)]
    file = tmp_path / "calls.csv"
    file.write_text("\n".join(["ref,at,area,type,grade", *lines]), encoding="utf-8")
    columns = {
        "reference": "ref", "received_at": "at", "area": "area", "call_type": "type",
        "grade": "grade",
    }  # fmt: skip
    lake = Lake(tmp_path / "history")
    import_calls(
        lake, profile, profile.tree(), file, Mapping.model_validate({"columns": columns}),
        tmp_path / "quarantine", extracted_at=pd.Timestamp("2027-02-01", tz="UTC"),
    )  # fmt: skip
    found = history(lake, profile).counts.sort_values("start")
    assert found["count"].tolist() == [1] * len(dates)
    starts = pd.DatetimeIndex(found["start"])
    assert set(starts.tz_convert(zone).strftime("%H:%M")) == {opens}
    assert Clock.of(profile).force_day(starts).tolist() == dates.tolist()
    assert ((found["known_at"] - found["start"]) == HOUR).all()


def test_the_half_hour_before_a_short_days_end_is_known_at_that_end() -> None:
    force = {"id": "f", "name": "Force", "zone": "Australia/Lord_Howe", "day_starts_at": "07:00"}
    profile = Profile.model_validate(PROFILE.model_dump(mode="json") | {"force": force})
    received = FIRST.normalize() + pd.Timedelta(days=124, hours=19, minutes=40)  # 3 October, 06:40
    minutes = int((received - FIRST) / pd.Timedelta(minutes=1))
    rows = [call(1, minutes), call(2, minutes + 30)]
    found = ledger(as_arrow(versions(rows)), profile, profile.tree())
    assert [f"{at:%d %H:%M}" for at in found["start"]] == ["03 19:30", "03 20:00"]
    assert [f"{at:%d %H:%M}" for at in found["known_at"]] == ["03 20:00", "03 21:00"]
