"""Is it enough: officers needed and planned by shift, where a plan was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.errors import BadQuestion, SettingsError, UnknownName
from serving.api.shelf import Shelf
from serving.charts.chart import Chart
from serving.charts.need_and_plan import need_and_plan_chart
from serving.charts.words import percent_text
from serving.duty_records import DutyRecords
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.kept_staffing import officers
from serving.page.page_frame import Link
from serving.page.page_question import PageQuestion
from serving.page.page_words import day_words, sentence
from serving.page.plain_table import PlainTable
from serving.page.staffing_areas import officers_by_area
from serving.queries import StaffingQuery

_MOST_AREAS = 30  # below, of which a row is told
_HOW = (
    "No plan of officers was imported. 'forewatch import plan FILE --mapping MAPPING' takes one "
    "from the duty system; docs/guides/staffing.md shows how."
)


@dataclass(frozen=True)
class ShiftCell:
    """A shift of a day.

    Args:
        text: officers needed and planned.
        gap: officers lacking or to spare, with a sign; "" where neither.
        is_short: whether officers are lacking.
        label: the same in words.
        address: of the shift's own view; "" where it has none.
    """

    text: str = ""
    gap: str = ""
    is_short: bool = False
    label: str = ""
    address: str = ""


@dataclass(frozen=True)
class StaffingPanel:
    """Need and plan of a week.

    Args:
        shifts: names of the shifts, the columns.
        rows: of the days: name, and a cell a shift.
        summary: in a sentence.
        chart: of the shifts; None where there is none.
        assumed: what nobody told and is assumed.
        below: of the areas below that have a plan, where the one shown has none; None likewise.
        areas: areas above that have a plan, where neither the one shown nor one below it has.
        why: why there is none; "" where there is.
        is_passing: whether the plan couldn't be read at this moment.
    """

    shifts: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[ShiftCell, ...]], ...] = ()
    summary: str = ""
    chart: Chart | None = None
    assumed: str = ""
    below: PlainTable | None = None
    areas: tuple[Link, ...] = ()
    why: str = ""
    is_passing: bool = False


def week_staffing(asked: PageQuestion, records: DutyRecords, shelf: Shelf) -> StaffingPanel:
    """Return need and plan of the week.

    Args:
        asked: by the view's address.
        records: the plan of duty.
        shelf: of issues, for which what was computed is kept.
    """
    record = records.at(asked.now)
    if not record.is_known:
        return StaffingPanel(why="The plan can't be read at this moment.", is_passing=True)
    planned = {*record.plan["area"]} & {*asked.reach.seen(asked.issue.tree)}
    if not planned:
        return StaffingPanel(why=_HOW, is_passing=not record.is_sure)
    tree = asked.issue.tree
    below = [area for area in tree.ids if area in planned and area in tree.below(asked.area)]
    areas = [asked.area] if asked.area in planned else below[:_MOST_AREAS]
    if not areas:
        return _above(asked, planned)
    query = StaffingQuery(week=asked.week, area=areas)
    try:
        found, frame = officers(asked, query, record, shelf)
    except (BadQuestion, SettingsError, UnknownName) as error:
        return StaffingPanel(why=sentence(str(error)))
    names = {name for plan in found.plans for name in plan.staffing.assumed}
    assumed, is_passing = _assumed(names), not record.is_sure
    if asked.area in planned:
        return _panel(asked, frame, assumed, is_passing=is_passing)
    left = f"{len(below) - len(areas)} more areas have a plan." if len(below) > len(areas) else ""
    return StaffingPanel(
        summary=left, below=officers_by_area(asked, frame), assumed=assumed, is_passing=is_passing
    )


def _above(asked: PageQuestion, planned: set[str]) -> StaffingPanel:
    tree = asked.issue.tree
    above = [area for area in tree.upwards(asked.area) if area in planned]
    links = tuple(Link(tree.area(each).name, asked.address(area=each)) for each in above)
    if not links:
        return StaffingPanel(why=f"No plan of officers was told for {asked.area_name}.")
    return StaffingPanel(areas=links)


def _panel(
    asked: PageQuestion, frame: pd.DataFrame, assumed: str, *, is_passing: bool
) -> StaffingPanel:
    names = asked.shift_names
    shifts = [*dict.fromkeys(frame["shift"])]
    days = [*dict.fromkeys(frame["force_day"])]
    cells = {
        (row["force_day"], row["shift"]): _cell(asked, row, names) for row in answer_rows(frame)
    }
    rows = tuple(
        (day_words(day), tuple(cells.get((day, shift), ShiftCell()) for shift in shifts))
        for day in days
    )
    chart = need_and_plan_chart(frame, asked.zone, asked.area_name)
    columns = tuple(names.get(shift, shift) for shift in shifts)
    return StaffingPanel(columns, rows, chart.summary, chart, assumed, is_passing=is_passing)


def _cell(asked: PageQuestion, row: AnswerRow, names: Mapping[str, str]) -> ShiftCell:
    need, planned, gap = row["on_duty"], row["planned"], row["gap"]
    when = f"{day_words(row['force_day'])}, {names.get(row['shift'], row['shift'])}"
    address = asked.duty_address(asked.area, f"{row['force_day']:%Y-%m-%d}/{row['shift']}")
    if not np.isfinite(need):
        return ShiftCell("∅", label=f"{when}: not forecast", address=address)
    if not np.isfinite(planned):
        told = f"{when}: {need:.0f} needed, no plan"
        return ShiftCell(f"{need:.0f} / –", label=told, address=address)
    sign = f"▼{gap:.0f}" if gap > 0 else f"+{-gap:.0f}" if gap < 0 else ""
    short = f"; short {percent_text(row['share_of_time_short'])} of the time"
    told = short if np.isfinite(row["share_of_time_short"]) else ""
    label = f"{when}: {need:.0f} needed, {planned:.0f} planned{told}"
    return ShiftCell(f"{need:.0f} / {planned:.0f}", sign, gap > 0, label, address)


def _assumed(names: set[str]) -> str:
    """Return what is assumed in a few words."""
    keys = sorted({name.partition(": ")[0] for name in names})
    services = [key for key in keys if key.startswith("staffing.services.")]
    others = [_key_words(key) for key in keys if key not in services]
    more = [f"what calls take of {len(services)} services"] * bool(services)
    return ", ".join([*others, *more])


def _key_words(key: str) -> str:
    """Return a key of the profile in words: the last of it first."""
    *within, last = key.removeprefix("staffing.").replace("_", " ").split(".")
    return f"{last} ({', '.join(within)})" if within else last
