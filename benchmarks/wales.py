"""The Welsh ambulance counts as a history, for the benchmarks of accuracy."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import pandas as pd

from forewatch.history import History, check
from forewatch.profile import AreaEntry, CallType, Force, Levels, Profile

CONTROL = {"n": ("bc",), "c": ("hd", "pow", "sb"), "s": ("ab", "ctm", "cv")}
GRADES = {"RED": "immediate", "AMBER": "priority", "GREEN": "routine"}


def identifier(text: str) -> str:
    """Return a name that may stand in a profile.

    >>> identifier("CARDIAC/RESPIRATORY ARREST/DEATH")
    'cardiac-respiratory-arrest-death'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def wales(folder: Path) -> History:
    """Return all Welsh counts: by board (below control areas), nature and priority.

    Args:
        folder: holds counts.csv.gz and holidays.csv.
    """
    table = pd.read_csv(folder / "counts.csv.gz")
    types = sorted(table["category"].map(identifier).unique())
    profile = _profile(types)
    tree = profile.tree()
    start = _instants(table["date"])
    frame = pd.DataFrame(
        {
            "start": start,
            "area": pd.Categorical(table["area"].str.lower(), categories=tree.leaves),
            "call_type": pd.Categorical(table["category"].map(identifier), categories=types),
            "grade": pd.Categorical(table["priority"].map(GRADES), categories=profile.grades),
            "count": table["count"],
            "known_at": start + pd.Timedelta(days=1),
        }
    )
    days = pd.read_csv(folder / "holidays.csv")
    school = days.loc[days["school_holiday_d"] == 1, "date"]
    holidays = pd.DataFrame(
        {
            "date": pd.to_datetime(school),
            "kind": "school_holiday",
            "name": "school holiday",
            "area": "",
            "known_at": pd.Series(pd.NaT, index=school.index, dtype="datetime64[us, UTC]"),
        }
    )
    return History(
        profile=profile,
        tree=tree,
        step="day",
        observed_from=start.min(),
        observed_until=_instants(pd.Series([table["date"].max()]))[0] + pd.Timedelta(days=1),
        counts=check("counts", frame),
        holidays=check("holidays", holidays),
        version="wales",
    )


def _instants(dates: pd.Series) -> pd.DatetimeIndex:
    local = pd.DatetimeIndex(pd.to_datetime(dates)).tz_localize("Europe/London")
    return local.tz_convert("UTC").as_unit("us")


def _profile(types: list[str]) -> Profile:
    areas = [AreaEntry(id="wales", name="Wales")]
    for control, boards in CONTROL.items():
        areas.append(AreaEntry(id=control, name=control.upper(), parent="wales"))
        areas += [AreaEntry(id=b, name=b.upper(), parent=control) for b in boards]
    return Profile(
        force=Force(
            id="wales",
            name="Wales",
            zone="Europe/London",
            day_starts_at=time(0),
            holiday_country="GB",
            holiday_subdivision="WLS",
        ),
        levels=Levels(names=("nation", "control", "board"), modelled="board"),
        areas=tuple(areas),
        call_types=tuple(CallType(id=t, name=t) for t in types),
        grades=tuple(GRADES.values()),
    )
