"""Training of the missing-person model: fit it, and say how well it did on past origins."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.asof import AsOf
from forewatch.history import History
from forewatch.progress import Progress
from models import pictures
from models.gate import Rule, Verdict
from models.missing.calibration import ALL_LEADS, Calibration
from models.missing.model import MissingPersons
from models.missing.settings import MissingRecipe
from models.missing.windows import SHIFT

# Never worse than the shrunken climatology, better for the whole force. Absolute errors of means
# are no fair loss for rare counts (the best constant is 0), so the CRPS alone decides.
RULE = Rule(losses=("crps",), baseline="shrunken climatology")


@dataclass(frozen=True)
class MissingTraining:
    """What a training hands over.

    Args:
        model: fitted on everything known by the end of the training.
        calibration: what past origins say of its likelihoods.
        scores: one row a level of area and window ("force day") and block of leads, as
            `models.gate.judge` reads them.
        notes: what a reader of the report should know.
    """

    model: MissingPersons
    calibration: Calibration
    scores: pd.DataFrame
    notes: tuple[str, ...]


def train(
    history: History,
    until: pd.Timestamp,
    recipe: MissingRecipe,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> MissingTraining:
    """Return the model trained on what was known at *until*, with its scores on past origins.

    Args:
        history: everything.
        until: the origin of the training; nothing known later is used, not even to judge.
        recipe: what to train.
        jobs: processes to use; the result does not depend on it.
        progress: is told what is being done.

    Raises:
        SettingsError: if no call type of the force is a missing-person report.
        NotEnoughHistory: below 16 weeks of counts.
    """
    model = MissingPersons(recipe)
    calibration = model.judged_fit(AsOf(history, until), jobs, progress)
    notes = tuple(
        f"not calibrated: {row['level']}, {row['window']}: {row['reason']}"
        for _, row in calibration.verdicts.iterrows()
        if row["reason"]
    )
    return MissingTraining(model, calibration, scores_of(calibration), notes)


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


def report(training: MissingTraining, verdict: Verdict) -> dict[str, str]:
    """Return the texts of the report by file name: missing.md, the picture it shows, the tables.

    Args:
        training: what was trained.
        verdict: what the gate says of it.
    """
    model, found = training.model, training.calibration
    shown = ["level", "window", "block", "n", "reports", "expected", "log_score"]
    shown += ["baseline_log_score", "crps", "baseline_crps", "slope", "slope_low", "slope_high"]
    shown += ["above", "above_low", "above_high"]
    parts = [
        "# Report of a training: missing-person demand",
        "Areas and times, never persons. Not a ranking of places, and no grade of a person's risk.",
        (
            f"Trained on what was known at {model.fitted_at_}, data {model.data_version_ or '—'}, "
            f"recipe {model.recipe.fingerprint()}. Everything below is of past origins, with "
            "weights and spreads that never saw them; the baseline is the shrunken climatology."
        ),
        f"## The gate says {'yes' if verdict.passed else 'no'}",
        "\n".join(f"- {reason}" for reason in verdict.reasons),
        "## May the likelihoods be trusted?",
        _table(found.verdicts[["level", "window", "calibrated", "reason"]]),
        "![Chances forecast and how often they came true](reliability.svg)",
        "## Counts",
        _table(found.counts[shown]),
        "## Chances of at least k reports",
        _table(found.scores),
        "## What counts for how much",
        _table(_weights(model)),
    ]
    k = int(found.reliability["at_least"].min())
    return {
        "missing.md": "\n\n".join(parts) + "\n",
        "reliability.svg": pictures.reliability(found.reliability, k),
        "reliability.csv": found.reliability.to_csv(index=False),
    }


def _weights(model: MissingPersons) -> pd.DataFrame:
    frame = pd.DataFrame(model.weights_, columns=list(model.recipe.members))
    frame.insert(0, "from day", [day + 1 for day in model.recipe.lead_blocks])
    return frame


def _table(frame: pd.DataFrame) -> str:
    """Return a frame as Markdown, numbers with three digits."""
    head = [str(name) for name in frame]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) and value % 1 else str(value)
