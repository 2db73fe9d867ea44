"""A backtest file and the truth beside it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy.cases import case, level_of
from benchmarks.accuracy.forecasts import read, targets_of
from benchmarks.accuracy.protocols import Protocol
from benchmarks.accuracy.truth import truth
from features.clock import Clock
from forewatch.history import History
from models.recipe import Recipe, RollingOrigins
from models.rolling import QUANTILE_COLUMNS, BacktestPlan, backtest

LEVELS = ("force", "district", "call_type", "bottom")
PROTOCOL = Protocol("town", "", "2026-10-05", 14, 2, 14, LEVELS, ((1, 7), (8, 14)))


@pytest.fixture(scope="module")
def file(town_history: History, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backtest of the town in two origins, as the product writes it."""
    plan = BacktestPlan(
        first_origin=pd.Timestamp("2026-10-05T06:00Z").to_pydatetime(),
        every_days=14,
        folds=2,
        horizon_days=14,
        levels=LEVELS,
    )
    recipe = Recipe(
        members=("same_weekday_8", "same_weekday_52"),
        origins=RollingOrigins(folds=2, horizon_days=14),
    )
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pd.concat(backtest(town_history, recipe, plan)).to_parquet(path)
    return path


def test_the_truth_is_the_sum_of_the_ledger_by_local_day(town_history: History) -> None:
    tree = town_history.tree
    district, kind = tree.at_level("district")[0], town_history.profile.call_type_ids[0]
    found = truth(town_history, [(tree.root, "all", "all"), (district, kind, "all")], "day")
    counts = town_history.counts
    local = counts["start"].dt.tz_convert("Europe/London").dt.tz_localize(None)
    day = (local - pd.Timedelta(hours=7)).dt.normalize()
    own = counts["area"].isin(tree.leaves_of(district)) & (counts["call_type"] == kind)
    index = found.edges[:-1].tz_convert("Europe/London").tz_localize(None).normalize()
    for column, rows in enumerate((own | True, own)):
        wanted = counts["count"].where(rows, 0).groupby(day).sum().reindex(index).fillna(0)
        known = np.isfinite(found.counts[:, column])
        assert known.mean() > 0.95
        assert np.array_equal(found.counts[known, column], wanted.to_numpy()[known])


def test_an_unobserved_window_is_no_zero(town_history: History) -> None:
    found = truth(town_history, [(town_history.tree.root, "all", "all")], "hour")
    window = town_history.unobserved.iloc[0]
    starts = found.edges[:-1]
    within = (starts >= window["start"]) & (starts < window["end"])
    assert within.any()
    assert np.array_equal(np.isnan(found.counts[:, 0]), within)


def test_rows_in_any_order_give_the_same_arrays(
    file: Path, town_history: History, tmp_path: Path
) -> None:
    shuffled = tmp_path / "shuffled.parquet"
    pd.read_parquet(file).sample(frac=1, random_state=1).to_parquet(shuffled)
    targets = targets_of(file, Clock.of(town_history.profile))
    one, other = (read(path, "x", targets)["x"] for path in (file, shuffled))
    assert np.isfinite(one.mean).all()
    assert np.array_equal(one.mean, other.mean)
    assert one.quantiles is not None
    assert other.quantiles is not None
    assert np.array_equal(one.quantiles, other.quantiles)


def test_each_row_stands_at_its_target(file: Path, town_history: History) -> None:
    targets = targets_of(file, Clock.of(town_history.profile))
    found = read(file, "x", targets)["x"]
    rows = pd.read_parquet(file)
    row = rows.iloc[len(rows) // 3]
    at = (targets.origins[targets.origin] == row["origin"]) & (targets.starts == row["start"])
    column = targets.series.index((row["area"], row["call_type"], row["grade"]))
    assert found.mean[at, column] == pytest.approx(row["mean"])
    assert found.quantiles is not None
    assert found.quantiles[at, column][0] == pytest.approx(row[list(QUANTILE_COLUMNS)].tolist())
    assert set(targets.lead_day) == set(range(1, 15))


def test_what_a_peer_lacks_is_unknown(file: Path, town_history: History, tmp_path: Path) -> None:
    rows = pd.read_parquet(file)
    peer = tmp_path / "peer.parquet"
    whole = rows[(rows["call_type"] == "all") & (rows["grade"] == "all")]
    whole.drop(columns="baseline").astype({"origin": "datetime64[ns, UTC]"}).to_parquet(peer)
    found, _ = case(town_history, PROTOCOL, {"ours": file, "peer": peer})
    names = [one.name for one in found.contenders]
    assert names == ["ours", "peer", "8 weeks", "52 weeks"]
    mine, theirs = found.contenders[0].mean, found.contenders[1].mean
    is_whole = np.array([key[1:] == ("all", "all") for key in found.targets.series])
    assert np.array_equal(theirs[:, is_whole], mine[:, is_whole])
    assert np.isnan(theirs[:, ~is_whole]).all()


def test_the_levels_are_those_of_the_backtest(file: Path, town_history: History) -> None:
    found, _ = case(town_history, PROTOCOL, {"ours": file})
    assert tuple(dict.fromkeys(found.level)) == LEVELS
    root = town_history.tree.root
    assert level_of((root, "all", "priority"), town_history) == "grade"
    assert level_of(("bristol", "violence", "all"), town_history) == "cell"
