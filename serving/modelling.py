"""Use cases: looking at the register of models and deciding about its versions."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from forewatch.errors import RegistryError
from models.register import CHALLENGER, CHAMPION, Register, Version
from models.store import Store
from models.subject import Subject
from serving.printing import Columns, columns_of
from serving.subjects import FIRST
from serving.workspace import Workspace

if TYPE_CHECKING:  # MLflow, which takes seconds: what only reads needs none of it
    from models.registry import Registry

_FIRST = 20  # metrics that MLflow shows before the rest
_ON = " on"  # MLflow's names of metrics may hold no "+"
_WHERE = ("level", "block")
_DAYS = re.compile(r"\d+")
Scores = Mapping[Any, Any]  # of a level and a block of leads: measures by name


@dataclass(frozen=True)
class VersionPage:
    """A version in words, and its scores as a table."""

    text: str
    scores: Columns


def version_list(workspace: Workspace, subject: Subject) -> Columns:
    """Return columns of a row a version, oldest first, with the last decision about it."""
    register = workspace.register(subject)
    return columns_of(
        ("version", "status", "trained", "until", "recipe", "gate", "decision"),
        (
            (
                one.version,
                one.status,
                f"{one.created_at:%Y-%m-%d %H:%M}",
                one.tags.get("until", "")[:16],
                one.tags.get("recipe", ""),
                "passed" if one.passed else "refused",
                decision.text if (decision := register.last_decision(one)) else "",
            )
            for one in register.versions()
        ),
    )


def version_page(workspace: Workspace, subject: Subject, name: str) -> VersionPage:
    """Return a version's settings, gate and decisions with its scores."""
    register = workspace.register(subject)
    version = _version_by_name(register, name)
    outside = register.outside_note()
    lines = [
        f"{register.model} version {version.version}: {version.status}",
        f"trained {version.created_at:%Y-%m-%d %H:%M} UTC, run {version.run_id}",
        *(f"{key}: {value}" for key, value in sorted(version.tags.items())),
        f"the gate: {'passed' if version.passed else 'refused'}",
        *(f"  {reason}" for reason in version.reasons),
        *(f"note: {note}" for note in (*version.notes, *([outside] if outside else []))),
        "settings:",
        *(f"  {key} = {value}" for key, value in sorted(register.params(version).items())),
        "decisions:",
        *(f"  {one.text}" for one in register.decisions() if one.version == version.version),
    ]
    return VersionPage("\n".join(lines), summary(score_rows(register.scores(version)), subject))


def notes(workspace: Workspace, subject: Subject, *names: str) -> list[str]:
    """Return what was noted when versions were trained, each with its version."""
    register = workspace.register(subject)
    found = [register.version(name) for name in names]
    return [f"version {one.version}: {note}" for one in found for note in one.notes]


def outside_note(workspace: Workspace, subject: Subject) -> str:
    """Return a sentence where the champion was changed in MLflow itself, "" where it wasn't."""
    return workspace.register(subject).outside_note()


def promote_version(
    workspace: Workspace,
    subject: Subject,
    name: str,
    by: str,
    reason: str = "",
    *,
    force: bool = False,
) -> Version:
    """Make a version the champion; *force* overrules the gate, and needs a reason."""
    return _decision_words(
        workspace, subject, lambda it: it.promote(it.version(name), by, _now(), reason, force=force)
    )


def why_no_champion(registry: Register) -> str:
    """Return why no version of a model is the champion, and what can be done about it."""
    usable = [one for one in registry.versions() if not one.retired]
    model = "" if registry.subject == FIRST.name else f" --subject {registry.subject}"
    if not usable:
        return f"no version of its model was trained; run 'forewatch train{model or ' --promote'}'"
    passed = [one for one in usable if one.passed]
    if passed:
        number = passed[-1].version
        return (
            f"version {number} of its model passed the gate and was not promoted; run 'forewatch "
            f"models promote {number}{model}'"
        )
    last = usable[-1]
    why = "; ".join(last.reasons[:1]) or "it was never judged"
    more = f" and {len(last.reasons) - 1} more reasons" if len(last.reasons) > 1 else ""
    return (
        f"the gate refused version {last.version} of its model ({why}{more}); train again when "
        f"more is known, or overrule the gate: 'forewatch models promote {last.version}{model} "
        "--force --reason WHY'"
    )


def restore_champion(workspace: Workspace, subject: Subject, by: str, reason: str) -> Version:
    """Make the champion before the present one champion again."""
    return _decision_words(workspace, subject, lambda it: it.rollback(by, _now(), reason))


def retire_version(
    workspace: Workspace, subject: Subject, name: str, by: str, reason: str
) -> Version:
    """Take a version out of use for good."""
    return _decision_words(
        workspace, subject, lambda it: it.retire(it.version(name), by, _now(), reason)
    )


def open_store_page(workspace: Workspace, host: str, port: int) -> NoReturn:
    """Become MLflow's own page on the workspace's store, until stopped.

    Raises:
        RegistryError: if the store is a tracking server, which has a page already.
    """
    workspace.register(FIRST)  # ends what a kill cut short
    store = Store.at(workspace.registry_store())
    if store.artefacts is None:
        raise RegistryError(f"the store is {store.uri}; open its own page in a browser")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store.uri]
    command += ["--default-artifact-root", store.artefacts, "--host", host, "--port", str(port)]
    os.chdir(workspace.registry_store())  # MLflow keeps files of its own where it is started
    # Its runners of background jobs have nothing to do here.
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    os.execve(sys.executable, command, os.environ | quiet)  # noqa: S606 - our own interpreter


def score_rows(scores: Mapping[str, float]) -> list[Scores]:
    """Return metrics named measure/level/block as a row a level and block, the largest first."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for name, value in scores.items():
        if name.count("/") == 2 and math.isfinite(value):  # noqa: PLR2004
            measure, level, block = name.split("/")
            row: dict[str, Any] = {"level": level, "block": block.replace(_ON, "+")}
            rows.setdefault((level, row["block"]), row)[measure] = value
    size: dict[str, float] = {}
    for (level, _), measures in rows.items():
        size[level] = max(size.get(level, 0.0), measures.get("calls", 0.0))
    # a block is written with its first day in front: 1-7, 29+
    order = sorted(rows, key=lambda at: (-size[at[0]], at[0], int(_DAYS.findall(at[1])[0])))
    return [rows[at] for at in order]


def summary(scores: Sequence[Scores], subject: Subject) -> Columns:
    """Return what a person reads first: ours beside the baselines and a perfect forecast."""
    return {
        shown: [row.get(name) for row in scores]
        for name, shown in subject.columns.items()
        if any(name in row for row in scores)
    }


def first_metrics(scores: Sequence[Scores], subject: Subject) -> tuple[str, ...]:
    """Return the names of the metrics that a person reads first: of the whole force, 20 at most."""
    whole = [row for row in scores if row["level"] == scores[0]["level"]]
    shown = [name for name in subject.columns if name in scores[0] and name not in _WHERE]
    measures = (*_WHERE, *shown[: _FIRST // len(whole)])
    return tuple(
        name for name, _ in metric_values([{each: row[each] for each in measures} for row in whole])
    )


def metric_values(scores: Sequence[Scores]) -> Iterator[tuple[str, float]]:
    """Yield each known score under measure/level/block, in the letters that MLflow allows."""
    for row in scores:
        where = f"{row['level']}/{str(row['block']).replace('+', _ON)}"
        for name, value in row.items():
            if isinstance(value, float) and math.isfinite(value):
                yield f"{name}/{where}", value


def _decision_words(
    workspace: Workspace, subject: Subject, decide: Callable[[Registry], Version]
) -> Version:
    registry = workspace.registry(subject)
    with workspace.locked("registry"):
        version = decide(registry)
        workspace.keep_snapshot(registry)
    return version


def _version_by_name(register: Register, name: str) -> Version:
    """Return a version by name; before any promotion the challenger stands for the champion."""
    if name == CHAMPION and register.champion() is None and register.versions():
        return register.version(CHALLENGER)
    return register.version(name)


def _now() -> datetime:
    return datetime.now(UTC)
