"""Reliability: chances that were said, beside how often it came so."""

from __future__ import annotations

from typing import cast

import pandas as pd

from serving.charts.chart import Chart, Row, known, plain_text
from serving.charts.words import percent_text


def reliability_chart(frame: pd.DataFrame, about: str) -> Chart:
    """Return the chart of said against came.

    Args:
        frame: one row a group of forecasts: said and came (mean chance and share, 0 to 1), low and
            high (95 % interval of came), n (how many).
        about: of what: "at least one missing person, districts, by day".

    Raises:
        ValueError: if there are no rows.
    """
    if not len(frame):
        raise ValueError("reliability needs one group of forecasts at least")
    rows = [_row(cast("Row", row)) for row in frame.sort_values("said").to_dict("records")]
    shown = plain_text(about, 120)
    return Chart(
        "reliability",
        f"Chances said and how often it came so, {shown}",
        _summary(rows),
        tuple(rows),
        {"most": max(1e-9, *(max(row["said"], row["came"], row["high"] or 0) for row in rows))},
    )


def _row(row: Row) -> Row:
    low, high = known(row["low"]), known(row["high"])
    said = f"said {percent_text(row['said'])}, came {percent_text(row['came'])}"
    between = (
        f" (between {percent_text(row['low'])} and {percent_text(row['high'])})"
        if low is not None and high is not None
        else ""
    )
    return {
        "said": known(row["said"]),
        "came": known(row["came"]),
        "low": low,
        "high": high,
        "n": int(row["n"]),
        "label": f"{said}{between}, {int(row['n']):,} cases",
    }


def _summary(rows: list[Row]) -> str:
    doubtful = [
        row
        for row in rows
        if row["low"] is not None and not row["low"] <= row["said"] <= row["high"]
    ]
    n = sum(row["n"] for row in rows)
    said = sum(row["said"] * row["n"] for row in rows) / max(n, 1)
    came = sum(row["came"] * row["n"] for row in rows) / max(n, 1)
    first = (
        f"Over {n:,} cases {percent_text(said)} were said on average, and {percent_text(came)} "
        "came so."
    )
    if not doubtful:
        return f"{first} What was said lies within what chance explains in all {len(rows)} groups."
    told = ", ".join(
        f"{percent_text(row['said'])} (came {percent_text(row['came'])})" for row in doubtful[:3]
    )
    return (
        f"{first} More than chance explains differ {len(doubtful)} of {len(rows)} groups: {told}."
    )
