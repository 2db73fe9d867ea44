"""Use case: a trained model, judged, kept as a version, and promoted where the gate allows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from features.clock import Clock
from forewatch import __version__
from forewatch.progress import Progress
from models import training as learning
from models.gate import Verdict, judge
from models.recipe import Recipe
from models.registry import Record, Registry, Version
from models.report import report
from serving import modelling
from serving.spans import instant
from serving.workspace import Workspace


@dataclass(frozen=True)
class Done:
    """A training that was kept: its version, its scores, where its report stands."""

    model: str
    version: Version
    scores: pd.DataFrame
    notes: tuple[str, ...]
    report: Path


def train(workspace: Workspace, *, until: str | None, jobs: int | None, progress: Progress) -> Done:
    """Train by the settings' recipe, judge, and keep the result as the challenger.

    Args:
        workspace: the force's.
        until: nothing known later is used, as a person writes it; None: the data cut-off.
        jobs: processes at once; None: one a core.
        progress: is told what is being done.
    """
    progress("reading the history", 0, 0)
    history = workspace.history()
    clock = Clock.of(workspace.profile)
    at = instant(clock, until) if until else history.observed_until
    recipe = workspace.settings().training
    jobs = jobs or os.cpu_count() or 1
    run = partial(learning.train, history, at, jobs=jobs, progress=progress)
    trained = run(recipe)
    progress("opening the registry", 0, 0)
    registry = workspace.registry()
    verdict = _verdict(registry, trained, lambda other: run(other).scores)
    files = {name: str(text) for name, text in report(trained, verdict).items()}
    record = Record(
        state=trained.engine.state(),
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
    folder = workspace.root / "reports" / f"version-{version.version}"
    written(folder, files)
    return Done(registry.model, version, trained.scores, trained.notes, folder)


def flattened(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield each setting under its path.

    >>> dict(flattened({"seed": 1, "origins": {"folds": 6}}))
    {'seed': '1', 'origins.folds': '6'}
    """
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value if isinstance(value, str) else json.dumps(value)


def _verdict(
    registry: Registry, trained: learning.Training, scores_of: Callable[[Recipe], pd.DataFrame]
) -> Verdict:
    """Return the gate's verdict; the champion's recipe is fitted anew on the same origins."""
    champion = registry.champion()
    if champion is None:
        return judge(trained.scores, None)
    try:
        recipe = Recipe.model_validate(registry.state(champion)["recipe"])
    except ValidationError:
        against = judge(trained.scores, None).reasons
        why = f"the champion, version {champion.version}, has a recipe this code can't fit again"
        return Verdict(passed=False, reasons=(*against, why))
    if recipe.fingerprint() == trained.engine.recipe.fingerprint():
        return judge(trained.scores, trained.scores)
    return judge(trained.scores, scores_of(recipe))


def written(folder: Path, files: Mapping[str, str]) -> None:
    """Write the texts of a report into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
