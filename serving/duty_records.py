"""What bears on duty beside the forecast: the plan as told, and the public holidays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forewatch.clock import Clock
from forewatch.tables import PLAN, empty
from planning.issues import Issue
from planning.notice import NoticeRules
from serving.lake_records import LakeRecord, LakeRecords

if TYPE_CHECKING:  # deciding takes long to import
    from forewatch.history import History
    from planning.duty_plan import NoticeDay

_TABLES = ("plan", "holidays")


@dataclass(frozen=True)
class DutyRecord(LakeRecord):
    """What is known of duty at an instant.

    Args:
        plan: rows of the table `plan`, of each figure the latest that was told.
        holidays: of public holidays the columns area ("": everywhere) and date (local).
    """

    plan: pd.DataFrame = field(default_factory=lambda: empty(PLAN.name), repr=False)
    holidays: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"area": [], "date": []}), repr=False
    )

    def notice(self, issue: Issue, areas: tuple[str, ...], now: pd.Timestamp) -> NoticeDay:
        """Return by which rules and holidays notice is given in areas of an issue."""
        from planning.duty_plan import NoticeDay  # noqa: PLC0415 - see above

        today = Clock.of(issue.profile).force_day(pd.DatetimeIndex([now]))[0]
        days = self.holidays.groupby("area")["date"].agg(frozenset).to_dict()
        holidays = {
            area: frozenset().union(*(days.get(up, ()) for up in ("", *issue.tree.upwards(area))))
            for area in areas
        }
        return NoticeDay(today, NoticeRules.of(issue.profile.staffing), holidays)


UNKNOWN = DutyRecord(is_known=False, is_sure=False)


def duty_record(history: History, now: pd.Timestamp) -> DutyRecord:
    """Return what a history tells of duty as it was known at an instant."""
    from features.asof import AsOf  # noqa: PLC0415 - see above
    from features.public_holidays import BANK_HOLIDAY  # noqa: PLC0415

    view = AsOf(history, now)
    holidays = view.holidays()
    public = holidays.loc[holidays["kind"] == BANK_HOLIDAY, ["area", "date"]]
    return DutyRecord(view.published(PLAN), public.reset_index(drop=True))


class DutyRecords(LakeRecords[DutyRecord]):
    """The record of a workspace, as `LakeRecords` has it."""

    def __init__(self, history: Path, read: Callable[[pd.Timestamp], DutyRecord]) -> None:
        """Remember where it is, see `LakeRecords`."""
        super().__init__(history, read, _TABLES, UNKNOWN)
