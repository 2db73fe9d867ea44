from datetime import time
from typing import Any

import pandas as pd
import pytest

from forewatch.errors import DataError
from sources.instants import dates, day_start, stop_at_months, wall_clock, written_instants

LONDON = "Europe/London"


def one(text: str, zone: str = LONDON, **how: Any) -> Any:
    return written_instants(pd.Series([text], dtype="str"), zone, **how).iloc[0]


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2024-07-01T12:00", LONDON, "2024-07-01T11:00Z"),
        ("2024-01-01 12:00:30", LONDON, "2024-01-01T12:00:30Z"),
        ("2024-07-01", LONDON, "2024-06-30T23:00Z"),
        ("2024-07-01T12:00Z", LONDON, "2024-07-01T12:00Z"),
        ("2024-07-01T12:00:00-07:00", LONDON, "2024-07-01T19:00Z"),
        ("2024-07-01T12:00+0530", LONDON, "2024-07-01T06:30Z"),
        ("2024-07-01T12:00", "America/Los_Angeles", "2024-07-01T19:00Z"),
    ],
)
def test_a_wall_clock_is_read_in_its_zone_and_an_offset_as_it_stands(
    text: str, zone: str, utc: str
) -> None:
    assert one(text, zone) == pd.Timestamp(utc)


def test_an_hour_that_never_was_and_an_unreadable_text_are_missing() -> None:
    assert pd.isna(one("2024-03-31T01:30"))
    assert pd.isna(one("yesterday"))
    assert pd.isna(one("2024-13-01"))


def test_the_repeated_hour_is_the_first_unless_the_second_is_asked_for() -> None:
    assert one("2024-10-27T01:30") == pd.Timestamp("2024-10-27T00:30Z")
    assert one("2024-10-27T01:30", second_hour=True) == pd.Timestamp("2024-10-27T01:30Z")


def test_a_date_of_publication_is_over_when_its_day_is_over() -> None:
    assert one("2024-07-01", date_means_end=True) == pd.Timestamp("2024-07-01T23:00Z")
    assert one("2024-07-01T09:00", date_means_end=True) == pd.Timestamp("2024-07-01T08:00Z")


def test_a_format_of_its_own_is_used() -> None:
    assert one("31/12/2023 23:15", form="%d/%m/%Y %H:%M") == pd.Timestamp("2023-12-31T23:15Z")
    found = one("31/12/2023 23:15 +0200", form="%d/%m/%Y %H:%M %z")
    assert found == pd.Timestamp("2023-12-31T21:15Z")
    assert pd.isna(one("2023-12-31", form="%d/%m/%Y"))


def test_a_month_is_its_first_day() -> None:
    texts = pd.Series(["2024-07", "2024-07-15T10:00", "July"], dtype="str")
    found = dates(texts, months=True)
    assert found[0] == pd.Timestamp("2024-07-01")
    assert found[1] == pd.Timestamp("2024-07-15")
    assert pd.isna(found[2])


def test_a_month_is_no_day_unless_months_are_asked_for() -> None:
    texts = pd.Series(["2024-07", "2024", "2024-07-15"], dtype="str")
    assert dates(texts).isna().tolist() == [True, True, False]
    assert written_instants(texts, LONDON).isna().tolist() == [True, True, False]
    with pytest.raises(DataError, match=r"f.csv: start '2024-07' is a month, and a day belongs"):
        stop_at_months("f.csv", "start", texts, "iso")


def test_force_days_have_23_24_and_25_hours() -> None:
    days = pd.Series(
        pd.date_range("2024-03-30", "2024-04-01").union(pd.date_range("2024-10-26", "2024-10-28"))
    )
    edges = day_start(days, LONDON, time(0))
    hours = edges.diff().dt.total_seconds().div(3600).tolist()
    assert hours[1:3] == [24.0, 23.0]
    assert hours[4:6] == [24.0, 25.0]


def test_a_day_that_begins_in_the_skipped_hour_begins_after_it() -> None:
    found = day_start(pd.Series([pd.Timestamp("2024-03-31")]), LONDON, time(1, 30))
    assert found.iloc[0] == pd.Timestamp("2024-03-31T01:00Z")
    moved = wall_clock(pd.Series([pd.Timestamp("2024-03-31T01:15")]), LONDON)
    assert moved.iloc[0] == pd.Timestamp("2024-03-31T01:00Z")
