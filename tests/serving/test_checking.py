"""`forewatch check` and `forewatch history export` by the command line, on a small workspace."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from serving.cli import cli
from serving.unused import unused_remarks
from serving.workspace import Workspace

SETTINGS = """
grades = ["routine"]
call_types = [{ id = "theft", name = "Theft" }, { id = "noise", name = "Noise" }]
areas = [
    { id = "shire", name = "Shire" },
    { id = "north", name = "North", parent = "shire" },
    { id = "south", name = "South", parent = "shire" },
]
[force]
id = "shire"
name = "Shire"
zone = "Europe/London"
[levels]
names = ["force", "district"]
modelled = "district"
[publication]
horizon_days = 28
"""
MAPPING = """
[columns]
reference = "ref"
received_at = "received_at"
area = "area"
call_type = "type"
[constants]
grade = "routine"
"""


@dataclass
class Desk:
    """A workspace with calls, and the command line on it."""

    root: Path
    calls: pd.DataFrame

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli, ["-w", str(self.root), *words])

    def file(self, name: str, text: str) -> str:
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def imported(self, table: str, text: str) -> Result:
        done = self.run("import", table, self.file(f"{table}.csv", text))
        assert done.exit_code == 0, done.output
        return done


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Eight calls a day for nine months with both clock changes; none on 5 and 6 May."""
    rng = np.random.default_rng(1)
    hours = pd.date_range("2025-02-01T07:00", "2025-11-01T06:00", freq="h", tz="Europe/London")
    number = rng.poisson(1 / 3, (len(hours), 2, 2))
    low, high = (pd.Timestamp(f"2025-05-0{day}T07:00+01:00") for day in (5, 7))
    number[(hours >= low) & (hours < high)] = 0
    number[0], number[-1] = 1, 1
    at = np.repeat(np.argwhere(number), number[number > 0], axis=0)
    minute = rng.integers(0, 60, len(at))
    received = hours[at[:, 0]] + pd.to_timedelta(minute, unit="m")
    frame = pd.DataFrame(
        {
            "ref": [f"c{i}" for i in range(len(at))],
            "received_at": received.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "area": np.array(["north", "south"])[at[:, 1]],
            "type": np.array(["theft", "noise"])[at[:, 2]],
        }
    )
    root = tmp_path_factory.mktemp("imported")
    (root / "forewatch.toml").write_text(SETTINGS, encoding="utf-8")
    made = Desk(root, frame.assign(received=received))
    mapping = made.file("map.toml", MAPPING)
    calls = made.file("calls.csv", frame.to_csv(index=False))
    done = made.run("import", "calls", calls, "--mapping", mapping)
    assert done.exit_code == 0, done.output
    return made


@pytest.fixture
def desk(imported: Desk, tmp_path: Path) -> Desk:
    """The same in a folder of the test's own."""
    shutil.copytree(imported.root, tmp_path, dirs_exist_ok=True)
    return replace(imported, root=tmp_path)


def test_the_gaps_of_a_check_are_imported_as_they_are(desk: Desk) -> None:
    file = desk.root / "new" / "gaps.csv"
    done = desk.run("check", "--gaps", str(file))
    assert done.exit_code == 1
    assert f"wrote 1 windows to {file}; look through them, then run" in done.stderr
    head, row = file.read_text(encoding="utf-8").splitlines()
    assert head == "start,end,area"
    start, end, area = row.split(",")
    assert (start, area) == ("2025-05-05T06:00:00+00:00", "")
    assert pd.Timestamp(end) >= pd.Timestamp("2025-05-07T06:00Z")
    assert desk.run("import", "unobserved", str(file)).exit_code == 0
    again = desk.run("check", "--gaps", str(desk.root / "none.csv"))
    assert again.exit_code == 0
    assert "none: every stretch without a call can be chance" in again.stdout
    assert (desk.root / "none.csv").read_text(encoding="utf-8") == "start,end,area\n"
    assert desk.run("import", "unobserved", str(desk.root / "none.csv")).exit_code == 0


def test_a_file_of_gaps_is_never_overwritten(desk: Desk) -> None:
    kept = desk.file("gaps.csv", "mine")
    done = desk.run("check", "--gaps", kept)
    assert done.exit_code == 2
    assert "gaps.csv is there already" in done.stderr
    assert "give another name, or remove it first" in done.stderr
    assert done.stdout == ""
    assert Path(kept).read_text(encoding="utf-8") == "mine"
    nowhere = desk.run("check", "--gaps", f"{kept}/gaps.csv")
    assert nowhere.exit_code == 2
    assert "can't be written" in nowhere.stderr


def test_a_workspace_of_which_nothing_is_known_ends_with_1(desk: Desk) -> None:
    desk.imported("unobserved", "start,end,area\n2025-01-01,2026-01-01,north\n")
    assert desk.run("check").exit_code == 1  # the gap, which is south's now
    desk.imported("unobserved", "start,end,area\n2025-01-01,2026-01-01,south\n")
    done = desk.run("check")
    assert done.exit_code == 1
    assert "nothing is known: every area is declared unobserved on every day" in done.stdout


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("by", ["day", "hour"])
def test_what_is_exported_is_what_was_imported(desk: Desk, ending: str, by: str) -> None:
    out = desk.root / "out" / f"counts.{ending}"
    done = desk.run("history", "export", "--by", by, "--out", str(out))
    assert done.exit_code == 0, done.output
    frame = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out)
    assert list(frame.columns) == [
        "start",
        "force_day",
        "area",
        "call_type",
        "grade",
        "count",
        "observed",
    ]
    assert f"wrote {len(frame):,} rows with {len(desk.calls):,} calls to {out}" in done.stderr
    assert frame["count"].sum() == len(desk.calls)
    assert frame["observed"].all()
    if ending != "parquet":
        assert frame["start"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z").all()
    local = pd.DatetimeIndex(desk.calls["received"]).tz_localize(None)
    day = (local - pd.Timedelta(hours=7)).strftime("%Y-%m-%d")
    wanted = desk.calls.groupby([day, "area", "type"]).size()
    spelt = frame.assign(force_day=frame["force_day"].astype("str"))
    found = spelt.groupby(["force_day", "area", "call_type"])["count"].sum()
    assert found.tolist() == wanted.tolist()
    assert found.index.tolist() == wanted.index.tolist()
    assert [path.name for path in out.parent.iterdir()] == [out.name]  # nothing is left beside it


def test_unobserved_time_is_exported_without_a_count(desk: Desk) -> None:
    desk.imported("unobserved", "start,end,area\n2025-06-02,2025-06-03T07:00,north\n")
    out = desk.root / "counts.csv"
    done = desk.run("history", "export", "--out", str(out))
    frame = pd.read_csv(out)
    lost = frame[~frame["observed"]]
    assert lost["force_day"].tolist() == ["2025-06-01", "2025-06-02"]
    assert lost[["call_type", "grade", "count"]].isna().all().all()
    left_out = len(desk.calls) - int(frame["count"].sum())
    assert f"{left_out} calls are not in it" in done.stderr
    assert "2025-06-01T06:00:00Z,2025-06-01,north,,,,false\n" in out.read_text(encoding="utf-8")


def test_an_export_keeps_a_file_that_is_there_unless_forced(desk: Desk) -> None:
    out = desk.file("counts.csv", "mine")
    done = desk.run("history", "export", "--out", out)
    assert done.exit_code == 2
    assert "is there already; give another name, or --force to replace it" in done.stderr
    assert Path(out).read_text(encoding="utf-8") == "mine"
    assert desk.run("history", "export", "--out", out, "--force").exit_code == 0
    first = Path(out).read_bytes()
    assert first.startswith(b"start,force_day,area")
    packed = [desk.root / name for name in ("a.csv.gz", "b.csv.gz")]
    for path in packed:
        assert desk.run("history", "export", "--out", str(path)).exit_code == 0
    assert packed[0].read_bytes() == packed[1].read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "counts.xlsx"), "counts.xlsx has no known ending; end it with .csv, .csv.gz"),
        (("--out", "c.csv", "--from", "2025-06-01T12:00"), "lies within one day"),
        (("--out", "c.csv", "--from", "yesterday"), "no date or time 'yesterday'"),
        (("--out", "c.csv", "--from", "2026-06-01"), "nothing is observed there"),
        (("--out", "forewatch.toml/c.csv"), "can't be written"),
    ],
)
def test_what_can_t_be_exported_ends_with_2(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(desk.root)
    done = desk.run("history", "export", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (desk.root / "c.csv").exists()


def test_a_span_and_zeros_can_be_asked_for(desk: Desk) -> None:
    out = desk.root / "counts.parquet"
    span = ("--from", "2025-03-30", "--to", "2025-04-01", "--zeros")
    assert desk.run("history", "export", "--by", "hour", "--out", str(out), *span).exit_code == 0
    frame = pd.read_parquet(out)
    assert len(frame) == 48 * 2 * 2  # the day of 23 hours is the one before
    assert (frame["count"] == 0).any()


def test_rows_that_can_t_be_used_are_named_at_import(desk: Desk) -> None:
    head = "name,area,start,end,attendance_low,attendance_high,announced_at\n"
    desk.imported(
        "events",
        head + "Fair,north,2025-06-01,2025-06-02,100,200,2025-05-01\n"
        "Far,north,2026-06-01,2026-06-02,100,200,2025-05-01\n",
    )
    workspace = Workspace(desk.root)
    (sentence,) = unused_remarks(workspace, "events")
    assert sentence == (
        "1 event is not in the forecast (14 days or more after the last day forecast, "
        "2025-11-28): Far (north, 2026-06-01)"
    )
    assert unused_remarks(workspace, "holidays") == ()
    assert unused_remarks(workspace, "breaks") == ()


def test_nothing_is_said_where_there_is_no_history_yet(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_text(SETTINGS, encoding="utf-8")
    assert unused_remarks(Workspace(tmp_path), "events") == ()


def test_staffing_that_does_not_fit_imported_areas_is_a_warning(desk: Desk) -> None:
    settings = SETTINGS[: SETTINGS.index("areas = [")] + SETTINGS[SETTINGS.index("[force]") :]
    areas = "id,name,parent\nshire,Shire,\nnorth,North,shire\nsouth,South,shire\n"
    desk.file("forewatch.toml", settings)
    desk.imported("areas", areas)
    shift = '[[staffing.shifts]]\nid = "all"\nname = "All"\nstart = "07:00"\nend = "07:00"\n'
    desk.file("forewatch.toml", settings + shift + 'areas = ["nord"]\n')
    done = desk.run("check")
    assert "Staffing" in done.stdout
    assert "staffing.shifts: no area 'nord'; near names: north" in " ".join(done.stdout.split())
    desk.file("forewatch.toml", settings + shift)
    done = desk.run("check")
    assert "roles response; percentile 80" in done.stdout
    assert "no shift of" not in done.stdout


def square(west: float, **properties: str) -> dict[str, object]:
    ring = [[west, 51], [west + 1, 51], [west + 1, 52], [west, 52], [west, 51]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def test_outlines_are_imported_by_a_property_and_counted_by_the_check(desk: Desk) -> None:
    assert "none: maps show tiles" in desk.run("check").output
    both = {"type": "FeatureCollection", "features": [square(0, NM="North"), square(1, NM="SOUTH")]}
    file = desk.file("shapes.geojson", json.dumps(both))
    refused = desk.run("import", "shapes", file)
    assert refused.exit_code == 2
    assert "name the property that holds ids or names of areas with --id" in refused.output
    done = desk.run("import", "shapes", file, "--id", "NM")
    assert (done.exit_code, "taken                   2" in done.output) == (0, True)
    assert "outlines made of those of the areas below: shire" in done.output
    checked = desk.run("check").output
    assert "force: 1 of 1" in checked
    assert "district: 2 of 2" in checked
    third = '{ id = "south", name = "South", parent = "shire" },'
    settings = desk.root / "forewatch.toml"
    more = third + ' { id = "west", name = "West", parent = "shire" },'
    settings.write_text(settings.read_text().replace(third, more))
    checked = " ".join(desk.run("check").output.split())
    assert "1 areas of a level that is drawn have no outline: west; import theirs" in checked
    assert "1 outlines are of areas that changed since: shire; import the shapes again" in checked
