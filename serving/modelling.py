"""Use cases: looking at the register of models and deciding about its versions."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pandas as pd

from forewatch.errors import RegistryError
from models.register import CHALLENGER, CHAMPION, Register, Version
from models.store import Store
from models.subject import Subject
from serving.subjects import FIRST
from serving.workspace import Workspace

if TYPE_CHECKING:  # MLflow, which takes seconds: what only reads needs none of it
    from models.registry import Registry

_FIRST = 20  # metrics that MLflow shows before the rest
_ON = " on"  # MLflow's names of metrics may hold no "+"


@dataclass(frozen=True)
class VersionPage:
    """A version in words, and its scores as a table."""

    text: str
    scores: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side: what is compared, and a row a level and block of days ahead."""

    text: str
    table: pd.DataFrame


def version_list(workspace: Workspace, subject: Subject) -> pd.DataFrame:
    """Return one row a version, oldest first, with the last decision about it."""
    register = workspace.register(subject)
    rows = [
        {
            "version": one.version,
            "status": one.status,
            "trained": f"{one.created_at:%Y-%m-%d %H:%M}",
            "until": one.tags.get("until", "")[:16],
            "recipe": one.tags.get("recipe", ""),
            "gate": "passed" if one.passed else "refused",
            "decision": decision.text if (decision := register.last_decision(one)) else "",
        }
        for one in register.versions()
    ]
    columns = ["version", "status", "trained", "until", "recipe", "gate", "decision"]
    return pd.DataFrame(rows, columns=columns)


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
    return VersionPage("\n".join(lines), summary(scores_table(register.scores(version)), subject))


def compare_versions(workspace: Workspace, subject: Subject, name: str, other: str) -> Comparison:
    """Return the CRPS of two versions on the same past origins.

    Raises:
        RegistryError: if they are the same one, or were judged on no origin in common.
    """
    from models import comparison  # noqa: PLC0415 - it needs scipy, which takes long to import

    register = workspace.register(subject)
    one, two = register.version(name), register.version(other)
    if one.version == two.version:
        raise RegistryError(
            f"{name} and {other} are both version {one.version}, which has nothing to be compared "
            "with; name two versions, or train a new one"
        )
    found = comparison.of_versions(register, one, two)
    bounds = list(zip(found["low"], found["high"], strict=True))
    table = pd.DataFrame(
        {
            "level": found["level"],
            "days ahead": found["block"],
            f"version {one.version}": found["ours"].round(3),
            f"version {two.version}": found["theirs"].round(3),
            "change": found["change"].map("{:+.1%}".format),
            "95 % interval": [f"{low:+.1%} to {high:+.1%}" for low, high in bounds],
            "beyond chance": [comparison.said_of_chance(*each) for each in bounds],
        }
    )
    origins = int(found["origins"].max())
    return Comparison(f"mean CRPS on the same {origins} past origins; lower is better", table)


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


def scores_table(scores: dict[str, float]) -> pd.DataFrame:
    """Return metrics named measure/level/block as rows of level and block, the largest first."""
    parts = [(*name.split("/"), value) for name, value in scores.items() if name.count("/") == 2]  # noqa: PLR2004
    frame = pd.DataFrame(parts, columns=["measure", "level", "block", "value"])
    frame["block"] = frame["block"].str.replace(_ON, "+")
    wide = frame.pivot_table(index=["level", "block"], columns="measure", values="value")
    wide = wide.rename_axis(columns=None).reset_index()
    first_day = wide["block"].str.extract(r"(\d+)", expand=False).astype(int)
    size = wide.get("calls", pd.Series(0.0, wide.index)).groupby(wide["level"]).transform("max")
    order = pd.DataFrame({"size": -size, "level": wide["level"], "first_day": first_day})
    order = order.sort_values(["size", "level", "first_day"])
    return wide.loc[order.index].reset_index(drop=True)


def summary(scores: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """Return what a person reads first: ours beside the baselines and a perfect forecast."""
    names = subject.columns
    found = scores[[name for name in names if name in scores]].rename(columns=names)
    numbers = found.select_dtypes("number").columns
    return found.assign(**{name: found[name].round(3) for name in numbers})


def first_metrics(scores: pd.DataFrame, subject: Subject) -> tuple[str, ...]:
    """Return the names of the metrics that a person reads first: of the whole force, 20 at most."""
    whole = scores[scores["level"] == scores["level"].iloc[0]]
    shown = [name for name in subject.columns if name in scores and name != "level"]
    measures = [name for name in shown if name != "block"][: _FIRST // max(len(whole), 1)]
    return tuple(name for name, _ in metric_values(whole[["level", "block", *measures]]))


def metric_values(scores: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """Yield each known score under measure/level/block, in the letters that MLflow allows."""
    for row in scores.to_dict("records"):
        where = f"{row['level']}/{str(row['block']).replace('+', _ON)}"
        for name, value in row.items():
            if isinstance(value, float) and np.isfinite(value):
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


def _now() -> pd.Timestamp:
    return pd.Timestamp.now("UTC")
