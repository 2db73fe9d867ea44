"""MLflow's runs, versions and aliases behind one narrow class: what writes the register of models.

1. A training becomes a run (parameters, scores, data version, report) and a version of the force's
   model, under the alias "challenger".
2. A version that the gate let through may be promoted: it becomes "champion". Forcing needs a
   reason. Every promotion, rollback and retirement is kept as a tag of the model: who, when, why.
3. Rolling back moves the alias to the champion before.

Each of these takes several steps of MLflow's. So it is written down as begun first, with all that
it takes to end it, and whoever opens the register next ends what a kill cut short.

This is the only module that imports MLflow. Nothing in the store runs code when it is loaded.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

# Read by MLflow when it is imported: no telemetry, and nothing printed beside our own output.
for _name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"):
    os.environ[_name] = "true"

from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode  # noqa: E402

from forewatch.durable import sync_file, sync_files  # noqa: E402
from forewatch.errors import GateClosed, RegistryError  # noqa: E402
from models import artefacts  # noqa: E402
from models.register import (  # noqa: E402
    CHALLENGER,
    CHAMPION,
    DECISION,
    ENGINE,
    NOTES,
    REASONS,
    REPORT,
    REST,
    UNFINISHED,
    Act,
    Decision,
    ModelRecord,
    Register,
    Version,
    files_missing,
)
from models.store import Store, file_path  # noqa: E402

# MLflow refuses longer values of tags and parameters. Source: mlflow/utils/validation.py.
_MAX_LENGTH = 5_000
_MAX_REASON_LENGTH = 2_000  # so that a decision, written as JSON, is not longer
_SAID = 3  # reasons of the gate that an error repeats; 'forewatch models show' has all
_BATCH = 100  # the most parameters that it takes at a time


@dataclass(frozen=True)
class Record:
    """A training, as it is kept.

    Args:
        state: what `Engine.state()` returned.
        params: settings by name.
        scores: metrics by name; first: those of them that a person reads first.
        tags: what identifies it: data_version, recipe (fingerprint), until, code_version …
        passed: whether the gate let it through; reasons: in words.
        notes: what else a reader should know: members that were replaced, breaks, short history.
        files: texts of the report, by file name.
    """

    state: Mapping[str, Any]
    params: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    passed: bool = False
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


class Registry(Register):
    """The versions of one of a force's models, to be read and changed; one process at a time.

    Args:
        store: where MLflow keeps them.
        force_id: the force's id.
        subject: what they forecast; each has versions, aliases and decisions of its own.
    """

    def __init__(self, store: Store, force_id: str, subject: str) -> None:
        """Open the store and end what was begun; a new one gets its tables, which takes seconds."""
        super().__init__(force_id, subject)
        # They announce each migration of an empty database, and each version, on stderr.
        for name in ("mlflow", "mlflow.store", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.store = store
        self._client = MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)
        self._experiment = self._opened()
        # Who holds a folder is alone with it; at a server another may be amid a training.
        if store.folder is not None or "decision" in self._begun():
            self._finish()

    def log(self, record: Record) -> Version:
        """Keep a training as a run and a version, and make it the challenger."""
        run = self._client.create_run(self._experiment, run_name=self.subject)
        run_id = run.info.run_id
        try:
            self._begin({"run_id": run_id})
            self._describe(run_id, run.info.start_time, record)
            self._client.create_model_version(
                self.model,
                source=f"{run.info.artifact_uri}/{ENGINE}",
                run_id=run_id,
                tags={
                    **{key: _short(text) for key, text in record.tags.items()},
                    "gate_passed": str(record.passed).lower(),
                    **_in_parts(REASONS, "\n".join(record.reasons)),
                    **_in_parts(NOTES, "\n".join(record.notes)),
                },
            )
        finally:
            # A run that was cut short stays visible as failed, and no version points to it.
            self._finish()
        return next(one for one in self.versions() if one.run_id == run_id)

    def versions(self) -> tuple[Version, ...]:
        """Return every version, oldest first."""
        record = self._record()
        found = self._client.search_model_versions(f"name='{self.model}'")
        return tuple(
            Version.of_tags(str(one.version), one.creation_timestamp, one.run_id, one.tags, record)
            for one in sorted(found, key=lambda one: int(one.version))
        )

    def decisions(self) -> tuple[Decision, ...]:
        """Return who promoted, rolled back or retired what, oldest first."""
        return self._record().decisions

    def _metrics(self, version: Version) -> dict[str, float]:
        return dict(self._client.get_run(version.run_id).data.metrics)

    def params(self, version: Version) -> dict[str, str]:
        """Return the settings of a version's run."""
        return dict(self._client.get_run(version.run_id).data.params)

    @contextmanager
    def _state_folder(self, version: Version) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                self._client.download_artifacts(version.run_id, ENGINE, folder)
            except (MlflowException, OSError) as error:
                raise files_missing(version, type(error).__name__) from error
            yield Path(folder) / ENGINE

    def report_text(self, version: Version, name: str) -> str | None:
        """Return a text of a version's report by file name, None if it has none."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = f"{REPORT}/{name}"
                file = Path(self._client.download_artifacts(version.run_id, path, folder))
                return file.read_text(encoding="utf-8")
            except (MlflowException, OSError):
                return None

    def promote(
        self, version: Version, by: str, at: datetime, reason: str = "", *, force: bool = False
    ) -> Version:
        """Make a version the champion.

        Args:
            version: which one.
            by: who decides.
            at: when, UTC.
            reason: why; kept with the decision.
            force: promote it also if the gate refused it; that needs a reason.

        Raises:
            GateClosed: if the gate refused it, and it isn't forced with a reason.
            RegistryError: if it is retired.
        """
        if version.retired:
            raise RegistryError(f"version {version.version} is retired: {version.retired}")
        if not version.passed and not (force and reason.strip()):
            why = "; ".join(version.reasons[:_SAID]) or "it was never judged"
            more = len(version.reasons) - _SAID
            raise GateClosed(
                f"the gate refused version {version.version}: {why}"
                + (f"; and {more} more reasons" if more > 0 else "")
                + ". Mend that and train again, or promote it with --force --reason 'why'"
            )
        act: Act = "promote" if version.passed else "force"
        return self._decide(act, version.version, by, at, reason)

    def rollback(self, by: str, at: datetime, reason: str) -> Version:
        """Make the champion before the present one champion again.

        Raises:
            RegistryError: if there was none, or no reason is given.
        """
        if not reason.strip():
            raise RegistryError("a rollback needs a reason; give it with --reason")
        self._note_outside(at)
        before = self.champion_before()
        if before is None:
            raise RegistryError(
                f"{self.model} has no champion before the present one; the decisions so far: "
                f"{len(self.decisions())}"
            )
        return self._decide("rollback", before, by, at, reason)

    def retire(self, version: Version, by: str, at: datetime, reason: str) -> Version:
        """Take a version out of use for good; RegistryError for the champion or without reason."""
        if CHAMPION in version.aliases:
            raise RegistryError(
                f"version {version.version} is the champion; promote another or roll back first"
            )
        if not reason.strip():
            raise RegistryError("retiring a version needs a reason; give it with --reason")
        return self._decide("retire", version.version, by, at, reason)

    def _opened(self) -> str:
        """Return the id of the force's experiment, made with its model where absent."""
        found = self._client.get_experiment_by_name(self.model)
        if found is not None:
            experiment = found.experiment_id
        else:
            place = self.store.artefacts
            try:
                experiment = self._client.create_experiment(self.model, artifact_location=place)
            except MlflowException as error:
                _unless_there(error)
                experiment = self._client.get_experiment_by_name(self.model).experiment_id
        if not self._client.search_registered_models(f"name='{self.model}'"):
            try:
                self._client.create_registered_model(self.model)
            except MlflowException as error:
                _unless_there(error)
        return str(experiment)

    def _describe(self, run_id: str, at_ms: int, record: Record) -> None:
        """Write parameters, scores, the engine and the report into a run."""
        metrics = [
            Metric(name if name in record.first else f"{REST}{name}", value, at_ms, 0)
            for name, value in record.scores.items()
        ]
        params = [Param(name, _short(text)) for name, text in record.params.items()]
        for first in range(0, len(metrics), _BATCH):
            self._client.log_batch(run_id, metrics=metrics[first : first + _BATCH])
        for first in range(0, len(params), _BATCH):
            self._client.log_batch(run_id, params=params[first : first + _BATCH])
        for key, text in record.tags.items():
            self._client.set_tag(run_id, key, _short(text))
        self._client.set_tag(run_id, "notes", _short("\n".join(record.notes)))
        with tempfile.TemporaryDirectory() as folder:
            artefacts.write_state(Path(folder) / ENGINE, dict(record.state))
            self._client.log_artifacts(run_id, str(Path(folder) / ENGINE), ENGINE)
        for name, text in record.files.items():
            self._client.log_text(run_id, text, f"{REPORT}/{name}")
        if self.store.artefacts is not None:  # MLflow copies files and flushes none
            root = file_path(self.store.artefacts)
            files = file_path(self._client.get_run(run_id).info.artifact_uri)
            sync_files((each for each in files.rglob("*") if each.is_file()), root)
            sync_file(root.parent)

    def _record(self) -> ModelRecord:
        """Return MLflow's record of the model."""
        found = self._client.get_registered_model(self.model)
        aliases = {alias: str(version) for alias, version in found.aliases.items()}
        return ModelRecord(aliases, dict(found.tags))

    def _decide(self, act: Act, number: str, by: str, at: datetime, reason: str) -> Version:
        """Carry out a decision, whole or not at all; a long reason is cut."""
        self._note_outside(at)
        text = reason.strip()[:_MAX_REASON_LENGTH]
        self._carry_out(Decision(act, number, by, at.isoformat(), text))
        return self.version(number)

    def _note_outside(self, at: datetime) -> None:
        """Keep as a decision what was done to the champion in MLflow itself: it was one."""
        if note := self.outside_note():
            champion = self.champion()
            number = champion.version if champion is not None else ""
            self._carry_out(Decision("outside", number, "MLflow", at.isoformat(), note))

    def _carry_out(self, decision: Decision) -> None:
        self._begin({"number": len(self.decisions()) + 1, "decision": asdict(decision)})
        self._finish()

    def _begin(self, step: Mapping[str, Any]) -> None:
        """Write down what is to be done, with everything that it takes to end it."""
        self._client.set_registered_model_tag(self.model, UNFINISHED, json.dumps(step))

    def _begun(self) -> dict[str, Any]:
        """Return what was begun and has not ended, {} for nothing."""
        found: dict[str, Any] = json.loads(self._record().tags.get(UNFINISHED, "{}"))
        return found

    def _finish(self) -> None:
        """End what was begun. Each step may have been taken before, so all can be taken again."""
        step = self._begun()
        if "run_id" in step:
            self._end_run(step["run_id"])
        elif step:
            self._apply(Decision(**step["decision"]), step["number"])
        if step:
            self._client.delete_registered_model_tag(self.model, UNFINISHED)
            self._sync()

    def _end_run(self, run_id: str) -> None:
        """Make the version of a run the challenger; a run without one has failed."""
        made = next((one for one in self.versions() if one.run_id == run_id), None)
        if made is not None:
            self._client.set_registered_model_alias(self.model, CHALLENGER, made.version)
            parts = (self.subject, made.tags.get("until", "")[:10], f"v{made.version}")
            name = " ".join(part for part in parts if part)  # demand 2026-11-23 v7
            self._client.update_run(run_id, name=name)
        self._client.set_terminated(run_id, status="FAILED" if made is None else "FINISHED")

    def _apply(self, decision: Decision, number: int) -> None:
        """Let a decision take effect, then keep it; not if its version was deleted meanwhile."""
        chosen = [one for one in self.versions() if one.version == decision.version]
        if not chosen and decision.act != "outside":
            return
        if decision.act == "retire":
            reason = decision.reason
            self._client.set_model_version_tag(self.model, decision.version, "retired", reason)
            for alias in chosen[0].aliases:
                self._client.delete_registered_model_alias(self.model, alias)
        elif decision.act != "outside":
            self._client.set_registered_model_alias(self.model, CHAMPION, decision.version)
            if CHALLENGER in chosen[0].aliases:
                self._client.delete_registered_model_alias(self.model, CHALLENGER)
        text = json.dumps(asdict(decision))
        self._client.set_registered_model_tag(self.model, f"{DECISION}{number:06d}", text)

    def _sync(self) -> None:
        """Flush the folder of the tables: a journal that came back would undo the last commit."""
        if self.store.folder is not None:
            sync_file(self.store.folder)


def _short(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def _in_parts(name: str, text: str) -> dict[str, str]:
    """Return tags that hold a text, however long; see `models.register`."""
    parts = [text[at : at + _MAX_LENGTH] for at in range(0, max(len(text), 1), _MAX_LENGTH)]
    return {name if i == 0 else f"{name}-{i + 1}": part for i, part in enumerate(parts)}


def _unless_there(error: MlflowException) -> None:
    """Pass over what another process made a moment earlier; raise anything else."""
    if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
        raise error
