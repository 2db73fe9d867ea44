"""A deep check reads everything that a workspace keeps, and names what is not what was written."""

from pathlib import Path

import pandas as pd
import pytest

from serving.settings import parse
from serving.verifying import damage, damage_text
from serving.workspace import Workspace

SETTINGS = """
grades = ["routine"]
[force]
id = "town"
name = "Town"
zone = "Europe/London"
[[areas]]
id = "town"
name = "Town"
[[call_types]]
id = "violence"
name = "Violence"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    parse(SETTINGS)
    (tmp_path / "forewatch.toml").write_text(SETTINGS)
    found = Workspace(tmp_path)
    frame = pd.DataFrame({"id": ["north"], "name": ["North"]})
    found.lake().replace("areas", frame, {"file": "areas.csv", "imported_at": "2026-02-02"})
    return found


def test_what_is_as_written_is_said_to_be(workspace: Workspace) -> None:
    said, damaged = damage_text(damage(workspace))
    assert damaged == 0
    assert said.splitlines() == [
        "Files",
        "  settings                 as written",
        "  history                  as written",
        "  0 issues                 as written",
    ]


def test_damage_is_counted_and_named_and_the_look_goes_on(workspace: Workspace) -> None:
    (file,) = (workspace.root / "history" / "areas").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-1])
    (workspace.root / "issues" / "000001").mkdir(parents=True)
    (workspace.root / "issues" / "000001" / "issue.json").write_text("{}")
    said, damaged = damage_text(damage(workspace))
    assert damaged == 2
    assert "import of areas.csv (2026-02-02)" in said
    assert "1 issues                 1 damaged" in said
    assert "issue 1 can't be read" in said


def test_damage_to_the_register_is_named(workspace: Workspace) -> None:
    (workspace.root / "mlruns").mkdir()
    (workspace.root / "mlruns" / "mlflow.db").write_bytes(b"no database at all" * 99)
    said, damaged = damage_text(damage(workspace))
    assert damaged == 1
    assert "mlflow.db is damaged (file is not a database); restore it from a backup" in said
