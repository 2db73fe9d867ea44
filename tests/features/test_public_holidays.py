"""Bank holidays as they stood: one-off days appear when they are announced, not before."""

import pandas as pd
import pytest

from features.public_holidays import bank_holidays
from forewatch.errors import SettingsError


def dates(year: int, origin: str, subdivision: str = "ENG") -> set[str]:
    found = bank_holidays("GB", subdivision, (year,), pd.Timestamp(origin, tz="UTC"))
    return {day.strftime("%m-%d") for day in found["date"]}


def test_the_early_may_day_of_2020_moves_when_that_is_announced() -> None:
    before, after = dates(2020, "2019-06-06"), dates(2020, "2019-06-07")
    assert (before - after, after - before) == ({"05-04"}, {"05-08"})


def test_the_jubilee_moves_one_day_and_adds_another() -> None:
    before, after = dates(2022, "2020-11-11"), dates(2022, "2020-11-12")
    assert (before - after, after - before) == ({"05-30"}, {"06-02", "06-03"})


@pytest.mark.parametrize(
    ("day", "announced"), [("2022-09-19", "2022-09-10"), ("2023-05-08", "2022-11-06")]
)
def test_an_extra_day_is_unknown_before_it_is_announced(day: str, announced: str) -> None:
    year = int(day[:4])
    eve = str(pd.Timestamp(announced) - pd.Timedelta(hours=1))
    assert day[5:] not in dates(year, eve)
    assert day[5:] in dates(year, announced)


def test_the_announcement_is_kept_as_known_at() -> None:
    found = bank_holidays("GB", "ENG", (2023,), pd.Timestamp("2023-01-01", tz="UTC"))
    known = found.set_index("date")["known_at"]
    assert known[pd.Timestamp("2023-05-08")] == pd.Timestamp("2022-11-06", tz="UTC")
    assert known[pd.Timestamp("2023-12-25")] is pd.NaT


def test_ordinary_days_of_another_country_are_its_own() -> None:
    found = bank_holidays("US", "CA", (2019,), pd.Timestamp("2018-01-01", tz="UTC"))
    days = set(found["date"].dt.strftime("%m-%d"))
    assert {"07-04", "11-28"} <= days
    assert "12-26" not in days


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^no public holidays for 'XX' : .*import a table"):
        bank_holidays("XX", None, (2026,), pd.Timestamp("2026-01-01", tz="UTC"))
