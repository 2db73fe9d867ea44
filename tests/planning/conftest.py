"""A small issue made by hand: two districts of two beats, two call types, known rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forewatch.clock import Clock
from forewatch.profile import Profile
from forewatch.rates import Forecast, Rates
from forewatch.shocks import Shocks
from planning.issues import Issue, Part

DAYS = 35


def profile(zone: str = "Europe/London") -> Profile:
    names = {"town": None, "north": "town", "south": "town"}
    names |= {f"{place}-{i}": place for place in ("north", "south") for i in (1, 2)}
    return Profile.model_validate(
        {
            "force": {"id": "town", "name": "Town", "zone": zone},
            "areas": [
                {"id": i, "name": i.title(), "parent": parent} for i, parent in names.items()
            ],
            "call_types": [{"id": "missing_person", "name": "M"}, {"id": "violence", "name": "V"}],
            "grades": ["immediate", "routine"],
            "shifts": [
                {"id": "early", "name": "Early", "start": "07:00", "end": "17:00"},
                {"id": "late", "name": "Late", "start": "14:00", "end": "00:00"},
                {"id": "night", "name": "Night", "start": "21:30", "end": "07:30"},
                {"id": "small", "name": "Small hours", "start": "02:00", "end": "04:00"},
            ],
        }
    )


def issue(first: str = "2026-10-12", days: int = DAYS) -> Issue:
    force = profile()
    clock = Clock.of(force)
    date = pd.Timestamp(first)
    edges = clock.hour_edges(date, days)
    day = np.searchsorted(clock.day_edges(date, days).asi8, edges[:-1].asi8, side="right") - 1
    slot = clock.local_hour(edges[:-1])
    base = np.stack([np.full((2, len(day)), 0.5), np.full((2, len(day)), 2.0)])
    base[:, 1] *= 1 + (slot >= 18)
    shares = np.array([[0.25, 0.5], [0.75, 0.5], [0.4, 0.1], [0.6, 0.9]])
    grades = np.zeros((2, 2, 24, 2)) + np.array([0.2, 0.8])
    rates = Rates(
        step="hour",
        edges=edges,
        force_days=pd.date_range(date, periods=days, freq="D"),
        day=day,
        slot=slot,
        places=("north", "south"),
        call_types=force.call_type_ids,
        grades=force.grade_ids,
        leaves=force.tree().leaves,
        base=base,
        baseline=base * 0.9,
        leaf_place=np.array([0, 0, 1, 1]),
        leaf_shares=shares,
        grade_shares=grades,
    )
    shocks = Shocks((0, 7), np.full((2, 4, 3), 0.05) * [0, 1, 1], np.array([[1.0], [1.1]]))
    origin = clock.day_start(date)
    forecast = Forecast(origin=origin, data_until=origin, rates=rates, shocks=shocks)
    return Issue(1, origin, {"calls": Part(forecast, "1")}, force, force.tree())


@pytest.fixture(scope="session")
def october() -> Issue:
    """An issue over the 25-hour day of 2026-10-25, in Europe/London."""
    return issue()
