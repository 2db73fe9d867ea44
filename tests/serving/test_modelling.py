"""What people see of the register and decide about it, by the command line, without training."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from mlflow import MlflowClient

from forewatch.errors import RegistryError
from models.comparison import LOSSES, losses_of_recipe
from models.register import UNFINISHED, Decision
from models.registry import Record
from models.store import Store
from serving import comparing, modelling
from serving.cli import cli
from serving.subjects import FIRST
from serving.workspace import Workspace

PROFILE = """
grades = ["routine"]
[force]
id = "town"
name = "Town"
zone = "Europe/London"
[[call_types]]
id = "violence"
name = "Violence"
"""


def losses(crps: float, recipe_origin: str = "2026-08-03T06:00:00+00:00") -> pd.DataFrame:
    """So much lost on average in each of eight weeks of ten days."""
    about = {"level": "force", "block": "1-7", "origin": recipe_origin}
    spread = np.where(np.arange(8) % 2, 1.1, 0.9)
    return pd.DataFrame(about | {"week": range(8), "n": 10, "crps": 10 * crps * spread, "mae": 1.0})


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, migrated_store: Path) -> Path:
    """A workspace in whose store version 1 passed the gate and version 2 did not."""
    root = tmp_path_factory.mktemp("judged")
    (root / "mlruns").mkdir()
    shutil.copy(migrated_store, root / "mlruns" / "mlflow.db")
    (root / "forewatch.toml").write_text(PROFILE, encoding="utf-8")
    workspace = Workspace(root)
    registry = workspace.registry(FIRST)
    for passed, crps in ((True, 4.0), (False, 5.0)):
        registry.log(
            Record(
                state={"recipe": {}},
                scores={"crps/force/1-7": crps, "calls/force/1-7": 100.0},
                files={LOSSES: losses(crps).to_csv(index=False)},
                notes=(f"break {passed}",),
                tags={"until": "2026-11-23T07:00:00+00:00", "code_version": "0.0.1"},
                passed=passed,
                reasons=() if passed else tuple(f"level {i}: worse" for i in range(5)),
            )
        )
    return root


@pytest.fixture
def workspace(judged: Path, tmp_path: Path) -> Workspace:
    """The same in a folder of the test's own."""
    shutil.copytree(judged, tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path)


def run(workspace: Workspace, *args: str) -> Result:
    return CliRunner().invoke(cli, ["-w", str(workspace.root), "models", *args])


def test_the_list_has_a_line_for_each_version(workspace: Workspace) -> None:
    head, *lines = run(workspace, "list").stdout.splitlines()
    assert head.split()[:3] == ["version", "status", "trained"]
    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert [line.split()[-1] for line in lines] == ["passed", "refused"]


def test_the_list_and_a_version_say_why_it_was_promoted(workspace: Workspace) -> None:
    run(workspace, "promote", "1", "--reason", "better in August", "--by", "ann")
    said = "promote by ann: better in August"
    listed = run(workspace, "list").stdout.splitlines()
    assert listed[1].endswith(said)
    assert said not in listed[2]
    assert any(line.endswith(said) for line in run(workspace, "show").stdout.splitlines())


def test_a_champion_made_in_mlflow_is_told_by_list_and_show(workspace: Workspace) -> None:
    run(workspace, "promote", "1", "--by", "ann")
    client = MlflowClient(Store.at(workspace.registry_store()).uri)
    client.set_registered_model_alias("demand-town", "champion", "2")
    told = "note: version 2 was made the champion in MLflow itself, past the gate"
    for command in ("list", "show"):
        assert any(line.startswith(told) for line in run(workspace, command).stdout.splitlines())
    kept = json.loads(workspace.snapshot(FIRST.name).read_text(encoding="utf-8"))
    assert [one["status"] for one in kept["models"]] == ["former", "champion"]


def test_looking_at_models_imports_no_mlflow(workspace: Workspace) -> None:
    run(workspace, "promote", "1", "--by", "ann")
    looks = [["models", "list"], ["models", "show"], ["models", "compare", "1", "2"], ["--help"]]
    looks += [
        ["check", "--deep"],
        ["keys", "create", "rota"],
        ["models", "list", "--subject=missing"],
    ]
    code = (
        "import sys\n"
        "from serving.cli import cli\n"
        f"for look in {looks!r}:\n"
        f"    try: cli(['-w', {str(workspace.root)!r}, *look])\n"
        "    except SystemExit: pass\n"
        "import serving.issuing, serving.training, serving.demo, serving.running\n"
        "sys.exit('mlflow' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "version 1: champion" in done.stdout
    assert "beyond chance" in done.stdout


def test_before_any_training_the_list_is_empty_and_makes_no_tables(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_text(PROFILE, encoding="utf-8")
    listed = run(Workspace(tmp_path), "list")
    assert (listed.exit_code, len(listed.stdout.splitlines())) == (0, 1), listed.output
    assert not (tmp_path / "mlruns" / "mlflow.db").exists()
    assert not (tmp_path / "models-demand.json").exists()


def test_what_a_kill_cut_short_is_ended_by_the_next_look(workspace: Workspace) -> None:
    run(workspace, "promote", "1", "--by", "ann")
    decision = Decision("force", "2", "bob", "2026-11-23T07:00:00+00:00", "flood")
    begun = json.dumps({"number": 2, "decision": asdict(decision)})
    client = MlflowClient(Store.at(workspace.registry_store()).uri)
    client.set_registered_model_tag("demand-town", UNFINISHED, begun)
    assert "force by bob: flood" in run(workspace, "list").stdout
    kept = json.loads(workspace.snapshot(FIRST.name).read_text(encoding="utf-8"))
    assert [one["status"] for one in kept["models"]] == ["former", "champion"]
    assert run(workspace, "rollback", "--reason", "dry again", "--by", "ann").exit_code == 0
    assert workspace.register(FIRST).version("champion").version == "1"


def test_before_a_promotion_the_challenger_is_shown(workspace: Workspace) -> None:
    assert "version 2: challenger" in run(workspace, "show").stdout


def test_two_versions_are_compared_on_the_same_origins(workspace: Workspace) -> None:
    found = comparing.compare_versions(workspace, FIRST, "2", "1")
    assert found.text == "mean CRPS on the same 1 past origins; lower is better"
    assert found.table == {
        "level": ["force"],
        "days ahead": ["1-7"],
        "version 2": [5.0],
        "version 1": [4.0],
        "change": ["+25.0%"],
        "95 % interval": ["+25.0% to +25.0%"],
        "beyond chance": ["worse"],
    }
    assert "beyond chance" in run(workspace, "compare", "2", "1").stdout


def test_a_version_is_not_compared_with_itself(workspace: Workspace) -> None:
    done = run(workspace, "compare", "challenger", "2")
    assert done.exit_code == 2
    assert "challenger and 2 are both version 2, which has nothing to be compared" in done.stderr


def test_a_recipe_that_was_fitted_beside_a_version_is_what_it_is_compared_with(
    workspace: Workspace,
) -> None:
    elsewhere = "2026-09-01T06:00:00+00:00"
    again = losses(4.5, elsewhere).to_csv(index=False)
    files = {LOSSES: losses(4.4, elsewhere).to_csv(index=False)}
    registry = workspace.registry(FIRST)
    registry.log(Record(state={}, tags={"recipe": "abc"}, files=files))
    with pytest.raises(RegistryError, match="versions 3 and 1 were judged on no past origin in"):
        comparing.compare_versions(workspace, FIRST, "3", "1")
    files |= {losses_of_recipe("abc"): again}
    registry.log(Record(state={}, tags={"recipe": "def"}, files=files))
    for one, other in (("4", "3"), ("3", "4")):
        table = comparing.compare_versions(workspace, FIRST, one, other).table
        assert (table["version 4"], table["version 3"]) == ([4.4], [4.5])


def test_a_version_without_losses_is_not_compared(workspace: Workspace) -> None:
    workspace.registry(FIRST).log(Record(state={}))
    refused = run(workspace, "compare", "3", "1")
    assert refused.exit_code == 2
    assert "version 3 holds no losses by week to compare it by; train again" in refused.stderr


def test_a_person_reads_few_scores_first_and_those_of_the_whole_force() -> None:
    blocks = ["1-7", "8-28", "29+"]
    rows = [
        {"level": level, "block": block}
        | dict.fromkeys((*FIRST.columns, "mae", "bias"), 1.0)
        | {"level": level, "block": block}
        for level in ("force", "cell")
        for block in blocks
    ]
    first = modelling.first_metrics(rows, FIRST)
    assert len(first) == 18
    assert {name.split("/")[1] for name in first} == {"force"}
    assert "crps/force/29 on" in first
    assert "mae/force/1-7" not in first


def test_an_unknown_subject_is_refused_with_those_there_are(workspace: Workspace) -> None:
    refused = run(workspace, "list", "--subject", "demnd")
    assert refused.exit_code == 2
    assert "no subject 'demnd'; near names: demand" in refused.stderr


def test_what_was_noted_at_a_training_is_shown_and_compared(workspace: Workspace) -> None:
    assert "note: break False" in run(workspace, "show", "2").stdout.splitlines()
    compared = run(workspace, "compare", "2", "1").stdout.splitlines()
    assert compared[-2:] == ["version 2: break False", "version 1: break True"]


def test_the_gate_holds_until_a_reason_is_given(workspace: Workspace) -> None:
    closed = run(workspace, "promote", "2")
    assert closed.exit_code == 4  # no mistake in what was asked
    assert "level 0: worse; level 1: worse; level 2: worse; and 2 more reasons" in closed.stderr
    assert run(workspace, "promote", "2", "--force").exit_code == 2
    forced = run(workspace, "promote", "2", "--force", "--reason", "flood", "--by", "ann")
    assert forced.stdout == "version 2 is the champion\n"


def test_a_decision_is_in_the_snapshot_at_once(workspace: Workspace) -> None:
    run(workspace, "promote", "1", "--by", "ann")
    run(workspace, "promote", "2", "--force", "--reason", "flood", "--by", "ann")
    assert run(workspace, "rollback", "--reason", "worse", "--by", "bob").exit_code == 0
    assert run(workspace, "retire", "2", "--reason", "never again", "--by", "bob").exit_code == 0
    kept = json.loads(workspace.snapshot(FIRST.name).read_text(encoding="utf-8"))
    assert [one["status"] for one in kept["models"]] == ["champion", "retired"]
    said = [(one["act"], one["version"], one["by"], one["reason"]) for one in kept["decisions"]]
    assert said == [
        ("promote", "1", "ann", ""),
        ("force", "2", "ann", "flood"),
        ("rollback", "1", "bob", "worse"),
        ("retire", "2", "bob", "never again"),
    ]


def test_scores_come_back_from_the_letters_that_mlflow_allows() -> None:
    scores = [
        {"level": "cell", "block": "29+", "calls": 2.0, "crps": 1.5},
        {"level": "force", "block": "29+", "calls": 300.0, "crps": 20.0},
        {"level": "force", "block": "8-28", "calls": 305.0, "crps": 21.0},
        {"level": "force", "block": "1-7", "calls": 310.0, "crps": float("nan")},
    ]
    held = dict(modelling.metric_values(scores))
    assert held["crps/force/29 on"] == 20.0
    assert "crps/force/1-7" not in held  # unknown is not a number
    back = modelling.score_rows(held)
    assert [(row["level"], row["block"], row["calls"]) for row in back] == [
        ("force", "1-7", 310.0),
        ("force", "8-28", 305.0),
        ("force", "29+", 300.0),
        ("cell", "29+", 2.0),
    ]
    shown = modelling.summary(back, FIRST)
    assert shown[FIRST.columns["crps"]] == [None, 21.0, 20.0, 1.5]


def test_a_tracking_server_in_the_environment_comes_first(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert workspace.registry_store() == str(workspace.root / "mlruns")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    assert workspace.registry_store() == "http://tracking:5000"


def test_why_nothing_is_champion_says_what_can_be_done(workspace: Workspace) -> None:
    registry = workspace.registry(FIRST)
    assert modelling.why_no_champion(registry) == (
        "version 1 of its model passed the gate and was not promoted; run 'forewatch models "
        "promote 1'"
    )
    registry.retire(registry.version("1"), "ann", pd.Timestamp("2026-11-24T07:00Z"), "too old")
    assert modelling.why_no_champion(registry) == (
        "the gate refused version 2 of its model (level 0: worse and 4 more reasons); train again "
        "when more is known, or overrule the gate: 'forewatch models promote 2 --force --reason "
        "WHY'"
    )
