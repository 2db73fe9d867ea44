"""A workspace's folder: its settings as they are now, and where its models are."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.workspace import SETTINGS, Workspace

TOML = """
grades = ["routine"]
[force]
id = "town"
name = "NAME"
zone = "UTC"
[[call_types]]
id = "other"
name = "Other"
[registry]
store = "STORE"
"""


def settled(root: Path, name: str = "Town", store: str = "mlruns") -> Workspace:
    (root / SETTINGS).write_text(TOML.replace("NAME", name).replace("STORE", store))
    return Workspace(root)


def test_the_profile_of_now_follows_the_file_and_the_other_one_stays(tmp_path: Path) -> None:
    workspace = settled(tmp_path)
    assert workspace.profile.force.name == "Town"
    settled(tmp_path, "City")
    assert (workspace.profile.force.name, workspace.profile_now().force.name) == ("Town", "City")


def test_models_are_here_where_the_folder_is_and_at_a_server_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    workspace = settled(tmp_path)
    assert workspace.keeps_models is False
    (tmp_path / "mlruns").mkdir()
    assert workspace.keeps_models is True
    assert settled(tmp_path, store="https://models.example").keeps_models is False
