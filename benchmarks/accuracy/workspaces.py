"""Builds the workspace of a set with the product's own importers.

An import of the same file changes nothing, so a workspace that is kept is simply imported again.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.accuracy.running import ROOT
from benchmarks.unpooled import UNPOOLED
from serving import importing
from serving.workspace import Workspace
from sources import synthetic

DEMO_UNTIL = date(2026, 11, 23)
DEMO_YEARS = 3.0
DEMO_TABLES = {
    "tourism": "tourism.csv",
    "events": "events.csv",
    "holidays": "school_holidays.csv",
    "unobserved": "unobserved.csv",
}


def build(name: str, data: Path, workspace: Path, training: str) -> None:
    """Make the workspace of a set.

    Args:
        name: of the set.
        data: folder of its data.
        workspace: folder of the workspace.
        training: TOML that is added to the settings, a [training] table; "" for the defaults.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    makers = {"wales": _wales, "swast": _swast, "laguna": _laguna, "toronto": _toronto}
    makers.get(name, _demo)(data, workspace)
    with (workspace / "forewatch.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"\n{training}\n")


def _start(example: str, workspace: Path) -> Path:
    """Copy the settings of an example and return its folder."""
    folder = ROOT / "examples" / example
    _settings(folder / "forewatch.toml", workspace)
    return folder


def _settings(file: Path, workspace: Path) -> None:
    """Copy settings, with pools switched off: published figures and true rates have none."""
    text = file.read_text(encoding="utf-8") + UNPOOLED
    (workspace / "forewatch.toml").write_text(text, encoding="utf-8")


def _wales(data: Path, workspace: Path) -> None:
    example = _start("wales-ambulance", workspace)
    _table(workspace, "areas", example / "areas.csv", None)
    _table(workspace, "counts", data / "counts.csv.gz", example / "counts.toml")
    _table(workspace, "holidays", data / "holidays.csv", example / "holidays.toml")


def _swast(data: Path, workspace: Path) -> None:
    example = _start("swast-ambulance", workspace)
    _table(workspace, "counts", data / "counts.csv", example / "counts.toml")


def _laguna(data: Path, workspace: Path) -> None:
    example = _start("laguna-beach", workspace)
    windows = data / "missing_24h_windows.csv"
    _table(workspace, "unobserved", windows, example / "unobserved.toml")
    _calls(workspace, data / "calls.csv.gz", example / "mapping.toml", None)


def _toronto(data: Path, workspace: Path) -> None:
    """Import the areas, then the events with their row number as the reference they lack."""
    example = _start("toronto-mci", workspace)
    events = pd.read_csv(data / "events.csv.gz")
    places = events.groupby("area")[["lat", "lon"]].median().round(4).reset_index()
    places["id"] = [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") for name in places["area"]]
    places = places.rename(columns={"area": "name"}).assign(parent="toronto")
    city = {"id": "toronto", "name": "Toronto", "parent": ""}
    areas = pd.concat([pd.DataFrame([city]), places])[["id", "name", "parent", "lat", "lon"]]
    areas.to_csv(workspace / "areas.csv", index=False)
    events["call_id"] = [f"row-{row}" for row in range(len(events))]
    events.to_csv(workspace / "events.csv", index=False)
    _table(workspace, "areas", workspace / "areas.csv", None)
    _calls(workspace, workspace / "events.csv", example / "mapping.toml", None)


def demo_force() -> synthetic.DemoForce:
    """Return the demo force of the benchmark, with its truth."""
    return synthetic.demo_force(years=DEMO_YEARS, until=DEMO_UNTIL, ahead_days=0)


def _demo(_data: Path, workspace: Path) -> None:
    """Write the files of the demo force and import them."""
    extract = workspace / "extract"
    extract.mkdir(exist_ok=True)
    synthetic.write(demo_force(), extract)
    _settings(extract / "forewatch.toml", workspace)
    for table, file in DEMO_TABLES.items():
        _table(workspace, table, extract / file, None)
    _calls(workspace, extract / "calls.csv", extract / "mapping.toml", DEMO_UNTIL.isoformat())


def _table(workspace: Path, table: str, file: Path, mapping: Path | None) -> None:
    importing.import_table_file(Workspace(workspace), table, file, mapping)


def _calls(workspace: Path, file: Path, mapping: Path, extracted_at: str | None) -> None:
    importing.import_call_log(Workspace(workspace), file, mapping, extracted_at, _silent)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""
