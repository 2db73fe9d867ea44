import numpy as np
import pandas as pd
import pytest

from models.comparison import read_losses, said_of_chance, side_by_side, weekly
from models.demand.training import DemandTraining

ORIGINS = pd.to_datetime(["2026-01-05T07:00Z", "2026-02-02T07:00Z"])


def lost(seed: int, factor: float = 1.0, origins: pd.DatetimeIndex = ORIGINS) -> pd.DataFrame:
    """Losses of 4 weeks of each origin at two levels."""
    rng = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product(
        [["force", "district"], ["1-7", "8+"], origins, range(4)],
        names=["level", "block", "origin", "week"],
    ).to_frame(index=False)
    noise = rng.uniform(0.5, 1.5, len(rows))
    return weekly(rows.assign(n=7, crps=factor * noise, mae=1.0))


def test_the_change_is_that_of_the_sums_and_a_real_one_is_beyond_chance() -> None:
    ours, theirs = lost(1, 0.5), lost(2)
    found = side_by_side(ours, theirs)
    assert list(found["block"]) == ["1-7", "8+"] * 2
    here = (ours["level"] == "force") & (ours["block"] == "8+")
    row = found.query("level == 'force' and block == '8+'").iloc[0]
    assert row["ours"] == pytest.approx(ours["crps"][here].sum() / (7 * 8))
    assert row["change"] == pytest.approx(ours["crps"][here].sum() / theirs["crps"][here].sum() - 1)
    assert row["origins"] == 2
    assert row["low"] < row["change"] < row["high"] < 0
    assert said_of_chance(row["low"], row["high"]) == "better"


def test_equal_losses_differ_by_nothing_that_chance_could_not_explain() -> None:
    found = side_by_side(lost(3), lost(3))
    assert (found[["change", "low", "high"]] == 0).all(axis=None)
    assert said_of_chance(0.0, 0.0) == "chance"


def test_only_what_both_were_judged_on_is_compared() -> None:
    later = ORIGINS + pd.Timedelta(days=28)
    assert set(side_by_side(lost(4), lost(5, origins=later))["origins"]) == {1}
    assert side_by_side(lost(4), lost(5, origins=ORIGINS + pd.Timedelta(days=1))).empty
    more = lost(5).assign(n=8)  # counts that were known to one of them alone
    assert side_by_side(lost(4), more).empty


def test_losses_come_back_from_their_file() -> None:
    pd.testing.assert_frame_equal(read_losses(lost(6).to_csv(index=False)), lost(6))


def test_a_training_of_all_calls_lost_what_its_scores_say(trained: DemandTraining) -> None:
    sums = trained.losses.groupby(["level", "block"])[["n", "crps", "mae", "baseline_crps"]].sum()
    assert set(sums.index.get_level_values("level")) == set(trained.scores["level"])
    for _, row in trained.scores.iterrows():
        here = sums.loc[(row["level"], row["block"])]
        assert here["n"] == row["n"]
        assert here["crps"] / here["n"] == pytest.approx(row["crps"])
        assert here["baseline_crps"] / here["n"] == pytest.approx(row["baseline_crps"])
        assert here["mae"] / here["n"] == pytest.approx(row["mae"])
