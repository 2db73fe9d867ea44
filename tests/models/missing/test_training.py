import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.cube import cube
from forewatch.history import History
from forewatch.rates import Spans
from models.gate import GateEvidence, judge
from models.missing.settings import MissingRecipe
from models.missing.subject import MISSING
from models.missing.training import MissingTraining
from models.missing.windows import counts_in_windows, window_table

RULE = MISSING.rule


def test_scores_are_those_the_gate_reads(missing_trained: MissingTraining) -> None:
    scores = missing_trained.scores
    assert scores["level"].iloc[0] == "force day"
    assert set(scores["level"]) == {
        f"{level} {window}" for level in ("force", "district", "beat") for window in ("day", "week")
    }
    verdict = judge(GateEvidence(scores), None, RULE)
    assert verdict.reasons
    assert all("8-week" not in reason for reason in verdict.reasons)


def test_a_model_worse_than_the_climatology_is_refused(missing_trained: MissingTraining) -> None:
    scores = missing_trained.scores
    worse = scores.assign(crps=scores["baseline_crps"] * 1.2, crps_vs_baseline_low=0.1)
    verdict = judge(GateEvidence(worse), None, RULE)
    assert not verdict.passed
    assert "20.0% worse than the shrunken climatology" in verdict.reasons[0]


def test_the_report_shows_verdict_and_reliability(missing_trained: MissingTraining) -> None:
    verdict = judge(GateEvidence(missing_trained.scores), None, RULE)
    files = missing_trained.report().texts(verdict)
    text = files["report.md"]
    assert f"The gate says {'yes' if verdict.passed else 'no'}" in text
    assert "never persons" in text
    assert "(reliability.svg)" in text
    assert ET.fromstring(files["reliability.svg"]).tag.endswith("svg")  # noqa: S314 - our own text
    rows = files["reliability.csv"].splitlines()
    assert len(rows) == len(missing_trained.calibration.reliability) + 1


def test_what_happened_in_a_span_is_what_the_cube_counts(town_history: History) -> None:
    view = AsOf(town_history, town_history.observed_until)
    past = cube(view)
    column = past.call_types.index("missing_person")
    truth = counts_in_windows(view)
    days = view.clock.day_edges(past.force_days[0], len(past.force_days))
    found = truth.counts(np.arange(len(view.tree.leaves)), Spans(days[:-1], days[1:]))
    wanted = past.daily()[:, column].sum(0)
    assert np.array_equal(found, wanted, equal_nan=True)
    late = Spans(days[[-1]], days[[-1]].shift(1, freq="D"))
    assert np.isnan(truth.counts(np.array([0]), late)).all()


def test_windows_of_areas_add_up(
    town_history: History, missing_recipe: MissingRecipe, missing_trained: MissingTraining
) -> None:
    from models.missing.origins import report_folds  # noqa: PLC0415

    view = AsOf(town_history, town_history.observed_until)
    folds = report_folds(view, missing_recipe)
    rows = window_table(view, folds, missing_recipe)
    pd.testing.assert_frame_equal(rows, window_table(view, folds, missing_recipe, jobs=2))
    days = rows[rows["window"] == "day"]
    by_level = days.groupby("level")[["mean", "count"]].sum()
    assert len(set(by_level["count"])) == 1
    assert by_level["mean"].to_numpy() == pytest.approx(np.full(3, by_level["mean"].iloc[0]))
    whole = rows[rows["level"] == "force"].groupby("window")["mean"].sum()
    assert whole["shift"] == pytest.approx(whole["day"], rel=0.02)
    assert missing_trained.calibration.verdicts["level"].nunique() == 3


def test_a_training_of_missing_reports_lost_what_its_scores_say(
    missing_trained: MissingTraining,
) -> None:
    sums = missing_trained.losses.groupby(["level", "block"])[["n", "crps"]].sum()
    for _, row in missing_trained.scores.iterrows():
        here = sums.loc[(row["level"], row["block"])]
        assert here["crps"] / here["n"] == pytest.approx(row["crps"])
