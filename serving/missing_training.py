"""Use case: the missing-person model trained, judged, and kept as a version of its own."""

from __future__ import annotations

import os
from functools import partial

from forewatch.progress import Progress
from models.missing import training as learning
from models.missing.training import RULE
from serving.keeping import Done, Learned, end_of, judged, kept
from serving.pooling import settled
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
    history = settled(workspace)
    at = end_of(workspace, history, until)
    recipe = workspace.settings().missing_training
    jobs = jobs or os.cpu_count() or 1
    run = partial(learning.train, history, at, jobs=jobs, progress=progress)
    trained = run(recipe)
    progress("opening the registry", 0, 0)
    registry = workspace.registry("missing")
    verdict = judged(registry, recipe, trained.scores, lambda other: run(other).scores, RULE)
    files = learning.report(trained, verdict)
    state, version = trained.model.state(), history.version
    found = Learned(state, recipe, at, version, trained.scores, trained.notes)
    return kept(workspace, registry, found, verdict, files)
