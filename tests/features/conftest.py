"""A village of two districts, small enough to count by hand."""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import pytest

from forewatch.history import History, Step
from forewatch.profile import Profile
from forewatch.tables import check

Row = tuple[str, str, str, str, int, str]  # start, area, call type, grade, count, known_at
MakeVillage = Callable[..., History]
ENGLAND = {"zone": "Europe/London", "holiday_country": "GB", "holiday_subdivision": "ENG"}
AREAS = [
    {"id": "shire", "name": "Shire"},
    {"id": "town", "name": "Town", "parent": "shire", "kind": "urban", "population": 1000},
    {"id": "coast", "name": "Coast", "parent": "shire", "kind": "coast"},
    {"id": "old", "name": "Old town", "parent": "town", "lat": 51.0, "lon": -3.0},
    {"id": "new", "name": "New town", "parent": "town", "lat": 51.2, "lon": -3.0},
    {"id": "bay", "name": "Bay", "parent": "coast", "lat": 51.1, "lon": -3.5, "population": 500},
]


def instant(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def ledger(rows: Iterable[Row], profile: Profile) -> pd.DataFrame:
    names = ["start", "area", "call_type", "grade", "count", "known_at"]
    frame = pd.DataFrame(list(rows), columns=names)
    for column in ("start", "known_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601").dt.as_unit("us")
    for column, known in (
        ("area", profile.tree().leaves),
        ("call_type", profile.call_type_ids),
        ("grade", profile.grade_ids),
    ):
        frame[column] = pd.Categorical(frame[column], categories=list(known))
    return check("counts", frame)


@pytest.fixture(scope="session")
def village() -> MakeVillage:
    """Make a history of the village from ledger rows and tables given by column."""

    def make(
        rows: Iterable[Row] = (),
        *,
        observed: tuple[str, str] = ("2026-10-01T06:00", "2026-11-30T07:00"),
        step: Step = "hour",
        force: dict[str, Any] | None = None,
        tables: dict[str, dict[str, list[Any]]] | None = None,
    ) -> History:
        profile = Profile.model_validate(
            {
                "force": {"id": "shire", "name": "Shire", **(force or ENGLAND)},
                "areas": AREAS,
                "call_types": [{"id": "theft", "name": "Theft"}, {"id": "noise", "name": "Noise"}],
                "grades": ["immediate", "routine"],
            }
        )
        made: dict[str, Any] = {
            name: check(name, _table(columns)) for name, columns in (tables or {}).items()
        }
        start, until = observed
        return History(
            profile,
            profile.tree(),
            step,
            instant(start),
            instant(until),
            ledger(rows, profile),
            **made,
        )

    return make


def _table(columns: dict[str, list[Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    for name in ("start", "end", "known_at"):
        if name in frame:
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601").dt.as_unit("us")
    for name in ("date", "month"):
        if name in frame:
            frame[name] = pd.to_datetime(frame[name]).dt.as_unit("us")
    return frame
