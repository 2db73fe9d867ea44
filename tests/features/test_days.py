"""Features of a force-day, by hand for days that everybody knows."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.days import CALENDAR, OWN_HOLIDAYS, day_hours
from forewatch.history import History

MakeVillage = Callable[..., History]


@pytest.fixture(scope="module")
def view(village: MakeVillage) -> AsOf:
    holidays = {
        "date": ["2026-11-25", "2026-11-25", "2026-12-24", "2026-11-27"],
        "kind": ["school_holiday", "school_holiday", "carnival", "secret"],
        "name": ["half-term", "half-term", "parade", "later"],
        "area": ["old", "bay", "", ""],
        "known_at": ["2026-09-01", None, None, "2026-11-24"],
    }
    history = village(tables={"holidays": holidays})
    return AsOf(history, pd.Timestamp("2026-11-23T07:00Z"))


def feature(view: AsOf, name: str, *days: str, area: str = "shire") -> list[float]:
    index = pd.DatetimeIndex(days).as_unit("us")
    made = [maker.make(view, index, (area,)) for maker in (CALENDAR, OWN_HOLIDAYS)]
    values = (made[0] | made[1])[name]
    return [float(value) for value in values[:, 0]]


def test_weekdays_and_position(view: AsOf) -> None:
    days = ("2026-11-23", "2026-11-28", "2026-11-29")
    assert feature(view, "weekday", *days) == [0, 5, 6]
    assert feature(view, "weekend", *days) == [0, 1, 1]
    assert feature(view, "month_start_days", *days) == [22, 27, 28]
    assert feature(view, "day_of_year", "2026-01-01", "2028-12-31") == [1, 366]


def test_the_season_turns_once_a_year(view: AsOf) -> None:
    assert feature(view, "season_sin_1", "2026-01-01") == [0]
    assert feature(view, "season_cos_1", "2026-01-01", "2028-01-01") == [1, 1]
    turn = 91 / 365  # 2 April is day 91 counted from 0
    for k in (1, 2, 3):
        sine = feature(view, f"season_sin_{k}", "2026-04-02")
        assert sine == pytest.approx([np.sin(2 * np.pi * k * turn)], abs=1e-12)


def test_christmas_and_new_year_stand_on_their_dates(view: AsOf) -> None:
    days = ("2026-12-24", "2026-12-25", "2026-12-26", "2026-12-31", "2027-01-01")
    names = ("christmas_eve", "christmas_day", "boxing_day", "new_years_eve", "new_years_day")
    assert [feature(view, name, *days) for name in names] == np.eye(5).tolist()


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2000, "04-23"), (2008, "03-23"), (2019, "04-21"), (2026, "04-05"), (2038, "04-25")],
)
def test_easter_falls_where_the_almanac_says(view: AsOf, year: int, sunday: str) -> None:
    days = pd.date_range(f"{year}-01-01", f"{year}-12-31")
    found = feature(view, "easter_days", *days.strftime("%Y-%m-%d"))
    monday = pd.Timestamp(f"{year}-{sunday}") + pd.Timedelta(days=1)
    assert list(days[np.array(found) == 1]) == list(pd.date_range(end=monday, periods=4))


def test_easter_has_four_days(view: AsOf) -> None:
    days = [f"2026-04-{day:02d}" for day in range(2, 8)]
    assert feature(view, "easter_days", *days) == [0, 1, 1, 1, 1, 0]


def test_bank_holidays_have_an_eve_and_a_day_after(view: AsOf) -> None:
    # Friday 25 and Saturday 26 December 2026, and Monday 28 instead of the Saturday.
    days = [f"2026-12-{day}" for day in range(23, 31)]
    assert feature(view, "bank_holiday", *days) == [0, 0, 1, 1, 0, 1, 0, 0]
    assert feature(view, "bank_holiday_eve", *days) == [0, 1, 0, 0, 1, 0, 0, 0]
    assert feature(view, "bank_holiday_after", *days) == [0, 0, 0, 0, 1, 0, 1, 0]


def test_a_holiday_of_some_leaves_counts_by_their_share(view: AsOf) -> None:
    shares = [
        feature(view, "school_holiday", "2026-11-25", area=area)[0]
        for area in ("shire", "town", "coast", "old", "new")
    ]
    assert shares == pytest.approx([2 / 3, 1 / 2, 1, 1, 0])


def test_an_announced_kind_of_the_forces_own_has_a_column(view: AsOf) -> None:
    own = OWN_HOLIDAYS.features(view)
    assert [f.name for f in own] == ["holiday_carnival"]  # the secret one is announced tomorrow
    assert feature(view, "holiday_carnival", "2026-12-23", "2026-12-24") == [0, 1]


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Europe/London", ("2026-03-28", "2026-10-24", "2026-10-25")),
        ("America/Los_Angeles", ("2026-03-07", "2026-10-31", "2026-11-01")),
    ],
)
def test_clock_changes_are_an_hour_less_or_more(
    village: MakeVillage, zone: str, days: tuple[str, ...]
) -> None:
    view = AsOf(village(force={"zone": zone}), pd.Timestamp("2026-11-23T07:00Z"))
    assert feature(view, "clock_change_hours", *days) == [-1, 1, 0]
    assert day_hours(view, pd.DatetimeIndex(days)).tolist() == [23, 25, 24]
    assert day_hours(view, pd.DatetimeIndex([])).tolist() == []
