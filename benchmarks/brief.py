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
from serving.page import paper_view
from serving.page.brief import Brief
from serving.page.page_frame import PageFrame
from serving.page.typeset import Typesetter
from serving.workspace import Workspace


def main() -> None:
    """Make briefs and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    sheets: list[tuple[Brief, PageFrame]] = []

    class Watched(Typesetter):
        def pdf(self, brief: Brief, frame: PageFrame, published_at: pd.Timestamp) -> bytes:
            sheets.append((brief, frame))
            return super().pdf(brief, frame, published_at)

    paper_view.Typesetter = Watched  # type: ignore[misc] # for the one sheet below
    content = brief_pdf(Workspace(asked.workspace), BriefOrder(Path()), pd.Timestamp.now("UTC"))
    before, seconds = memory_mib(), list[float]()
    for number in range(asked.rounds):
        start = time.perf_counter()
        Typesetter().pdf(*sheets[0], pd.Timestamp(number, unit="s", tz="UTC"))
        seconds.append(time.perf_counter() - start)
    print(f"{len(content)} bytes; {statistics.median(seconds):.3f} s, most {max(seconds):.3f} s")
    print(f"memory {before:.0f} to {memory_mib():.0f} MiB")


if __name__ == "__main__":
    main()
