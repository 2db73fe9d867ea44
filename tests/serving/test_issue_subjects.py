"""An issue never keeps silent about missing-person demand that it doesn't hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import panel
from forewatch.history import History
from forewatch.shocks import Shocks
from forewatch.tables import empty
from models.blend import Weights
from models.demand.model import Engine
from models.recipe import BASELINE, Recipe
from models.registry import Record
from models.testing import small_history
from models.told_days import ToldDays, counts_of_areas, day_numbers
from planning.issues import Part
from serving import modelling
from serving.issue_subjects import subject_part
from serving.subjects import SUBJECTS, subjects_of
from serving.workspace import Workspace

DEMAND, MISSING = SUBJECTS
PROFILE = """
grades = ["routine"]
[force]
id = "town"
name = "Town"
zone = "Europe/London"
[levels]
names = ["force", "district"]
modelled = "district"
[[areas]]
id = "town"
name = "Town"
[[areas]]
id = "north"
name = "North"
parent = "town"
[[call_types]]
id = "{}"
name = "A kind of call"
"""
NOW = pd.Timestamp("2026-11-23T07:00Z")


def made(folder: Path, call_type: str, days: int = 364) -> tuple[Workspace, History]:
    """A workspace of a force that has one kind of call, and a year without any."""
    (folder / "forewatch.toml").write_text(PROFILE.format(call_type), encoding="utf-8")
    workspace = Workspace(folder)
    profile = workspace.profile
    since = NOW - pd.Timedelta(days=days)
    history = History(profile, profile.tree(), "hour", since, NOW, empty("counts"))
    return workspace, history


def forecast(workspace: Workspace, history: History) -> tuple[Part | None, tuple[str, ...]]:
    return subject_part(workspace, MISSING, history, AsOf(history, NOW), 28)


def test_a_force_without_such_calls_has_no_demand_and_no_note(tmp_path: Path) -> None:
    workspace, history = made(tmp_path, "theft")
    assert MISSING not in subjects_of(workspace.profile)
    assert history.counts.empty
    assert not (tmp_path / "mlruns").exists()  # not even a register is opened


@pytest.mark.usefixtures("mlruns")
def test_without_a_champion_the_baseline_is_published_and_the_note_says_what_to_do(
    tmp_path: Path,
) -> None:
    workspace, history = made(tmp_path, "missing_person")
    part, (note,) = forecast(workspace, history)
    assert part is not None
    assert (part.model_version, part.is_baseline) == ("climatology", True)
    assert np.isfinite(part.forecast.rates.base).all()
    by_baseline = (
        "missing-person demand is by its baseline, the shrunken climatology: missing-town has no "
        "champion: "
    )
    assert note == (
        f"{by_baseline}no version of its model was trained; run 'forewatch train --subject missing'"
    )
    registry = workspace.registry(MISSING)
    registry.log(Record(state={}, passed=False, reasons=("worse at days", "and at weeks")))
    _, (note,) = forecast(workspace, history)
    assert note == (
        f"{by_baseline}the gate refused version 1 of its model (worse at days and 1 more reasons); "
        "train again when more is known, or overrule the gate: 'forewatch models promote 1 "
        "--subject missing --force --reason WHY'"
    )
    registry.log(Record(state={}, passed=True))
    _, (note,) = forecast(workspace, history)
    assert note == (
        f"{by_baseline}version 2 of its model passed the gate and was not promoted; run 'forewatch "
        "models promote 2 --subject missing'"
    )


@pytest.mark.usefixtures("mlruns")
def test_the_baseline_is_the_climatology_that_a_trained_model_names_as_such(
    tmp_path: Path,
) -> None:
    workspace, history = made(tmp_path, "missing_person")
    part, _ = forecast(workspace, history)
    assert part is not None
    rates = part.forecast.rates
    np.testing.assert_allclose(rates.base, rates.baseline)


@pytest.mark.usefixtures("mlruns")
def test_where_too_little_is_known_for_the_baseline_the_note_says_so(tmp_path: Path) -> None:
    workspace, history = made(tmp_path, "missing_person", days=50)
    part, (note,) = forecast(workspace, history)
    assert part is None
    assert note.startswith("missing-person demand is not forecast: training needs 112 days")


@pytest.mark.usefixtures("mlruns")
def test_a_model_of_other_code_is_not_used_and_the_note_says_so(tmp_path: Path) -> None:
    workspace, history = made(tmp_path, "missing_person")
    workspace.registry(MISSING).log(Record(state={"recipe": {}}, passed=True))
    modelling.promote_version(workspace, MISSING, "1", "ann")
    part, (note,) = forecast(workspace, history)
    assert part is not None
    assert part.is_baseline
    assert note.startswith("missing-person demand is by its baseline, the shrunken climatology: ")
    assert "the missing-person model was " in note
    assert "made by other code than is running" in note


@pytest.mark.usefixtures("mlruns")
def test_an_issue_notes_once_that_the_last_weeks_were_wilder_than_the_training(
    tmp_path: Path,
) -> None:
    workspace, _ = made(tmp_path, "theft")
    history = small_history()
    view = AsOf(history, history.observed_until)
    seen = panel(view, 7)
    came = counts_of_areas(seen)[-28:]
    told = ToldDays(day_numbers(seen.days[-28:]), came + 2 * np.sqrt(came), came)
    recipe = Recipe(members=(BASELINE,))
    levels = tuple(dict.fromkeys(seen.keys["level"]))
    weights = Weights((BASELINE,), levels, (0,), np.ones((1, len(levels), 1)))
    engine = Engine(recipe).fit(view, weights, Shocks.none(), told=told)
    registry = workspace.registry(DEMAND)
    version = registry.log(Record(state=engine.state(), passed=True))
    registry.promote(version, "A. Planner", NOW.to_pydatetime())
    part, notes = subject_part(workspace, DEMAND, history, view, 7)
    assert part is not None
    (note,) = (one for one in notes if "last weeks" in one)
    assert note.startswith("the last weeks were wilder than the year before: ranges are ")
    assert part.forecast.notes == (note,)
    assert part.forecast.shocks.sd.any()
