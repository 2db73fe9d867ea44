from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.cube import cube
from features.panel import panel
from forewatch.history import History
from forewatch.shocks import Shocks
from models import origins
from models.demand.training import groups_of
from models.part_scores import part_scores
from models.past_parts import _known_mean, past_parts, some_days
from models.recipe import Recipe, RollingOrigins

RECIPE = Recipe(
    members=("same_weekday_8", "loglinear"),
    origins=RollingOrigins(folds=2, fit_every=1, horizon_days=35),
)


@pytest.fixture(scope="module")
def view(town_history: History) -> AsOf:
    return AsOf(town_history, town_history.observed_until)


@pytest.fixture(scope="module")
def folds(view: AsOf) -> list[origins.Fold]:
    return origins.call_folds(view, panel(view, 1), RECIPE, 1, lambda *_: None)


def test_hours_thirds_and_leaf_areas_add_up_to_what_was_expected_and_came(
    view: AsOf, folds: list[origins.Fold]
) -> None:
    groups = groups_of(view, panel(view, 1), folds, RECIPE)
    rng = np.random.default_rng(1)
    for fold, past in zip(folds, groups.past, strict=True):
        assert past.hours is not None
        assert past.leaves is not None
        counts = fold.counts[:, groups.parts.cells]
        cells = rng.gamma(2.0, 3.0, counts.shape)
        thirds = past.hours.thirds(cells)
        leaves = past.leaves.parts(cells)
        assert thirds.day.tolist() == np.repeat(np.arange(len(cells)), 3).tolist()
        for d in range(len(cells)):
            of_day = past.hours.day == d
            hourly = past.hours.parts(cells).mean[:, :, of_day].sum(2)
            assert hourly == pytest.approx(cells[d])
            assert thirds.mean[:, :, 3 * d : 3 * d + 3].sum(2) == pytest.approx(cells[d])
            came = past.hours.counts[:, :, of_day].sum(2)
            assert np.array_equal(came, counts[d], equal_nan=True)
        for place in range(cells.shape[1]):
            here = leaves.place == place
            assert pytest.approx(cells[:, place]) == leaves.mean[here].sum(0).T
            # of call types with pools leaf areas are drawn, and not known
            told = [not view.ever_pooled.get(kind) for kind in view.profile.call_type_ids]
            assert np.isnan(leaves.counts[:, np.logical_not(told)]).all()
            known = leaves.counts[here].sum(0).T[:, told]
            assert np.array_equal(known, counts[:, place, told], equal_nan=True)


def test_baselines_are_means_of_the_same_weekday_before_the_origin(
    view: AsOf, folds: list[origins.Fold]
) -> None:
    now = cube(view)
    daily = now.daily()
    fold = folds[-1]
    past = past_parts(view, folds, RECIPE)[-1]
    assert past.hours is not None
    assert past.leaves is not None
    first = int(now.force_days.searchsorted(fold.days[0]))
    same = daily[:, :, [first + 2 - 7 * k for k in range(1, 9)]].mean(2)
    of_day = past.hours.day == 2
    assert past.hours.baselines[0][:, :, of_day].sum(2) == pytest.approx(same)
    by_leaf = past.leaves.baselines[0][:, :, 2]
    told = [not view.ever_pooled.get(kind) for kind in view.profile.call_type_ids]
    for place in range(len(same)):
        here = by_leaf[past.leaves.place == place].sum(0)
        assert here[told] == pytest.approx(same[place, told])
    # a week later the same weekday expects the same
    assert np.array_equal(by_leaf, past.leaves.baselines[0][:, :, 9])


def test_what_is_not_known_by_now_judges_nobody(
    town_history: History, folds: list[origins.Fold]
) -> None:
    early = AsOf(town_history, folds[-1].origin + pd.Timedelta(days=3))
    known = past_parts(early, [folds[-1]], RECIPE)[0]
    assert known.hours is not None
    assert known.leaves is not None
    last = int(known.hours.day[np.isfinite(known.hours.counts[0, 0])].max())
    assert last == 2
    assert np.isnan(known.leaves.counts[:, :, 3:]).all()
    assert np.isfinite(known.leaves.counts[:, :, :3]).any()


def test_a_weekday_that_is_not_known_is_thought_to_be_as_all_days() -> None:
    counts = np.array([4.0, 2.0, np.nan, np.nan, 6.0, 8.0, 1.0])
    found = _known_mean(counts.reshape(1, 1, 1, 7), np.array([[[4.2]]]))
    assert found.ravel().tolist() == [4, 2, 4.2, 4.2, 6, 8, 1]


def test_no_leaf_area_is_judged_where_none_was_ever_counted(
    view: AsOf, folds: list[origins.Fold]
) -> None:
    groups = groups_of(view, panel(view, 1), folds, RECIPE)
    blind = [
        replace(past, leaves=replace(past.leaves, counts=np.full_like(past.leaves.counts, np.nan)))
        for past in groups.past
        if past.leaves is not None
    ]
    cells = [fold.predicted[1][:, groups.parts.cells] for fold in folds]
    sizes = [Shocks.none() for _ in folds]
    found, _ = part_scores(replace(groups, past=blind), cells, sizes, RECIPE)
    assert not found["level"].str.startswith("leaf").any()
    late = [blind[0], groups.past[1]]
    found, _ = part_scores(replace(groups, past=late), cells, sizes, RECIPE)
    assert (found["level"] == "leaf by day").any()
    only_leaves = replace(blind[0], hours=None)
    assert only_leaves.contrasts(cells[0], RECIPE.lead_blocks, 0) is None


def test_some_days_of_every_block_are_chosen_and_the_same_ones_each_time() -> None:
    days, blocks = np.arange(60), (0, 7, 28)
    few = some_days(days, 0.5, blocks, np.random.default_rng(3))
    assert np.bincount(np.searchsorted(blocks, few, side="right"))[1:].tolist() == [2, 2, 2]
    again = some_days(days, 0.5, blocks, np.random.default_rng(3))
    assert few.tolist() == again.tolist()
    assert len(some_days(days, 1e6, blocks, np.random.default_rng(3))) == 3
    assert some_days(days, 0.001, blocks, np.random.default_rng(3)).tolist() == days.tolist()


def test_parts_are_scored_beside_both_baselines(view: AsOf, folds: list[origins.Fold]) -> None:
    groups = groups_of(view, panel(view, 1), folds, RECIPE)
    cells = [fold.predicted[1][:, groups.parts.cells] for fold in folds]
    found, _ = part_scores(groups, cells, [Shocks.none() for _ in folds], RECIPE)
    whole = found[found["level"] == "force by hour"]
    assert (whole["n"] > 0).all()
    assert np.isfinite(found[["crps", "baseline_crps", "baseline52_crps", "coverage_80"]]).all(
        axis=None
    )
    mean_hour = np.concatenate(
        [np.nansum(past.hours.counts, axis=(0, 1)) for past in groups.past if past.hours]
    ).mean()
    assert np.average(whole["calls"], weights=whole["n"]) == pytest.approx(mean_hour, rel=0.2)
    assert set(found["level"]) == {
        "force by hour",
        "district by hour",
        "force by third",
        "district by third",
        "leaf by day",
        "leaf and type by day",
    }
