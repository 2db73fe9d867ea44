"""Training of the missing-person model: fit it, and say how well it did on past origins."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.asof import AsOf
from forewatch.history import History
from forewatch.progress import Progress, silent
from models import pictures
from models.missing import calibration, origins
from models.missing.calibration import ALL_LEADS, Calibration
from models.missing.model import MissingPersons
from models.missing.settings import MissingRecipe
from models.missing.windows import SHIFT
from models.origins import EarlierFits
from models.report import Report, markdown_table, origin_of
from models.subject import Training

_COUNTS = ["level", "window", "block", "n", "reports", "expected", "log_score"]
_COUNTS += ["baseline_log_score", "crps", "baseline_crps", "slope", "slope_low", "slope_high"]
_COUNTS += ["above", "above_low", "above_high"]
_USES = "Areas and times, never persons. Not a ranking of places, and no grade of a person's risk."


@dataclass(frozen=True)
class MissingTraining(Training):
    """What a training hands over; a level of its scores is one of areas and a window.

    Args:
        model: fitted on everything known by the end of the training.
        scores: one row a level of area and window ("force day") and block of leads.
        notes: what a reader of the report should know.
        losses: sums of the CRPS of days and weeks.
        calibration: what past origins say of its likelihoods.
    """

    model: MissingPersons
    calibration: Calibration

    def report(self) -> Report:
        """Return what a person reads of it, apart from the gate's verdict."""
        found = self.calibration
        how = (
            "Everything below is of past origins, with weights and spreads that never saw them; "
            "the baseline is the shrunken climatology."
        )
        k = int(found.reliability["at_least"].min())
        chances = "![Chances forecast and how often they came true](reliability.svg)"
        verdicts = found.verdicts[["level", "window", "calibrated", "reason"]]
        return Report(
            title="Report of a training: missing-person demand",
            about=(
                _USES,
                f"{origin_of(self.model)} {how}",
            ),
            sections={
                "May the likelihoods be trusted?": f"{_frame(verdicts)}\n\n{chances}",
                "Counts": _frame(found.counts[_COUNTS]),
                "Chances of at least k reports": _frame(found.scores),
                "What counts for how much": _frame(_weights(self.model)),
            },
            files={
                "reliability.svg": pictures.reliability(found.reliability, k),
                "reliability.csv": found.reliability.to_csv(index=False),
            },
        )


def train(
    history: History,
    until: pd.Timestamp,
    recipe: MissingRecipe,
    jobs: int = 1,
    progress: Progress = silent,
    earlier: EarlierFits | None = None,
) -> MissingTraining:
    """Return the model trained on what was known at *until*; see `Subject.train`."""
    view = AsOf(history, until)
    found = origins.report_folds(view, recipe, jobs, progress, earlier)
    model = MissingPersons(recipe).fit(view, *origins.learn_weights(found, recipe))
    model.calibration_ = judged = calibration.of(view, found, recipe, jobs)
    notes = tuple(
        f"not calibrated: {level}, {window}: {reason}"
        for (level, window), reason in judged.reasons.items()
        if reason
    )
    return MissingTraining(model, scores_of(judged), notes, judged.losses, judged)


def fit(
    history: History,
    until: pd.Timestamp,
    recipe: MissingRecipe,
    jobs: int = 1,
    progress: Progress = silent,
    earlier: EarlierFits | None = None,
) -> MissingPersons:
    """Return the model that `train` gives, whose scores are part of it; see `Subject.fit`."""
    return train(history, until, recipe, jobs, progress, earlier).model


def scores_of(calibration: Calibration) -> pd.DataFrame:
    """Return the scores that the gate compares and MLflow keeps: of days and weeks, by block."""
    table = calibration.counts
    chosen = table[(table["block"] != ALL_LEADS) & (table["window"] != SHIFT)]
    first = calibration.scores[calibration.scores["at_least"] == 1]
    keys = ["level", "window", "block"]
    brier = first[[*keys, "brier", "baseline_brier", "skill"]]
    found = chosen.merge(brier, on=keys, how="left")
    found["calls"] = found["reports"] / found["n"]
    found["level"] = found["level"] + " " + found["window"]
    kept = [name for name in found if name != "window" and not str(name).startswith("pit_")]
    return found[kept]


def _weights(model: MissingPersons) -> pd.DataFrame:
    frame = pd.DataFrame(model.weights_, columns=list(model.recipe.members))
    frame.insert(0, "from day", [day + 1 for day in model.recipe.lead_blocks])
    return frame


def _frame(frame: pd.DataFrame) -> str:
    """Return a frame as Markdown, numbers with three digits."""
    rows = ([_cell(value) for value in row] for row in frame.itertuples(index=False))
    return markdown_table([str(name) for name in frame], rows)


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) and value % 1 else str(value)
