"""What every test may count on: a repeatable run that touches nothing outside its own folder."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from forewatch.history import History
from sources.synthetic import DemoForce, demo_force, history

ROOT = Path(__file__).parents[1]

# Set before any test module imports the libraries that read them.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MPLBACKEND"] = "Agg"  # no window on a machine that has a display
os.environ.pop("MLFLOW_TRACKING_URI", None)  # a developer's server never sees a test's runs

# The same examples on each run, and no verdict that depends on how busy the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real series beside the checkout; the test skips where there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real series in ../shared/data, which are not part of the project")
    return folder


@pytest.fixture(scope="session")
def town() -> DemoForce:
    """A small synthetic force with its known truth: 3 districts, 9 beats, 4 call types, 60 weeks.

    2,000 public calls a week, from Monday 2025-09-29 07:00 to Monday 2026-11-23 07:00.
    """
    return demo_force(
        seed=1, weeks=60, districts=3, beats_per_district=3, call_types=4, calls_per_week=2000
    )


@pytest.fixture(scope="session")
def town_history(town: DemoForce) -> History:
    """The town's history, as an import of its extract would leave it."""
    return history(town)


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, to be copied: making them takes MLflow seconds."""
    from models.registry import Registry, Store  # noqa: PLC0415 - most tests need no MLflow

    folder = tmp_path_factory.mktemp("mlflow")
    Registry(Store.at(str(folder)), "template")
    return folder / "mlflow.db"


@pytest.fixture
def mlruns(tmp_path: Path, migrated_store: Path) -> Path:
    """A store of MLflow's of the test's own, in its folder, with tables and nothing in them."""
    folder = tmp_path / "mlruns"
    folder.mkdir()
    shutil.copy(migrated_store, folder / "mlflow.db")
    return folder
