"""How long commands that ask and list take, beside `import pandas` in the same minute.

    python -m benchmarks.command_times WORKSPACE [--runs 11] [--uncompiled]

Each round runs every command once in a new process, so that what else the machine does falls on all
of them alike. A first round is not counted: it compiles modules, into a folder of the benchmark's
own. With --uncompiled nothing is ever compiled, as where the user may not write to the environment
and nobody compiled it when it was installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import perf_counter
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_PANDAS = "import pandas"
_COMMANDS = (
    *("--help", "models list", "models show", "issues list", "keys list"),
    *("forecast", "explain", "missing", "forecast --by hour --area district"),
)


class Took(NamedTuple):
    """What one run took: by the wall's clock, and of the processors."""

    wall_seconds: float
    cpu_seconds: float


def run_times(words: list[str], environment: dict[str, str]) -> Took:
    """Return what a process took; CalledProcessError if it failed."""
    before, began = getrusage(RUSAGE_CHILDREN), perf_counter()
    subprocess.run(  # noqa: S603 - our own interpreter
        words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True
    )
    wall, after = perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return Took(wall, cpu)


def print_times(name: str, took: list[Took], pandas_cpu_seconds: float) -> None:
    """Print least, median and most of the runs of a command."""
    cells = [
        f"{min(seconds):6.2f} {median(seconds):6.2f} {max(seconds):6.2f}"
        for seconds in zip(*took, strict=True)
    ]
    ratio = median(one.cpu_seconds for one in took) / pandas_cpu_seconds
    print(f"{name:36} {cells[0]}   {cells[1]}   {ratio:5.2f}")


def main() -> None:
    """Run the commands in turn and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--uncompiled", action="store_true")
    asked = parser.parse_args()
    command = [sys.executable, "-m", "serving.cli", "-w", str(asked.workspace.resolve())]
    lines = {_PANDAS: [sys.executable, "-c", _PANDAS]}
    lines |= {name: [*command, *name.split()] for name in _COMMANDS}
    with tempfile.TemporaryDirectory() as compiled:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if asked.uncompiled:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        rounds = [
            {name: run_times(words, environment) for name, words in lines.items()}
            for _ in range(asked.runs + 1)
        ][1:]
    pandas_cpu_seconds = median(each[_PANDAS].cpu_seconds for each in rounds)
    print(f"{asked.runs} runs: least, median, most; the last column is processor time to pandas'\n")
    print(f"{'':36} {'wall seconds':>20}   {'processor seconds':>20}   ratio")
    for name in lines:
        print_times(name, [each[name] for each in rounds], pandas_cpu_seconds)


if __name__ == "__main__":
    main()
