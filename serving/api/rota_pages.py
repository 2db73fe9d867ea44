"""Pages of the rota contract, as workers make them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from forewatch.clock import Clock
from planning.issues import Issue
from planning.requirement_tables import COVER_COLUMNS, AreaRequirements, cover_values
from planning.tables import Table, column_descriptions
from serving.answers import told_within
from serving.api import media
from serving.api.answers import Job
from serving.api.rota import address
from serving.api.shelf import Body, Shelf
from serving.duty_records import DutyRecord, DutyRecords
from serving.queries import StaffingQuery
from serving.rota_document import CONTRACT, area_days, on_page, rota_document, table_feed
from serving.staffing_answers import (
    Kept,
    StaffingQuestion,
    head,
    moved_table,
    requirement_table,
    requirements,
)
from serving.writers.csv_file import csv_file
from serving.writers.workbook import workbook


class RotaPages:
    """Makes pages; keeps what it computed of issues."""

    def __init__(self, shelf: Shelf, records: DutyRecords) -> None:
        """Remember where issues and the plan are."""
        self._shelf = shelf
        self._records = records
        self._kept = Kept()

    def page(self, job: Job) -> Body:
        """Return a page as it is sent.

        Raises:
            ForewatchError: if the question can't be answered.
        """
        query, issue = job.query, self._shelf.issue(job.issue).issue
        if not isinstance(query, StaffingQuery):
            raise TypeError(f"the rota contract is asked for officers; the job asks {query!r}")
        record = self._records.at(job.now)
        whole = StaffingQuestion.of(issue, query, job.reach)
        following = query.offset + query.limit
        asked = _pairs(whole)[query.offset : following]
        # Beyond the last page nothing is told, of whichever area.
        areas = tuple(dict.fromkeys(area for area, _ in asked)) or whole.areas[:1]
        found = requirements(issue, replace(whole, areas=areas), record, job.now, self._kept)
        table = requirement_table(found, job.now)
        table = table.with_values(told_within(job.reach, issue.tree, table.values))
        pairs = frozenset(asked)
        if query.changed_since is not None:
            table = self._moved(table, query, (whole, areas), record, job)
        table = on_page(table, pairs)
        if query.changed_since is not None:
            pairs = frozenset(area_days(table.values))  # those of shifts that are gone among them
        total = len(whole.areas) * whole.days
        next_page = address(query, issue.number, following) if following < total else None
        paging = {"total": total, "limit": query.limit, "offset": query.offset, "next": next_page}
        told = _head(found, whole, job, record)
        if job.media == media.ICS:
            content = self._feed(issue, table, told)
        elif job.media == media.JSON:
            content = rota_document({**told, **paging}, found, table, (pairs, job.now))
        else:
            if query.by == "half-hour":
                table = on_page(Table(COVER_COLUMNS, cover_values(found), {}), pairs)
            about = told | {"columns": column_descriptions(table.columns)}
            table = replace(table, provenance=about)
            content = csv_file(table) if job.media == media.CSV else workbook(table)
        return Body(content, next_page, len(table), not record.is_sure)

    def _feed(self, issue: Issue, table: Table, told: dict[str, Any]) -> bytes:
        """Return the calendar feed of shifts that are short."""
        # What is asked moves with the day, and so does what stands in the feed.
        today = pd.Timestamp(told["notice_given_on"])
        changes = [self._shelf.changed_at(), Clock.of(issue.profile).day_start(today)]
        imported = self._records.changed_at()
        changed_at = max([*changes, *([] if imported is None else [imported])]).floor("s")
        return table_feed(replace(table, provenance=told), changed_at)

    def _moved(
        self,
        table: Table,
        query: StaffingQuery,
        asked: tuple[StaffingQuestion, tuple[str, ...]],
        record: DutyRecord,
        job: Job,
    ) -> Table:
        """Return the shifts that moved; those of areas that the earlier issue lacked all did."""
        whole, areas = asked
        earlier = self._shelf.issue(query.changed_since).issue
        there = tuple(area for area in areas if area in earlier.tree.ids)
        if whole.role not in earlier.profile.staffing.role_ids:
            there = ()
        if not there:
            return moved_table(table, table.with_rows(np.zeros(len(table), dtype=bool)))
        before = replace(whole, areas=there)
        then = requirements(earlier, before, record, job.now, self._kept)
        return moved_table(table, requirement_table(then, job.now))


def _pairs(asked: StaffingQuestion) -> list[tuple[str, pd.Timestamp]]:
    days = pd.date_range(asked.first, periods=asked.days, freq="D")
    return [(area, day) for area in asked.areas for day in days]


def _head(
    found: AreaRequirements, asked: StaffingQuestion, job: Job, record: DutyRecord
) -> dict[str, Any]:
    """Return what stands above the rows, as it is told within the asker's reach."""
    issue, query, now = found.issue, job.query, job.now
    ends = pd.DatetimeIndex([issue.forecast.data_until, now])
    until, today = Clock.of(issue.profile).force_day(ends)
    told = head(found, asked, job.reach.standing(issue.tree, job.standing), now)
    why = job.reach.reason(issue.tree, told.pop("why_stale"))
    plan = "known" if record.is_sure else "last_known" if record.is_known else "unknown"
    return (
        {"contract": CONTRACT}
        | told
        | {
            "stale": told["is_stale"],
            "why_stale": why,
            "days_since_data": max(int((today - until).days), 0),
            "plan": plan,
            "notice_given_on": f"{today:%Y-%m-%d}",
            "changed_since": query.changed_since if isinstance(query, StaffingQuery) else None,
        }
    )
