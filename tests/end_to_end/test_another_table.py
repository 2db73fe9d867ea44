"""Another table to import touches three files: done in a copy of the code, and imported there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOMS = ("forewatch", "sources", "features", "models", "planning", "serving")

DECLARATION = """
# Roads that are closed, as those who close them announce it.
CLOSURES = Table(
    "closures",
    {"road": "str", "area": "str", "start": UTC, "end": UTC, "known_at": UTC},
    key=("road", "area", "start", "known_at"),
    summary="closures of roads (road, area, start, end, announced_at)",
)
# A new one comes last"""
IMPORT = '''"""Roads that are closed."""

from __future__ import annotations

import pandas as pd

from forewatch.history import History
from forewatch.tables import CLOSURES
from sources.sections import Section
from sources.table_file import Rows, TableFile, TableImport


def closure_rows(file: TableFile) -> Rows:
    """Return closures of roads."""
    file.require("road", "start", "end")
    start, end = file.instant("start"), file.instant("end", date_means_end=True)
    rows = pd.DataFrame(
        {
            "road": file.text("road"),
            "area": file.area(),
            "start": start,
            "end": end,
            "known_at": file.known_at(start, "announced_at", "are announced"),
        }
    )
    checks = {"area is missing": rows["area"].isna(), "end is not after start": end <= start}
    return file.passing_rows(rows, checks)


def closure_findings(found: History) -> tuple[Section, ...]:
    """Say how many roads are closed."""
    return (Section("Closures", (f"{found.closures['road'].nunique()} roads",)),)


CLOSURES_IMPORT = TableImport(
    CLOSURES,
    columns=("road", "area", "start", "end", "announced_at"),
    times=("start", "end", "announced_at"),
    read=closure_rows,
    findings=closure_findings,
)
'''
# file: what stands there, and what then stands there
TOUCHED = {
    "forewatch/tables.py": {
        "\n# A new one comes last": DECLARATION,
        "COVARIATES, PLAN)": "COVARIATES, PLAN, CLOSURES)",
        "\n\n\nBESIDE": "\n    closures: pd.DataFrame = field("
        'default_factory=lambda: empty("closures"))\n\n\nBESIDE',
    },
    "sources/table_imports/__init__.py": {
        "from sources.table_imports.covariates": "from sources.table_imports.closures import "
        "CLOSURES_IMPORT\nfrom sources.table_imports.covariates",
        "    COVARIATES_IMPORT,\n": "    COVARIATES_IMPORT,\n    CLOSURES_IMPORT,\n",
    },
}
ASKED = """
import json, sys
from pathlib import Path
import pandas as pd
from click.testing import CliRunner
from features.asof import AsOf
from forewatch.tables import CLOSURES
from serving.cli import cli
from serving.workspace import Workspace

def run(*words):
    done = CliRunner().invoke(cli, ["-w", "force", *words])
    return [done.exit_code, done.output + done.stderr]

said = {"help": run("import", "--help"), "init": run("init", "--template", "minimal")}
said["first"] = run("import", "closures", "closures.csv", "--accept", "quarantine")
said["again"] = run("import", "closures", "closures.csv", "--accept", "quarantine")
said["counts"] = run("import", "counts", "counts.csv", "--mapping", "counts.toml")
said["check"] = run("check")
history = Workspace(Path("force")).history()
for day in ("2026-03-01", "2026-03-03"):
    view = AsOf(history, pd.Timestamp(day, tz="UTC"))
    said[day] = view.published(CLOSURES)["end"].astype(str).tolist()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the code that has a table of closures says of it."""
    root = tmp_path_factory.mktemp("copy")
    code = Path(__file__).parents[2]
    for room in ROOMS:
        shutil.copytree(code / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "sources/table_imports/closures.py").write_text(IMPORT, encoding="utf-8")
    for name, changes in TOUCHED.items():
        text = (root / name).read_text(encoding="utf-8")
        for before, after in changes.items():
            assert text.count(before) == 1, (name, before)
            text = text.replace(before, after)
        (root / name).write_text(text, encoding="utf-8")
    (root / "closures.csv").write_text(
        "road,area,start,end,announced_at\n"
        "A4,north,2026-03-04T08:00Z,2026-03-04T18:00Z,2026-02-20\n"
        "A4,north,2026-03-04T08:00Z,2026-03-05T18:00Z,2026-03-02\n"
        "B9,north,2026-03-04T08:00Z,2026-03-04T07:00Z,2026-02-20\n",
        encoding="utf-8",
    )
    days = [f"2026-03-0{day},{area},other_incident,routine,9" for day in range(1, 8) for area in
            ("north", "south")]  # fmt: skip
    counts = "\n".join(["start,area,call_type,grade,count", *days])
    (root / "counts.csv").write_text(counts, encoding="utf-8")
    (root / "counts.toml").write_text('resolution = "day"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_takes_a_module_and_two_files_of_lines() -> None:
    assert len({*TOUCHED, "sources/table_imports/closures.py"}) == 3


def test_help_names_the_table_and_its_columns(said: dict[str, Any]) -> None:
    code, text = said["help"]
    assert code == 0
    assert "closures    Import closures of roads (road, area, start, end, announced_at)." in text


def test_its_rows_are_taken_kept_and_quarantined(said: dict[str, Any]) -> None:
    code, first = said["first"]
    assert code == 0, first
    assert "end is not after start" in first
    assert "taken                   2" in first
    code, again = said["again"]
    assert code == 0, again
    assert "unchanged               2" in again


def test_the_check_counts_its_rows_and_says_what_it_has_to_say(said: dict[str, Any]) -> None:
    assert said["counts"][0] == 0, said["counts"][1]
    report = said["check"][1]
    assert "  closures            2 rows\n" in report
    assert "Closures\n  1 roads\n" in report


def test_an_origin_sees_what_was_announced_by_then(said: dict[str, Any]) -> None:
    assert said["2026-03-01"] == ["2026-03-04 18:00:00+00:00"]
    assert said["2026-03-03"] == ["2026-03-05 18:00:00+00:00"]
