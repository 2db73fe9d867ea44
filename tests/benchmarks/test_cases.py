"""A backtest file and the truth beside it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy.cases import case, level_of, step_of
from benchmarks.accuracy.forecasts import read, targets_of
from benchmarks.accuracy.protocols import Protocol
from benchmarks.accuracy.scoring import scored
from benchmarks.accuracy.truth import truth
from forewatch.clock import Clock
from forewatch.history import History
from forewatch.shifts import Shift
from models.demand.subject import DEMAND
from models.recipe import Recipe, RollingOrigins
from models.rolling import QUANTILE_COLUMNS, BacktestPlan, backtest

LEVELS = ("force", "district", "call_type", "bottom")
PROTOCOL = Protocol("town", "", "2026-10-05", 14, 2, 14, LEVELS, ((1, 7), (8, 14)))


RECIPE = Recipe(
    members=("same_weekday_8", "same_weekday_52"),
    origins=RollingOrigins(folds=2, horizon_days=14),
)


def plan(**changes: object) -> BacktestPlan:
    """Two origins a fortnight apart."""
    asked = {
        "first_origin": pd.Timestamp("2026-10-05T06:00Z").to_pydatetime(),
        "every_days": 14,
        "folds": 2,
        "horizon_days": 14,
        "levels": LEVELS,
    }
    return BacktestPlan.model_validate({**asked, **changes})


@pytest.fixture(scope="module")
def file(town_history: History, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backtest of the town, as the product writes it."""
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pd.concat(backtest(DEMAND, town_history, RECIPE, plan())).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def in_shifts(town_history: History) -> History:
    """The town with three shifts that tile the force-day."""
    times = (("early", "07:00", "15:00"), ("late", "15:00", "23:00"), ("night", "23:00", "07:00"))
    shifts = tuple(
        Shift.model_validate({"id": name, "name": name, "start": start, "end": end})
        for name, start, end in times
    )
    return replace(town_history, profile=town_history.profile.model_copy(update={"shifts": shifts}))


@pytest.fixture(scope="module")
def by_shift(in_shifts: History, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same backtest by shift, force and districts."""
    path = tmp_path_factory.mktemp("rows") / "shifts.parquet"
    asked = plan(step="shift", levels=("force", "district"))
    pd.concat(backtest(DEMAND, in_shifts, RECIPE, asked)).to_parquet(path)
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


def test_shifts_are_scored_by_their_quantiles(by_shift: Path, in_shifts: History) -> None:
    found, happened = case(in_shifts, PROTOCOL, {"ours": by_shift})
    assert happened.step == "shift"
    assert len(found.targets.starts) == 2 * 14 * 3
    # the clocks change in the horizon of the second origin
    assert np.bincount(found.targets.lead_day).tolist() == [0] + [2 * 3] * 14
    table = scored(found, PROTOCOL.blocks)
    assert table["who"].unique().tolist() == ["ours", "8 weeks", "52 weeks"]
    assert np.isfinite(table[["crps", "cover80", "floor_crps"]]).all(axis=None)
    # four weeks, and spreads that were found before them
    assert table.loc[table["level"] == "district", "cover80"].between(0.7, 0.95).all()
    assert (table["crps"] > 0.9 * table["floor_crps"]).all()


def test_the_mean_of_a_shift_is_that_of_the_same_shift_of_the_week(
    by_shift: Path, in_shifts: History
) -> None:
    found, happened = case(in_shifts, PROTOCOL, {"ours": by_shift})
    year = next(one for one in found.contenders if one.name == "52 weeks")
    local = happened.edges[:-1].tz_convert("Europe/London")
    origin = found.targets.origins[0]
    at = 3 * 4 + 2  # the night of the first Friday
    start = found.targets.starts[at].tz_convert("Europe/London")
    assert (start.day_name(), start.hour) == ("Friday", 23)
    same = (local.day_of_week == 4) & (local.hour == 23)
    past = same & (happened.edges[:-1] < origin) & (local >= start - pd.Timedelta(weeks=52))
    known = happened.counts[past]
    assert year.mean[at] == pytest.approx(np.nanmean(known, axis=0))
    assert year.quantiles is not None
    assert (np.diff(year.quantiles[at], axis=-1) >= 0).all()


def test_what_the_file_holds_is_told_from_its_starts(
    file: Path, by_shift: Path, in_shifts: History
) -> None:
    clock = Clock.of(in_shifts.profile)
    assert [step_of(targets_of(one, clock)) for one in (file, by_shift)] == ["day", "shift"]
    hours = replace(targets_of(file, clock), starts=clock.hour_edges(pd.Timestamp("2026-10-05"), 3))
    assert step_of(hours) == "hour"
