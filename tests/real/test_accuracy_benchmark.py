"""The accuracy benchmark's truth beside a scorer of its own, and its published figures."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy import workspaces
from benchmarks.accuracy.cases import deviation
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.accuracy.southwest import PUBLISHED
from benchmarks.accuracy.truth import truth
from serving.workspace import Workspace


@pytest.fixture(scope="module")
def anchors(real_data: Path) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    file = real_data.parent / "benchmarks" / "anchors.json"
    found: dict[str, dict[str, dict[str, dict[str, float]]]] = json.loads(file.read_text())
    return found


def test_the_truth_of_wales_is_that_of_pandas_alone(
    root: Path, real_data: Path, tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("alone", root / "benchmarks" / "score_wales.py")
    assert spec is not None
    assert spec.loader is not None
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    data = real_data / "wales-ambulance"
    wide: pd.DataFrame = alone.truth(data / "counts.csv.gz")
    workspaces.build("wales", data, tmp_path, "")
    table = wide.columns.to_frame(index=False)
    keys = list(zip(table["area"], table["call_type"], table["grade"], strict=True))
    found = truth(Workspace(tmp_path).history(), keys, "day")
    assert len(keys) == 1 + 3 + 7 + 691
    assert np.array_equal(found.counts, wide.to_numpy(float))
    mad = (wide - wide.mean()).abs().mean().to_numpy()
    assert deviation(found) == pytest.approx(mad)


def test_a_workspace_that_is_kept_is_imported_again_without_change(
    real_data: Path, tmp_path: Path
) -> None:
    versions = []
    for _ in range(2):
        workspaces.build("swast", real_data / "swast-ambulance", tmp_path, "")
        versions.append(Workspace(tmp_path).lake().version())
    assert versions[0] == versions[1]


def test_the_counties_are_those_of_the_file(real_data: Path, tmp_path: Path) -> None:
    data = real_data / "swast-ambulance"
    workspaces.build("swast", data, tmp_path, "")
    raw = pd.read_csv(data / "counts.csv", parse_dates=["Actual_dt"])
    wide = raw.pivot_table(index="Actual_dt", columns="ORA", values="Actual_Value", aggfunc="sum")
    names = ["BNSSG", "Cornwall", "Devon", "Dorset", "Gloucestershire", "Somerset", "Wiltshire"]
    series = [("trust", "all", "all"), *((name.lower(), "all", "all") for name in names)]
    found = truth(Workspace(tmp_path).history(), series, "day")
    assert np.array_equal(found.counts[:, 1:], wide[names].to_numpy(float))
    assert np.array_equal(found.counts[:, 0], wide[names].sum(axis=1).to_numpy(float))
    # the trust's own figure also holds the responses out of area, which are no county's
    apart = wide["Trust"].to_numpy(float) - found.counts[:, 0]
    assert apart.min() >= 0
    assert apart.mean() == pytest.approx(2.7, abs=0.05)


def test_the_published_figures_are_those_of_the_anchors(
    anchors: dict[str, dict[str, dict[str, dict[str, float]]]],
) -> None:
    ours = PROTOCOLS["wales"].published
    names = {"total": "country", "control": "control_area", "boards": "board", "bottom": "bottom"}
    for name, best in anchors["wales-ambulance"]["best_published"].items():
        assert ours["mae", names[name], "43-84"] == best["mae_over_mad"]
        assert ours["mse", names[name], "43-84"] == best["mse"]
    for county, best in anchors["swast-ambulance"]["best_published"].items():
        wanted = [best[f"rmse_{days}"] for days in (7, 28, 84)] + [best["coverage80_84"]]
        assert list(PUBLISHED[county.lower()]) == wanted
