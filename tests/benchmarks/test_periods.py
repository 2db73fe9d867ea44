"""Hours added up to force-days, by hand."""

from datetime import time

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy import periods
from benchmarks.accuracy.forecasts import Contender, Targets
from benchmarks.accuracy.scoring import Case
from forewatch.clock import Clock

LONDON = Clock("Europe/London", time(7))


@pytest.fixture
def hours() -> Case:
    """Two force-days from Saturday 2024-10-26 07:00; the clock goes back in the first night."""
    edges = LONDON.hour_edges(pd.Timestamp("2024-10-26"), 2)
    starts, lead = edges[:-1], LONDON.hour_days(pd.Timestamp("2024-10-26"), 2) + 1
    series = (("f", "all", "all"),)
    targets = Targets(np.zeros(len(starts), np.int64), starts[:1], starts, lead, series)
    counts = np.ones((len(starts), 1))
    counts[3] = np.nan
    ours = Contender("ours", np.full(counts.shape, 0.5, "f4"), np.zeros((*counts.shape, 19), "f4"))
    return Case(targets, counts, (ours,), ("force",), np.ones(1))


def test_a_day_with_an_unobserved_hour_is_unknown(hours: Case) -> None:
    assert np.isnan(periods.days(hours).counts[0, 0])


def test_days_are_force_days_without_quantiles(hours: Case) -> None:
    found = periods.days(hours)
    assert found.counts[1, 0] == 24
    assert found.targets.lead_day.tolist() == [1, 2]
    assert found.contenders[0].mean[:, 0].tolist() == [12.5, 12]
    assert found.contenders[0].quantiles is None
