"""An issue never keeps silent about missing-person demand that it doesn't hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.history import History, empty
from models.registry import Record
from planning.missing import MODEL
from serving import missing_issuing, modelling
from serving.missing_issuing import Made
from serving.workspace import Workspace

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


def made(folder: Path, call_type: str) -> tuple[Workspace, AsOf]:
    """A workspace of a force that has one kind of call, and a year without any."""
    (folder / "forewatch.toml").write_text(PROFILE.format(call_type), encoding="utf-8")
    workspace = Workspace(folder)
    profile = workspace.profile
    since = NOW - pd.Timedelta(days=364)
    history = History(profile, profile.tree(), "hour", since, NOW, empty("counts"))
    return workspace, AsOf(history, NOW)


def test_a_force_without_such_calls_has_no_demand_and_no_note(tmp_path: Path) -> None:
    workspace, view = made(tmp_path, "theft")
    assert missing_issuing.forecast(workspace, view, 28) == Made()
    assert not (tmp_path / "mlruns").exists()  # not even a register is opened


@pytest.mark.usefixtures("mlruns")
def test_without_a_champion_the_baseline_is_published_and_the_note_says_what_to_do(
    tmp_path: Path,
) -> None:
    workspace, view = made(tmp_path, "missing_person")
    found = missing_issuing.forecast(workspace, view, 28)
    assert found.forecast is not None
    assert found.models == {MODEL: "climatology"}
    assert found.forecast.model_version == "climatology"
    assert np.isfinite(found.forecast.forecast.rates.base).all()
    (note,) = found.notes
    by_baseline = "missing-person demand is by its baseline, the shrunken climatology: "
    assert note == (
        f"{by_baseline}no version of its model was trained; run 'forewatch train --model missing'"
    )
    registry = workspace.registry("missing")
    registry.log(Record(state={}, passed=False, reasons=("worse at days", "and at weeks")))
    (note,) = missing_issuing.forecast(workspace, view, 28).notes
    assert note == (
        f"{by_baseline}the gate refused version 1 of its model (worse at days and 1 more reasons); "
        "train again when more is known, or overrule the gate: 'forewatch models promote 1 --model "
        "missing --force --reason WHY'"
    )
    registry.log(Record(state={}, passed=True))
    (note,) = missing_issuing.forecast(workspace, view, 28).notes
    assert note == (
        f"{by_baseline}version 2 of its model passed the gate and was not promoted; run 'forewatch "
        "models promote 2 --model missing'"
    )


@pytest.mark.usefixtures("mlruns")
def test_the_baseline_is_the_climatology_that_a_trained_model_names_as_such(
    tmp_path: Path,
) -> None:
    workspace, view = made(tmp_path, "missing_person")
    found = missing_issuing.forecast(workspace, view, 28)
    assert found.forecast is not None
    rates = found.forecast.forecast.rates
    np.testing.assert_allclose(rates.base, rates.baseline)


@pytest.mark.usefixtures("mlruns")
def test_where_too_little_is_known_for_the_baseline_the_note_says_so(tmp_path: Path) -> None:
    workspace, _ = made(tmp_path, "missing_person")
    profile, since = workspace.profile, NOW - pd.Timedelta(days=50)
    short = History(profile, profile.tree(), "hour", since, NOW, empty("counts"))
    found = missing_issuing.forecast(workspace, AsOf(short, NOW), 28)
    assert found.forecast is None
    (note,) = found.notes
    assert note.startswith("missing-person demand is not forecast: training needs 112 days")


@pytest.mark.usefixtures("mlruns")
def test_a_model_of_other_code_is_not_used_and_the_note_says_so(tmp_path: Path) -> None:
    workspace, view = made(tmp_path, "missing_person")
    workspace.registry("missing").log(Record(state={"recipe": {}}, passed=True))
    modelling.promote(workspace, "1", "ann", model="missing")
    found = missing_issuing.forecast(workspace, view, 28)
    assert found.models == {MODEL: "climatology"}
    (note,) = found.notes
    assert note.startswith("missing-person demand is by its baseline, the shrunken climatology: ")
    assert "the missing-person model was " in note
    assert "made by other code than is running" in note
