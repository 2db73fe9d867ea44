"""Hours that drift, on a town whose mornings grow since a year, and on one that stands still."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.history import History
from forewatch.profile import Profile
from forewatch.tables import check
from models.hour_drift import current_hours
from models.hours import HourTrees
from models.member_settings import ShareSettings
from models.profiles import hour_profile

DAYS = 728
MORNING = (7, 8, 9)
PLAIN = 1 + 0.5 * np.sin(2 * np.pi * (np.arange(24) - 9) / 24)


def town(growth: float) -> History:
    """A town of one place with 500 calls a day, whose mornings grow within the last year."""
    profile = Profile.model_validate(
        {
            "force": {"id": "town", "name": "Town", "zone": "Etc/UTC", "day_starts_at": "00:00:00"},
            "areas": [
                {"id": "town", "name": "Town"},
                {"id": "old", "name": "Old", "parent": "town"},
            ],
            "call_types": [{"id": "theft", "name": "Theft"}, {"id": "noise", "name": "Noise"}],
            "grades": ["routine"],
        }
    )
    rate = 250 * truth(np.arange(-DAYS, 0.0)[:, None], growth)
    start = pd.date_range("2023-01-01", periods=DAYS * 24, freq="h", tz="UTC", unit="us")
    rng = np.random.default_rng(5)
    counts = pd.concat(
        pd.DataFrame({"start": start, "call_type": kind, "count": rng.poisson(rate.ravel())})
        for kind in profile.call_type_ids
    )
    counts = counts[counts["count"] > 0].assign(area="old", grade="routine")
    counts["known_at"] = counts["start"] + pd.Timedelta(hours=1)
    for column, ids in (("area", ["old"]), ("call_type", ["theft", "noise"])):
        counts[column] = pd.Categorical(counts[column], categories=ids)
    counts["grade"] = pd.Categorical(counts["grade"], categories=["routine"])
    end = start[-1] + pd.Timedelta(hours=1)
    return History(
        profile, profile.tree(), "hour", start[0], end, check("counts", counts), version="1"
    )


def truth(days: Array, growth: float) -> Array:
    """Shares of hours so many days after the end, (days, 24)."""
    grown = growth * np.clip(1 + days / 364, 0, None)
    part = PLAIN * (1 + grown * np.isin(np.arange(24), MORNING))
    return np.asarray(part / part.sum(-1, keepdims=True))


def bias(history: History, growth: float) -> tuple[Array, Array]:
    """How far the profile and the current one are from the truth of the next day, (24,) each."""
    view = AsOf(history, history.observed_until)
    before = hour_profile(view, ShareSettings())
    after = current_hours(view, before, HourTrees())
    assert after.shape == before.shape
    assert after.sum(-1) == pytest.approx(1)
    assert (after > 0).all()
    true = truth(np.zeros((1, 1)), growth)[0]
    plain, now = (each[0, :, :5].mean((0, 1)) / true - 1 for each in (before, after))
    return plain, now


def test_a_morning_that_has_grown_is_followed() -> None:
    before, after = bias(town(0.3), 0.3)
    assert before[list(MORNING)].mean() < -0.1
    assert after[list(MORNING)].mean() == pytest.approx(0, abs=0.04)
    others = np.delete(after, MORNING)
    assert np.abs(others).mean() < 0.02


def test_where_nothing_drifts_the_profile_stays() -> None:
    still = town(0.0)
    before, after = bias(still, 0.0)
    assert np.sqrt((after**2).mean()) < np.sqrt((before**2).mean()) + 0.002
    daily = AsOf(replace(still, step="day"), still.observed_until)
    hours = np.ones((1, 2, 14, 1))
    assert current_hours(daily, hours, HourTrees()) is hours
