"""A store follows its folder: moved, copied, or left where it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from forewatch.errors import RegistryError
from models.artefacts import read_version
from models.registry import Registry
from models.relocation import relocate
from models.store import Store
from tests.models.test_registry import NOW, record


def test_a_store_that_was_moved_is_read_and_written_where_it_is(
    registry: Registry, mlruns: Path, tmp_path: Path
) -> None:
    first = registry.log(record())
    moved = mlruns.rename(tmp_path / "moved here, 100%")
    found = Registry(Store.at(str(moved)), "town", "demand")
    np.testing.assert_array_equal(
        read_version(found, found.version(first.version))["weights"], record().state["weights"]
    )
    second = found.log(record(files={"report.md": "x"}))
    assert read_version(found, second)["recipe"] == {"seed": 1}
    assert not mlruns.exists()


def test_a_copy_of_a_store_never_touches_its_original(
    registry: Registry, mlruns: Path, tmp_path: Path
) -> None:
    version = registry.log(record())
    copy = shutil.copytree(mlruns, tmp_path / "copy")
    before = {path: path.read_bytes() for path in mlruns.rglob("*") if path.is_file()}
    found = Registry(Store.at(str(copy)), "town", "demand")
    shutil.rmtree(copy / "artifacts" / version.run_id)
    with pytest.raises(RegistryError, match="the files of version 1 can't be had"):
        read_version(found, found.version(version.version))
    found.log(record())
    found.promote(found.version("2"), by="me", at=NOW)
    assert {path: path.read_bytes() for path in mlruns.rglob("*") if path.is_file()} == before
    assert registry.champion() is None


def test_a_store_that_stayed_is_not_changed(registry: Registry, mlruns: Path) -> None:
    registry.log(record())
    assert not relocate(mlruns / "mlflow.db", (mlruns / "artifacts").as_uri())
    assert relocate(mlruns / "mlflow.db", "file:///elsewhere/artifacts")
