"""Bands: what is expected over hours or days, how sure, and what was usual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forewatch.arrays import Array
from serving.charts.chart import Chart, Row, known, plain_text
from serving.charts.time_axis import SpecialTime, TimeAxis
from serving.charts.words import amount_text, count_text, level_text

BAND_LEVELS = (0.025, 0.1, 0.25, 0.75, 0.9, 0.975)  # quantiles that a question asks for
# Of the widest to the narrowest range: what it is called, and its columns.
RANGES = (("range 95 %", "q02.5", "q97.5"), ("80 %", "q10", "q90"), ("50 %", "q25", "q75"))
_MOST_LABELLED = 62  # periods whose values are told one by one
_NORMS = {"baseline": "last 8 weeks", "last_year": "last year"}


def bands_chart(
    frame: pd.DataFrame,
    zone: str,
    where: str,
    *,
    unit: str = "calls",
    marks: Sequence[SpecialTime] = (),
) -> Chart:
    """Return the chart of a forecast over periods.

    Args:
        frame: an answer's rows (`planning.tables.Table.frame`) of one area, type and grade, in
            order of time: start and end (instants), mean, the quantiles `BAND_LEVELS`; where they
            are there, baseline (last 8 weeks), last_year, actual. NaN where unknown.
        zone: IANA name of the force's time zone.
        where: name of the area, and of the type if there is one.
        unit: of the numbers.
        marks: events, breaks and special days; those elsewhere in time are left out.

    Raises:
        ValueError: if there are no rows.
    """
    axis = TimeAxis.of(frame, zone)
    letters, notes = axis.letters(marks)
    names = ["mean", *_NORMS, "actual", *(name for _, *pair in RANGES for name in pair)]
    there = {name: frame[name].to_numpy(dtype=np.float64) for name in names if name in frame}
    rows: list[Row] = [
        {"x": x, "text": text, **{name: known(values[i]) for name, values in there.items()}}
        for i, (x, text) in enumerate(zip(axis.middles(), axis.texts(), strict=True))
    ]
    for row in rows if len(rows) <= _MOST_LABELLED else ():
        row["label"] = _label(row, unit)
    for row in rows:
        if row.get("actual") is not None:
            row["actual_label"] = f"{row['text']}: {amount_text(row['actual'], unit)} came"
    area = plain_text(where)
    return Chart(
        "bands",
        f"Expected {unit} {axis.span_text()}, {area}, with ranges",
        _summary(frame, axis, area, unit),
        tuple(rows),
        {
            "hours": axis.hours,
            "ticks": axis.ticks(),
            "letters": letters,
            "ranges": [list(each) for each in RANGES],
            "lines": [[name, text] for name, text in _NORMS.items() if _is_told(there, name)],
            "unit": unit,
        },
        notes,
    )


def _is_told(there: dict[str, Array], name: str) -> bool:
    return name in there and bool(np.isfinite(there[name]).any())


def _label(row: Row, unit: str) -> str:
    if row["mean"] is None:
        return f"{row['text']}: not forecast"
    low, high = (count_text(row[name]) for name in ("q10", "q90"))
    expected = amount_text(row["mean"], unit)
    return f"{row['text']}: {expected}, in 8 of 10 cases {low} to {high}"


def _summary(frame: pd.DataFrame, axis: TimeAxis, area: str, unit: str) -> str:
    mean = frame["mean"].to_numpy(dtype=np.float64)
    if not np.isfinite(mean).any():
        return f"Nothing is forecast for {area} {axis.span_text()}."
    most = int(np.nanargmax(mean))
    row = frame.iloc[most]
    busiest = (
        f"{axis.text(most)} with {count_text(row['mean'])} "
        f"({count_text(row['q10'])} to {count_text(row['q90'])} in 8 of 10 cases)"
    )
    total = f"{amount_text(np.nansum(mean), unit)} expected in {area} {axis.span_text()}"
    lacking = int(np.isnan(mean).sum())
    of_all = f"{lacking} of {len(mean)} {axis.period_word()}"
    told = f"{total}{f' ({of_all} not forecast)' if lacking else ''}"
    usual = _usual(frame, mean)
    return f"{told}{usual}. Busiest: {busiest}." if len(mean) > 1 else f"{told}{usual}."


def _usual(frame: pd.DataFrame, mean: Array) -> str:
    if "baseline" not in frame:
        return ""
    baseline = frame["baseline"].to_numpy(dtype=np.float64)
    both = np.isfinite(mean) & np.isfinite(baseline)
    if not both.any():
        return ""
    return f", {level_text(mean[both].sum(), baseline[both].sum())} the last 8 weeks"
