"""Accuracy: what was said of past periods, and what came."""

from __future__ import annotations

import numpy as np
import pandas as pd

from serving.charts.chart import Chart, Row, known, plain_text
from serving.charts.time_axis import TimeAxis
from serving.charts.words import amount_text, count_text

IN, OUT, UNKNOWN = "in the range", "outside it", "not known yet"


def accuracy_chart(
    frame: pd.DataFrame, zone: str, where: str, *, unit: str = "calls", promised: float = 0.8
) -> Chart:
    """Return the chart of past forecasts beside the counts.

    Args:
        frame: one row a period, in order of time: start and end (instants), mean, low and high (of
            the range that was said), actual (NaN where nobody knows yet); baseline where it is
            there, what the last 8 weeks would have said.
        zone: IANA name of the force's time zone.
        where: name of the area.
        unit: of the numbers.
        promised: share of periods that the range was to hold at least.

    Raises:
        ValueError: if there are no rows.
    """
    axis, area = TimeAxis.of(frame, zone), plain_text(where)
    names = [n for n in ("mean", "low", "high", "actual", "baseline") if n in frame]
    rows = [
        {"x": x, "text": text} | {name: known(row[name]) for name in names}
        for x, text, row in zip(axis.middles(), axis.texts(), frame.to_dict("records"), strict=True)
    ]
    for row in rows:
        row["outcome"] = _outcome(row)
        row["label"] = _label(row, unit)
    return Chart(
        "accuracy",
        f"What was said and what came {axis.span_text()}, {area}",
        _summary(rows, axis, area, promised),
        tuple(rows),
        {
            "hours": axis.hours,
            "ticks": axis.ticks(),
            "unit": unit,
            "outcomes": [IN, OUT],
            "range": f"said, range for {10 * promised:g} of 10",
            "has_baseline": any(row.get("baseline") is not None for row in rows),
        },
    )


def _outcome(row: Row) -> str:
    if any(row[name] is None for name in ("actual", "low", "high")):
        return UNKNOWN
    return IN if row["low"] <= row["actual"] <= row["high"] else OUT


def _label(row: Row, unit: str) -> str:
    if row["mean"] is None:
        return f"{row['text']}: nothing was said"
    said = f"{row['text']}: {amount_text(row['mean'], unit)} said"
    if row["low"] is not None and row["high"] is not None:
        said += f" ({count_text(row['low'])} to {count_text(row['high'])})"
    if row["actual"] is None:
        return f"{said}; what came isn't known yet"
    return f"{said}, {count_text(row['actual'])} came: {row['outcome']}"


def _summary(rows: list[Row], axis: TimeAxis, area: str, promised: float) -> str:
    span = axis.span_text()
    known_rows = [row for row in rows if row["outcome"] != UNKNOWN]
    if not known_rows:
        return f"Of what was said of {area} {span} nobody knows yet what came."
    held = sum(row["outcome"] == IN for row in known_rows)
    first = (
        f"In {held} of {len(known_rows)} {axis.period_word()} {span} the count in {area} lay in "
        f"the range; {10 * promised:g} of 10 at least were promised."
    )
    both = [row for row in known_rows if row.get("baseline") is not None]
    if not both:
        return first
    ours, theirs = (
        float(np.mean([abs(row[name] - row["actual"]) for row in both]))
        for name in ("mean", "baseline")
    )
    return (
        f"{first} The forecast missed by {count_text(ours)} on average, the mean of the last "
        f"8 weeks by {count_text(theirs)}."
    )
