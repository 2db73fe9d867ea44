"""The plan of duty, as duty systems write it: codes, versions, slips, workbooks."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from features.asof import AsOf
from forewatch.doubts import ACCEPTABLE
from forewatch.errors import DataError, MissingColumns, PersonalData, SettingsError, UnmappedCodes
from forewatch.history import History
from forewatch.profile import Profile
from forewatch.tables import PLAN
from sources.import_options import ImportOptions
from sources.lake import Lake
from sources.personal import about_persons
from sources.receipts import Receipt
from sources.tables import import_table

AT = pd.Timestamp("2026-12-01T09:00Z")
LATER = pd.Timestamp("2026-12-05T09:00Z")
HEAD = "area,shift,date,planned"


def profile() -> Profile:
    areas = [
        {"id": "shire", "name": "Shire"},
        {"id": "coast", "name": "The Coast", "parent": "shire"},
        {"id": "city", "name": "City", "parent": "shire"},
    ]
    shifts = [
        {"id": "early", "name": "Early", "code": "E", "start": "07:00", "end": "17:00"},
        {"id": "late", "name": "Late", "code": "L", "start": "14:00", "end": "00:00"},
        {"id": "night", "name": "Night", "code": "N", "start": "21:30", "end": "07:30"},
        {"id": "small-hours", "name": "Small hours", "start": "02:00", "end": "08:00",
         "weekdays": ["fri", "sat"], "areas": ["city"]},
    ]  # fmt: skip
    return Profile.model_validate(
        {
            "force": {"id": "shire", "name": "Shire", "zone": "Europe/London"},
            "levels": {"names": ["force", "district"], "modelled": "district"},
            "areas": areas,
            "call_types": [{"id": "theft", "name": "Theft"}],
            "staffing": {"shifts": shifts, "strength": 900},
        }
    )


class Desk:
    """A lake, and imports of plans into it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake = folder, Lake(folder / "history")

    def take(
        self, *lines: str, mapping: str = "", at: pd.Timestamp = AT, file: Path | None = None
    ) -> Receipt:
        how = self.folder / "mapping.toml"
        how.write_text(mapping, encoding="utf-8")
        if file is None:
            file = self.folder / "plan.csv"
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return import_table(
            self.lake, profile(), profile().tree(), "plan", file, how if mapping else None,
            imported_at=at, options=ImportOptions(accepted=frozenset(ACCEPTABLE)),
        )  # fmt: skip

    def known(self, at: pd.Timestamp) -> dict[tuple[str, str, str, str], int]:
        """The plan as it was known at an instant: area, shift, force-day and figure to officers."""
        table = self.lake.table("plan")
        assert table is not None
        now = pd.Timestamp("2027-01-01", tz="UTC")
        counts = pd.DataFrame()
        history = History(profile(), profile().tree(), "hour", now, now, counts, plan=table)
        rows = AsOf(history, at).published(PLAN)
        days = rows["force_day"].dt.strftime("%m-%d")
        keys = zip(rows["area"], rows["shift"], days, rows["figure"], strict=True)
        return dict(zip(keys, rows["officers"].tolist(), strict=True))

    def quarantined(self) -> dict[str, str]:
        """Line and reason of everything in quarantine."""
        parts = [pd.read_csv(f, dtype="str") for f in (self.folder / "quarantine").glob("*.csv")]
        return dict(zip(pd.concat(parts)["line"], pd.concat(parts)["reason"], strict=True))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_plan_is_taken_by_the_codes_ids_and_names_of_the_profile(desk: Desk) -> None:
    receipt = desk.take(
        "area,role,shift,date,planned,rostered,worked",
        "coast,response,E,2026-12-18,7,9,",
        "The Coast,Response,late,2026-12-18,8,,",
        "city,,Night,2026-12-18,6,,",
    )
    assert (receipt.taken, dict(receipt.quarantined)) == (3, {})
    assert desk.known(AT) == {
        ("coast", "early", "12-18", "planned"): 7,
        ("coast", "early", "12-18", "rostered"): 9,
        ("coast", "late", "12-18", "planned"): 8,
        ("city", "night", "12-18", "planned"): 6,
    }


def test_a_plan_told_again_stands_beside_the_earlier_one(desk: Desk) -> None:
    desk.take(HEAD, "coast,E,2026-12-18,7", "city,E,2026-12-18,5")
    again = desk.take(HEAD, "coast,E,2026-12-18,7", "city,E,2026-12-18,4", at=LATER)
    assert (again.taken, again.unchanged, again.superseded) == (1, 1, 0)
    key = ("city", "early", "12-18", "planned")
    assert [desk.known(at)[key] for at in (AT, LATER)] == [5, 4]
    assert desk.known(AT - pd.Timedelta(seconds=1)) == {}


def test_the_same_file_again_makes_no_commit(desk: Desk) -> None:
    lines = (HEAD, "coast,E,2026-12-18,7", "coast,E,2026-11-02,6")
    desk.take(*lines)
    version = desk.lake.version()
    receipt = desk.take(*lines, at=LATER)
    assert (receipt.taken, receipt.unchanged) == (0, 2)
    assert desk.lake.version() == version


def test_what_was_worked_stands_beside_what_was_planned(desk: Desk) -> None:
    desk.take(HEAD, "coast,E,2026-12-03,7")
    desk.take("area,shift,date,worked", "coast,E,2026-12-03,5", at=LATER)
    found = desk.known(LATER)
    assert found == {
        ("coast", "early", "12-03", "planned"): 7,
        ("coast", "early", "12-03", "worked"): 5,
    }


def test_a_plan_of_a_past_date_is_kept_and_marked_late(desk: Desk) -> None:
    receipt = desk.take(
        HEAD, "coast,E,2026-12-01,7", "coast,L,2026-12-01,7", "coast,N,2026-11-30,7"
    )
    # Of 1 December at 09:00 the early shift has begun, the late one has not.
    assert receipt.taken == 3
    assert receipt.notes == (
        "2 rows are of shifts that had begun when they were told: kept, marked late",
    )
    table = desk.lake.table("plan")
    assert table is not None
    assert table.loc[table["late"], "shift"].tolist() == ["early", "night"]


def test_a_column_says_when_the_plan_was_known(desk: Desk) -> None:
    desk.take(
        f"{HEAD},known_at",
        "coast,E,2026-12-18,7,2026-11-10",
        "coast,E,2026-12-18,6,2026-11-20T12:00",
        "city,E,2026-12-18,6,2026-12-02",
        "city,L,2026-12-18,6,soon",
    )
    key = ("coast", "early", "12-18", "planned")
    days = ["2026-11-10T23:00Z", "2026-11-11T00:00Z", "2026-11-20T12:00Z"]
    assert [desk.known(pd.Timestamp(day)).get(key) for day in days] == [None, 7, 6]
    assert desk.quarantined() == {
        "4": "known_at is still to come",
        "5": "known_at can't be read",
    }


def test_old_plans_were_known_so_many_days_before(desk: Desk) -> None:
    desk.take(HEAD, "coast,E,2026-11-02,7", mapping="time.announced_before_days = 28")
    assert desk.known(pd.Timestamp("2026-10-05T06:59Z")) == {}
    assert desk.known(pd.Timestamp("2026-10-05T07:00Z"))
    assert not desk.lake.table("plan")["late"].any()  # type: ignore[index]


DATED = """
[[crosswalk.shift]]
to = "early"
codes = ["D1", "D1X"]
until = 2026-12-20
[[crosswalk.shift]]
to = "late"
codes = ["D1"]
from = 2026-12-20
[[crosswalk.shift]]
to = "exclude"
codes = ["LEAVE"]
[[crosswalk.area]]
to = "coast"
codes = ["Team 1", "Team 2"]
"""


def test_a_code_means_another_shift_from_a_date_on(desk: Desk) -> None:
    receipt = desk.take(
        HEAD,
        "Team 1,D1,2026-12-19,7",
        "Team 1,D1,2026-12-20,8",
        "Team 1,LEAVE,2026-12-20,3",
        mapping=DATED,
    )
    assert receipt.filtered == {"excluded by the crosswalk": 1}
    assert desk.known(AT) == {
        ("coast", "early", "12-19", "planned"): 7,
        ("coast", "late", "12-20", "planned"): 8,
    }


def test_codes_without_a_meaning_stop_the_import_and_are_listed(desk: Desk) -> None:
    lines = ["Team 1,D9,2026-12-19,7", "Team 1,D9,2026-12-20,8", "Team 1,D1X,2026-12-19,8",
             "Team 2,D1X,2026-12-21,7", "Team 1,D1X,2026-12-22,7"]  # fmt: skip
    with pytest.raises(UnmappedCodes) as caught:
        desk.take(HEAD, *lines, mapping=DATED)
    text = str(caught.value)
    assert "plan.csv uses 2 codes without a mapping; nothing was imported" in text
    assert "shift 'D9': 2 rows, 2026-12-19 to 2026-12-20" in text
    assert "shift 'D1X': 2 rows, 2026-12-21 to 2026-12-22" in text
    assert desk.lake.table("plan") is None


def test_the_codes_of_all_columns_are_listed_at_once(desk: Desk) -> None:
    rows = [*["nroth,respnse,L9,2026-12-18,5"] * 2]
    with pytest.raises(UnmappedCodes) as caught:
        desk.take("area,role,shift,date,planned", *rows)
    assert "uses 3 codes without a mapping" in str(caught.value)
    for name, code in (("area", "nroth"), ("role", "respnse"), ("shift", "L9")):
        assert f"{name} '{code}': 2 rows" in str(caught.value)


def test_a_code_that_stands_once_in_a_plan_is_listed_too(desk: Desk) -> None:
    with pytest.raises(UnmappedCodes, match="shift 'D1X': 1 rows, 2026-12-21 to 2026-12-21"):
        desk.take(HEAD, "Team 1,D1X,2026-12-21,7", mapping=DATED)


@pytest.mark.parametrize(("between", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_file_without_commas_says_what_stands_between(
    desk: Desk, between: str, word: str
) -> None:
    lines = ["area,shift,date,planned", "north,late,2026-12-18,5"]
    with pytest.raises(MissingColumns, match=f"one column, with {word} in its name: save"):
        desk.take(*(line.replace(",", between) for line in lines))


def test_a_meaning_that_leads_nowhere_or_twice_is_refused(desk: Desk) -> None:
    with pytest.raises(SettingsError, match="leads shift to unknown dawn; there are early, late"):
        desk.take(HEAD, "coast,D1,2026-12-19,7", mapping='crosswalk.shift = { D1 = "dawn" }')
    twice = DATED.replace("until = 2026-12-20", "until = 2026-12-21")
    with pytest.raises(SettingsError, match="shift 'D1' means two things at once"):
        desk.take(HEAD, "coast,D1,2026-12-19,7", mapping=twice)


def test_officers_of_several_codes_of_one_shift_are_added(desk: Desk) -> None:
    receipt = desk.take(
        HEAD,
        "Team 1,D1,2026-12-19,7",
        "Team 1,D1X,2026-12-19,2",
        "Team 2,D1,2026-12-19,1",
        "Team 2,D1,2026-12-19,1",
        mapping=DATED,
    )
    assert (receipt.taken, dict(receipt.quarantined)) == (3, {"the row stands twice": 1})
    assert desk.known(AT) == {("coast", "early", "12-19", "planned"): 10}


def test_a_sum_of_which_a_part_is_unknown_is_unknown(desk: Desk) -> None:
    desk.take(
        "area,shift,date,planned,worked",
        "Team 1,D1,2026-12-18,7,",
        "Team 2,D1,2026-12-18,-1,",
        "Team 1,D1,2026-12-19,7,6",
        "Team 2,D1,2026-12-19,3,",
        "Team 1,L,2026-12-19,3,",
        mapping=DATED,
    )
    assert desk.known(AT) == {("coast", "late", "12-19", "planned"): 3}
    part = "another row of the same shift gives a figure that this one lacks"
    assert desk.quarantined() == {
        "2": "another row of the same shift can't be taken",
        "3": "planned is negative",
        "4": part,
        "5": part,
    }


def test_numbers_that_can_be_no_officers_go_to_quarantine_with_the_row(desk: Desk) -> None:
    receipt = desk.take(
        f"{HEAD},worked",
        "coast,E,2026-12-18,-1,",
        "coast,E,2026-12-19,7.5,",
        "coast,E,2026-12-20,901,",
        "coast,E,2026-12-21,seven,",
        "coast,E,2026-12-22,,",
        "coast,E,2026-12-23,7,1e9",
        "coast,E,18/12/2026,7,",
        "coast,small-hours,2026-12-19,7,",
        "city,small-hours,2026-12-18,7,",
        "coast,E,2026-12-24,0,900",
        "coast,E,2026-12-25,7,",
        "coast,E,2026-12-25,8,",
        ",E,2026-12-26,7,",
    )
    assert receipt.taken == 1
    assert desk.quarantined() == {
        "2": "planned is negative",
        "3": "planned is a fraction of an officer",
        "4": "planned is more than the force has (900)",
        "5": "planned is no number",
        "6": "neither planned, rostered nor worked",
        "7": "worked is more than the force has (900)",
        "8": "date can't be read",
        "9": "no such shift of that area, role and weekday",
        # The small hours of Friday, 18 December belong to the force-day before, a Thursday.
        "10": "no such shift of that area, role and weekday",
        "12": "the same row twice, with different values",
        "13": "the same row twice, with different values",
        "14": "area is missing",
    }
    assert desk.known(AT) == {
        ("coast", "early", "12-24", "planned"): 0,
        ("coast", "early", "12-24", "worked"): 900,
    }


def test_small_hours_by_their_date_belong_to_the_force_day_before(desk: Desk) -> None:
    desk.take(HEAD, "city,small-hours,2026-12-19,7", "city,N,2026-12-31,6")
    desk.take("area,shift,force_day,worked", "city,small-hours,2026-12-18,5")
    assert desk.known(LATER) == {
        ("city", "small-hours", "12-18", "planned"): 7,
        ("city", "small-hours", "12-18", "worked"): 5,
        ("city", "night", "12-31", "planned"): 6,
    }


@pytest.mark.parametrize(
    "column",
    ["name", "officer_name", "Surname", "collar_no", "Collar Number", "warrant_number", "e-mail",
     "email", "date_of_birth", "DOB", "staff_id", "Staff number", "payroll number", "Pay Number",
     "personnel_no", "supervisor", "sergeant", "shoulder number", "employee", "notes"],
)  # fmt: skip
def test_columns_about_persons_are_refused_by_name(desk: Desk, column: str) -> None:
    with pytest.raises(PersonalData, match=column):
        desk.take(f"{HEAD},{column}", "coast,E,2026-12-18,7,x")


def test_columns_about_persons_that_the_mapping_refuses_are_never_read(desk: Desk) -> None:
    receipt = desk.take(f"{HEAD},name", "coast,E,2026-12-18,7,x", mapping='refuse = ["name"]')
    assert receipt.taken == 1


@pytest.mark.parametrize(
    "column", ["Officers planned", "on the roster", "staff", "headcount", "sergeants"]
)
def test_counts_of_officers_are_not_taken_for_persons(column: str) -> None:
    assert not about_persons(column)


def test_a_plan_needs_its_columns_and_keeps_what_it_said(desk: Desk) -> None:
    with pytest.raises(MissingColumns, match=r"plan lack planned; plan\.csv has area, shift, date"):
        desk.take("area,shift,date", "coast,E,2026-12-18")
    with pytest.raises(MissingColumns, match="plan lack shift"):
        desk.take("area,date,planned", "coast,2026-12-18,7")
    with pytest.raises(SettingsError, match="would remove what a plan said earlier"):
        desk.take(HEAD, "coast,E,2026-12-18,7", mapping="replaces_table = true")


def workbook(folder: Path, *rows: list[Any], **more: list[list[Any]]) -> Path:
    """An Excel file with these rows, and further sheets."""
    file = folder / "plan.xlsx"
    book = xlsxwriter.Workbook(file)
    form = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, cells in {"Plan": list(rows), **more}.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(cells):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, pd.Timestamp(cell).to_pydatetime(), form)
                elif cell is not None:
                    sheet.write(at, column, cell)
    book.close()
    return file


def test_a_workbook_is_read_with_its_dates_and_numbers(desk: Desk) -> None:
    file = workbook(
        desk.folder,
        ["Duties of December"],
        [],
        ["area", "shift", "date", "planned"],
        ["coast", "E", date(2026, 12, 18), 7],
        [],
        ["coast", "L", "19/12/2026", "8"],
        ["coast", "N", datetime(2026, 12, 20, 21, 30, tzinfo=UTC).replace(tzinfo=None), 6.0],
        ["coast", "N", 46377, 6],
        ["coast", "N", date(2026, 12, 22), 6.5],
        ["coast", "N", date(2026, 12, 23), date(1900, 1, 7)],
        Empty=[],
    )
    receipt = desk.take(file=file, mapping='header_row = 3\ntime.format = "%d/%m/%Y"')
    assert receipt.lines is not None
    assert receipt.lines.text == "header 3 + blank 1 + rows 6"
    assert desk.known(AT) == {
        ("coast", "early", "12-18", "planned"): 7,
        ("coast", "late", "12-19", "planned"): 8,
        ("coast", "night", "12-20", "planned"): 6,
    }
    assert desk.quarantined() == {
        "8": "date is a number: format the column as dates in the spreadsheet",
        "9": "planned is a fraction of an officer",
        "10": "planned is a date, a time or yes and no: the spreadsheet made it of a number",
    }


def test_codes_that_a_spreadsheet_made_dates_of_stop_the_import(desk: Desk) -> None:
    rows = [["coast", date(2026, 3, 1), date(2026, 12, 18), 7]]
    file = workbook(desk.folder, ["area", "shift", "date", "planned"], *rows)
    with pytest.raises(DataError, match=r"plan\.xlsx: shift holds dates or times in rows 2 of the"):
        desk.take(file=file)


def test_a_workbook_says_which_sheet_is_meant(desk: Desk) -> None:
    table: list[list[Any]] = [
        ["area", "shift", "date", "planned"],
        ["coast", "E", date(2026, 12, 18), 7],
    ]
    file = workbook(desk.folder, *table, Old=table)
    with pytest.raises(DataError, match=r"has 2 sheets that hold anything \(Plan, Old\); name"):
        desk.take(file=file)
    with pytest.raises(MissingColumns, match="has no sheet 'New'; it has Plan, Old"):
        desk.take(file=file, mapping='sheet = "New"')
    assert desk.take(file=file, mapping='sheet = "Old"').taken == 1


def test_a_workbook_that_is_none_or_has_no_header_is_refused(desk: Desk) -> None:
    broken = desk.folder / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DataError, match=r"broken\.xlsx can't be read as a workbook \(ZipError\)"):
        desk.take(file=broken)
    file = workbook(desk.folder, [], ["area", "shift", "date", "planned"])
    with pytest.raises(DataError, match=r"row 1 of the sheet in plan\.xlsx is blank"):
        desk.take(file=file)


def test_a_sheet_of_a_csv_is_refused(desk: Desk) -> None:
    with pytest.raises(SettingsError, match=r"are of workbooks, and plan\.csv is none"):
        desk.take(HEAD, "coast,E,2026-12-18,7", mapping='sheet = "Plan"')


def test_columns_about_persons_are_refused_in_a_workbook_too(desk: Desk) -> None:
    file = workbook(
        desk.folder,
        ["area", "shift", "date", "planned", "Collar No."],
        ["coast", "E", date(2026, 12, 18), 7, "4711"],
    )
    with pytest.raises(PersonalData, match=r"Collar No\."):
        desk.take(file=file)
