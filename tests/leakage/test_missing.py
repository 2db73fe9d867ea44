"""Change the future: nothing that the missing-person model says from an earlier origin may move."""

from dataclasses import replace

import numpy as np
import pandas as pd

from features.asof import AsOf
from forewatch.history import History
from models.missing.settings import MissingRecipe
from models.missing.training import train
from models.recipe import RollingOrigins

RECIPE = MissingRecipe(origins=RollingOrigins(folds=4, every_days=28, horizon_days=35, fit_every=2))


def test_a_training_does_not_see_the_future(town_history: History) -> None:
    origin = town_history.observed_until - pd.Timedelta(days=60)
    counts = town_history.counts
    later = counts["known_at"] > origin
    changed = counts.assign(count=np.where(later, counts["count"] * 10, counts["count"]))
    tourism = town_history.tourism
    visitors = np.where(tourism["known_at"] > origin, 9e6, tourism["visitors"])
    other = replace(
        town_history,
        counts=changed.astype({"count": "int32"}),
        tourism=tourism.assign(visitors=visitors),
    )
    assert later.any()
    one, two = (train(h, origin, RECIPE) for h in (town_history, other))
    pd.testing.assert_frame_equal(one.scores, two.scores)
    first, second = (
        trained.model.forecast(AsOf(h, origin), 28)
        for trained, h in ((one, town_history), (two, other))
    )
    assert np.array_equal(first.rates.base, second.rates.base)
    assert np.array_equal(first.rates.baseline, second.rates.baseline)
    assert np.array_equal(first.shocks.sd, second.shocks.sd)
