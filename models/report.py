"""The report of a training, for people: what was judged, how well, what the gate says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from forewatch.shocks import PERSISTENCES, SCOPES, WHOLES
from models import pictures
from models.gate import Verdict
from models.judging import block_labels
from models.training import Training

_SCORES = {
    "level": "level",
    "block": "days ahead",
    "calls": "calls a day",
    "mae": "MAE",
    "baseline_mae": "MAE, 8 weeks",
    "crps": "CRPS",
    "baseline_crps": "CRPS, 8 weeks",
    "baseline52_crps": "CRPS, 52 weeks",
    "floor_crps": "CRPS, rate known",
    "bias": "bias",
    "coverage_80": "in 80 % interval",
}
_SHARES = {"bias", "coverage_80"}
_HOW = (
    "Per series and force-day, on past origins, with weights and spreads that never saw them. "
    "CRPS is in calls; *rate known* is what chance alone leaves."
)


def report(training: Training, verdict: Verdict) -> dict[str, str]:
    """Return the texts of the report by file name: report.md and the pictures it shows.

    Args:
        training: what was trained.
        verdict: what the gate says of it.
    """
    return {
        "report.md": markdown(training, verdict),
        "skill.svg": pictures.skill(training.scores),
        "coverage.svg": pictures.coverage(training.scores),
        "fan.svg": pictures.fan(training.judged),
    }


def markdown(training: Training, verdict: Verdict) -> str:
    """Return the report as Markdown."""
    engine = training.engine
    made = (
        f"Trained on what was known at {engine.fitted_at_}, data {engine.data_version_ or '—'}, "
        f"recipe {engine.recipe.fingerprint()}, judged on {len(training.judged)} past origins."
    )
    parts = [
        "# Report of a training",
        made,
        f"## The gate says {'yes' if verdict.passed else 'no'}",
        _list(verdict.reasons),
        "## Scores",
        _HOW,
        _scores(training.scores),
        "![CRPS against the 8-week mean](skill.svg)",
        "![Share of days inside the intervals](coverage.svg)",
        "![Forecast and truth of the whole force](fan.svg)",
        "## What counts for how much",
        _weights(training),
        "## What makes counts vary together",
        _shocks(training),
        "## Mean absolute error of each member, whole force",
        _members(training.folds),
    ]
    if training.notes:
        parts += ["## Notes", _list(training.notes)]
    return "\n\n".join(parts) + "\n"


def _scores(scores: pd.DataFrame) -> str:
    names = [name for name in _SCORES if name in scores]
    rows = [[_cell(name, row[name]) for name in names] for _, row in scores.iterrows()]
    return _table([_SCORES[name] for name in names], rows)


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.1%}" if name in _SHARES else f"{value:.3g}"


def _weights(training: Training) -> str:
    weights = training.engine.weights_
    if weights is None:
        return "Not fitted."
    labels, table = block_labels(weights.lead_blocks), np.asarray(weights.table)
    rows = [
        [level, label, *(f"{weight:.0%}" for weight in table[b, k])]
        for k, level in enumerate(weights.levels)
        for b, label in enumerate(labels)
    ]
    return _table(["level", "days ahead", *weights.members], rows)


def _shocks(training: Training) -> str:
    shocks = training.engine.shocks_
    if shocks is None:
        return "Not fitted."
    labels = block_labels(shocks.lead_days)
    head = ["days ahead", *(f"{s}, {p}" for s in SCOPES for p in PERSISTENCES)]
    head += [f"steadiness of a {whole}'s day" for whole in WHOLES]
    sizes = [
        [label, *(f"{sd:.1%}" for sd in shocks.sd[b].ravel())]
        + [f"{steady:.2f}" for steady in shocks.steadiness[b]]
        for b, label in enumerate(labels)
    ]
    types = list(dict.fromkeys(training.keys["call_type"]))
    named = [kind for kind in types if kind != "all"] or types
    chance = [
        [kind, *(f"{value:.2f}" for value in of_type)]
        for kind, of_type in zip(named, shocks.dispersion.T, strict=True)
    ]
    heading = [f"days {label}" for label in labels]
    return f"{_table(head, sizes)}\n\n{_table(['dispersion of a small cell', *heading], chance)}"


def _members(folds: pd.DataFrame) -> str:
    wide = folds.pivot_table(index="origin", columns="member", values="mae", sort=False)
    rows = [
        [f"{origin:%Y-%m-%d}", *(f"{value:.1f}" for value in row)]
        for origin, row in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    return _table(["origin", *map(str, wide.columns)], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
