"""Tourism pressure by hand: published months, filled months, sums of parts, inherited figures."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.visitors import tourism_features
from forewatch.history import History

MakeVillage = Callable[..., History]
MONTHS = [f"2025-{month:02d}-01" for month in range(7, 13)] + [
    f"2026-{month:02d}-01" for month in range(1, 10)
]


def tourism(area: str, visitors: list[float]) -> pd.DataFrame:
    """Months July 2025 to September 2026, each published two months after it began."""
    months = pd.DatetimeIndex(MONTHS)
    return pd.DataFrame(
        {
            "area": area,
            "month": months,
            "visitors": visitors,
            "known_at": months + pd.DateOffset(months=2),
        }
    )


def pressure(
    village: MakeVillage, figures: pd.DataFrame, days: list[str], area: str, origin: str
) -> tuple[list[float], list[float]]:
    history = village(tables={"tourism": figures.to_dict("list")})
    view = AsOf(history, pd.Timestamp(origin, tz="UTC"))
    found = tourism_features(view, pd.DatetimeIndex(days), (area,))
    return found["tourism_pressure"][:, 0].tolist(), found["tourism_known"][:, 0].tolist()


SEASON = [300.0, 400.0, 200.0, 100.0, 50.0, 50.0, 50.0, 50.0, 80.0, 100.0, 150.0, 200.0]


def test_published_months_are_compared_with_the_last_twelve(village: MakeVillage) -> None:
    figures = tourism("bay", [*SEASON, 330.0, 440.0, 220.0])
    last_twelve = np.mean([*SEASON[3:], 330.0, 440.0, 220.0])
    days = ["2026-08-16", "2026-05-16", "2026-07-16"]  # at noon of the 16th half of 31 days is over
    found, known = pressure(village, figures, days, "bay", "2026-11-23")
    assert found == pytest.approx(np.log(np.array([440, 150, 330]) / last_twelve))
    assert known == [1, 1, 1]


def test_days_lie_on_lines_between_the_middles_of_months(village: MakeVillage) -> None:
    figures = tourism("bay", [*SEASON, 330.0, 440.0, 220.0])
    days = ["2026-08-31", "2026-09-01", "2026-08-06"]
    found, _ = pressure(village, figures, days, "bay", "2026-11-23")
    last_twelve = np.mean([*SEASON[3:], 330.0, 440.0, 220.0])
    july, august, september = np.log(np.array([330, 440, 220]) / last_twelve)
    to_september = (september - august) / 30.5  # a day
    line = [august + 15 * to_september, august + 16 * to_september]
    assert found == pytest.approx([*line, august - 10 * (august - july) / 31])


def test_no_line_leads_to_an_unknown_month(village: MakeVillage) -> None:
    figures = tourism("bay", [*SEASON, 330.0, 440.0, 220.0]).iloc[:3]
    days = ["2025-09-16", "2025-09-30", "2025-10-01", "2025-10-20"]
    found, known = pressure(village, figures, days, "bay", "2026-11-23")
    assert found == pytest.approx([np.log(200 / 300), np.log(200 / 300), 0, 0])
    assert known == [1, 1, 0, 0]


def test_an_unpublished_month_is_filled_from_the_latest_year(village: MakeVillage) -> None:
    figures = tourism("bay", [*SEASON, 330.0, 440.0, 220.0])
    # On 15 September 2026 July is published, August (in October) is not.
    last_twelve = np.mean([*SEASON[1:], 330.0])
    days = ["2026-07-16", "2026-08-16", "2027-07-16", "2024-08-16"]
    found, known = pressure(village, figures, days, "bay", "2026-09-15")
    assert found == pytest.approx(np.log(np.array([330, 400, 330, 400]) / last_twelve))
    assert known == [1, 1, 1, 1]


def test_a_month_that_was_never_published_says_nothing(village: MakeVillage) -> None:
    figures = tourism("bay", [*SEASON, 330.0, 440.0, 220.0]).iloc[:3]
    found, known = pressure(village, figures, ["2026-08-16", "2026-03-01"], "bay", "2026-11-23")
    assert found == pytest.approx([np.log(400 / 300), 0])
    assert known == [1, 0]


def test_a_parent_has_the_sum_of_its_parts(village: MakeVillage) -> None:
    one, other = tourism("bay", [10.0] * 13 + [20.0] * 2), tourism("old", [30.0] * 15)
    figures = pd.concat([one, other])
    found, _ = pressure(village, figures, ["2026-08-16"], "shire", "2026-11-23")
    usual = (10 * 10 + 2 * 20) / 12 + 30
    assert found == pytest.approx([np.log((20 + 30) / usual)])


def test_an_own_figure_goes_before_the_sum_of_parts(village: MakeVillage) -> None:
    figures = pd.concat([tourism("bay", [10.0] * 13 + [20.0] * 2), tourism("coast", [30.0] * 15)])
    found, known = pressure(village, figures, ["2026-08-16"], "coast", "2026-11-23")
    assert (found, known) == ([0], [1])


def test_a_part_takes_the_figure_of_the_area_above(village: MakeVillage) -> None:
    figures = tourism("coast", [10.0] * 13 + [20.0] * 2)
    found, known = pressure(village, figures, ["2026-08-16"], "bay", "2026-11-23")
    assert found == pytest.approx([np.log(20 / (140 / 12))])
    assert known == [1]


@pytest.mark.parametrize("area", ["town", "old"])
def test_an_area_without_figures_is_known_to_be_unknown(village: MakeVillage, area: str) -> None:
    figures = tourism("bay", [10.0] * 15)
    found, known = pressure(village, figures, ["2026-08-16"], area, "2026-11-23")
    assert (found, known) == ([0], [0])


def test_a_month_without_visitors_has_a_floor(village: MakeVillage) -> None:
    figures = tourism("bay", [12.0] * 13 + [0.0] * 2)
    found, _ = pressure(village, figures, ["2026-08-16"], "bay", "2026-11-23")
    assert found == pytest.approx([np.log(0.05)])


def test_figures_of_nothing_but_zero_say_nothing(village: MakeVillage) -> None:
    figures = tourism("bay", [0.0] * 15)
    found, known = pressure(village, figures, ["2026-08-16"], "bay", "2026-11-23")
    assert (found, known) == ([0], [0])
