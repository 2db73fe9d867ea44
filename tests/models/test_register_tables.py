"""The register read from MLflow's own tables, without MLflow."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient

from forewatch.errors import RegistryError
from models.artefacts import read_version
from models.register_tables import open_register, verify
from models.registry import Registry
from models.store import Store
from tests.models.test_registry import NOW, record, tables


def test_both_roads_to_the_register_read_the_same(registry: Registry) -> None:
    assert tables(registry).versions() == registry.versions() == ()
    more: dict[str, Any] = {
        "params": {"a.b": "1"},
        "scores": {"crps/force/1-7": 2.5, "a": float("nan")},
    }
    registry.promote(registry.log(record(**more, notes=("one", "two"))), "ann", NOW, "why")
    registry.log(record(passed=False))
    registry.retire(registry.log(record()), "ann", NOW, "wrong extract")
    registry.log(record())
    MlflowClient(registry.store.uri).delete_model_version(registry.model, "2")
    found = tables(registry)
    assert found.versions() == registry.versions()
    assert [one.version for one in found.versions()] == ["1", "3", "4"]
    assert found.decisions() == registry.decisions()
    assert not found.is_unfinished
    for one in found.versions():
        assert found.params(one) == registry.params(one)
        np.testing.assert_equal(found.scores(one), registry.scores(one))
    np.testing.assert_equal(
        read_version(found, found.version("1")), read_version(registry, found.version("1"))
    )
    with pytest.raises(RegistryError, match="version 3 is retired"):
        read_version(found, found.version("3"))
    shutil.rmtree(Path(registry.store.folder or "") / "artifacts")
    with pytest.raises(RegistryError, match="the files of version 1 can't be had"):
        read_version(found, found.version("1"))


def test_tables_of_another_revision_are_left_to_mlflow(registry: Registry, mlruns: Path) -> None:
    with closing(sqlite3.connect(mlruns / "mlflow.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'later'")
    assert open_register(registry.store, "town", "demand") is None
    assert open_register(Store.at("http://tracking:5000"), "town", "demand") is None


def test_damaged_tables_are_named(registry: Registry, mlruns: Path) -> None:
    verify(registry.store)
    path = mlruns / "mlflow.db"
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 :] = bytes(len(whole) - len(whole) // 2)
    path.write_bytes(whole)
    with pytest.raises(RegistryError, match=r"mlflow.db is damaged .* restore it from a backup"):
        verify(registry.store)
    path.write_bytes(b"no database at all" * 99)
    with pytest.raises(RegistryError, match=r"mlflow.db is damaged \(file is not a database\)"):
        verify(registry.store)
