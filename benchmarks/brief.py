"""What a brief costs: seconds and memory of setting it, and how long another thread waits.

python -m benchmarks.brief WORKSPACE [--rounds 20]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from threading import Event, Thread

import pandas as pd

from benchmarks.charts import memory_mib
from serving.briefing import BriefOrder, brief_pdf
from serving.page import typeset
from serving.workspace import Workspace


def main() -> None:
    """Make briefs and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    sheets: list[tuple[object, ...]] = []
    real = typeset.typeset_brief

    def kept(*told: object) -> bytes:
        sheets.append(told)
        return real(*told)  # type: ignore[arg-type] # as they came

    typeset.typeset_brief = kept
    content = brief_pdf(Workspace(asked.workspace), BriefOrder(Path()), pd.Timestamp.now("UTC"))
    before, stop, waits, seconds = memory_mib(), Event(), [0.0], list[float]()

    def tick() -> None:
        while not stop.is_set():
            start = time.perf_counter()
            time.sleep(0.001)
            waits.append(time.perf_counter() - start)

    thread = Thread(target=tick)
    thread.start()
    for number in range(asked.rounds):
        brief, frame, _ = sheets[0]
        start = time.perf_counter()
        real(brief, frame, pd.Timestamp(number, unit="s", tz="UTC"))  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - start)
    stop.set()
    thread.join()
    print(f"{len(content)} bytes; {statistics.median(seconds):.3f} s, most {max(seconds):.3f} s")
    print(f"memory {before:.0f} to {memory_mib():.0f} MiB; another thread waits {max(waits):.4f} s")


if __name__ == "__main__":
    main()
