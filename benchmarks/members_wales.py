"""Each member alone on the Welsh counts at the published protocol, refitted at every origin.

    python -m benchmarks.members_wales ../shared/data/wales-ambulance [--members NAME ...]

Ten origins 42 days apart from 25 April 2018, 84 days ahead. Printed per member and level, for days
1-7 and 43-84: MAE over the mean absolute deviation of the series about its mean over all days, the
bias of days 43-84 relative to the mean, and processor seconds per origin, fit and forecast.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy import workspaces
from features.asof import AsOf
from features.panel import Panel, panel
from models.members import MEMBERS
from serving.workspace import Workspace

FIRST = pd.Timestamp("2018-04-26", tz="Europe/London")
ORIGINS, EVERY_DAYS, HORIZON_DAYS = 10, 42, 84
NEAR, FAR = slice(0, 7), slice(42, 84)


def scores(name: str, panels: list[Panel], truth: Panel) -> pd.DataFrame:
    """Return one row a level: MAE/MAD near and far, bias far, processor seconds an origin."""
    spread = np.nanmean(np.abs(truth.counts - np.nanmean(truth.counts, axis=0)), axis=0)
    mean = np.nanmean(truth.counts, axis=0)
    errors: list[NDArray[np.float64]] = []
    started = time.process_time()
    for seen in panels:
        found = MEMBERS[name]().fit(seen).predict(seen)
        first = len(seen.days)
        errors.append(found - truth.counts[first : first + HORIZON_DAYS])
    seconds = (time.process_time() - started) / len(panels)
    error = np.stack(errors)
    rows = []
    for level in truth.keys["level"].unique():
        here = truth.index(level)
        scaled = np.abs(error[:, :, here]) / spread[here]
        rows.append(
            {
                "member": name,
                "level": level,
                "days 1-7": np.nanmean(scaled[:, NEAR]),
                "days 43-84": np.nanmean(scaled[:, FAR]),
                "bias 43-84": np.nanmean(error[:, FAR][:, :, here] / mean[here]),
                "cpu s": seconds,
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Score the members and print one table each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--members", nargs="+", default=list(MEMBERS), choices=list(MEMBERS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspaces.build("wales", options.folder, Path(folder), "")
        history = Workspace(Path(folder)).history()
    origins = [FIRST + pd.Timedelta(days=EVERY_DAYS * k) for k in range(ORIGINS)]
    panels = [panel(AsOf(history, origin), HORIZON_DAYS) for origin in origins]
    truth = panel(AsOf(history, history.observed_until), 1)
    for name in options.members:
        found = scores(name, panels, truth)
        print(found.to_string(index=False, float_format=lambda x: f"{x:.3f}"), flush=True)


if __name__ == "__main__":
    main()
