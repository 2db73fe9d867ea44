"""Breakdown: what is expected by call type or grade, beside what is usual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from forewatch.arrays import Array
from serving.charts.chart import Chart, Row, known, plain_text
from serving.charts.words import amount_text, count_text, level_text, percent_text


def breakdown_chart(
    names: Sequence[str],
    mean: ArrayLike,
    baseline: ArrayLike,
    about: str,
    *,
    unit: str = "calls",
) -> Chart:
    """Return the chart of parts of a whole, the largest first.

    Args:
        names: of the parts.
        mean: what is expected of each, shape (parts,); NaN where it is not forecast.
        baseline: what was usual over the last 8 weeks, of the same shape; NaN where unknown.
        about: of what: "by call type, Bristol, week from Monday 30 November".
        unit: of the numbers.

    Raises:
        ValueError: if there are no parts.
    """
    expected, usual = (np.asarray(each, dtype=np.float64) for each in (mean, baseline))
    if not len(names):
        raise ValueError("a breakdown needs one part at least")
    order = np.argsort(-np.nan_to_num(expected, nan=-1.0), kind="stable")
    rows = tuple(_row(names[i], expected[i], usual[i], unit) for i in order)
    return Chart(
        "breakdown",
        f"Expected {unit} {plain_text(about, 120)}",
        _summary([row["name"] for row in rows], expected[order], usual[order], unit),
        rows,
        {"unit": unit, "has_norm": bool(np.isfinite(usual).any())},
    )


def _row(name: str, mean: float, baseline: float, unit: str) -> Row:
    shown = plain_text(name)
    value = count_text(mean) if np.isfinite(mean) else "not forecast"
    norm = f"; last 8 weeks {count_text(baseline)}" if np.isfinite(baseline) else ""
    return {
        "name": shown,
        "mean": known(mean),
        "baseline": known(baseline),
        "value": value,
        "label": f"{shown}: {amount_text(mean, unit)}{norm}"
        if np.isfinite(mean)
        else f"{shown}: {value}",
    }


def _summary(names: Sequence[str], mean: Array, usual: Array, unit: str) -> str:
    total = np.nansum(mean)
    if total <= 0:
        return "Nothing is expected." if np.isfinite(mean).any() else "Nothing is forecast."
    first = (
        f"The largest part: {names[0]}, {count_text(mean[0])} of {amount_text(total, unit)} "
        f"({percent_text(mean[0] / total)})."
    )
    change = np.abs(mean - usual)
    if not np.isfinite(change).any():
        return first
    at = int(np.nanargmax(change))
    level = level_text(mean[at], usual[at])
    return f"{first} Furthest from the last 8 weeks: {names[at]}, {level} them."
