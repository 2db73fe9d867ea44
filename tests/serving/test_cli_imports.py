"""What a command imports: listing needs no numbers, asking needs no models and no history."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.registry import Record
from serving.subjects import FIRST
from serving.workspace import Workspace
from tests.serving.conftest import issue_of_the_town, missing_of_the_town
from tests.serving.test_modelling import PROFILE

RUN = """
import json, sys
from serving.cli import cli
for words in json.loads(sys.argv[1]):
    cli(words, standalone_mode=False)
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""
LISTS = (["models", "list"], ["models", "show"], ["issues", "list"], ["keys", "list"])
ASKS = tuple([name, "--week", "2026-W43"] for name in ("forecast", "explain", "missing"))
HEAVY = {
    *("deltalake", "fastapi", "features", "holidays", "joblib", "lightgbm", "matplotlib"),
    *("mlflow", "rich", "shapely", "sklearn", "starlette", "statsmodels"),
}
LISTS_NEED_NO = HEAVY | {"numpy", "pandas", "pyarrow", "scipy"}
# Most of an answer's time goes to importing pandas and scipy.special, and nothing may join them.
ASKS_NEED_NO = HEAVY | {"models", "scipy.optimize", "scipy.stats", "serving.settings", "sources"}


@pytest.fixture
def workspace(tmp_path: Path, mlruns: Path) -> Workspace:
    """One version, one issue, one key."""
    assert mlruns.parent == tmp_path
    (tmp_path / "forewatch.toml").write_text(PROFILE, encoding="utf-8")
    workspace = Workspace(tmp_path)
    scores = {"crps/force/1-7": 4.0, "calls/force/1-7": 100.0}
    workspace.registry(FIRST).log(Record(state={"recipe": {}}, scores=scores, passed=True))
    workspace.issues().publish(issue_of_the_town().with_part("missing", missing_of_the_town()))
    workspace.keys().create("rota")
    return workspace


@pytest.mark.parametrize(
    ("commands", "shown", "needless"),
    [(LISTS, "version", LISTS_NEED_NO), (ASKS, "Town, issue 1", ASKS_NEED_NO)],
    ids=["lists", "asks"],
)
def test_a_command_imports_nothing_that_it_does_not_need(
    workspace: Workspace,
    root: Path,
    commands: tuple[list[str], ...],
    shown: str,
    needless: set[str],
) -> None:
    words = [["-w", str(workspace.root), *command] for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(words)],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown in done.stdout
    assert needless & set(json.loads(done.stderr)) == set()
