"""What drawings cost: bytes, seconds and memory, of each chart and form.

    python -m benchmarks.charts [--rounds 5]

1. Of each kind of chart (those of `tests.serving.charts`), over all six forms: bytes of the SVG and
   as gzip, and milliseconds by the clock from the order to the drawing, median and most.
2. The process that draws: seconds until it can, memory at first and at its peak after all rounds.
3. What the service itself grows by: memory before and after importing `serving.drawing` and keeping
   all drawings.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from pathlib import Path

from serving.charts.look import LOOKS, Look

_LONG = 120.0


def memory_mib(process: int | str = "self", field: str = "VmRSS") -> float:
    """Return the resident memory of a process, or its peak (VmHWM)."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    told = dict(line.split(":", 1) for line in lines)
    return int(told[field].split()[0]) / 1024


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds

    from tests.serving.charts.conftest import example_charts  # noqa: PLC0415 - pandas comes first

    charts = example_charts()
    before = memory_mib()
    from serving.drawing import Drawings  # noqa: PLC0415 - what it costs is measured

    drawings = Drawings(seconds=_LONG)
    began = time.perf_counter()
    drawings.drawing(charts["curve"], Look(), _LONG)
    print(f"start: {time.perf_counter() - began:.1f} s, {memory_mib(drawings.pid or 0):.0f} MiB")
    print("| chart | SVG, kB | gzip, kB | ms, median | ms, most |\n|---|---|---|---|---|")
    for name, chart in charts.items():
        sizes, packed, seconds = [], [], []
        for i in range(rounds):
            for look in LOOKS:
                anew = replace(chart, name=f"{chart.name} {i}")
                began = time.perf_counter()
                found = drawings.drawing(anew, look, _LONG)
                seconds.append(1000 * (time.perf_counter() - began))
                sizes.append(len(found.svg) / 1000)
                packed.append(len(found.packed) / 1000)
        print(
            f"| {name} | {min(sizes):.1f} to {max(sizes):.1f} | {min(packed):.1f} to "
            f"{max(packed):.1f} | {statistics.median(seconds):.0f} | {max(seconds):.0f} |"
        )
    pid = drawings.pid or 0
    print(f"process that draws: {memory_mib(pid):.0f} MiB, peak {memory_mib(pid, 'VmHWM'):.0f} MiB")
    print(f"the service: {memory_mib() - before:.1f} MiB more, {drawings.lost} processes lost")
    drawings.close()


if __name__ == "__main__":
    main()
