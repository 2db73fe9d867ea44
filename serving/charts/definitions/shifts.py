"""Drawing of shifts: need, plan and what is lacking."""

from __future__ import annotations

import altair as alt

from serving.charts.chart import Chart
from serving.charts.definitions.style import Layers, count_axis, data, line_legend, text_axis
from serving.charts.look import Look

_NEEDED, _PLANNED = "needed", "planned"
_LEAST_COLUMN = 12  # pixels below which letters and signs don't fit


def shift_layers(chart: Chart, look: Look) -> Layers:
    """Return a bar for the plan of each shift, a tick for its need, and the gap with its sign."""
    palette, rows = look.palette, chart.rows
    column = (look.width - 50) / len(rows)
    highest = max([1.0, *(row[name] or 0 for row in rows for name in ("need", "planned"))])
    scale = alt.Scale(domain=[0, highest * 1.2], nice=False)
    y = alt.Y("y:Q", scale=scale, axis=count_axis("officers"))
    x_scale = alt.Scale(domain=[-0.5, len(rows) - 0.5], nice=False)
    days = [row for i, row in enumerate(rows) if i == 0 or row["day"] != rows[i - 1]["day"]]
    step = -(-len(days) * 4 * look.measured_pixels // (look.width - 50))
    labels = [(row["at"] - 0.5, row["day"]) for row in days[:: max(int(step), 1)]]
    has_letters = column >= _LEAST_COLUMN
    axis = text_axis(
        labels, labelAlign="left", grid=True, offset=look.measured_pixels + 4 if has_letters else 0
    )
    x = alt.X("at:Q", scale=x_scale, axis=axis)
    layers = [*_plan(chart, x, y, column, look), _need(chart, x, y, column, look)]
    if has_letters:
        base = alt.Chart(data([{"at": row["at"], "letter": row["letter"]} for row in rows]))
        letters = base.mark_text(baseline="top", color=palette.muted, dy=4)
        layers.append(letters.encode(x, y=alt.value("height"), text="letter:N"))
    return Layers(layers, independent=("fill", "stroke"))


def _need(chart: Chart, x: alt.X, y: alt.Y, column: float, look: Look) -> alt.Chart:
    told = [r | {"y": r["need"], "what": _NEEDED} for r in chart.rows if r["need"] is not None]
    ink = alt.Scale(domain=[_NEEDED], range=[look.palette.ink])
    return (
        alt.Chart(data(told))
        .mark_tick(
            orient="horizontal",
            thickness=2.5,
            size=max(3, 0.9 * column),
            fill=look.palette.ink,
            strokeWidth=0,
            opacity=1,
        )
        .encode(
            x,
            y,
            alt.Stroke("what:N", scale=ink, legend=line_legend(look)),
            description=alt.Description("label:N"),
        )
    )


def _plan(chart: Chart, x: alt.X, y: alt.Y, column: float, look: Look) -> list[alt.Chart]:
    palette = look.palette
    told = [
        r | {"y": r["planned"], "what": _PLANNED} for r in chart.rows if r["planned"] is not None
    ]
    if not told:
        return []
    legend = alt.Legend(symbolType="square")
    bars = (
        alt.Chart(data(told))
        .mark_bar(width=max(2, 0.7 * column), aria=False)
        .encode(
            x,
            y,
            alt.Fill(
                "what:N",
                scale=alt.Scale(domain=[_PLANNED], range=[palette.fills[2]]),
                legend=legend,
            ),
            alt.Stroke(
                "what:N",
                scale=alt.Scale(domain=[_PLANNED], range=[palette.edges[2]]),
                legend=legend,
            ),
        )
    )
    short = [
        {"at": r["at"], "y": max(r["need"] or 0, r["planned"]), "sign": r["sign"]}
        for r in told
        if (r["gap"] or 0) > 0
    ]
    signs = (
        alt.Chart(data(short))
        .mark_text(baseline="bottom", dy=-4, color=palette.other, fontWeight="bold")
        .encode(x, y, text="sign:N")
    )
    return [bars, signs] if short else [bars]
