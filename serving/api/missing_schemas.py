"""What may be asked about missing-person demand, and what the answers look like."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from forewatch.profile import Frozen, HoursShape
from planning.answers import State
from planning.bands import Band
from serving.api.schemas import (
    POOLED,
    Answered,
    Count,
    Instant,
    Name,
    SpanRequest,
    example,
)

Window = Literal["shift", "day", "week"]
Share = float | None
_MAX_RESERVED = 100

# What each group of columns is, said in every JSON answer.
COLUMNS = {
    "expected": "reports expected in the window",
    "baseline": "the same by the area's climatology, its long-run mean for such days",
    "p_at_least_k": "probability of at least k reports in the window",
    "q": "quantiles of the number of reports",
    "hours_": "officer-hours that the window's own reports bring, whenever they land",
    "landing_": "officer-hours that land in the window, whenever their case was reported",
    "reserved_hours": "officer-hours kept free in the window",
    "p_over": "probability that more hours land than are kept free",
    "band": "p_over beside the thresholds: a statement about one area and window, never a rank",
    "uncalibrated": "why probabilities of this level and window can't be trusted; empty: they can",
}


class MissingRequest(SpanRequest):
    """A question about the missing-person demand of one issue: areas and windows of time."""

    by: Window = Field(default="day", description="the kind of window that a row stands for")
    at_least: str | None = Field(
        default=None,
        max_length=100,
        description="numbers of reports k, with commas, for P(at least k); none: the force's",
        json_schema_extra=example("1,2,3", r"^[1-9]\d?(,[1-9]\d?){0,9}$"),
    )
    reserved_hours: list[Name] = Field(
        default=[],
        max_length=_MAX_RESERVED,
        description="officer-hours kept free in each window: one number for all areas asked, or "
        "`area:hours`, repeated; none: the force's own",
        json_schema_extra=example(["40"]),
    )


class MissingRow(Frozen):
    """Missing-person demand in one window of one area: numbers of reports and of officer-hours.

    Beside these there is one probability for each k (p_at_least_1, …) and one whole number for each
    quantile of the reports (q05, …). Numbers are null where the state is no_forecast:
    unknown is never 0.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, float | None]

    period: str = Field(description="stable id", examples=["2026-W49", "2026-11-30/early"])
    force_day: date = Field(description="local date of the force-day in which it begins")
    start: Instant
    end: Instant = Field(description="not part of the window")
    area: str
    state: State = Field(
        description="forecast; stale: from data older than the force allows; no_forecast: the "
        "issue doesn't reach the whole window"
    )
    reason: str = Field(description="why the state is not forecast; empty where it is")
    observed_until: Instant | None = Field(
        description="end of what was observed of this area's reports; null: nothing ever was"
    )
    pooled: str = Field(description=POOLED)
    expected: Count | None = Field(description=COLUMNS["expected"])
    baseline: Count | None = Field(description=COLUMNS["baseline"])
    hours_mean: Count | None = Field(description=COLUMNS["hours_"])
    hours_q50: Count | None
    hours_q80: Count | None
    hours_q90: Count | None
    hours_q95: Count | None
    landing_mean: Count | None = Field(description=COLUMNS["landing_"])
    landing_q50: Count | None
    landing_q80: Count | None
    landing_q90: Count | None
    landing_q95: Count | None
    reserved_hours: Count | None = Field(description=COLUMNS["reserved_hours"])
    p_over: Share = Field(ge=0, le=1, description=COLUMNS["p_over"])
    band: Band = Field(description=COLUMNS["band"])
    sign: str = Field(description="a sign for the band, beside its words")
    uncalibrated: str = Field(description=COLUMNS["uncalibrated"])


class Cases(Frozen):
    """How the hours of cases are reckoned, from the force's settings."""

    mean_hours: float
    hours_cv: float
    hours_shape: HoursShape
    release: list[float] = Field(description="shares of the hours by day since the report")


class Thresholds(Frozen):
    """Probabilities above which a band changes its word."""

    may_be_short: float
    short: float


class Trust(Frozen):
    """Whether probabilities of a level of areas and a kind of window proved calibrated."""

    level: str
    window: Window
    uncalibrated: str = Field(description="why they can't be trusted; empty: they can")


class MissingDemand(Answered):
    """Missing-person demand of one issue, with what it may be used for."""

    by: Window
    unit: Literal["reports and officer-hours"]  # type: ignore[assignment] # of this route
    uses: str = Field(description="what the figures may be used for, and what not")
    cases: Cases
    bands: Thresholds
    calibration: list[Trust]
    columns: dict[str, str] = Field(description="what the columns are")
    rows: list[MissingRow]
