"""Drawings of named bars: a breakdown, and reasons that add up."""

from __future__ import annotations

import altair as alt

from serving.charts.chart import Chart
from serving.charts.definitions.style import Layers, count_axis, data, line_legend
from serving.charts.look import Look

_AROUND_ROWS = 60  # pixels of axis and legend above and below the rows
_BAR = 0.62  # of a row


def breakdown_layers(chart: Chart, look: Look) -> Layers:
    """Return a bar a part, its number at the end, and a tick at what is usual."""
    palette, unit = look.palette, chart.facts["unit"]
    rows = [row | {"shown": row["mean"] or 0} for row in chart.rows]
    highest = max([1.0, *(row["shown"] for row in rows), *(r["baseline"] or 0 for r in rows)])
    scale = alt.Scale(domain=[0, highest * (1.32 if look.is_narrow else 1.12)], nice=False)
    x = alt.X("shown:Q", scale=scale, axis=count_axis(unit, tickCount=_ticks(look)))
    y = alt.Y("name:N", sort=None, axis=_names(look))
    size = _BAR * look.row_pixels
    bars = (
        alt.Chart(data(rows))
        .mark_bar(color=palette.fills[2], stroke=palette.edges[2], height=size)
        .encode(x, y, description=alt.Description("label:N"))
    )
    ends = [row | {"end": max(row["shown"], row["baseline"] or 0)} for row in rows]
    values = (
        alt.Chart(data(ends))
        .mark_text(align="left", dx=6)
        .encode(alt.X("end:Q", scale=scale), y, text="value:N")
    )
    layers = [bars, values]
    if chart.facts["has_norm"]:
        usual = [
            {"name": r["name"], "shown": r["baseline"], "what": "last 8 weeks"}
            for r in rows
            if r["baseline"] is not None
        ]
        ink = alt.Scale(domain=["last 8 weeks"], range=[palette.ink])
        layers.insert(
            1,
            alt.Chart(data(usual))
            .mark_tick(
                thickness=3, size=size + 6, fill=palette.ink, strokeWidth=0, opacity=1, aria=False
            )
            .encode(x, y, alt.Stroke("what:N", scale=ink, legend=line_legend(look))),
        )
    return Layers(layers, look.row_pixels * len(rows) + _AROUND_ROWS)


def reasons_layers(chart: Chart, look: Look) -> Layers:
    """Return a bar a part, from where the one before it ends, and a line at the ordinary number."""
    palette, rows = look.palette, chart.rows
    ends = [end for row in rows for end in (row["x"], row["x2"])]
    low, high = min(0, *ends), max(0, *ends)
    span = max(high - low, 1)
    scale = alt.Scale(domain=[low - 0.02 * span, high + _room(look) * span], nice=False)
    y = alt.Y("name:N", sort=None, axis=_names(look))
    axis = count_axis(chart.facts["axis"], tickCount=_ticks(look))
    x = alt.X("x:Q", scale=scale, axis=axis)
    names = ["whole", "more", "less"]
    fill = alt.Scale(domain=names, range=[palette.fills[2], palette.main, palette.other])
    bars = (
        alt.Chart(data(rows))
        .mark_bar(stroke=palette.edges[2], height=_BAR * look.row_pixels)
        .encode(
            x,
            y,
            alt.X2("x2:Q"),
            alt.Fill("what:N", scale=fill, legend=None),
            description=alt.Description("label:N"),
        )
    )
    zero = alt.Chart(data([{"x": 0}])).mark_rule(color=palette.ink).encode(x)
    told = [row | {"end": max(row["x"], row["x2"])} for row in rows]
    values = (
        alt.Chart(data(told))
        .mark_text(align="left", dx=6)
        .encode(alt.X("end:Q", scale=scale), y, text="value:N")
    )
    return Layers([bars, zero, values], look.row_pixels * len(rows) + _AROUND_ROWS - 10)


def _room(look: Look) -> float:
    """Return the room for numbers beyond the bars, as a share of these."""
    return 0.32 if look.is_narrow else 0.12


def _names(look: Look) -> alt.Axis:
    limit = (0.44 if look.is_narrow else 0.3) * look.width
    return alt.Axis(
        title=None,
        labelLimit=round(limit),
        labelColor=look.palette.ink,
        labelOverlap=False,
        ticks=False,
        domain=False,
        labelPadding=6,
    )


def _ticks(look: Look) -> int:
    return 3 if look.is_narrow else 6
