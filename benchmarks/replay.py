"""A replay of the demo force: whether the three figures hold, and how long it takes.

    python -m benchmarks.replay FOLDER [--weeks 52] [--scale 1] [--seed 1] [--trained] [--jobs 1]

FOLDER becomes a workspace with the demo force's log, from which the service times are learned, and
an issue for each week of one who knows the true rates and the sizes of the shocks (35 days,
published as the week begins); it is used again if it is there. With --trained no issue is taken:
each is made as of then, by a model fitted as of then. What came is what the generator drew:
officers and minutes of each call.

A figure holds where the interval of came − said, weeks drawn again, has 0 in it. Where that is
narrower than 3 points (of share_of_time_short 1), the difference may be as much.

The log begins two years before the first week: of a single year no model can tell season from
trend. Few weeks may be calm or busy by chance, whoever forecasts; look at both ways of running it.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

from benchmarks.staffing import truth_issue
from forewatch.clock import ONE_DAY, WEEK_DAYS
from forewatch.progress import silent
from planning.tables import Table
from serving import importing, service_times
from serving.replaying import ReplayQuestion, replay
from serving.workspace import SETTINGS, Workspace
from serving.writers import terminal
from sources import synthetic
from sources.synthetic.files import TABLE_FILES

TRAINING_WEEKS, HORIZON_DAYS = 104, 35
LEADS_DAYS = (0, 7, 28)
_POINTS = {"share_of_time_short": 0.01}
_USUAL_POINTS = 0.03


def demo_workspace(folder: Path, *, weeks: int, scale: float, seed: int) -> Workspace:
    """Return the workspace of a demo force with its log, its service times, and weekly issues."""
    force = synthetic.demo_force(seed=seed, weeks=TRAINING_WEEKS + weeks, scale=scale)
    if not (folder / SETTINGS).exists():
        extract = folder / "extract"
        synthetic.write(force, extract)
        (folder / SETTINGS).write_bytes((extract / SETTINGS).read_bytes())
        workspace = Workspace(folder)
        for name, file in TABLE_FILES.items():
            if (extract / file).exists():
                importing.import_table_file(workspace, name, extract / file, None)
        until = force.plan.until.isoformat()
        importing.import_call_log(
            workspace, extract / "calls.csv", extract / "mapping.toml", until, silent
        )
        service_times.save_service_times(workspace, service_times.learn_service_times(workspace))
    workspace = Workspace(folder)
    if not workspace.issues().numbers():
        last = pd.Timestamp(force.plan.until)
        for ago in range(weeks + HORIZON_DAYS // WEEK_DAYS, 0, -1):
            first = last - ago * WEEK_DAYS * ONE_DAY
            made = truth_issue(force, workspace.profile, first, HORIZON_DAYS)
            workspace.issues().publish(replace(made, tree=workspace.tree()))
    return workspace


def failures(table: Table) -> list[str]:
    """Return the rows in which a figure doesn't hold."""
    found = []
    for row in table.frame.to_dict("records"):
        if (row["low_said"], row["high_said"]) != (0, 1):
            continue
        points = _POINTS.get(row["figure"], _USUAL_POINTS)
        is_inside = row["low"] <= 0 <= row["high"]
        is_narrow = row["high"] - row["low"] < points
        if not (is_inside or (is_narrow and abs(row["difference"]) <= points)):
            found.append(f"{row['area']}, {row['lead_days']} days, {row['figure']}")
    return found


def main() -> None:
    """Print the replay, what doesn't hold, and how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trained", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    workspace = demo_workspace(asked.folder, weeks=asked.weeks, scale=asked.scale, seed=asked.seed)
    if asked.trained:
        workspace = _without_issues(workspace)
    question = ReplayQuestion(asked.weeks, areas=("district",), leads_days=LEADS_DAYS)
    began = time.perf_counter(), time.process_time()
    table = replay(workspace, question, jobs=asked.jobs)
    clock, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    print(terminal.table_text(table))
    rows, wrong = table.frame, failures(table)
    whole = int(((rows["low_said"] == 0) & (rows["high_said"] == 1)).sum())
    print(f"{whole - len(wrong)} of {whole} rows hold")
    print("\n".join(f"  doesn't hold: {each}" for each in wrong))
    print(f"{asked.weeks} weeks: {clock:.1f} s by the clock, {cpu:.1f} s of processor")


def _without_issues(workspace: Workspace) -> Workspace:
    """Return the same workspace with its issues put aside, for good."""
    there, aside = workspace.root / "issues", workspace.root / "issues-of-the-truth"
    if there.exists() and not aside.exists():
        there.rename(aside)
    return Workspace(workspace.root)


if __name__ == "__main__":
    main()
