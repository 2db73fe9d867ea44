"""Times of calls: what is written becomes the instant that was meant, or is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from forewatch.errors import SettingsError
from tests.sources.test_door_desk import (
    AT,
    Desk,
    Input,
    Receives,
    Refuses,
    call_rows,
    calls_mapping,
    cases,
    profile,
    text,
)


def at_times(*times: str) -> bytes:
    """A call in north for each time."""
    return text(*(f"r{i},{time},north,theft,ok" for i, time in enumerate(times)))


def by_format(form: str, zone: str | None = None) -> str:
    zoned = f'zone = "{zone}"\n' if zone else ""
    return calls_mapping(tail=f"[time]\nformat = '{form}'\n{zoned}")


def in_zone(zone: str) -> str:
    return calls_mapping(tail=f'[time]\nzone = "{zone}"\n')


SLASHES = tuple(f"01/{day:02d}/2026 08:30:00 PM" for day in range(5, 14))
TWENTY = text(*call_rows(20))
# What a format must not be, with what the message must name.
FORMATS = {
    "%m/%d/%Y %H:%M:%S %p": "08:30 PM would be read as 08:30; write %I with %p",
    "%s": "seconds since 1970",
    "%Q": "'%Q' can't be read here",
    "%d/%m/%Y %H:%M%": "ends with a lone %",
    "%d/%m/%Y %I:%M": "which half of the day",
    "%d/%m %H:%M": "a month without a year",
    "%Y-%m": "lacks the day or the hour|has no day",
    "%d/%m/%Y": "lacks the day or the hour",
    "%H:%M": "no year",
    "%d/%d/%Y %H:%M": "the day stands in it twice",
    "%d/%m/%Y %H:%M %Z": "names of zones are ambiguous",
    "%-d/%m/%Y %H:%M": "write the directive without '-'",
    "%d/%m/%Y %M": "a minute without an hour",
    "%c": "write each part out",
    "": "no directives",
    "dd/mm/yyyy": "no directives",
    "%F %T": "write %Y-%m-%d",
}
REFUSED = tuple(
    Input(
        f"format-{form or 'blank'}",
        TWENTY,
        Refuses(says, SettingsError),
        mapping=by_format(form),
    )
    for form, says in FORMATS.items()
)
ONE = Receives(1)
READ = (
    # the file of case 10 as it is meant, nine calls at half past eight in the evening
    Input(
        "pm-with-12-hours",
        at_times(*SLASHES),
        Receives(9),
        mapping=by_format("%m/%d/%Y %I:%M:%S %p"),
    ),
    # as in case 07, a slash for a hyphen in every time
    Input(
        "case-07",
        TWENTY.replace(b"-01-", b"/01/").replace(b" ", b"T"),
        Refuses(r"20 of 20 rows can't be taken, more than most_quarantined = 20%.*\(20\)"),
    ),
    Input("day-first", at_times("13/01/2026 08:00"), ONE, mapping=by_format("%d/%m/%Y %H:%M")),
    Input(
        "month-first-read-day-first",
        at_times(*SLASHES),
        Refuses("day and month look swapped: the dates span 215 days, and 8 the other way round"),
        mapping=by_format("%d/%m/%Y %I:%M:%S %p"),
    ),
    Input("iso-with-T", at_times("2026-01-05T08:00"), ONE),
    Input("iso-mixed", at_times("2026-01-05 08:00", "2026-01-05T09:00:00.5"), Receives(2)),
    Input("iso-with-Z", at_times("2026-01-05T08:00:00Z"), ONE),
    Input(
        "iso-with-offsets", at_times("2026-01-05T08:00+01:00", "2026-01-05 08:00+0100"), Receives(2)
    ),
    Input(
        "iso-some-with-offset", at_times("2026-01-05T08:00+01:00", "2026-01-05 08:00"), Receives(2)
    ),
    Input(
        "offset-in-the-format",
        at_times("2026-01-05 08:00 +0530"),
        ONE,
        mapping=by_format("%Y-%m-%d %H:%M %z"),
    ),
    Input(
        "no-offset-where-each-has-one",
        at_times(*["2026-01-05T08:00Z"] * 9, "2026-01-05T08:00"),
        Receives(9, quarantined={"unreadable received_at": 1}),
        mapping=in_zone("offset"),
    ),
    Input("blanks-around", at_times(" 2026-01-05 08:00 "), ONE),
    Input(
        "dates-without-time",
        at_times("2026-01-05", *["2026-01-05 08:00"] * 9),
        Receives(9, quarantined={"unreadable received_at": 1}),
    ),
    Input("months", at_times("2026-01", "2026-02"), Refuses("2 of 2 rows.*unreadable received_at")),
    Input(
        "no-such-zone",
        TWENTY,
        Refuses("no time zone 'Europe/Londn'", SettingsError),
        mapping=in_zone("Europe/Londn"),
    ),
    Input(
        "odd-times",
        at_times(
            "2026-02-30 08:00",
            "2026-01-05 24:00",
            "2026-13-01 08:00",
            "2026-01-05 08:60",
            "noon",
            "",
            *["2026-01-05 08:00"] * 24,
        ),
        Receives(24, quarantined={"unreadable received_at": 5, "no received_at": 1}),
    ),
    Input(
        "before-1990-and-after-the-extract",
        at_times(
            "1900-01-01 00:00",
            "1989-12-31 23:59",
            "2027-01-01 00:00",
            "1990-01-01 00:00",
            *["2026-12-30 23:59"] * 12,
        ),
        Receives(
            13,
            quarantined={
                "received before 1990": 2,
                "received after the extract was made": 1,
            },
        ),
    ),
    Input(
        "an-hour-that-never-was",
        at_times("2026-03-29 01:30", *["2026-03-29 02:30"] * 5),
        Receives(5, quarantined={"impossible local time": 1}),
    ),
    Input("an-hour-that-was-in-UTC", at_times("2026-03-29 01:30"), ONE, mapping=in_zone("UTC")),
    Input(
        "seconds-since-1970", at_times("1767600000"), Refuses("1 of 1 rows.*unreadable received_at")
    ),
    Input("a-spreadsheet-s-number", at_times("46027.333"), Refuses("unreadable received_at")),
    # case 14, the mapping begins with a byte-order mark
    Input("case-14", TWENTY, Receives(20), mapping=b"\xef\xbb\xbf" + calls_mapping().encode()),
    Input(
        "UTF-16-mapping",
        TWENTY,
        Refuses("mapping.toml is written in UTF-16", SettingsError),
        mapping=calls_mapping().encode("utf-16"),
    ),
    Input(
        "Latin-1-mapping",
        TWENTY,
        Refuses("not written in UTF-8.*0xE9", SettingsError),
        mapping=b"# \xe9\n" + calls_mapping().encode(),
    ),
)


@cases((*REFUSED, *READ))
def test_times_are_read_as_meant_or_refused(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given)


# What is written, how it is read, and the local hour of London in which the call then stands.
HOURS = (
    ("01/05/2026 08:30:00 PM", by_format("%m/%d/%Y %I:%M:%S %p"), "2026-01-05 20:00"),
    ("01/05/2026 12:10:00 AM", by_format("%m/%d/%Y %I:%M:%S %p"), "2026-01-05 00:00"),
    ("01/05/2026 12:10:00 PM", by_format("%m/%d/%Y %I:%M:%S %p"), "2026-01-05 12:00"),
    ("05/01/2026 08:30", by_format("%d/%m/%Y %H:%M"), "2026-01-05 08:00"),
    ("5/1/2026 8:30", by_format("%d/%m/%Y %H:%M"), "2026-01-05 08:00"),
    ("05-Jan-26 20.30", by_format("%d-%b-%y %H.%M"), "2026-01-05 20:00"),
    ("20260105203000", by_format("%Y%m%d%H%M%S"), "2026-01-05 20:00"),
    ("2026-07-01T10:30:00Z", calls_mapping(), "2026-07-01 11:00"),
    ("2026-07-01T10:30:00", in_zone("UTC"), "2026-07-01 11:00"),
    ("2026-07-01T10:30:00", in_zone("Europe/Berlin"), "2026-07-01 09:00"),
    ("2026-07-01T10:30:00+05:30", in_zone("offset"), "2026-07-01 06:00"),
    ("2026-07-01T10:30:00-0700", calls_mapping(), "2026-07-01 18:00"),
    ("2026-07-01 10:30 +0530", by_format("%Y-%m-%d %H:%M %z"), "2026-07-01 06:00"),
    ("2026-10-25T00:59:59.999999Z", calls_mapping(), "2026-10-25 01:00"),
    ("2026-01-05 23:59:59.999999999", calls_mapping(), "2026-01-05 23:00"),
)


@pytest.mark.parametrize(("written", "mapping", "hour"), HOURS)
def test_a_time_stands_in_its_hour(tmp_path: Path, written: str, mapping: str, hour: str) -> None:
    desk = Desk(tmp_path)
    desk.take(Input("time", at_times(written), ONE, mapping=mapping))
    assert dict(desk.cells()) == {(hour, "north", "theft"): 1}


# Zone, start of the day, a local time, and the local start of the hour to which it belongs.
GRIDS = (
    # first that of case 02, whose every call of 07:35 belongs to the day of 07:30
    ("Europe/London", "07:30", "2026-01-01 07:35", "2026-01-01 07:30"),
    ("Europe/London", "07:30", "2026-01-01 07:29", "2026-01-01 06:30"),
    ("Europe/London", "07:30", "2026-07-01 07:30", "2026-07-01 07:30"),
    ("Europe/London", "07:15", "2026-01-01 08:14", "2026-01-01 07:15"),
    ("Europe/London", "06:45", "2026-01-01 06:44", "2026-01-01 05:45"),
    ("Asia/Kolkata", "07:00", "2026-01-01 07:05", "2026-01-01 07:00"),
    ("Asia/Kathmandu", "07:00", "2026-01-01 06:59", "2026-01-01 06:00"),
    ("Asia/Kathmandu", "07:30", "2026-01-01 07:31", "2026-01-01 07:30"),
    ("Australia/Adelaide", "07:30", "2026-01-01 07:35", "2026-01-01 07:30"),
    ("Australia/Lord_Howe", "07:00", "2026-01-01 07:05", "2026-01-01 07:00"),
    ("Australia/Lord_Howe", "07:00", "2026-07-01 07:05", "2026-07-01 07:00"),
)


@pytest.mark.parametrize(("zone", "start", "written", "hour"), GRIDS)
def test_a_call_belongs_to_the_hour_of_the_force_s_own_grid(
    tmp_path: Path, zone: str, start: str, written: str, hour: str
) -> None:
    desk, force = Desk(tmp_path), profile(zone, start)
    desk.take(Input("grid", at_times(written), ONE, profile=force))
    assert dict(desk.cells(force)) == {(hour, "north", "theft"): 1}


def test_case_02_every_call_of_07_35_belongs_to_the_day_that_began_at_07_30(tmp_path: Path) -> None:
    days = pd.date_range("2026-01-01", "2026-06-30")  # the clock goes forward among them
    times = [f"{day.date()} 07:{minute}" for day in days for minute in range(35, 55, 2)]
    desk, force = Desk(tmp_path), profile(day_starts_at="07:30")
    receipt = desk.take(Input("case-02", at_times(*times), Receives(1810), profile=force))
    assert receipt.taken == len(times) == 1810
    assert dict(desk.cells(force)) == {
        (f"{day.date()} 07:30", "north", "theft"): 10 for day in days
    }


def night(*minutes: int) -> bytes:
    """Calls of 25 October 2026, when 01:00 to 01:59 comes twice; minutes after 01:00."""
    return at_times(*(f"2026-10-25 01:{minute:02d}" for minute in minutes))


ROUND = tuple(range(0, 60, 2))


def test_one_row_out_of_order_does_not_move_the_night(tmp_path: Path) -> None:
    first = (*ROUND[:24], 10, *ROUND[24:])  # 01:10 stands after 01:46
    desk = Desk(tmp_path)
    desk.check(
        Input(
            "odd",
            night(*first, *ROUND),
            Receives(60, quarantined={"out of order in the hour that comes twice": 1}),
        )
    )
    hours = desk.lake.table("calls")
    assert hours is not None
    # 01:00 to 01:59 of summer time is 00:00 UTC; thirty calls each
    assert hours["received_at"].dt.hour.value_counts().to_dict() == {0: 30, 1: 30}


def test_the_repeated_hour_in_order_keeps_both_rounds(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    receipt = desk.take(Input("both", night(*ROUND, *ROUND), Receives(60)))
    assert dict(receipt.clock) == {"repeated hour: by order of arrival": 60}
    hours = desk.lake.table("calls")
    assert hours is not None
    assert hours["received_at"].dt.hour.value_counts().to_dict() == {0: 30, 1: 30}


def test_a_file_by_falling_times_says_the_same(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rows = at_times(
        *(f"2026-10-25 02:{m:02d}" for m in (30, 10)),
        *(f"2026-10-25 01:{m:02d}" for m in (*reversed(ROUND), *reversed(ROUND))),
        "2026-10-25 00:30",
    )
    desk.take(Input("falling", rows, Receives(63)))
    hours = desk.lake.table("calls")
    assert hours is not None
    # 00:30 of summer time is 23:30 UTC; 02:10 and 02:30 of winter time are 02:10 and 02:30
    found = hours["received_at"].dt.hour.value_counts().to_dict()
    assert found == {23: 1, 0: 30, 1: 30, 2: 2}


def test_an_extract_knows_nothing_of_later(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    at = pd.Timestamp("2026-01-05T08:00Z")
    given = Input("later", at_times("2026-01-05 08:00", "2026-01-05 08:01"), Receives(1),
                  accept=("quarantine",))  # fmt: skip
    receipt = desk.take(given, at=at)
    assert at < AT
    assert dict(receipt.quarantined) == {"received after the extract was made": 1}
