"""What a new beat and a new district are given on a small demo force whose true rates are known.

    python -m benchmarks.new_areas

A beat (then a district) has no call until 30 (21) days before the origin. Printed: its true share
of its place beside ours and beside its share of the last 364 days' calls; its true calls a day over
the next 28 days beside those of the log-linear member, and of the same member that takes the days
before for quiet ones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.unpooled import unpooled
from features.asof import AsOf
from features.cube import leaf_counts
from features.panel import panel
from forewatch.history import History
from models.leaf_shares import leaf_shares
from models.loglinear import Loglinear
from sources.synthetic import DemoForce, demo_force, demo_history

YEAR_DAYS, BEAT_DAYS, DISTRICT_DAYS, AHEAD_DAYS = 364, 30, 21, 28


def begun(past: History, leaves: tuple[str, ...], days: int) -> AsOf:
    """Return the view at the end, where leaves had no call until so many days before."""
    before = past.counts["start"] < past.observed_until - pd.Timedelta(days=days)
    kept = past.counts[~(before & past.counts["area"].isin(leaves))]
    return AsOf(replace(past, counts=kept), past.observed_until)


def beat(demo: DemoForce, past: History) -> None:
    """Print the share of each beat in turn, of all calls, if it were new."""
    rates, calls = demo.truth.rates, leaf_counts(AsOf(past, past.observed_until), YEAR_DAYS)
    weights = calls.sum(0) / calls.sum()
    rows = []
    for number, leaf in enumerate(rates.leaves):
        view = begun(past, (leaf,), BEAT_DAYS)
        here = rates.leaf_place == rates.leaf_place[number]
        counted = leaf_counts(view, YEAR_DAYS).sum(1)
        ours = leaf_shares(view, YEAR_DAYS, rates.leaf_place)
        rows.append(
            {
                "beat": leaf,
                "true": rates.leaf_shares[number] @ weights,
                "ours": ours[number] @ weights,
                "of 364 days": counted[number] / counted[here].sum(),
            }
        )
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def district(demo: DemoForce, past: History) -> None:
    """Print the calls a day of each district in turn if it were new."""
    rates, rows = demo.truth.rates, []
    first = np.flatnonzero(np.diff(rates.day, prepend=-1))
    for number, place in enumerate(rates.places):
        seen = panel(begun(past, past.tree.leaves_of(place), DISTRICT_DAYS), AHEAD_DAYS)
        quiet = replace(seen, counts=np.where(np.isnan(seen.counts), 0.0, seen.counts))
        daily = np.add.reduceat(rates.base[number].sum(0), first)
        found = [Loglinear().fit(one).predict(one) for one in (seen, quiet)]
        series = seen.series(place)
        rows.append(
            {
                "district": place,
                "true": daily[rates.force_days.get_indexer(seen.horizon)].mean(),
                "ours": found[0][:, series].mean(),
                "taken for quiet": found[1][:, series].mean(),
            }
        )
    print(pd.DataFrame(rows).round(1).to_string(index=False))


def main() -> None:
    """Print both tables."""
    demo = demo_force(
        seed=1, weeks=60, districts=3, beats_per_district=3, call_types=4, calls_per_week=2000
    )
    past = unpooled(demo_history(demo))
    beat(demo, past)
    district(demo, past)


if __name__ == "__main__":
    main()
