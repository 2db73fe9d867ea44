"""Files of counts: what each cell says is taken as it is, or refused; no number ever wraps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from forewatch.errors import (
    ImplausibleImport,
    MissingColumns,
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
    text,
)

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


def day_file(
    id_: str, comes: Receives | Refuses, *rows: str, mapping: str = COUNTS_BY_DAY
) -> Input:
    return Input(id_, counts(*rows), comes, "counts", mapping)


def _broken_rows() -> list[str]:
    return [*days(10), of("2026-02-01") + ",x", "", *days(20)[10:], "Total"]


BROKEN_ROWS = _broken_rows()


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
    # case 11, three billion a cell was stored as a negative number
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
    ),
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
    ),
    day_file(
        "unmapped-once",
        Refuses(r"area at line 7 \(not shown", UnmappedCodes),
        *days(5),
        of("2026-01-01", 1, "Ann Other"),
    ),
    day_file(
        "blank-area",
        Receives(20, quarantined={"area is missing": 1}),
        *days(20),
        of("2026-01-01", 1, ""),
    ),
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
    ),
    Input(
        "semicolons",
        counts(*days(3)).replace(b",", b";"),
        Refuses("counts lack start, area", MissingColumns),
        "counts",
        COUNTS_BY_DAY,
    ),
)
LINES = (
    day_file("header-only", Receives(lines=(1, 0, 0, 0))),
    day_file("header-only-of-hours", Receives(lines=(1, 0, 0, 0)), mapping=COUNTS_BY_HOUR),
    day_file(
        "header-only-of-quarters",
        Receives(lines=(1, 0, 0, 0)),
        mapping=f"interval_minutes = 15\n{COUNTS_BY_HOUR}",
    ),
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
        Refuses("2 rows can't be taken and don't say of when they are", ImplausibleImport),
        *BROKEN_ROWS,
    ),
    day_file(
        "a-placeholder-of-1970",
        Refuses("1 rows can't be taken and don't say of when they are", ImplausibleImport),
        of("1970-01-01"),
        *days(20),
    ),
    Input(
        "a-placeholder-of-1970-that-somebody-accepts",
        counts(of("1970-01-01"), *days(20)),
        Receives(20, quarantined={"start is before 1990": 1}, lines=(1, 0, 21, 0)),
        "counts",
        COUNTS_BY_DAY,
        accept=("quarantine",),
    ),
    Input(
        "broken-rows-that-somebody-accepts",
        counts(*BROKEN_ROWS),
        Receives(20, quarantined={"more or fewer cells than the header": 2}, lines=(1, 1, 22, 0)),
        "counts",
        COUNTS_BY_DAY,
        accept=("quarantine",),
    ),
    day_file(
        "a-stray-quote",
        Refuses("line 4 reads as a row by itself"),
        *days(1),
        of("2026-02-01", '"1'),
        *days(9)[1:],
    ),
    day_file(
        "a-stray-quote-in-an-area",
        Refuses("line 4 reads as a row by itself"),
        *days(1),
        of("2026-02-01", 1, '"north'),
        *days(9)[1:],
    ),
    day_file("blank-lines", Receives(3, lines=(1, 3, 3, 0)), "", *days(3), "", ""),
    Input(
        "CR-only",
        counts(*days(5)).replace(b"\n", b"\r"),
        Receives(5, lines=(1, 0, 5, 0)),
        "counts",
        COUNTS_BY_DAY,
    ),
)


@cases((*NUMBERS, *TWICE, *CODES, *LINES))
def test_counts_are_what_the_file_says_or_refused(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given)


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
