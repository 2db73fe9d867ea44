"""The charts as altair's: what is drawn, in one place for page, notebooks, reports and brief.

Importing this package costs seconds and 60 MB; what requests ask for is in `serving.charts`.
"""

from __future__ import annotations

from collections.abc import Callable

import altair as alt

from serving.charts.chart import Chart, Kind
from serving.charts.definitions.bars import breakdown_layers, reasons_layers
from serving.charts.definitions.chances import (
    curve_layers,
    distribution_layers,
    reliability_layers,
)
from serving.charts.definitions.over_time import accuracy_layers, bands_layers
from serving.charts.definitions.shifts import shift_layers
from serving.charts.definitions.style import Layers, whole_chart
from serving.charts.look import Look

LAYERS: dict[Kind, Callable[[Chart, Look], Layers]] = {
    "bands": bands_layers,
    "breakdown": breakdown_layers,
    "distribution": distribution_layers,
    "need_and_plan": shift_layers,
    "curve": curve_layers,
    "accuracy": accuracy_layers,
    "reliability": reliability_layers,
    "reasons": reasons_layers,
}


def altair_chart(chart: Chart, look: Look | None = None) -> alt.LayerChart:
    """Return a chart as altair's, to be shown or drawn; without a title.

    Args:
        chart: what is shown.
        look: its form; None: light, for a screen of middle width.
    """
    form = look or Look()
    return whole_chart(LAYERS[chart.kind](chart, form), chart, form)
