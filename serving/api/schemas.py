"""What may be asked, and what the answers look like; the OpenAPI document is made from these.

Answers are written as bytes straight from columns; tests hold them against these models.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from forewatch.areas import AreaKind
from forewatch.history import Step
from forewatch.profile import Frozen, Grade
from planning.answers import State
from planning.periods import By
from serving.subjects import FIRST, NAMES

MAX_LIST = 100  # names in one repeated parameter; a level's name or "each" stands for more
MAX_PAGE_ROWS = 10_000
MAX_NUMBER = 999_999_999  # of an issue, and of an offset

Name = Annotated[str, StringConstraints(min_length=1, max_length=63)]
Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
Instant = Annotated[datetime, Field(examples=["2026-11-30T07:00:00Z"])]
Count = Annotated[float, Field(ge=0)]
_WHEN = r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$"


def _subject(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"no subject {name!r}; there are {', '.join(NAMES)}")
    return name


def example(value: object, pattern: str = "") -> dict[str, Any]:
    """Return additions to a schema: an example, and a pattern whose breach we explain."""
    return {"examples": [value]} | ({"pattern": pattern} if pattern else {})


# What each part of the expected calls is; the names are those of `forewatch.explanations.PARTS`.
PARTS = {
    "level": "calls at the long-run level, the same in every hour of the week",
    "time_of_week": "weekday and hour of the day, a public holiday's own hours among them",
    "season": "time of the year",
    "holiday": "public holidays, special days and school holidays",
    "tourism": "visitors beyond, or short of, the usual number",
    "events": "announced events in the area and near it",
    "recent_trend": "the level now beyond, or short of, the long-run level",
    "other": "what else the blended forecast holds, such as members that see another level",
}


class PageRequest(Frozen):
    """Which part of a long list."""

    limit: int = Field(default=50, ge=1, le=500, description="entries on a page")
    offset: int = Field(default=0, ge=0, le=MAX_NUMBER, description="entries before the page")


class ModelsRequest(Frozen):
    """Whose register."""

    subject: Annotated[str, AfterValidator(_subject)] = Field(
        default=FIRST.name,
        description="what the models forecast",
        json_schema_extra={"enum": list(NAMES)},
    )


class SpanRequest(Frozen):
    """A question about areas and a span of one issue: give `week`, or `from` and `to`."""

    week: str | None = Field(
        default=None,
        max_length=20,
        description="ISO week, from Monday's force-day to the next Monday's",
        json_schema_extra=example("2026-W49", r"^\d{4}-W\d\d$"),
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        max_length=40,
        description="first instant; a date is the beginning of that force-day, and a time without "
        "offset is the force's local time",
        json_schema_extra=example("2026-11-30", _WHEN),
    )
    to: str | None = Field(
        default=None,
        max_length=40,
        description="instant before which the last period begins, written like `from`",
        json_schema_extra=example("2026-12-07", _WHEN),
    )
    area: list[Name] = Field(
        default=[],
        max_length=MAX_LIST,
        description="ids of areas, or names of levels for all areas at them; none: the whole "
        "force, or each of the highest areas that the key is for",
        json_schema_extra=example(["district"]),
    )
    by: By = Field(default="day", description="the kind of period that a row stands for")
    issue: Number | None = Field(
        default=None, description="number of an earlier issue; none: the latest"
    )
    limit: int = Field(default=1000, ge=1, le=MAX_PAGE_ROWS, description="rows on a page")
    offset: int = Field(default=0, ge=0, le=MAX_NUMBER, description="rows before the page")


class QuestionRequest(SpanRequest):
    """A question about the calls of one issue: give `week`, or `from` and `to`."""

    call_type: list[Name] = Field(
        default=[],
        max_length=MAX_LIST,
        description='ids, "each" of them, or "all" (their sum, the default)',
        json_schema_extra=example(["missing_person"]),
    )
    grade: list[Name] = Field(
        default=[],
        max_length=MAX_LIST,
        description='grades, "each" of them, or "all" (their sum, the default)',
        json_schema_extra=example(["immediate"]),
    )


class ForecastRequest(QuestionRequest):
    """A question about the forecasts of one issue: give `week`, or `from` and `to`."""

    quantiles: str | None = Field(
        default=None,
        max_length=500,
        description="levels between 0 and 1, with commas; none: the force's percentiles",
        json_schema_extra=example("0.05,0.5,0.95", r"^0?\.\d{1,6}(,0?\.\d{1,6}){0,49}$"),
    )


class Problem(Frozen):
    """What went wrong, by RFC 9457; `near` holds the names that may have been meant."""

    type: str
    title: str
    status: int
    detail: str
    near: list[str] | None = None
    reasons: list[str] | None = None
    notes: list[str] | None = None


POOLED = (
    "areas whose calls of a type in the row are known together with the row's only, and are spread "
    "over them by residents; empty where the row's own are known"
)


class Cell(Frozen):
    """One period of one area, call type and grade."""

    period: str = Field(description="stable id", examples=["2026-W49", "2026-11-30/early"])
    force_day: date = Field(description="local date of the force-day in which it begins")
    start: Instant
    end: Instant = Field(description="not part of the period")
    area: str
    call_type: str
    grade: str
    state: State = Field(
        description="forecast; stale: what was observed of it is older than the force allows; "
        "no_forecast: the issue doesn't reach the whole period"
    )
    reason: str = Field(description="why the state is not forecast; empty where it is")
    observed_until: Instant | None = Field(
        description="end of what was observed of this area and call type; null: nothing ever was"
    )
    mean: Count | None = Field(description="expected calls")
    pooled: str = Field(description=POOLED)


class Row(Cell):
    """Calls in one period of one area, call type and grade.

    Beside these there is one whole number per quantile: q05, q50, … All are null where the state is
    no_forecast: unknown is never 0.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, int | None]

    baseline: Count | None = Field(description="calls by the baseline that the issue names")
    noise_floor: Count | None = Field(
        description="error ÷ mean, in percent, that chance alone would leave a perfect forecast"
    )


class ExplainedRow(Cell):
    """Calls in one period, and what they are made of: the parts add up to the mean.

    A part may be negative. All are null where the state is no_forecast.
    """

    level: Count | None = Field(description=PARTS["level"])
    time_of_week: float | None = Field(description=PARTS["time_of_week"])
    season: float | None = Field(description=PARTS["season"])
    holiday: float | None = Field(description=PARTS["holiday"])
    tourism: float | None = Field(description=PARTS["tourism"])
    events: float | None = Field(description=PARTS["events"])
    recent_trend: float | None = Field(description=PARTS["recent_trend"])
    other: float | None = Field(description=PARTS["other"])


class Horizon(Frozen):
    """The instants that an issue reaches, half-open."""

    start: Instant
    end: Instant


Superseded: Any = Field(description="number of the issue that took its place; null: none did")
Withdrawn: Any = Field(description="when, by whom and why it was withdrawn; empty: it wasn't")
Draft: Any = Field(description="whether it never was in service; only asked for by number")


class BehindEntry(Frozen):
    """Counts that end before those of others."""

    area: str = Field(description="everything in it is meant")
    call_type: str = Field(description="all: of every type")
    observed_until: Instant | None = Field(description="null: nothing was ever observed")
    why: str


class ObservedEntry(Frozen):
    """Up to when counts were observed."""

    until: Instant = Field(description="of everything that is not behind")
    behind: list[BehindEntry]


class Answered(Frozen):
    """What every answer about an issue says beside its rows."""

    issue: Number
    origin: Instant = Field(description="nothing at or after it was known to the forecast")
    data_until: Instant = Field(description="end of what was observed of the whole force")
    published_at: Instant
    horizon: Horizon
    model_version: str
    models: dict[str, str] = Field(description="what made the forecast: name and version")
    data_version: str
    zone: str = Field(examples=["Europe/London"])
    unit: Literal["calls"]
    notes: list[str]
    superseded_by: Number | None = Superseded
    withdrawn: str = Withdrawn
    draft: bool = Draft
    by: By
    total_rows: int = Field(ge=0)
    limit: int
    offset: int
    next: str | None = Field(description="address of the next page of the same issue")


class Forecasts(Answered):
    """Rows of one issue, with everything that tells what they are."""

    baseline: str = Field(description="what the column baseline is")
    noise_floor: str = Field(description="what the column noise_floor is")
    rows: list[Row]


class Explanations(Answered):
    """What the expected calls of an issue are made of, with everything that tells what they are."""

    parts: dict[str, str] = Field(description="what each part is")
    rows: list[ExplainedRow]


class IssueSummary(Frozen):
    """What an issue says of itself."""

    number: Number
    published_at: Instant
    origin: Instant
    data_until: Instant
    first: Instant = Field(description="beginning of the horizon")
    until: Instant = Field(description="end of the horizon")
    step: Step
    model_version: str
    models: dict[str, str]
    data_version: str
    notes: list[str]
    draft: bool = Draft
    observed: ObservedEntry
    sha256: str = Field(description="digest of the whole issue")
    superseded_by: Number | None = Superseded
    withdrawn: str = Withdrawn


class Issues(Frozen):
    """Issues, the newest first; one that can't be read is left out and stands in `unreadable`."""

    total: int = Field(ge=0)
    limit: int
    offset: int
    next: str | None
    issues: list[IssueSummary]
    unreadable: list[int]


class AreaEntry(Frozen):
    """A node of the area tree of the latest issue."""

    id: str
    name: str
    parent: str | None
    level: str
    kind: AreaKind
    lat: float | None
    lon: float | None
    population: float | None = Field(description="residents")


class Areas(Frozen):
    """The area tree within reach of the key, parents by id, levels from above down.

    The highest areas within reach have no parent: for a key of the whole force, the force alone.
    """

    issue: Number
    superseded_by: Number | None = Superseded
    levels: list[str]
    modelled: str = Field(description="the level at which models are fitted")
    areas: list[AreaEntry]


class CallTypeEntry(Frozen):
    """A group of calls that is forecast."""

    id: str
    name: str


class CallTypes(Frozen):
    """Call types and grades of the latest issue."""

    issue: Number
    superseded_by: Number | None = Superseded
    call_types: list[CallTypeEntry]
    grades: list[Grade]


class ModelVersion(Frozen):
    """A trained model, live or retired."""

    version: str
    status: Literal["champion", "challenger", "former", "refused", "retired"]
    created_at: Instant
    gate_passed: bool
    gate_reasons: list[str]
    retired: str | None = Field(description="why it is not used again")
    until: str | None = Field(description="data cut-off of the training")
    data_version: str | None
    recipe: str | None = Field(description="fingerprint of the recipe")
    scores: dict[str, float | None]


class Decision(Frozen):
    """Who promoted, rolled back or retired what, and why; outside: done in MLflow itself."""

    act: Literal["promote", "force", "rollback", "retire", "outside"]
    version: str
    by: str
    at: Instant
    reason: str


class Models(Frozen):
    """The register of models, as of its last change."""

    model: str | None = Field(description="null while nothing was trained")
    models: list[ModelVersion]
    decisions: list[Decision]


class Live(Frozen):
    """The process answers."""

    status: Literal["live"]


class Ready(Frozen):
    """Forecasts may be taken from here."""

    status: Literal["ready"]
    issue: Number
    notes: list[str] = Field(description="what changed in the settings since it was published")
