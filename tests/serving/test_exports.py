"""A whole issue as files: what is in it, for whom, and that no half of it is ever left."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from forewatch.errors import DatabaseUnusable, LimitReached, Overloaded, TooCostly
from planning.issues import Issue
from serving.api.exports import EXPORT
from serving.api.limits import Limits
from serving.cli import cli
from serving.duty_records import UNKNOWN
from serving.issue_exports import ExportOrder, ExportWriter, export_issue
from serving.settings import ServingSettings
from serving.workspace import Workspace
from tests.serving.conftest import FIRST, Bench, issue_of_the_town, missing_of_the_town
from tests.serving.test_duty_plans import TOWN, imported
from tests.serving.test_rota_api import issue as issue_with_shifts
from tests.serving.test_rota_api import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = EXPORT.replace("{number}", "1")
SPAN = {"from": f"{FIRST:%Y-%m-%d}", "to": f"{FIRST + pd.Timedelta(days=35):%Y-%m-%d}"}
TABLES = [
    "calls_by_hour",
    "calls_by_day",
    "leaf_calls_by_day",
    "total_calls_by_hour",
    "total_calls_by_day",
    "reasons_by_day",
    "missing_by_shift",
    "missing_by_day",
    "officers_by_shift",
    "areas",
    "call_types",
    "notes",
]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One issue with everything, and a plan of some shifts."""
    made = Bench(tmp_path_factory.mktemp("town"), record=plan(early=3, late=2))
    made.issues().publish(issue_with_shifts())
    return made


def files(answer: Any) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.fixture(scope="module")
def whole(town: Bench) -> dict[str, bytes]:
    return files(town.client.get(PATH))


def every_page(bench: Bench, path: str, **asked: Any) -> list[dict[str, Any]]:
    said = bench.get(path, **asked, limit=1000)
    found = list(said["rows"])
    while said["next"]:
        said = bench.get(said["next"])
        found += said["rows"]
    return found


def test_the_manifest_says_what_each_file_holds(whole: dict[str, bytes]) -> None:
    manifest = json.loads(whole["manifest.json"])
    assert [each["name"] for each in manifest["tables"]] == TABLES
    assert [*whole] == [*(f"{name}.csv" for name in TABLES), "manifest.json"]
    assert (manifest["issue"], manifest["left_out"], manifest["areas"]) == (1, {}, None)
    for each in manifest["tables"]:
        header, *found = csv.reader(io.StringIO(whole[each["file"]].decode()))
        assert header == [column["name"] for column in each["columns"]]
        assert len(found) == each["rows"] > 0
        assert header[0] == "issue"
        assert {row[0] for row in found} == {"1"}
    # 2 districts × 2 types × 35 days, one of which has 25 hours
    assert len(rows(whole["calls_by_hour.csv"])) == 2 * 2 * (35 * 24 + 1)


@pytest.mark.parametrize(
    ("table", "path", "asked"),
    [
        ("calls_by_hour", "/v1/forecasts", {"area": "district", "by": "hour", "call_type": "each"}),
        ("leaf_calls_by_day", "/v1/forecasts", {"area": "beat", "call_type": "each"}),
        ("total_calls_by_day", "/v1/forecasts", {"area": ["force", "district", "beat"]}),
        ("reasons_by_day", "/v1/explanations", {"area": "district", "call_type": "each"}),
        ("missing_by_shift", "/v1/missing-persons", {"area": ["force", "district"], "by": "shift"}),
    ],
)
def test_every_number_is_that_of_the_answers(
    table: str, path: str, asked: dict[str, Any], whole: dict[str, bytes], town: Bench
) -> None:
    answers = every_page(town, path, **SPAN, **asked)
    keys = ("area", "start", "call_type")
    theirs = {tuple(row.get(key) for key in keys): row for row in answers}
    ours = rows(whole[f"{table}.csv"])
    assert len(ours) == len(theirs)
    for row in ours:
        said = theirs[tuple(row.get(key) for key in keys)]
        for name, value in said.items():
            if isinstance(value, int | float):
                assert float(row[name]) == value, (name, row)
            else:
                assert row[name] == ("" if value is None else value), (name, row)


def test_officers_are_those_of_the_rota_contract_with_the_plan(
    whole: dict[str, bytes], town: Bench
) -> None:
    asked: dict[str, Any] = {**SPAN, "area": ["force", "district"], "limit": 2000}
    answer = town.client.get("/v1/rota/requirements", params=asked, headers={"Accept": "text/csv"})
    theirs = {row["shift_id"]: row for row in rows(answer.content)}
    ours = {row["shift_id"]: row for row in rows(whole["officers_by_shift.csv"])}
    assert ours.keys() == theirs.keys()
    for shift, row in ours.items():
        assert row.items() >= {n: v for n, v in theirs[shift].items() if n in row}.items()
    planned = {shift: row["planned"] for shift, row in ours.items() if row["planned"]}
    assert planned == {
        "north/response/2026-10-24/early": "3",
        "north/response/2026-10-24/late": "2",
    }


def test_parquet_says_what_csv_says(whole: dict[str, bytes], town: Bench) -> None:
    found = files(town.client.get(PATH, params={"format": "parquet"}))
    for name in TABLES:
        table = pq.read_table(io.BytesIO(found[f"{name}.parquet"]))
        ours = rows(whole[f"{name}.csv"])
        assert table.num_rows == len(ours)
        assert table.column_names == [*ours[0]]
        if "mean" in table.column_names:
            means = [float(row["mean"]) for row in ours]
            assert table["mean"].to_pylist() == pytest.approx(means, abs=1e-6)
            assert table.schema.field("mean").metadata[b"unit"] == b"calls"


def test_the_same_issue_is_the_same_bytes_and_is_not_sent_twice(town: Bench) -> None:
    first, again = town.client.get(PATH), town.client.get(EXPORT.replace("{number}", "latest"))
    assert first.content == again.content
    tag = first.headers["etag"]
    assert first.headers["content-disposition"] == (
        'attachment; filename="forewatch-issue-1-csv.zip"'
    )
    known = {"If-None-Match": tag}
    assert town.client.get(PATH, headers=known).status_code == 304
    assert town.client.get(PATH, params={"format": "parquet"}, headers=known).status_code == 200
    head = town.client.head(PATH)
    assert (head.status_code, head.headers["etag"], head.content) == (200, tag, b"")


def test_a_plan_that_cannot_be_read_is_not_taken_for_the_one_that_can(tmp_path: Path) -> None:
    bench = Bench(tmp_path, record=UNKNOWN)
    bench.issues().publish(issue_with_shifts())
    answer = bench.client.get(PATH)
    states = {row["plan_state"] for row in rows(files(answer)["officers_by_shift.csv"])}
    assert states == {"unknown"}
    known = {"If-None-Match": answer.headers["etag"]}
    assert bench.client.get(PATH, headers=known).status_code == 200


def client(bench: Bench, *scopes: str, areas: tuple[str, ...] | None = None) -> TestClient:
    token = bench.keys().create("some", scopes, areas=areas)  # type: ignore[arg-type]
    return TestClient(bench.app, "http://localhost", headers={"X-API-Key": token})


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize(("seen", "areas"), [("north", 3), ("north-1", 1)])
def test_a_key_for_some_areas_gets_nothing_of_another(
    seen: str, areas: int, form: str, town: Bench
) -> None:
    some = client(town, "forecasts:read", "rota:read", areas=(seen,))
    found = files(some.get(PATH, params={"format": form}))
    assert [*found] == [*(f"{name}.{form}" for name in TABLES), "manifest.json"]
    for name, content in found.items():
        text = content.decode("latin-1")
        if name.endswith(".parquet"):
            table = pq.read_table(io.BytesIO(content))
            text = f"{table.to_pylist()} {table.schema.metadata}"
        for hidden in ("south", "town"):
            assert hidden not in text.casefold(), (name, hidden)
    if form == "csv":
        assert len(rows(found["areas.csv"])) == areas
        upper = seen == "north"
        assert bool(rows(found["calls_by_hour.csv"])) == upper
        assert bool(rows(found["officers_by_shift.csv"])) == upper


def test_who_may_not_see_officers_gets_none_and_is_told(town: Bench) -> None:
    found = files(client(town, "forecasts:read").get(PATH))
    assert "officers_by_shift.csv" not in found
    left_out = json.loads(found["manifest.json"])["left_out"]
    assert left_out == {"officers_by_shift": "whoever asked may not see officers (scope rota:read)"}
    assert client(town, "rota:read").get(PATH).status_code == 403


def test_what_an_issue_does_not_hold_is_left_out_with_the_reason(bench: Bench) -> None:
    manifest = json.loads(files(bench.client.get(PATH))["manifest.json"])
    why = "issue 1 holds no missing-person demand: it was published before there was any; ask a "
    assert manifest["left_out"] == dict.fromkeys(
        ("missing_by_shift", "missing_by_day"), f"{why}later one"
    )


def test_other_issues_and_forms_are_refused(town: Bench) -> None:
    assert town.refused(EXPORT.replace("{number}", "9"), 404)["type"].endswith("unknown-issue")
    assert town.client.get(EXPORT.replace("{number}", "newest")).status_code == 422
    assert town.client.get(PATH, params={"format": "xlsx"}).status_code == 422
    answer = town.client.get(PATH, headers={"Accept": "application/json"})
    assert answer.status_code == 406


def test_an_export_has_a_limit_of_its_own_and_one_a_key_at_a_time(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings=ServingSettings(max_export_cost=100))
    bench.issues().publish(issue_of_the_town())
    said = bench.refused(PATH, 422)
    assert "at most 100 are spent on one ([serving] max_export_cost)" in said["detail"]

    limits = Limits(ServingSettings(cost_per_minute=1000))
    with limits.export("a", 10_000):  # no more than half a minute's units are taken
        limits.charge("a", 499)
        with pytest.raises(LimitReached, match="an export for this key"), limits.export("a", 1):
            pass
        with (
            limits.export("b", 1),
            pytest.raises(Overloaded, match="2 exports are under way"),
            limits.export("c", 1),
        ):
            pass
        with limits.export("c", 1):  # the one of "b" is done
            pass
    with pytest.raises(TooCostly), limits.export("d", 1e9):
        pass


# The command


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    root.mkdir()
    (root / "forewatch.toml").write_text(TOWN, encoding="utf-8")
    leaves = ("north-1", "north-2", "south-1", "south-2")
    counts = [f"2026-10-11T10:00Z,{leaf},violence,routine,1" for leaf in leaves]
    imported(root, "counts", "start,area,call_type,grade,count", *counts)
    Workspace(root).issues().publish(
        issue_of_the_town().with_part("missing", missing_of_the_town())
    )
    return root


def run(root: Path, *args: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["-w", str(root), "export", *args])
    return result.exit_code, result.stderr


def test_the_command_writes_a_folder_and_replaces_only_exports(
    workspace: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "issue"
    code, said = run(workspace, "--issue", "latest", "--out", str(out))
    assert code == 0, said
    assert f"wrote issue 1 to {out}: 12 tables with" in said
    assert len(rows((out / "calls_by_day.csv").read_bytes())) == 2 * 2 * 35
    code, said = run(workspace, "--out", str(out), "--format", "parquet")
    assert (code, "holds an export already" in said) == (2, True)
    code, said = run(workspace, "--out", str(out), "--format", "parquet", "--force")
    assert (code, (out / "notes.csv").exists()) == (0, False), said
    assert pq.read_table(out / "notes.parquet").num_rows == 1
    for place, told in ((workspace, "no export of an issue"), (out / "manifest.json", "a file")):
        code, said = run(workspace, "--out", str(place), "--force")
        assert (code, told in said) == (2, True)
    assert [each.name for each in out.parent.iterdir()] == ["issue"]
    assert run(workspace, "--out", str(tmp_path / "x"), "--issue", "7")[0] == 2
    assert run(workspace, "--out", str(tmp_path / "x"), "--issue", "first")[0] == 2
    assert not (tmp_path / "x").exists()


def test_an_export_that_fails_half_way_leaves_what_was_there(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "issue"
    export_issue(Workspace(workspace), ExportOrder(out))
    before = {each.name: each.read_bytes() for each in out.iterdir()}
    whole = ExportWriter.write

    def stopped(self: ExportWriter, *stop: Callable[[], None]) -> Iterator[None]:
        for number, _ in enumerate(whole(self, *stop)):
            yield
            if number == 3:
                raise DatabaseUnusable("the power failed")

    monkeypatch.setattr(ExportWriter, "write", stopped)
    with pytest.raises(DatabaseUnusable):
        export_issue(Workspace(workspace), ExportOrder(out, replaces=True))
    assert {each.name: each.read_bytes() for each in out.iterdir()} == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["issue", "ws"]


def test_texts_that_a_spreadsheet_would_run_stay_texts(workspace: Path, tmp_path: Path) -> None:
    issue: Issue = replace(issue_of_the_town(), notes=("=1+1", "a, b"))
    Workspace(workspace).issues().publish(issue)
    export_issue(Workspace(workspace), ExportOrder(tmp_path / "out"))
    found = rows((tmp_path / "out" / "notes.csv").read_bytes())
    assert [row["note"] for row in found] == ["'=1+1", "a, b"]
