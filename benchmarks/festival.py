"""The walk-through of docs/guides/staffing.md on a demo workspace: what each command prints.

    python -m benchmarks.festival FOLDER [--scale 1] [--years 3]

FOLDER becomes a demo workspace (`forewatch demo --until 2026-11-23`), or is one already, with an
issue until July 2027. Two plans of duty are imported, written as a duty system would:

1. of two districts in the week before Christmas, with an officer too few on Friday and Saturday;
2. of the southern duty base in the week of Glastonbury: what its ordinary weeks in spring need, on
   average and rounded.

Then the commands of the guide run, one after the other. Notice is given on fixed dates, so the same
demo force prints the same whenever it is asked.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from forewatch.progress import silent
from serving.demo import DemoSize, build
from serving.past_issues import published_issues
from serving.workspace import Workspace

UNTIL, HORIZON_DAYS = "2026-11-23", 231
SOUTH = ("mendip", "sedgemoor", "south-somerset", "taunton-deane", "west-somerset")
SPRING = ("2027-W14", "2027-W18", "2027-W23")
CHRISTMAS, FESTIVAL = "2026-W51", "2027-W25"
SHORT_DAYS = (4, 5)  # Friday and Saturday
NOTICE = {CHRISTMAS: "2026-12-01", FESTIVAL: "2027-06-07"}
TOLD_ON = "2026-11-25"
_HEAD = ("area", "role", "shift", "force_day", "planned", "known_at")


def demo(folder: Path, scale: float, years: float) -> Workspace:
    """Return the demo workspace, its newest issue until July 2027."""
    size = DemoSize(scale, years, UNTIL)
    workspace = build(folder, size, silent, pd.Timestamp(UNTIL, tz="UTC")).workspace
    newest = published_issues(workspace.issues())[0]
    if newest.until - newest.first < pd.Timedelta(days=HORIZON_DAYS - 1):
        _forewatch(workspace, ("issue", "--days", str(HORIZON_DAYS), "--publish"))
    return workspace


def _forewatch(workspace: Workspace, words: Sequence[str]) -> str:
    """Return what a command prints."""
    command = [sys.executable, "-m", "serving.cli", "--workspace", str(workspace.root), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def _areas(areas: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for area in areas for word in ("--area", area))


def need(workspace: Workspace, week: str, areas: Sequence[str]) -> pd.DataFrame:
    """Return officers on duty that a week's shifts need, with the weekday of their force-day."""
    words = ("staffing", "--week", week, *_areas(areas), "--format", "csv")
    rows = pd.read_csv(io.StringIO(_forewatch(workspace, words)))
    return rows.assign(weekday=pd.to_datetime(rows["force_day"]).dt.day_of_week)


def too_few(workspace: Workspace) -> pd.DataFrame:
    """Return a plan of what is needed, one officer fewer on two days."""
    rows = need(workspace, CHRISTMAS, ("bristol", "mendip"))
    return rows.assign(planned=rows["on_duty"] - rows["weekday"].isin(SHORT_DAYS))


def mean_week(workspace: Workspace) -> pd.DataFrame:
    """Return a plan of the festival's week as ordinary weeks in spring need it."""
    usual = pd.concat([need(workspace, week, SOUTH) for week in SPRING])
    key = ["area", "shift", "weekday"]
    mean = usual.groupby(key, as_index=False)["on_duty"].mean()
    dates = need(workspace, FESTIVAL, SOUTH)[[*key, "force_day"]]
    found = dates.merge(mean, on=key)
    return found.assign(planned=found["on_duty"].round())


def write_plan(rows: pd.DataFrame, file: Path) -> None:
    """Write a plan as a duty system would."""
    whole = rows.assign(role="response", known_at=TOLD_ON, planned=rows["planned"].astype(int))
    whole[[*_HEAD]].to_csv(file, index=False)


def main() -> None:
    """Print the commands and what they print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--years", type=float, default=3.0)
    asked = parser.parse_args()
    workspace = demo(asked.folder, asked.scale, asked.years)
    for name, rows in (("too-few", too_few(workspace)), ("mean-week", mean_week(workspace))):
        write_plan(rows, workspace.root / f"{name}.csv")
    two, south = _areas(("bristol", "mendip")), _areas(SOUTH)
    plan_of = {week: ("plan", "--week", week, "--on", day) for week, day in NOTICE.items()}
    for words in (
        ("service-times",),
        ("import", "plan", str(workspace.root / "too-few.csv")),
        (*plan_of[CHRISTMAS], *two, "--decide", "--chance", "0.2"),
        (*plan_of[CHRISTMAS], *two, "--moves", "4"),
        ("import", "plan", str(workspace.root / "mean-week.csv")),
        (*plan_of[FESTIVAL], *south, "--decide", "--chance", "0.3"),
        (*plan_of[FESTIVAL], *south, "--moves", "40"),
        ("staffing", "--week", FESTIVAL, "--area", "mendip"),
    ):
        print("$ forewatch", " ".join(words))
        print(_forewatch(workspace, words))


if __name__ == "__main__":
    main()
