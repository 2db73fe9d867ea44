import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.clock import Clock
from forewatch.history import History
from models.member_settings import ShareSettings
from models.profiles import HOLIDAY, public_holidays, shares, split

CLOCK = Clock("Europe/London", pd.Timestamp("07:00").time())


def hours(first: str, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Day and slot of the hours of force-days."""
    day = pd.Timestamp(first)
    edges = CLOCK.hour_edges(day, days)
    return CLOCK.hour_days(day, days), CLOCK.local_hour(edges[:-1])


def uneven() -> np.ndarray:
    """Shares that rise over the clock, the same for all kinds of day: (1, 1, 8, 24)."""
    rising = np.arange(1.0, 25.0)
    return np.tile(rising / rising.sum(), (1, 1, 8, 1))


@pytest.mark.parametrize(
    ("first", "intervals"), [("2026-03-28", 23), ("2026-10-24", 25), ("2026-06-01", 24)]
)
def test_the_hours_of_a_day_add_up_to_it_whatever_the_clock_does(
    first: str, intervals: int
) -> None:
    day, slot = hours(first, 1)
    assert len(day) == intervals
    found = split(np.full((1, 1, 1), 50.0), uneven(), np.array([5]), day, slot)
    assert found.sum() == pytest.approx(50)


def test_octobers_repeated_hour_gets_its_share_twice() -> None:
    day, slot = hours("2026-10-24", 1)
    found = split(np.full((1, 1, 1), 50.0), uneven(), np.array([5]), day, slot)[0, 0]
    twice = found[slot == 1]
    assert len(twice) == 2
    assert twice[0] == twice[1]
    assert twice[0] / found[slot == 2][0] == pytest.approx(2 / 3)


def test_shares_of_the_town_are_shares(town_history: History) -> None:
    found = shares(AsOf(town_history, town_history.observed_until), ShareSettings())
    assert found.hours.sum(-1) == pytest.approx(1)
    assert found.grades.sum(-1) == pytest.approx(1)
    assert (found.hours > 0).all()
    assert found.baseline.shape == (3, 4, 7, 24)


def test_hours_of_the_town_are_nearer_to_the_past_than_flat_ones(town_history: History) -> None:
    view = AsOf(town_history, town_history.observed_until)
    found = shares(view, ShareSettings()).hours.mean((0, 1))[:HOLIDAY].mean(0)
    counts = view.counts()
    hour = view.clock.local_hour(pd.DatetimeIndex(counts["start"]))
    past = np.bincount(hour, counts["count"], 24)
    past = past / past.sum()
    assert np.abs(found - past).sum() < 0.25 * np.abs(past - 1 / 24).sum()


def test_public_holidays_are_known_by_their_date(town_history: History) -> None:
    view = AsOf(town_history, town_history.observed_until)
    days = pd.DatetimeIndex(["2026-12-25", "2026-12-24", "2026-12-28"])
    assert public_holidays(view, days).tolist() == [True, False, True]
