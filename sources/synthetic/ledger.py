"""The history of the demo force without any file: what importing its extract would give."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forewatch.arrays import Index
from forewatch.history import History
from forewatch.tables import COLUMNS, check
from sources.synthetic.force import DemoForce
from sources.synthetic.plan import DAY_STARTS_AT_HOUR, ZONE
from sources.synthetic.records import NEVER, DrawnCalls

_HOUR = 3600


def demo_history(demo: DemoForce) -> History:
    """Return the history of a demo force, complete from its first force-day to its last."""
    edges = demo.truth.rates.day_edges
    plan = demo.plan
    return History(
        profile=demo.profile,
        tree=demo.profile.tree(),
        step="hour",
        observed_from=edges[0],
        observed_until=edges[plan.history_days],
        counts=counts(demo),
        tourism=check("tourism", demo.tourism.rename(columns={"published_at": "known_at"})),
        events=check("events", demo.events.rename(columns={"announced_at": "known_at"})),
        holidays=_days(demo.holidays),
        unobserved=check("unobserved", demo.unobserved),
        breaks=check("breaks", demo.breaks.rename(columns={"announced_at": "known_at"})),
        covariates=_covariates(demo),
        version=f"synthetic-{plan.model_dump_json()}",
    )


def _covariates(demo: DemoForce) -> pd.DataFrame:
    start = pd.DatetimeIndex(demo.covariates["date"]) + pd.Timedelta(hours=DAY_STARTS_AT_HOUR)
    return check(
        "covariates",
        demo.covariates.assign(start=start.tz_localize(ZONE).tz_convert("UTC")),
    )


def counts(demo: DemoForce) -> pd.DataFrame:
    """Return the ledger of changes of counts, public calls only, sorted by start."""
    calls = demo.records.where(demo.records.public)
    changed = calls.where(calls.changed < NEVER)
    changes = pd.concat(
        [
            _changes(demo, calls, calls.known, 1, is_first=True),
            _changes(demo, changed, changed.changed, -1, is_first=True),
            _changes(demo, changed, changed.changed, 1, is_first=False),
        ]
    )
    cell = [name for name in COLUMNS["counts"] if name != "count"]
    sums = changes.groupby(cell, observed=True)["count"].sum()
    return check("counts", sums[sums != 0].reset_index())


def _changes(
    demo: DemoForce, calls: DrawnCalls, known: Index, sign: int, *, is_first: bool
) -> pd.DataFrame:
    """Return a change a call, of its first or last version, known at the hour's end or later."""
    rates = demo.truth.rates
    origin = int(rates.edges[0].timestamp())
    start = origin + (calls.second - origin) // _HOUR * _HOUR
    kind = calls.first_call_type if is_first else calls.call_type
    grade = calls.first_grade if is_first else calls.grade
    return pd.DataFrame(
        {
            "start": _instants(start),
            "area": pd.Categorical.from_codes(calls.leaf, pd.Index(rates.leaves)),
            "call_type": pd.Categorical.from_codes(kind, pd.Index(rates.call_types)),
            "grade": pd.Categorical.from_codes(grade, pd.Index(rates.grades)),
            "known_at": _instants(np.maximum(known, start + _HOUR)),
            "count": sign,
        }
    )


def _instants(seconds: Index) -> pd.DatetimeIndex:
    stamps = pd.DatetimeIndex(seconds.astype("datetime64[s]")).as_unit("us")
    return stamps.tz_localize("UTC")


def _days(ranges: pd.DataFrame) -> pd.DataFrame:
    """Return one row a day from rows of from and to, both included."""
    length = (ranges["to"] - ranges["from"]).dt.days.to_numpy() + 1
    row = np.repeat(np.arange(len(ranges)), length)
    day = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    table = ranges.iloc[row].reset_index(drop=True)
    table["date"] = table["from"] + pd.to_timedelta(day, unit="D")
    return check("holidays", table.rename(columns={"announced_at": "known_at"}))
