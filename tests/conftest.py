"""What every test may count on: a repeatable run that touches nothing outside its own folder."""

import gc
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from features.catalogue import features_by_name
from features.panel import Covariates, Panel
from features.pool_decision import decisions, table
from forewatch.history import History
from sources.synthetic import DemoForce, demo_force, demo_history

ROOT = Path(__file__).parents[1]

# Set before any test module imports the libraries that read them.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MPLBACKEND"] = "Agg"  # no window on a machine that has a display
os.environ.pop("MLFLOW_TRACKING_URI", None)  # a developer's server never sees a test's runs

# The same examples on each run, and no verdict that depends on how busy the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every later collection of garbage."""
    gc.collect()
    gc.freeze()


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
    """The town's history, as an import of its extract would leave it: its pools are decided."""
    found = demo_history(town)
    return replace(found, pools=table(decisions(found)))


@pytest.fixture(scope="session")
def panel_of() -> Callable[..., Panel]:
    """Make a panel of a force with given calls, shape (days + horizon, places, call types)."""

    def made(calls: NDArray[np.float64], horizon: int, first: str = "2024-01-01") -> Panel:
        every_day = pd.date_range(first, periods=len(calls), unit="us")
        n, places, types = calls.shape
        keys = [("force", "force", "all")]
        keys += [("district", f"d{i}", "all") for i in range(places)]
        keys += [("call_type", "force", f"t{j}") for j in range(types)]
        keys += [("cell", f"d{i}", f"t{j}") for i in range(places) for j in range(types)]
        by_place, by_type = calls.sum(2), calls.sum(1)
        whole = calls.sum((1, 2))[:, None]
        counts = np.concatenate([whole, by_place, by_type, calls.reshape(n, -1)], axis=1)
        frame = pd.DataFrame(keys, columns=["level", "area", "call_type"], dtype="str")
        areas = ("force", *(f"d{i}" for i in range(places)))
        turn = 2 * np.pi * every_day.day_of_year.to_numpy() / 365.25
        columns = {
            "weekday": every_day.day_of_week.to_numpy().astype(float),
            "bank_holiday": ((every_day.month == 12) & (every_day.day >= 25)).astype(float),
            **{f"season_sin_{k}": np.sin(k * turn) for k in (1, 2, 3)},
            **{f"season_cos_{k}": np.cos(k * turn) for k in (1, 2, 3)},
            "day_of_year": every_day.day_of_year.to_numpy().astype(float),
        }
        values = np.repeat(np.stack(list(columns.values()), 1)[:, None], len(areas), axis=1)
        return Panel(
            days=every_day[: n - horizon],
            horizon=every_day[n - horizon :],
            keys=frame,
            counts=counts[: n - horizon],
            covariates=Covariates(features_by_name(*columns), areas, values),
            area_of=np.array([areas.index(area) for area in frame["area"]], dtype=np.int64),
            hours=np.full(n, 24.0),
            places=areas[1:],
            call_types=tuple(f"t{j}" for j in range(types)),
        )

    return made


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, to be copied: making them takes MLflow seconds."""
    from models.registry import Registry  # noqa: PLC0415 - most tests need no MLflow
    from models.store import Store  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("mlflow")
    Registry(Store.at(str(folder)), "template", "demand")
    return folder / "mlflow.db"


@pytest.fixture
def mlruns(tmp_path: Path, migrated_store: Path) -> Path:
    """A store of MLflow's of the test's own, in its folder, with tables and nothing in them."""
    folder = tmp_path / "mlruns"
    folder.mkdir()
    shutil.copy(migrated_store, folder / "mlflow.db")
    return folder
