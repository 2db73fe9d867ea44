"""What answers look like: models made from the columns of each kind, for the OpenAPI document.

Answers are written as bytes straight from tables; tests hold them against these models.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, create_model

from forewatch.frozen import Frozen
from forewatch.profile import HoursShape
from planning.answers import FORECAST
from planning.explaining import EXPLANATION
from planning.kinds import AnswerKind
from planning.missing import DEMAND
from planning.period_kinds import By
from planning.tables import Column
from serving.answers import EXPLANATIONS, FORECASTS, MISSING_PERSONS
from serving.api.schemas import Draft, Horizon, Instant, Superseded, Withdrawn
from serving.queries import Number, Window


class ColumnEntry(Frozen):
    """What a column is."""

    unit: str = Field(description="of its numbers; empty: it has none")
    meaning: str


class _MadeModel(Frozen):
    """A model that others are made from: these have no source to read docstrings in."""

    model_config = ConfigDict(use_attribute_docstrings=False)


class AnswerDocument(_MadeModel):
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
    unit: str
    by: By
    notes: list[str]
    columns: dict[str, ColumnEntry] = Field(description="what the columns of the rows are")
    superseded_by: Number | None = Superseded
    withdrawn: str = Withdrawn
    draft: bool = Draft
    total_rows: int = Field(ge=0)
    limit: int
    offset: int
    next: str | None = Field(description="address of the next page of the same issue")


def _field(column: Column) -> tuple[Any, Any]:
    """Return the type of a column's cells, and what the document says of them."""
    bounds: dict[str, Any] = {"ge": column.low, "le": column.high}
    types: dict[str, Any] = {
        "text": Literal[column.options] if column.options else str,
        "date": date,
        "instant": Instant | None if column.optional else Instant,
        "number": Annotated[float, Field(**bounds)] | None,
        "whole": Annotated[int, Field(**bounds)] | None,
    }
    unit = f", in {column.unit}" if column.unit and column.type == "number" else ""
    about = Field(description=column.meaning + unit, examples=[column.example])
    return types[column.type], about


def _rows_of(kind: AnswerKind, name: str, says: str) -> type[Frozen]:
    """Return the model of a kind's rows, made from its columns.

    Those of quantiles, of P(at least k) and of the force's own parts have no names here.
    """
    fields: dict[str, Any] = {each.name: _field(each) for each in kind.columns((), (), ())}
    if kind.columns((0.5,), (), (("own", ""),)) == kind.columns((), (), ()):
        return create_model(name, __base__=_MadeModel, __doc__=says, **fields)
    return create_model(name, __base__=_Open, __doc__=says, **fields)


class _Open(_MadeModel):
    """A row with columns by request."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float | None]


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


class _Demand(AnswerDocument):
    """What answers on missing-person demand say beside their rows."""

    uses: str = Field(description="what the figures may be used for, and what not")
    cases: Cases
    bands: Thresholds
    calibration: list[Trust]


def _answer(
    kind: AnswerKind,
    name: str,
    says: str,
    row: type[Frozen],
    base: type[AnswerDocument] = AnswerDocument,
) -> type[AnswerDocument]:
    """Return the model of a kind's answers."""
    fields: dict[str, Any] = {"unit": (Literal[kind.unit], ...), "rows": (list[row], ...)}  # type: ignore[valid-type] # made here
    return create_model(name, __base__=base, __doc__=says, **fields)


class _ViewAnswer(AnswerDocument):
    """What the answer to a view says beside its rows."""

    view: str = Field(description="id of the view")
    title: str = Field(description="what it shows")


_BY_REQUEST = """
Beside these there is one whole number per quantile (q05, q50, …) and one probability for each k
asked for (p_at_least_1, …). Numbers are null where the state is no_forecast: unknown is never 0."""
_ROW = f"""Calls in one period of one area, call type and grade.
{_BY_REQUEST}"""
_EXPLAINED_ROW = """Calls in one period, and what they are made of: the parts add up to the mean.

A part may be negative. All are null where the state is no_forecast."""
_MISSING_ROW = f"""Missing-person demand in one window of one area: numbers of reports and of hours.
{_BY_REQUEST}"""
_FORECASTS = "Rows of one issue, with everything that tells what they are."
_EXPLANATIONS = "What the expected calls of an issue are made of, with everything that tells of it."
_VIEW_ROW = "The columns of the view, in its order; what they are stands in `columns`."
_VIEW = "Rows of one issue, as the force's own view asks for them and shows them."
_MISSING_DEMAND = "Missing-person demand of one issue, with what it may be used for."
ROWS = {
    FORECASTS.name: _rows_of(FORECAST, "Row", _ROW),
    EXPLANATIONS.name: _rows_of(EXPLANATION, "ExplainedRow", _EXPLAINED_ROW),
    MISSING_PERSONS.name: _rows_of(DEMAND, "MissingRow", _MISSING_ROW),
}
ANSWERS = {
    FORECASTS.name: _answer(FORECAST, "Forecasts", _FORECASTS, ROWS[FORECASTS.name]),
    EXPLANATIONS.name: _answer(EXPLANATION, "Explanations", _EXPLANATIONS, ROWS[EXPLANATIONS.name]),
    MISSING_PERSONS.name: _answer(
        DEMAND, "MissingDemand", _MISSING_DEMAND, ROWS[MISSING_PERSONS.name], _Demand
    ),
}
VIEW = create_model(
    "ViewAnswer",
    __base__=_ViewAnswer,
    __doc__=_VIEW,
    rows=(list[dict[str, str | float | None]], Field(description=_VIEW_ROW)),
)
