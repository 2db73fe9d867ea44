"""Pictures of a training, as SVG text; marks and line styles tell apart what colours also do."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forewatch.count_distribution import CountDistribution
from models.judging import PastForecast

# Okabe & Ito (2008), Color universal design: blue, vermilion, grey, black
_BLUE, _RED, _GREY, _BLACK = "#0072B2", "#D55E00", "#999999", "#000000"
_BAND = (0.1, 0.5, 0.9)


def skill(scores: pd.DataFrame) -> str:
    """Return a picture of the CRPS relative to the 8-week baseline, by level and block."""
    figure = Figure(figsize=(8, 1.2 + 0.32 * len(scores)), layout="constrained")
    axes = figure.subplots()
    at = np.arange(len(scores))[::-1]
    base = scores["baseline_crps"]
    names = [f"{row.level}, days {row.block}" for row in scores.itertuples()]
    middle = scores["crps_vs_baseline"]
    reach = [middle - scores["crps_vs_baseline_low"], scores["crps_vs_baseline_high"] - middle]
    axes.errorbar(middle, at, xerr=np.abs(reach), fmt="o", color=_BLUE, label="this engine, 95 %")
    axes.plot(scores["floor_crps"] / base - 1, at, "x", color=_BLACK, label="rate known (floor)")
    if "baseline52_crps" in scores:
        axes.plot(
            scores["baseline52_crps"] / base - 1,
            at,
            "s",
            mfc="none",
            color=_RED,
            label="52-week mean",
        )
    axes.axvline(0, color=_GREY, linestyle="--", label="8-week mean")
    axes.set_yticks(at, names)
    axes.xaxis.set_major_formatter(lambda value, _position: f"{value:+.0%}")
    axes.set_xlabel("CRPS against the 8-week mean; left is better")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=2, frameon=False)
    return _svg(figure)


def coverage_picture(scores: pd.DataFrame) -> str:
    """Return a picture of how often intervals held what happened, by level and block."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    at = np.arange(len(scores))
    for level, mark, colour in ((50, "v", _GREY), (80, "o", _BLUE), (95, "^", _BLACK)):
        axes.axhline(level / 100, color=colour, linestyle=":", linewidth=1)
        axes.plot(at, scores[f"coverage_{level}"], mark, color=colour, label=f"{level} % interval")
    axes.axhspan(0.78, 0.82, color=_BLUE, alpha=0.12)
    names = [f"{row.level}\n{row.block}" for row in scores.itertuples()]
    axes.set_xticks(at, names, fontsize=7)
    axes.set_ylim(0.3, 1)
    axes.set_ylabel("share of days inside")
    axes.legend(ncols=3, frameon=False, loc="lower center")
    return _svg(figure)


def fan(judged: Sequence[PastForecast]) -> str:
    """Return a picture of the whole force from the earliest past origin: forecast and truth."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    one = judged[0]
    found = CountDistribution.of(one.mean[:, 0], one.variance[:, 0]).quantiles(_BAND)
    _fan(axes, one, found)
    axes.set_title(f"forecast from {one.origin:%d %B %Y}", loc="left", fontsize=10)
    axes.set_ylabel("calls a day, whole force")
    axes.legend(ncols=3, frameon=False, loc="lower left")
    return _svg(figure)


def reliability(table: pd.DataFrame, at_least: int) -> str:
    """Return a picture of predicted chances of at least k beside how often they came true.

    Args:
        table: as `models.missing.calibration.Calibration.reliability`, all leads together.
        at_least: the k that is shown.
    """
    shown = table[(table["at_least"] == at_least) & (table["block"] == "all")]
    levels, windows = (list(dict.fromkeys(shown[name])) for name in ("level", "window"))
    figure = Figure(figsize=(2.6 * len(windows), 2.6 * len(levels)), layout="constrained")
    grid = figure.subplots(len(levels), len(windows), squeeze=False, sharex=True, sharey=True)
    for row, level in enumerate(levels):
        for column, window in enumerate(windows):
            axes, here = grid[row, column], (shown["level"] == level) & (shown["window"] == window)
            part = shown[here]
            reach = [part["observed"] - part["low"], part["high"] - part["observed"]]
            axes.plot([0, 1], [0, 1], linestyle="--", color=_GREY)
            axes.errorbar(
                part["predicted"], part["observed"], yerr=np.abs(reach), fmt="o", color=_BLUE
            )
            axes.set_title(f"{level}, {window}", fontsize=9)
    figure.supxlabel(f"chance of at least {at_least} that was forecast")
    figure.supylabel("how often it came true, with 95 % interval")
    return _svg(figure)


def _fan(
    axes: Axes, one: PastForecast, found: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> None:
    days = one.days.to_numpy()
    axes.fill_between(
        days, found[:, 0], found[:, 2], step="mid", color=_BLUE, alpha=0.25, label="80 % interval"
    )
    axes.plot(days, found[:, 1], color=_BLUE, drawstyle="steps-mid", label="median")
    axes.plot(days, one.counts[:, 0], "o", color=_BLACK, markersize=3, label="what happened")


def _svg(figure: Figure) -> str:
    """Return the figure as SVG; the same figure gives the same text."""
    held = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "forewatch", "svg.fonttype": "none"}):
        figure.savefig(held, format="svg", metadata={"Date": None})
    return held.getvalue()
