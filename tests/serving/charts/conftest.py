"""One chart of each kind, and one process that draws them for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from serving.charts.accuracy import accuracy_chart
from serving.charts.bands import bands_chart
from serving.charts.breakdown import breakdown_chart
from serving.charts.chart import Chart
from serving.charts.curve import curve_chart
from serving.charts.distribution import Limit, distribution_chart
from serving.charts.need_and_plan import need_and_plan_chart
from serving.charts.reasons import reasons_chart
from serving.charts.reliability import reliability_chart
from serving.charts.time_axis import SpecialTime
from serving.drawing import Drawings

ZONE = "Europe/London"
MARKUP = '<b>St "Paul\'s" & \u202eeht</b>\x07'


def periods(first: str, count: int, freq: str) -> pd.DataFrame:
    """Periods by the local clock from a local start on."""
    edges = pd.date_range(first, periods=count + 1, freq=freq, tz=ZONE).tz_convert("UTC")
    return pd.DataFrame({"start": edges[:-1], "end": edges[1:]})


def forecast(frame: pd.DataFrame, mean: float = 40.0) -> pd.DataFrame:
    """A forecast of periods that goes up and down; the last but one isn't forecast."""
    at = np.arange(len(frame))
    level = mean * (1 + 0.6 * np.sin(at / 4))
    level[-2:-1] = np.nan
    widths = {"q02.5": 0.6, "q10": 0.75, "q25": 0.9, "q75": 1.1, "q90": 1.25, "q97.5": 1.4}
    told = {name: np.round(level * width) for name, width in widths.items()}
    actual = np.where(at < 3, np.round(level * 1.05), np.nan)
    return frame.assign(
        mean=level, baseline=level * 1.02, last_year=level * 0.9, actual=actual, **told
    )


def shifts() -> pd.DataFrame:
    """A week of three shifts a day: short, to spare, as needed, without plan, not forecast."""
    frame = periods("2026-11-23 07:00", 21, "8h")
    need = np.tile([8.0, 12.0, 6.0], 7)
    gap = np.resize([2.0, -1.0, 0.0], 21)
    planned = need - gap
    planned[-3:] = gap[-3:] = np.nan
    need[-1] = np.nan
    shift = np.tile(["early", "late", "night"], 7)
    return frame.assign(shift=shift, on_duty=need, planned=planned, gap=gap)


def past_weeks() -> pd.DataFrame:
    """Four past weeks: two in the range, one outside it, one of which nobody knows yet."""
    return periods("2026-10-05 07:00", 4, "7D").assign(
        mean=[100.0, 110, 120, 130],
        low=[90.0, 100, 110, 120],
        high=[110.0, 120, 130, 140],
        actual=[95.0, 119, 140, np.nan],
        baseline=[104.0, 104, 104, 104],
    )


def groups() -> pd.DataFrame:
    """Chances that held, and one that came too rarely."""
    return pd.DataFrame(
        {
            "said": [0.5, 0.1, 0.3],
            "came": [0.2, 0.1, 0.32],
            "low": [0.1, 0.08, 0.2],
            "high": [0.3, 0.12, 0.44],
            "n": [60, 900, 100],
        }
    )


def marks() -> list[SpecialTime]:
    """Football before a concert on a Saturday, told in another order, and one of another year."""

    def at(first: str, last: str, text: str) -> SpecialTime:
        return SpecialTime(pd.Timestamp(first, tz=ZONE), pd.Timestamp(last, tz=ZONE), text)

    return [
        at("2026-11-28 19:00", "2026-11-28 23:00", f"concert {MARKUP}"),
        at("2026-11-28 15:00", "2026-11-28 17:00", "football"),
        at("2025-11-28 15:00", "2025-11-28 17:00", "long ago"),
    ]


def example_charts() -> dict[str, Chart]:
    """A chart of each kind, and the same with other spans."""
    hours = forecast(periods("2026-11-23 07:00", 168, "h"))
    day = forecast(periods("2026-11-28 07:00", 24, "h"))
    days = forecast(periods("2026-11-23 07:00", 28, "D"), 700)
    names = ["Anti-social behaviour", MARKUP, "Violence", "Theft", "Not forecast"]
    return {
        "hours": bands_chart(hours, ZONE, "Bristol", marks=marks()),
        "day": bands_chart(day, ZONE, "Bristol", marks=marks()),
        "days": bands_chart(days, ZONE, MARKUP, marks=marks()),
        "breakdown": breakdown_chart(
            names, [120, 1559, 60.4, 3.2, np.nan], [118, 1600, 75, 3, np.nan], "by call type"
        ),
        "distribution": distribution_chart(
            14.2, 22, "Bristol, Saturday", limits=[Limit(18, "what the plan can take")]
        ),
        "many": distribution_chart(620, 2400, "Bristol", limits=[Limit(580, "a"), Limit(650, "b")]),
        "need_and_plan": need_and_plan_chart(shifts(), ZONE, "Bristol"),
        "curve": curve_chart(
            [2, 3, 4, 5, 6], [0.9, 0.5, 0.2, 0.08, 0.03], "late shift", need=5, planned=4
        ),
        "accuracy": accuracy_chart(past_weeks(), ZONE, "Bristol"),
        "reliability": reliability_chart(groups(), "by day"),
        "reasons": reasons_chart(
            500.4, {"football": 70.3, "school holiday": 30.2, "trend": -20.4}, 580.5, "Saturday"
        ),
    }


@pytest.fixture(scope="session")
def charts() -> dict[str, Chart]:
    return example_charts()


@pytest.fixture(scope="session")
def drawings() -> Iterator[Drawings]:
    """What draws, with one process for all tests; it takes seconds to start."""
    found = Drawings(seconds=60)
    found.share()
    found.listen()
    yield found
    found.close()
