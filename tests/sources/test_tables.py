from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forewatch.doubts import ACCEPTABLE
from forewatch.errors import MissingColumns, PersonalData, SettingsError, UnmappedCodes
from forewatch.profile import Profile
from sources.import_options import ImportOptions
from sources.lake import Lake
from sources.receipts import Receipt
from sources.tables import import_table

AT = pd.Timestamp("2025-01-01", tz="UTC")


def profile(**more: Any) -> Profile:
    areas = [
        {"id": "shire", "name": "Shire"},
        {"id": "coast", "name": "The Coast", "parent": "shire", "lat": 51.2, "lon": -3.5},
        {"id": "city", "name": "City", "parent": "shire", "lat": 51.45, "lon": -2.6},
    ]
    return Profile.model_validate(
        {
            "force": {"id": "shire", "name": "Shire", "zone": "Europe/London"},
            "levels": {"names": ["force", "district"], "modelled": "district"},
            "areas": areas,
            "call_types": [{"id": "theft", "name": "Theft"}],
            "grades": ["routine"],
            **more,
        }
    )


# in a small file one row that can't be taken is already a large share
ALL_ACCEPTED = ImportOptions(accepted=frozenset(ACCEPTABLE))


class Desk:
    """A lake, and imports of tables into it from texts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = Lake(folder / "history")

    def take(self, table: str, *lines: str, mapping: str = "", name: str = "file.csv") -> Receipt:
        file, how = self.folder / name, self.folder / "mapping.toml"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        how.write_text(mapping, encoding="utf-8")
        tree = None if table == "areas" else profile().tree()
        given = profile(areas=[]) if table == "areas" else profile()
        return import_table(
            self.lake, given, tree, table, file, how if mapping else None,
            imported_at=AT, options=ALL_ACCEPTED,
        )  # fmt: skip

    def table(self, name: str) -> pd.DataFrame:
        found = self.lake.table(name)
        assert found is not None
        return found

    def quarantined(self) -> dict[str, str]:
        """Line and reason of everything in quarantine."""
        parts = [pd.read_csv(f, dtype="str") for f in (self.folder / "quarantine").glob("*.csv")]
        return dict(zip(pd.concat(parts)["line"], pd.concat(parts)["reason"], strict=True))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


TOURISM = "area,month,visitors,published_at"


def test_a_later_publication_stands_beside_the_earlier_one(desk: Desk) -> None:
    first = desk.take(
        "tourism", TOURISM, "coast,2024-07,900,2024-09-10", "City,2024-07-01,50,2024-09-10"
    )
    assert first.taken == 2
    second = desk.take("tourism", TOURISM, "coast,2024-07,950,2024-10-01T09:00Z")
    assert second.taken == 1
    rows = desk.table("tourism")
    coast = rows[rows["area"] == "coast"]
    assert coast["visitors"].tolist() == [900, 950]
    assert coast["known_at"].tolist() == [  # a date is over at its midnight, British summer time
        pd.Timestamp("2024-09-10T23:00Z"),
        pd.Timestamp("2024-10-01T09:00Z"),
    ]
    assert (rows["month"] == pd.Timestamp("2024-07-01")).all()


def test_the_same_file_again_makes_no_commit(desk: Desk) -> None:
    lines = (TOURISM, "coast,2024-07,900,2024-09-10", "coast,2024-08,x,2024-09-10")
    desk.take("tourism", *lines)
    version = desk.lake.version()
    receipt = desk.take("tourism", *lines)
    assert (receipt.taken, receipt.unchanged, receipt.superseded) == (0, 1, 0)
    assert desk.lake.version() == version
    changed = desk.take("tourism", TOURISM, "coast,2024-07,901,2024-09-10")
    assert changed.superseded == 1
    assert desk.table("tourism")["visitors"].tolist() == [901]


def test_a_publication_lag_stands_for_the_date_of_publication(desk: Desk) -> None:
    with pytest.raises(MissingColumns, match=r"tourism lack published_at; file\.csv has area"):
        desk.take("tourism", "area,month,visitors", "coast,2024-07,900")
    desk.take(
        "tourism",
        "area,month,visitors",
        "coast,2024-12,900",
        mapping="time.published_after_days = 42",
    )
    assert desk.table("tourism")["known_at"].tolist() == [pd.Timestamp("2025-02-12T00:00Z")]


def test_bad_tourism_rows_go_to_quarantine(desk: Desk) -> None:
    receipt = desk.take(
        "tourism",
        TOURISM,
        ",2024-07,900,2024-09-10",
        "coast,July,900,2024-09-10",
        "coast,2024-07,many,2024-09-10",
        "coast,2024-07,-5,2024-09-10",
        "coast,2024-07,5,soon",
        "city,2024-07,5,2024-09-10",
        "city,2024-07,6,2024-09-10",
        "city,2024-08,6,2024-09-10",
        "city,2024-08,6,2024-09-10",
    )
    assert receipt.taken == 1
    assert desk.quarantined() == {
        "2": "area is missing",
        "3": "month can't be read",
        "4": "visitors is no number",
        "5": "visitors is negative",
        "6": "published_at is missing or can't be read",
        "7": "the same row twice, with different values",
        "8": "the same row twice, with different values",
        "10": "the row stands twice",
    }


EVENTS = "name,area,lat,lon,start,end,attendance_low,attendance_high,announced_at"


def test_an_event_is_of_its_area_or_of_the_nearest_leaf(desk: Desk) -> None:
    receipt = desk.take(
        "events",
        EVENTS,
        "Fiesta,City,,,2024-08-09,2024-08-11,100000,500000,2024-01-15",
        "Regatta,,51.1,-3.4,2024-06-01T10:00,2024-06-01T18:00,,2000,2024-01-15",
        "Nowhere,,,,2024-06-01,2024-06-02,1,2,2024-01-15",
        "Backwards,city,,,2024-06-03,2024-06-01,1,2,2024-01-15",
        "Odd,city,,,2024-06-03,2024-06-04,3,2,2024-01-15",
    )
    assert (receipt.taken, sum(receipt.quarantined.values())) == (2, 3)
    rows = desk.table("events").set_index("name")
    assert rows.loc["Fiesta", "area"] == "city"
    assert rows.loc["Fiesta", "start"] == pd.Timestamp("2024-08-08T23:00Z")
    assert rows.loc["Fiesta", "end"] == pd.Timestamp("2024-08-11T23:00Z")  # its last day counts
    assert rows.loc["Regatta", "area"] == "coast"
    assert rows.loc["Regatta", "attendance_low"] == 2000


def test_an_event_announced_again_keeps_its_first_announcement(desk: Desk) -> None:
    desk.take("events", EVENTS, "Fair,city,,,2024-08-09,2024-08-11,10,20,2024-01-15")
    desk.take("events", EVENTS, "Fair,city,,,2024-08-09,2024-08-11,0,0,2024-07-01")
    assert desk.table("events")["attendance_high"].tolist() == [20, 0]


def test_events_without_announcements_need_a_lead(desk: Desk) -> None:
    head, row = "name,area,start,end,attendance_high", "Fair,city,2024-01-09,2024-01-11,10"
    with pytest.raises(MissingColumns, match="say when events are announced"):
        desk.take("events", head, row)
    desk.take("events", head, row, mapping="[time]\nannounced_before_days = 60")
    assert desk.table("events")["known_at"].tolist() == [pd.Timestamp("2023-11-10T00:00Z")]


def test_holidays_are_dates_or_spans_of_dates(desk: Desk) -> None:
    receipt = desk.take(
        "holidays",
        "from,to,kind,name,area,announced_at",
        "2024-10-28,2024-10-30,school_holiday,Half term,,",
        "2024-10-30,2024-10-31,school_holiday,Half term again,,",
        "2024-12-13,,carnival,Carnival,coast,2024-06-01",
        "2024-12-13,2024-12-01,carnival,Carnival,,",
        "2024-12-13,2034-12-01,carnival,Carnival,,",
        "2024-12-13,,Big Day,Carnival,,",
        "2024-12-13,,carnival,Carnival,,soon",
    )
    assert (receipt.taken, sum(receipt.quarantined.values())) == (3, 4)
    rows = desk.table("holidays")
    assert rows["date"].dt.strftime("%m-%d").tolist() == [
        "10-28",
        "10-29",
        "10-30",
        "10-31",
        "12-13",
    ]
    assert rows["name"].tolist()[2] == "Half term"
    assert rows["known_at"].isna().tolist() == [True] * 4 + [False]
    assert rows["area"].tolist() == [""] * 4 + ["coast"]


def test_flags_of_days_become_holidays(desk: Desk) -> None:
    mapping = '[flags]\npublic = "bank_holiday"\nschool = "school_holiday"\n'
    lines = ("date,public,school,xmas", "2024-12-24,0,1,0", "2024-12-25,1,1,1", "2024-12-29,0,0,0")
    receipt = desk.take("holidays", *lines, "2024-12-30,2,0,0", mapping=mapping)
    assert receipt.taken == 2
    assert receipt.filtered == {"no flag of the day is set": 1}
    assert receipt.quarantined == {"a flag is neither 0 nor 1": 1}
    rows = desk.table("holidays")
    assert rows["kind"].tolist() == ["school_holiday", "bank_holiday", "school_holiday"]
    assert desk.take("holidays", *lines, mapping=mapping).unchanged == 2


def test_a_file_may_replace_the_whole_table(desk: Desk) -> None:
    desk.take("holidays", "date,kind", "2024-12-24,fair", "2024-12-25,fair")
    receipt = desk.take("holidays", "date,kind", "2024-12-25,fair", mapping="replaces_table = true")
    assert len(desk.table("holidays")) == 1
    assert receipt.notes == ("1 rows that the table held and the file doesn't were removed",)


def test_unobserved_windows_have_an_end_or_a_length_by_the_wall_clock(desk: Desk) -> None:
    desk.take("unobserved", "start,end,area", "2024-06-01T07:00,2024-06-02T07:00,city")
    desk.take(
        "unobserved",
        "window_start",
        "2024-10-26T07:00:00",
        mapping='columns.start = "window_start"\ntime.length_hours = 24',
    )
    rows = desk.table("unobserved")
    hours = (rows["end"] - rows["start"]).dt.total_seconds() / 3600
    assert hours.tolist() == [24, 25]  # the night on which the clock goes back
    assert rows["area"].tolist() == ["city", ""]
    with pytest.raises(MissingColumns, match="give an end, or length_hours"):
        desk.take("unobserved", "start", "2024-06-01T07:00")
    receipt = desk.take(
        "unobserved", "start,end", "2024-06-01,x", "x,2024-06-01", "2024-06-02,2024-06-01"
    )
    assert len(receipt.quarantined) == 3


BREAKS = "start,end,area,call_type,kind,expected_ratio,reason,decided_by,announced_at"


def test_a_date_of_a_break_is_its_force_day_and_its_scope_may_be_everything(desk: Desk) -> None:
    receipt = desk.take(
        "breaks",
        BREAKS,
        "2024-07-01,,,Theft,level,0.7,right care,chief,2024-05-01",
        "2024-02-01T12:00Z,2024-02-03,city,,pulse,,flood,gold,2024-02-01T12:00Z",
    )
    assert receipt.taken == 2
    flood, care = desk.table("breaks").to_dict("records")
    assert flood["start"] == pd.Timestamp("2024-02-01T12:00Z")
    assert flood["end"] == pd.Timestamp("2024-02-04T07:00Z")  # the end of that force-day
    assert (flood["area"], flood["call_type"]) == ("city", "")
    assert pd.isna(flood["expected_ratio"])
    assert care["start"] == pd.Timestamp("2024-07-01T06:00Z")  # 07:00 in summer
    assert pd.isna(care["end"])
    assert (care["area"], care["call_type"], care["expected_ratio"]) == ("", "theft", 0.7)
    assert care["known_at"] == pd.Timestamp("2024-05-01T23:00Z")  # when that date is over


def test_a_break_told_again_stands_beside_what_was_told_first(desk: Desk) -> None:
    first = "2024-07-01,,,theft,level,0.7,right care,chief,2024-05-01"
    desk.take("breaks", BREAKS, first)
    assert desk.take("breaks", BREAKS, first).unchanged == 1
    assert desk.take("breaks", BREAKS, first.replace("2024-05", "2024-06")).taken == 1
    assert desk.take("breaks", BREAKS, first.replace("0.7", "0.8")).superseded == 1
    assert desk.table("breaks")["expected_ratio"].tolist() == [0.8, 0.7]


def test_bad_breaks_go_to_quarantine_with_their_reason(desk: Desk) -> None:
    receipt = desk.take(
        "breaks",
        BREAKS,
        "x,,,,level,,why,who,2024-05-01",
        "2024-07-01,x,,,level,,why,who,2024-05-01",
        "2024-07-01,2024-06-01,,,level,,why,who,2024-05-01",
        "2024-07-01,,,,jump,,why,who,2024-05-01",
        "2024-07-01,,,,ramp,,why,who,2024-05-01",
        "2024-07-01,,,,level,0,why,who,2024-05-01",
        "2024-07-01,,,,level,,,who,2024-05-01",
        "2024-07-01,,,,level,,why,,2024-05-01",
        "2024-07-01,,,,level,,why,who,",
    )
    assert receipt.taken == 0
    (file,) = (desk.folder / "quarantine").glob("*.csv")
    assert "why" not in file.read_text()  # nothing that a person wrote
    assert list(desk.quarantined().values()) == [
        "start can't be read",
        "end can't be read",
        "end is not after start",
        "kind is none of level, ramp, pulse, recode, exclude",
        "end is missing (ramp, pulse, exclude need one)",
        "expected_ratio is no number above 0",
        "reason is missing",
        "decided_by is missing",
        "announced_at is missing or can't be read",
    ]
    with pytest.raises(UnmappedCodes, match="call_type at line 2"):
        desk.take("breaks", BREAKS, "2024-07-01,,,arson,level,,why,who,2024-05-01")
    with pytest.raises(MissingColumns, match="announced_before_days"):
        desk.take("breaks", "start,kind,reason,decided_by", "2024-07-01,level,why,who")


def test_areas_replace_the_tree_they_were(desk: Desk) -> None:
    assert desk.take("areas", "id", "a", "b").taken == 3  # with the force above them
    assert desk.take("areas", "id", "a", "b").unchanged == 3
    receipt = desk.take("areas", "id,name", "a,Alpha", "c,")
    assert (receipt.taken, receipt.superseded, receipt.unchanged) == (1, 1, 1)
    assert receipt.notes == ("1 areas are no longer in the tree: b",)
    assert desk.table("areas")["id"].tolist() == ["shire", "a", "c"]
    file = desk.folder / "file.csv"
    with pytest.raises(SettingsError, match=r"has 3 \[\[areas\]\] of its own"):
        import_table(desk.lake, profile(), None, "areas", file, None, imported_at=AT)


def test_what_can_t_be_imported_is_said(desk: Desk) -> None:
    with pytest.raises(SettingsError, match="no table 'weather' to import"):
        desk.take("weather", "a")
    with pytest.raises(UnmappedCodes, match=r"area at line 2 .*: 1 rows"):
        desk.take("tourism", TOURISM, "Moon,2024-07,900,2024-09-10")
    with pytest.raises(PersonalData, match="organiser_phone"):
        desk.take("events", EVENTS + ",organiser_phone", "a,city,,,,,,,,1")
    with pytest.raises(SettingsError, match="tourism don't have: moon"):
        desk.take("tourism", TOURISM, mapping='columns.moon = "x"')
    with pytest.raises(MissingColumns, match="the mapping reads tourists"):
        desk.take("tourism", TOURISM, mapping='columns.visitors = "tourists"')
    with pytest.raises(SettingsError, match=r"mapping.toml is no TOML"):
        desk.take("tourism", TOURISM, mapping="columns = [")
    with pytest.raises(SettingsError, match=r"colums: Extra inputs are not permitted"):
        desk.take("tourism", TOURISM, mapping='colums.visitors = "x"')
    assert desk.lake.names() == ()


ROW = st.tuples(
    st.sampled_from(["coast", "city", ""]),
    st.sampled_from(["2024-07", "2024-08", "x"]),
    st.sampled_from(["1", "2", "-1", ""]),
    st.sampled_from(["2024-09-10", "2024-10-10", ""]),
).map(",".join)


@settings(max_examples=12)
@given(first=st.lists(ROW, max_size=10), second=st.lists(ROW, max_size=10))
def test_every_row_is_accounted_for_and_nothing_that_was_known_is_lost(
    tmp_path_factory: pytest.TempPathFactory, first: list[str], second: list[str]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    known: dict[tuple[str, str, str], str] = {}
    for rows in (first, second):
        receipt = desk.take("tourism", TOURISM, *rows)
        out = sum(receipt.quarantined.values())
        assert receipt.taken + receipt.unchanged + receipt.superseded + out == len(rows)
        said: dict[tuple[str, str, str], set[str]] = {}
        for row in rows:
            area, month, visitors, day = row.split(",")
            if area and month != "x" and visitors in {"1", "2"} and day:
                said.setdefault((area, month, day), set()).add(visitors)
        known |= {key: min(values) for key, values in said.items() if len(values) == 1}
    stored = desk.table("tourism")
    found = {
        (
            row["area"],
            f"{row['month']:%Y-%m}",
            f"{row['known_at']:%Y-%m-%d}",
        ): f"{row['visitors']:.0f}"
        for row in stored.to_dict("records")
    }
    assert found == known


HEAT = {"id": "heat", "name": "Heat", "known": "forecast"}
FEET = {"id": "feet", "name": "Footfall", "known": "measured", "level": "district"}


def of_covariates(desk: Desk, *lines: str, mapping: str = "") -> pd.DataFrame:
    """Return the table after a file of two covariates was taken."""
    file, how = desk.folder / "file.csv", desk.folder / "mapping.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    how.write_text(mapping, encoding="utf-8")
    given = profile(covariates=[HEAT, FEET])
    import_table(
        desk.lake, given, given.tree(), "covariates", file, how,
        imported_at=AT, options=ALL_ACCEPTED,
    )  # fmt: skip
    return desk.table("covariates")


def test_covariates_are_by_date_or_hour_and_the_root_is_the_whole_force(desk: Desk) -> None:
    rows = of_covariates(
        desk,
        "covariate,area,date,hour,value,known_at",
        "heat,shire,2024-07-01,,21.5,2024-06-28T10:00",
        "heat,,,2024-07-02 15:00,25,2024-07-02T16:00Z",
        "heat,,2024-07-01,,22,2024-07-02",
        "feet,city,2024-12-01,,900,2024-12-09T00:00",
    )
    assert rows["area"].tolist() == ["city", "", "", ""]
    assert [f"{at:%m-%dT%H}" for at in rows["start"]] == [
        "12-01T07", "07-01T06", "07-01T06", "07-02T14",
    ]  # fmt: skip
    # a date of becoming known is over when its day is over, by the clock of summer
    assert [f"{at:%m-%dT%H}" for at in rows["known_at"]] == [
        "12-09T00", "06-28T09", "07-02T23", "07-02T16",
    ]  # fmt: skip


def test_when_covariates_became_known_may_stand_in_the_mapping(desk: Desk) -> None:
    head = "covariate,area,date,value"
    with pytest.raises(MissingColumns, match="say when covariates became known: a column known_at"):
        of_covariates(desk, head, "feet,city,2024-12-01,900")
    lag = "[time]\npublished_after_days = 2\n"
    rows = of_covariates(desk, head, "feet,city,2024-12-01,900", mapping=lag)
    assert [str(at) for at in rows["known_at"]] == ["2024-12-04 07:00:00+00:00"]
    lead = "[time]\nannounced_before_days = 30\n"
    rows = of_covariates(desk, head, "heat,,2024-12-31,1", mapping=lead)
    assert str(rows["known_at"].iloc[-1]) == "2024-12-01 07:00:00+00:00"
