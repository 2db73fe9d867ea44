"""The demand model and the missing-person model: versions and decisions of their own."""

from pathlib import Path

import pytest

from forewatch.errors import NoChampion
from models.register import CHAMPION
from models.registry import Record
from serving import modelling
from serving.subjects import SUBJECTS
from serving.workspace import Workspace

DEMAND, MISSING = SUBJECTS
PROFILE = """
grades = ["routine"]
[force]
id = "town"
name = "Town"
zone = "Europe/London"
[[call_types]]
id = "missing_person"
name = "Missing person"
"""


@pytest.fixture
def workspace(tmp_path: Path, mlruns: Path) -> Workspace:
    """A workspace with one version of either model, both let through by the gate."""
    assert mlruns.parent == tmp_path
    (tmp_path / "forewatch.toml").write_text(PROFILE, encoding="utf-8")
    workspace = Workspace(tmp_path)
    workspace.registry(DEMAND).log(Record(state={"recipe": {}}, passed=True))
    scores = {"crps/force day/1-7": 0.25, "baseline_crps/force day/1-7": 0.26}
    workspace.registry(MISSING).log(Record(state={"recipe": {}}, scores=scores, passed=True))
    return workspace


def test_promoting_one_leaves_the_other_as_it_was(workspace: Workspace) -> None:
    modelling.promote_version(workspace, MISSING, "1", "ann")
    assert workspace.registry(MISSING).version(CHAMPION).version == "1"
    with pytest.raises(NoChampion, match="demand-town has no champion"):
        workspace.registry(DEMAND).version(CHAMPION)
    assert modelling.version_list(workspace, DEMAND)["status"] == ("challenger",)
    assert modelling.version_list(workspace, MISSING)["status"] == ("champion",)


def test_each_writes_down_what_it_holds_in_a_file_of_its_own(workspace: Workspace) -> None:
    modelling.promote_version(workspace, MISSING, "1", "ann")
    assert '"missing-town"' in workspace.snapshot("missing").read_text(encoding="utf-8")
    assert not workspace.snapshot("demand").exists()


def test_scores_are_summed_up_in_the_words_of_the_model(workspace: Workspace) -> None:
    shown = modelling.version_page(workspace, MISSING, "1")
    assert "missing-town version 1: challenger" in shown.text
    assert shown.scores == {
        "area and window": ["force day"],
        "days ahead": ["1-7"],
        "CRPS": [0.25],
        "climatology": [0.26],
    }
