from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.errors import NotEnoughHistory
from forewatch.history import History
from forewatch.profile import Calendar
from forewatch.tables import check
from models.demand.training import DemandTraining, absences, train, unknown_ordinary
from models.member_settings import HourSettings
from models.origins import Fold
from models.recipe import Recipe

# What takes no time, where what is fitted is not looked at.
ALONE = {"members": ("same_weekday_8",), "hours": HourSettings(rounds=2)}


def test_every_level_and_block_has_scores_beside_both_baselines_and_the_floor(
    trained: DemandTraining,
) -> None:
    scores = trained.scores
    days = {"force", "district", "call_type", "cell"}
    parts = {f"{level} by {part}" for level in ("force", "district") for part in ("hour", "third")}
    assert set(scores["level"]) == days | parts | {"leaf by day", "leaf and type by day"}
    assert list(scores["block"].unique()) == ["1-7", "8-28", "29+"]
    wanted = ["n", "mae", "crps", "baseline_mae", "baseline_crps", "floor_crps", "coverage_80"]
    assert np.isfinite(scores[wanted]).all().all()
    assert (scores["crps"] > 0.9 * scores["floor_crps"]).all()


def test_the_mean_absolute_error_is_that_of_the_judged_forecasts(trained: DemandTraining) -> None:
    force = [
        np.abs(one.counts[:7, 0] - one.mean[:7, 0])[np.isfinite(one.counts[:7, 0])]
        for one in trained.judged
    ]
    row = trained.scores.query("level == 'force' and block == '1-7'").iloc[0]
    assert row["mae"] == pytest.approx(np.concatenate(force).mean())
    assert row["n"] == sum(len(part) for part in force)


def test_judged_forecasts_are_coherent(trained: DemandTraining) -> None:
    keys = trained.keys
    cells = (keys["level"] == "cell").to_numpy()
    for one in trained.judged:
        for level in ("district", "call_type"):
            at = (keys["level"] == level).to_numpy()
            assert one.mean[:, at].sum(1) == pytest.approx(one.mean[:, 0], rel=1e-9)
        assert one.mean[:, cells].sum(1) == pytest.approx(one.mean[:, 0], rel=1e-9)


def test_the_same_history_gives_the_same_training_whatever_the_jobs(
    town_history: History, quick: Recipe, trained: DemandTraining
) -> None:
    again = train(town_history, town_history.observed_until, quick, jobs=2)
    pd.testing.assert_frame_equal(again.scores, trained.scores)
    weights, before = again.model.weights_, trained.model.weights_
    assert weights is not None
    assert before is not None
    after, earlier = np.asarray(weights.table), np.asarray(before.table)
    assert after == pytest.approx(earlier, rel=1e-9)


def test_progress_is_told_from_nothing_to_all(town_history: History, quick: Recipe) -> None:
    told: list[tuple[str, int, int]] = []
    train(
        town_history,
        town_history.observed_until,
        quick.model_copy(update=ALONE),
        progress=lambda *step: told.append(step),
    )
    assert told[0] == ("judging on past origins", 0, 2)
    assert ("judging on past origins", 2, 2) in told
    assert told[-1] == ("scoring", 1, 1)


def test_too_short_a_history_is_refused_with_what_is_needed(
    town_history: History, quick: Recipe
) -> None:
    until = town_history.observed_from + pd.Timedelta(days=60)
    with pytest.raises(NotEnoughHistory, match=r"needs 112 days of counts, \d\d are known"):
        train(town_history, until, quick)


def test_the_notes_tell_what_was_replaced_and_which_breaks_were_used(
    town_history: History, quick: Recipe
) -> None:
    start = town_history.observed_from + pd.Timedelta(days=200)
    row = {"start": start, "end": town_history.observed_until, "area": "", "kind": "level"}
    row |= {"call_type": town_history.profile.call_type_ids[0], "expected_ratio": np.nan}
    row |= {"reason": "new codes", "decided_by": "board", "known_at": start}
    breaks = check("breaks", pd.DataFrame([row]))
    alone = quick.model_copy(update=ALONE)
    notes = train(replace(town_history, breaks=breaks), town_history.observed_until, alone).notes
    (told,) = [note for note in notes if note.startswith("break of")]
    assert told.endswith("days; new codes (board)")


def test_a_series_left_out_from_some_origins_is_told(quick: Recipe) -> None:
    keys = pd.DataFrame({"area": ["town", "old", "new"], "call_type": "all"})
    days = pd.date_range("2026-01-01", periods=2)
    missing = ((), ("town",), ("town", "new"), ("town", "old", "new"))
    folds = []
    for number, names in enumerate(missing):
        predicted = np.ones((len(quick.members), 2, 3))
        predicted[1, 1, keys["area"].isin(names)] = np.nan
        at = pd.Timestamp("2026-01-01T07:00Z")
        folds.append(Fold(at, number, days, predicted, np.ones((2, 3)), 365))
    name = quick.members[1]
    assert [note[: note.index(" past")] for note in absences(quick, folds, keys)] == [
        f"{name} left out town/all from 2 of 3",
        f"{name} left out new/all from 1 of 3",
    ]


def test_a_misspelt_ordinary_holiday_is_a_note(town_history: History) -> None:
    calendar = Calendar(ordinary=("Boxing Day", "Xmas"))
    profile = town_history.profile.model_copy(update={"calendar": calendar})
    view = AsOf(replace(town_history, profile=profile), town_history.observed_until)
    (note,) = unknown_ordinary(view)
    assert note.startswith("[calendar] ordinary has 'Xmas', which is the name of no public holiday")
    assert "Good Friday" in note
