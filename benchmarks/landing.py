"""Do the hours of missing-person cases land as often below their quantiles as they should?

`python -m benchmarks.landing [--seed N]`: the demo force, where every report is known. The model is
fitted once, 40 weeks before the end, and asked every week for the shifts of the seven days ahead.
Reports as they happened are given hours of their own (drawn once, with the assumed mean, spread and
release), and what of them lands in each shift is compared with the quantiles. Printed: the share of
shifts below each quantile, by level and lead, and what a week by district and shift costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.history import History
from forewatch.profile import Missing
from forewatch.rates import Spans
from models.missing.settings import MissingRecipe
from models.missing.training import train
from planning.casework import CaseLength
from planning.landing import KnownReports, landing_hours
from planning.periods import periods
from planning.work_times import Release
from sources.synthetic import demo_force, demo_history

LEVELS = (0.5, 0.8, 0.9, 0.95)
JUDGED_DAYS = 280
HORIZON_DAYS = 14
CARRIED_DAYS = 2  # in which much of what lands was reported before the origin
DAY = pd.Timedelta(days=1)
LENGTH, RELEASE = CaseLength.of(Missing()), Release(Missing().release)


@dataclass(frozen=True)
class Cases:
    """Reports of an area: hours since 1970 at which they were made, and hours of work."""

    made: Array
    hours: Array

    def landed(self, spans: Spans) -> Array:
        """Return the hours that land in each span."""
        days = 24.0 * np.arange(len(RELEASE.shares) + 1)
        total = np.concatenate([[0.0], np.cumsum(RELEASE.shares)])
        ends, starts = (
            np.interp(edges.as_unit("us").asi8[:, None] / 3.6e9 - self.made, days, total)
            for edges in (spans.ends, spans.starts)
        )
        return np.asarray((ends - starts) @ self.hours)


def drawn(view: AsOf, areas: Sequence[str], seed: int) -> dict[str, Cases]:
    """Return every report of each district with hours of its own; the force has them all."""
    known = KnownReports.of(view, view.profile.missing_call_types, 10_000)
    rng = np.random.default_rng(seed)
    variance = np.log1p(LENGTH.cv**2)
    middle = np.log(LENGTH.mean_hours) - variance / 2
    edges = known.edges.as_unit("us").asi8 / 3.6e9
    found = {}
    for area in areas:
        rows = [known.leaves.index(leaf) for leaf in view.tree.leaves_of(area)]
        count = np.nansum(known.count[rows], axis=0).astype(np.int64)
        made = np.repeat(edges[:-1], count) + rng.random(count.sum())
        found[area] = Cases(made, rng.lognormal(middle, np.sqrt(variance), len(made)))
    made, hours = (
        np.concatenate([getattr(each, name) for each in found.values()])
        for name in ("made", "hours")
    )
    return found | {view.tree.root: Cases(made, hours)}


def judged(past: History, seed: int) -> tuple[pd.DataFrame, float]:
    """Return one row an area, origin and shift, and the CPU seconds of one origin's shifts."""
    last = past.observed_until
    model = train(past, last - JUDGED_DAYS * DAY, MissingRecipe()).model
    districts = past.tree.at_level("district")
    cases = drawn(AsOf(past, last), districts, seed)
    rows, seconds = [], []
    for origin in pd.date_range(last - JUDGED_DAYS * DAY, last - HORIZON_DAYS * DAY, freq="7D"):
        view = AsOf(past, origin)
        forecast = model.forecast(view, HORIZON_DAYS)
        first = forecast.rates.edges[0]
        frame = periods(view.clock, past.profile.shifts, first, first + 7 * DAY, "shift")
        spans = Spans(pd.DatetimeIndex(frame["start"]), pd.DatetimeIndex(frame["end"]))
        known = KnownReports.of(view, past.profile.missing_call_types, 8)
        began = time.process_time()
        leaves = [past.tree.leaves_of(area) for area in cases]
        work = landing_hours(forecast, leaves, spans, LENGTH, RELEASE, known)
        quantiles, _ = work.quantiles(LEVELS, np.full(len(work.mean), np.nan))
        seconds.append(time.process_time() - began)
        found = pd.DataFrame(quantiles, columns=[f"q{100 * level:.0f}" for level in LEVELS])
        found["landed"] = np.concatenate([cases[area].landed(spans) for area in cases])
        found["mean"] = work.mean
        found["level"] = np.repeat([past.tree.level(area) for area in cases], len(frame))
        ahead = np.asarray((spans.starts - first) / DAY)
        found["lead"] = np.tile(np.where(ahead < CARRIED_DAYS, "days 1-2", "days 3-7"), len(cases))
        rows.append(found)
    return pd.concat(rows, ignore_index=True), float(np.median(seconds))


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seed", type=int, default=1)
    seed = asked.parse_args().seed
    rows, seconds = judged(demo_history(demo_force(seed=seed)), seed)
    names = [name for name in rows.columns if name.startswith("q")]
    below = (
        rows[names]
        .ge(rows["landed"], axis=0)
        .assign(shifts=1, landed=rows["landed"], mean=rows["mean"])
    )
    grouped = below.groupby([rows["level"], rows["lead"]])
    table = grouped[names].mean().round(3)
    table["landed/mean"] = (grouped["landed"].sum() / grouped["mean"].sum()).round(3)
    table["shifts"] = grouped["shifts"].sum()
    print(table.to_string())
    print(f"a week of shifts by district and force: {1000 * seconds:.0f} ms of CPU")


if __name__ == "__main__":
    main()
