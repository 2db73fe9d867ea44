"""A challenger meets its champion on the same origins, and the same recipe is not fitted twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from models.gate import GateEvidence
from models.missing.settings import MissingRecipe
from models.registry import Record
from models.verdict import Verdict
from serving import modelling
from serving.subjects import subject_named
from serving.training import gate_verdict
from serving.workspace import Workspace

MISSING = subject_named("missing")
RECIPE = MissingRecipe()
OTHER = RECIPE.model_copy(update={"belief": RECIPE.belief / 2})
SCORES = pd.DataFrame(
    {
        "level": ["force", "district"],
        "block": "1-7",
        "n": 100.0,
        **dict.fromkeys(("crps", "mae"), 0.9),
        **dict.fromkeys(("baseline_crps", "baseline_mae"), 1.0),
        **dict.fromkeys(("crps_vs_baseline_low", "mae_vs_baseline_low"), -0.2),
    }
)


@pytest.fixture
def workspace(tmp_path: Path, mlruns: Path) -> Workspace:
    assert mlruns.parent == tmp_path
    (tmp_path / "forewatch.toml").write_text(
        'grades = ["routine"]\n[force]\nid = "town"\nname = "Town"\nzone = "UTC"\n'
        '[[call_types]]\nid = "missing_person"\nname = "Missing person"\n'
    )
    return Workspace(tmp_path)


def verdict(workspace: Workspace, champion: dict[str, object] | None) -> tuple[Verdict, list[str]]:
    """What the gate says of a challenger, and the recipes that were fitted again for it."""
    registry = workspace.registry(MISSING)
    fitted: list[str] = []
    if champion is not None:
        registry.log(Record(state={"recipe": champion}, passed=True))
        modelling.promote_version(workspace, MISSING, "1", "ann")

    def again(recipe: MissingRecipe) -> GateEvidence:
        fitted.append(recipe.fingerprint())
        return GateEvidence(SCORES.assign(crps=0.5))

    return gate_verdict(registry, MISSING, RECIPE, GateEvidence(SCORES), again), fitted


def test_without_a_champion_only_the_baseline_is_to_be_beaten(workspace: Workspace) -> None:
    found, fitted = verdict(workspace, None)
    assert (found.passed, fitted) == (True, [])


def test_a_champion_of_the_same_recipe_is_what_the_challenger_is(workspace: Workspace) -> None:
    found, fitted = verdict(workspace, RECIPE.model_dump(mode="json"))
    assert (found.passed, fitted) == (True, [])


def test_a_champion_of_another_recipe_is_fitted_again_and_compared(workspace: Workspace) -> None:
    found, fitted = verdict(workspace, OTHER.model_dump(mode="json"))
    assert (found.passed, fitted) == (False, [OTHER.fingerprint()])


def test_a_champion_that_can_not_be_fitted_again_stays(workspace: Workspace) -> None:
    found, fitted = verdict(workspace, {"of": "earlier code"})
    assert (found.passed, fitted) == (False, [])
    assert found.reasons[-1] == "the champion, version 1, has a recipe this code can't fit again"
