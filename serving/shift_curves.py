"""Use case: how short each number of officers of one shift is, and so what one more buys."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forewatch.errors import BadQuestion
from planning.area_staffing import AreaStaffing
from planning.duty_plan import PlanLookup
from planning.plan_tables import SHORT_COLUMNS
from planning.staffing import staffing
from planning.tables import Column, Table, column_descriptions
from serving.duty_records import duty_record
from serving.issue_facts import issue_facts, issue_lines
from serving.workspace import Workspace

CURVE_COLUMNS = (
    Column("officers", "officers on duty in the shift", "officers", "whole", 7, shown="always"),
    Column("is", "needed: at the percentile; planned: by the plan", type="text", example="needed",
           options=("", "needed", "needed, planned", "planned"), shown="always"),
    *SHORT_COLUMNS,
)  # fmt: skip
_PARTS = 4  # of a shift's id


def shift_curve(
    workspace: Workspace,
    shift_id: str,
    now: pd.Timestamp,
    percentile: int | None,
    issue: int | None,
) -> Table:
    """Return how short a shift is with each number of officers, all others as they are needed.

    From the minimum to half as many again as are needed.

    Args:
        workspace: the force's.
        shift_id: as answers about staffing have it: area/role/force-day/shift.
        now: as of when the plan is known.
        percentile: that is covered; None: the profile's.
        issue: number of an issue; None: the latest.

    Raises:
        NoIssue, UnknownIssue: if there is no such issue.
        UnknownArea, UnknownRole, BadQuestion: if there is no such shift, or it isn't reached.
    """
    workspace.stop_without_settings()
    area, role, first = _parts(shift_id)
    store = workspace.issues()
    asked = store.latest() if issue is None else store.read(issue)
    needed = staffing(asked, first=first, days=1, areas=[area], role=role, percentile=percentile)
    (found,) = needed.areas
    row = _row(found, shift_id)
    numbers, figures = found.curve(row)
    record = duty_record(workspace.history(counted=False), now)
    plan = PlanLookup.of(record.plan, role, pd.DatetimeIndex([first]))
    planned, wanted = plan.of_area(found)[0][row], found.shifts["on_duty"].iloc[row]
    marks = [
        ", ".join(name for name, at in (("needed", wanted), ("planned", planned)) if at == number)
        for number in numbers
    ]
    standing = store.standing(asked.number)
    about = issue_facts(asked, standing, now) | {
        "shift_id": shift_id,
        "percentile": needed.percentile,
        "planned": None if np.isnan(planned) else float(planned),
        "assumed": list(found.assumed),
        "columns": column_descriptions(CURVE_COLUMNS),
    }
    values = {
        "officers": numbers.astype(np.float64),
        "is": np.array(marks, dtype=object),
        **{each.name: getattr(figures, each.name) for each in SHORT_COLUMNS},
    }
    told = "no plan told" if np.isnan(planned) else f"{planned:.0f} planned"
    said = f"{shift_id}: {wanted:.0f} needed for {needed.percentile} of 100 cases, {told}"
    return Table(CURVE_COLUMNS, values, about, (*issue_lines(asked, standing, now), said))


def _parts(shift_id: str) -> tuple[str, str, pd.Timestamp]:
    parts = shift_id.split("/")
    try:
        return parts[0], parts[1], pd.Timestamp(pd.to_datetime(parts[2], format="%Y-%m-%d"))
    except (IndexError, ValueError):
        raise BadQuestion(
            f"{shift_id!r} is no id of a shift; it is area/role/force-day/shift as in "
            "'forewatch staffing --format csv', like bristol/response/2026-12-18/late"
        ) from None


def _row(found: AreaStaffing, shift_id: str) -> int:
    ids = found.shifts["shift_id"].tolist()
    if shift_id not in ids:
        raise BadQuestion(f"there is no shift {shift_id!r}; that day has {', '.join(ids)}")
    return ids.index(shift_id)
