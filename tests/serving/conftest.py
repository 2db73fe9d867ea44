"""A small town's issue made by hand, and a workspace that serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anyio.from_thread import start_blocking_portal
from starlette.testclient import TestClient

from forewatch.clock import Clock
from forewatch.explanation_parts import FACTORS
from forewatch.explanations import Factors
from forewatch.profile import Profile
from forewatch.rates import Forecast, Rates
from forewatch.shocks import Shocks
from planning.issues import Issue, Part
from planning.landing import KnownReports
from serving.accounts.accounts import Accounts
from serving.duty_records import DutyRecord, DutyRecords
from serving.issue_store import IssueStore
from serving.keys import SCOPES, KeyRing
from serving.map_records import MapRecords
from serving.settings import ServingSettings
from serving.site import create_site
from serving.special_records import SpecialRecord, SpecialRecords
from serving.views import View

FIRST = pd.Timestamp("2026-10-12")  # its horizon holds the 25-hour day of 2026-10-25


def town() -> Profile:
    """Two districts of two beats, two call types, two grades, three shifts."""
    parents = {"town": None, "north": "town", "south": "town"}
    parents |= {f"{place}-{i}": place for place in ("north", "south") for i in (1, 2)}
    return Profile.model_validate(
        {
            "force": {"id": "town", "name": "Town", "zone": "Europe/London"},
            "areas": [
                {"id": area, "name": area.title(), "parent": parent}
                for area, parent in parents.items()
            ],
            "call_types": [
                {"id": "missing_person", "name": "Missing person"},
                {"id": "violence", "name": "Violence"},
            ],
            "grades": ["immediate", "routine"],
            "shifts": [
                {"id": "early", "name": "Early", "start": "07:00", "end": "15:00"},
                {"id": "late", "name": "Late", "start": "15:00", "end": "23:00"},
                {"id": "night", "name": "Night", "start": "23:00", "end": "07:00"},
            ],
        }
    )


def issue_of_the_town(first: pd.Timestamp = FIRST, days: int = 35) -> Issue:
    """Calls of each type an hour: 0.5 in the north, 2 in the south; violence doubles from 18:00.

    The long-run level is just that without the evenings. An event is on the sixth day.
    """
    force = town()
    clock = Clock.of(force)
    edges = clock.hour_edges(first, days)
    slot = clock.local_hour(edges[:-1])
    base = np.stack([np.full((2, len(slot)), 0.5), np.full((2, len(slot)), 2.0)])
    base[:, 1] *= 1 + (slot >= 18)
    rates = Rates(
        step="hour",
        edges=edges,
        force_days=pd.date_range(first, periods=days, freq="D"),
        day=clock.hour_days(first, days),
        slot=slot,
        places=("north", "south"),
        call_types=force.call_type_ids,
        grades=force.grade_ids,
        leaves=force.tree().leaves,
        base=base,
        baseline=base * 0.9,
        leaf_place=np.array([0, 0, 1, 1]),
        leaf_shares=np.array([[0.25, 0.5], [0.75, 0.5], [0.4, 0.1], [0.6, 0.9]]),
        grade_shares=np.zeros((2, 2, 24, 2)) + np.array([0.2, 0.8]),
    )
    shocks = Shocks((0, 7), np.full((2, 4, 3), 0.05) * [0, 1, 1], np.array([[1.0], [1.1]]))
    logs = np.zeros((len(FACTORS), 2, 2, days), np.float32)
    logs[FACTORS.index("events"), :, :, 5:6] = np.log(1.25)
    factors = Factors(np.array([[12.0, 12.0], [48.0, 48.0]]), logs)
    origin = clock.day_start(first)
    return Issue(
        number=0,
        published_at=origin + pd.Timedelta(minutes=90),
        parts={"demand": Part(Forecast(origin, origin, rates, shocks, factors), "7")},
        profile=force,
        tree=force.tree(),
        models={"boosting": "lightgbm 4.7", "sarima": "statsmodels 0.15"},
        data_version="calls@31",
        notes=("made by hand",),
        pools={"missing_person": (("north-1", "north-2"),)},
    )


def missing_of_the_town(first: pd.Timestamp = FIRST, days: int = 35) -> Part:
    """Reports an hour: 0.02 in the north, 0.08 in the south; one was made 30 hours ago in south-1.

    The northern beats are hidden, the southern ones by day only.
    """
    force = town()
    clock = Clock.of(force)
    edges = clock.hour_edges(first, days)
    n = len(edges) - 1
    base = np.stack([np.full((1, n), 0.02), np.full((1, n), 0.08)])
    rates = Rates(
        step="hour",
        edges=edges,
        force_days=pd.date_range(first, periods=days, freq="D"),
        day=clock.hour_days(first, days),
        slot=clock.local_hour(edges[:-1]),
        places=("north", "south"),
        call_types=("missing_person",),
        grades=force.grade_ids,
        leaves=force.tree().leaves,
        base=base,
        baseline=base * 0.9,
        leaf_place=np.array([0, 0, 1, 1]),
        leaf_shares=np.array([[0.25], [0.75], [0.5], [0.5]]),
        grade_shares=np.zeros((2, 1, 24, 2)) + 0.5,
    )
    origin = clock.day_start(first)
    before = pd.date_range(origin - pd.Timedelta(days=7), origin, freq="h", unit="us")
    count = np.zeros((4, 168))
    count[2, -30] = 1.0
    return Part(
        forecast=Forecast(
            origin, origin, rates, Shocks((0,), np.zeros((1, 4, 3)), np.ones((1, 1)))
        ),
        known=KnownReports(before, force.tree().leaves, count),
        uncalibrated={
            ("force", "week"): "",
            ("force", "day"): "",
            ("district", "week"): "",
            ("district", "day"): "31 reports were judged, 50 are needed",
        },
        model_version="3",
        has_casework=True,
    )


def views_of_the_town() -> tuple[View, ...]:
    """A view of whatever the asker sees, and one of each district."""
    every = {
        "id": "control-room",
        "title": "Calls by shift",
        "answer": "forecast",
        "question": {"by": "shift", "at_least": "1,2"},
        "columns": ["start_local", "area", "mean", "q90", "p_at_least_2"],
    }
    parts = {"answer": "explain", "columns": ["area_name", "mean", "season"]}
    districts = [
        {"id": f"of-{name}", "title": "Parts", **parts, "question": {"area": [name, f"{name}-1"]}}
        for name in ("north", "south")
    ]
    return tuple(View.model_validate(each) for each in (every, *districts))


@dataclass
class Bench:
    """A workspace in a folder, its app, a clock that tests set, and a client with a good key."""

    root: Path
    now: pd.Timestamp = field(default=FIRST.tz_localize("UTC") + pd.Timedelta(hours=30))
    settings: ServingSettings = field(default_factory=ServingSettings)
    profile: Profile = field(default_factory=town)
    views: tuple[View, ...] = field(default_factory=views_of_the_town)
    record: DutyRecord = field(default_factory=DutyRecord)
    special: SpecialRecord = field(default_factory=SpecialRecord)

    def snapshot(self, subject: str) -> Path:
        return self.root / f"models-{subject}.json"

    def profile_now(self) -> Profile:
        return self.profile

    def views_now(self) -> tuple[View, ...]:
        return self.views

    def issues(self) -> IssueStore:
        return IssueStore(self.root / "issues")

    def keys(self) -> KeyRing:
        return KeyRing(self.root / "keys.json", self._now)

    def accounts(self) -> Accounts:
        return Accounts(self.root, self._now)

    def duty_records(self) -> DutyRecords:
        return DutyRecords(self.root / "history", lambda _: self.record)

    def map_records(self) -> MapRecords:
        return MapRecords(self.root / "history")

    def special_records(self) -> SpecialRecords:
        return SpecialRecords(self.root / "history", lambda _: self.special)

    def _now(self) -> datetime:
        return self.now.to_pydatetime()

    def __post_init__(self) -> None:
        self.token = self.keys().create("bench", SCOPES)
        self.app = create_site(self, clock=lambda: self.now, settings=self.settings)
        self.client = TestClient(
            self.app, "http://localhost", headers={"Authorization": f"Bearer {self.token}"}
        )
        self.stranger = TestClient(self.app, "http://localhost")

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of a good answer."""
        answer = self.client.get(path, params=parameters or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, status: int, **parameters: Any) -> Any:
        """Return the problem of a refused question."""
        answer = self.client.get(path, params=parameters or None)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()


@pytest.fixture(scope="session", autouse=True)
def _one_event_loop() -> Iterator[None]:
    """Answer all requests on one event loop, as a server does, not each on a new one."""
    with start_blocking_portal() as portal, pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestClient, "portal", portal)
        yield


@pytest.fixture
def make_issue() -> Callable[..., Issue]:
    return issue_of_the_town


@pytest.fixture
def missing() -> Part:
    return missing_of_the_town()


@pytest.fixture
def empty(tmp_path: Path) -> Bench:
    """Nothing published."""
    return Bench(tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """One issue published."""
    made = Bench(tmp_path)
    made.issues().publish(issue_of_the_town())
    return made
