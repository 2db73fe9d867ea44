"""Files of counts: shorter intervals are summed or refused, and no number wraps or is guessed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from forewatch.errors import (
    ImplausibleImport,
    MissingColumns,
    SettingsError,
    UnmappedCodes,
)
from tests.sources.test_door_desk import (
    COUNTS_BY_DAY,
    COUNTS_BY_HOUR,
    COUNTS_HEADER,
    Desk,
    Input,
    Receives,
    Refuses,
    cases,
    profile,
    text,
)

ALL_AREAS = '[observed]\nareas = "all"\n'
BY_QUARTER = f'resolution = "hour"\ninterval_minutes = 15\n{ALL_AREAS}'
BY_HALF = f'resolution = "hour"\ninterval_minutes = 30\n{ALL_AREAS}'
CASE_11 = [
    f"{day.date()},{area},theft,routine,3000000000"
    for day in pd.date_range("2026-01-01", periods=28)
    for area in ("north", "south")
]


def of(start: str, count: object = 1, area: str = "north", kind: str = "theft") -> str:
    return f"{start},{area},{kind},routine,{count}"


def counts(*rows: str) -> bytes:
    return text(*rows, header=COUNTS_HEADER)


def days(n: int, count: object = 1) -> list[str]:
    return [of(str(day.date()), count) for day in pd.date_range("2026-01-01", periods=n)]


def every(minutes: int, n: int, first: str = "2026-01-01 10:00", count: object = 1) -> list[str]:
    return [
        of(f"{at:%Y-%m-%d %H:%M}", count)
        for at in pd.date_range(first, periods=n, freq=f"{minutes}min")
    ]


def day_file(
    id_: str, comes: Receives | Refuses, *rows: str, mapping: str = COUNTS_BY_DAY
) -> Input:
    return Input(id_, counts(*rows), comes, "counts", mapping)


def hour_file(
    id_: str, comes: Receives | Refuses, *rows: str, mapping: str = COUNTS_BY_HOUR,
    day_starts_at: str = "07:00", zone: str = "Europe/London",
) -> Input:  # fmt: skip
    force = profile(zone, day_starts_at)
    return Input(id_, counts(*rows), comes, "counts", mapping, profile=force)


def no_count(id_: str, written: str, reason: str) -> Input:
    """A number that can be no count, among twenty days that are good."""
    says = rf"numbers that can be no counts of calls: count is {reason} \(1 rows\)"
    refused = Refuses(says, ImplausibleImport)
    return day_file(id_, refused, *days(20), of("2026-02-01", written))


def no_number(id_: str, written: str) -> Input:
    quarantined = Receives(20, quarantined={"count is no number": 1})
    return day_file(id_, quarantined, *days(20), of("2026-02-01", written))


def a_count(id_: str, written: str, n: int) -> Input:
    return day_file(id_, Receives(21, total=20 + n), *days(20), of("2026-02-01", written))


NUMBERS = (
    # case 11: three billion a cell was stored as a negative number
    day_file("case-11", Refuses(r"count is beyond 10⁶ \(56 rows\)", ImplausibleImport), *CASE_11),
    no_count("wraps-to-one", "4294967297", "beyond 10⁶"),
    no_count("negative-billions", "-3000000000", "negative"),
    no_count("beyond", "1000001", "beyond 10⁶"),
    no_count("beyond-64-bits", "18446744073709551617", "beyond 10⁶"),
    no_count("of-forty-digits", "9" * 40, "beyond 10⁶"),
    no_count("of-four-hundred-digits", "9" * 400, "beyond 10⁶"),
    no_count("1e400", "1e400", "beyond 10⁶"),
    no_count("inf", "inf", "beyond 10⁶"),
    no_count("Infinity", "Infinity", "beyond 10⁶"),
    no_count("-inf", "-inf", "negative"),
    no_count("negative", "-1", "negative"),
    no_count("fractional", "1.5", "not whole"),
    no_count("almost-whole", "2.0000001", "not whole"),
    no_count("tiny", "1e-20", "not whole"),
    no_number("nan", "nan"),
    no_number("NA", "NA"),
    no_number("blank", ""),
    no_number("a-word", "many"),
    no_number("a-comma", '"1,5"'),
    no_number("thousands", '"1,000"'),
    no_number("a-blank-within", "1 000"),
    no_number("underscored", "1_000"),
    no_number("hexadecimal", "0x10"),
    no_number("a-truth", "True"),
    no_number("a-date", "2026-01-01"),
    a_count("zero", "0", 0),
    a_count("minus-zero", "-0", 0),
    a_count("a-plus", "+5", 5),
    a_count("of-Excel", "5.0", 5),
    a_count("scientific", "1e3", 1000),
    a_count("a-million", "1000000", 1_000_000),
    a_count("blanks-around", " 7 ", 7),
)
QUARTERS = [*every(15, 8)]  # from 10:00 to 11:59
SUMS = (
    hour_file("quarters", Receives(8, total=8), *QUARTERS, mapping=BY_QUARTER),
    hour_file(
        "quarters-taken-for-hours",
        Refuses(r"6 of 8 rows begin within one \(rows are at :00, :15, :30, :45\).*interval_min"),
        *QUARTERS,
    ),
    hour_file("halves", Receives(4, total=4), *every(30, 4), mapping=BY_HALF),
    hour_file("halves-taken-for-hours", Refuses("2 of 4 rows begin within one"), *every(30, 4)),
    hour_file(
        "quarters-taken-for-halves",
        Refuses("is by an interval of 30 minutes.*4 of 8 rows begin within one"),
        *QUARTERS,
        mapping=BY_HALF,
    ),
    hour_file(
        "hours-taken-for-quarters",  # then the last hour is there by its first quarter only
        Receives(8, quarantined={"the file begins or ends within this hour": 1}),
        *every(60, 9),
        mapping=BY_QUARTER,
    ),
    hour_file(
        "begins-within-an-hour",
        Receives(8, quarantined={"the file begins or ends within this hour": 2}),
        *every(15, 10, "2026-01-01 09:30"),
        mapping=BY_QUARTER,
    ),
    hour_file(
        "ends-within-an-hour",
        Receives(8, quarantined={"the file begins or ends within this hour": 1}),
        *every(15, 9),
        mapping=BY_QUARTER,
    ),
    hour_file(
        "a-span-that-is-stated-is-believed",
        Receives(9),
        *every(15, 9),
        mapping=BY_QUARTER + 'from = "2026-01-01 10:00"\nuntil = "2026-01-01 13:00"\n',
    ),
    hour_file(
        "sums-beyond-a-million",
        Refuses(r"count is beyond 10⁶ \(4 rows\)", ImplausibleImport),
        *every(15, 4, count=300_000),
        *every(15, 60, "2026-01-01 11:00"),
        mapping=BY_QUARTER,
    ),
    hour_file(
        "five-minutes", Receives(24, total=24), *every(5, 24), mapping=BY_QUARTER.replace("15", "5")
    ),  # fmt: skip
    hour_file(
        "seven-minutes",
        Refuses("interval_minutes", SettingsError),
        *every(7, 24),
        mapping=BY_QUARTER.replace("15", "7"),
    ),  # fmt: skip
    hour_file(
        "an-hour-of-60-minutes",
        Refuses("interval_minutes", SettingsError),
        *every(60, 4),
        mapping=BY_QUARTER.replace("15", "60"),
    ),  # fmt: skip
    day_file(
        "intervals-of-days",
        Refuses("belongs to resolution = .hour.", SettingsError),
        *days(3),
        mapping=f"interval_minutes = 15\n{COUNTS_BY_DAY}",
    ),  # fmt: skip
    hour_file(
        "quarters-of-a-day-at-half-past",
        Receives(8, total=8),
        *every(15, 8, "2026-01-01 10:30"),
        mapping=BY_QUARTER,
        day_starts_at="07:30",
    ),
)
GRIDS = (
    hour_file(
        "a-day-at-07:30", Receives(5), *every(60, 5, "2026-01-01 07:30"), day_starts_at="07:30"
    ),  # fmt: skip
    hour_file(
        "hours-beside-the-grid",
        Refuses(r"beginning at :30 as the force-day does; but 5 of 5 rows.*rows are at :00"),
        *every(60, 5),
        day_starts_at="07:30",
    ),
    hour_file("Kathmandu", Receives(5), *every(60, 5), zone="Asia/Kathmandu"),
    hour_file(
        "Kathmandu-at-07:45",
        Receives(5),
        *every(60, 5, "2026-01-01 07:45"),
        zone="Asia/Kathmandu",
        day_starts_at="07:45",
    ),  # fmt: skip
    hour_file(
        "hours-of-UTC-in-Kathmandu",
        Refuses("5 of 5 rows begin within one"),
        *every(60, 5),
        mapping='time.zone = "UTC"\n' + COUNTS_BY_HOUR,
        zone="Asia/Kathmandu",
    ),  # fmt: skip
    hour_file(
        "one-off-the-grid",
        Receives(
            29,
            quarantined={
                "start is not the beginning of an hour": 1,
                "another row lies within the same hour": 1,
            },
        ),
        *every(60, 30),
        of("2026-01-01 12:30"),
    ),
    hour_file(
        "seconds-off-the-grid",
        Receives(30, quarantined={"start is not the beginning of an hour": 1}),
        *every(60, 30),
        of("2026-01-03 12:00:01"),
    ),
    hour_file(
        "an-hour-that-never-was",
        Receives(
            9,
            quarantined={"start can't be read, or is an hour that the clock jumped over": 1},
        ),
        *every(60, 9, "2026-03-28 12:00"),
        of("2026-03-29 01:00"),
    ),
    hour_file(
        "an-hour-that-comes-twice",
        Receives(3, total=6),
        of("2026-10-25 01:00", 1),
        of("2026-10-25 01:00", 2),
        of("2026-10-25 02:00", 3),
    ),  # fmt: skip
    hour_file(
        "an-hour-three-times",
        Refuses("3 of 5 rows can't be taken.*twice"),
        of("2026-10-25 01:00", 1),
        of("2026-10-25 01:00", 2),
        of("2026-10-25 01:00", 3),
        of("2026-10-25 01:00", 4),
        of("2026-10-25 02:00", 3),
    ),  # fmt: skip
    day_file("07:00-is-the-day", Receives(1), of("2026-01-01 07:00")),
    day_file("midnight-is-the-day", Receives(1), of("2026-01-01T00:00")),
    day_file(
        "noon-is-no-day", Refuses("start is not the beginning of a day"), of("2026-01-01 12:00")
    ),
    day_file("compact", Receives(1), of("20260101")),
    day_file(
        "the-day-is-not-over",
        Receives(20, quarantined={"the interval had not ended at the time of the import": 1}),
        *days(20),
        of("2026-12-31"),
    ),
)
MONTHS = (
    day_file(
        "a-month", Refuses("start '2026-01' is a month, and a day belongs there"), of("2026-01")
    ),
    day_file("a-month-among-days", Refuses("'2026-03' is a month"), *days(40), of("2026-03")),
    day_file("a-year", Refuses("'2026' is a month"), of("2026")),
    hour_file("a-month-for-an-hour", Refuses("'2026-01' is a month"), of("2026-01")),
    day_file(
        "a-format-of-months",
        Refuses("has no day", SettingsError),
        of("2026-01"),
        mapping=f'time.format = "%Y-%m"\n{COUNTS_BY_DAY}',
    ),  # fmt: skip
    hour_file(
        "a-format-of-days",
        Refuses("has no hour; write resolution = .day.", SettingsError),
        of("2026-01-01"),
        mapping=f'time.format = "%Y-%m-%d"\n{COUNTS_BY_HOUR}',
    ),  # fmt: skip
    day_file(
        "a-contradictory-format",
        Refuses("write %I with %p", SettingsError),
        *days(3),
        mapping=f'time.format = "%Y-%m-%d %H %p"\n{COUNTS_BY_DAY}',
    ),  # fmt: skip
)
TWICE = (
    day_file(
        "a-row-twice",
        Receives(20, quarantined={"the row stands twice": 1}),
        *days(20),
        of("2026-01-05"),
    ),
    day_file(
        "a-cell-twice",
        Receives(19, quarantined={"the cell stands twice with different counts": 2}),
        *days(20),
        of("2026-01-05", 2),
    ),
    day_file(
        "a-cell-thrice",
        Receives(19, quarantined={"the cell stands twice with different counts": 3}),
        *days(20),
        of("2026-01-05", 2),
        of("2026-01-05", 1),
    ),  # fmt: skip
    day_file(
        "every-cell-twice", Refuses("20 of 40 rows.*the row stands twice"), *days(20), *days(20)
    ),
)
CODES = (
    day_file(
        "unmapped",
        Refuses("area 'west': 2 rows", UnmappedCodes),
        *days(5),
        of("2026-01-01", 1, "west"),
        of("2026-01-02", 1, "west"),
    ),  # fmt: skip
    day_file(
        "unmapped-once",
        Refuses(r"area at line 7 \(not shown", UnmappedCodes),
        *days(5),
        of("2026-01-01", 1, "Ann Other"),
    ),  # fmt: skip
    day_file(
        "blank-area",
        Receives(20, quarantined={"area is missing": 1}),
        *days(20),
        of("2026-01-01", 1, ""),
    ),  # fmt: skip
    day_file(
        "blank-area-mapped",
        Receives(21),
        *days(20),
        of("2026-01-01", 1, ""),
        mapping=COUNTS_BY_DAY + '[crosswalk.area]\nnorth = "north"\n"" = "unknown"\n',
    ),
    day_file(
        "blank-type-mapped",
        Receives(21),
        *days(20),
        of("2026-01-01", 1, "north", ""),
        mapping=COUNTS_BY_DAY + '[crosswalk.call_type]\ntheft = "theft"\n"" = "noise"\n',
    ),
    day_file(
        "blank-area-excluded",
        Receives(20, filtered={"excluded by the crosswalk": 1}),
        *days(20),
        of("2026-01-01", 1, ""),
        mapping=COUNTS_BY_DAY + '[crosswalk.area]\nnorth = "north"\n"" = "exclude"\n',
    ),
    Input(
        "a-column-less",
        text("2026-01-01,north,theft,routine", header="start,area,call_type,grade"),
        Refuses("counts lack count", MissingColumns),
        "counts",
        COUNTS_BY_DAY,
    ),  # fmt: skip
    Input(
        "semicolons",
        counts(*days(3)).replace(b",", b";"),
        Refuses("counts lack start, area", MissingColumns),
        "counts",
        COUNTS_BY_DAY,
    ),  # fmt: skip
)
LINES = (
    day_file("header-only", Receives(lines=(1, 0, 0, 0))),
    hour_file("header-only-of-hours", Receives(lines=(1, 0, 0, 0))),
    hour_file("header-only-of-quarters", Receives(lines=(1, 0, 0, 0)), mapping=BY_QUARTER),
    Input(
        "all-in-quarantine-accepted",
        counts(*(of("soon") for _ in range(5))),
        Receives(
            quarantined={"start can't be read, or is an hour that the clock jumped over": 5},
            lines=(1, 0, 5, 0),
        ),
        "counts",
        COUNTS_BY_DAY,
        accept=("quarantine",),
    ),
    day_file(
        "broken-rows",
        Receives(20, quarantined={"more or fewer cells than the header": 2}, lines=(1, 1, 22, 0)),
        *days(10),
        of("2026-02-01") + ",x",
        "",
        *days(20)[10:],
        "Total",
    ),  # fmt: skip
    day_file(
        "a-stray-quote",
        Refuses("line 4 reads as a row by itself"),
        *days(1),
        of("2026-02-01", '"1'),
        *days(9)[1:],
    ),  # fmt: skip
    day_file(
        "a-stray-quote-in-an-area",
        Refuses("line 4 reads as a row by itself"),
        *days(1),
        of("2026-02-01", 1, '"north'),
        *days(9)[1:],
    ),  # fmt: skip
    day_file("blank-lines", Receives(3, lines=(1, 3, 3, 0)), "", *days(3), "", ""),
    Input(
        "CR-only",
        counts(*days(5)).replace(b"\n", b"\r"),
        Receives(5, lines=(1, 0, 5, 0)),
        "counts",
        COUNTS_BY_DAY,
    ),  # fmt: skip
)


TRIALS = (NUMBERS[0], NUMBERS[-1], *SUMS[:2], GRIDS[5], TWICE[0], CODES[0], LINES[0])


@cases((*NUMBERS, *SUMS, *GRIDS, *MONTHS, *TWICE, *CODES, *LINES))
def test_counts_are_what_the_file_says_or_refused(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given, trial=given in TRIALS)


def test_quarters_are_summed_to_their_hours(tmp_path: Path) -> None:
    rows = [of(f"2026-01-01 {10 + i // 4}:{15 * (i % 4):02d}", i) for i in range(8)]
    desk = Desk(tmp_path)
    desk.take(hour_file("quarters", Receives(8), *rows, mapping=BY_QUARTER))
    want = {"2026-01-01 10:00": 0 + 1 + 2 + 3, "2026-01-01 11:00": 4 + 5 + 6 + 7}
    assert {start: n for (start, _, _), n in desk.cells().items()} == want


@pytest.mark.parametrize("bad", ["many", "", "nan"])
def test_an_hour_with_an_unknown_quarter_is_unknown(tmp_path: Path, bad: str) -> None:
    rows = [*every(15, 40), of("2026-01-01 20:00"), of("2026-01-01 20:15", bad),
            *every(15, 42, "2026-01-01 20:30")]  # fmt: skip
    desk = Desk(tmp_path)
    desk.take(hour_file("unknown-quarter", Receives(), *rows, mapping=BY_QUARTER))
    by_hour = Counter({start: n for (start, _, _), n in desk.cells().items()})
    assert by_hour["2026-01-01 19:00"] == 4
    assert by_hour["2026-01-01 20:00"] != 3  # three quarters are not the hour


@pytest.mark.parametrize("bad", ["many", "-1"])
def test_a_cell_of_two_codes_is_unknown_where_one_of_them_is(tmp_path: Path, bad: str) -> None:
    mapping = COUNTS_BY_DAY + '[crosswalk.call_type]\nT1 = "theft"\nT2 = "theft"\n'
    rows = [of(f"2026-01-{day:02d}", 3, kind=kind) for day in range(1, 11) for kind in ("T1", "T2")]
    rows[5] = of("2026-01-03", bad, kind="T2")
    desk = Desk(tmp_path)
    given = Input("codes", counts(*rows), Receives(), "counts", mapping,
                  accept=("quarantine", "counts"))  # fmt: skip
    desk.take(given)
    by_day = Counter({start: n for (start, _, _), n in desk.cells().items()})
    assert by_day["2026-01-02 07:00"] == 6
    assert by_day["2026-01-03 07:00"] != 3  # a part of the day's thefts is not the day's


def test_what_is_accepted_never_lets_a_number_wrap(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rows = [*days(10), of("2026-02-01", 3_000_000_000), of("2026-02-02", -5)]
    given = Input("accepted", counts(*rows), Receives(), "counts", COUNTS_BY_DAY,
                  accept=("counts",))  # fmt: skip
    receipt = desk.take(given)
    assert dict(receipt.quarantined) == {"count is beyond 10⁶": 1, "count is negative": 1}
    assert sum(desk.cells().values()) == 10


def test_a_correction_of_a_million_is_kept_as_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for n in (1_000_000, 0, 999_999):
        desk.take(day_file("corrected", Receives(), of("2026-01-01", n)))
        assert sum(desk.cells().values()) == n
