"""Answers of the plan of duty as tables: the plan beside the need, and the changes proposed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array
from planning.columns import AREA_KEYS, PROBABILITY
from planning.notice import NOTICE_CLASSES
from planning.tables import Column, Values

if TYPE_CHECKING:  # its columns are described where nothing is computed
    from planning.duty_plan import AreaPlan
    from planning.moves import Moves

OFFICERS, COST = "officers", "currency of the rates"
NOTICE_COLUMNS = (
    Column(
        "notice", "rule of notice that a change falls under now", type="text",
        example="roster_published", options=NOTICE_CLASSES, shown="always",
    ),
    Column(
        "last_cheap_day", "last force-day on which notice of a change costs nothing more",
        type="date", example="2026-12-02", shown="always",
    ),
)  # fmt: skip
SHIFT_KEYS = (
    Column("shift_id", "stable id of the shift", type="text",
           example="bristol/response/2026-12-18/late"),
    Column("shift", "id of the shift", type="text", example="late", shown="always"),
    Column("force_day", "local date of its force-day", type="date", example="2026-12-18",
           shown="always"),
    Column("start", "its beginning", "UTC", "instant", "2026-12-18T14:00:00Z"),
    Column("end", "its end, not part of it", "UTC", "instant", "2026-12-19T00:00:00Z"),
)  # fmt: skip
CHANGE_COST = Column(
    "change_cost", "of one officer's duty when notice is given now; on a public holiday its double "
    "time whatever the notice", COST, example=0.0, decimals=0, shown="differing",
)  # fmt: skip
LATE_COST = Column(
    "late_cost", "of one officer's duty when notice is given after that day", COST,
    example=480.0, decimals=0, shown="always",
)  # fmt: skip
PLANNED = Column("planned", "officers planned for duty", OFFICERS, "whole", 7, shown="always")
GAP = Column(
    "gap", "officers lacking, by the split that takes the fewest hours; below 0 to spare",
    OFFICERS, "whole", 1, low=None, shown="always",
)  # fmt: skip
SHORT_COLUMNS = (
    Column("share_of_time_short", "share of its time in which more are busy than free", "share",
           high=1, example=0.07, decimals=2, shown="always"),
    Column("p_short_at_tightest", "probability of that at its worst half-hour", PROBABILITY,
           high=1, example=0.31, decimals=2, shown="always"),
    Column("p_hours_over", "probability that its force-day brings more work than its officers have "
           "hours", PROBABILITY, high=1, example=0.2, decimals=2, shown="always"),
)  # fmt: skip
PLAN_COLUMNS = (
    *AREA_KEYS,
    *SHIFT_KEYS,
    Column(
        "state", "forecast; no_forecast: the issue doesn't reach the whole shift; no_plan: nobody "
        "told how many are planned", type="text", example="forecast",
        options=("forecast", "no_forecast", "no_plan"), shown="told", usual=("forecast",),
    ),
    Column("on_duty", "officers on duty that are needed", OFFICERS, "whole", 8, shown="always"),
    PLANNED,
    Column("rostered", "officers on the roster, by the plan", OFFICERS, "whole", 9, shown="told"),
    Column("worked", "officers that were there", OFFICERS, "whole", 7, shown="told"),
    Column("late", '"late" where the plan was told after the shift began', type="text",
           example="", shown="told"),
    GAP,
    *SHORT_COLUMNS,
    *NOTICE_COLUMNS,
    CHANGE_COST,
    LATE_COST,
)  # fmt: skip
MOVE_COLUMNS = (
    Column("change", "move: a duty to another shift; ask: for one more officer", type="text",
           example="move", options=("move", "ask"), shown="always"),
    Column("officers", "how many", OFFICERS, "whole", 1, low=1, shown="always"),
    Column("from_shift_id", "stable id of the shift that gives; empty where one more is asked for",
           type="text", example="bristol/response/2026-12-18/early", shown="always"),
    Column("to_shift_id", "stable id of the shift that gets", type="text",
           example="bristol/response/2026-12-18/late", shown="always"),
    Column("cost", "of the change", COST, example=0.0, decimals=0, shown="always"),
    *NOTICE_COLUMNS,
)  # fmt: skip


def shift_columns(plans: Sequence[AreaPlan]) -> dict[str, NDArray[Any]]:
    """Return the columns of `AreaStaffing.shifts`, one area after the other; instants are UTC."""
    frame = pd.concat([each.staffing.shifts for each in plans], ignore_index=True)
    return {str(name): _plain(frame[name]) for name in frame}


def _plain(values: pd.Series) -> NDArray[Any]:
    is_instant = isinstance(values.dtype, pd.DatetimeTZDtype)
    return (values.dt.tz_convert(None) if is_instant else values).to_numpy()


def plan_values(plans: Sequence[AreaPlan], name_of: Callable[[str], str]) -> Values:
    """Return the columns PLAN_COLUMNS, one area's shifts after the other's.

    Args:
        plans: of areas.
        name_of: gives the name of an area.
    """
    shifts = shift_columns(plans)

    def column(name: str) -> NDArray[Any]:
        return shifts[name]

    def own(name: str) -> Array:
        return np.concatenate([getattr(each, name) for each in plans])

    areas = [each.staffing.area for each in plans for _ in range(len(each.planned))]
    planned, told = own("planned"), column("state").astype(object)
    short = {
        name: np.concatenate([getattr(each.short, name) for each in plans])
        for name in ("share_of_time_short", "p_short_at_tightest", "p_hours_over")
    }
    return {
        "area": np.array(areas, dtype=object),
        "area_name": np.array([name_of(area) for area in areas], dtype=object),
        **{name: column(name).astype(object) for name in ("shift_id", "shift")},
        "force_day": column("force_day").astype("datetime64[D]"),
        **{name: column(name) for name in ("start", "end")},
        "state": np.where((told == "forecast") & np.isnan(planned), "no_plan", told),
        "on_duty": column("on_duty").astype(np.float64),
        **{name: own(name) for name in ("planned", "rostered", "worked", "gap")},
        "late": np.where(own("late"), "late", "").astype(object),
        **short,
        **_notice_values(plans),
        "change_cost": np.concatenate([each.stand.change_cost for each in plans]),
        "late_cost": np.concatenate([each.stand.late_cost for each in plans]),
    }


def move_values(plans: Sequence[AreaPlan], moves: Moves) -> Values:
    """Return the columns MOVE_COLUMNS, in the order of the moves.

    Args:
        plans: of the areas of a base, in the order in which the moves count their shifts.
        moves: from `planning.duty_plan.base_moves`.
    """
    ids = [name for each in plans for name in each.staffing.shifts["shift_id"]]
    targets = np.array([each.target for each in moves.moves], dtype=np.int64)
    source = ["" if each.source is None else ids[each.source] for each in moves.moves]
    return {
        "change": np.array(["move" if each else "ask" for each in source], dtype=object),
        "officers": np.array([each.officers for each in moves.moves], dtype=np.float64),
        "from_shift_id": np.array(source, dtype=object),
        "to_shift_id": np.array([ids[at] for at in targets], dtype=object),
        "cost": np.array([each.cost for each in moves.moves], dtype=np.float64),
        **{name: values[targets] for name, values in _notice_values(plans).items()},
    }


def _notice_values(plans: Sequence[AreaPlan]) -> Values:
    days = np.concatenate([each.stand.last_cheap_day.to_numpy() for each in plans])
    names = [name for each in plans for name in each.stand.classes]
    return {
        "notice": np.array(names, dtype=object),
        "last_cheap_day": days.astype("datetime64[D]"),
    }
