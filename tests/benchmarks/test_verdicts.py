"""Two engines by their backtest files: the better passes, the worse is refused and told why."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy.cases import EIGHT
from benchmarks.accuracy.forecasts import Contender, Targets
from benchmarks.accuracy.scoring import Case
from benchmarks.verdicts import verdict
from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.errors import DataError
from models.rolling import QUANTILES

ORIGINS, DAYS = 20, 28
BLOCKS = ((1, 7), (8, 28))


def told(name: str, mean: Array) -> Contender:
    quantiles = CountDistribution.of(mean, mean).quantiles(QUANTILES)
    return Contender(name, mean.astype("f4"), quantiles.astype("f4"))


@pytest.fixture(scope="module")
def counts() -> Array:
    return np.random.default_rng(3).poisson(100, (ORIGINS * DAYS, 2)).astype(float)


def case(counts: Array, challenger: float, champion: float) -> Case:
    """Forecasts off by factors; the 8-week mean is off by a fifth."""
    origins = pd.date_range("2025-01-06", periods=ORIGINS, freq="28D", tz="UTC")
    number = np.repeat(np.arange(ORIGINS), DAYS)
    lead = np.tile(np.arange(1, DAYS + 1), ORIGINS)
    starts = origins[number] + pd.to_timedelta(lead - 1, unit="D")
    series = (("force", "all", "all"), ("d1", "all", "all"))
    targets = Targets(number, origins, starts, lead, series)
    usual = np.full(counts.shape, 100.0)
    factors = {"challenger": challenger, "champion": champion, EIGHT: 1.2}
    contenders = tuple(told(name, usual * factor) for name, factor in factors.items())
    return Case(targets, counts, contenders, ("force", "district"), np.ones(2))


def test_the_better_engine_passes(counts: Array) -> None:
    said = verdict(case(counts, 1.0, 1.1), BLOCKS)
    assert said.passed
    assert "below the 8-week baseline's" in said.reasons[0]


def test_the_worse_engine_is_refused_with_level_days_and_origins(counts: Array) -> None:
    said = verdict(case(counts, 1.1, 1.0), BLOCKS)
    assert not said.passed
    where = [reason.split(":")[0] for reason in said.reasons]
    assert {"level force, days 1-7", "level district, days 8-28"} <= set(where)
    assert "20 origins" in said.reasons[0]
    assert "most of it from 2025" in said.reasons[0]


def test_unknown_counts_decide_nothing(counts: Array) -> None:
    unknown = counts.copy()
    unknown[: 10 * DAYS] = np.nan
    assert verdict(case(unknown, 1.0, 1.0), BLOCKS).passed


def without(judged: Case, name: str, rows: slice, series: slice) -> Case:
    """The case with forecasts that a contender lacks."""
    contenders = []
    for one in judged.contenders:
        if one.name == name and one.quantiles is not None:
            mean, quantiles = one.mean.copy(), one.quantiles.copy()
            mean[rows, series] = quantiles[rows, series] = np.nan
            one = replace(one, mean=mean, quantiles=quantiles)  # noqa: PLW2901 - the one changed
        contenders.append(one)
    return replace(judged, contenders=tuple(contenders))


@pytest.mark.parametrize("lacks", ["challenger", "champion"])
def test_equal_engines_pass_on_the_rows_that_both_have(counts: Array, lacks: str) -> None:
    half = slice(None, 10 * DAYS)
    assert verdict(without(case(counts, 1.0, 1.0), lacks, half, slice(None)), BLOCKS).passed


@pytest.mark.parametrize("lacks", ["challenger", "champion"])
def test_a_level_that_one_does_not_forecast_is_no_pass(counts: Array, lacks: str) -> None:
    judged = without(case(counts, 1.0, 1.0), lacks, slice(None), slice(1, 2))
    with pytest.raises(DataError, match="level district, days 1-7: no day was forecast by both"):
        verdict(judged, BLOCKS)
