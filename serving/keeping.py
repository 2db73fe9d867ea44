"""What every training ends with: the gate's verdict, a version in the registry, a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd
from pydantic import ValidationError

from forewatch import __version__
from forewatch.clock import Clock
from forewatch.durable import write_file
from forewatch.history import History
from models.gate import Rule, Verdict, judge
from models.missing.settings import MissingRecipe
from models.recipe import Recipe
from models.register import Register, Version
from serving import modelling
from serving.settings import flattened
from serving.spans import instant
from serving.workspace import Workspace

if TYPE_CHECKING:  # MLflow, which takes seconds to import
    from models.registry import Registry

R = TypeVar("R", Recipe, MissingRecipe)


@dataclass(frozen=True)
class Learned:
    """What a training hands over to be kept.

    Args:
        state: all that was learned.
        recipe: what was trained.
        until: nothing known later was used, UTC.
        data_version: identifies the history.
        scores: on past origins, as the gate reads them.
        notes: what a reader of the report should know.
    """

    state: Mapping[str, Any]
    recipe: Recipe | MissingRecipe
    until: pd.Timestamp
    data_version: str
    scores: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """A training that was kept: its version, its scores, where its report stands."""

    model: str
    version: Version
    scores: pd.DataFrame
    notes: tuple[str, ...]
    report: Path


def end_of(workspace: Workspace, history: History, until: str | None) -> pd.Timestamp:
    """Return the instant after which nothing is used: as a person wrote it, or the data cut-off."""
    if until is None:
        return history.observed_until
    return instant(Clock.of(workspace.profile), until)


def judged(
    register: Register,
    recipe: R,
    scores: pd.DataFrame,
    again: Callable[[R], pd.DataFrame],
    by: Rule,
) -> Verdict:
    """Return the gate's verdict on a challenger.

    Args:
        register: of its model.
        recipe: the challenger's.
        scores: the challenger's on past origins.
        again: fits a recipe on the same origins and returns its scores; asked with the champion's.
        by: what is compared.
    """
    champion = register.champion()
    if champion is None:
        return judge(scores, None, by)
    try:
        theirs = type(recipe).model_validate(register.state(champion)["recipe"])
    except ValidationError:
        why = f"the champion, version {champion.version}, has a recipe this code can't fit again"
        return Verdict(passed=False, reasons=(*judge(scores, None, by).reasons, why))
    same = theirs.fingerprint() == recipe.fingerprint()
    return judge(scores, scores if same else again(theirs), by)


def kept(
    workspace: Workspace,
    registry: Registry,
    found: Learned,
    verdict: Verdict,
    files: Mapping[str, str],
) -> Done:
    """Keep what was learned as the challenger, and write its report.

    Args:
        workspace: the force's.
        registry: of its model.
        found: what was learned.
        verdict: the gate's.
        files: texts of the report by name.
    """
    from models.registry import Record  # noqa: PLC0415 - see above

    record = Record(
        state=found.state,
        params=dict(flattened(found.recipe.model_dump(mode="json"))),
        scores=dict(modelling.metrics(found.scores)),
        tags={
            "until": found.until.isoformat(),
            "data_version": found.data_version,
            "recipe": found.recipe.fingerprint(),
            "code_version": __version__,
        },
        passed=verdict.passed,
        reasons=verdict.reasons,
        notes=found.notes,
        files=files,
    )
    with workspace.locked("registry"):
        version = registry.log(record)
        workspace.keep_snapshot(registry)
    missing = "missing-" if isinstance(found.recipe, MissingRecipe) else ""
    folder = workspace.root / "reports" / f"{missing}version-{version.version}"
    for name, text in files.items():
        write_file(folder / name, text.encode())
    return Done(registry.model, version, found.scores, found.notes, folder)
