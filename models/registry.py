"""The register of trained models: MLflow's runs, versions and aliases behind one narrow class.

1. A training becomes a run (parameters, scores, data version, report) and a version of the force's
   model, under the alias "challenger".
2. A version that the gate let through may be promoted: it becomes "champion". Forcing needs a
   reason. Every promotion, rollback and retirement is kept as a tag of the model: who, when, why.
3. Rolling back moves the alias to the champion before.

This is the only module that imports MLflow. Nothing in the store runs code when it is loaded.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

# Read by MLflow when it is imported: no telemetry, and nothing printed beside our own output.
for _name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"):
    os.environ[_name] = "true"

from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param  # noqa: E402
from mlflow.entities.model_registry import ModelVersion  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode  # noqa: E402

from forewatch.errors import GateClosed, NoChampion, RegistryError  # noqa: E402
from models import artefacts  # noqa: E402
from models.relocation import relocate  # noqa: E402

CHAMPION = "champion"
CHALLENGER = "challenger"
_ENGINE = "engine"
_REPORT = "report"
_DECISION = "decision-"
# MLflow refuses longer values of tags and parameters. Source: mlflow/utils/validation.py.
_MAX_LENGTH = 5_000
_SAID = 3  # reasons of the gate that an error repeats; 'forewatch models show' has all
_BATCH = 100  # the most parameters that it takes at a time

Act = Literal["promote", "force", "rollback", "retire"]
ModelName = Literal["demand", "missing"]


@dataclass(frozen=True)
class Store:
    """Where MLflow keeps its tables and its files; artefacts None leaves that to a server."""

    uri: str
    artefacts: str | None = None

    @classmethod
    def at(cls, place: str) -> Store:
        """Return the store at a tracking server's address, or in a folder, made if absent."""
        if "://" in place:
            return cls(place)
        folder = Path(place).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        files = (folder / "artifacts").as_uri()
        relocate(folder / "mlflow.db", files)
        return cls(f"sqlite:///{folder / 'mlflow.db'}", files)


@dataclass(frozen=True)
class Record:
    """A training, as it is kept.

    Args:
        state: what `Engine.state()` returned.
        params: settings by name.
        scores: metrics by name.
        tags: what identifies it: data_version, recipe (fingerprint), until, code_version …
        passed: whether the gate let it through; reasons: in words.
        notes: what else a reader should know: members that were replaced, breaks, short history.
        files: texts of the report, by file name.
    """

    state: Mapping[str, Any]
    params: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    passed: bool = False
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """A version of the force's model; instants UTC."""

    version: str
    created_at: pd.Timestamp
    run_id: str
    aliases: tuple[str, ...]
    passed: bool
    reasons: tuple[str, ...]
    tags: Mapping[str, str]
    retired: str = ""
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """One word: champion, challenger, retired, or former."""
        if self.retired:
            return "retired"
        return next((name for name in (CHAMPION, CHALLENGER) if name in self.aliases), "former")


@dataclass(frozen=True)
class Decision:
    """Who decided what about a version, when (UTC, ISO) and why."""

    act: Act
    version: str
    by: str
    decided_at: str
    reason: str = ""


class Registry:
    """The versions of one of a force's models.

    Args:
        store: where MLflow keeps them.
        force_id: the force's id.
        model: which of its models; each has versions, aliases and decisions of its own.
    """

    def __init__(self, store: Store, force_id: str, model: ModelName = "demand") -> None:
        """Open the store; a new one gets its tables, which takes MLflow seconds."""
        # They announce each migration of an empty database, and each version, on stderr.
        for name in ("mlflow", "mlflow.store", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.store = store
        self.kind = model
        self.model = f"{model}-{force_id}"
        self._client = MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)
        self._experiment = self._opened()

    def log(self, record: Record) -> Version:
        """Keep a training as a run and a version, and make it the challenger."""
        run = self._client.create_run(self._experiment, run_name=record.tags.get("until"))
        run_id = run.info.run_id
        try:
            self._describe(run_id, run.info.start_time, record)
            version = self._client.create_model_version(
                self.model,
                source=f"{run.info.artifact_uri}/{_ENGINE}",
                run_id=run_id,
                tags={
                    **{key: _short(text) for key, text in record.tags.items()},
                    "gate_passed": str(record.passed).lower(),
                    "gate_reasons": _short("\n".join(record.reasons)),
                    "notes": _short("\n".join(record.notes)),
                },
            )
        except BaseException:
            # A run that was cut short stays visible as failed, and no version points to it.
            self._client.set_terminated(run_id, status="FAILED")
            raise
        self._client.set_terminated(run_id)
        number = str(version.version)
        self._client.set_registered_model_alias(self.model, CHALLENGER, number)
        return self.version(number)

    def versions(self) -> tuple[Version, ...]:
        """Return every version, oldest first."""
        aliases = self._aliases()
        found = self._client.search_model_versions(f"name='{self.model}'")
        return tuple(
            sorted((_version(one, aliases) for one in found), key=lambda one: int(one.version))
        )

    def version(self, name: str) -> Version:
        """Return a version by number or alias.

        Raises:
            NoChampion: if the champion is asked for and none was promoted.
            RegistryError: if there is no such version.
        """
        versions = self.versions()
        for one in versions:
            if name == one.version or name in one.aliases:
                return one
        if name == CHAMPION:
            raise NoChampion(
                f"{self.model} has no champion among its {len(versions)} versions; run 'forewatch "
                "train --promote', or 'forewatch models promote VERSION'"
            )
        known = ", ".join(one.version for one in versions) or "none yet; run 'forewatch train'"
        raise RegistryError(f"{self.model} has no version {name!r}; its versions: {known}")

    def champion(self) -> Version | None:
        """Return the champion, None if there is none."""
        return next((one for one in self.versions() if CHAMPION in one.aliases), None)

    def state(self, version: Version) -> dict[str, Any]:
        """Return the engine's state as it was logged.

        Raises:
            RegistryError: if the version is retired, or its files are gone or damaged.
            StaleModel: if they are of another format than this code reads.
        """
        if version.retired:
            raise RegistryError(
                f"version {version.version} is retired ({version.retired}) and is not used again; "
                "choose another with 'forewatch models list'"
            )
        with tempfile.TemporaryDirectory() as folder:
            try:
                self._client.download_artifacts(version.run_id, _ENGINE, folder)
            except (MlflowException, OSError) as error:
                raise RegistryError(
                    f"the files of version {version.version} can't be had "
                    f"({type(error).__name__}); restore the store's folder from a backup, or "
                    "choose another version with 'forewatch models list'"
                ) from error
            return artefacts.read(Path(folder) / _ENGINE)

    def scores(self, version: Version) -> dict[str, float]:
        """Return the metrics of a version's run."""
        return dict(self._client.get_run(version.run_id).data.metrics)

    def params(self, version: Version) -> dict[str, str]:
        """Return the settings of a version's run."""
        return dict(self._client.get_run(version.run_id).data.params)

    def report(self, version: Version, folder: Path) -> Path:
        """Copy the files of a version's report into a folder and return where they stand."""
        folder.mkdir(parents=True, exist_ok=True)
        return Path(self._client.download_artifacts(version.run_id, _REPORT, str(folder)))

    def promote(self, version: Version, by: str, at: pd.Timestamp, force: str = "") -> Version:
        """Make a version the champion.

        Args:
            version: which one.
            by: who decides.
            at: when, UTC.
            force: the reason for promoting what the gate refused; empty for the gate's own way.

        Raises:
            GateClosed: if the gate refused it and there is no reason.
            RegistryError: if it is retired.
        """
        if version.retired:
            raise RegistryError(f"version {version.version} is retired: {version.retired}")
        if not version.passed and not force.strip():
            why = "; ".join(version.reasons[:_SAID]) or "it was never judged"
            more = len(version.reasons) - _SAID
            raise GateClosed(
                f"the gate refused version {version.version}: {why}"
                + (f"; and {more} more reasons" if more > 0 else "")
                + ". Mend that and train again, or promote it with --force --reason 'why'"
            )
        act: Act = "promote" if version.passed else "force"
        self._decide(Decision(act, version.version, by, at.isoformat(), force.strip()))
        return self._make_champion(version.version)

    def rollback(self, by: str, at: pd.Timestamp, reason: str) -> Version:
        """Make the champion before the present one champion again.

        Raises:
            RegistryError: if there was none, or no reason is given.
        """
        if not reason.strip():
            raise RegistryError("a rollback needs a reason; give it with --reason")
        line = self._champions()
        if len(line) < 2:  # noqa: PLR2004 - the present one and the one before
            raise RegistryError(
                f"{self.model} has no champion before the present one; the decisions so far: "
                f"{len(self.decisions())}"
            )
        self._decide(Decision("rollback", line[-2], by, at.isoformat(), reason.strip()))
        return self._make_champion(line[-2])

    def retire(self, version: Version, by: str, at: pd.Timestamp, reason: str) -> Version:
        """Take a version out of use for good; RegistryError for the champion or without reason."""
        if CHAMPION in version.aliases:
            raise RegistryError(
                f"version {version.version} is the champion; promote another or roll back first"
            )
        if not reason.strip():
            raise RegistryError("retiring a version needs a reason; give it with --reason")
        self._decide(Decision("retire", version.version, by, at.isoformat(), reason.strip()))
        self._client.set_model_version_tag(self.model, version.version, "retired", _short(reason))
        for alias in version.aliases:
            self._client.delete_registered_model_alias(self.model, alias)
        return self.version(version.version)

    def decisions(self) -> tuple[Decision, ...]:
        """Return who promoted, rolled back or retired what, oldest first."""
        tags = self._client.get_registered_model(self.model).tags
        found = sorted(key for key in tags if key.startswith(_DECISION))
        return tuple(Decision(**json.loads(tags[key])) for key in found)

    def snapshot(self) -> dict[str, Any]:
        """Return what the register holds, as JSON values, for readers without MLflow."""
        return {
            "model": self.model,
            "models": [
                {
                    "version": one.version,
                    "status": one.status,
                    "created_at": one.created_at.isoformat(),
                    "gate_passed": one.passed,
                    "gate_reasons": list(one.reasons),
                    "retired": one.retired or None,
                    **{key: one.tags.get(key) for key in ("until", "data_version", "recipe")},
                    "scores": self.scores(one),
                }
                for one in self.versions()
            ],
            "decisions": [
                {"act": one.act, "version": one.version, "by": one.by}
                | {"at": one.decided_at, "reason": one.reason}
                for one in self.decisions()
            ],
        }

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
        metrics = [Metric(name, value, at_ms, 0) for name, value in record.scores.items()]
        params = [Param(name, _short(text)) for name, text in record.params.items()]
        for first in range(0, len(metrics), _BATCH):
            self._client.log_batch(run_id, metrics=metrics[first : first + _BATCH])
        for first in range(0, len(params), _BATCH):
            self._client.log_batch(run_id, params=params[first : first + _BATCH])
        for key, text in record.tags.items():
            self._client.set_tag(run_id, key, _short(text))
        self._client.set_tag(run_id, "notes", _short("\n".join(record.notes)))
        with tempfile.TemporaryDirectory() as folder:
            artefacts.write(Path(folder) / _ENGINE, dict(record.state))
            self._client.log_artifacts(run_id, str(Path(folder) / _ENGINE), _ENGINE)
        for name, text in record.files.items():
            self._client.log_text(run_id, text, f"{_REPORT}/{name}")

    def _aliases(self) -> dict[str, str]:
        """Return alias → version. A search for versions leaves aliases out."""
        aliases = self._client.get_registered_model(self.model).aliases
        return {alias: str(version) for alias, version in aliases.items()}

    def _decide(self, decision: Decision) -> None:
        """Write a decision down before it takes effect; a long reason is cut."""
        number = len(self.decisions()) + 1
        text = json.dumps({**asdict(decision), "reason": decision.reason[:2_000]})
        self._client.set_registered_model_tag(self.model, f"{_DECISION}{number:06d}", text)

    def _make_champion(self, number: str) -> Version:
        self._client.set_registered_model_alias(self.model, CHAMPION, number)
        if self._aliases().get(CHALLENGER) == number:
            self._client.delete_registered_model_alias(self.model, CHALLENGER)
        return self.version(number)

    def _champions(self) -> list[str]:
        """Return the line of champions that a rollback walks back, the present one last."""
        retired = {one.version for one in self.versions() if one.retired}
        line: list[str] = []
        for decision in self.decisions():
            if decision.act == "rollback":
                del line[line.index(decision.version) + 1 :]
            elif decision.act != "retire" and line[-1:] != [decision.version]:
                line.append(decision.version)
        return [version for version in line if version not in retired]


def _version(found: ModelVersion, aliases: Mapping[str, str]) -> Version:
    number = str(found.version)
    tags = dict(found.tags)
    return Version(
        version=number,
        created_at=pd.Timestamp(found.creation_timestamp, unit="ms", tz="UTC"),
        run_id=found.run_id,
        aliases=tuple(sorted(alias for alias, version in aliases.items() if version == number)),
        passed=tags.pop("gate_passed", "") == "true",
        reasons=tuple(tags.pop("gate_reasons", "").splitlines()),
        retired=tags.pop("retired", ""),
        notes=tuple(tags.pop("notes", "").splitlines()),
        tags=tags,
    )


def _short(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def _unless_there(error: MlflowException) -> None:
    """Pass over what another process made a moment earlier; raise anything else."""
    if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
        raise error
