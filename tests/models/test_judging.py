import numpy as np
import pandas as pd
import pytest

from forewatch.shocks import Shocks
from models import scores as measures
from models.demand.training import DemandTraining
from models.judging import block_labels


def test_blocks_are_named_as_people_count_days() -> None:
    assert block_labels((0,)) == ["1+"]
    assert block_labels((0, 7, 28)) == ["1-7", "8-28", "29+"]


def test_crps_and_coverage_are_the_means_over_the_series_days_of_level_and_block(
    trained: DemandTraining,
) -> None:
    series = (trained.keys["level"] == "district").to_numpy()
    parts, covered = [], []
    for one in trained.judged:
        found, y = one.distribution, one.counts
        known = np.isfinite(y[7:28][:, series])
        parts.append(measures.crps(found, y)[7:28][:, series][known])
        steps = measures.bracket(found, y)
        covered.append(measures.coverage(steps, 0.8)[7:28][:, series][known])
    row = trained.scores.query("level == 'district' and block == '8-28'").iloc[0]
    assert row["crps"] == pytest.approx(np.concatenate(parts).mean())
    assert row["coverage_80"] == pytest.approx(np.concatenate(covered).mean())
    ratio = row["crps"] / row["baseline_crps"] - 1
    assert row["crps_vs_baseline"] == pytest.approx(ratio)
    assert row["crps_vs_baseline_low"] <= ratio <= row["crps_vs_baseline_high"]


def test_the_spread_of_a_judged_forecast_comes_from_other_origins(trained: DemandTraining) -> None:
    shocks = trained.model.shocks_
    assert isinstance(shocks, Shocks)
    one = trained.judged[0]
    cells = (trained.keys["level"] == "cell").to_numpy()
    kinds = list(dict.fromkeys(trained.keys.loc[cells, "call_type"]))
    of_cell = [kinds.index(kind) for kind in trained.keys.loc[cells, "call_type"]]
    with_all = shocks.dispersion[0, of_cell] * one.mean[0, cells]
    assert (one.variance[0, cells] > 0).all()
    assert one.variance[0, cells] != pytest.approx(with_all)


def test_scores_name_each_level_and_block_once(trained: DemandTraining) -> None:
    assert not trained.scores.duplicated(["level", "block"]).any()
    assert isinstance(trained.scores, pd.DataFrame)
