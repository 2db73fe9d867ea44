"""Codes of areas, call types and grades: mapped, told, or left out by name; never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewatch.errors import MissingColumns, SettingsError, UnmappedCodes
from tests.sources.test_door_desk import (
    Desk,
    Input,
    Receives,
    Refuses,
    call_rows,
    calls_mapping,
    cases,
    text,
)

TWENTY = call_rows(20)
ALL = Receives(20, lines=(1, 0, 20, 0))
WITH_GRADES = calls_mapping().replace('[constants]\ngrade = "routine"', 'grade = "grade"')


def coded(*codes: str, column: int = 3) -> bytes:
    """A call for each code, in the place of one of the columns."""
    rows = []
    for i, code in enumerate(codes):
        cells = [f"r{i}", f"2026-01-{1 + i % 28:02d} 08:00", "north", "theft", "ok"]
        cells[column] = code
        rows.append(",".join(cells))
    return text(*rows)


def graded(*grades: str) -> bytes:
    rows = (f"r{i},2026-01-05 08:00,north,theft,ok,{g}" for i, g in enumerate(grades))
    return text(*rows, header="ref,received_at,area,type,memo,grade")


def walk(kind: str, *entries: str) -> str:
    """A crosswalk of entries, each the inside of a TOML table."""
    tables = "".join(f"[[crosswalk.{kind}]]\n{entry}\n" for entry in entries)
    return calls_mapping(tail=tables) if kind == "call_type" else WITH_GRADES + tables


def areas(*lines: str) -> str:
    return calls_mapping(tail="[areas]\n" + "\n".join(lines))


def types(*entries: str) -> str:
    return walk("call_type", *entries)


THEFT = 'to = "theft"\ncodes = ["theft", "T1"]'
NOISE = 'to = "noise"\ncodes = ["noise"]'
HALF = [row.replace(",north,", ",,") for row in TWENTY]
BLANKS = (
    # case 13, blanks are mapped, so every row has an area
    Input("case-13", text(*HALF), ALL, mapping=areas('"" = "unknown"', 'south = "south"')),
    Input(
        "blank-area-not-mapped",
        text(*HALF),
        Refuses(r"10 of 20 rows can't be taken.*no area \(10\)"),
        mapping=areas('south = "south"'),
    ),
    Input(
        "blanks-in-a-blank-area",
        text(*(row.replace(",,", ",   ,") for row in HALF)),
        ALL,
        mapping=areas('"" = "unknown"'),
    ),
    Input("a-blank-code-with-blanks", text(*HALF), ALL, mapping=areas('"  " = "unknown"')),
    Input(
        "blank-area-excluded",
        text(*HALF),
        Receives(10, filtered={"other": 10}, total=10),
        mapping=areas('"" = "exclude"'),
    ),
    Input(
        "quoted-blank-area",
        text(*(row.replace(",,", ',"",') for row in HALF)),
        ALL,
        mapping=areas('"" = "unknown"'),
    ),
    Input(
        "blank-type",
        coded("T1", "", " "),
        Receives(3),
        mapping=types(THEFT, 'to = "noise"\ncodes = [""]'),
    ),
    Input(
        "blank-type-not-mapped",
        coded(*["T1"] * 9, ""),
        Receives(9, quarantined={"no call_type": 1}),
        mapping=types(THEFT),
    ),
    Input(
        "blank-type-excluded",
        coded("T1", ""),
        Receives(1, filtered={"void": 1}),
        mapping=types(THEFT, 'to = "exclude"\ncodes = [""]\nreason = "void"'),
    ),
    Input(
        "blank-grade",
        graded("P1", "", ""),
        Receives(3),
        mapping=walk("grade", 'to = "immediate"\ncodes = ["P1"]', 'to = "routine"\ncodes = [""]'),
    ),
    Input(
        "blank-grade-not-mapped",
        graded(*["routine"] * 9, ""),
        Receives(9, quarantined={"no grade": 1}),
        mapping=WITH_GRADES,
    ),
    Input(
        "blank-leads-nowhere",
        text(*HALF),
        Refuses("unknown areas moon", SettingsError),
        mapping=areas('"" = "moon"'),
    ),
    Input(
        "blank-area-from-a-date",  # before the date a blank is no code
        coded(*["T1"] * 9, "", "T1", ""),
        Receives(11, quarantined={"no call_type": 1}),
        mapping=types(THEFT, 'to = "noise"\ncodes = [""]\nfrom = 2026-01-11'),
    ),
)
UNMAPPED = (
    Input(
        "short-and-repeated",
        coded("NEW", "NEW", "theft"),
        Refuses(
            r"uses 1 codes.*\n  call type 'NEW': 2 rows, 2026-01-01 to 2026-01-02", UnmappedCodes
        ),
    ),
    Input(
        "once",
        coded("theft", "Ann Other"),
        Refuses(r"call type at line 3 \(not shown.*digest [0-9a-f]{12}\): 1 rows", UnmappedCodes),
    ),
    Input(
        "long-and-repeated",
        coded(*["x" * 41] * 3),
        Refuses(r"call type at line 2 \(not shown: long.*: 3 rows", UnmappedCodes),
    ),
    Input("forty-letters", coded(*["x" * 40] * 2), Refuses("'x{40}': 2 rows", UnmappedCodes)),
    Input(
        "not-printable",
        coded("a\tb", "a\tb"),
        Refuses(r"call type at line 2 \(not shown", UnmappedCodes),
    ),
    Input(
        "a-column-of-names",  # two rows each, and far more of them than any list of codes
        coded(*(f"Name {i % 150}" for i in range(300))),
        Refuses(r"uses 150 codes(?s:.)*: 140 more that are not shown", UnmappedCodes),
    ),
    Input(
        "most-frequent-first",
        coded("A1", "B2", "B2", "A1", "B2"),
        Refuses(r"'B2': 3 rows.*\n  call type 'A1': 2 rows", UnmappedCodes),
    ),
    Input(
        "in-two-columns",
        text("a,2026-01-05 08:00,west,fire,x", "b,2026-01-05 09:00,west,fire,x"),
        Refuses(r"uses 2 codes.*\n  area 'west': 2.*\n  call type 'fire': 2", UnmappedCodes),
    ),
    Input(
        "not-in-rows-that-are-left-out",
        coded("NEW", "theft"),
        Receives(1, filtered={"test": 1}),
        mapping=calls_mapping(
            tail='[[filters]]\nreason = "test"\ncolumn = "type"\nvalues = ["new"]'
        ),
    ),
    Input("NA-is-a-code", coded("NA", "NA"), Refuses("call type 'NA': 2 rows", UnmappedCodes)),
    Input(
        "NULL-is-a-code",
        coded("NULL", "NULL", column=2),
        Refuses("area 'NULL': 2 rows", UnmappedCodes),
    ),
    Input("whatever-its-case", coded("THEFT", "Theft", " theft "), Receives(3)),
    Input(
        "case-matters-in-a-crosswalk",
        coded("t1", "t1", "T1"),
        Refuses("call type 't1': 2 rows", UnmappedCodes),
        mapping=types(THEFT),
    ),
    Input("blanks-around-a-code", coded(" T1 "), Receives(1), mapping=types(THEFT)),
    Input(
        "an-id-that-a-crosswalk-leaves-out",
        coded("noise", "noise"),
        Refuses("call type 'noise': 2 rows", UnmappedCodes),
        mapping=types(THEFT),
    ),
    Input(
        "an-area-above-the-leaves", coded("f", "f", column=2), Refuses("area 'f'", UnmappedCodes)
    ),
    Input(
        "as-a-reference",  # the reference is no code: whatever stands there is hashed
        coded("Ann Other", "Bo Other", column=0),
        Receives(2),
    ),
)
DATED = (
    Input(
        "from-a-date",
        coded(*["T1"] * 20),
        Receives(20),
        mapping=types(
            'to = "theft"\ncodes = ["T1"]\nuntil = 2026-01-11',
            'to = "noise"\ncodes = ["T1"]\nfrom = 2026-01-11',
        ),
    ),
    Input(
        "a-hole-between-dates",
        coded(*["T1"] * 20),
        Refuses("'T1': 5 rows, 2026-01-11 to 2026-01-15", UnmappedCodes),
        mapping=types(
            'to = "theft"\ncodes = ["T1"]\nuntil = 2026-01-11',
            'to = "noise"\ncodes = ["T1"]\nfrom = 2026-01-16',
        ),
    ),
    Input(
        "two-meanings-at-once",
        coded("T1"),
        Refuses("call type 'T1' means two things at once", SettingsError),
        mapping=types(
            'to = "theft"\ncodes = ["T1"]\nuntil = 2026-01-12',
            'to = "noise"\ncodes = ["T1"]\nfrom = 2026-01-11',
        ),
    ),
    Input(
        "two-meanings-for-good",
        coded("T1"),
        Refuses("'T1' means two things", SettingsError),
        mapping=types(THEFT, 'to = "noise"\ncodes = [" T1 "]'),
    ),
    Input(
        "until-before-from",
        coded("T1"),
        Refuses("until = 2026-01-01 is not after from = 2026-01-11", SettingsError),
        mapping=types('to = "noise"\ncodes = ["T1"]\nfrom = 2026-01-11\nuntil = 2026-01-01'),
    ),
    Input(
        "left-out-until-a-date",
        coded(*["T1"] * 20),
        Receives(10, filtered={"officer_initiated": 10}),
        mapping=types(
            'to = "exclude"\ncodes = ["T1"]\nuntil = 2026-01-11\nreason = "officer_initiated"',
            'to = "theft"\ncodes = ["T1"]\nfrom = 2026-01-11',
        ),
    ),
    Input(
        "a-year-of-two-digits",
        coded("T1"),
        Refuses("no TOML|valid date", SettingsError),
        mapping=types('to = "theft"\ncodes = ["T1"]\nfrom = 26-01-11'),
    ),
)
LEFT_OUT = (
    Input(
        "area-excluded",
        text(*TWENTY),
        Receives(10, filtered={"other": 10}),
        mapping=areas('north = "exclude"'),
    ),
    Input(
        "a-reason-for-a-type-that-stays",
        coded("T1"),
        Refuses("a reason belongs to", SettingsError),
        mapping=types('to = "theft"\ncodes = ["T1"]\nreason = "void"'),
    ),
    Input(
        "a-filter-by-pattern",
        text(
            *(
                row.replace(",ok", f",{'TEST' if i < 3 else 'live'}")
                for i, row in enumerate(TWENTY)
            ),
            header="ref,received_at,area,type,status",
        ),
        Receives(17, filtered={"test": 3}),
        mapping=calls_mapping(
            tail='[[filters]]\nreason = "test"\ncolumn = "status"\npatterns = ["^TE"]', memo=""
        ),
    ),
    Input(
        "a-filter-that-is-no-pattern",
        text(*TWENTY),
        Refuses("no pattern", SettingsError),
        mapping=calls_mapping(
            tail='[[filters]]\nreason = "test"\ncolumn = "area"\npatterns = ["("]'
        ),
    ),
    Input(
        "a-filter-of-a-column-that-is-not-there",
        text(*TWENTY),
        Refuses("lacks status", MissingColumns),
        mapping=calls_mapping(
            tail='[[filters]]\nreason = "test"\ncolumn = "status"\nequals = true'
        ),
    ),
    Input(
        "an-unknown-key",
        text(*TWENTY),
        Refuses("Extra inputs are not permitted", SettingsError),
        mapping=calls_mapping('colums = "x"'),
    ),
    Input(
        "two-roads-to-a-grade",
        text(*TWENTY),
        Refuses("grade needs exactly one of", SettingsError),
        mapping=calls_mapping(tail='[grade_by_call_type]\ntheft = "routine"'),
    ),
)


@cases((*BLANKS, *UNMAPPED, *DATED, *LEFT_OUT))
def test_codes_are_mapped_or_told(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given)


def test_blanks_stand_in_the_area_that_they_were_mapped_to(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.take(BLANKS[0])
    by_area = dict.fromkeys(("unknown", "south"), 0)
    for (_, area, _), n in desk.cells().items():
        by_area[area] += n
    assert by_area == {"unknown": 10, "south": 10}


def test_a_code_means_what_it_meant_on_the_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.take(DATED[0])
    kinds = {start: kind for start, _, kind in desk.cells()}
    assert kinds["2026-01-10 08:00"] == "theft"
    assert kinds["2026-01-11 08:00"] == "noise"


@pytest.mark.parametrize("first", [0, 1])
def test_a_date_of_the_crosswalk_begins_at_the_force_s_own_midnight(
    tmp_path: Path, first: int
) -> None:
    minutes = ("2026-07-10 23:59", "2026-07-11 00:00")  # 22:59 and 23:00 UTC
    mapping = types(
        'to = "theft"\ncodes = ["T1"]\nuntil = 2026-07-11',
        'to = "noise"\ncodes = ["T1"]\nfrom = 2026-07-11',
    )
    desk = Desk(tmp_path)
    row = text(f"a,{minutes[first]},north,T1,x")
    desk.take(Input("midnight", row, Receives(1), mapping=mapping))
    assert [kind for _, _, kind in desk.cells()] == [("theft", "noise")[first]]
