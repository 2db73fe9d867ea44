"""Tourism, events, holidays, unobserved windows and breaks: every row is told, none is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewatch.errors import ForewatchError, MissingColumns, SettingsError, UnmappedCodes
from tests.sources.test_door_desk import Desk, Input, Receives, Refuses, cases, text

HEADERS = {
    "tourism": "area,month,visitors,published_at",
    "events": "name,area,lat,lon,start,end,attendance_low,attendance_high,announced_at",
    "holidays": "from,to,kind,name,area,announced_at",
    "unobserved": "start,end,area",
    "breaks": "start,end,area,call_type,kind,expected_ratio,reason,decided_by,announced_at",
    "covariates": "covariate,area,date,hour,value,known_at",
}
GOOD = {
    "tourism": "north,{year}-07,900,{year}-09-10",
    "events": "Fair,north,,,{year}-08-09,{year}-08-11,10,20,{year}-01-15",
    "holidays": "{year}-10-28,{year}-10-30,school_holiday,Half term,,",
    "unobserved": "{year}-06-01T07:00,{year}-06-02T07:00,north",
    "breaks": "{year}-07-01,,,theft,level,0.7,right care,gold,{year}-05-01",
    "covariates": "heat,,{year}-07-01,,21.5,{year}-06-28",
}
BROKEN = "more or fewer cells than the header"


def good(table: str, n: int = 6) -> list[str]:
    return [GOOD[table].format(year=2010 + i) for i in range(n)]


def given(
    id_: str, table: str, comes: Receives | Refuses, *rows: str, mapping: str = "", n: int = 6
) -> Input:
    content = text(*good(table, n), *rows, header=HEADERS[table])
    return Input(f"{table}-{id_}", content, comes, table, mapping)


def aside(id_: str, table: str, row: str, reason: str) -> Input:
    """A row that can't be taken beside six that can."""
    return given(id_, table, Receives(6, quarantined={reason: 1}, lines=(1, 0, 7, 0)), row)


def refused(
    id_: str, table: str, row: str, says: str, error: type[ForewatchError] = ForewatchError,
    mapping: str = "",
) -> Input:  # fmt: skip
    return given(id_, table, Refuses(says, error), row, mapping=mapping)


PLAIN = tuple(given("good", table, Receives(6, lines=(1, 0, 6, 0))) for table in HEADERS)
HEADER_ONLY = tuple(
    given("header-only", table, Receives(lines=(1, 0, 0, 0)), n=0) for table in HEADERS
)
BROKEN_ROWS = tuple(
    given(
        "a-cell-more",
        table,
        Receives(6, quarantined={BROKEN: 1}, lines=(1, 1, 7, 0)),
        "",
        GOOD[table].format(year=2020) + ",x",
    )
    for table in HEADERS
)
SEMICOLONS = tuple(
    Input(
        f"{table}-semicolons",
        text(*good(table), header=head).replace(b",", b";"),
        Refuses("none of the columns", MissingColumns),
        table,
        "",
    )
    for table, head in HEADERS.items()
)
MARKED = tuple(
    Input(
        f"{table}-CRLF-and-a-mark",
        b"\xef\xbb\xbf" + text(*good(table), header=head).replace(b"\n", b"\r\n"),
        Receives(6, lines=(1, 0, 6, 0)),
        table,
        "",
    )
    for table, head in HEADERS.items()
)
CUT = tuple(
    Input(
        f"{table}-no-newline-at-the-end",
        text(*good(table), header=head)[:-1],
        Receives(6, lines=(1, 0, 6, 0)),
        table,
        "",
    )
    for table, head in HEADERS.items()
)
STRAY_AT = {
    "events": (b"Fair", b'"Fair'), "holidays": (b"Half term", b'"Half term'),
    "breaks": (b"right care", b'"right care'), "tourism": (b",900", b',"900'),
    "unobserved": (b",north", b',"north'), "covariates": (b",21.5", b',"21.5'),
}  # fmt: skip


def with_a_stray_quote(table: str) -> Input:
    """Six rows, of which the second has a quote that nothing closes."""
    lines = text(*good(table), header=HEADERS[table]).split(b"\n")
    lines[2] = lines[2].replace(*STRAY_AT[table])
    says = Refuses("line 4 reads as a row by itself")
    return Input(f"{table}-stray-quote", b"\n".join(lines), says, table, "")


STRAY = tuple(map(with_a_stray_quote, HEADERS))
MONTHS = (
    refused("a-month", "events", "Fair,north,,,2024-08,2024-08-11,1,2,2024-01-15",
            "start '2024-08' is a month"),
    refused("a-month-as-end", "events", "Fair,north,,,2024-08-01,2024-08,1,2,2024-01-15",
            "end '2024-08' is a month"),
    refused("a-month", "holidays", "2024-10,,fair,,,", "from '2024-10' is a month"),
    refused("a-month", "unobserved", "2024-06,2024-07-01,north", "start '2024-06' is a month"),
    refused("a-month", "breaks", "2024-07,,,theft,level,0.7,x,gold,2024-05-01", "is a month"),
    refused("a-month", "covariates", "heat,,2024-07,,1,2024-06-01", "date '2024-07' is a month"),
    refused("a-month-of-news", "tourism", "north,2024-07,9,2024-09", "'2024-09' is a month"),
    refused("a-year", "unobserved", "2024,2025,north", "'2024' is a month"),
    aside("a-quarter", "tourism", "north,2024-Q3,9,2024-09-10", "month can't be read"),
)  # fmt: skip
NUMBERS = (
    *(aside(f"{written or 'blank'}", "tourism", f"north,2024-07,{written},2024-09-10", reason)
    for written, reason in (
        ("-1", "visitors is negative"),
        ("nan", "visitors is no number"),
        ("", "visitors is no number"),
        ("many", "visitors is no number"),
        ("inf", "visitors is no number"),
        ("1e400", "visitors is no number"),
    )),
    aside("inf", "events", "Fair,north,,,2024-08-09,2024-08-11,1,inf,2024-01-15",
          "attendance is missing or no number"),
    aside("no-number", "events", "Fair,north,,,2024-08-09,2024-08-11,many,many,2024-01-15",
          "attendance is missing or no number"),
    aside("nowhere", "events", "Fair,,,,2024-08-09,2024-08-11,1,2,2024-01-15",
          "no area, and no leaf near its coordinates"),
    aside("infinitely-far", "events", "Fair,,inf,-3,2024-08-09,2024-08-11,1,2,2024-01-15",
          "no area, and no leaf near its coordinates"),
    aside("inf", "breaks", "2024-07-01,,,theft,level,inf,x,gold,2024-05-01",
          "expected_ratio is no number above 0"),
    aside("inf", "covariates", "heat,,2024-07-01,,inf,2024-06-01", "value is no number"),
    aside("blank", "covariates", "heat,,2024-07-01,,,2024-06-01", "value is no number"),
    aside("strange", "covariates", "cold,,2024-07-01,,1,2024-06-01",
          "forewatch.toml has no such covariate"),
    aside("an-area-of-another-level", "covariates", "heat,north,2024-07-01,,1,2024-06-01",
          "area is not of the covariate's level"),
    aside("zero", "breaks", "2024-07-01,,,theft,level,0,x,gold,2024-05-01",
          "expected_ratio is no number above 0"),
)  # fmt: skip
TIMES = (
    aside("backwards", "unobserved", "2024-06-02,2024-06-01,north", "end is not after start"),
    aside("no-date", "unobserved", "2024-02-30,2024-06-01,north", "start can't be read"),
    aside("no-end", "unobserved", "2024-02-01,,north", "end can't be read"),
    aside("no-date", "holidays", "2024-13-01,,fair,,,", "date can't be read"),
    aside("four-hundred-days", "holidays", "2024-01-01,2034-01-01,fair,,,", "longer than 400 days"),
    aside("a-kind-in-words", "holidays", "2024-01-01,,Big Day,,,",
          "kind is not lower case letters, digits and _"),
    aside("no-date", "covariates", "heat,,,,1,2024-06-01",
          "date or hour is missing or can't be read"),
    aside("never-known", "covariates", "heat,,2024-07-01,,1,",
          "known_at is missing or can't be read"),
    aside("known-too-soon", "covariates", "feet,north,2024-07-01,,1,2024-06-01",
          "known before it was measured"),
    aside("twice", "unobserved", good("unobserved")[0], "the row stands twice"),
    refused("a-contradictory-format", "unobserved", "", "write %I with %p", SettingsError,
            "time.format = '%Y-%m-%d %H:%M %p'"),
    refused("no-day", "unobserved", "", "has no day", SettingsError, "time.format = '%Y-%m'"),
)  # fmt: skip
CODES = (
    refused("unmapped", "tourism", "Ann Other,2024-07,9,2024-09-10", r"area at line 8 \(not shown",
            UnmappedCodes),
    refused("unmapped", "unobserved", "2024-06-02,2024-06-03,west", "area at lin", UnmappedCodes),
    refused("unmapped", "breaks", "2024-07-01,,,arson,level,0.7,x,gold,2024-05-01",
            "call_type at line 8", UnmappedCodes),
    aside("blank-area", "tourism", ",2024-07,9,2024-09-10", "area is missing"),
    given("blank-mapped", "tourism", Receives(7), ",2024-07,9,2024-09-10",
          mapping='[crosswalk.area]\n"" = "unknown"\nnorth = "north"\n'),
    refused("unknown-key", "events", "", "Extra inputs", SettingsError, "colour = 1"),
    refused("unknown-column", "events", "", "events don't have: colour", SettingsError,
            "columns.colour = 'x'"),
)  # fmt: skip


@cases(
    (*PLAIN, *HEADER_ONLY, *BROKEN_ROWS, *SEMICOLONS, *MARKED, *CUT, *STRAY,
     *MONTHS, *NUMBERS, *TIMES, *CODES)
)  # fmt: skip
def test_a_row_of_a_table_is_taken_or_told(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given)


@pytest.mark.parametrize("table", ["tourism", "events", "holidays", "unobserved"])
def test_an_area_that_is_excluded_is_left_out_of_a_table(tmp_path: Path, table: str) -> None:
    desk = Desk(tmp_path)
    row = GOOD[table].format(year=2020)
    row = row.replace("north", "X") if "north" in row else row.replace("term,", "term,X")
    mapping = '[crosswalk.area]\nnorth = "north"\nX = "exclude"\n'
    receipt = desk.take(given("excluded", table, Receives(), row, mapping=mapping))
    assert receipt.taken == 6
    assert sum(receipt.filtered.values()) + sum(receipt.quarantined.values()) == 1
    stored = desk.lake.table(table)
    assert stored is not None
    assert "exclude" not in set(stored["area"])
