"""The demo force's records as its command-and-control system would export them, and the mapping.

Times are the wall clock without offset, in the order of receipt (so that October's repeated hour
can be told apart); codes, priorities and sources are the force's own. A call that was corrected has
two rows with one reference, the later with the later updated_at. Calls that are still open have
neither officers nor minutes.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from forewatch.arrays import Index
from sources.synthetic.catalogue import OFFICER_CODES, PATTERNS
from sources.synthetic.grid import HourGrid
from sources.synthetic.places import GRADES, beats, districts
from sources.synthetic.plan import Plan
from sources.synthetic.records import NEVER, SOURCES, STATUSES, DrawnCalls, codes

_DAY = 86_400
# From this date the force writes another code for noise; the old one is not used again.
RENAMED_ON, OLD_CODE, NEW_CODE = date(2026, 2, 1), "NOIS", "NOIZ"
# From this date the second priority is split in two, and the ones below it move down by one.
SPLIT_ON = date(2026, 4, 1)
PRIORITIES_BEFORE = {
    "1": "immediate",
    "2": "priority",
    "3": "routine",
    "4": "appointment",
    "5": "no_deployment",
}
PRIORITIES_AFTER = {
    "1": "immediate",
    "2": "priority",
    "3": "priority",
    "4": "routine",
    "5": "appointment",
    "6": "no_deployment",
}


def extract_table(plan: Plan, grid: HourGrid, records: DrawnCalls) -> pa.Table:
    """Return the extract, one row a version of a call, all columns text."""
    first = np.arange(len(records.second))
    changed = np.flatnonzero(records.changed < NEVER)
    call = np.concatenate([first, changed])
    later = np.repeat([False, True], [len(first), len(changed)])
    order = np.argsort(call, kind="stable")
    call, later = call[order], later[order]
    wall = _wall(grid, records.second)
    updated = _wall(grid, np.where(later, records.changed[call], records.known[call]))
    grade = np.where(later, records.grade[call], records.first_grade[call])
    code = np.where(later, records.code[call], records.first_code[call])
    below = beats(plan)
    names = [districts(plan)[beat.district].name for beat in below]
    leaf = records.leaf[call]
    return pa.table(
        {
            "call_ref": _references(grid, records).take(pa.array(call)),
            "received_at": _texts(wall[call]),
            "beat": _type_codes([beat.entry.id for beat in below], leaf),
            "district": _type_codes(names, leaf),
            "code": _codes(plan, code, wall[call]),
            "priority": _priorities(grade, wall[call]),
            "source": _type_codes(SOURCES, records.source[call]),
            "status": _type_codes(STATUSES, records.status[call]),
            "updated_at": _texts(updated),
            **_services(plan, grid, records.where(call)),
        }
    )


def _services(plan: Plan, grid: HourGrid, records: DrawnCalls) -> dict[str, pa.Array]:
    """Return officers sent and minutes as texts, blank for calls that are open at the end."""
    end = grid.day_seconds[plan.history_days]
    minutes = np.nan_to_num(records.minutes.astype(np.float64))
    is_told = (records.officers >= 0) & (records.second + minutes * 60 < end)
    officers = [str(n) for n in range(int(records.officers.max(initial=0)) + 1)]
    known = np.where(is_told, records.officers, len(officers))
    written = pc.cast(pa.array(np.rint(minutes * 10) / 10), pa.string())
    was_sent = pa.array(is_told & (records.officers > 0))
    return {
        "officers_sent": _type_codes([*officers, ""], known),
        "minutes_attended": pc.if_else(was_sent, written, ""),
    }


def _wall(grid: HourGrid, seconds: Index) -> Index:
    """Return the wall clock of instants, in seconds since 1970 by that clock."""
    offsets = np.asarray(grid.local.as_unit("s").asi8) - grid.seconds[:-1]
    hour = (seconds - grid.seconds[0]) // 3600
    wall: Index = seconds + offsets[hour]
    return wall


def _type_codes(names: tuple[str, ...] | list[str], codes_: NDArray[np.integer]) -> pa.Array:
    return pa.array(names).take(pa.array(codes_))


def _dates(days: Index, form: str) -> pa.Array:
    """Return the dates (days since 1970) as text, each distinct one written once."""
    first, last = (int(days.min()), int(days.max())) if len(days) else (0, 0)
    every = pd.date_range(
        pd.Timestamp(first, unit="D"), pd.Timestamp(last, unit="D"), freq="D", unit="s"
    )
    return pa.array(every.strftime(form), pa.string()).take(pa.array(days - first))


def _texts(wall: Index) -> pa.Array:
    """Return "2026-11-22T23:05:00" from a wall clock."""
    day, second = np.divmod(wall, _DAY)
    clock = pd.date_range("1970-01-01", periods=_DAY, freq="s", unit="s").strftime("%H:%M:%S")
    return pc.binary_join_element_wise(
        _dates(day, "%Y-%m-%d"), pa.array(clock, pa.string()).take(pa.array(second)), "T"
    )


def _references(grid: HourGrid, records: DrawnCalls) -> pa.Array:
    """Return the log numbers: the date of the force-day and the number of the call in it."""
    day = np.searchsorted(grid.day_seconds, records.second, side="right") - 1
    number = np.arange(len(day)) - np.searchsorted(day, day)
    most = int(number.max(initial=0)) + 1
    texts = pa.array([f"{n:05d}" for n in range(1, most + 1)])
    since_1970 = (grid.first - date(1970, 1, 1)).days + day
    return pc.binary_join_element_wise(
        _dates(since_1970, "%Y%m%d"), texts.take(pa.array(number)), "-"
    )


def _codes(plan: Plan, code: NDArray[np.integer], wall: Index) -> pa.Array:
    names = [*codes(plan), NEW_CODE]
    if OLD_CODE in names:
        renamed = (code == names.index(OLD_CODE)) & (wall >= _midnight(RENAMED_ON))
        code = np.where(renamed, len(names) - 1, code)
    return _type_codes(names, code)


def _priorities(grade: NDArray[np.integer], wall: Index) -> pa.Array:
    """Return the force's own priority; after the split those of odd seconds are a 3."""
    split = wall >= _midnight(SPLIT_ON)
    second = GRADES.index("priority")
    lower = (grade > second) | ((grade == second) & (wall % 2 == 1))
    return _type_codes(list(PRIORITIES_AFTER), grade + (split & lower))


def _midnight(day: date) -> int:
    return (day - date(1970, 1, 1)).days * _DAY


def mapping(plan: Plan) -> str:
    """Return the mapping file (TOML) that reads the extract."""
    types = "".join(_type_entries(plan))
    before = _grade_entries(PRIORITIES_BEFORE, f"until = {SPLIT_ON}")
    after = _grade_entries(PRIORITIES_AFTER, f"from = {SPLIT_ON}")
    opening = f"from = {plan.first}T07:00:00\nuntil = {plan.until}T07:00:00"
    filters = "".join(
        f'\n[[filters]]\nreason = {reason}\ncolumn = "{column}"\nvalues = ["{value}"]\n'
        for reason, column, value in _FILTERS
    )
    return _HEAD.format(opening=opening) + filters + types + before + after


# What is no public demand, by a column and its value; transfers were passed on to another force.
_FILTERS = (
    ('"officer_initiated"', "source", "officer"),
    *((f'"{status}"', "status", status) for status in ("duplicate", "test", "void")),
    ('"other" # passed on to another force', "status", "transfer"),
)
_HEAD = """\
# How the demo force's extract is read. Everything in it is synthetic.
ignore = ["district"]

[columns]
reference = "call_ref"
received_at = "received_at"
area = "beat"
call_type = "code"
grade = "priority"
updated_at = "updated_at"
officers = "officers_sent"
attended_minutes = "minutes_attended"

[time]
format = "iso"
zone = "Europe/London"

[observed] # the extract is complete from and until here, by local clock
{opening}
"""


def _entry(kind: str, to: str, quoted: list[str], *more: str) -> str:
    lines = [f"\n[[crosswalk.{kind}]]", f'to = "{to}"', f"codes = [{', '.join(quoted)}]", *more]
    return "\n".join(lines) + "\n"


def _type_entries(plan: Plan) -> list[str]:
    entries = []
    for pattern in PATTERNS[: plan.call_types]:
        quoted = [f'"{code}"' for code, _ in pattern.codes if code != OLD_CODE]
        entries.append(_entry("call_type", pattern.id, quoted))
        if any(code == OLD_CODE for code, _ in pattern.codes):
            entries.append(
                _entry("call_type", pattern.id, [f'"{OLD_CODE}"'], f"until = {RENAMED_ON}")
            )
            entries.append(
                _entry("call_type", pattern.id, [f'"{NEW_CODE}"'], f"from = {RENAMED_ON}")
            )
    officers = [f'"{code}"' for code, _ in OFFICER_CODES]
    entries.append(_entry("call_type", "exclude", officers, 'reason = "officer_initiated"'))
    return entries


def _grade_entries(priorities: dict[str, str], dated: str) -> str:
    quoted: dict[str, list[str]] = {}
    for code, grade in priorities.items():
        quoted.setdefault(grade, []).append(f'"{code}"')
    return "".join(_entry("grade", grade, own, dated) for grade, own in quoted.items())
