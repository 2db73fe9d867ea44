"""Formats of times are refused before they misread a row; good ones read what they write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sources.time_format import TimeFormat, has_day, has_hour

FORMAT = TypeAdapter(TimeFormat)


@pytest.mark.parametrize(
    ("form", "day", "hour"),
    [
        ("iso", True, True),
        ("%Y-%m-%d %H:%M:%S", True, True),
        ("%d/%m/%Y %H:%M", True, True),
        ("%m/%d/%Y %I:%M:%S %p", True, True),
        ("%d.%m.%y %H.%M", True, True),
        ("%Y%m%d%H%M", True, True),
        ("%Y%m%d", True, False),
        ("%d%m%y", True, False),
        ("%Y-%m-%dT%H:%M:%S.%f", True, True),
        ("%Y-%m-%dT%H:%M:%S%z", True, True),
        ("%Y-%m-%d %H%z", True, True),
        ("%d %b %Y", True, False),
        ("%d. %B %Y, %H:%M Uhr", True, True),
        ("%a %d %b %Y %H:%M", True, True),
        ("%A, %d %B %Y", True, False),
        ("%Y-%j %H", True, True),
        ("%G-W%V-%u", True, False),
        ("%Y week %W day %w", True, False),
        ("%Y %U %a", True, False),
        ("%Y-%m", False, False),
        ("%B %Y", False, False),
        ("%Y", False, False),
        ("%d.%m.%Y (%H) [%M]*+?", True, True),
        ("100%% %Y-%m-%d", True, False),
    ],
)
def test_a_format_that_reads_what_it_writes_passes(form: str, *, day: bool, hour: bool) -> None:
    assert FORMAT.validate_python(form) == form
    assert (has_day(form), has_hour(form)) == (day, hour)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("%s", "seconds since 1970"),
        ("%Q", "'%Q' can't be read here"),
        ("%d/%m/%Y %H:%M%", "a lone %"),
        ("%", "a lone %"),
        ("", "no directives"),
        ("ISO8601", "no directives"),
        ("mixed", "no directives"),
        ("dd/MM/yyyy HH:mm", "no directives"),
        ("100%%", "no directives"),
        ("%d/%m/%Y %H:%M %p", "write %I with %p"),
        ("%d/%m/%Y %p %H", "write %I with %p"),
        ("%d/%m/%Y %I:%M", "write %H, or add %p"),
        ("%d/%m/%Y %p", "half of the day without an hour"),
        ("%d/%m/%Y %d", "the day stands in it twice"),
        ("%Y-%m-%d %y", "the year stands in it twice, as %Y and %y"),
        ("%d %m %b %Y", "the month stands in it twice"),
        ("%G-%m-%Y", "the year stands in it twice"),
        ("%Y-%m-%d %H %I %p", "the hour stands in it twice"),
        ("%a %A %d/%m/%Y", "the weekday stands in it twice"),
        ("%Y-%m-%d %j", "it says the day twice, by day and month and by day of the year"),
        ("%Y-%m %j", "it says the day twice"),
        ("%Y-%m-%d %U", "it says the day twice"),
        ("%Y-%m-%d %H:%M %Z", "write %z"),
        ("%c", "write each part out"),
        ("%x", "such as %d/%m/%Y"),
        ("%d/%m/%Y %X", "write %H:%M:%S"),
        ("%-d/%m/%Y", "without '-'"),
        ("%e %b %Y", "write %d"),
        ("%F %T", "write %Y-%m-%d"),
        ("%Y-%m-%d %H:%M:%S%:z", "+01:00 as well as"),
        ("%Y %W", "a week without a weekday"),
        ("%A %Y", "a weekday without a day"),
        ("%G-W%V", "a week without a weekday"),
        ("%Y-W%V-%u", "write %G-W%V-%u"),
        ("%G-%m-%d", "need each other"),
        ("%Y %W %u", "nothing can be read with it"),
        ("%d/%m %H:%M", "a month without a year"),
        ("%Y-%d", "a day without a month"),
        ("%H:%M", "no year"),
        ("%Y-%m-%d %M", "a minute without an hour"),
        ("%d/%m/%Y %H:%S", "a second without a minute"),
        ("%Y-%m-%d%z", "an offset from UTC without an hour"),
        (" %Y-%m-%d", "a blank stands at its start or end"),
        ("%Y-%m-%d\0", "a sign that no text holds"),
    ],
)
def test_a_format_that_would_misread_is_refused(form: str, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        FORMAT.validate_python(form)
    assert said in error.value.errors()[0]["msg"]


def test_the_refusal_names_the_key_the_format_and_what_to_write_instead() -> None:
    with pytest.raises(ValidationError) as error:
        FORMAT.validate_python("%d/%m/%Y %H:%M %p")
    assert error.value.errors()[0]["msg"] == (
        "Value error, [time] format '%d/%m/%Y %H:%M %p': %H counts hours to 24, so that 08:30 PM "
        "would be read as 08:30; write %I with %p"
    )


@given(st.text(max_size=30) | st.text("%YymbBdjUWVGaAwuHIpMSfz:/- T", max_size=12))
def test_whatever_is_written_passes_or_is_refused_in_words(form: str) -> None:
    try:
        FORMAT.validate_python(form)
    except ValidationError as error:
        message = error.errors()[0]["msg"]
    else:
        message = "[time] format"
    assert "[time] format" in message
