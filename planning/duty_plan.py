"""The plan of duty beside what an area needs: gap, how short, notice, and what to change.

A shift without a plan is unknown: so are its gap and how short it is, and neither is a moved duty
taken from it nor is anybody asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse

from forewatch.areas import AreaTree
from forewatch.arrays import Array, Mask
from forewatch.clock import instants_us
from forewatch.profile import Profile
from forewatch.tables import PLAN_FIGURES
from planning.area_staffing import AreaStaffing
from planning.moves import Moves, PlannedDuties, Requirements, fewest_moves
from planning.need import Shortness
from planning.notice import NoticeRules, Notices, notices

_ROUNDING = 1e-5  # what covers may be off by


@dataclass(frozen=True)
class AreaPlan:
    """The plan of an area and role; shape (shifts,) each, in the order of the staffing's.

    Args:
        staffing: what the area needs.
        planned: officers planned for duty, NaN where nobody told.
        rostered: officers on the roster, likewise.
        worked: officers that were there, likewise.
        late: whether the plan was told after the shift began.
        gap: officers on duty that are lacking; negative where some can be spared.
        short: how short the planned officers are.
        stand: how the shifts stand by the rules of notice.
    """

    staffing: AreaStaffing = field(repr=False)
    planned: Array
    rostered: Array
    worked: Array
    late: Mask
    gap: Array
    short: Shortness = field(repr=False)
    stand: Notices = field(repr=False)


@dataclass(frozen=True)
class NoticeDay:
    """When notice is given, and by which rules.

    Args:
        day: force-day (local date) of the notice.
        rules: of notice.
        holidays: local dates of public holidays, by area; of areas that aren't there none is known.
    """

    day: pd.Timestamp
    rules: NoticeRules
    holidays: Mapping[str, frozenset[pd.Timestamp]] = field(default_factory=dict)


def area_plan(found: AreaStaffing, role: str, plan: pd.DataFrame, notice: NoticeDay) -> AreaPlan:
    """Return the plan of an area beside what it needs.

    Args:
        found: what it needs.
        role: whose.
        plan: rows of the table `plan` as known at an instant, the latest of each figure.
        notice: when notice is given.
    """
    shifts = found.shifts
    told = _rows_of(found, role, plan)
    figures = {name: _by_shift(told[told["figure"] == name], shifts) for name in PLAN_FIGURES}
    late = _by_shift(told[told["figure"] == "planned"], shifts, "late")
    planned = figures["planned"]
    days = pd.DatetimeIndex(shifts["force_day"])
    holidays = notice.holidays.get(found.area, frozenset())
    is_holiday = np.array([day in holidays for day in days], dtype=bool)
    hours = shifts["hours"].to_numpy(dtype=np.float64)
    return AreaPlan(
        found,
        **figures,
        late=late == 1,
        gap=found.gap(planned),
        short=found.duty.shortness(planned),
        stand=notices(days, hours, is_holiday, notice.day, notice.rules),
    )


def told_officers(
    found: AreaStaffing, role: str, plan: pd.DataFrame, figure: str = "planned"
) -> Array:
    """Return a figure of each shift of an area by a plan, NaN where nobody told it.

    Args:
        found: what the area needs.
        role: whose.
        plan: as of `area_plan`.
        figure: one of PLAN_FIGURES.
    """
    told = _rows_of(found, role, plan)
    return _by_shift(told[told["figure"] == figure], found.shifts)


def base_numbers(profile: Profile, tree: AreaTree, areas: Sequence[str]) -> list[int]:
    """Return the number of the duty base of each area; an area of none has one of its own."""
    numbers: dict[str, int] = {}
    found = []
    for area in areas:
        above = tree.upwards(area)
        bases = (base.id for base in profile.staffing.bases if set(base.areas).intersection(above))
        name = next((f"base {base}" for base in bases), f"area {area}")
        found.append(numbers.setdefault(name, len(numbers)))
    return found


def plan_moves(
    plans: Sequence[AreaPlan],
    bases: Sequence[int],
    most: Sequence[Array],
    percentile: int,
    limit: int,
) -> Moves:
    """Return the fewest changes that bring every shift to what it needs.

    Args:
        plans: of areas, with the same role and days; positions of the moves count their shifts one
            area after the other.
        bases: number of each area's duty base.
        most: officers that each area's shifts can take, inf where there is no limit.
        percentile: that is covered.
        limit: the most officer-shifts that change, in all bases together.
    """
    tables = [each.staffing.shifts for each in plans]
    reached = [(table["state"] == "forecast").to_numpy() for table in tables]
    change_cost = np.concatenate([each.stand.change_cost for each in plans])
    hours = np.concatenate([table["hours"].to_numpy(dtype=np.float64) for table in tables])
    days = pd.DatetimeIndex(np.concatenate([table["force_day"].to_numpy() for table in tables]))
    duties = PlannedDuties(
        areas=tuple(each.staffing.area for each, table in zip(plans, tables, strict=True)
                    for _ in range(len(table))),
        bases=np.repeat(np.array(bases, dtype=np.int64), [len(table) for table in tables]),
        shifts=tuple(shift for table in tables for shift in table["shift"]),
        days=np.asarray(days.as_unit("us").asi8, dtype=np.int64),
        starts_us=np.concatenate([instants_us(pd.DatetimeIndex(t["start"])) for t in tables]),
        planned=np.where(
            np.concatenate(reached), np.concatenate([each.planned for each in plans]), np.nan
        ),
        most=np.concatenate(most),
        change_cost=change_cost,
        ask_cost=np.maximum(change_cost, hours * _hour_cost(plans)),
    )  # fmt: skip
    return fewest_moves(duties, _requirements(plans, percentile / 100), limit)


def _hour_cost(plans: Sequence[AreaPlan]) -> float:
    return plans[0].stand.rules.hour_cost


def _rows_of(found: AreaStaffing, role: str, plan: pd.DataFrame) -> pd.DataFrame:
    """Return the rows about an area's shifts, of all that was ever told."""
    days = found.shifts["force_day"]
    about = plan[(plan["force_day"] >= days.min()) & (plan["force_day"] <= days.max())]
    return pd.DataFrame(about[(about["area"] == found.area) & (about["role"] == role)])


def _by_shift(told: pd.DataFrame, shifts: pd.DataFrame, column: str = "officers") -> Array:
    """Return what rows of one figure tell of each shift, NaN where nobody told it."""
    row = {key: i for i, key in enumerate(_shift_keys(told))}
    at = [row.get(key, -1) for key in _shift_keys(shifts)]
    return np.append(told[column].to_numpy(dtype=np.float64), np.nan)[at]


def _shift_keys(rows: pd.DataFrame) -> list[tuple[str, int]]:
    days = pd.DatetimeIndex(rows["force_day"]).as_unit("us").asi8
    return list(zip(rows["shift"].tolist(), days.tolist(), strict=True))


def _requirements(plans: Sequence[AreaPlan], level: float) -> Requirements:
    """Return what the officers of areas must come to, one area's shifts after the other's."""
    parts = [_of_area(each.staffing, level) for each in plans]
    return Requirements(
        sparse.block_diag([each.weights for each in parts], format="csr"),
        np.concatenate([each.wanted for each in parts]),
        np.concatenate([each.hours for each in parts]),
    )


def _of_area(found: AreaStaffing, level: float) -> Requirements:
    """Return an area's: free for calls and on duty by half-hour, hours of work by force-day."""
    duty = found.duty
    here = duty.during.any(axis=0)
    during = duty.during[:, here].T.astype(np.float64)
    # Those of other shifts that are free are on duty at least.
    others, length = duty.others_free[here], duty.hours[here]
    need = duty.busy.need(level)[here]
    days = np.unique(duty.day[duty.is_reached])
    of_day = (duty.day == days[:, None]) & duty.is_reached
    work = duty.work.quantile(level)
    wanted = np.concatenate([need - others, found.minimum - others, work[days]])
    return Requirements(
        sparse.csr_array(np.concatenate([during * duty.share, during, of_day * duty.productive])),
        np.maximum(wanted - _ROUNDING, 0.0),
        np.concatenate([length, length, np.ones(len(days))]),
    )
