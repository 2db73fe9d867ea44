"""The series of a backtest one by one against the 8-week mean: which does it lose, beyond chance?

    python -m benchmarks.every_series SET WORKSPACE FILE.parquet

The file is one of `python -m benchmarks.accuracy SET --work DIR --rows FILE`, the workspace is
DIR/SET. Printed are how many series have a CRPS over all days ahead that is more than 1 % above the
mean's, by itself and by the lower end of its 95 % bootstrap interval over weeks, and the five
worst. A series of which no call came is left out. One of 20 may lose by chance.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cases import case
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.accuracy.scoring import Case
from benchmarks.verdicts import evidence
from serving.workspace import Workspace

_OURS = "ours"
_LOSS, _LOW = "crps_vs_baseline", "crps_vs_baseline_low"
_MARGIN = 0.01
_SHOWN = 5


def by_series(judged: Case) -> pd.DataFrame:
    """Return one row a series with calls: level (its name), crps_vs_baseline and its ends.

    Args:
        judged: with the contenders ours and 8 weeks.
    """
    names = tuple(" / ".join(one) for one in judged.targets.series)
    last = int(judged.targets.lead_day.max())
    with np.errstate(invalid="ignore"):  # of a series of which nothing is known: left out below
        found = evidence(replace(judged, level=names), ((1, last),), _OURS).scores
    called = np.nansum(judged.counts, axis=0) > 0
    return found[found["level"].isin(np.array(names)[called])]


def main() -> None:
    """Print how many series lose, and the worst."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", choices=list(PROTOCOLS))
    parser.add_argument("workspace", type=Path)
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    history = Workspace(asked.workspace).history()
    judged, _ = case(history, PROTOCOLS[asked.set], {_OURS: asked.file})
    found = by_series(judged)
    mean, beyond = (int((found[end] > _MARGIN).sum()) for end in (_LOSS, _LOW))
    print(f"{len(found)} series; worse than 1 % by mean {mean}, beyond chance {beyond}")
    worst = found.sort_values(_LOSS, ascending=False).head(_SHOWN)
    print(worst[["level", _LOSS, _LOW, f"{_LOSS}_high"]].to_string(index=False))


if __name__ == "__main__":
    main()
