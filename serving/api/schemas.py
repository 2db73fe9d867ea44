"""What the catalogue and the process say of themselves, and parts that all answers have.

The OpenAPI document is made from these, `serving.api.answer_schemas` and `serving.queries`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from forewatch.area_kinds import AreaKind
from forewatch.frozen import Frozen, Identifier
from forewatch.grades import Work
from forewatch.history import Step
from serving.queries import MAX_NUMBER, FormQuery, Number
from serving.subjects import FIRST, NAMES

Instant = Annotated[datetime, Field(examples=["2026-11-30T07:00:00Z"])]


class PageRequest(FormQuery):
    """Which part of a long list."""

    limit: int = Field(default=50, ge=1, le=500, description="entries on a page")
    offset: int = Field(default=0, ge=0, le=MAX_NUMBER, description="entries before the page")


class ExportRequest(Frozen):
    """How an export is written."""

    format: Literal["csv", "parquet"] = Field(
        default="csv", description="how each table of the zip file is written"
    )


class ModelsRequest(Frozen):
    """Whose register."""

    subject: Identifier = Field(
        default=FIRST.name,
        description="what the models forecast: "
        f"{', '.join(NAMES)}, or what a package of the force's own adds",
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
    kind: str = Field(description="id of its kind")
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
    kinds: list[AreaKind] = Field(description="the kinds of area that the force tells apart")
    areas: list[AreaEntry]


class ViewEntry(Frozen):
    """A question with a name."""

    id: str
    title: str = Field(description="what it shows")
    answer: str = Field(description="the kind of answer: forecast, explain, missing")
    question: dict[str, Any] = Field(description="what is asked, as parameters of that kind")
    columns: list[str] = Field(description="the columns shown, in their order; none: all")


class Views(Frozen):
    """The force's views that ask for nothing out of reach of the key."""

    views: list[ViewEntry]


class CallTypeEntry(Frozen):
    """A group of calls that is forecast."""

    id: str
    name: str


class GradeEntry(Frozen):
    """How urgent calls are."""

    id: str
    name: str
    work: Work = Field(description="urgent: somebody must be free at once; deferrable: it can wait")
    target_minutes: float | None = Field(description="minutes within which to attend, if any")


class CallTypes(Frozen):
    """Call types and grades of the latest issue."""

    issue: Number
    superseded_by: Number | None = Superseded
    call_types: list[CallTypeEntry]
    grades: list[GradeEntry]


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
