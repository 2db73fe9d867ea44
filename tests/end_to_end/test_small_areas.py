"""Whatever is made from a history says of a pool's areas nothing but their sum.

Two extracts differ only in how the reports of a pool lie among its areas. With the same table of
pools, everything that is made from them is the same, byte for byte: the models and their reports,
issues, backtests, the answers of every route, what the commands print. A third extract, in which
one report lies outside the pool, is a control.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from serving.api.app import create_app
from serving.cli import cli
from serving.keys import SCOPES
from serving.workspace import Workspace
from sources.synthetic import demo_force, write

UNTIL, WEEK = "2026-11-23", "2026-W48"
ROTA = "/v1/rota/requirements"
KIND = ("MISP", "ABSC", "HOSP")
RECIPE = """
[privacy]
least_yearly_reports = {least}
[training]
members = ["same_weekday_8", "same_weekday_52", "loglinear"]
[training.origins]
folds = 2
horizon_days = 14
[training.hours]
rounds = 2
[missing_training.origins]
folds = 3
[[views]]
id = "1"
title = "Beats by day"
answer = "forecast"
question = {{ area = ["beat"], by = "day" }}
"""
# What names one run or one table, and when it was: nothing of it is made from counts.
_RUNS = re.compile(
    rb'[0-9a-f]{32,64}|"sha256": "[^"]*"|calls@[^"]*|(?:m-)?[0-9a-f]{16,}'
    rb"|20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(?:Z|\+00:00)?"
)


EACH = {"week": WEEK, "call_type": "each", "limit": "500"}
QUESTIONS = (
    {"week": WEEK},
    EACH | {"area": "beat", "by": "day"},
    EACH | {"area": "beat", "by": "week", "grade": "each"},
    EACH | {"area": "beat", "by": "shift", "at_least": "1,2,3,4"},
    EACH | {"area": "district", "by": "shift"},
)


@dataclass(frozen=True)
class Force:
    """A workspace at the end of the way, and everything that it said."""

    root: Path

    def run(self, *args: str) -> str:
        result = CliRunner().invoke(cli, ["-w", str(self.root), *args])
        assert result.exit_code == 0, (args, result.output, result.stderr)
        return result.stdout


def moved(extract: Path, pool: list[str], step: int, outside: str | None = None) -> None:
    """Move the pool's reports around among its areas, or one of them to an area outside."""
    file = extract / "calls.csv"
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8"))))
    head, area, code = rows[0], rows[0].index("beat"), rows[0].index("code")
    own = [row for row in rows[1:] if row[code] in KIND and row[area] in pool]
    assert len(own) > 50
    if outside is not None:
        last = own[-1][head.index("call_ref")]
        for row in own:
            if row[0] == last:
                row[area] = outside
    else:
        for row in own:  # by the call, so that its versions stay together
            turn = int(hashlib.sha256(row[0].encode()).hexdigest(), 16) % step
            row[area] = pool[(pool.index(row[area]) + turn) % len(pool)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    file.write_text(text.getvalue(), "utf-8")


def made(folder: Path, extract: Path, store: Path, least: int, like: Force | None) -> Force:
    """Import an extract, with the table of pools of another force, and go the whole way."""
    root = folder / "workspace"
    (root / "mlruns").mkdir(parents=True)
    shutil.copy(store, root / "mlruns" / "mlflow.db")
    text = (extract / "forewatch.toml").read_text(encoding="utf-8")
    (root / "forewatch.toml").write_text(text + RECIPE.format(least=least), encoding="utf-8")
    force = Force(root)
    for table in ("tourism", "events"):
        force.run("import", table, str(extract / f"{table}.csv"))
    mapping = ("--mapping", str(extract / "mapping.toml"), "--extracted-at", UNTIL)
    force.run("import", "calls", str(extract / "calls.csv"), *mapping)
    if like is not None:
        pools = Workspace(like.root).history().pools
        Workspace(root).lake().replace("pools", pools, {})
    return force


def trained(force: Force) -> None:
    """Train and promote both models."""
    force.run("train", "--jobs", "1")
    for model in ("demand", "missing"):
        force.run("models", "promote", "--subject", model, "--force", "--reason", "a test")


def take_models(force: Force, other: Force) -> None:
    """Take the models of another force over: the control needs none of its own to be told apart."""
    shutil.copytree(other.root / "mlruns", force.root / "mlruns", dirs_exist_ok=True)
    for snapshot in other.root.glob("models-*.json"):
        shutil.copy(snapshot, force.root)


@pytest.fixture(scope="module")
def forces(tmp_path_factory: pytest.TempPathFactory, migrated_store: Path) -> dict[str, Force]:
    """The same force three times: as it was, reports moved inside a pool, and one out of it."""
    folder, least = tmp_path_factory.mktemp("small"), 250
    drawn = demo_force(
        seed=3, weeks=30, districts=2, beats_per_district=3, call_types=3, calls_per_week=400
    )
    found: dict[str, Force] = {}
    for name in ("plain", "inside", "outside"):
        extract = folder / name / "extract"
        write(drawn, extract)
        if name != "plain":
            history = Workspace(found["plain"].root).history()
            rows = history.pools[history.pools["pool"] != ""]
            pool = rows["area"][rows["pool"] == rows["pool"].iloc[0]].tolist()
            alone = next(leaf for leaf in history.tree.leaves if leaf not in pool)
            moved(extract, pool, len(pool), alone if name == "outside" else None)
        like = found.get("plain")
        found[name] = made(folder / name, extract, migrated_store, least, like)
    for name in ("plain", "inside"):
        trained(found[name])
    take_models(found["outside"], found["plain"])
    for force in found.values():
        force.run("issue", "--days", "14")
    return found


def masked(content: bytes) -> bytes:
    return _RUNS.sub(b"*", content)


def unpacked(content: bytes) -> bytes:
    """Return what an archive holds, and anything else as it is."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    archive = zipfile.ZipFile(io.BytesIO(content))
    return b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())


def issue_of(force: Force) -> tuple[str, dict[str, Any]]:
    """The digest of an issue's arrays, and what else it says but when and of which table."""
    folder = force.root / "issues" / "000001"
    about = json.loads((folder / "issue.json").read_bytes())
    for name in ("published_at", "sha256", "data_version"):
        del about[name]
    return hashlib.sha256((folder / "arrays.npz").read_bytes()).hexdigest(), about


def artefacts_of(force: Force) -> dict[str, bytes]:
    """The files of every trained version, by name, without what names the run."""
    found: dict[str, list[bytes]] = {}
    for file in sorted((force.root / "mlruns" / "artifacts").rglob("*")):
        if file.is_file() and file.suffix != ".yaml" and file.name != "MLmodel":
            found.setdefault(file.name, []).append(masked(file.read_bytes()))
    return {name: b"\n".join(sorted(contents)) for name, contents in found.items()}


def answers_of(force: Force) -> dict[str, bytes]:
    """The body of every route that is read, under every kind of question."""
    workspace = Workspace(force.root)
    key = workspace.keys().create("test", SCOPES)
    app = create_app(workspace)
    client = TestClient(app, "http://localhost", headers={"Authorization": f"Bearer {key}"})
    found = {}
    for path, methods in sorted(app.openapi()["paths"].items()):
        if "get" not in methods:
            continue  # what is written says nothing of counts
        taken = {each["name"] for each in methods["get"].get("parameters", [])}
        for question in QUESTIONS if path != "/metrics" else ():
            asked = {name: value for name, value in question.items() if name in taken}
            if path == ROTA and asked.get("by") != "shift":
                asked.pop("by", None)
            answer = client.get(re.sub(r"\{[^}]*\}", "1", path), params=asked)
            assert answer.status_code in {200, 503}, (path, asked, answer.text)
            found[f"{path} {asked}"] = masked(unpacked(answer.content))
    return found


@pytest.fixture(scope="module")
def plain_answers(forces: dict[str, Force]) -> dict[str, bytes]:
    return answers_of(forces["plain"])


def test_models_issues_and_backtests_are_the_same_bytes(
    forces: dict[str, Force], tmp_path: Path
) -> None:
    plain, inside = forces["plain"], forces["inside"]
    raw = [Workspace(force.root).history().counts for force in (plain, inside)]
    assert not raw[0].equals(raw[1])  # the extracts do differ
    assert issue_of(plain) == issue_of(inside)
    ours, theirs = artefacts_of(plain), artefacts_of(inside)
    assert ours.keys() == theirs.keys()
    assert "report.md" in ours
    assert [name for name in ours if ours[name] != theirs[name]] == []
    files = []
    for i, force in enumerate((plain, inside)):
        file = tmp_path / f"{i}.parquet"
        when = ("--first-origin", "2026-10-26", "--folds", "1", "--horizon", "7")
        force.run("backtest", *when, "--out", str(file), "--jobs", "1")
        files.append(file.read_bytes())
    assert files[0] == files[1]


def test_every_route_and_command_says_the_same(
    forces: dict[str, Force], plain_answers: dict[str, bytes]
) -> None:
    ours, theirs = plain_answers, answers_of(forces["inside"])
    assert sum(len(body) > 5_000 for body in ours.values()) >= 10
    assert [name for name in ours if ours[name] != theirs[name]] == []
    for command in (
        ("forecast", "--week", WEEK, "--area", "beat", "--call-type", "each"),
        ("missing", "--week", WEEK, "--area", "beat", "--by", "shift"),
        ("explain", "--week", WEEK, "--area", "beat", "--call-type", "each"),
        ("staffing", "--week", WEEK, "--area", "beat"),
        ("staffing", "--week", WEEK, "--area", "beat", "--by", "half-hour"),
        ("pools",),
    ):
        assert masked(forces["plain"].run(*command).encode()) == masked(
            forces["inside"].run(*command).encode()
        )


def test_a_report_outside_the_pool_is_seen(
    forces: dict[str, Force], plain_answers: dict[str, bytes]
) -> None:
    assert issue_of(forces["plain"])[0] != issue_of(forces["outside"])[0]
    ours, theirs = plain_answers, answers_of(forces["outside"])
    assert [name for name in ours if ours[name] != theirs[name]]
