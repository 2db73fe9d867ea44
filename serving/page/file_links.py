"""Where the tables of the page are as files: addresses of the API's answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from planning.questions import EACH
from serving.page.page_frame import Link
from serving.page.page_question import PageQuestion
from serving.queries import MAX_LIST

DOWNLOAD = "/download/{table}.{form}"
FileTable = Literal["forecasts", "explanations", "missing-persons", "officers"]
# By the name of a table in its address the answer that it is; officers are the rota contract's.
ANSWERS: dict[FileTable, str] = {
    "forecasts": "forecast",
    "explanations": "explain",
    "missing-persons": "missing",
}
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


def missing_files(asked: PageQuestion) -> tuple[FileLinks, ...]:
    """Return the tables of missing persons in a week."""
    return (
        _files(asked, "Missing persons by day", "missing-persons", by="day"),
        _files(asked, "Missing persons by shift", "missing-persons", by="shift"),
    )


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


def _files(
    asked: PageQuestion, name: str, table: FileTable, areas: Sequence[str] = (), **more: str
) -> FileLinks:
    state = {**asked.state, **more, "area": [*areas] or [asked.area]}
    question = urlencode(state, doseq=True)
    addresses = {
        text: f"{DOWNLOAD.format(table=table, form=form)}?{question}"
        for text, form in (("CSV", "csv"), ("Excel", "xlsx"))
    }
    return FileLinks(name, tuple(Link(text, address) for text, address in addresses.items()))
