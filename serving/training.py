"""Use case: a subject's model trained, judged by the gate, kept as a version with its report."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from forewatch import __version__
from forewatch.clock import Clock
from forewatch.durable import write_file
from forewatch.errors import ForewatchError
from forewatch.history import History
from forewatch.progress import Progress
from models.artefacts import read_version
from models.comparison import LOSSES, losses_of_recipe
from models.gate import GateEvidence, judge
from models.recipe import AnyRecipe
from models.register import Register, Version
from models.subject import Subject, Training
from models.verdict import Verdict
from serving import modelling
from serving.model_records import REPORTS
from serving.settings import flat_settings
from serving.spans import instant
from serving.workspace import Workspace


@dataclass(frozen=True)
class TrainedVersion:
    """A training that was kept: its version, what it gave, where its report stands."""

    model: str
    version: Version
    training: Training
    report: Path


def train_challenger(
    workspace: Workspace,
    history: History,
    subject: Subject,
    *,
    until: str | None,
    jobs: int | None,
    progress: Progress,
) -> TrainedVersion:
    """Train by the settings' recipe, judge, and keep the result as the challenger.

    Args:
        workspace: the force's.
        history: what is known, its pools settled: one reading serves every subject.
        subject: what is forecast.
        until: nothing known later is used, as a person writes it; None: the data cut-off.
        jobs: processes at once; None: one a core.
        progress: is told what is being done.

    Raises:
        SettingsError: if the force has no calls of the subject.
    """
    at = _end(workspace, history, until)
    recipe = workspace.settings().recipe(subject)
    run = partial(subject.train, history, at, jobs=jobs or os.cpu_count() or 1, progress=progress)
    trained = run(recipe)
    progress("opening the registry", 0, 0)
    register = workspace.register(subject)
    again: dict[str, str] = {}

    def evidence_of(theirs: AnyRecipe) -> GateEvidence:
        other = run(theirs)
        name = losses_of_recipe(theirs.fingerprint())
        again[name] = other.losses.to_csv(index=False)
        return GateEvidence(other.scores, other.losses)

    evidence = GateEvidence(trained.scores, trained.losses)
    verdict = gate_verdict(register, subject, recipe, evidence, evidence_of)
    version = keep(workspace, subject, trained, verdict, at, again)
    return TrainedVersion(register.model, version, trained, _folder(workspace, subject, version))


def gate_verdict(
    register: Register,
    subject: Subject,
    recipe: AnyRecipe,
    evidence: GateEvidence,
    again: Callable[[Any], GateEvidence],
) -> Verdict:
    """Return the gate's verdict on a challenger.

    Args:
        register: of its subject.
        subject: what is forecast.
        recipe: the challenger's.
        evidence: what past origins say of the challenger.
        again: fits a recipe on the same origins and returns what they say of it; asked with the
            champion's.
    """
    champion = register.champion()
    if champion is None:
        return judge(evidence, None, subject.rule)
    try:
        theirs = type(recipe).model_validate(read_version(register, champion)["recipe"])
        same = theirs.fingerprint() == recipe.fingerprint()
        compared = evidence if same else again(theirs)
    except (ValidationError, ForewatchError) as error:
        why = f"the champion, version {champion.version}, has a recipe this code can't fit again"
        told = f": {error}" if isinstance(error, ForewatchError) else ""
        reasons = judge(evidence, None, subject.rule).reasons
        return Verdict(passed=False, reasons=(*reasons, why + told))
    return judge(evidence, compared, subject.rule)


def keep(
    workspace: Workspace,
    subject: Subject,
    trained: Training,
    verdict: Verdict,
    until: pd.Timestamp,
    beside: Mapping[str, str],
) -> Version:
    """Keep what was learned as the challenger, and write its report, with other texts beside it."""
    from models.registry import Record  # noqa: PLC0415 - MLflow, which takes seconds to import

    model, scores = trained.model, trained.scores.to_dict("records")
    files = trained.report().texts(verdict, trained.notes) | dict(beside)
    files[LOSSES] = trained.losses.to_csv(index=False)
    state = model.state()
    if model.packages_:  # whose code may not read what it wrote
        subject.restore(state, tuple(model.packages_))
    record = Record(
        state=state,
        params=dict(flat_settings(model.recipe.model_dump(mode="json"))),
        scores=dict(modelling.metric_values(scores)),
        first=modelling.first_metrics(scores, subject),
        tags={
            "until": until.isoformat(),
            "data_version": model.data_version_,
            "recipe": model.recipe.fingerprint(),
            "code_version": __version__,
        },
        passed=verdict.passed,
        reasons=verdict.reasons,
        notes=trained.notes,
        files=files,
    )
    registry = workspace.registry(subject)
    with workspace.locked("registry"):
        version = registry.log(record)
        workspace.keep_snapshot(registry)
    for name, text in files.items():
        write_file(_folder(workspace, subject, version) / name, text.encode())
    return version


def _folder(workspace: Workspace, subject: Subject, version: Version) -> Path:
    return workspace.root / REPORTS / f"{subject.name}-version-{version.version}"


def _end(workspace: Workspace, history: History, until: str | None) -> pd.Timestamp:
    """Return the instant after which nothing is used: as a person wrote it, or the data cut-off."""
    if until is None:
        return history.observed_until
    return instant(Clock.of(workspace.profile), until)
