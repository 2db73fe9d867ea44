"""Use cases: a question about an issue's forecasts, or about what they are made of.

Answered as a table or a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import pandas as pd
from numpy.typing import NDArray

from forewatch.clock import Clock
from forewatch.explanations import PARTS
from planning import answers, explaining
from planning.answers import ALL, Question, ask, framed
from planning.issues import Issue
from planning.periods import By
from serving import missing_demand
from serving.api import rendering
from serving.showing import about_issue, decimals, origin_line, parquet, reasons, told_together
from serving.spans import span
from serving.standing import Standing
from serving.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """A question as a person writes it; see the options of `forewatch forecast`."""

    week: str | None = None
    start: str | None = None
    end: str | None = None
    areas: tuple[str, ...] = ()
    call_types: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    by: str = "day"
    quantiles: tuple[float, ...] = ()
    issue: int | None = None


@dataclass(frozen=True)
class Said:
    """An answer: its issue, the question looked up, and the columns of its rows.

    The columns are those of `planning.answers.columns` or `planning.explaining.columns`.
    """

    issue: Issue
    standing: Standing
    question: Question
    columns: dict[str, NDArray[Any]]
    now: pd.Timestamp
    by: str
    week: str | None = None

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame, instants in UTC."""
        return framed(self.columns)


def forecast(workspace: Workspace, asked: Asked) -> Said:
    """Return what an issue says.

    Raises:
        NoIssue, UnknownIssue: if there is no such issue.
        UnknownArea, UnknownCallType, UnknownGrade, BadQuestion: if the question can't be answered.
    """
    issue, standing, question = _looked_up(workspace, asked)
    now = pd.Timestamp.now("UTC")
    said = answers.columns(issue, question, now)
    return Said(issue, standing, question, said, now, asked.by, asked.week)


def explanation(workspace: Workspace, asked: Asked) -> Said:
    """Return what the expected calls of an issue are made of; the quantiles asked don't matter.

    Raises:
        NotExplained: if the issue was published without explanations.
        NoIssue, UnknownIssue, UnknownArea, UnknownCallType, UnknownGrade, BadQuestion: as
            `forecast` does.
    """
    issue, standing, question = _looked_up(workspace, asked)
    now = pd.Timestamp.now("UTC")
    said = explaining.columns(issue, question, now)
    return Said(issue, standing, question, said, now, asked.by)


def _looked_up(workspace: Workspace, asked: Asked) -> tuple[Issue, Standing, Question]:
    """Return the issue, how it stands, and the question about it."""
    store = workspace.issues()
    issue = store.latest() if asked.issue is None else store.read(asked.issue)
    start, end = span(Clock.of(issue.profile), week=asked.week, start=asked.start, end=asked.end)
    question = ask(
        issue,
        start=start,
        end=end,
        by=cast("By", asked.by),
        areas=asked.areas,
        call_types=asked.call_types,
        grades=asked.grades,
        quantiles=asked.quantiles,
    )
    return issue, store.standing(issue.number), question


def heading(said: Said) -> str:
    """Return lines that say where an answer comes from, and what it is the answer to."""
    question = said.question
    asked = {
        "areas": question.areas,
        "call types": question.call_types,
        "grades": question.grades,
    }
    about = ", ".join(_named(found, plural) for plural, found in asked.items())
    periods = question.periods["period"]
    when = f"in {periods.iloc[0]}" if len(periods) == 1 else f"by {said.by}"
    what = "what the expected calls are made of" if "level" in said.columns else "expected calls"
    return f"{origin_line(said.issue, said.standing, said.now)}\n{what} {when}: {about}"


def _named(names: tuple[str, ...], plural: str) -> str:
    if len(names) > 1:
        return f"{len(names)} {plural}"
    return f"all {plural}" if names[0] == ALL else names[0]


def readable(said: Said) -> pd.DataFrame:
    """Return the answer for a person: local times, few decimals, one-valued columns left out."""
    frame = said.frame
    zone = said.issue.profile.force.zone
    shown = pd.DataFrame(index=frame.index)
    if len(said.question.periods) != 1:
        shown["period"] = frame["period"]
        shown["start"] = frame["start"].dt.tz_convert(zone).dt.strftime("%a %d %b %H:%M")
    if said.by == "shift":
        shown["end"] = frame["end"].dt.tz_convert(zone).dt.strftime("%a %H:%M")
    for name in ("area", "call_type", "grade"):
        if len(getattr(said.question, f"{name}s")) > 1:
            shown[name] = frame[name]
    if (frame["state"] != "forecast").any():
        shown["state"] = frame["state"]
    shown_numbers = ("mean", "baseline", "noise_floor", *PARTS, *said.issue.profile.own_parts)
    numbers = [name for name in frame if str(name) in shown_numbers]
    quantiles = [name for name in frame if str(name)[:1] == "q" and str(name)[1:2].isdigit()]
    places = decimals(frame["mean"])
    for number in [*numbers[:1], *quantiles, *numbers[1:]]:
        rounded = frame[number].round(1 if number == "noise_floor" else places)
        shown[number] = rounded + 0.0  # no -0
    return shown


def footing(said: Said) -> str:
    """Return why rows are not forecast, and what a week's answer says of missing-person demand."""
    why = [*reasons(said.frame), *told_together(said.frame)]
    types = {ALL, *said.issue.profile.missing_call_types}
    if said.week is None or "level" in said.columns or not types & {*said.question.call_types}:
        return "\n".join(why)
    weekly = missing_demand.weekly(said.issue, said.standing, said.week, said.question.areas)
    return "\n".join([*why, *[""] * bool(why and weekly), *[weekly] * bool(weekly)])


def rendered(said: Said, form: str) -> bytes:
    """Return the answer as the bytes of a json, csv, parquet or (plain) table file."""
    if form == "table":
        from serving.printing import plain  # noqa: PLC0415 - rich is needed on a screen only

        below = f"\n\n{footing(said)}" if footing(said) else ""
        return f"{heading(said)}\n{plain(readable(said))}{below}\n".encode()
    about = about_issue(said.issue, said.standing)
    if form == "parquet":
        return parquet(about, said.frame)
    columns = rendering.listed(said.columns)
    if form == "csv":
        return rendering.as_csv(about, columns)
    envelope = about | said.standing.about() | {"notes": list(said.issue.notes)}
    return rendering.as_json(envelope, columns) + b"\n"
