"""What bears on duty beside the forecast: the plan as told, and the public holidays.

A service looks at the clock of the files with each question and reads them again where they
changed. Where they can't be read the last that was read is used; what never was is unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import pandas as pd

from forewatch.clock import Clock
from forewatch.errors import ForewatchError
from forewatch.tables import PLAN, empty
from planning.issues import Issue
from planning.notice import NoticeRules
from sources.confirmed import confirmed_at

if TYPE_CHECKING:  # deciding takes long to import
    from forewatch.history import History
    from planning.duty_plan import NoticeDay

_TABLES = ("plan", "holidays")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class DutyRecord:
    """What is known of duty at an instant.

    Args:
        plan: rows of the table `plan`, of each figure the latest that was told.
        holidays: of public holidays the columns area ("": everywhere) and date (local).
        is_known: whether it ever could be read.
        is_sure: whether it could be read now.
    """

    plan: pd.DataFrame = field(default_factory=lambda: empty(PLAN.name), repr=False)
    holidays: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"area": [], "date": []}), repr=False
    )
    is_known: bool = True
    is_sure: bool = True

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


class DutyRecords:
    """The record of a workspace, read again when it changed; safe to use from several threads."""

    def __init__(self, history: Path, read: Callable[[pd.Timestamp], DutyRecord]) -> None:
        """Remember where it is; nothing is read yet.

        Args:
            history: folder of the lake.
            read: gives the record as it is known at an instant; raises where it can't be read.
        """
        self._history = history
        self._read = read
        self._lock = Lock()
        self._held: tuple[tuple[str, pd.Timestamp], DutyRecord] | None = None

    def changed_at(self) -> pd.Timestamp | None:
        """Return when plan or holidays were imported last, UTC; None: never. No file is read."""
        found = (confirmed_at(self._history, name) for name in _TABLES)
        last = max((at for at in found if at is not None), default=None)
        return None if last is None else pd.Timestamp(last, unit="s", tz="UTC")

    def at(self, now: pd.Timestamp) -> DutyRecord:
        """Return the record as it is known at *now*; the last that could be read where it can't be.

        What is told ahead of its time is known from the next hour on.
        """
        asked = (str(self.changed_at()), now.floor("h"))
        with self._lock:
            if self._held is not None and self._held[0] == asked:
                return self._held[1]
            try:
                found = self._read(now)
            except (OSError, ForewatchError) as error:
                _LOG.warning("the plan of duty can't be read: %s", error)
                # What stands there may have changed since: it is told, and told to be unsure.
                return UNKNOWN if self._held is None else replace(self._held[1], is_sure=False)
            self._held = (asked, found)
            return found
