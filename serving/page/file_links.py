"""Where the tables of the page are as files: the API's answers, and tables of the page's own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

import pandas as pd

from forewatch.clock import ONE_DAY
from planning.period_kinds import By
from planning.questions import EACH
from serving.page.page_frame import Link
from serving.page.page_question import PageQuestion
from serving.page.shift import LEVELS
from serving.queries import MAX_LIST

DOWNLOAD = "/download/{table}.{form}"
AnswerTable = Literal["forecasts", "explanations", "missing-persons", "officers"]
PageTable = Literal[
    "accuracy", "accuracy-tests", "events", "officers-short", "missing-chances", "missing-trust"
]
FileTable = Literal[AnswerTable, PageTable]
# By the name of a table in its address the answer that it is; officers are the rota contract's.
ANSWERS: dict[str, str] = {
    "forecasts": "forecast",
    "explanations": "explain",
    "missing-persons": "missing",
}
_PERIOD_LEVELS = ",".join(map(str, LEVELS))
_RANGES = "0.025,0.1,0.25,0.5,0.75,0.9,0.975"


@dataclass(frozen=True)
class FileLinks:
    """A table as files.

    Args:
        name: what it holds.
        links: to its forms.
    """

    name: str
    links: tuple[Link, ...]


def week_files(asked: PageQuestion, lacking: Collection[str]) -> tuple[FileLinks, ...]:
    """Return the tables of a week.

    Args:
        asked: by the view's address.
        lacking: of reasons, missing and staffing those that the week doesn't have.
    """
    return tuple(_week_files(asked, lacking))


def missing_files(asked: PageQuestion, *, has_chances: bool) -> tuple[FileLinks, ...]:
    """Return the tables of missing persons in a week.

    Args:
        asked: by the view's address.
        has_chances: whether it is shown how often chances came true.
    """
    return tuple(_missing_files(asked, has_chances=has_chances))


def accuracy_files(
    asked: PageQuestion, lead_days: int, *, has_weeks: bool, has_tests: bool
) -> tuple[FileLinks, ...]:
    """Return the tables of what was said and what came.

    Args:
        asked: by the view's address.
        lead_days: days before a week in which it was said.
        has_weeks: whether weeks of issues are shown.
        has_tests: whether the tests of a training are.
    """
    weeks = tuple(
        _page_files(asked, f"Said and came, by {by}", "accuracy", by=by, lead=str(lead_days))
        for by in ("week", "day")
        if has_weeks
    )
    tests = _page_files(asked, "Tests from the model's training", "accuracy-tests")
    return (*weeks, tests) if has_tests else weeks


def event_files(asked: PageQuestion) -> tuple[FileLinks, ...]:
    """Return the table of what is special in the time that an issue reaches."""
    return (_page_files(asked, "Special days, events and changes", "events"),)


def shift_files(
    asked: PageQuestion,
    period: tuple[By, str, str],
    span: Mapping[str, str],
    shown: Collection[str],
) -> tuple[FileLinks, ...]:
    """Return the tables of one period.

    Args:
        asked: by the view's address.
        period: its kind and id, and the role whose officers are told.
        span: of time in which it begins and no other of its kind, as a question says it.
        shown: of counts, reasons, officers and curve those that it has.
    """
    return tuple(_shift_files(asked, period, span, shown))


def officer_files(asked: PageQuestion, areas: Sequence[str], role: str) -> tuple[FileLinks, ...]:
    """Return the table of officers that areas need and have."""
    name = "Officers needed and planned by shift"
    return (_files(asked, name, "officers", areas[:MAX_LIST], role=role),)


def _week_files(asked: PageQuestion, lacking: Collection[str]) -> Iterator[FileLinks]:
    calls = {"quantiles": _RANGES}
    if asked.issue.forecast.rates.step == "hour":
        yield _files(asked, "Calls by hour", "forecasts", by="hour", **calls)
    yield _files(asked, "Calls by day", "forecasts", by="day", **calls)
    if "reasons" not in lacking:
        yield _files(asked, "Reasons by day", "explanations", by="day")
    if asked.parts:
        areas = asked.parts[:MAX_LIST]
        yield _files(asked, "Calls by area", "forecasts", areas, by="week", **calls)
    kinds = {"Calls by type": "call_type", "Calls by grade": "grade"}
    for name, kind in kinds.items():
        yield _files(asked, name, "forecasts", by="week", **calls, **{kind: EACH})
    if "missing" not in lacking:
        yield _files(asked, "Missing persons by day", "missing-persons", by="day")
    if "staffing" not in lacking:
        yield _files(asked, "Officers needed and planned by shift", "officers")


def _shift_files(
    asked: PageQuestion,
    period: tuple[By, str, str],
    span: Mapping[str, str],
    shown: Collection[str],
) -> Iterator[FileLinks]:
    by, name, role = period
    its = {"from": span["from_"], "to": span["to"]}
    if "counts" in shown:
        yield _span_files(asked, "Calls", "forecasts", its, by=by, quantiles=_PERIOD_LEVELS)
    if "reasons" in shown:
        yield _span_files(asked, "Reasons", "explanations", its, by=by)
    if "officers" in shown:  # a shift of duty may begin or end at other times than that of calls
        day = name.partition("/")[0]
        its = {"from": day, "to": f"{pd.Timestamp(day) + ONE_DAY:%Y-%m-%d}"}
        about = "Officers needed and planned, of the day"
        yield _span_files(asked, about, "officers", its, role=role)
    if "curve" in shown:
        about = "Share of time short, by officers on duty"
        yield _page_files(asked, about, "officers-short", period=name, role=role)


def _missing_files(asked: PageQuestion, *, has_chances: bool) -> Iterator[FileLinks]:
    yield _files(asked, "Missing persons by day", "missing-persons", by="day")
    yield _files(asked, "Missing persons by shift", "missing-persons", by="shift")
    if asked.parts:
        areas = asked.parts[:MAX_LIST]
        yield _files(asked, "Missing persons by area", "missing-persons", areas, by="week")
    yield _page_files(asked, "May chances be trusted", "missing-trust")
    if has_chances:
        yield _page_files(asked, "How often chances came true", "missing-chances")


def _page_files(asked: PageQuestion, name: str, table: PageTable, **more: str) -> FileLinks:
    """Return a table of the page's own, which no week, call type or grade changes."""
    return _links(name, table, {"area": asked.area, **more})


def _files(
    asked: PageQuestion, name: str, table: AnswerTable, areas: Sequence[str] = (), **more: str
) -> FileLinks:
    return _links(name, table, {**asked.state, **more, "area": [*areas] or [asked.area]})


def _span_files(
    asked: PageQuestion, name: str, table: AnswerTable, span: Mapping[str, str], **more: str
) -> FileLinks:
    """Return an answer of the API on a span of time, not on the week."""
    state = {key: value for key, value in asked.state.items() if key != "week"}
    return _links(name, table, {**state, **span, **more})


def _links(name: str, table: str, state: Mapping[str, object]) -> FileLinks:
    question = urlencode(state, doseq=True)
    addresses = {
        text: f"{DOWNLOAD.format(table=table, form=form)}?{question}"
        for text, form in (("CSV", "csv"), ("Excel", "xlsx"))
    }
    return FileLinks(name, tuple(Link(text, address) for text, address in addresses.items()))
