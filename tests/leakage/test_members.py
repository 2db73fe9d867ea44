"""Change the future, and no member's forecast moves."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import panel
from forewatch.history import History
from models.base import Member
from models.boosting import Boosting
from models.member_settings import BoostingSettings, SarimaSettings
from models.members import MEMBERS
from models.sarima import Sarima

WEEKS_AHEAD = 10


def made(name: str) -> Member:
    if name == "sarima":
        return Sarima(SarimaSettings(most_series=1, iterations=5, order=(1, 0, 0)))
    if name == "boosting":
        return Boosting(BoostingSettings(rows=2000, rounds=5))
    return MEMBERS[name]()


@pytest.fixture(scope="module")
def other_future(town_history: History) -> tuple[History, pd.Timestamp]:
    """The town with five times the calls from an origin on, and that origin."""
    origin = town_history.observed_until - pd.Timedelta(weeks=WEEKS_AHEAD)
    counts = town_history.counts.copy()
    later = (counts["known_at"] > origin).to_numpy()
    counts["count"] = np.where(later, counts["count"] * 5, counts["count"]).astype("int32")
    assert later.any()
    return dataclasses.replace(town_history, counts=counts), origin


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_another_future_moves_nothing(
    name: str, town_history: History, other_future: tuple[History, pd.Timestamp]
) -> None:
    changed, origin = other_future
    before, after = (
        panel(AsOf(history, origin), 7 * WEEKS_AHEAD) for history in (town_history, changed)
    )
    first, second = (made(name).fit(seen).predict(seen) for seen in (before, after))
    np.testing.assert_array_equal(first, second)
    # the test itself can fail: from the end of the counts the two futures differ
    late = [panel(AsOf(history, history.observed_until), 7) for history in (town_history, changed)]
    fitted = made(name).fit(before)
    moved = [fitted.predict(seen) for seen in late]
    assert not np.array_equal(moved[0], moved[1], equal_nan=True)
