"""The plan of duty beside what an area needs: gap, how short, notice, and what to change.

A shift without a plan is unknown: so are its gap and how short it is, and neither is a moved duty
taken from it nor is anybody asked for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import sparse

from forewatch.areas import AreaTree
from forewatch.arrays import Array, Mask
from forewatch.clock import ONE_DAY, instants_us
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
        beside: officers planned in the shifts beside those asked for, NaN where nobody told.
        gap: officers on duty that are lacking; negative where some can be spared.
        short: how short the planned officers are.
        stand: how the shifts stand by the rules of notice.
    """

    staffing: AreaStaffing = field(repr=False)
    planned: Array
    rostered: Array
    worked: Array
    late: Mask
    beside: Array = field(repr=False)
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


@dataclass(frozen=True)
class PlanLookup:
    """What was told of the shifts of a role, to be looked up.

    Args:
        rows: by area and figure, then by shift and force-day (microseconds since 1970): officers,
            and whether they were told after the shift began.
    """

    rows: Mapping[tuple[str, str], Mapping[tuple[str, int], tuple[float, bool]]] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def of(cls, plan: pd.DataFrame, role: str, days: pd.DatetimeIndex) -> PlanLookup:
        """Return what a plan tells of a role's shifts on some days and those beside them.

        Args:
            plan: rows of the table `plan` as known at an instant, the latest of each figure.
            role: its id.
            days: force-days (local dates), not none.
        """
        # Shifts of the days before and after overlap them.
        first, last = days.min() - ONE_DAY, days.max() + ONE_DAY
        about = plan[(plan["force_day"] >= first) & (plan["force_day"] <= last)]
        mine = about[about["role"] == role]
        columns = (mine[name].tolist() for name in ("area", "figure", "shift", "officers", "late"))
        rows: dict[tuple[str, str], dict[tuple[str, int], tuple[float, bool]]] = defaultdict(dict)
        for area, figure, shift, officers, late, day in zip(
            *columns, _days_us(mine["force_day"]), strict=True
        ):
            rows[area, figure][shift, day] = float(officers), bool(late)
        return cls(dict(rows))

    def of_shifts(
        self, area: str, shifts: Sequence[str], days: pd.DatetimeIndex, figure: str = "planned"
    ) -> tuple[Array, Mask]:
        """Return a figure of shifts, NaN where nobody told it, and which were told late.

        Args:
            area: id.
            shifts: ids.
            days: local dates of their force-days.
            figure: one of PLAN_FIGURES.
        """
        own = self.rows.get((area, figure), {})
        told = [own.get(key, (np.nan, False)) for key in zip(shifts, _days_us(days), strict=True)]
        officers, late = zip(*told, strict=True) if told else ((), ())
        return np.array(officers, dtype=np.float64), np.array(late, dtype=np.bool_)

    def of_area(self, found: AreaStaffing, figure: str = "planned") -> tuple[Array, Mask]:
        """Return the same of the shifts of an area's staffing."""
        shifts = found.shifts
        days = pd.DatetimeIndex(shifts["force_day"])
        return self.of_shifts(found.area, shifts["shift"].tolist(), days, figure)

    def beside(self, found: AreaStaffing) -> Array:
        """Return the officers planned in the shifts beside those of an area's staffing."""
        others = found.duty.others
        return self.of_shifts(found.area, others.shifts, others.days)[0]


def area_plan(found: AreaStaffing, plan: PlanLookup, notice: NoticeDay) -> AreaPlan:
    """Return the plan of an area beside what it needs.

    Args:
        found: what it needs.
        plan: of its role.
        notice: when notice is given.
    """
    shifts = found.shifts
    figures = {figure: plan.of_area(found, figure)[0] for figure in PLAN_FIGURES}
    planned, late = plan.of_area(found)
    beside = plan.beside(found)
    days = pd.DatetimeIndex(shifts["force_day"])
    holidays = pd.DatetimeIndex(sorted(notice.holidays.get(found.area, ())))
    hours = shifts["hours"].to_numpy(dtype=np.float64)
    return AreaPlan(
        found,
        **figures,
        late=late,
        beside=beside,
        gap=found.gap(planned),
        short=replace(found.duty, beside=beside).shortness(planned),
        stand=notices(days, hours, days.isin(holidays), notice.day, notice.rules),
    )


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


def periods_short(plans: Sequence[AreaPlan], moves: Moves) -> int:
    """Return how many half-hours and force-days of areas moves leave short.

    A half-hour that lacks officers for calls and on duty counts once.
    """
    count, rest = 0, moves.still_short
    for each in plans:
        duty = each.staffing.duty
        half_hours, days = int(duty.during.any(0).sum()), len(np.unique(duty.day[duty.is_reached]))
        own, rest = np.split(rest, [2 * half_hours + days])
        short = own > 0
        count += int((short[:half_hours] | short[half_hours : 2 * half_hours]).sum())
        count += int(short[2 * half_hours :].sum())
    return count


def _hour_cost(plans: Sequence[AreaPlan]) -> float:
    return plans[0].stand.rules.hour_cost


def _days_us(days: pd.Series | pd.DatetimeIndex) -> list[int]:
    found: list[int] = pd.DatetimeIndex(days).as_unit("us").asi8.tolist()
    return found


def _requirements(plans: Sequence[AreaPlan], level: float) -> Requirements:
    """Return what the officers of areas must come to, one area's shifts after the other's."""
    parts = [_of_area(each, level) for each in plans]
    return Requirements(
        sparse.block_diag([each.weights for each in parts], format="csr"),
        np.concatenate([each.wanted for each in parts]),
        np.concatenate([each.hours for each in parts]),
    )


def _of_area(plan: AreaPlan, level: float) -> Requirements:
    """Return an area's: free for calls and on duty by half-hour, hours of work by force-day.

    Shifts beside those of the plan are taken as planned, and where nobody told as needed.
    """
    needed = plan.staffing.duty.beside
    beside = np.where(np.isnan(plan.beside), needed, plan.beside)
    duty = replace(plan.staffing.duty, beside=beside)
    here = duty.during.any(axis=0)
    present = duty.present[:, here].T.astype(np.float64)
    length = duty.hours[here]
    free = duty.busy.need(level)[here] - duty.others_free[here]
    on_duty = plan.staffing.minimum - duty.others_on_duty[here]
    days = np.unique(duty.day[duty.is_reached])
    of_day = (duty.day == days[:, None]) & duty.is_reached
    wanted = np.concatenate([free, on_duty, duty.work.quantile(level)[days]])
    return Requirements(
        sparse.csr_array(np.concatenate([present * duty.share, present, of_day * duty.productive])),
        np.maximum(wanted - _ROUNDING, 0.0),
        np.concatenate([length, length, np.ones(len(days))]),
    )
