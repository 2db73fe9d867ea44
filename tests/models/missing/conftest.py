"""The town's missing-person model, trained once for the tests of its parts."""

import pytest

from forewatch.history import History
from models.missing.settings import MissingRecipe
from models.missing.training import MissingTraining, train
from models.recipe import RollingOrigins

QUICK = MissingRecipe(origins=RollingOrigins(folds=4, every_days=28, horizon_days=42, fit_every=2))


@pytest.fixture(scope="session")
def missing_recipe() -> MissingRecipe:
    """A recipe that is judged on four origins."""
    return QUICK


@pytest.fixture(scope="session")
def missing_trained(town_history: History, missing_recipe: MissingRecipe) -> MissingTraining:
    """The town's model, trained until the end of its counts."""
    return train(town_history, town_history.observed_until, missing_recipe)
