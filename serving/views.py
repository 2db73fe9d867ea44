"""Views: questions with a name and a title that a force writes into forewatch.toml.

A view is asked as it stands. Whoever asks says the time, the issue and the page (`ViewQuery`), and
nothing else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_origin

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from forewatch.errors import SettingsError, UnknownColumn, UnknownView
from forewatch.frozen import Frozen, Identifier
from serving.accounts.roles import Role
from serving.queries import OVER_THE_NET, QUERIES, SpanQuery, ViewQuery

if TYPE_CHECKING:  # settings are read by every command, and most need no numbers
    from planning.tables import Table

_WHEN = {"week", "from", "to"}  # one of them given, the view's own count no more


def _answer_name(name: str) -> str:
    if name not in QUERIES:
        raise ValueError(f"no such answer; there are {', '.join(QUERIES)}")
    return name


def _line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds characters that can't be shown in a line; take them out")
    return text


def _as_written(value: Any, field: FieldInfo | None) -> Any:  # noqa: ANN401 - of a settings file
    """Return a value as a question has it: one of a list may stand alone, a list have commas."""
    if field is None:
        return value
    if get_origin(field.annotation) is list:
        return [value] if isinstance(value, str) else value
    return ",".join(map(str, value)) if isinstance(value, list) else value


Panel = Literal[
    "headline",
    "staffing",
    "heat_map",
    "reasons",
    "special",
    "bands",
    "map",
    "breakdown",
    "missing",
    "accuracy",
    "table",
]


class View(Frozen):
    """A question with a name."""

    id: Identifier
    """Names it in commands and addresses."""
    title: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
        AfterValidator(_line),
    ]
    """What it shows, in a line above the answer."""
    answer: Annotated[str, AfterValidator(_answer_name)]
    """The command whose question it is: forecast, explain or missing."""
    question: dict[str, Any] = Field(default={})
    """What is asked: the options of that command under their names, with _ for - inside; left out:
    what the command answers without any."""
    columns: tuple[str, ...] = ()
    """Names of the answer's columns that are shown, in this order; left out: all of them, and on a
    terminal those that tell something."""

    @field_validator("question")
    @classmethod
    def _is_a_question(cls, question: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "answer" not in info.data:  # refused already
            return question
        model = QUERIES[info.data["answer"]]
        fields = {field.alias or n: field for n, field in model.model_fields.items()}
        known = [name for name in fields if name not in OVER_THE_NET]
        question = {key: _as_written(value, fields.get(key)) for key, value in question.items()}
        for key, value in question.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                advice = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
                raise _at(key, f"no such key in a question of {info.data['answer']}; {advice}")
            extra = fields[key].json_schema_extra
            extra = extra if isinstance(extra, dict) else {}
            pattern, written = extra.get("pattern"), extra.get("examples")
            if pattern and isinstance(value, str) and not re.fullmatch(str(pattern), value):
                raise _at(key, f"can't be read; write it like {written[0]!r}", value)  # type: ignore[index] # made by `queries.example`
        model.model_validate(question)
        return question

    @field_validator("columns", "panels")
    @classmethod
    def _stand_once(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        if doubled := [name for name in dict.fromkeys(columns) if columns.count(name) > 1]:
            raise ValueError(f"{doubled[0]} stands there twice; keep one")
        return columns

    panels: Annotated[tuple[Panel, ...], Field(min_length=1)] = ("headline", "heat_map", "table")
    """What its page at `/views/ID` shows, in this order: headline, staffing, heat_map, reasons,
    special, bands, map, breakdown, missing, and table, which is its answer."""
    role: Role | None = None
    """Who may open that page: viewer, planner or analyst, each with those after it; left out:
    everybody who sees its areas."""

    def query(self, asked: ViewQuery) -> SpanQuery:
        """Return its question, at the time, of the issue and the page that somebody asks for."""
        said = asked.model_dump(by_alias=True, exclude_none=True, exclude_unset=True)
        is_dated = bool(_WHEN & said.keys())
        own = {key: v for key, v in self.question.items() if not (is_dated and key in _WHEN)}
        return QUERIES[self.answer].model_validate(own | said)

    def shown(self, table: Table) -> Table:
        """Return the answer to its question with its title, and of columns its own.

        Raises:
            SettingsError: if it names a column that the answer doesn't have, with near names.
        """
        provenance = {**table.provenance, "view": self.id, "title": self.title}
        found = replace(table, provenance=provenance, heading=(self.title, *table.heading))
        try:
            return found.with_columns(self.columns) if self.columns else found
        except UnknownColumn as error:
            raise SettingsError(
                f"view {self.id}: {error}; mend columns under [[views]] in forewatch.toml"
            ) from error


def find_view(views: Sequence[View], name: str) -> View:
    """Return the view of a name.

    Raises:
        UnknownView: if there is none, with near names.
    """
    for view in views:
        if view.id == name:
            return view
    raise UnknownView(name, [view.id for view in views])


def _at(key: str, message: str, value: object = None) -> ValidationError:
    """Return the error of one key of a question."""
    error = PydanticCustomError("question", "{message}", {"message": message})
    return ValidationError.from_exception_data(
        "question", [InitErrorDetails(type=error, loc=(key,), input={} if value is None else value)]
    )
