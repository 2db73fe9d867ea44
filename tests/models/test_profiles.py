from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.clock import Clock
from forewatch.history import History
from models.member_settings import ShareSettings
from models.profiles import HOLIDAY, kinds_of_day, public_holidays, shares, split

CLOCK = Clock("Europe/London", pd.Timestamp("07:00").time())


def hours(first: str, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Day and slot of the hours of force-days."""
    day = pd.Timestamp(first)
    edges = CLOCK.hour_edges(day, days)
    return CLOCK.hour_days(day, days), CLOCK.local_hour(edges[:-1])


def uneven() -> np.ndarray:
    """Shares that rise over the clock, the same for all kinds of day: (1, 1, 14, 24)."""
    rising = np.arange(1.0, 25.0)
    return np.tile(rising / rising.sum(), (1, 1, 14, 1))


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
    friday, thursday, monday = HOLIDAY + 4, 3, HOLIDAY
    assert kinds_of_day(view, days).tolist() == [friday, thursday, monday]


@pytest.mark.parametrize("like", ["its weekday", "a Sunday"])
def test_a_public_holiday_lies_between_sunday_and_its_weekday_as_past_ones_did(
    town_history: History, like: str
) -> None:
    """Fridays have the night, other days the noon; holidays on a Friday look like one of them."""
    days = pd.date_range("2024-01-01", "2026-11-22", freq="D")
    view = AsOf(with_counts(town_history, days, like), pd.Timestamp("2026-11-23T07:00Z"))
    cell = town_history.counts.iloc[0]
    places = view.tree.cut(view.profile.levels.modelled)
    place = places.index(view.tree.ancestor_in(cell["area"], places))
    call_type = view.profile.call_type_ids.index(cell["call_type"])
    found = shares(view, ShareSettings()).hours[place, call_type]
    wanted = found[4] if like == "its weekday" else found[6]
    other = found[6] if like == "its weekday" else found[4]
    off, apart = np.abs(found[HOLIDAY + 4] - wanted).sum(), np.abs(wanted - other).sum()
    assert apart > 0.5
    assert off < 0.1 * apart


def with_counts(town: History, days: pd.DatetimeIndex, like: str) -> History:
    """The town with four calls an hour by noon, or on Fridays by night, from the first day on."""
    day, slot = hours(str(days[0].date()), len(days))
    edges = CLOCK.hour_edges(days[0], len(days))
    friday = days.day_of_week.to_numpy() == 4
    if like == "a Sunday":
        friday &= ~public_holidays(AsOf(town, town.observed_until), days)
    busy = np.where(friday[day], slot >= 19, (slot >= 10) & (slot < 15))
    starts = np.repeat(edges[:-1], np.where(busy, 4, 1))
    rows = town.counts.iloc[np.zeros(len(starts), int)].reset_index(drop=True)
    counts = rows.assign(start=starts, known_at=starts + pd.Timedelta(hours=1), count=1)
    return replace(
        town,
        counts=counts.astype({"count": "int32"}),
        observed_from=edges[0],
        observed_until=edges[-1],
        unobserved=town.unobserved.iloc[:0],
    )
