"""Trees that bend hours, on one town of known shapes: by day until April, by night from May."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.clock import Clock
from forewatch.errors import DataError, StaleModel
from forewatch.history import History
from forewatch.profile import Profile
from forewatch.tables import check
from models.hour_rows import NAMES, SEASON, HourKinds, Timeline
from models.hours import HourTrees
from models.member_settings import HourSettings, ShareSettings
from models.profiles import hour_profile, kinds_of_day, split

Shape = Callable[[pd.DatetimeIndex], Array]
DAYS = pd.date_range("2023-01-02", periods=728, freq="D", unit="us")
CLOCK = Clock("Europe/London", pd.Timestamp("07:00").time())
HOUR = np.arange(24)
NOON = 1 + np.exp(-0.5 * ((HOUR - 13) / 3) ** 2) * 3  # by local hour
NIGHT = 1 + np.exp(-0.5 * ((HOUR - 22) / 3) ** 2) * 3
SETTINGS = HourSettings(rounds=60)


def always(days: pd.DatetimeIndex) -> Array:
    """Noon on all days, (days, 24)."""
    return np.tile(NOON, (len(days), 1))


def by_season(days: pd.DatetimeIndex) -> Array:
    """Noon in winter, night in summer."""
    return np.where((days.month >= 5)[:, None] & (days.month <= 10)[:, None], NIGHT, NOON)


def timeline_of(days: pd.DatetimeIndex) -> Timeline:
    """The hours of force-days."""
    edges = CLOCK.hour_edges(days[0], len(days))
    day = CLOCK.hour_days(days[0], len(days))
    return Timeline(days, day, CLOCK.local_hour(edges[:-1]), edges)


def town_of(shape: Shape, calls_a_day: float = 150) -> History:
    """A town of one place whose hours follow a shape, with Poisson counts."""
    profile = Profile.model_validate(
        {
            "force": {"id": "town", "name": "Town", "zone": CLOCK.zone, "holiday_country": "GB"},
            "areas": [
                {"id": "town", "name": "Town"},
                {"id": "old", "name": "Old", "parent": "town", "kind": "urban"},
            ],
            "call_types": [{"id": "theft", "name": "Theft"}, {"id": "noise", "name": "Noise"}],
            "grades": ["routine"],
        }
    )
    edges = CLOCK.hour_edges(DAYS[0], len(DAYS))
    rate = true_shares(shape, timeline_of(DAYS)) * calls_a_day / 2
    rng = np.random.default_rng(5)
    frames = [
        pd.DataFrame({"start": edges[:-1], "known_at": edges[1:], "count": rng.poisson(rate)})
        for _ in profile.call_types
    ]
    counts = pd.concat(frames, keys=profile.call_type_ids, names=["call_type"]).reset_index(0)
    counts = counts[counts["count"] > 0].assign(area="old", grade="routine")
    for column, known in (("area", ("old",)), ("call_type", profile.call_type_ids)):
        counts[column] = pd.Categorical(counts[column], categories=list(known))
    counts["grade"] = pd.Categorical(counts["grade"], categories=["routine"])
    return History(
        profile, profile.tree(), "hour", edges[0], edges[-1], check("counts", counts), version="1"
    )


def true_shares(shape: Shape, timeline: Timeline) -> Array:
    """The shares of the hours of each day, (intervals,)."""
    part = shape(timeline.days)[timeline.day, timeline.slot]
    return part / np.bincount(timeline.day, part)[timeline.day]


def divergence(view: AsOf, trees: HourTrees, shape: Shape) -> float:
    """Return how far the shares of the coming year lie from the truth, nats a call."""
    first = view.clock.first_day_from(view.origin)
    timeline = timeline_of(pd.date_range(first, periods=364, unit="us"))
    hours = hour_profile(view, ShareSettings())
    kind = kinds_of_day(view, timeline.days)
    bend = trees.bend(view, timeline)
    one = np.ones((len(timeline.days), 1, 2))
    ours = split(one, hours, kind, timeline.day, timeline.slot, bend)
    true = true_shares(shape, timeline)
    return float((true * np.log(true / ours)).sum() / ours.sum())


def at_the_end(history: History) -> AsOf:
    return AsOf(history, history.observed_until)


def learned(view: AsOf, settings: HourSettings = SETTINGS) -> HourTrees:
    return HourTrees(settings, seed=3).fit(view, hour_profile(view, ShareSettings()))


@pytest.fixture(scope="module")
def seasonal() -> AsOf:
    return at_the_end(town_of(by_season))


@pytest.fixture(scope="module")
def trees(seasonal: AsOf) -> HourTrees:
    return learned(seasonal)


def test_hours_that_move_with_the_season_are_found(seasonal: AsOf, trees: HourTrees) -> None:
    plain = divergence(seasonal, HourTrees(), by_season)
    assert plain > 0.05
    assert divergence(seasonal, trees, by_season) < 0.1 * plain


def test_where_days_are_alike_next_to_nothing_is_bent() -> None:
    view = at_the_end(town_of(always))
    plain = divergence(view, HourTrees(), always)
    assert divergence(view, learned(view), always) < plain + 2e-4


def test_without_a_year_of_counts_the_season_is_not_used(seasonal: AsOf) -> None:
    early = seasonal.at(pd.Timestamp("2023-11-01T07:00", tz="UTC"))
    found = learned(early)
    assert found.booster_ is not None
    used = dict(zip(NAMES, found.booster_.feature_importance(), strict=True))
    assert sum(used.values()) > 0
    assert [used[name] for name in SEASON] == [0] * len(SEASON)


def test_the_same_seed_learns_the_same_and_a_state_brings_it_back(
    seasonal: AsOf, trees: HourTrees
) -> None:
    ahead = timeline_of(pd.date_range("2025-01-01", periods=40, unit="us"))
    wanted = trees.bend(seasonal, ahead)
    assert wanted.shape == (1, 2, 40 * 24)
    assert np.array_equal(learned(seasonal).bend(seasonal, ahead), wanted)
    again = HourTrees.from_state(trees.state())
    assert again.bend(seasonal, ahead) == pytest.approx(wanted, rel=1e-12)


def test_a_bent_day_of_23_or_25_hours_keeps_its_calls(seasonal: AsOf, trees: HourTrees) -> None:
    hours = hour_profile(seasonal, ShareSettings())
    for first, intervals in (("2025-03-29", 23), ("2025-10-25", 25)):
        ahead = timeline_of(pd.DatetimeIndex([first]).as_unit("us"))
        bend = trees.bend(seasonal, ahead)
        kind = kinds_of_day(seasonal, ahead.days)
        found = split(np.full((1, 1, 2), 50.0), hours, kind, ahead.day, ahead.slot, bend)
        assert found.shape == (1, 2, intervals)
        assert found.sum(-1) == pytest.approx(50)


def test_daily_counts_and_no_rounds_bend_nothing(seasonal: AsOf) -> None:
    hours = hour_profile(seasonal, ShareSettings())
    ahead = timeline_of(pd.date_range("2025-01-01", periods=2, unit="us"))
    daily = replace(town_of(always), step="day")
    for found in (
        HourTrees(SETTINGS).fit(at_the_end(daily), hours),
        HourTrees(HourSettings(rounds=0)).fit(seasonal, hours),
    ):
        assert found.bend(seasonal, ahead).tolist() == [[[1.0]]]
        again = HourTrees.from_state(found.state())
        assert again.bend(seasonal, ahead).tolist() == [[[1.0]]]


def test_trees_of_other_features_are_stale(trees: HourTrees) -> None:
    state = trees.state()
    state["hour_booster"] = state["hour_booster"].replace("season_sin", "phase_of_moon")
    with pytest.raises(StaleModel, match="names them otherwise; run 'forewatch train'"):
        HourTrees.from_state(state)


def test_other_call_types_are_refused(trees: HourTrees, town_history: History) -> None:
    view = AsOf(town_history, town_history.observed_until)
    ahead = timeline_of(pd.date_range("2026-11-24", periods=2, unit="us"))
    with pytest.raises(DataError, match=r"2 call types, theft, noise; the profile has .*train"):
        trees.bend(view, ahead)


def test_kinds_of_hours_add_up_to_all_and_look_like_their_hours(town_history: History) -> None:
    view = AsOf(town_history, town_history.observed_until)
    days = pd.date_range("2025-12-20", periods=30, unit="us")
    ahead = timeline_of(days)
    kinds = HourKinds.of(view, ahead)
    calls = np.random.default_rng(1).poisson(2.0, (3, 4, len(ahead.day))).astype(float)
    found = kinds.sums(calls)
    assert found.shape == (4, len(kinds.columns))
    assert found.sum(1) == pytest.approx(calls.sum((0, 2)))
    assert len(kinds.rows(4)) == found.size
    seen = kinds.columns[kinds.kind[1]]
    column = {name: seen[:, i] for i, name in enumerate(NAMES[:-1])}
    assert np.array_equal(column["hour"], (ahead.slot - 7) % 24)
    assert np.array_equal(column["weekday"], days.day_of_week.to_numpy()[ahead.day])
    eve = np.asarray(days == pd.Timestamp("2025-12-31"))
    assert np.array_equal(column["new_years_eve"], eve[ahead.day])
    night = int(np.flatnonzero(eve[ahead.day])[18])  # 01:00 on 1 January
    assert kinds.kind[1, night] not in set(np.delete(kinds.kind[1], night).tolist())
