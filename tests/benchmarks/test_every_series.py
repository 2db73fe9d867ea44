"""Series one by one: the one that loses is named, the one without calls is left out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy.cases import EIGHT
from benchmarks.accuracy.forecasts import Contender, Targets
from benchmarks.accuracy.scoring import Case
from benchmarks.every_series import by_series
from forewatch.count_distribution import CountDistribution
from models.rolling import QUANTILES

ORIGINS, DAYS = 12, 14


def told(name: str, mean: np.ndarray) -> Contender:
    quantiles = CountDistribution.of(mean, mean).quantiles(QUANTILES)
    return Contender(name, mean.astype("f4"), quantiles.astype("f4"))


def test_each_series_is_judged_by_itself() -> None:
    counts = np.random.default_rng(7).poisson(100, (ORIGINS * DAYS, 3)).astype(float)
    counts[:, 2] = 0
    origins = pd.date_range("2025-01-06", periods=ORIGINS, freq="28D", tz="UTC")
    number, lead = np.repeat(np.arange(ORIGINS), DAYS), np.tile(np.arange(1, DAYS + 1), ORIGINS)
    starts = origins[number] + pd.to_timedelta(lead - 1, unit="D")
    series = (("good", "all", "all"), ("bad", "all", "all"), ("none", "all", "all"))
    usual = np.full(counts.shape, 100.0)
    ours = told("ours", usual * np.array([1.0, 1.3, 1.0]))
    judged = Case(
        Targets(number, origins, starts, lead, series),
        counts,
        (ours, told(EIGHT, usual * np.array([1.2, 1.0, 1.0]))),
        ("beat", "beat", "beat"),
        np.ones(3),
    )
    found = by_series(judged)
    assert list(found["level"]) == ["good / all / all", "bad / all / all"]
    assert found["crps_vs_baseline_high"].to_list()[0] < 0
    assert found["crps_vs_baseline_low"].to_list()[1] > 0.01
    swapped = replace(judged, contenders=(told("ours", usual * 1.2), judged.contenders[1]))
    assert by_series(swapped)["crps_vs_baseline"].iloc[0] == pytest.approx(0, abs=1e-9)
