"""The register of one of a force's models as it is read: versions, aliases, decisions.

1. A training becomes a version, under the alias "challenger".
2. A promotion makes a version the "champion", a rollback the champion before; a retired version is
   never used again. Each is kept as a decision: who, when, why.
3. The alias says who is champion. Where somebody moved it in MLflow itself, the register says so.

What is read comes by one of two roads: MLflow's tables (`models.register_tables`), or MLflow's own
client (`models.registry`), which also writes.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from forewatch.errors import NoChampion, RegistryError

CHAMPION = "champion"
CHALLENGER = "challenger"
ENGINE = "engine"  # the folder of a run's files in which the state stands
REPORT = "report"  # that of its report
REST = "all/"  # before the names of metrics that a person doesn't read first
REASONS, NOTES = "gate_reasons", "notes"  # tags of a version
DECISION = "decision-"  # tags of the model, one a decision, numbered
UNFINISHED = "unfinished"  # tag of the model: an act that began and has not ended

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Act = Literal["promote", "force", "rollback", "retire", "outside"]


@dataclass(frozen=True)
class Version:
    """A version of the force's model; instants UTC."""

    version: str
    created_at: datetime
    run_id: str
    aliases: tuple[str, ...]
    passed: bool
    reasons: tuple[str, ...]
    tags: Mapping[str, str]
    retired: str = ""
    notes: tuple[str, ...] = ()
    was_champion: bool = False

    @classmethod
    def of_tags(
        cls,
        number: str,
        created_ms: int,
        run_id: str,
        tags: Mapping[str, str],
        model: ModelRecord,
    ) -> Version:
        """Return the version that MLflow's record of it describes.

        Args:
            number: of the version.
            created_ms: when, in milliseconds since 1970, UTC.
            run_id: the run that made it.
            tags: as `Registry.log` and `Registry.retire` wrote them.
            model: MLflow's record of the model.
        """
        rest = dict(tags)
        return cls(
            version=number,
            created_at=_EPOCH + timedelta(milliseconds=created_ms),
            run_id=run_id,
            aliases=tuple(
                sorted(alias for alias, version in model.aliases.items() if version == number)
            ),
            passed=rest.pop("gate_passed", "") == "true",
            reasons=tuple(_join_tags(rest, REASONS).splitlines()),
            retired=rest.pop("retired", ""),
            notes=tuple(_join_tags(rest, NOTES).splitlines()),
            was_champion=number in champions(model.decisions),
            tags=rest,
        )

    @property
    def status(self) -> str:
        """One word: champion, challenger, retired, refused (by the gate, never used), or former."""
        if self.retired:
            return "retired"
        rest = "former" if self.passed or self.was_champion else "refused"
        return next((name for name in (CHAMPION, CHALLENGER) if name in self.aliases), rest)


@dataclass(frozen=True)
class Decision:
    """Who decided what about a version, when (UTC, ISO) and why.

    An act "outside" is a champion that was made in MLflow itself, noticed before the next decision;
    its version is "" where the alias was taken away.
    """

    act: Act
    version: str
    by: str
    decided_at: str
    reason: str = ""

    @property
    def text(self) -> str:
        """The decision in a line."""
        allowed = "as the gate allows" if self.act == "promote" else ""
        why = self.reason or allowed
        return f"{self.decided_at[:16]} {self.act} by {self.by}" + (f": {why}" if why else "")


@dataclass(frozen=True)
class ModelRecord:
    """MLflow's record of a model: aliases, each with its version's number, and tags."""

    aliases: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions among its tags, oldest first."""
        found = sorted(key for key in self.tags if key.startswith(DECISION))
        return tuple(Decision(**json.loads(self.tags[key])) for key in found)


class Register(ABC):
    """The versions of one of a force's models.

    Args:
        force_id: the force's id.
        subject: what they forecast; each has versions, aliases and decisions of its own.
    """

    def __init__(self, force_id: str, subject: str) -> None:
        self.subject = subject
        self.model = f"{subject}-{force_id}"

    @abstractmethod
    def versions(self) -> tuple[Version, ...]:
        """Return every version, oldest first."""

    @abstractmethod
    def decisions(self) -> tuple[Decision, ...]:
        """Return who promoted, rolled back or retired what, oldest first."""

    def scores(self, version: Version) -> dict[str, float]:
        """Return the metrics of a version's run, by name."""
        found = self._metrics(version)
        return dict(sorted((name.removeprefix(REST), score) for name, score in found.items()))

    @abstractmethod
    def _metrics(self, version: Version) -> dict[str, float]:
        """Return the metrics of a version's run, by the names that MLflow has for them."""

    @abstractmethod
    def report_text(self, version: Version, name: str) -> str | None:
        """Return a text of a version's report by file name, None if it has none."""

    @abstractmethod
    def params(self, version: Version) -> dict[str, str]:
        """Return the settings of a version's run."""

    @abstractmethod
    def _state_folder(self, version: Version) -> AbstractContextManager[Path]:
        """Hand out the folder of a version's state, whether it is there or not."""

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
        if name == CHALLENGER and versions:
            raise RegistryError(
                f"{self.model} has no challenger: what was trained last is the champion, or "
                "retired; 'forewatch train' makes another, 'forewatch models list' shows what "
                "there is"
            )
        known = ", ".join(one.version for one in versions) or "none yet; run 'forewatch train'"
        raise RegistryError(f"{self.model} has no version {name!r}; its versions: {known}")

    def champion(self) -> Version | None:
        """Return the champion, None if there is none."""
        return next((one for one in self.versions() if CHAMPION in one.aliases), None)

    @contextmanager
    def state_folder(self, version: Version) -> Iterator[Path]:
        """Hand out the folder of a version's state (`models.artefacts`) while a block runs.

        Raises:
            RegistryError: if the version is retired, or its files are gone.
        """
        if version.retired:
            raise RegistryError(
                f"version {version.version} is retired ({version.retired}) and is not used again; "
                "choose another with 'forewatch models list'"
            )
        with self._state_folder(version) as folder:
            if not folder.is_dir():
                raise files_missing(version, "FileNotFoundError")
            yield folder

    def last_decision(self, version: Version) -> Decision | None:
        """Return the last decision about a version, None if there is none."""
        about = [one for one in self.decisions() if one.version == version.version]
        return about[-1] if about else None

    def champion_before(self) -> str | None:
        """Return the version that was champion before the present one and may be used, or None."""
        usable = {one.version for one in self.versions() if not one.retired}
        line = champions(self.decisions())
        earlier = [one for one in line[:-1] if one in usable and one != line[-1]]
        return earlier[-1] if earlier else None

    def outside_note(self) -> str:
        """Return a sentence where the champion is not who was decided here, "" where it is."""
        decided = (champions(self.decisions()) or [""])[-1]
        champion = self.champion()
        found = champion.version if champion is not None else ""
        if found == decided:
            return ""
        now = f"version {found} was made the champion" if found else "the champion was taken away"
        last = f"version {decided}" if decided else "none"
        return f"{now} in MLflow itself, past the gate; the champion by decision is {last}"

    def snapshot(self) -> dict[str, Any]:
        """Return what the register holds, as JSON values, for the API."""
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


def champions(decisions: Sequence[Decision]) -> list[str]:
    """Return the line of champions that a rollback walks back, the present one last; "" is none.

    >>> acts = [("promote", "1"), ("promote", "2"), ("promote", "1"), ("rollback", "2")]
    >>> champions([Decision(act, version, "ann", "") for act, version in acts])
    ['1', '2']
    """
    line: list[str] = []
    for one in decisions:
        if one.act == "rollback" and one.version in line[:-1]:
            del line[len(line) - 1 - line[-2::-1].index(one.version) :]
        elif one.act != "retire" and line[-1:] != [one.version]:
            line.append(one.version)
    return line


def _join_tags(tags: dict[str, str], name: str) -> str:
    """Take a text out of tags; a long one goes on in name-2, name-3 and so on."""
    text, part = tags.pop(name, ""), 2
    while (more := tags.pop(f"{name}-{part}", None)) is not None:
        text, part = text + more, part + 1
    return text


def files_missing(version: Version, why: str) -> RegistryError:
    """Return the error for a version whose files can't be had."""
    return RegistryError(
        f"the files of version {version.version} can't be had ({why}); restore the store's folder "
        "from a backup, or choose another version with 'forewatch models list'"
    )
