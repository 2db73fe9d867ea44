"""Drawings of chances: of each count, of being short, and whether chances held."""

from __future__ import annotations

import altair as alt

from serving.charts.chart import Chart
from serving.charts.definitions.style import (
    Layers,
    count_axis,
    data,
    limit_lines,
    line_legend,
    percent_axis,
)
from serving.charts.look import Look

_INNER, _OUTER = "8 of 10 cases", "others"
_SIDE = 380  # pixels that a square drawing needs


def distribution_layers(chart: Chart, look: Look) -> Layers:
    """Return a bar for each count, the middle ones darker, and lines at what matters."""
    palette, rows = look.palette, chart.rows
    ends = alt.Scale(domain=[rows[0]["x"], rows[-1]["x2"]], nice=False)
    x = alt.X("x:Q", scale=ends, axis=count_axis(chart.facts["unit"]))
    top = max(row["p"] for row in rows) * 1.05
    axis = percent_axis("probability", top)
    y = alt.Y("p:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=axis)
    names = [_INNER, _OUTER]
    legend = alt.Legend(symbolType="square")
    fill = alt.Scale(domain=names, range=[palette.fills[2], palette.fills[0]])
    edge = alt.Scale(domain=names, range=[palette.edges[2], palette.edges[0]])
    told = [row | {"what": _INNER if row["inner"] else _OUTER, "zero": 0} for row in rows]
    bars = (
        alt.Chart(data(told))
        .mark_rect(strokeWidth=1)
        .encode(
            x,
            alt.X2("x2:Q"),
            y,
            alt.Y2("zero:Q"),
            alt.Fill("what:N", scale=fill, legend=legend),
            alt.Stroke("what:N", scale=edge, legend=legend),
            description=alt.Description("label:N"),
        )
    )
    limits = limit_lines(chart.facts["limits"], ends, look)
    return Layers([bars, *limits], independent=("fill", "stroke", "strokeDash"))


def curve_layers(chart: Chart, look: Look) -> Layers:
    """Return a line of points, with lines at the need and the plan."""
    palette, rows = look.palette, chart.rows
    sides = [rows[0]["officers"] - 0.5, rows[-1]["officers"] + 0.5]
    ends = alt.Scale(domain=sides, nice=False)
    top = max(0.01, *(row["share"] or 0 for row in rows)) * 1.05
    x = alt.X("officers:Q", scale=ends, axis=count_axis("officers on duty", grid=False))
    axis = percent_axis("share of time short", top)
    y = alt.Y("share:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=axis)
    line = (
        alt.Chart(data(rows))
        .mark_line(color=palette.main, strokeWidth=1.8, aria=False)
        .encode(x, y)
    )
    points = (
        alt.Chart(data(rows))
        .mark_point(filled=True, size=3 * look.font_pixels, color=palette.main, opacity=1)
        .encode(x, y, description=alt.Description("label:N"))
    )
    limits = limit_lines(chart.facts["limits"], ends, look)
    return Layers([*limits, line, points])


def reliability_layers(chart: Chart, look: Look) -> Layers:
    """Return points with their intervals beside the line on which chances hold exactly."""
    palette, top = look.palette, min(1.0, chart.facts["most"] * 1.08)
    scale = alt.Scale(domain=[0, top], nice=False)
    x = alt.X("said:Q", scale=scale, axis=percent_axis("chance said", top))
    y = alt.Y("came:Q", scale=scale, axis=percent_axis("came so", top))
    exact = "as said"
    line = (
        alt.Chart(data([{"said": e, "came": e, "what": exact} for e in (0, top)]))
        .mark_line(strokeDash=[6, 3], strokeWidth=1.5, aria=False)
        .encode(
            x,
            y,
            alt.Stroke(
                "what:N",
                scale=alt.Scale(domain=[exact], range=[palette.ink]),
                legend=line_legend(look, symbolDash=[6, 3]),
            ),
        )
    )
    sure = [r | {"came": r["low"]} for r in chart.rows if r["low"] is not None]
    spans = (
        alt.Chart(data(sure))
        .mark_rule(color=palette.edges[1], strokeWidth=2)
        .encode(x, y, alt.Y2("high:Q"))
    )
    points = (
        alt.Chart(data(chart.rows))
        .mark_point(filled=True, size=5 * look.font_pixels, color=palette.main, opacity=1)
        .encode(x, y, description=alt.Description("label:N"))
    )
    return Layers([line, spans, points], min(_SIDE, look.height + 60))
