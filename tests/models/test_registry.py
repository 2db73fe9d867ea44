"""The register of models, on a real store in a folder: no network, no mocks."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from forewatch.errors import GateClosed, NoChampion, RegistryError
from models.registry import Record, Registry, Store
from models.relocation import relocate

NOW = pd.Timestamp("2026-11-23T07:00Z")


@pytest.fixture
def registry(mlruns: Path) -> Registry:
    return Registry(Store.at(str(mlruns)), "town")


def record(*, passed: bool = True, **more: Any) -> Record:
    state = {"recipe": {"seed": 1}, "weights": np.array([[0.1, 1e-12], [np.nan, 3.0]])}
    reasons = () if passed else ("level force, days 1-7: crps 3.0% worse than the baseline",)
    tags = {"until": "2026-11-23T07:00:00+00:00", "data_version": "v1", "recipe": "abc"}
    made = Record(state=state, passed=passed, reasons=reasons, tags=tags)
    return replace(made, **more)


def test_what_is_logged_comes_back(registry: Registry, tmp_path: Path) -> None:
    logged = registry.log(
        record(
            params={"origins.folds": "6"},
            scores={"crps/force/1-7": 2.5, "crps/force/29 on": 3.5},
            files={"report.md": "# Report – one\n"},
            notes=("sarima left out town/all", "a break"),
        )
    )
    assert (logged.version, logged.status, logged.passed) == ("1", "challenger", True)
    found = Registry(registry.store, "town").version("challenger")
    assert found == logged
    assert found.notes == ("sarima left out town/all", "a break")
    run = MlflowClient(registry.store.uri).get_run(found.run_id)  # MLflow's own page shows them too
    assert run.data.tags["notes"] == "sarima left out town/all\na break"
    assert registry.params(found) == {"origins.folds": "6"}
    assert registry.scores(found) == {"crps/force/1-7": 2.5, "crps/force/29 on": 3.5}
    state = registry.state(found)
    np.testing.assert_array_equal(state["weights"], [[0.1, 1e-12], [np.nan, 3.0]])
    assert state["recipe"] == {"seed": 1}
    folder = registry.report(found, tmp_path / "report")
    assert (folder / "report.md").read_text(encoding="utf-8") == "# Report – one\n"


def test_nothing_in_the_store_is_code(registry: Registry, mlruns: Path) -> None:
    registry.log(record(files={"report.md": "x"}))
    suffixes = {path.suffix for path in (mlruns / "artifacts").rglob("*") if path.is_file()}
    assert suffixes == {".json", ".npz", ".md"}


def test_forces_share_a_store_and_not_their_models(registry: Registry) -> None:
    registry.log(record())
    assert Registry(registry.store, "other").versions() == ()


def test_a_training_that_fails_to_log_leaves_no_version(registry: Registry) -> None:
    with pytest.raises(Exception, match="object"):
        registry.log(record(state={"weights": np.array([object()])}))
    assert registry.versions() == ()


def test_before_a_promotion_there_is_no_champion(registry: Registry) -> None:
    registry.log(record())
    assert registry.champion() is None
    with pytest.raises(NoChampion) as caught:
        registry.version("champion")
    assert str(caught.value) == (
        "demand-town has no champion among its 1 versions; run 'forewatch train --promote', or "
        "'forewatch models promote VERSION'"
    )


def test_an_unknown_version_names_the_known_ones(registry: Registry) -> None:
    registry.log(record())
    registry.log(record())
    with pytest.raises(RegistryError, match="has no version '7'; its versions: 1, 2"):
        registry.version("7")


def test_the_gate_lets_a_version_through(registry: Registry) -> None:
    champion = registry.promote(registry.log(record()), "ann", NOW)
    assert (champion.status, champion.aliases) == ("champion", ("champion",))
    (decision,) = registry.decisions()
    assert (decision.act, decision.by, decision.decided_at) == ("promote", "ann", NOW.isoformat())


def test_the_gate_stays_closed_without_a_reason(registry: Registry) -> None:
    refused = registry.log(record(passed=False))
    with pytest.raises(GateClosed, match=r"refused version 1: level .* --reason 'why'"):
        registry.promote(refused, "ann", NOW)
    with pytest.raises(GateClosed):
        registry.promote(refused, "ann", NOW, force="  ")
    assert registry.champion() is None
    assert registry.decisions() == ()


def test_a_forced_promotion_records_who_and_why(registry: Registry) -> None:
    forced = registry.promote(registry.log(record(passed=False)), "ann", NOW, force="flood")
    assert forced.status == "champion"
    (decision,) = registry.decisions()
    assert (decision.act, decision.by, decision.reason) == ("force", "ann", "flood")


def test_rollbacks_walk_back_the_line_of_champions(registry: Registry) -> None:
    for _ in range(3):
        registry.promote(registry.log(record()), "ann", NOW)
    assert [one.status for one in registry.versions()] == ["former", "former", "champion"]
    assert registry.rollback("bob", NOW, "worse in practice").version == "2"
    assert registry.rollback("bob", NOW, "worse still").version == "1"
    with pytest.raises(RegistryError, match="no champion before the present one"):
        registry.rollback("bob", NOW, "again")
    # A new champion after a rollback has the one rolled back to before it, not the one left.
    registry.promote(registry.version("3"), "ann", NOW)
    assert registry.rollback("bob", NOW, "no").version == "1"


def test_a_rollback_passes_over_a_retired_champion(registry: Registry) -> None:
    for _ in range(3):
        registry.promote(registry.log(record()), "ann", NOW)
    registry.retire(registry.version("2"), "ann", NOW, "wrong data")
    assert registry.rollback("bob", NOW, "worse").version == "1"
    registry.promote(registry.version("3"), "ann", NOW)
    assert registry.rollback("bob", NOW, "worse").version == "1"


def test_a_rollback_and_a_retirement_need_reasons(registry: Registry) -> None:
    version = registry.log(record())
    with pytest.raises(RegistryError, match="needs a reason"):
        registry.rollback("bob", NOW, " ")
    with pytest.raises(RegistryError, match="needs a reason"):
        registry.retire(version, "bob", NOW, "")


def test_a_retired_version_is_never_used_again(registry: Registry) -> None:
    champion = registry.promote(registry.log(record()), "ann", NOW)
    with pytest.raises(RegistryError, match="is the champion; promote another"):
        registry.retire(champion, "ann", NOW, "old")
    retired = registry.retire(registry.log(record()), "ann", NOW, "trained on a wrong extract")
    assert (retired.status, retired.retired, retired.aliases) == (
        "retired",
        "trained on a wrong extract",
        (),
    )
    with pytest.raises(RegistryError, match="version 2 is retired"):
        registry.state(retired)
    with pytest.raises(RegistryError, match="version 2 is retired"):
        registry.promote(retired, "ann", NOW, force="please")


def test_the_snapshot_holds_every_version_and_decision(registry: Registry) -> None:
    registry.promote(registry.log(record(scores={"crps/force/1-7": 2.5})), "ann", NOW)
    registry.log(record(passed=False))
    snapshot = registry.snapshot()
    assert snapshot["model"] == "demand-town"
    one, two = snapshot["models"]
    assert (one["version"], one["status"], one["scores"]) == (
        "1",
        "champion",
        {"crps/force/1-7": 2.5},
    )
    assert (two["status"], two["gate_passed"], len(two["gate_reasons"])) == (
        "challenger",
        False,
        1,
    )
    assert one["data_version"] == "v1"
    assert snapshot["decisions"] == [
        {"act": "promote", "version": "1", "by": "ann", "at": NOW.isoformat(), "reason": ""}
    ]


def test_many_scores_and_long_texts_fit(registry: Registry) -> None:
    scores = {f"crps/area-{i}/1-7": float(i) for i in range(250)}
    logged = registry.log(
        record(scores=scores, params={"long": "x" * 9_000}, reasons=("y" * 9_000,))
    )
    assert registry.scores(logged) == scores
    assert registry.params(logged)["long"].endswith("x…")


def test_a_server_is_left_to_choose_where_artefacts_go(tmp_path: Path) -> None:
    assert Store.at("http://tracking:5000") == Store("http://tracking:5000", None)
    store = Store.at(str(tmp_path / "new"))
    assert store.uri == f"sqlite:///{tmp_path}/new/mlflow.db"
    assert store.artefacts == f"file://{tmp_path}/new/artifacts"


def test_a_store_that_was_moved_is_read_and_written_where_it_is(
    registry: Registry, mlruns: Path, tmp_path: Path
) -> None:
    first = registry.log(record())
    moved = mlruns.rename(tmp_path / "moved here, 100%")
    found = Registry(Store.at(str(moved)), "town")
    np.testing.assert_array_equal(
        found.state(found.version(first.version))["weights"], record().state["weights"]
    )
    second = found.log(record(files={"report.md": "x"}))
    assert found.state(second)["recipe"] == {"seed": 1}
    assert not mlruns.exists()


def test_a_copy_of_a_store_never_touches_its_original(
    registry: Registry, mlruns: Path, tmp_path: Path
) -> None:
    version = registry.log(record())
    copy = shutil.copytree(mlruns, tmp_path / "copy")
    before = {path: path.read_bytes() for path in mlruns.rglob("*") if path.is_file()}
    found = Registry(Store.at(str(copy)), "town")
    shutil.rmtree(copy / "artifacts" / version.run_id)
    with pytest.raises(RegistryError, match="the files of version 1 can't be had"):
        found.state(found.version(version.version))
    found.log(record())
    found.promote(found.version("2"), by="me", at=NOW)
    assert {path: path.read_bytes() for path in mlruns.rglob("*") if path.is_file()} == before
    assert registry.champion() is None


def test_a_store_that_stayed_is_not_changed(registry: Registry, mlruns: Path) -> None:
    registry.log(record())
    assert not relocate(mlruns / "mlflow.db", (mlruns / "artifacts").as_uri())
    assert relocate(mlruns / "mlflow.db", "file:///elsewhere/artifacts")
