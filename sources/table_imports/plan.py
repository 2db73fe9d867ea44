"""The plan of duty: officers by area, role, shift and force-day, in the duty system's own codes.

1. A code means what the mapping says for the row's date; what it doesn't name is the code of a
   shift in the profile, or an id or a name.
2. Several codes may mean one shift, and rows of one area: their officers are added. Where one of
   them can't be taken the sum is unknown, so none of them is.
3. Each figure of a shift is kept by itself, so that what was worked stands beside what was planned.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forewatch.arrays import Index, Mask
from forewatch.duty import duty_shifts
from forewatch.errors import SettingsError
from forewatch.shifts import MOST_OFFICERS, WEEKDAYS, DutyShift
from forewatch.tables import PLAN, PLAN_FIGURES
from sources import instants
from sources.crosswalk import Entry
from sources.quarantine import reasons
from sources.table_file import Rows, TableFile, TableImport, no_text

_CELL = ["area", "role", "shift", "force_day", "known_at"]
_CODED = ("area", "role", "shift")
_ONE_DAY = pd.Timedelta(days=1)
_FIRST_DATE_NUMBER = 1e6  # below it a number is a spreadsheet's count of days, not 20261218


def plan_rows(file: TableFile) -> Rows:
    """Return the officers of shifts, one row for each figure that a row of the file gives.

    Raises:
        SettingsError: if the mapping wants rows removed that the file doesn't have.
    """
    _stop_at_replacing(file)
    file.require("area", "shift", *(() if "force_day" in file.has else ("date",)))
    if not file.has.intersection(PLAN_FIGURES):
        file.require("planned")
    rows, checks = _cells_of(file)
    start = _starts(file, rows)
    rows["known_at"] = _known_at(file, start)
    checks["known_at can't be read"] = rows["known_at"].isna()
    checks["known_at is still to come"] = rows["known_at"] > file.imported_at
    checks |= _figure_checks(file)
    reason = _of_whole_shifts(file, rows, reasons(checks))
    taken = rows[(reason == "") & ~file.excluded()]
    long = taken.assign(row=np.flatnonzero(rows.index.isin(taken.index)), start=start).melt(
        [*_CELL, "row", "start"], [*PLAN_FIGURES], "figure", "officers"
    )
    long = long[long["officers"].notna()]
    sums = long.groupby([*_CELL, "figure"])["officers"].transform("sum")
    long = long.assign(officers=sums, late=long["known_at"] > long["start"])
    late = int(long.loc[long["late"], "row"].nunique())
    note = f"{late:,} rows are of shifts that had begun when they were told: kept, marked late"
    return Rows(
        long[[*PLAN.columns, "row"]].astype(PLAN.columns).reset_index(drop=True),
        reason,
        no_text(reason),
        rows,
        (note,) * bool(late),
    )


def _cells_of(file: TableFile) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """Return area, role, shift, force-day and figures of each row, and what may be wrong."""
    profile = file.profile
    shifts = {shift.id: shift for shift in _shifts_of(file, file.areas)}
    begins_next_day = [i for i, one in shifts.items() if one.start < profile.force.day_starts_at]
    written, told = file.date("date"), file.date("force_day")
    on = told.fillna(written)
    own = tuple(Entry(to=one.id, codes=(one.code,)) for one in shifts.values() if one.code)
    hidden = {one.id for one in _shifts_of(file, file.tree.ids)} - {*shifts}
    names = {one.id: one.name for one in shifts.values()}
    shift = file.ids("shift", names, on, own, hidden)
    roles = {role.id: role.name for role in profile.staffing.roles}
    role = file.ids("role", roles, on)
    if len(roles) == 1:
        role = role.fillna(next(iter(roles)))
    early = pd.to_timedelta(shift.isin(begins_next_day).astype("int64"), unit="D")
    rows = pd.DataFrame(
        {
            "area": file.area(on),
            "role": role,
            "shift": shift,
            "force_day": told.fillna(written - early).astype("datetime64[us]"),
        }
    ).assign(**{figure: file.number(figure) for figure in PLAN_FIGURES})
    days = "force_day" if "date" not in file.has else "date"
    is_number = (file.number(days) < _FIRST_DATE_NUMBER) & on.isna()
    checks = {
        "area is missing": rows["area"].isna(),
        "role is missing": rows["role"].isna(),
        "shift is missing": rows["shift"].isna(),
        f"{days} is a number: format the column as dates in the spreadsheet": is_number,
        "date can't be read": rows["force_day"].isna(),
        "no such shift of that area, role and weekday": ~_is_worked(file, rows),
    }
    return rows, checks


def _shifts_of(file: TableFile, areas: tuple[str, ...]) -> tuple[DutyShift, ...]:
    """Return the shifts of areas and of all roles, each once."""
    found = [
        shift
        for area in areas
        for role in file.profile.staffing.role_ids
        for shift in duty_shifts(file.profile, file.tree, area, role)
    ]
    return tuple(dict.fromkeys(found))


def _is_worked(file: TableFile, rows: pd.DataFrame) -> pd.Series:
    """Return which rows are of a shift that their area and role work on that weekday."""
    places = rows[["area", "role"]].drop_duplicates()
    known = places[places["area"].isin(file.tree.ids)].dropna()
    worked = {
        (area, role, shift.id, WEEKDAYS.index(day))
        for area, role in known.itertuples(index=False)
        for shift in duty_shifts(file.profile, file.tree, area, role)
        for day in shift.weekdays
    }
    days = rows["force_day"].dt.day_of_week
    keys = zip(rows["area"], rows["role"], rows["shift"], days, strict=True)
    return pd.Series([key in worked for key in keys], index=rows.index, dtype=bool)


def _starts(file: TableFile, rows: pd.DataFrame) -> pd.Series:
    """Return the UTC instant at which each row's shift begins; NaT where nobody knows."""
    start = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]")
    begins = file.profile.force.day_starts_at
    for shift in _shifts_of(file, file.areas):
        at = pd.Timedelta(hours=shift.start.hour, minutes=shift.start.minute)
        wall = rows["force_day"] + at + _ONE_DAY * int(shift.start < begins)
        start = start.mask(rows["shift"] == shift.id, instants.wall_clock(wall, file.zone))
    return start


def _known_at(file: TableFile, start: pd.Series) -> pd.Series:
    """Return when rows became known: as written, so many days before the shift, or now."""
    lead = file.mapping.time.announced_before_days
    now = pd.Series(file.imported_at, index=start.index)
    silent = now if lead is None else start - pd.Timedelta(days=lead)
    told = file.instant("known_at", date_means_end=True)
    return told.mask(file.text("known_at").isna(), silent)


def _figure_checks(file: TableFile) -> dict[str, pd.Series]:
    """Return what may be wrong of the numbers of officers."""
    most = file.profile.staffing.strength or MOST_OFFICERS
    checks: dict[str, pd.Series] = {}
    for figure in PLAN_FIGURES:
        text, number = file.text(figure), file.number(figure)
        checks |= {
            f"{figure} is a date, a time or yes and no: the spreadsheet made it of a number": (
                file.is_time(figure)
            ),
            f"{figure} is no number": text.notna() & number.isna(),
            f"{figure} is negative": number < 0,
            f"{figure} is a fraction of an officer": number.notna() & (number != number.round()),
            f"{figure} is more than the force has ({most:,})": number > most,
        }
    silent = pd.concat([file.text(figure).isna() for figure in PLAN_FIGURES], axis=1).all(axis=1)
    return {"neither planned, rostered nor worked": silent, **checks}


def _of_whole_shifts(file: TableFile, rows: pd.DataFrame, reason: pd.Series) -> pd.Series:
    """Return the reasons together with those of rows whose shift is known in part only."""
    included = ~file.excluded().to_numpy(bool)
    passed = (reason == "").to_numpy(bool) & included
    codes = rows[_CELL].assign(**{f"{name}_code": file.text(name) for name in _CODED})
    again, clash = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    again[passed] = codes.join(rows[[*PLAN_FIGURES]])[passed].duplicated()
    once = passed & ~again
    clash[once] = codes[once].duplicated(keep=False)
    cell: Index = np.asarray(rows.groupby(_CELL, dropna=False).ngroup(), dtype=np.int64)
    is_whole = rows[_CELL].notna().all(axis=1).to_numpy(bool)
    bad = ((reason != "").to_numpy(bool) | clash) & included & is_whole
    found = {
        "_": (reason != "").to_numpy(bool),
        "the same row twice, with different values": clash,
        "the row stands twice": again,
        "another row of the same shift can't be taken": passed & np.isin(cell, cell[bad]),
        "another row of the same shift gives a figure that this one lacks": (
            passed & _is_in_part(rows, cell, once)
        ),
    }
    marked = reasons({name: pd.Series(mask, index=rows.index) for name, mask in found.items()})
    return marked.where(reason == "", reason)


def _is_in_part(rows: pd.DataFrame, cell: Index, counted: Mask) -> Mask:
    """Return which rows are of a cell of which some counted rows have a figure and others none."""
    found: Mask = np.zeros(len(rows), dtype=bool)
    size = int(cell.max(initial=0)) + 1
    of_cell = np.bincount(cell[counted], minlength=size)
    for figure in PLAN_FIGURES:
        given = rows[figure].notna().to_numpy(bool)
        have = np.bincount(cell[counted], given[counted], size)
        found |= ((have > 0) & (have < of_cell))[cell]
    return found


def _stop_at_replacing(file: TableFile) -> None:
    if file.mapping.replaces_table:
        raise SettingsError(
            "replaces_table = true would remove what a plan said earlier; leave it out, and give "
            "0 officers for a shift that nobody works any more"
        )


PLAN_IMPORT = TableImport(
    PLAN,
    columns=(*_CODED, "date", "force_day", *PLAN_FIGURES, "known_at"),
    times=("date", "force_day", "known_at"),
    read=plan_rows,
)
