"""What answers of the rota contract look like: models, an example, and what the document says.

`docs/rota/requirements-1.0.schema.json` and the OpenAPI document are made from these.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from forewatch.frozen import Frozen
from planning.notice import NOTICE_CLASSES
from serving.api import documents, media
from serving.api.schemas import Draft, Instant, Superseded, Withdrawn
from serving.queries import Number
from serving.rota_document import CONTRACT, STEP_MINUTES

Amount = Annotated[float, Field(ge=0)]
Officers = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
ShiftState = Literal["forecast", "stale", "no_forecast"]


class GradeDemand(Frozen):
    """Calls of the role's of one grade in the time of a shift; null where it is not forecast."""

    grade: str
    mean: Amount | None
    q10: Officers | None
    q50: Officers | None
    q90: Officers | None


class WorkHours(Frozen):
    """Officer-hours of work that land in the time of a shift; null where it is not forecast."""

    mean: Amount | None
    quantile: Amount | None = Field(description="at the percentile of the answer")
    carried_in: Amount | None = Field(description="expected, of calls from before it began")
    urgent: Amount | None = Field(description="expected; somebody must be free at once")
    deferrable: Amount | None = Field(description="expected; it can wait within the force-day")


class ShortFigures(Frozen):
    """How short a number of officers is; null where number or need is unknown."""

    share_of_time_short: Share | None = Field(
        description="expected share of the shift in which more are busy than free"
    )
    p_short_at_tightest: Share | None = Field(description="probability of it at the worst moment")
    p_hours_over: Share | None = Field(
        description="probability that the force-day brings more work than its officers have hours"
    )


class ShiftNotice(Frozen):
    """What a change of the shift takes when notice is given on `notice_given_on`."""

    class_: Literal[NOTICE_CLASSES] | None = Field(  # type: ignore[valid-type] # made there
        alias="class", description="rule that it falls under; null: the holidays can't be read"
    )
    last_cheap_day: date | None = Field(description="last force-day on which it costs nothing more")
    change_cost: Amount | None = Field(
        description="now, of one officer; not 0 on a public holiday; null: it is past"
    )
    late_cost: Amount | None = Field(description="after the last cheap day, of one officer")


class EarlierNeed(Frozen):
    """What an earlier issue said of a shift; null where it didn't reach it or had none such."""

    state: ShiftState
    on_duty: Officers | None
    rostered: Officers | None
    start: Instant | None
    end: Instant | None
    code: str | None


class ShiftRequirement(Frozen):
    """A shift of an area and role, and the officers that it needs.

    Where `state` is no_forecast nothing is known of it: its numbers are null, and null is not 0.
    """

    shift_id: str = Field(description="stable: area, role, force-day and shift")
    area: str
    area_name: str
    role: str
    shift: str = Field(description="id of the shift")
    code: str | None = Field(description="the rota system's own; null: the force gave none")
    force_day: date = Field(description="local date of the force-day in which it begins")
    start: Instant
    end: Instant
    hours: Amount = Field(description="real length, those of a changed clock counted")
    productive_hours: Amount = Field(
        description="of an officer, for calls: a demand curve is met by productive_hours ÷ hours "
        "of each officer on duty"
    )
    state: ShiftState
    reason: str | None = Field(description="why the state is not forecast")
    demand: list[GradeDemand]
    work_hours: WorkHours
    missing_report_hours: Amount | None = Field(
        description="expected officer-hours of missing-person reports, within `work_hours`"
    )
    pooled: str | None = Field(
        description="areas of which only the sum of some calls is known; null: its own are known"
    )
    on_duty: Officers | None = Field(description="officers that are needed on duty")
    rostered: Officers | None = Field(description="officers on the roster that this takes")
    abstraction: Share | None = Field(description="share of the roster that isn't there")
    minimum: Officers = Field(description="officers on duty at any half-hour")
    binds: Literal["urgent", "hours", "minimum", "planner"] | None = Field(
        description="why there isn't one fewer; null: none is needed, or it is not forecast"
    )
    plan_state: Literal["told", "late", "no_plan", "unknown"] = Field(
        description="no_plan: nobody told of it; unknown: the plan can't be read"
    )
    planned: Officers | None = Field(description="officers planned; null: see plan_state")
    planned_rostered: Officers | None = Field(description="officers on the roster, by the plan")
    gap: int | None = Field(description="officers lacking; below 0 to spare; null: unknown")
    short: ShortFigures = Field(description="with the officers planned")
    short_as_needed: ShortFigures = Field(description="with the officers needed")
    notice: ShiftNotice
    overridden: bool = Field(
        description="whether a planner decided otherwise; always false for now: decisions of "
        "planners are kept from a later version on"
    )
    was: EarlierNeed | None = Field(default=None, description="with changed_since alone")


class GoneShift(Frozen):
    """A shift that an earlier issue had and this one has not: its officers are not needed there.

    The times and the code are the old ones.
    """

    shift_id: str
    area: str
    area_name: str
    role: str
    shift: str
    code: str | None
    force_day: date
    start: Instant
    end: Instant
    was: EarlierNeed


class CoverSeries(Frozen):
    """Officers in each half-hour of an area's force-day, from `start` on.

    `need` is of urgent work and the minimum alone: **work that can wait is not in it**, and who
    meets no more than `need` may lack the hours of the day. `on_duty` holds everything: take that
    for a demand curve, or `need` together with `work_hours_quantile`.
    Where `state` is no_forecast the lists are null: nothing is known, and null is not 0.
    """

    area: str
    role: str
    force_day: date
    state: ShiftState
    start: Instant | None
    end: Instant | None
    step_minutes: Literal[STEP_MINUTES]  # type: ignore[valid-type] # said there
    need: list[Officers] | None = Field(
        description="whole officers free for urgent calls, and the minimum; without work that can "
        "wait"
    )
    unrounded_need: list[Amount] | None = Field(description="before rounding")
    mean: list[Amount] | None = Field(description="officers busy with urgent work, expected")
    variance: list[Amount] | None = Field(description="of that number")
    on_duty: list[Officers | None] | None = Field(
        description="whole officers on duty by `shifts` as needed: all work, urgent or not; null "
        "where a shift is on that the issue doesn't reach to its end"
    )
    work_hours_mean: Amount | None = Field(
        description="officer-hours of all work of the force-day, expected"
    )
    work_hours_quantile: Amount | None = Field(
        description="of these at the percentile of the answer: what the productive hours of the "
        "shifts that begin on it have to hold; null where none does"
    )


class UnmetCover(Frozen):
    """Cover that no shift can give."""

    area: str
    area_name: str
    role: str
    force_day: date
    start: Instant
    end: Instant
    officers: Amount = Field(description="that can't be there")
    hours: Amount = Field(description="of these officers")
    why: Literal["urgent", "minimum", "hours"]


class UnknownShift(Frozen):
    """Officers planned for a shift that the issue doesn't know: they count for no other shift."""

    shift_id: str
    area: str
    role: str
    shift: str
    force_day: date
    planned: Officers


class MissingDay(Frozen):
    """A force-day of an area that was asked for and that the issue doesn't reach."""

    area: str
    area_name: str
    role: str
    force_day: date
    state: Literal["no_forecast"]


class RotaRequirements(Frozen):
    """What shifts require, by contract 1.0.

    An absent or unknown value is null with a state beside it, and never 0. A day that isn't in the
    answer does not mean 0: it was not asked for, or stands on another page. Fields may be added.
    """

    contract: Literal[CONTRACT]  # type: ignore[valid-type] # said there
    issue: Number
    published_at: Instant
    data_until: Instant = Field(description="end of what was observed of the whole force")
    days_since_data: Officers = Field(description="force-days since then")
    stale: bool = Field(description="whether the data are older than the force allows")
    is_stale: bool = Field(description="the same, as other answers call it")
    why_stale: str = Field(description="empty where it isn't")
    superseded_by: Number | None = Superseded
    withdrawn: str = Withdrawn
    draft: bool = Draft
    zone: str = Field(examples=["Europe/London"])
    role: str
    percentile: int = Field(ge=1, le=99)
    currency: str
    assumed: list[str] = Field(description="keys of settings that nobody gave")
    plan: Literal["known", "last_known", "unknown"] = Field(
        description="last_known: the plan can't be read now; unknown: it never could be"
    )
    notice_given_on: date = Field(description="force-day from which notice is counted")
    changed_since: Number | None = Field(
        description="only shifts that moved since this issue: need, times or code; null: all"
    )
    total: int = Field(ge=0, description="force-days of areas that were asked for")
    limit: int
    offset: int
    next: str | None = Field(description="address of the next page of the same issue")
    shifts: list[ShiftRequirement]
    gone: list[GoneShift] = Field(
        description="shifts of the earlier issue that are no more; empty without changed_since"
    )
    cover: list[CoverSeries]
    unmet: list[UnmetCover]
    unknown_shifts: list[UnknownShift] = Field(
        description="planned, but not in the issue; it was made with other shifts"
    )
    missing: list[MissingDay]


SUMMARY = "Officers that shifts require, for rota systems (contract 1.0)"
ABOUT = """Officers by shift and by half-hour for areas, a role and whole force-days.

Give `week`, or `from` and `to`; a span within a force-day is about the whole of it. `shifts` have
the need by slot, `cover` has curves by half-hour. Its `need` is of urgent work and the minimum
alone and leaves out work that can wait; a solver that takes a demand curve takes `on_duty`, which
holds everything. What no shift can cover stands in `unmet`, what the issue doesn't reach in
`missing`.

**Absent or unknown is null with a state, never 0.** A day that isn't in the answer does not mean
that nobody is needed. A consumer that reads null as 0 leaves a force without officers.

A page has so many force-days of areas (`limit`), each with all its shifts and its cover. The
address in `next` (and in the `Link` header) stays with the issue. `changed_since=12` tells only the
shifts of which need, times or code moved since issue 12, with what they `was`, and in `gone` those
that are no more (in CSV and Excel rows with the state `gone`). CSV and Excel have one row a shift,
or a half-hour with `by=half-hour`.

Changes of the contract only add fields. What is removed gets a new version beside this one for a
year, announced by the headers `Deprecation` and `Sunset`. `docs/rota/` has the JSON Schema, golden
answers and consumers."""
_FIGURES = {"share_of_time_short": 0.07, "p_short_at_tightest": 0.31, "p_hours_over": 0.2}
_PLACE: dict[str, Any] = {"area": "bristol", "area_name": "Bristol", "role": "response"}
_STALE = "the data are older than 2 days"
# Without null: FastAPI leaves it out of examples.
EXAMPLE: dict[str, Any] = {
    "contract": CONTRACT,
    "issue": 12,
    "published_at": "2026-11-23T08:14:03Z",
    "data_until": "2026-11-23T07:00:00Z",
    "days_since_data": 3,
    "stale": True,
    "is_stale": True,
    "why_stale": _STALE,
    "superseded_by": 13,
    "withdrawn": "",
    "draft": False,
    "zone": "Europe/London",
    "role": "response",
    "percentile": 80,
    "currency": "GBP",
    "assumed": ["staffing.minimum"],
    "plan": "known",
    "notice_given_on": "2026-11-26",
    "changed_since": 11,
    "total": 2,
    "limit": 1,
    "offset": 0,
    "next": "/v1/rota/requirements?area=bristol&changed_since=11&from=2026-12-18&issue=12&limit=1"
    "&offset=1&to=2026-12-20",
    "shifts": [
        {
            "shift_id": "bristol/response/2026-12-18/late",
            **_PLACE,
            "shift": "late",
            "code": "L10",
            "force_day": "2026-12-18",
            "start": "2026-12-18T14:00:00Z",
            "end": "2026-12-19T00:00:00Z",
            "hours": 10.0,
            "productive_hours": 7.0,
            "state": "stale",
            "reason": _STALE,
            "demand": [{"grade": "immediate", "mean": 9.4, "q10": 5, "q50": 9, "q90": 14}],
            "work_hours": {
                "mean": 38.2,
                "quantile": 47.9,
                "carried_in": 6.1,
                "urgent": 25.4,
                "deferrable": 12.8,
            },
            "missing_report_hours": 7.5,
            "pooled": "bristol-1, bristol-2",
            "on_duty": 8,
            "rostered": 10,
            "abstraction": 0.19,
            "minimum": 2,
            "binds": "urgent",
            "plan_state": "told",
            "planned": 7,
            "planned_rostered": 9,
            "gap": 1,
            "short": _FIGURES,
            "short_as_needed": {name: value / 2 for name, value in _FIGURES.items()},
            "notice": {
                "class": "roster_published",
                "last_cheap_day": "2026-12-02",
                "change_cost": 0.0,
                "late_cost": 480.0,
            },
            "overridden": False,
            "was": {
                "state": "forecast",
                "on_duty": 7,
                "rostered": 9,
                "start": "2026-12-18T14:00:00Z",
                "end": "2026-12-19T00:00:00Z",
                "code": "L10",
            },
        }
    ],
    "gone": [],
    "cover": [
        {
            **{name: _PLACE[name] for name in ("area", "role")},
            "force_day": "2026-12-18",
            "state": "stale",
            "start": "2026-12-18T07:00:00Z",
            "end": "2026-12-18T08:00:00Z",
            "step_minutes": STEP_MINUTES,
            "need": [4, 5],
            "unrounded_need": [3.6, 4.2],
            "mean": [2.1, 2.4],
            "variance": [3.9, 4.4],
            "on_duty": [8, 8],
            "work_hours_mean": 96.3,
            "work_hours_quantile": 112.8,
        }
    ],
    "unmet": [],
    "unknown_shifts": [],
    "missing": [],
}
_HEADERS = documents.PAGE_HEADERS
RESPONSES: documents.Responses = {
    **documents.FOUND,
    200: {
        "description": "A page of shifts with their cover",
        "headers": _HEADERS,
        "model": RotaRequirements,
        "content": {
            media.JSON: {"example": EXAMPLE},
            media.CSV: {"schema": {"type": "string"}},
            media.XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    304: documents.HAD,
}


def schema_text() -> str:
    """Return the JSON Schema of answers as it is checked in."""
    made = RotaRequirements.model_json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    # Fields may be added: a consumer that refused them would break with the next release.
    for each in (made, *made["$defs"].values()):
        each.pop("additionalProperties", None)
    return json.dumps(head | made, indent=1, ensure_ascii=False) + "\n"
