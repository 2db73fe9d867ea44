"""A chart drawn, in this process."""

from __future__ import annotations

from typing import Literal

import vl_convert
from altair.utils.schemapi import debug_mode

from serving.charts.chart import Chart
from serving.charts.definitions import altair_chart
from serving.charts.definitions.style import legend_layout
from serving.charts.look import Look
from serving.charts.svg import tidy_svg

_ENGLISH: Literal["en-GB"] = "en-GB"


def draw_svg(chart: Chart, look: Look) -> str:
    """Return the drawing of a chart; the same chart gives the same text.

    For commands, notebooks and reports; the service asks `serving.drawing`, whose process calls
    this. Nothing is loaded from anywhere.
    """
    with debug_mode(False):  # noqa: FBT003 - altair's; a test checks definitions, here it takes long
        definition = altair_chart(chart, look).to_dict(validate=False)
    definition["config"]["legend"]["layout"] = legend_layout(look)
    raw = vl_convert.vegalite_to_svg(
        definition, allowed_base_urls=[], format_locale=_ENGLISH, time_format_locale=_ENGLISH
    )
    return tidy_svg(raw, chart)
