"""What tests of models share: a training of the small town, quick members only, and a register."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from forewatch.history import History
from models.demand.training import DemandTraining, train
from models.member_settings import HourSettings
from models.recipe import Recipe, RollingOrigins

if TYPE_CHECKING:  # it costs seconds of import, which few tests need
    from models.registry import Registry

QUICK = Recipe(
    members=("same_weekday_8", "same_weekday_26", "loglinear"),
    origins=RollingOrigins(folds=4, fit_every=2, horizon_days=35),
    hours=HourSettings(rounds=20),
)


@pytest.fixture(scope="session")
def quick() -> Recipe:
    """A recipe without boosting and SARIMA and with few trees, judged on four origins."""
    return QUICK


@pytest.fixture(scope="session")
def trained(town_history: History, quick: Recipe) -> DemandTraining:
    """The town trained until the end of its counts."""
    return train(town_history, town_history.observed_until, quick)


@pytest.fixture
def registry(mlruns: Path) -> Registry:
    """An empty register on a real store in a folder."""
    from models.registry import Registry  # noqa: PLC0415
    from models.store import Store  # noqa: PLC0415

    return Registry(Store.at(str(mlruns)), "town", "demand")
