"""Use case: a question about an issue, answered as a table; the command line and the API ask here.

Every kind of answer that is offered stands in `OFFERS`: one more is one more line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from forewatch.areas import AreaTree
from forewatch.errors import BadQuestion
from planning.answers import FORECAST
from planning.explaining import EXPLANATION
from planning.issues import Issue
from planning.kinds import AnswerKind
from planning.missing import DEMAND
from planning.names import POOLED_BETWEEN
from planning.questions import ALL, Question
from planning.tables import Table, Values, concatenate_values
from serving.queries import QUERIES, MissingQuery, SpanQuery, ViewQuery
from serving.reach import Reach
from serving.standing import Standing
from serving.workspace import Workspace

Query = TypeVar("Query", bound=ViewQuery)
# What the lines below a week's forecast say of missing-person demand.
_WEEKLY = ("area", "area_name", "state", "expected", "landing_q90", "band")


@dataclass(frozen=True)
class Offer:
    """A kind of answer as it is offered.

    Args:
        name: of the command that asks for it.
        kind: of answer.
        path: address of its route.
        rows_at_once: rows computed at once: what they take of memory does not grow with the
            question, and between blocks the work can be stopped.
    """

    name: str
    kind: AnswerKind
    path: str
    rows_at_once: int = 1000

    @property
    def query(self) -> type[SpanQuery]:
        """The model of its questions."""
        return QUERIES[self.name]


FORECASTS = Offer("forecast", FORECAST, "/v1/forecasts")
EXPLANATIONS = Offer("explain", EXPLANATION, "/v1/explanations")
MISSING_PERSONS = Offer("missing", DEMAND, "/v1/missing-persons", 400)
OFFERS = {each.name: each for each in (FORECASTS, EXPLANATIONS, MISSING_PERSONS)}


def question(offer: Offer, issue: Issue, query: SpanQuery, reach: Reach) -> Question:
    """Return a query with every name looked up within somebody's reach.

    Raises:
        UnknownArea, UnknownCallType, UnknownGrade, BadQuestion: if it can't be answered.
        OutOfReach: if the issue has nothing within reach.
    """
    start, end = query.span(issue)
    # An issue without missing-person demand says why by one of its notes.
    told = issue if reach.is_whole else replace(issue, notes=_notes(issue, reach))
    return offer.kind.ask(
        told,
        start=start,
        end=end,
        by=query.by,
        areas=reach.area_ids(issue.tree, query.area),
        **query.details(issue.tree, reach),
    )


def answer_table(  # noqa: PLR0913 - what an answer depends on
    offer: Offer,
    issue: Issue,
    standing: Standing,
    asked: Question,
    now: pd.Timestamp,
    *,
    reach: Reach = Reach(),  # noqa: B008 - a frozen value
    rows: slice = slice(None),
    stop_if_told: Callable[[], None] = lambda: None,
) -> Table:
    """Return some rows of an answer, as they are told within somebody's reach.

    Args:
        offer: the kind asked for.
        issue: the issue asked.
        standing: how it stands.
        asked: from `question`.
        now: the instant at which the issue's age is judged, UTC.
        reach: the areas that may be seen.
        rows: which rows, without a step.
        stop_if_told: called between blocks of rows; what it raises ends the work.
    """
    kind = offer.kind
    first, stop, _ = rows.indices(asked.rows)
    blocks = []
    for begin in range(first, max(stop, first + 1), offer.rows_at_once):
        stop_if_told()
        block = slice(begin, min(begin + offer.rows_at_once, stop))
        blocks.append(kind.values(issue, asked, now, block))
    values = concatenate_values(blocks)
    told = reach.standing(issue.tree, standing)
    provenance = kind.provenance(issue, asked) | told.about()
    if not reach.is_whole:
        provenance |= kind.facts(issue, reach.levels(issue.tree))
        provenance["notes"] = list(_notes(issue, reach))
    return Table(
        kind.columns_for(issue, asked),
        values | told_within(reach, issue.tree, values),
        provenance,
    )


def answer(
    workspace: Workspace, name: str, asked: Mapping[str, Any], *, beside: bool = False
) -> tuple[Table, ...]:
    """Return what an issue of a workspace says.

    Args:
        workspace: where the issue is.
        name: of the kind of answer.
        asked: the question, by the names of its model's fields; None for what is not asked.
        beside: whether a week's forecast of calls is followed by the missing-person demand that
            goes with it, where the issue holds some.

    Raises:
        SettingsError: if there is no such workspace.
        NoIssue, UnknownIssue: if there is no such issue.
        NotExplained: if the issue was published without explanations, and they are asked for.
        UnknownArea, UnknownCallType, UnknownGrade, BadQuestion: if it can't be answered.
    """
    workspace.stop_without_settings()
    offer = OFFERS[name]
    return answer_query(workspace, offer, read_query(offer.query, asked), beside=beside)


def answer_query(
    workspace: Workspace, offer: Offer, query: SpanQuery, *, beside: bool = False
) -> tuple[Table, ...]:
    """Return what `answer` does, to a question that is read already."""
    store, now = workspace.issues(), pd.Timestamp.now("UTC")
    issue = store.latest() if query.issue is None else store.read(query.issue)
    standing, dated = store.standing(issue.number), query.dated(issue, now)
    looked_up = question(offer, issue, dated, Reach())
    found = answer_table(offer, issue, standing, looked_up, now)
    missing_types = {ALL, *issue.profile.missing_call_types}
    found = replace(found, heading=heading(offer, issue, standing, looked_up, now))
    if not (beside and offer.kind is FORECAST and missing_types & {*looked_up.call_types}):
        return (found,)
    demand = _weekly_demand(issue, standing, dated, now)
    return (found,) if demand is None else (found, demand)


def read_query(model: type[Query], asked: Mapping[str, Any]) -> Query:
    """Return a question given by the names of its model's fields, None for what is not asked.

    Raises:
        BadQuestion: if a value can't be one.
    """
    given = {
        field.alias or name: list(asked[name]) if isinstance(asked[name], tuple) else asked[name]
        for name, field in model.model_fields.items()
        if asked.get(name) is not None
    }
    try:
        return model.model_validate(given)
    except ValidationError as error:
        said = (f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise BadQuestion("; ".join(said)) from None


def _weekly_demand(
    issue: Issue, standing: Standing, query: SpanQuery, now: pd.Timestamp
) -> Table | None:
    """Return the missing-person demand of a query's week, in few columns; None if there is none."""
    if query.week is None:
        return None
    offer = MISSING_PERSONS
    wanted = MissingQuery.model_validate({"week": query.week, "area": query.area, "by": "week"})
    try:
        asked = question(offer, issue, wanted, Reach())
    except BadQuestion:  # it holds none, and its notes say why
        return None
    found = answer_table(offer, issue, standing, asked, now)
    return replace(
        found,
        columns=tuple(each for each in found.columns if each.name in _WEEKLY),
        heading=(*DEMAND.title(issue, asked), f"more: forewatch missing --week {query.week}"),
    )


def heading(
    offer: Offer, issue: Issue, standing: Standing, asked: Question, now: pd.Timestamp
) -> tuple[str, ...]:
    """Return lines that say which issue an answer is from, how it stands, and what was asked."""
    zone, until = issue.profile.force.zone, issue.forecast.data_until
    why = issue.why_stale(now)
    known = f"data until {until.tz_convert(zone):%Y-%m-%d %H:%M}"
    return (
        f"{issue.profile.force.name}, issue {issue.number}, {known}, times in {zone}",
        *standing.lines(issue.number),
        *([f"STALE: {why}"] if why else []),
        *offer.kind.title(issue, asked),
    )


def _notes(issue: Issue, reach: Reach) -> tuple[str, ...]:
    return _notes_within(reach, issue.tree, issue.notes)


@lru_cache(maxsize=64)
def _notes_within(reach: Reach, tree: AreaTree, notes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(reach.notes(tree, notes))


def told_within(reach: Reach, tree: AreaTree, values: Values) -> Values:
    """Return the columns that may name other areas, as they are told within somebody's reach."""
    if reach.is_whole:
        return {}
    ways: dict[str, Callable[[str], str]] = {
        "pooled": lambda text: reach.listed(tree, text.split(POOLED_BETWEEN)),
        "reason": lambda text: reach.reason(tree, text),
    }
    return {name: _replaced(values[name], told) for name, told in ways.items()}


def _replaced(texts: NDArray[Any], told: Callable[[str], str]) -> NDArray[Any]:
    known, row = np.unique(texts.astype(str), return_inverse=True)
    return np.array([told(text) if text else "" for text in known], dtype=object)[row]
