"""What was said of past shifts against the work that came: how far the three figures hold.

1. Of each shift stands what was said: the three figures of `planning.need.Shortness` for the
   officers that were planned then, or asked for where no plan was told.
2. Beside it stands what came with that many officers (`planning.past_work`): the share of its
   half-hours in which more were busy than free; whether they were in the half-hour that was said
   to be the worst; whether its force-day brought more work than hours.
3. A figure holds where the two agree on average: by area and lead, and by how large it was said to
   be. Weeks are drawn again and again to tell how far they would differ by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Mask
from forewatch.clock import ONE_DAY, WEEK_DAYS
from planning.area_staffing import AreaStaffing
from planning.duty_plan import PlanLookup
from planning.issues import Issue
from planning.past_work import PastWork
from planning.staffing import staffing

Figure = Literal["share_of_time_short", "p_short_at_tightest", "p_hours_over"]
FIGURES: tuple[Figure, ...] = ("share_of_time_short", "p_short_at_tightest", "p_hours_over")
ALL = "all"
BANDS = (0.0, 0.05, 0.1, 0.2, 0.4, 1.0)
_DRAWS = 2000
_SEED = 13
_INTERVAL = (0.025, 0.975)
_FEWEST_WEEKS = 2


@dataclass(frozen=True)
class Reliability:
    """How one figure held.

    Args:
        area: id of the area, or ALL of those asked.
        lead_days: between what was said and the first day of the week that it was said of.
        figure: which one.
        low_said, high_said: bounds of what was said; 0 and 1 for any.
        said: mean of what was said.
        came: mean of what came.
        low, high: bounds of came − said, were other weeks drawn: 95 of 100; NaN of one week.
        weeks: that count.
        rows: shifts (of p_hours_over: force-days) that count.
        unknown: of those that were said of, how many nobody knows what came of.
    """

    area: str
    lead_days: int
    figure: Figure
    low_said: float
    high_said: float
    said: float
    came: float
    low: float
    high: float
    weeks: int
    rows: int
    unknown: int

    @property
    def difference(self) -> float:
        """How much more came than was said."""
        return self.came - self.said


@dataclass(frozen=True)
class PastWeek:
    """A past week of which something was said.

    Args:
        monday: local date of its first force-day.
        lead_days: before it, when that was said.
        plan: of the role, as known then.
    """

    monday: pd.Timestamp
    lead_days: int
    plan: PlanLookup = field(default_factory=PlanLookup, repr=False)


def replayed_weeks(
    issue: Issue,
    weeks: Sequence[PastWeek],
    work: Mapping[str, PastWork],
    role: str,
    percentile: int | None,
) -> pd.DataFrame:
    """Return what an issue said of weeks and what came of them, one row a shift.

    Args:
        issue: that said it.
        weeks: that it reaches.
        work: that came, by area; areas that the issue doesn't know are left out.
        role: id of the role.
        percentile: that was covered where no plan was told; None: the profile's.

    Returns:
        Columns of `replayed_shifts`, and area, lead_days, week (its Monday) and is_planned: whether
        the officers are those of a plan.
    """
    areas = [area for area in work if area in issue.tree.ids]
    if not areas:
        return pd.DataFrame()
    first = min(week.monday for week in weeks)
    last = max(week.monday for week in weeks)
    found = staffing(
        issue,
        first=first,
        days=(last - first) // ONE_DAY + WEEK_DAYS,
        areas=areas,
        role=role,
        percentile=percentile,
    )
    parts = [
        (each.area, week, is_plan, rows)
        for each in found.areas
        for week, is_plan, rows in _weeks_of_area(each, weeks, work[each.area])
    ]
    sizes = [len(rows) for *_, rows in parts]
    names, told, planned, _ = zip(*parts, strict=True)
    together = pd.concat([rows for *_, rows in parts], ignore_index=True)
    return together.assign(
        area=np.repeat(np.array(names, dtype=object), sizes),
        lead_days=np.repeat([week.lead_days for week in told], sizes),
        week=pd.DatetimeIndex([week.monday for week in told]).repeat(sizes),
        is_planned=np.repeat(planned, sizes),
    )


def _weeks_of_area(
    found: AreaStaffing, weeks: Sequence[PastWeek], work: PastWork
) -> Iterator[tuple[PastWeek, bool, pd.DataFrame]]:
    """Yield each week, whether a plan was told of it, and its rows."""
    days = found.shifts["force_day"].to_numpy()
    by_officers: dict[bytes, pd.DataFrame] = {}  # the same of all weeks, where no plan was told
    for week in weeks:
        end = week.monday + WEEK_DAYS * ONE_DAY
        is_here = (days >= np.datetime64(week.monday)) & (days < np.datetime64(end))
        officers, is_plan = _officers(found, week, is_here)
        key = officers.tobytes()
        if key not in by_officers:
            by_officers[key] = replayed_shifts(found, officers, work)
        yield week, is_plan, by_officers[key].loc[is_here]


def _officers(found: AreaStaffing, week: PastWeek, is_here: Mask) -> tuple[Array, bool]:
    """Return the officers that were planned, or asked for where no plan of the week was told."""
    needed = found.shifts["on_duty"].to_numpy(dtype=np.float64)
    told, _ = week.plan.of_area(found)
    if np.isnan(told[is_here]).all():
        return needed, False
    # A night of the week before that nobody told of is as was asked for.
    return np.where(is_here, told, np.where(np.isnan(told), needed, told)), True


def replayed_shifts(found: AreaStaffing, officers: Array, work: PastWork) -> pd.DataFrame:
    """Return what was said of shifts and what came of them, one row a shift.

    Args:
        found: what the area was said to need.
        officers: on duty in its shifts, NaN where unknown, shape (shifts,).
        work: that came in the area.

    Returns:
        force_day, hours, and for each of FIGURES said_… and came_…: NaN where nothing was said, and
        where nobody knows what came. p_hours_over stands in the first row of its force-day.
    """
    duty, shifts = found.duty, found.shifts
    said = duty.shortness(officers)
    short = work.p_short(duty.middles_us, duty.free(officers))
    within = duty.during * duty.hours
    known = ~(duty.during & np.isnan(short)).any(1)
    length = within.sum(1)
    share = np.divide(within @ np.nan_to_num(short), length, out=np.zeros_like(length),
                      where=length > 0)  # fmt: skip
    expected = np.where(duty.during, duty.busy.p_over(duty.free(officers)), -1.0)
    days = pd.DatetimeIndex(shifts["force_day"])
    over = work.p_hours_over(days, duty.day_hours(officers)[duty.day])
    is_first = ~days.duplicated()
    came = {
        "share_of_time_short": np.where(known, share, np.nan),
        "p_short_at_tightest": short[expected.argmax(1)] if len(short) else share,
        "p_hours_over": over,
    }
    columns = {"force_day": days, "hours": shifts["hours"].to_numpy(dtype=np.float64)}
    for figure in FIGURES:
        told = getattr(said, figure)
        told = np.where(is_first, told, np.nan) if figure == "p_hours_over" else told
        columns[f"said_{figure}"] = told
        columns[f"came_{figure}"] = np.where(np.isnan(told), np.nan, came[figure])
    return pd.DataFrame(columns)


def reliability(rows: pd.DataFrame) -> tuple[Reliability, ...]:
    """Return how the figures held: by area and lead, and of all areas by what was said.

    Args:
        rows: of `replayed_shifts`, with area, lead_days and week.
    """
    found: list[Reliability] = []
    areas = list(dict.fromkeys(rows["area"]))
    for lead in sorted(set(rows["lead_days"])):
        mine = rows[rows["lead_days"] == lead]
        for area in areas:
            here = mine[mine["area"] == area]
            found += [_held(here, (area, lead), figure, (0.0, 1.0)) for figure in FIGURES]
        found += _of_all(mine, lead)
    return tuple(each for each in found if each.rows or each.unknown)


def _of_all(rows: pd.DataFrame, lead: int) -> Iterator[Reliability]:
    for figure in FIGURES:
        yield _held(rows, (ALL, lead), figure, (0.0, 1.0))
    for figure in FIGURES:
        said = rows[f"said_{figure}"]
        for low, high in pairwise(BANDS):
            is_last = high == BANDS[-1]
            here = rows[(said >= low) & ((said <= high) if is_last else (said < high))]
            yield _held(here, (ALL, lead), figure, (low, high))


def _held(
    rows: pd.DataFrame, where: tuple[str, int], figure: Figure, band: tuple[float, float]
) -> Reliability:
    said, came = (rows[f"{part}_{figure}"].to_numpy(np.float64) for part in ("said", "came"))
    known = ~np.isnan(said) & ~np.isnan(came)
    unknown = int((~np.isnan(said) & np.isnan(came)).sum())
    hours = rows["hours"].to_numpy(np.float64)
    weight = np.where(known, hours if figure == "share_of_time_short" else 1.0, 0.0)
    weeks, week = np.unique(rows["week"].to_numpy(), return_inverse=True)
    sums = np.array(
        [np.bincount(week, weight * np.nan_to_num(x), len(weeks)) for x in (said, came)]
    )
    sizes = np.bincount(week, weight, len(weeks)).astype(np.float64)
    here = sizes > 0
    if not here.any():
        nan = np.nan
        return Reliability(*where, figure, *band, nan, nan, nan, nan, 0, 0, unknown)
    mean_said, mean_came = (float(each) for each in sums.sum(1) / sizes.sum())
    low, high = _interval(sums[1, here] - sums[0, here], sizes[here])
    sizes_told = int(here.sum()), int(known.sum()), unknown
    return Reliability(*where, figure, *band, mean_said, mean_came, low, high, *sizes_told)


def _interval(differences: Array, sizes: Array) -> tuple[float, float]:
    """Return bounds of Σ differences ÷ Σ sizes, were other weeks drawn; shape (weeks,) each."""
    weeks = len(sizes)
    if weeks < _FEWEST_WEEKS:
        return np.nan, np.nan
    rng = np.random.default_rng(_SEED)
    times = rng.multinomial(weeks, np.full(weeks, 1 / weeks), size=_DRAWS)
    low, high = np.quantile((times @ differences) / (times @ sizes), _INTERVAL)
    return float(low), float(high)
