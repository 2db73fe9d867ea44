"""Time and memory of the whole way at the size of a force: import, training, issue.

`python benchmarks/scale.py --folder /tmp/scale [--years 5] [--jobs 2]` builds the demo force there,
runs the commands an analyst would run, each as a process of its own, and prints one line a step:
seconds by the clock, CPU seconds, and the peak of the memory (resident, summed over the process and
its children).
The CSV reader that the import is held against runs in the same way in the same run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

PAUSE_SECONDS = 0.1
READ_CSV = "import sys, pandas; print(len(pandas.read_csv(sys.argv[1], engine='pyarrow')), 'rows')"
BUILD = """
import sys
from pathlib import Path
from sources.synthetic import demo_force, write
write(demo_force(seed=1, years=float(sys.argv[2])), Path(sys.argv[1]))
"""


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock, CPU seconds, peak bytes of its whole tree."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int

    def __str__(self) -> str:
        """Return both kinds of seconds and MiB, aligned."""
        time = f"{self.seconds:8.1f} s  {self.cpu_seconds:8.1f} s of CPU"
        return f"{time}  {self.peak_bytes / 2**20:8.0f} MiB"


def cost(command: list[str], folder: Path) -> Cost:
    """Run a command to its end and return what it took; its failure ends the benchmark."""
    began, before = time.perf_counter(), os.times()
    with subprocess.Popen(command, cwd=folder) as process:  # noqa: S603 - our own commands
        watched, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            peak = max(peak, resident_bytes(watched))
            time.sleep(PAUSE_SECONDS)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Cost(time.perf_counter() - began, cpu, peak)


def resident_bytes(process: psutil.Process) -> int:
    """Return the resident memory of a process and all its children; 0 when it is gone."""
    try:
        tree = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in tree)
    except psutil.NoSuchProcess:
        return 0


def steps(jobs: int) -> dict[str, list[str]]:
    """Return the commands by name, in order."""
    log = "import calls calls.csv --mapping mapping.toml"
    commands = {
        "import calls": log,
        "the same file again": log,
        "import tourism": "import tourism tourism.csv",
        "import events": "import events events.csv",
        "import holidays": "import holidays school_holidays.csv",
        "import unobserved": "import unobserved unobserved.csv",
        "train with its gate": f"train --promote --jobs {jobs}",
        "issue of 91 days": "issue --days 91",
        "forecast of a week": "forecast --from 2026-11-30 --to 2026-12-07",
    }
    reader = {"pandas read_csv (pyarrow)": [sys.executable, "-c", READ_CSV, "calls.csv"]}
    forewatch = [sys.executable, "-m", "serving.cli"]
    return reader | {name: [*forewatch, *text.split()] for name, text in commands.items()}


def main() -> None:
    """Build, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a folder to fill")
    parser.add_argument("--years", type=float, default=5.0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Cost] = {}
    if not (asked.folder / "calls.csv").exists():
        build = [sys.executable, "-c", BUILD, str(asked.folder), str(asked.years)]
        found["build the demo force"] = cost(build, Path.cwd())
    for name, command in steps(asked.jobs).items():
        found[name] = cost(command, asked.folder)
    print()
    for name, spent in found.items():
        print(f"{name:<28}{spent}")
    ratio = found["import calls"].seconds / found["pandas read_csv (pyarrow)"].seconds
    print(f"import ÷ read_csv: {ratio:.2f}")


if __name__ == "__main__":
    main()
