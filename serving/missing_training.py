"""Use case: the missing-person model trained, judged, and kept as a version of its own."""

from __future__ import annotations

import os
from functools import partial

from pydantic import ValidationError

from features.clock import Clock
from forewatch import __version__
from forewatch.progress import Progress
from models.gate import Verdict, judge
from models.missing import training as learning
from models.missing.settings import MissingRecipe
from models.missing.training import RULE, MissingTraining
from models.registry import Record, Registry
from serving import modelling
from serving.spans import instant
from serving.training import Done, flattened, written
from serving.workspace import Workspace


def train(workspace: Workspace, *, until: str | None, jobs: int | None, progress: Progress) -> Done:
    """Train by the settings' recipe, judge, and keep the result as the challenger.

    Args:
        workspace: the force's.
        until: nothing known later is used, as a person writes it; None: the data cut-off.
        jobs: processes at once; None: one a core.
        progress: is told what is being done.

    Raises:
        SettingsError: if no call type of the force is a missing-person report.
    """
    progress("reading the history", 0, 0)
    history = workspace.history()
    at = instant(Clock.of(workspace.profile), until) if until else history.observed_until
    recipe = workspace.settings().missing_training
    run = partial(learning.train, history, at, jobs=jobs or os.cpu_count() or 1, progress=progress)
    trained = run(recipe)
    progress("opening the registry", 0, 0)
    registry = workspace.registry("missing")
    verdict = _verdict(registry, trained, run)
    files = learning.report(trained, verdict)
    record = Record(
        state=trained.model.state(),
        params=dict(flattened(recipe.model_dump(mode="json"))),
        scores=dict(modelling.metrics(trained.scores)),
        tags={
            "until": at.isoformat(),
            "data_version": history.version,
            "recipe": recipe.fingerprint(),
            "code_version": __version__,
        },
        passed=verdict.passed,
        reasons=verdict.reasons,
        notes=trained.notes,
        files=files,
    )
    with workspace.locked("registry"):
        version = registry.log(record)
        modelling.snapshot(workspace, registry)
    folder = workspace.root / "reports" / f"missing-version-{version.version}"
    written(folder, files)
    return Done(registry.model, version, trained.scores, trained.notes, folder)


def _verdict(
    registry: Registry, trained: MissingTraining, run: partial[MissingTraining]
) -> Verdict:
    """Return the gate's verdict; the champion's recipe is fitted anew on the same origins."""
    champion = registry.champion()
    if champion is None:
        return judge(trained.scores, None, RULE)
    try:
        recipe = MissingRecipe.model_validate(registry.state(champion)["recipe"])
    except ValidationError:
        against = judge(trained.scores, None, RULE).reasons
        why = f"the champion, version {champion.version}, has a recipe this code can't fit again"
        return Verdict(passed=False, reasons=(*against, why))
    if recipe.fingerprint() == trained.model.recipe.fingerprint():
        return judge(trained.scores, trained.scores, RULE)
    return judge(trained.scores, run(recipe).scores, RULE)
