"""Drawings over time: a forecast with its ranges, and past forecasts beside what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from serving.charts.chart import Chart, Row
from serving.charts.definitions.style import (
    DASHES,
    Layers,
    count_axis,
    data,
    line_legend,
    ticks_axis,
)
from serving.charts.look import Look

_HEADROOM = 1.12  # above the highest value, for the letters of marks
_LETTER_ROWS = 3
_EXPECTED = "expected"


def bands_layers(chart: Chart, look: Look) -> Layers:
    """Return ranges, lines, counts that came, and letters of marks."""
    rows, facts = chart.rows, chart.facts
    high = _highest(rows, ("mean", "q97.5", "baseline", "last_year", "actual"))
    top = high * (_HEADROOM if facts["letters"] else 1.02)
    x = alt.X("x:Q", scale=_time_scale(facts["hours"]), axis=ticks_axis(facts["ticks"], look))
    y = alt.Y("y:Q", title=facts["unit"], scale=_count_scale(top), axis=count_axis(facts["unit"]))
    layers = [_ranges(chart, x, y, look), *_lines(rows, facts["lines"], x, y, look)]
    if labelled := [row for row in rows if "label" in row and row["mean"] is not None]:
        layers.append(_points(labelled, x, y, look))
    if came := [row for row in rows if "actual_label" in row]:
        layers.append(_counts(came, x, y, look))
    if facts["letters"]:
        layers.extend(_letters(facts["letters"], facts["hours"], x, look))
    return Layers(layers, independent=("fill", "stroke", "strokeDash", "shape"))


def accuracy_layers(chart: Chart, look: Look) -> Layers:
    """Return ranges with what was said, and what came, by shape in the range or outside it."""
    rows, facts, palette = chart.rows, chart.facts, look.palette
    axis = ticks_axis(facts["ticks"], look, 4.2)
    x = alt.X("x:Q", scale=_time_scale(facts["hours"]), axis=axis)
    scale = alt.Scale(zero=False, nice=True)
    y = alt.Y("y:Q", scale=scale, axis=count_axis(facts["unit"]))
    said = [row | {"y": row["low"], "what": facts["range"]} for row in rows]
    width = max(3, min(14, int(0.4 * look.width / len(rows))))
    intervals = (
        alt.Chart(data([row for row in said if row["low"] is not None]))
        .mark_bar(width=width, strokeWidth=1, aria=False)
        .encode(
            x, y, alt.Y2("high:Q"), *_legend_of(facts["range"], palette.fills[1], palette.edges[1])
        )
    )
    means = (
        alt.Chart(data([r | {"y": r["mean"]} for r in rows if r["mean"] is not None]))
        .mark_tick(width=width + 4, thickness=2, orient="horizontal", color=palette.main, opacity=1)
        .encode(x, y, description=alt.Description("label:N"))
    )
    layers = [intervals, means]
    if facts["has_baseline"]:
        usual = [row | {"y": row.get("baseline"), "line": "last 8 weeks"} for row in rows]
        layers.append(_line(usual, [("baseline", "last 8 weeks")], x, y, look))
    came = [row | {"y": row["actual"]} for row in rows if row["actual"] is not None]
    if came:
        layers.append(_outcomes(came, facts["outcomes"], x, y, look))
    return Layers(layers, independent=("fill", "stroke", "strokeDash", "shape", "color"))


def _legend_of(text: str, fill: str, edge: str) -> tuple[alt.Fill, alt.Stroke]:
    """Return constant colours that a legend explains."""
    legend = alt.Legend(symbolType="square")
    return (
        alt.Fill("what:N", scale=alt.Scale(domain=[text], range=[fill]), legend=legend),
        alt.Stroke("what:N", scale=alt.Scale(domain=[text], range=[edge]), legend=legend),
    )


def _ranges(chart: Chart, x: alt.X, y: alt.Y, look: Look) -> alt.Chart:
    """Return the ranges, the widest behind."""
    ranges, palette = chart.facts["ranges"], look.palette
    told = [
        {"x": row["x"], "y": row.get(low), "y2": row.get(high), "range": name}
        for name, low, high in ranges
        for row in chart.rows
    ]
    names = [name for name, _, _ in ranges]
    legend = alt.Legend(symbolType="square", values=names)
    return (
        alt.Chart(data(told))
        .mark_area(strokeWidth=0.8, strokeJoin="round", aria=False)
        .encode(
            x,
            y,
            alt.Y2("y2:Q"),
            alt.Fill("range:N", scale=alt.Scale(domain=names, range=palette.fills), legend=legend),
            alt.Stroke(
                "range:N", scale=alt.Scale(domain=names, range=palette.edges), legend=legend
            ),
            alt.Order("range:N", sort="descending"),
        )
    )


def _lines(
    rows: Sequence[Row], beside: Sequence[Sequence[str]], x: alt.X, y: alt.Y, look: Look
) -> list[alt.Chart]:
    """Return the lines, what is expected in front."""
    named = [*((name, text) for name, text in beside), ("mean", _EXPECTED)]
    told = [
        {"x": row["x"], "y": row.get(name), "line": text} for name, text in named for row in rows
    ]
    return [_line(told, named, x, y, look)]


def _line(
    told: Sequence[Row], named: Sequence[tuple[str, str]], x: alt.X, y: alt.Y, look: Look
) -> alt.Chart:
    palette = look.palette
    colours = {"mean": palette.main, "baseline": palette.ink, "last_year": palette.other}
    texts = [text for _, text in reversed(named)]
    names = [name for name, _ in reversed(named)]
    legend = line_legend(look)
    stroke = alt.Scale(domain=texts, range=[colours[name] for name in names])
    dashes: list[Any] = [DASHES[name] for name in names]
    dash = alt.Scale(domain=texts, range=dashes)
    return (
        alt.Chart(data(told))
        .mark_line(strokeWidth=1.8, invalid="break-paths-show-domains", aria=False)
        .encode(
            x,
            y,
            alt.Stroke("line:N", scale=stroke, legend=legend),
            alt.StrokeDash("line:N", scale=dash, legend=legend),
        )
    )


def _points(rows: Sequence[Row], x: alt.X, y: alt.Y, look: Look) -> alt.Chart:
    told = [{"x": r["x"], "y": r["mean"], "label": r["label"]} for r in rows]
    size = 3 * look.font_pixels if len(rows) <= 2 * look.font_pixels else look.font_pixels
    return (
        alt.Chart(data(told))
        .mark_point(shape="circle", filled=True, size=size, color=look.palette.main, opacity=1)
        .encode(x, y, description=alt.Description("label:N"))
    )


def _counts(rows: Sequence[Row], x: alt.X, y: alt.Y, look: Look) -> alt.Chart:
    """Return what came, as diamonds."""
    size = 4 * look.font_pixels if "label" in rows[0] else 1.5 * look.font_pixels
    told = [
        {"x": r["x"], "y": r["actual"], "label": r["actual_label"], "came": "came"} for r in rows
    ]
    return (
        alt.Chart(data(told))
        .mark_point(size=size, fill=look.palette.ink, strokeWidth=0, opacity=1)
        .encode(
            x,
            y,
            alt.Shape("came:N", scale=alt.Scale(domain=["came"], range=["diamond"])),
            description=alt.Description("label:N"),
        )
    )


def _outcomes(
    rows: Sequence[Row], outcomes: Sequence[str], x: alt.X, y: alt.Y, look: Look
) -> alt.Chart:
    palette = look.palette
    legend = alt.Legend(symbolStrokeWidth=1.6)
    size = (4 if look.is_narrow else 6) * look.font_pixels
    return (
        alt.Chart(data([{n: r[n] for n in ("x", "y", "outcome", "label")} for r in rows]))
        .mark_point(filled=False, size=size, strokeWidth=1.8, opacity=1)
        .encode(
            x,
            y,
            alt.Shape(
                "outcome:N",
                scale=alt.Scale(domain=list(outcomes), range=["circle", "triangle-up"]),
                legend=legend,
            ),
            alt.Stroke(
                "outcome:N",
                scale=alt.Scale(domain=list(outcomes), range=[palette.ink, palette.other]),
                legend=legend,
            ),
            description=alt.Description("label:N"),
        )
    )


def _letters(letters: Sequence[Row], hours: float, x: alt.X, look: Look) -> list[alt.Chart]:
    """Return a line for each mark and its letter, in another row where two would overlap."""
    size, ends = look.measured_pixels, [float("-inf")] * _LETTER_ROWS
    per_hour, told = (look.width - 60) / hours, []
    for each in letters:
        middle = (each["x"] + each["x2"]) / 2
        at = middle * per_hour
        row = next((i for i, end in enumerate(ends) if at - end > size), _LETTER_ROWS - 1)
        ends[row] = at + size * len(each["letter"])
        told.append({"x": round(middle, 3), "letter": each["letter"], "row": row})
    rules = (
        alt.Chart(data(told))
        .mark_rule(strokeDash=[1, 3], strokeWidth=1, color=look.palette.muted)
        .encode(x)
    )
    layers = [rules]
    for row in sorted({each["row"] for each in told}):
        mine = [each for each in told if each["row"] == row]
        layers.append(
            alt.Chart(data(mine))
            .mark_text(fontWeight="bold", baseline="top", fontSize=size)
            .encode(x, y=alt.value(2 + row * (size + 1)), text="letter:N")
        )
    return layers


def _highest(rows: Sequence[Row], names: Sequence[str]) -> float:
    told = [row[name] for row in rows for name in names if row.get(name) is not None]
    return max([*told, 1.0])


def _time_scale(hours: float) -> alt.Scale:
    return alt.Scale(domain=[0, hours], nice=False)


def _count_scale(top: float) -> alt.Scale:
    return alt.Scale(domain=[0, top], nice=True)
