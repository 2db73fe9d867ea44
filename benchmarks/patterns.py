"""Two sets of shifts of which one is better by construction: what is said of them, and what came.

    python -m benchmarks.patterns FOLDER [--weeks 26] [--scale 1] [--seed 1]

FOLDER is a workspace of `benchmarks.replay`, made if it isn't there. Two folders beside it have the
same history and the same weekly issues, each with its own late shift: 14–00 on the peak of the
demo force, and 11:30–21:30 before it, so that the evening falls to the night. Both are covered at
several percentiles, and replayed against the calls of the generator.

1. What `forewatch shifts compare` says: officer-hours of each at the same percentile, and how short
   the second is with the hours of the first.
2. What came: how many hours the second needs to be as seldom short as the first was at the
   percentile, by what was said and by what came, and how short it was with the first one's hours.

The hours that the second needs should be the same within 2 % by both. Their distance from the first
one's is a few per cent of them and takes more weeks to be told as well; tests do it by draws.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.replay import demo_workspace
from forewatch.arrays import Array
from forewatch.shifts import DutyShift
from planning.issues import Issue
from planning.patterns import PatternQuestion, compare_patterns, officer_hours
from planning.staffing import staffing
from serving.past_issues import published_issues
from serving.replaying import ReplayQuestion, replay
from serving.workspace import SETTINGS, Workspace

LATES = {"on-peak": (time(14), time(0)), "before-peak": (time(11, 30), time(21, 30))}
LEVELS = (70, 80, 90, 95)
LEVEL = 80
ROLE, DISTRICTS = "response", ("district",)


def shifts_with(issue: Issue, late: tuple[time, time]) -> tuple[DutyShift, ...]:
    """Return the shifts of an issue's profile, the late one at other times."""
    times = dict(zip(("start", "end"), late, strict=True))
    return tuple(
        each.model_copy(update=times) if each.id == "late" else each
        for each in issue.profile.staffing.shifts
    )


def pattern_workspace(workspace: Workspace, name: str) -> Workspace:
    """Return a workspace with the same history, of which the issues have a pattern's shifts."""
    folder = workspace.root.with_name(f"{workspace.root.name}-{name}")
    if not folder.exists():
        folder.mkdir()
        shutil.copytree(workspace.root / "history", folder / "history")
        shutil.copy(workspace.root / SETTINGS, folder / SETTINGS)
        to = Workspace(folder).issues()
        for each in reversed(published_issues(workspace.issues())):
            issue = workspace.issues().read(each.number)
            own = issue.profile.staffing.model_copy(
                update={"shifts": shifts_with(issue, LATES[name])}
            )
            to.publish(replace(issue, profile=issue.profile.model_copy(update={"staffing": own})))
    return Workspace(folder)


def figures(workspace: Workspace, weeks: int) -> Array:
    """Return officer-hours and the share of time short, said and come; (levels, 3)."""
    found = []
    for level in LEVELS:
        question = ReplayQuestion(weeks, areas=DISTRICTS, leads_days=(0,), percentile=level)
        table = replay(workspace, question, jobs=1)
        rows = table.frame.query(
            "area == 'all' and figure == 'share_of_time_short' and low_said == 0 and high_said == 1"
        )
        mondays = pd.date_range(
            pd.Timestamp.fromisocalendar(*_week(table.provenance["from_week"]), 1),
            periods=weeks,
            freq="7D",
        )
        hours = sum(_hours(workspace, monday, level) for monday in mondays)
        found.append((hours, *rows[["said", "came"]].iloc[0]))
    return np.array(found)


def _week(text: str) -> tuple[int, int]:
    year, week = text.split("-W")
    return int(year), int(week)


def _issue_of(workspace: Workspace, monday: pd.Timestamp) -> Issue:
    """Return the issue that begins on a Monday."""
    store = workspace.issues()
    begins = {pd.Timestamp(store.about(n)["first"]).floor("D").tz_localize(None): n
              for n in store.numbers()}  # fmt: skip
    return store.read(begins[monday])


def _hours(workspace: Workspace, monday: pd.Timestamp, level: int) -> float:
    found = staffing(
        _issue_of(workspace, monday), first=monday, days=7, areas=DISTRICTS, percentile=level
    )
    return sum(officer_hours(area) for area in found.areas)


def said_beforehand(workspace: Workspace, mondays: Sequence[pd.Timestamp]) -> None:
    """Print what a comparison says of some weeks."""
    for monday in mondays:
        issue = _issue_of(workspace, monday)
        sets = {name: shifts_with(issue, late) for name, late in LATES.items()}
        asked = PatternQuestion(monday, 7, DISTRICTS, ROLE, LEVEL)
        found = pd.DataFrame(compare_patterns(issue, sets, asked))
        whole = found.groupby("pattern", sort=False)[["officer_hours", "held_over_hours"]].sum()
        print(f"compared, week of {monday:%Y-%m-%d}:")
        print(whole.round(0).to_string(), "\n")


def print_differences(by_name: Mapping[str, Array]) -> None:
    """Print the two sets' figures, and how many hours lie between them."""
    for name, found in by_name.items():
        for level, (hours, said, came) in zip(LEVELS, found, strict=True):
            print(f"{name:12} q{level}: {hours:9,.0f} h, short said {said:.4f}, came {came:.4f}")
    better, worse = (by_name[name] for name in LATES)
    at = LEVELS.index(LEVEL)
    hours, *_ = better[at]
    needs = []
    for column, word in ((1, "said"), (2, "came")):
        needed = np.interp(-better[at, column], -worse[:, column], worse[:, 0])
        needs.append(needed)
        with_these = np.interp(hours, worse[:, 0], worse[:, column])
        print(
            f"as {word}: as seldom short with {needed - hours:,.0f} h more "
            f"({needed / hours - 1:+.2%}); with the same hours short {with_these:.4f} of the time "
            f"instead of {better[at, column]:.4f}"
        )
    print(f"hours that the second needs, by what came ÷ as said: {needs[1] / needs[0]:.4f}")


def main() -> None:
    """Print what is said of two sets of shifts, and what came."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weeks", type=int, default=26)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    workspace = demo_workspace(asked.folder, weeks=52, scale=asked.scale, seed=asked.seed)
    spaces = {name: pattern_workspace(workspace, name) for name in LATES}
    last = max(each.first for each in published_issues(workspace.issues()))
    said_beforehand(workspace, [last.floor("D").tz_localize(None) - pd.Timedelta(weeks=5)])
    print_differences({name: figures(each, asked.weeks) for name, each in spaces.items()})


if __name__ == "__main__":
    main()
