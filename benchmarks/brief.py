"""What a brief costs: seconds of setting it, and what memory the process keeps that had it set.

python -m benchmarks.brief WORKSPACE [--rounds 20]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

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
    before, seconds = memory_mib(), list[float]()
    for number in range(asked.rounds):
        brief, frame, _ = sheets[0]
        start = time.perf_counter()
        real(brief, frame, pd.Timestamp(number, unit="s", tz="UTC"))  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - start)
    print(f"{len(content)} bytes; {statistics.median(seconds):.3f} s, most {max(seconds):.3f} s")
    print(f"memory {before:.0f} to {memory_mib():.0f} MiB")


if __name__ == "__main__":
    main()
