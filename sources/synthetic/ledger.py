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
    sizes = _Sizes.of(demo)
    keys = [
        sizes.key(calls, calls.known, first=True),
        sizes.key(changed, changed.changed, first=True),
        sizes.key(changed, changed.changed, first=False),
    ]
    amounts = [np.full(len(key), sign) for key, sign in zip(keys, (1, -1, 1), strict=True)]
    return sizes.ledger(np.concatenate(keys), np.concatenate(amounts))


class _Sizes:
    """Packs start, area, call type, grade and delay into one whole number, and unpacks it."""

    def __init__(self, origin: int, names: dict[str, tuple[str, ...]], delays: int) -> None:
        self._origin, self._names, self._delays = origin, names, delays

    @classmethod
    def of(cls, demo: DemoForce) -> _Sizes:
        rates = demo.truth.rates
        names = {"area": rates.leaves, "call_type": rates.call_types, "grade": rates.grades}
        origin = int(rates.edges[0].timestamp())
        end = int(rates.edges[-1].timestamp())
        return cls(origin, names, end - origin + _HOUR)

    def key(self, calls: DrawnCalls, known: Index, *, first: bool) -> Index:
        """Return one number a call, for its first or its last version, known at *known*."""
        hour = (calls.second - self._origin) // _HOUR
        kind = calls.first_call_type if first else calls.call_type
        grade = calls.first_grade if first else calls.grade
        delay = np.maximum(known - self._origin - (hour + 1) * _HOUR, 0)
        key = hour
        for codes, name in ((calls.leaf, "area"), (kind, "call_type"), (grade, "grade")):
            key = key * len(self._names[name]) + codes
        packed: Index = key * self._delays + delay
        return packed

    def ledger(self, keys: Index, amounts: Index) -> pd.DataFrame:
        """Return the counts table: one row for each key whose amounts do not cancel."""
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        count = np.add.reduceat(amounts[order], first) if len(keys) else amounts
        key, delay = np.divmod(keys[first][count != 0], self._delays)
        columns = {}
        for name in ("grade", "call_type", "area"):
            key, code = np.divmod(key, np.int64(len(self._names[name])))
            columns[name] = pd.Categorical.from_codes(code, pd.Index(self._names[name]))
        start = self._origin + key * _HOUR
        frame = pd.DataFrame(
            {
                "start": _instants(start),
                **columns,
                "count": count[count != 0].astype(np.int32),
                "known_at": _instants(start + _HOUR + delay),
            }
        )
        return frame[list(COLUMNS["counts"])]


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
