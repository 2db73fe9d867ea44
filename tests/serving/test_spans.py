"""What a person writes as a time, as instants, by hand."""

from datetime import time

import pandas as pd
import pytest

from forewatch.clock import Clock
from forewatch.errors import BadQuestion
from serving.spans import instant, span

LONDON = Clock("Europe/London", time(7))


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-01", "2026-12-01T07:00Z"),  # the force-day begins
        ("2026-07-01", "2026-07-01T06:00Z"),  # in summer an hour earlier
        ("2026-12-01T18:00", "2026-12-01T18:00Z"),
        ("2026-07-01T18:00", "2026-07-01T17:00Z"),
        ("2026-07-01T18:00Z", "2026-07-01T18:00Z"),
        ("2026-07-01T18:00+02:00", "2026-07-01T16:00Z"),
        ("2026-10-25T01:30+00:00", "2026-10-25T01:30Z"),  # the second of October's two
    ],
)
def test_a_text_means_an_instant(text: str, utc: str) -> None:
    assert instant(LONDON, text) == pd.Timestamp(utc)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "01/12/2026", "NaT"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadQuestion, match=r"no date or time .* write 2026-12-01"):
        instant(LONDON, text)


@pytest.mark.parametrize("text", ["2026-10-25T01:30", "2026-03-29T01:30"])
def test_a_wall_clock_reading_of_two_instants_or_none_is_refused(text: str) -> None:
    with pytest.raises(BadQuestion, match=r"skips .* or shows it twice; add the offset"):
        instant(LONDON, text)


def test_a_slip_of_the_pen_in_the_year_is_refused() -> None:
    with pytest.raises(BadQuestion, match="out of reach"):
        instant(LONDON, "0226-12-01")


def test_years_from_1990_to_2199_are_known_as_days_and_as_weeks() -> None:
    for text in ("1990-01-01", "2199-12-31"):
        assert f"{instant(LONDON, text).tz_convert('Europe/London'):%Y-%m-%d}" == text
    for text in ("1989-12-31", "2200-01-01"):
        with pytest.raises(BadQuestion, match="out of reach; years from 1990 to 2199 are known"):
            instant(LONDON, text)
    for text in ("1990-W01", "2199-W52"):
        assert span(LONDON, week=text)[0].year == int(text[:4])
    for text in ("1989-W52", "2200-W02"):
        with pytest.raises(BadQuestion, match="out of reach; years from 1990 to 2199 are known"):
            span(LONDON, week=text)


def test_a_week_runs_from_mondays_force_day_to_the_next() -> None:
    # The week of October's clock change lasts 169 hours.
    start, end = span(LONDON, week="2026-W43")
    assert start == pd.Timestamp("2026-10-19T06:00Z")
    assert end - start == pd.Timedelta(hours=169)


def test_a_span_needs_a_week_or_both_ends() -> None:
    with pytest.raises(BadQuestion, match="say which time"):
        span(LONDON, start="2026-12-01")
    with pytest.raises(BadQuestion, match="both given"):
        span(LONDON, week="2026-W49", start="2026-12-01", end="2026-12-02")
