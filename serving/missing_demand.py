"""Use case: a question about an issue's missing-person demand, as a table or a file.

Areas and times, never persons; what the figures may be used for stands with every one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import pandas as pd
from numpy.typing import NDArray

from forewatch.clock import Clock
from planning import missing
from planning.answers import framed
from planning.issues import Issue
from planning.missing import MissingQuestion
from planning.periods import By
from planning.uses import USES
from serving.api import rendering
from serving.reserving import reserved_hours
from serving.showing import about_issue, decimals, origin_line, parquet, reasons, told_together
from serving.spans import span
from serving.standing import Standing
from serving.workspace import Workspace

_LANDING = ("landing_mean", "landing_q50", "landing_q90")


@dataclass(frozen=True)
class Asked:
    """A question as a person writes it; see the options of `forewatch missing`."""

    week: str | None = None
    start: str | None = None
    end: str | None = None
    areas: tuple[str, ...] = ()
    by: str = "day"
    at_least: tuple[int, ...] = ()
    reserved: tuple[str, ...] = ()
    issue: int | None = None


@dataclass(frozen=True)
class Said:
    """An answer: its issue, the question looked up, and the columns of its rows."""

    issue: Issue
    standing: Standing
    question: MissingQuestion
    columns: dict[str, NDArray[Any]]
    now: pd.Timestamp

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame, instants in UTC; see `planning.missing.answer`."""
        return framed(self.columns)


def demand(workspace: Workspace, asked: Asked) -> Said:
    """Return what an issue says of missing-person demand.

    Raises:
        NoIssue, UnknownIssue: if there is no such issue.
        UnknownArea, BadQuestion: if the question can't be answered, or the issue holds none.
    """
    store = workspace.issues()
    issue = store.latest() if asked.issue is None else store.read(asked.issue)
    return of_issue(issue, store.standing(issue.number), asked)


def of_issue(issue: Issue, standing: Standing, asked: Asked) -> Said:
    """Return what a given issue says; raises as `demand` does."""
    start, end = span(Clock.of(issue.profile), week=asked.week, start=asked.start, end=asked.end)
    question = missing.ask(
        issue,
        start=start,
        end=end,
        by=cast("By", asked.by),
        areas=asked.areas,
        at_least=asked.at_least,
        reserved=reserved_hours(issue.tree.ids, asked.reserved),
    )
    now = pd.Timestamp.now("UTC")
    return Said(issue, standing, question, missing.columns(issue, question, now), now)


def heading(said: Said) -> str:
    """Return lines that say where an answer comes from, what it is, and what it may be used for."""
    issue, question = said.issue, said.question
    settings = issue.profile.missing
    areas, periods = question.windows.areas, question.windows.periods["period"]
    where = areas[0] if len(areas) == 1 else f"{len(areas)} areas"
    when = f"in {periods.iloc[0]}" if len(periods) == 1 else f"by {question.by}"
    return (
        f"{origin_line(issue, said.standing, said.now)}\n{_by_baseline(issue)}"
        f"missing-person demand {when}: {where}, in reports and officer-hours "
        f"({settings.mean_hours:g} a case)\n"
        f"{USES}"
    )


def _by_baseline(issue: Issue) -> str:
    if not missing.demanded(issue).is_baseline:
        return ""
    return (
        "BY THE BASELINE, the shrunken climatology: no trained model may be used; see the notes\n"
    )


def readable(said: Said) -> pd.DataFrame:
    """Return the answer for a person: local times, few decimals, what matters for cover."""
    frame, windows = said.frame, said.question.windows
    zone = said.issue.profile.force.zone
    shown = pd.DataFrame(index=frame.index)
    if len(windows.periods) != 1:
        shown["period"] = frame["period"]
        shown["start"] = frame["start"].dt.tz_convert(zone).dt.strftime("%a %d %b %H:%M")
    if len(windows.areas) > 1:
        shown["area"] = frame["area"]
    if (frame["state"] != "forecast").any():
        shown["state"] = frame["state"]
    shown["expected"] = frame["expected"].round(decimals(frame["expected"]))
    for name in frame:
        if str(name).startswith("p_at_least_"):
            shown[name] = frame[name].round(2)
    for name in _LANDING:
        shown[name] = frame[name].round(1)
    if frame["reserved_hours"].notna().any():
        shown["reserved_hours"], shown["p_over"] = frame["reserved_hours"], frame["p_over"].round(2)
        shown["band"] = (frame["sign"] + " " + frame["band"]).str.strip()
    return shown


def footing(said: Said) -> str:
    """Return what rows are not forecast for, and what can't be trusted, each reason once."""
    frame, tree = said.frame, said.issue.tree
    lines = [*reasons(frame), *told_together(frame)]
    told = frame[(frame["uncalibrated"] != "") & frame["expected"].notna()]
    levels = told["area"].map(tree.level)
    for (level, why), _ in told.groupby([levels, "uncalibrated"], sort=False):
        lines.append(f"not calibrated: {level} by {said.question.by}: {why}")
    return "\n".join(lines)


def rendered(said: Said, form: str) -> bytes:
    """Return the answer as the bytes of a json, csv, parquet or (plain) table file."""
    if form == "table":
        from serving.printing import plain  # noqa: PLC0415 - rich is needed on a screen only

        parts = (heading(said), plain(readable(said)), footing(said))
        return "\n".join(part for part in parts if part).encode() + b"\n"
    about = about_issue(said.issue, said.standing) | missing.about(said.issue)
    if form == "parquet":
        return parquet(about, said.frame.assign(uses=USES))
    columns = rendering.listed(said.columns)
    if form == "csv":
        texts = {name: value for name, value in about.items() if isinstance(value, (str, int))}
        return rendering.as_csv(texts, columns)
    envelope = about | said.standing.about() | {"notes": list(said.issue.notes)}
    return rendering.as_json(envelope, columns) + b"\n"


def weekly(issue: Issue, standing: Standing, week: str, areas: tuple[str, ...]) -> str:
    """Return the lines on missing-person demand that go with a week's forecast of calls.

    "" where the issue holds none.
    """
    if issue.casework is None:
        return ""
    from serving.printing import plain  # noqa: PLC0415 - rich is needed on a screen only

    said = of_issue(issue, standing, Asked(week=week, areas=areas, by="week"))
    columns = ["area", "state", "expected", "landing_q90", "band"]
    frame = said.frame[columns].assign(
        expected=said.frame["expected"].round(1), landing_q90=said.frame["landing_q90"].round()
    )
    if (frame["state"] == "forecast").all():
        frame = frame.drop(columns="state")
    return (
        f"{_by_baseline(issue)}missing-person demand in {week}: reports, and officer-hours landing "
        f"that are exceeded in 1 week of 10\n{plain(frame)}\n{USES}\n"
        f"More: forewatch missing --week {week}"
    )
