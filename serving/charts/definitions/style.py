"""What all drawings share: fonts, axes, legends, and how layers become a chart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from serving.charts.chart import Chart, Row
from serving.charts.look import Look

# The first ships with vl-convert, and others have its widths, so that labels fit where they stand.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
DASHES = {"mean": [1, 0], "baseline": [6, 3], "last_year": [1.5, 2.5]}
SYMBOL_SIZE = 180  # of legends, in square pixels


@dataclass(frozen=True)
class Layers:
    """What a chart is drawn of.

    Args:
        layers: from the back to the front.
        height: of the drawing without legend, in CSS pixels; None: the look's.
        independent: channels whose layers have legends of their own.
    """

    layers: Sequence[alt.Chart | alt.LayerChart]
    height: int | None = None
    independent: tuple[str, ...] = ()


def data(rows: Sequence[Row]) -> alt.Data:
    """Return rows as data that stand in the chart."""
    return alt.Data(values=list(rows))


def whole_chart(found: Layers, chart: Chart, look: Look) -> alt.LayerChart:
    """Return layers as one chart of the look's size, fonts and colours."""
    height = found.height or look.height
    drawn = alt.LayerChart(layer=list(found.layers))
    if found.independent:
        apart: dict[str, Any] = dict.fromkeys(found.independent, "independent")
        drawn.resolve = alt.Resolve(scale=alt.ScaleResolveMap(**apart))
    sized: alt.LayerChart = drawn.properties(
        width=look.width,
        height=height,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        padding={"left": 2, "right": 16, "top": 4, "bottom": 2},
        description=chart.name,
        background="transparent",
    )
    sized.config = _config(look)
    return sized


def _config(look: Look) -> dict[str, Any]:
    size, palette = look.measured_pixels, look.palette
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": size,
            "titleFontSize": size,
            "titleFontWeight": "normal",
            "labelColor": palette.muted,
            "titleColor": palette.muted,
            "domainColor": palette.muted,
            "tickColor": palette.muted,
            "gridColor": palette.grid,
            "labelOverlap": "greedy",
            "labelSeparation": 6,
            "titlePadding": 6,
            "aria": False,
        },
        "legend": {
            "labelFontSize": size,
            "labelColor": palette.ink,
            "labelLimit": look.width - 100,
            "title": None,
            "orient": "top",
            "direction": "horizontal",
            "columnPadding": 8 if look.is_narrow else 12,
            "columns": 3,
            "rowPadding": 3,
            "symbolSize": SYMBOL_SIZE,
            "symbolStrokeWidth": 2,
            "offset": 6,
            "aria": False,
        },
        "text": {"fontSize": size, "color": palette.ink, "aria": False},
        "rule": {"aria": False, "color": palette.muted},
    }


def legend_layout(look: Look) -> dict[str, Any]:
    """Return how legends stand: beside each other, on a phone below each other.

    Vega's; altair's schema knows nothing of it, so it is added to what altair gives.
    """
    direction = "vertical" if look.is_narrow else "horizontal"
    margin = 4 if look.is_narrow else 14
    return {"top": {"direction": direction, "anchor": "start", "margin": margin}}


def count_axis(title: str | None, **more: Any) -> alt.Axis:  # noqa: ANN401 - as altair takes it
    """Return an axis of counts: whole numbers with separators."""
    return alt.Axis(title=title, format=",d", tickMinStep=1, **more)


def percent_axis(title: str, top: float) -> alt.Axis:
    """Return an axis of shares, told in per cent; with a decimal where all are small."""
    form = ".1f" if top < 0.04 else ".0f"  # noqa: PLR2004 - steps of less than a per cent
    words = f"format(datum.value*100,'{form}')+' %'"
    return alt.Axis(title=title, labelExpr=words, tickCount=5)


def line_legend(look: Look, **more: Any) -> alt.Legend:  # noqa: ANN401 - as altair takes it
    """Return a legend of lines; on a phone two stand beside each other."""
    return alt.Legend(
        symbolType="stroke", symbolStrokeWidth=2, columns=2 if look.is_narrow else 4, **more
    )


def limit_lines(limits: Sequence[Row], scale: alt.Scale, look: Look) -> list[alt.Chart]:
    """Return upright lines that a legend explains; dashes tell them apart.

    Args:
        limits: at (place on the axis) and text of each; at most three.
        scale: of the axis.
        look: of the drawing.
    """
    if not limits:
        return []
    texts, palette = [each["text"] for each in limits], look.palette
    legend = alt.Legend(symbolType="stroke", columns=1 if look.is_narrow else 2)
    colours, dashes = (palette.other, palette.ink, palette.muted), ([1, 0], [6, 3], [1.5, 2.5])
    stroke = alt.Scale(domain=texts, range=colours[: len(texts)])
    dash = alt.Scale(domain=texts, range=dashes[: len(texts)])
    return [
        alt.Chart(data(limits))
        .mark_rule(strokeWidth=2)
        .encode(
            alt.X("at:Q", scale=scale),
            alt.Stroke("text:N", scale=stroke, legend=legend),
            alt.StrokeDash("text:N", scale=dash, legend=legend),
        )
    ]


def ticks_axis(ticks: Sequence[Row], look: Look, label_width: float = 3.6) -> alt.Axis:
    """Return the axis of `serving.charts.time_axis` labels, thinned out where they don't fit.

    Args:
        ticks: from `TimeAxis.ticks`.
        look: of the drawing.
        label_width: room that a label takes, in sizes of its text.
    """
    room = max(1, int((look.width - 60) / (label_width * look.font_pixels)))
    step = -(-len(ticks) // room) or 1
    shown = [tick for i, tick in enumerate(ticks) if i % step == 0]
    side = {"labelAlign": "left"} if any("is_after" in tick for tick in shown) else {}
    return text_axis([(tick["x"], tick["text"]) for tick in shown], **side)


def text_axis(labels: Sequence[tuple[float, str]], **more: Any) -> alt.Axis:  # noqa: ANN401
    """Return an axis with texts of our own at some places; no text of others may be among them."""
    places = [int(place) if place == int(place) else place for place, _ in labels]
    words = dict(zip(map(str, places), (text for _, text in labels), strict=True))
    return alt.Axis(
        title=None,
        values=places,
        labelExpr=f"{json.dumps(words, ensure_ascii=False)}[datum.value]",
        labelFlush=True,
        **more,
    )
