"""Questions as a person or a client writes them: one model for the command line and the API.

The options of commands, the parameters of routes and their descriptions are made from these.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, StringConstraints

from forewatch.errors import BadQuestion
from forewatch.frozen import Frozen
from planning.period_kinds import By
from serving.time_texts import WEEK, WEEK_WORDS, WHEN

if TYPE_CHECKING:  # a command's help is made from these models, and needs no numbers
    import pandas as pd

    from forewatch.areas import AreaTree
    from planning.issues import Issue
    from serving.reach import Reach
    from serving.spans import Span

MAX_LIST = 100  # names in one repeated parameter; a level's name or "each" stands for more
MAX_PAGE_ROWS = 10_000
MAX_NUMBER = 999_999_999  # of an issue, and of an offset
# A number as people write it: Python also reads 0.5_1, as 0.51. That nan is none the bounds say.
_FIGURE = re.compile(r" *-?([0-9]*\.?[0-9]+|nan|inf) *")
PAGING = ("limit", "offset")  # for those who ask over the net

Name = Annotated[str, StringConstraints(min_length=1, max_length=63)]
Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
Window = Literal["shift", "day", "week"]
DutyBy = Literal["shift", "half-hour"]
Figure = TypeVar("Figure", int, float)


def example(value: object, pattern: str = "") -> dict[str, Any]:
    """Return additions to a schema: an example, and a pattern whose breach we explain."""
    return {"examples": [value]} | ({"pattern": f"^{pattern}$"} if pattern else {})


class ViewQuery(Frozen):
    """What may be said of a view beside its name: give `week`, or `from` and `to`, or neither."""

    week: str | None = Field(
        default=None,
        max_length=20,
        description="ISO week like 2026-W49, from Monday's force-day to the next Monday's; or "
        "this, or next: the default",
        json_schema_extra=example("2026-W49", f"({WEEK}|{'|'.join(WEEK_WORDS)})"),
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        max_length=40,
        description="first instant; a date is the beginning of that force-day, and a time without "
        "offset is the force's local time",
        json_schema_extra=example("2026-11-30", WHEN),
    )
    to: str | None = Field(
        default=None,
        max_length=40,
        description="instant before which the last period begins, written like from",
        json_schema_extra=example("2026-12-07", WHEN),
    )
    issue: Number | None = Field(
        default=None, description="number of an earlier issue; none: the latest"
    )
    limit: int = Field(default=1000, ge=1, le=MAX_PAGE_ROWS, description="rows on a page")
    offset: int = Field(default=0, ge=0, le=MAX_NUMBER, description="rows before the page")


class PlaceQuery(ViewQuery):
    """A question about areas and a span of one issue: give `week`, or `from` and `to`."""

    area: list[Name] = Field(
        default=[],
        max_length=MAX_LIST,
        description="ids or names of areas, or names of levels for all areas at them; none: the "
        "whole force (for a key of some areas each of its highest)",
        json_schema_extra=example(["district"]),
    )

    def dated(self, issue: Issue, now: pd.Timestamp) -> Self:
        """Return the query with its week by name: what "this" and "next" are by the force's clock.

        Without any time given it is the next week.
        """
        is_open = self.week is None and self.from_ is None and self.to is None
        week = "next" if is_open else self.week
        if week not in WEEK_WORDS:
            return self
        from forewatch.clock import Clock  # noqa: PLC0415 - see above
        from serving import spans  # noqa: PLC0415

        found = spans.week_meant(Clock.of(issue.profile), str(week), now)
        return self.model_copy(update={"week": found})

    def span(self, issue: Issue) -> Span:
        """Return the span that is asked for; raises as `serving.spans.span_within` does."""
        from serving import spans  # noqa: PLC0415 - see above

        return spans.span_within(issue, self.week, self.from_, self.to)


class SpanQuery(PlaceQuery):
    """A question with a row for each period of a span: give `week`, or `from` and `to`."""

    by: By = Field(default="day", description="the kind of period that a row stands for")

    def details(self, tree: AreaTree, reach: Reach) -> dict[str, Any]:
        """Return what the kind of answer is asked beside span and areas, by its names for it."""
        del tree, reach
        return {}


class CallsQuery(SpanQuery):
    """A question about the calls of one issue: give `week`, or `from` and `to`."""

    call_type: list[Name] = Field(
        default=[],
        max_length=MAX_LIST,
        description='ids or names, "each" of them, or "all" (their sum, the default)',
        json_schema_extra=example(["missing_person"]),
    )
    grade: list[Name] = Field(
        default=[],
        max_length=MAX_LIST,
        description='grades, "each" of them, or "all" (their sum, the default)',
        json_schema_extra=example(["immediate"]),
    )

    def details(self, tree: AreaTree, reach: Reach) -> dict[str, Any]:
        """Return call types and grades."""
        del tree, reach
        return {"call_types": self.call_type, "grades": self.grade}


class ForecastQuery(CallsQuery):
    """A question about the forecasts of one issue: give `week`, or `from` and `to`."""

    quantiles: str | None = Field(
        default=None,
        max_length=500,
        description="levels between 0 and 1, with commas; none: the force's percentiles",
        json_schema_extra=example("0.05,0.5,0.95", r"0?\.\d{1,6}(,0?\.\d{1,6}){0,49}"),
    )
    at_least: str | None = Field(
        default=None,
        max_length=100,
        description="numbers of calls k, with commas, for P(at least k); none: no such columns",
        json_schema_extra=example("1,2,5", r"[1-9]\d{0,3}(,[1-9]\d{0,3}){0,9}"),
    )

    def details(self, tree: AreaTree, reach: Reach) -> dict[str, Any]:
        """Return call types, grades, quantiles and numbers of calls."""
        return super().details(tree, reach) | {
            "quantiles": figures(float, self.quantiles, "quantiles", "levels like 0.05,0.5,0.95"),
            "at_least": figures(int, self.at_least, "numbers of calls", "them like 1,2,5"),
        }


class MissingQuery(SpanQuery):
    """A question about the missing-person demand of one issue: areas and windows of time."""

    by: Window = Field(default="day", description="the kind of window that a row stands for")
    at_least: str | None = Field(
        default=None,
        max_length=100,
        description="numbers of reports k, with commas, for P(at least k); none: the force's",
        json_schema_extra=example("1,2,3", r"[1-9]\d?(,[1-9]\d?){0,9}"),
    )
    reserved_hours: list[Name] = Field(
        default=[],
        max_length=MAX_LIST,
        description="officer-hours kept free in each window: one number for all areas asked, or "
        "area:hours, repeated; none: the force's own",
        json_schema_extra=example(["40"]),
    )

    def details(self, tree: AreaTree, reach: Reach) -> dict[str, Any]:
        """Return the numbers of reports, and the hours kept free."""
        from planning import names  # noqa: PLC0415 - see above
        from serving.reserving import reserved_hours  # noqa: PLC0415

        seen = names.area_names(tree, frozenset(reach.seen(tree)))
        return {
            "at_least": figures(int, self.at_least, "numbers of reports", "them like 1,2,3"),
            "reserved": reserved_hours(seen, self.reserved_hours),
        }


class StaffingQuery(PlaceQuery):
    """A question about the officers that areas need: give `week`, or `from` and `to`."""

    role: Name | None = Field(
        default=None,
        description="id of the role; none: the profile's first",
        json_schema_extra=example("response"),
    )
    percentile: int | None = Field(
        default=None,
        ge=1,
        le=99,
        description="that is covered: work exceeds it with at most the rest of the probability; "
        "none: the profile's",
    )
    by: DutyBy = Field(
        default="shift",
        description="what a row of a table or file stands for; a JSON document has both",
    )
    changed_since: Number | None = Field(
        default=None,
        description="number of an earlier issue: only shifts of which need, times or code moved "
        "since, with what they were, and shifts that are gone; none: all",
    )
    limit: int = Field(
        default=400,
        ge=1,
        le=2000,
        description="force-days of areas on a page, each with all its shifts and its cover",
    )
    offset: int = Field(
        default=0, ge=0, le=MAX_NUMBER, description="force-days of areas before the page"
    )


# By the name of the command that asks.
QUERIES: dict[str, type[SpanQuery]] = {
    "forecast": ForecastQuery,
    "explain": CallsQuery,
    "missing": MissingQuery,
}


def figures(
    read: Callable[[str], Figure], text: str | None, what: str, how: str
) -> tuple[Figure, ...]:
    """Return the numbers of a text with commas between them, each once.

    Raises:
        BadQuestion: if it holds anything else.
    """
    if text is None:
        return ()
    parts = text.split(",")
    try:
        if all(_FIGURE.fullmatch(part) for part in parts):
            return tuple({read(part): None for part in parts})
    except ValueError:  # half a call
        pass
    raise BadQuestion(f"no {what} {text!r}; write {how}")
