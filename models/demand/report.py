"""What the report of a training on all calls holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forewatch.shocks import PERSISTENCES, SCOPES, WHOLES
from models import pictures
from models.demand.model import Engine
from models.judging import PastForecast, block_labels
from models.report import Report, markdown_table, origin_of

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
    "CRPS is in calls; *rate known* is what chance alone leaves. Parts of days (hours, thirds of 8 "
    "hours, leaf areas) are judged on a random choice of them, hours without the trees that bend "
    "them; beside them stand means of the same weekday and hour."
)


def report(
    model: Engine,
    scores: pd.DataFrame,
    folds: pd.DataFrame,
    judged: Sequence[PastForecast],
    keys: pd.DataFrame,
) -> Report:
    """Return what is told of a training; see `models.demand.training.DemandTraining`."""
    shown = (
        "![CRPS against the 8-week mean](skill.svg)",
        "![Share of days inside the intervals](coverage.svg)",
        "![Forecast and truth of the whole force](fan.svg)",
    )
    return Report(
        title="Report of a training: all calls",
        about=(f"{origin_of(model)} Judged on {len(judged)} past origins.",),
        sections={
            "Scores": "\n\n".join((_HOW, _scores(scores), *shown)),
            "What counts for how much": _weights(model),
            "What makes counts vary together": _shocks(model, keys),
            "Mean absolute error of each member, whole force": _members(folds),
        },
        files={
            "skill.svg": pictures.skill(scores),
            "coverage.svg": pictures.coverage_picture(scores),
            "fan.svg": pictures.fan(judged),
        },
    )


def _scores(scores: pd.DataFrame) -> str:
    names = [name for name in _SCORES if name in scores]
    rows = [[_cell(name, row[name]) for name in names] for _, row in scores.iterrows()]
    return markdown_table([_SCORES[name] for name in names], rows)


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.1%}" if name in _SHARES else f"{value:.3g}"


def _weights(model: Engine) -> str:
    weights = model.weights_
    if weights is None:
        return "Not fitted."
    labels, table = block_labels(weights.lead_blocks), np.asarray(weights.table)
    rows = [
        [level, label, *(f"{weight:.0%}" for weight in table[b, k])]
        for k, level in enumerate(weights.levels)
        for b, label in enumerate(labels)
    ]
    return markdown_table(["level", "days ahead", *weights.members], rows)


def _shocks(model: Engine, keys: pd.DataFrame) -> str:
    shocks = model.shocks_
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
    types = list(dict.fromkeys(keys["call_type"]))
    named = [kind for kind in types if kind != "all"] or types
    own = np.broadcast_to(shocks.type_sd, shocks.dispersion.shape)
    chance = [
        [kind, *(f"{value:.2f}" for value in of_type), *(f"{sd:.1%}" for sd in days)]
        for kind, of_type, days in zip(named, shocks.dispersion.T, own.T, strict=True)
    ]
    heading = [f"dispersion, days {label}" for label in labels]
    heading += [f"own day, days {label}" for label in labels]
    small = markdown_table(["small parts of", *heading], chance)
    return f"{markdown_table(head, sizes)}\n\n{small}"


def _members(folds: pd.DataFrame) -> str:
    wide = folds.pivot_table(index="origin", columns="member", values="mae", sort=False)
    rows = [
        [f"{origin:%Y-%m-%d}", *(f"{value:.1f}" for value in row)]
        for origin, row in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    return markdown_table(["origin", *map(str, wide.columns)], rows)
