"""A training of the small town that the tests of the engine share; quick members only."""

import pytest

from forewatch.history import History
from models.recipe import Recipe, RollingOrigins
from models.training import Training, train

QUICK = Recipe(
    members=("same_weekday_8", "same_weekday_26", "loglinear"),
    origins=RollingOrigins(folds=4, fit_every=2, horizon_days=35),
)


@pytest.fixture(scope="session")
def quick() -> Recipe:
    """A recipe without boosting and SARIMA, judged on four origins."""
    return QUICK


@pytest.fixture(scope="session")
def trained(town_history: History, quick: Recipe) -> Training:
    """The town trained until the end of its counts."""
    return train(town_history, town_history.observed_until, quick)
