"""Officers on the big screen: need and plan of the shifts that are on, and of the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY
from forewatch.errors import BadQuestion, SettingsError, UnknownName
from serving.api.shelf import Shelf
from serving.charts.words import count_text
from serving.duty_records import DutyRecords
from serving.page.answer_rows import answer_rows
from serving.page.kept_staffing import officers
from serving.page.page_question import PageQuestion
from serving.page.page_words import sentence
from serving.page.screen_calls import days_ahead
from serving.queries import StaffingQuery

_MOST_SHIFTS = 3
_MOST_AREAS = 2  # named in a line


@dataclass(frozen=True)
class ScreenShift:
    """A shift.

    Args:
        name: of it, and its local times.
        when: "now" or "next".
        text: need and plan, a sign first.
        is_short: whether officers are lacking anywhere.
    """

    name: str
    when: str
    text: str
    is_short: bool


@dataclass(frozen=True)
class ScreenStaffing:
    """Need and plan of shifts.

    Args:
        shifts: those that are on, then the next.
        why: why there are none; "" where there are.
        is_passing: whether the plan couldn't be read at this moment.
    """

    shifts: tuple[ScreenShift, ...] = ()
    why: str = ""
    is_passing: bool = False


def shifts_ahead(
    asked: PageQuestion, records: DutyRecords, shelf: Shelf, moment: pd.Timestamp
) -> ScreenStaffing:
    """Return need and plan of the shifts that are on and of the next.

    Args:
        asked: by the screen's address. Where the area has no plan, those below it are told.
        records: the plan of duty.
        shelf: of issues, for which what was computed is kept.
        moment: the instant that the screen tells, UTC.
    """
    record = records.at(asked.now)
    if not record.is_known:
        return ScreenStaffing(why="The plan of officers can't be read now.", is_passing=True)
    tree = asked.issue.tree
    planned = {*record.plan["area"]} & {*asked.reach.seen(tree)} & {*tree.below(asked.area)}
    areas = [asked.area] if asked.area in planned else [a for a in tree.ids if a in planned]
    if not areas:
        why = f"No plan of officers is known for {asked.area_name}."
        return ScreenStaffing(why=why, is_passing=not record.is_sure)
    today, _ = days_ahead(asked, moment)
    span = {"from": f"{today - ONE_DAY:%Y-%m-%d}", "to": f"{today + 2 * ONE_DAY:%Y-%m-%d}"}
    query = StaffingQuery.model_validate({**span, "area": areas})
    try:
        _, frame = officers(asked, query, record, shelf)
    except (BadQuestion, SettingsError, UnknownName) as error:
        return ScreenStaffing(why=sentence(str(error)))
    shifts = _shifts(asked, frame[frame["end"] > moment], moment)
    return ScreenStaffing(shifts, is_passing=not record.is_sure)


def _shifts(
    asked: PageQuestion, frame: pd.DataFrame, moment: pd.Timestamp
) -> tuple[ScreenShift, ...]:
    upcoming = frame.loc[frame["start"] > moment, "start"]
    following = upcoming.min() if len(upcoming) else moment
    shown = frame[frame["start"] <= following].sort_values(["start", "end"], kind="stable")
    told = []
    for _, rows in shown.groupby(["start", "end", "shift"], sort=False):
        first = answer_rows(rows[["start", "end", "shift"]])[0]
        begins, ends = (first[name].tz_convert(asked.zone) for name in ("start", "end"))
        shift = asked.shift_names.get(first["shift"], first["shift"])
        name = f"{shift}, {begins:%H:%M} to {ends:%H:%M}"
        when = "next" if begins > moment else "now"
        told.append(ScreenShift(name, when, *_need_and_plan(rows)))
    return tuple(told[:_MOST_SHIFTS])


def _need_and_plan(rows: pd.DataFrame) -> tuple[str, bool]:
    """Return need and plan of a shift, of one area in figures, and whether any is short."""
    if len(rows) == 1:
        needed, planned, gap = (float(rows[name].iloc[0]) for name in ("on_duty", "planned", "gap"))
        return _figures(needed, planned, gap), gap > 0
    gaps = rows["gap"].to_numpy(dtype=np.float64)
    order = np.argsort(-np.nan_to_num(gaps), kind="stable")
    areas = rows["area_name"].tolist()
    short = [f"{areas[i]} {count_text(gaps[i])}" for i in order if gaps[i] > 0]
    unknown = int(np.isnan(gaps).sum())
    doubt = f"; ? {unknown} not known" if unknown else ""
    if not short:
        enough = len(gaps) - unknown
        said = f"✓ Enough in {enough} of {len(gaps)} areas" if enough else "? Not known"
        return f"{said}{doubt if enough else ''}", False
    more = f" and {len(short) - _MOST_AREAS} more" if len(short) > _MOST_AREAS else ""
    named = ", ".join(short[:_MOST_AREAS])
    return f"▼ Short in {len(short)} of {len(gaps)} areas: {named}{more}{doubt}", True


def _figures(needed: float, planned: float, gap: float) -> str:
    if not np.isfinite(needed):
        return "∅ Not forecast"
    if not np.isfinite(planned):
        return f"? {count_text(needed)} needed, no plan known"
    told = f"{count_text(needed)} needed, {count_text(planned)} planned"
    if gap > 0:
        return f"▼ {count_text(gap)} lacking: {told}"
    return f"✓ {told}"
