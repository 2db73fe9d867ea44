"""Runs the product's own commands as a user does, with the time and memory that they take."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
_EVERY_S = 0.5


@dataclass(frozen=True)
class Taken:
    """Seconds by the clock, CPU seconds, and the peak of memory of a process and its children.

    Memory is the sum of their proportional shares (PSS), looked at twice a second (Linux).
    """

    seconds: float
    cpu_seconds: float
    peak_gib: float

    def __str__(self) -> str:
        """Return the figures in one line."""
        return (
            f"{self.seconds:.0f} s, {self.cpu_seconds:.0f} s of CPU, "
            f"peak {self.peak_gib:.2f} GiB, workers included"
        )


def forewatch(workspace: Path, *words: str | Path) -> Taken:
    """Run a command of the product in a process of its own.

    Raises:
        SystemExit: if it fails; it has said why.
    """
    command = [sys.executable, "-m", "serving.cli", "-w", str(workspace), *map(str, words)]
    before, began = os.times(), perf_counter()
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)})  # noqa: S603
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(_EVERY_S):
            peak[0] = max(peak[0], _memory_gib(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        code = process.wait()
    finally:
        ended.set()
        watcher.join()
    if code:
        raise SystemExit(f"forewatch {' '.join(map(str, words))} ended with {code}")
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Taken(perf_counter() - began, cpu, peak[0])


def _memory_gib(process: int) -> float:
    """Return the proportional share of memory of a process and all below it; 0 where it ended."""
    total, queue = 0, [process]
    while queue:
        place = Path(f"/proc/{queue.pop()}")
        try:
            rollup = (place / "smaps_rollup").read_text(encoding="ascii")
            for task in (place / "task").iterdir():
                children = (task / "children").read_text(encoding="ascii")
                queue += [int(child) for child in children.split()]
        except (OSError, ValueError):
            continue  # it ended while it was looked at
        total += next(int(line.split()[1]) for line in rollup.splitlines() if "Pss:" in line)
    return total / 2**20
