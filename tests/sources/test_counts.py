from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forewatch.doubts import ACCEPTABLE
from forewatch.errors import (
    MissingColumns,
    PersonalData,
    SettingsError,
    UnknownCallType,
    UnmappedCodes,
)
from forewatch.profile import Profile
from sources.counts import import_counts
from sources.feed_ends import feed_ends
from sources.history import history
from sources.import_options import ImportOptions
from sources.lake import Lake
from sources.receipts import Receipt
from sources.table_mapping import CountsMapping

AT = pd.Timestamp("2025-01-01", tz="UTC")
LATER = pd.Timestamp("2025-02-01", tz="UTC")
HEADER = "start,area,call_type,grade,count"
CELL = ["start", "area", "call_type", "grade"]


def profile(zone: str = "Europe/London") -> Profile:
    return Profile.model_validate(
        {
            "force": {"id": "shire", "name": "Shire", "zone": zone, "day_starts_at": "07:00"},
            "levels": {"names": ["force", "district"], "modelled": "district"},
            "areas": [
                {"id": "shire", "name": "Shire"},
                {"id": "n", "name": "North", "parent": "shire"},
                {"id": "s", "name": "South", "parent": "shire"},
            ],
            "call_types": [{"id": "theft", "name": "Theft"}, {"id": "asb", "name": "ASB"}],
            "grades": ["priority", "routine"],
        }
    )


# in a file of two rows one that can't be taken is already a large share
ALL_ACCEPTED = ImportOptions(accepted=frozenset(ACCEPTABLE))


class Desk:
    """A lake, and imports into it from texts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = Lake(folder / "history")
        self.quarantine = folder / "quarantine"

    def take(
        self, *rows: str, at: pd.Timestamp = AT, head: str = HEADER, **mapping: Any
    ) -> Receipt:
        file = self.folder / "counts.csv"
        file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        how = CountsMapping.model_validate(
            {"resolution": "day", "observed": {"areas": "all"}, **mapping}
        )
        return import_counts(
            self.lake,
            profile(),
            profile().tree(),
            file,
            how,
            imported_at=at,
            quarantine=self.quarantine,
            options=ALL_ACCEPTED,
        )

    def ledger(self) -> pd.DataFrame:
        found = self.lake.table("counts")
        assert found is not None
        return found

    def known(self, at: pd.Timestamp) -> dict[tuple[Any, ...], int]:
        """The counts that are not zero, as known at an instant."""
        rows = self.ledger()
        rows = rows[rows["known_at"] <= at].astype({"start": "str"})
        total = rows.groupby(CELL, as_index=False)["count"].sum()
        cells = total[total["count"] != 0]
        return {tuple(row[:4]): int(row[4]) for row in cells.to_numpy().tolist()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_day_begins_at_the_force_s_hour_and_is_known_at_its_end(desk: Desk) -> None:
    receipt = desk.take("2024-07-01,North,THEFT,routine,3", "2024-12-01,s,asb,priority,2")
    assert (receipt.rows, receipt.taken) == (2, 2)
    rows = desk.ledger().sort_values("start")
    assert rows["start"].tolist() == [
        pd.Timestamp("2024-07-01T06:00Z"),
        pd.Timestamp("2024-12-01T07:00Z"),
    ]
    assert rows["known_at"].tolist() == [
        pd.Timestamp("2024-07-02T06:00Z"),
        pd.Timestamp("2024-12-02T07:00Z"),
    ]
    assert rows[["area", "call_type", "count"]].to_numpy().tolist() == [
        ["n", "theft", 3],
        ["s", "asb", 2],
    ]


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    rows = ("2024-07-01,n,theft,routine,3", "2024-07-02,s,asb,priority,0")
    desk.take(*rows)
    before = desk.lake.version()
    receipt = desk.take(*rows, at=LATER)
    assert (receipt.taken, receipt.unchanged, receipt.superseded) == (0, 2, 0)
    assert desk.lake.version() == before


def test_a_corrected_count_is_known_from_the_correction_on(desk: Desk) -> None:
    cell = ("2024-07-01 06:00:00+00:00", "n", "theft", "routine")
    desk.take("2024-07-01,n,theft,routine,3", "2024-07-01,s,theft,routine,1")
    receipt = desk.take("2024-07-01,n,theft,routine,5", "2024-07-01,s,theft,routine,1", at=LATER)
    assert (receipt.unchanged, receipt.superseded) == (1, 1)
    assert desk.known(LATER - pd.Timedelta(seconds=1))[cell] == 3
    assert desk.known(LATER)[cell] == 5
    assert sorted(desk.ledger()["count"]) == [1, 2, 3]  # the correction is a row of its own


def test_an_absent_cell_is_zero_where_the_file_is_complete(desk: Desk) -> None:
    desk.take("2024-07-01,n,theft,routine,3", "2024-07-02,n,asb,routine,4")
    receipt = desk.take("2024-07-02,n,asb,routine,4", "2024-07-01,n,theft,priority,1", at=LATER)
    assert receipt.notes == ("1 cells that counts.csv no longer holds became zero",)
    assert sorted(desk.known(LATER).values()) == [1, 4]
    outside = desk.take("2024-07-03,n,asb,routine,1", at=LATER)
    assert outside.notes == ()
    assert sorted(desk.known(LATER).values()) == [1, 1, 4]


def test_a_file_of_corrections_leaves_absent_cells_alone(desk: Desk) -> None:
    desk.take("2024-07-01,n,theft,routine,3", "2024-07-01,s,theft,routine,2")
    desk.take("2024-07-01,n,theft,routine,0", at=LATER, absent="unchanged")
    assert list(desk.known(LATER).values()) == [2]
    assert sorted(desk.known(AT).values()) == [2, 3]


def test_a_file_without_a_row_of_an_area_has_to_say_what_it_covers(desk: Desk) -> None:
    row = "2024-07-01,n,theft,routine,3"
    with pytest.raises(SettingsError, match="no row for 1 areas: s; if they had no calls"):
        desk.take(row, observed={})
    assert desk.lake.names() == ()
    desk.take(row, observed={"areas": ["n"]})
    desk.take("2024-07-01,s,theft,routine,1", at=LATER, observed={"areas": ["s"]})
    assert sorted(desk.known(AT).values()) == [1, 3]  # a first statement is no correction


def test_a_file_without_a_row_of_a_type_does_not_wipe_it_out(desk: Desk) -> None:
    desk.take("2024-07-01,n,theft,routine,3", "2024-07-01,n,asb,routine,3")
    with pytest.raises(SettingsError, match="no row of asb, of which counts are known"):
        desk.take("2024-07-01,n,theft,routine,3")
    desk.take("2024-07-01,n,theft,routine,3", observed={"areas": "all", "call_types": ["theft"]})
    assert sorted(desk.known(AT).values()) == [3, 3]
    desk.take("2024-07-01,n,theft,routine,3", observed={"areas": "all", "call_types": "all"})
    assert list(desk.known(AT).values()) == [3]
    with pytest.raises(UnknownCallType, match="thefts"):
        desk.take(
            "2024-07-01,n,theft,routine,3", observed={"areas": "all", "call_types": ["thefts"]}
        )


def test_codes_that_mean_the_same_are_added(desk: Desk) -> None:
    walk = {"call_type": {"T1": "theft", "T2": "theft", "X": "exclude"}}
    receipt = desk.take(
        "2024-07-01,n,T1,routine,3",
        "2024-07-01,n,T2,routine,4",
        "2024-07-01,n,X,routine,9",
        crosswalk=walk,
    )
    assert list(desk.known(AT).values()) == [7]
    assert receipt.filtered == {"excluded by the crosswalk": 1}


def test_a_code_without_a_mapping_stops_everything(desk: Desk) -> None:
    with pytest.raises(UnmappedCodes, match=r"area at line 3 .*: 1 rows\n  grade 'P1': 2 rows"):
        desk.take(
            "2024-07-01,n,theft,P1,3", "2024-07-01,west,theft,P1,3", "2024-07-01,n,theft,routine,3"
        )
    assert desk.lake.names() == ()
    assert not desk.quarantine.exists()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",n,theft,routine,1", "start is missing"),
        ("soon,n,theft,routine,1", "start can't be read, or is an hour that the clock jumped over"),
        ("2024-07-01T05:00,n,theft,routine,1", "start is not the beginning of a day"),
        ("2024-12-31,n,theft,routine,1", "the interval had not ended at the time of the import"),
        ("2024-07-01,,theft,routine,1", "area is missing"),
        ("2024-07-01,n,,routine,1", "call_type is missing"),
        ("2024-07-01,n,theft,,1", "grade is missing"),
        ("2024-07-01,n,theft,routine,many", "count is no number"),
        ("2024-07-01,n,theft,routine,-1", "count is negative"),
        ("2024-07-01,n,theft,routine,1.5", "count is not whole"),
    ],
)
def test_a_row_that_can_t_be_taken_goes_to_quarantine(desk: Desk, row: str, reason: str) -> None:
    receipt = desk.take("2024-07-02,n,theft,routine,1", row)
    assert receipt.quarantined == {reason: 1}
    (file,) = desk.quarantine.iterdir()
    found = pd.read_csv(file, dtype="str")
    assert found["line"].tolist() == ["3"]
    assert found["reason"].tolist() == [reason]
    assert found["file"].tolist() == ["counts.csv"]
    desk.take("2024-07-02,n,theft,routine,1", row, at=LATER)
    if "not ended" not in reason:
        assert list(desk.quarantine.iterdir()) == [file]  # the same file makes no second one


def test_of_two_different_counts_of_a_cell_neither_is_believed(desk: Desk) -> None:
    desk.take("2024-07-01,n,theft,routine,3", "2024-07-02,n,theft,routine,1")
    receipt = desk.take(
        "2024-07-01,n,theft,routine,5",
        "2024-07-01,n,theft,routine,5",
        "2024-07-01,n,theft,routine,7",
        "2024-07-02,n,theft,routine,1",
        "2024-07-02,n,theft,routine,1",
        at=LATER,
    )
    assert receipt.quarantined == {
        "the cell stands twice with different counts": 3,
        "the row stands twice": 1,
    }
    assert sorted(desk.known(LATER).values()) == [1, 3]  # the doubtful cell keeps its count


def test_hours_of_the_local_clock_and_the_repeated_hour(desk: Desk) -> None:
    receipt = desk.take(
        "2024-10-27T00:00,n,theft,routine,1",
        "2024-10-27T01:00,n,theft,routine,2",
        "2024-10-27T01:00,n,theft,routine,3",
        "2024-10-27T02:00,n,theft,routine,4",
        "2024-03-31T01:00,n,theft,routine,5",
        "2024-10-27T02:30,n,theft,routine,6",
        resolution="hour",
    )
    assert receipt.clock == {"at an hour that comes twice": 2}
    assert receipt.quarantined == {
        "start can't be read, or is an hour that the clock jumped over": 1,
        "start is not the beginning of an hour": 1,
        "another row lies within the same hour": 1,
    }
    rows = desk.ledger().sort_values("start")
    starts = [f"2024-10-{day}T{hour}:00Z" for day, hour in ((26, 23), (27, "00"), (27, "01"))]
    assert rows["start"].tolist() == [pd.Timestamp(start) for start in starts]
    assert rows["count"].tolist() == [1, 2, 3]
    assert ((rows["known_at"] - rows["start"]) == pd.Timedelta(hours=1)).all()


def test_constants_stand_for_columns_that_a_file_lacks(desk: Desk) -> None:
    with pytest.raises(MissingColumns, match=r"counts lack grade; counts\.csv has start, area"):
        desk.take("2024-07-01,n,theft,1", head="start,area,call_type,count")
    desk.take(
        "2024-07-01,4",
        head="day,n",
        columns={"start": "day", "count": "n"},
        constants={"area": "n", "call_type": "theft", "grade": "routine"},
        observed={},
    )
    assert list(desk.known(AT)) == [("2024-07-01 06:00:00+00:00", "n", "theft", "routine")]
    assert desk.lake.imports("counts")[0]["observed"]["n"].keys() == {"theft"}


def test_a_span_that_is_stated_reaches_beyond_the_rows(desk: Desk) -> None:
    receipt = desk.take(
        "2024-06-30,n,theft,routine,1",
        "2024-07-01,n,theft,routine,1",
        observed={"from": "2024-07-01", "until": "2024-07-11", "areas": "all"},
    )
    assert receipt.filtered == {"outside the observed span": 1}
    about = desk.lake.imports("counts")[0]
    assert about["observed_from"] == "2024-07-01T06:00:00+00:00"
    assert about["observed_until"] == "2024-07-11T06:00:00+00:00"
    with pytest.raises(SettingsError, match="'soon' can't be read as an instant"):
        desk.take("2024-07-01,n,theft,routine,1", observed={"from": "soon"})


def test_counts_of_another_step_or_beside_calls_are_refused(desk: Desk) -> None:
    desk.take("2024-07-01,n,theft,routine,1")
    with pytest.raises(SettingsError, match="holds counts by day, the mapping says resolution"):
        desk.take("2024-07-01T00:00,n,theft,routine,1", resolution="hour")
    desk.lake.append("calls", pd.DataFrame({"x": [1]}), {})
    with pytest.raises(SettingsError, match="holds calls, and counts would count them twice"):
        desk.take("2024-07-01,n,theft,routine,1")


def test_columns_about_persons_are_refused_by_name(desk: Desk) -> None:
    row, head = "2024-07-01,n,theft,routine,1,Jane", HEADER + ",caller_name"
    with pytest.raises(PersonalData, match="caller_name"):
        desk.take(row, head=head)
    assert desk.take(row, head=head, refuse=["caller_name"]).taken == 1
    with pytest.raises(SettingsError, match="columns that counts don't have: colour"):
        desk.take(row, head=head, refuse=["caller_name"], columns={"colour": "x"})


ROW = st.tuples(
    st.sampled_from(["2024-07-01", "2024-07-02", "2024-07-03", "", "31 July"]),
    st.sampled_from(["n", "s", ""]),
    st.sampled_from(["theft", "asb", "X"]),
    st.just("routine"),
    st.sampled_from(["0", "1", "2", "3", "-1", "x"]),
).map(",".join)


@settings(max_examples=12)
@given(first=st.lists(ROW, min_size=1, max_size=12), second=st.lists(ROW, min_size=1, max_size=12))
def test_every_row_is_accounted_for_and_the_last_file_stands(
    tmp_path_factory: pytest.TempPathFactory, first: list[str], second: list[str]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    how: dict[str, Any] = {
        "crosswalk": {"call_type": {"theft": "theft", "asb": "asb", "X": "exclude"}},
        "observed": {
            "from": "2024-07-01", "until": "2024-07-04", "areas": "all", "call_types": "all",
        },
    }  # fmt: skip
    for rows, at in ((first, AT), (second, LATER)):
        receipt = desk.take(*rows, at=at, **how)
        assert receipt.rows == len(rows)
        left_out = sum(receipt.quarantined.values()) + sum(receipt.filtered.values())
        assert receipt.taken + receipt.unchanged + receipt.superseded + left_out == len(rows)
    again = desk.take(*second, at=LATER, **how)
    assert again.taken == again.superseded == 0
    if "counts" in desk.lake.names():
        known = {key[:3]: n for key, n in desk.known(LATER).items()}
        for cell, n in believed(second).items():
            assert known.get(cell, 0) == n


def believed(rows: list[str]) -> dict[tuple[str, ...], int]:
    """The cells that a file states once, or always alike, by plain Python."""
    said: dict[tuple[str, ...], set[str]] = {}
    for row in Counter(rows):
        day, area, call_type, _, count = row.split(",")
        if day[:4] == "2024" and area and call_type != "X":
            said.setdefault((f"{day} 06:00:00+00:00", area, call_type), set()).add(count)
    return {
        cell: int(next(iter(counts)))
        for cell, counts in said.items()
        if len(counts) == 1 and counts <= set("0123")
    }


# The end of what was observed


def days(first: str, last: str, *cells: str) -> list[str]:
    """Rows of two calls a day of each cell."""
    dates = pd.date_range(first, last).strftime("%Y-%m-%d")
    return [f"{date},{cell},2" for date in dates for cell in cells]


FOUR = ("n,theft,routine", "n,asb,routine", "s,theft,routine", "s,asb,routine")


def ends(desk: Desk) -> tuple[str, dict[tuple[str, str], str]]:
    """The end of everything, and of what is behind it with why."""
    found = feed_ends(history(desk.lake, profile()))
    return f"{found.until:%m-%d}", {
        (one.area, one.call_type): f"{one.until:%m-%d} {one.why}" if one.until else one.why
        for one in found.behind
    }


def test_counts_of_one_type_only_are_no_data_for_the_area(desk: Desk) -> None:
    desk.take(*days("2024-06-01", "2024-06-30", *FOUR))
    one_type = days("2024-07-01", "2024-07-21", "n,theft,routine", "s,theft,routine")
    desk.take(*one_type, observed={"areas": "all", "call_types": ["theft"]})
    assert ends(desk) == ("07-01", {})
    desk.take(*days("2024-07-01", "2024-07-21", *FOUR), at=LATER)
    assert ends(desk) == ("07-22", {})


def test_counts_of_one_area_only_leave_the_other_behind(desk: Desk) -> None:
    desk.take(*days("2024-06-01", "2024-06-30", *FOUR))
    desk.take(*days("2024-07-01", "2024-07-21", *FOUR[:2]), observed={"areas": ["n"]})
    assert ends(desk) == ("07-22", {("s", ""): "07-01 its counts end there"})


def test_an_area_that_no_file_covers_was_never_observed_and_is_no_zero(desk: Desk) -> None:
    desk.take(*days("2024-06-01", "2024-06-30", *FOUR[:2]), observed={"areas": ["n"]})
    assert ends(desk) == ("07-01", {("s", ""): "in no file of counts"})
    found = history(desk.lake, profile())
    (lost,) = found.unobserved.to_dict("records")
    assert lost == {"start": found.observed_from, "end": found.observed_until, "area": "s"}
