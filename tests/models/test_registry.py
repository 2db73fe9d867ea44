"""The register of models, on a real store in a folder: no network, no mocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from forewatch.errors import GateClosed, NoChampion, RegistryError
from models.artefacts import read_version
from models.register_tables import TableRegister, open_register
from models.registry import Record, Registry
from models.store import Store

NOW = pd.Timestamp("2026-11-23T07:00Z")


def record(*, passed: bool = True, **more: Any) -> Record:
    state = {"recipe": {"seed": 1}, "weights": np.array([[0.1, 1e-12], [np.nan, 3.0]])}
    reasons = () if passed else ("level force, days 1-7: crps 3.0% worse than the baseline",)
    tags = {"until": "2026-11-23T07:00:00+00:00", "data_version": "v1", "recipe": "abc"}
    made = Record(state=state, passed=passed, reasons=reasons, tags=tags)
    return replace(made, **more)


def tables(registry: Registry) -> TableRegister:
    """The same register, read without MLflow."""
    found = open_register(registry.store, "town", registry.subject)
    assert found is not None
    return found


def test_what_is_logged_comes_back(registry: Registry) -> None:
    logged = registry.log(
        record(
            params={"origins.folds": "6"},
            scores={"crps/force/1-7": 2.5, "crps/force/29 on": 3.5},
            first=("crps/force/1-7",),
            files={"report.md": "# Report – one\n"},
            notes=("sarima left out town/all", "a break"),
        )
    )
    assert (logged.version, logged.status, logged.passed) == ("1", "challenger", True)
    found = Registry(registry.store, "town", "demand").version("challenger")
    assert found == logged
    assert found.notes == ("sarima left out town/all", "a break")
    run = MlflowClient(registry.store.uri).get_run(found.run_id)  # MLflow's own page shows them too
    assert run.data.tags["notes"] == "sarima left out town/all\na break"
    assert run.info.run_name == "demand 2026-11-23 v1"
    assert run.data.metrics == {"crps/force/1-7": 2.5, "all/crps/force/29 on": 3.5}
    assert registry.params(found) == {"origins.folds": "6"}
    assert registry.scores(found) == {"crps/force/1-7": 2.5, "crps/force/29 on": 3.5}
    state = read_version(registry, found)
    np.testing.assert_array_equal(state["weights"], [[0.1, 1e-12], [np.nan, 3.0]])
    assert state["recipe"] == {"seed": 1}
    for register in (registry, tables(registry)):
        assert register.scores(found) == {"crps/force/1-7": 2.5, "crps/force/29 on": 3.5}
        assert register.report_text(found, "report.md") == "# Report – one\n"
        assert register.report_text(found, "losses.csv") is None


def test_nothing_in_the_store_is_code(registry: Registry, mlruns: Path) -> None:
    registry.log(record(files={"report.md": "x"}))
    suffixes = {path.suffix for path in (mlruns / "artifacts").rglob("*") if path.is_file()}
    assert suffixes == {".json", ".npz", ".md"}


def test_forces_share_a_store_and_not_their_models(registry: Registry) -> None:
    registry.log(record())
    assert Registry(registry.store, "other", "demand").versions() == ()


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
        registry.promote(refused, "ann", NOW, "a reason alone forces nothing")
    with pytest.raises(GateClosed):
        registry.promote(refused, "ann", NOW, "  ", force=True)
    assert registry.champion() is None
    assert registry.decisions() == ()


def test_a_forced_promotion_records_who_and_why(registry: Registry) -> None:
    forced = registry.promote(registry.log(record(passed=False)), "ann", NOW, "flood", force=True)
    assert forced.status == "champion"
    (decision,) = registry.decisions()
    assert (decision.act, decision.by, decision.reason) == ("force", "ann", "flood")


def test_the_reason_of_a_promotion_is_kept_whether_or_not_it_was_forced(registry: Registry) -> None:
    registry.promote(registry.log(record()), "ann", NOW, " better in August ")
    registry.promote(registry.log(record()), "ann", NOW, "as ordered", force=True)
    found = [(one.act, one.reason) for one in registry.decisions()]
    assert found == [("promote", "better in August"), ("promote", "as ordered")]


def test_what_the_gate_refused_stays_refused_with_its_reasons_unless_it_was_champion(
    registry: Registry,
) -> None:
    reasons = tuple(f"level {i}, days 1-7: crps 3.0% worse" for i in range(400))
    for _ in range(2):
        registry.log(record(passed=False, reasons=reasons))
    registry.promote(registry.version("2"), "ann", NOW, "flood", force=True)
    for _ in range(2):
        registry.log(record())
    registry.promote(registry.version("3"), "ann", NOW)
    for register in (registry, tables(registry)):
        found = register.versions()
        assert [one.status for one in found] == ["refused", "former", "champion", "challenger"]
        assert found[0].reasons == found[1].reasons == reasons


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


def test_a_rollback_goes_to_who_was_champion_before_also_the_second_time(
    registry: Registry,
) -> None:
    versions = [registry.log(record()).version for _ in range(3)]
    for number in (versions[0], versions[1], versions[0], versions[2]):
        registry.promote(registry.version(number), "ann", NOW)
    assert registry.rollback("bob", NOW, "worse").version == versions[0]
    assert registry.rollback("bob", NOW, "worse").version == versions[1]
    assert registry.rollback("bob", NOW, "worse").version == versions[0]


def test_a_rollback_past_a_retired_version_never_ends_at_the_present_one(
    registry: Registry,
) -> None:
    first, second = (registry.log(record()).version for _ in range(2))
    for number in (first, second, first):
        registry.promote(registry.version(number), "ann", NOW)
    registry.retire(registry.version(second), "ann", NOW, "wrong data")
    with pytest.raises(RegistryError, match="no champion before the present one"):
        registry.rollback("bob", NOW, "worse")


def test_a_champion_made_in_mlflow_itself_is_said_and_a_rollback_knows_it(
    registry: Registry,
) -> None:
    for _ in range(2):
        registry.promote(registry.log(record()), "ann", NOW)
    third = registry.log(record(passed=False))
    assert registry.outside_note() == ""
    client = MlflowClient(registry.store.uri)
    client.set_registered_model_alias(registry.model, "champion", third.version)
    found = tables(registry)
    assert found.version("champion").version == third.version
    assert found.outside_note() == (
        "version 3 was made the champion in MLflow itself, past the gate; the champion by "
        "decision is version 2"
    )
    assert registry.rollback("bob", NOW, "never judged").version == "2"
    assert [one.act for one in registry.decisions()][2:] == ["outside", "rollback"]
    assert registry.outside_note() == ""
    client.delete_registered_model_alias(registry.model, "champion")
    assert "the champion was taken away in MLflow itself" in registry.outside_note()
    assert registry.rollback("bob", NOW, "was needed").version == "2"
    client.delete_model_version(registry.model, "1")
    with pytest.raises(RegistryError, match="no champion before the present one"):
        registry.rollback("bob", NOW, "worse")


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
        read_version(registry, retired)
    with pytest.raises(RegistryError, match="version 2 is retired"):
        registry.promote(retired, "ann", NOW, "please", force=True)


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


class Killed(BaseException):
    """The process is no more."""


class DyingClient:
    """MLflow's client in a process that is killed before its n-th change of the store."""

    def __init__(self, client: MlflowClient, changes: int) -> None:
        self._client, self._left = client, changes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if not name.startswith(("set_", "create_", "delete_", "log_")):
            return method

        def counted(*args: Any, **named: Any) -> Any:
            if self._left <= 0:  # nothing comes after a kill, no clean-up either
                raise Killed
            self._left -= 1
            return method(*args, **named)

        return counted


def killed(registry: Registry, changes: int, act: Callable[[Registry], object]) -> bool:
    """Do something in a process that is killed before that change; whether it came so far."""
    dying = Registry(registry.store, "town", "demand")
    dying._client = DyingClient(dying._client, changes)  # noqa: SLF001
    try:
        act(dying)
    except Killed:
        return True
    return False


ACTS: dict[str, Callable[..., object]] = {
    "promote": lambda it, number: it.promote(it.version(number), "bob", NOW, "better"),
    "rollback": lambda it, **_: it.rollback("bob", NOW, "worse"),
    "retire": lambda it, number: it.retire(it.version(number), "bob", NOW, "wrong"),
}


# A rollback and a retirement go the way of a promotion; two steps of it tell whether they do.
@pytest.mark.parametrize(
    ("act", "steps"), [("promote", range(99)), ("rollback", (1, 2)), ("retire", (1, 3))]
)
def test_an_act_that_is_killed_at_any_step_is_done_or_was_never_begun(
    registry: Registry, act: str, steps: Iterable[int]
) -> None:
    first, second, third = (registry.log(record(tags={})).version for _ in range(3))
    registry.promote(registry.version(first), "ann", NOW)
    for changes in steps:
        registry.promote(registry.version(second), "ann", NOW)
        before = tables(registry).snapshot()
        was_killed = killed(registry, changes, partial(ACTS[act], number=third))
        Registry(registry.store, "town", "demand")
        found = tables(registry)
        assert not found.is_unfinished
        assert found.outside_note() == ""  # alias and decisions agree
        if changes == 0:
            assert found.snapshot() == before
            continue
        # It was written down as begun, and the next start ends it.
        champion = {"promote": third, "rollback": first, "retire": second}[act]
        assert found.version("champion").version == champion
        assert found.version(third).retired == ("wrong" if act == "retire" else "")
        decisions = found.snapshot()["decisions"]
        assert decisions[:-1] == before["decisions"]
        assert (decisions[-1]["act"], decisions[-1]["by"]) == (act, "bob")
        assert found.champion_before() == {"promote": second, "retire": first}.get(act)
        if act == "retire":
            third = registry.log(record(tags={})).version
        if not was_killed:
            break
    assert changes >= 2


def test_a_training_that_is_killed_at_any_step_leaves_a_whole_version_or_none(
    registry: Registry,
) -> None:
    n, changes = 0, 0
    while killed(registry, changes, lambda it: it.log(record(tags={}))):
        Registry(registry.store, "town", "demand")
        found = tables(registry)
        assert not found.is_unfinished
        versions = found.versions()
        assert len(versions) in {n, n + 1}
        if len(versions) > n:
            assert versions[-1].status == "challenger"
            assert read_version(found, versions[-1])["recipe"] == {"seed": 1}
        n, changes = len(versions), changes + 1
    assert (n, changes) == (3, 8)  # begun late enough: version made, alias set, run ended
    client = MlflowClient(registry.store.uri)
    experiment = client.get_experiment_by_name(registry.model).experiment_id
    states = [run.info.status for run in client.search_runs([experiment])]
    assert states.count("FINISHED") == n + 1
    # killed between the run and the note that it began, it is no version's and stays as it is
    assert states.count("RUNNING") == 1


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
