"""Scores as tables for people: one a score, contenders side by side, in text and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.accuracy.protocols import Metric, Published

_TITLES: dict[Metric, str] = {
    "mae": "Absolute error of the mean",
    "mse": "Squared error of the mean",
    "crps": "CRPS (twice the mean pinball loss of 19 quantiles), calls",
}
_CALIBRATION = ("cover50", "cover80", "cover90", "plain80", "bias", "rms_pearson")
BASELINES = ("8 weeks", "52 weeks")


@dataclass(frozen=True)
class Table:
    """A table with a title."""

    title: str
    rows: pd.DataFrame

    def text(self) -> str:
        """Return the table with aligned columns."""
        return f"{self.title}\n{self.rows.to_string(index=False)}\n"

    def markdown(self) -> str:
        """Return the table in Markdown."""
        names = list(self.rows.columns)
        lines = [names, ["---"] * len(names), *self.rows.astype("str").to_numpy().tolist()]
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return f"## {self.title}\n\n{body}\n"


def tables(scores: pd.DataFrame, published: Published, *, scaled: bool, what: str) -> list[Table]:
    """Return a table for each score, and one for calibration.

    Args:
        scores: as `scoring.scored` returns them.
        published: best published figures.
        scaled: whether the absolute error is divided by the mean absolute deviation.
        what: the interval that is scored, day, shift or hour.
    """
    found = [
        Table(_title(metric, what, scaled=scaled), _by_score(scores, published, metric))
        for metric in _TITLES
        if metric in scores
    ]
    if "cover80" in scores:
        title = f"Calibration of {scores['who'].iloc[0]}, by {what}"
        found.append(Table(title, _calibration(scores, BASELINES)))
    return found


def _title(metric: Metric, what: str, *, scaled: bool) -> str:
    scale = " ÷ mean absolute deviation of the series" if scaled and metric == "mae" else ""
    return f"{_TITLES[metric]}{scale}, by {what}"


def _by_score(scores: pd.DataFrame, published: Published, metric: Metric) -> pd.DataFrame:
    rows = []
    for (level, days), group in scores.groupby(["level", "days"], sort=False):
        by = group.set_index("who")
        row = {"level": level, "days": days}
        if metric == "mae":
            row |= {"n": f"{by['n'].iloc[0]:,}", "calls": number(by["calls"].iloc[0])}
        row[by.index[0]] = number(by[metric].iloc[0])
        if metric == "mae" and "mae_median" in by:
            row[f"median of {by.index[0]}"] = number(by["mae_median"].iloc[0])
        if any(key[0] == metric for key in published):
            best = published.get((metric, str(level), str(days)))
            row["published"] = "" if best is None else number(best)
        row |= {str(who): number(value) for who, value in by[metric].iloc[1:].items()}
        row["floor"] = number(by[f"floor_{metric}"].iloc[0])
        if f"{metric}_vs" in by:
            row |= {f"vs {who}": change(by.loc[who], metric) for who in by.index[1:]}
        rows.append(row)
    return pd.DataFrame(rows).fillna("")


def _calibration(scores: pd.DataFrame, baselines: Sequence[str]) -> pd.DataFrame:
    ours = scores[scores["who"] == scores["who"].iloc[0]]
    table: pd.DataFrame = ours[["level", "days"]].copy()
    for name in _CALIBRATION:
        table[name] = [f"{value:.3f}" for value in ours[name]]
    for who in baselines:
        theirs = scores.loc[scores["who"] == who, "cover80"]
        table[f"cover80 of {who}"] = [f"{value:.3f}" for value in theirs]
    return table


def change(row: pd.Series, metric: str) -> str:
    """Return a relative difference with its interval, in percent.

    >>> change(pd.Series({"mae_vs": -0.05, "mae_low": -0.08, "mae_high": 0.01}), "mae")
    '-5.0 [-8.0, +1.0]'
    """
    found = [row[f"{metric}_{part}"] for part in ("vs", "low", "high")]
    if not np.isfinite(np.array(found, float)).all():
        return ""
    value, low, high = (f"{100 * x:+.1f}" for x in found)
    return f"{value} [{low}, {high}]"


def number(value: float) -> str:
    """Return a figure with four significant digits.

    >>> number(1734.9901), number(0.5534), number(float("nan"))
    ('1,735', '0.5534', '')
    """
    if not np.isfinite(value):
        return ""
    places = max(0, 3 - int(np.floor(np.log10(abs(value))))) if value else 3
    return f"{value:,.{min(places, 5)}f}"
