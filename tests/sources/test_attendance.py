"""What calls took comes in with them: bad figures are put aside, and nothing said is lost again."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.errors import NotEnoughHistory
from sources.attendance import figures_of, with_figures
from sources.attended_calls import attended_calls
from sources.lake import Lake
from sources.mapping import Mapping
from sources.receipts import Receipt
from tests.sources.test_calls import HEADER, KILLED, PROFILE, imported, known, mapping, written

TOOK = HEADER + ",officers,minutes"
FIGURES = {"officers": "officers", "attended_minutes": "minutes"}
CALL = "A{},2026-06-01T{:02d}:05:00,north,VIO,immediate,live"


def took(**more: Any) -> Mapping:
    """The mapping of a log that says what calls took."""
    return mapping(columns={**FIGURES, **more.pop("columns", {})}, **more)


def calls(*figures: str, first: int = 0) -> list[str]:
    """Calls an hour apart, with what they took."""
    return [f"{CALL.format(i, 8 + i)},{each}" for i, each in enumerate(figures, first)]


def take(folder: Path, *figures: str, plan: Mapping | None = None, at: str = "07-01") -> Receipt:
    file = written(folder, *calls(*figures), header=TOOK)
    return imported(folder, file, plan or took(), pd.Timestamp(f"2026-{at}", tz="UTC"))


def sums(folder: Path, until: str | None = None) -> dict[str, float]:
    at = None if until is None else pd.Timestamp(until)
    found = attended_calls(Lake(folder / "history"), PROFILE, PROFILE.tree(), at)
    return {str(name): float(found[name].sum()) for name in found.columns[3:]}


def test_what_calls_took_is_summed_by_day_type_and_grade(tmp_path: Path) -> None:
    take(tmp_path, "2,30", "1,60.5", "0,", ",", "3,")
    found = attended_calls(Lake(tmp_path / "history"), PROFILE, PROFILE.tree())
    assert found.iloc[0, :3].tolist() == [pd.Timestamp("2026-06-01"), "violence", "immediate"]
    assert sums(tmp_path) == {
        "calls": 5, "sent": 3, "not_sent": 1, "blank": 1, "open": 2, "with_officers": 3,
        "officers": 6, "timed": 2, "weight": 3, "weighted_minutes": 2 * 30 + 60.5,
        "weighted_squares": 2 * 30**2 + 60.5**2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ("two,30", "unreadable officers"),
        ("1_0,30", "unreadable officers"),
        ("nan,30", "unreadable officers"),
        ("-1,30", "impossible officers"),
        ("1.5,30", "impossible officers"),
        ("4711,30", "impossible officers"),  # a collar number
        ("inf,30", "unreadable officers"),
        ("2,half an hour", "unreadable attended_minutes"),
        ("2,00:30", "unreadable attended_minutes"),
        ("2,-5", "impossible attended_minutes"),
        ("2,90000", "impossible attended_minutes"),  # seconds
    ],
)
def test_a_figure_that_can_not_be_meant_is_put_aside_with_its_line_and_without_itself(
    tmp_path: Path, figures: str, reason: str
) -> None:
    receipt = take(tmp_path, "2,30", figures)
    assert (receipt.taken, dict(receipt.quarantined)) == (1, {reason: 1})
    (aside,) = (tmp_path / "quarantine").iterdir()
    row = pd.read_csv(aside).iloc[0]
    assert (row["reason"], row["line"]) == (reason, 3)
    assert (
        figures.split(",", maxsplit=1)[0] not in row.drop(["line", "reason"]).astype(str).tolist()
    )


def test_of_calls_that_are_no_demand_nothing_is_kept_nor_asked(tmp_path: Path) -> None:
    row = CALL.format(1, 9).replace("live", "test") + ",many,long"
    receipt = imported(tmp_path, written(tmp_path, row, header=TOOK), took())
    assert (receipt.quarantined, receipt.filtered) == ({}, {"test": 1})
    table = Lake(tmp_path / "history").table("calls")
    assert table is not None
    assert table[["officers", "attended_minutes"]].isna().all(axis=None)


def test_the_closing_of_a_case_is_a_correction_that_moves_no_count(tmp_path: Path) -> None:
    take(tmp_path, ",", "0,", at="06-02")
    counts = known(tmp_path)
    receipt = take(tmp_path, "2,45", "0,", at="06-03")
    assert (receipt.taken, receipt.superseded, receipt.unchanged) == (0, 1, 1)
    assert known(tmp_path) == counts
    assert sums(tmp_path)["weighted_minutes"] == 90
    again = take(tmp_path, "2,45", "0,", at="06-04")
    assert (again.superseded, again.unchanged) == (0, 2)


def test_a_file_without_the_columns_says_nothing_of_them_and_takes_nothing_back(
    tmp_path: Path,
) -> None:
    take(tmp_path, "2,45")
    plain = written(tmp_path, *(row.rsplit(",", 2)[0] for row in calls("2,45")), name="p.csv")
    receipt = imported(tmp_path, plain, at=pd.Timestamp("2026-07-02", tz="UTC"))
    assert (receipt.superseded, receipt.unchanged) == (0, 1)
    graded = written(tmp_path, CALL.format(0, 8).replace("immediate", "routine"), name="g.csv")
    receipt = imported(tmp_path, graded, at=pd.Timestamp("2026-07-03", tz="UTC"))
    assert receipt.superseded == 1
    found = attended_calls(Lake(tmp_path / "history"), PROFILE, PROFILE.tree())
    assert found[["grade", "weighted_minutes"]].to_numpy().tolist() == [["routine", 90]]


def test_a_history_of_before_gets_the_columns_and_the_figures(tmp_path: Path) -> None:
    rows = calls("2,45", "1,10")
    plain = [row.rsplit(",", 2)[0] for row in rows]
    imported(tmp_path, written(tmp_path, *plain))
    lake = Lake(tmp_path / "history")
    with pytest.raises(NotEnoughHistory, match="name the columns officers and attended_minutes"):
        sums(tmp_path)
    counts = known(tmp_path)
    receipt = take(tmp_path, "2,45", "1,10", at="07-02")
    assert receipt.superseded == 2
    assert known(tmp_path) == counts
    assert sums(tmp_path)["officers"] == 3
    assert lake.column_names("calls")[-2:] == ("officers", "attended_minutes")
    later = written(tmp_path, CALL.format(7, 20), name="later.csv")
    imported(tmp_path, later, at=pd.Timestamp("2026-07-03", tz="UTC"))
    assert sums(tmp_path)["calls"] == 3
    assert sums(tmp_path)["blank"] == 1


def test_the_same_file_read_with_the_columns_named_brings_the_figures_in(tmp_path: Path) -> None:
    file = written(tmp_path, *calls("2,45"), header=TOOK)
    imported(tmp_path, file, mapping())
    receipt = imported(tmp_path, file, took())
    assert receipt.superseded == 1
    assert sums(tmp_path)["weighted_minutes"] == 90
    assert imported(tmp_path, file, took()).unchanged == 1


def test_one_of_the_two_columns_is_enough(tmp_path: Path) -> None:
    file = written(tmp_path, *calls("x,45", "x,0", "x,"), header=TOOK)
    imported(tmp_path, file, mapping(columns={"attended_minutes": "minutes"}))
    found = sums(tmp_path)
    assert (found["sent"], found["not_sent"], found["blank"]) == (1, 1, 1)
    assert (found["weight"], found["with_officers"]) == (1, 0)


def test_numbers_of_a_parquet_file_are_read_as_they_are(tmp_path: Path) -> None:
    rows = [row.split(",") for row in calls("2,0.1", "1,120.5", "0,")]
    table = pd.DataFrame(rows, columns=TOOK.split(","))
    table["officers"] = table["officers"].astype("Int64")
    table["minutes"] = pd.to_numeric(table["minutes"])
    file = tmp_path / "calls.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pandas(table), file)
    assert imported(tmp_path, file, took()).taken == 3
    assert sums(tmp_path)["weighted_minutes"] == pytest.approx(0.2 + 120.5)


def test_an_extract_without_any_call_can_be_taken(tmp_path: Path) -> None:
    plan = took(observed={"from": "2026-06-01", "until": "2026-06-02"})
    receipt = imported(tmp_path, written(tmp_path, header=TOOK), plan)
    assert receipt.rows == 0


def test_as_of_an_instant_what_came_later_or_was_not_over_is_unknown(tmp_path: Path) -> None:
    take(tmp_path, "2,45", "1,600", "1,5")
    found = sums(tmp_path, "2026-06-01T09:00Z")  # calls at 07:05, 08:05 and 09:05 UTC
    assert (found["calls"], found["timed"], found["open"]) == (2, 1, 1)


def test_a_kill_while_a_history_gets_the_columns_leaves_it_as_it_was(tmp_path: Path) -> None:
    plain = [row.rsplit(",", 2)[0] for row in calls("2,45")]
    imported(tmp_path, written(tmp_path, *plain))
    version = Lake(tmp_path / "history").version()
    written(tmp_path, *calls("2,45"), header=TOOK, name="second.csv")
    script = KILLED.replace("t.mapping()", f"t.mapping(columns={FIGURES})")
    command = [sys.executable, "-c", script, str(Path(__file__).parent), "commit", str(tmp_path)]
    died = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert died.returncode == -signal.SIGKILL
    assert Lake(tmp_path / "history").version() == version
    assert "officers" not in Lake(tmp_path / "history").column_names("calls")
    assert take(tmp_path, "2,45", at="07-02").superseded == 1
    assert (sums(tmp_path)["calls"], sums(tmp_path)["officers"]) == (1, 2)


@given(st.lists(st.one_of(st.none(), st.text(max_size=6), st.integers().map(str)), max_size=8))
def test_every_text_is_a_figure_blank_or_refused(texts: list[str | None]) -> None:
    rows = np.arange(-1, len(texts)).astype(np.int32)
    found, is_unread, is_impossible = figures_of("officers", texts, rows)
    assert np.isnan(found[0])
    assert not (is_unread | is_impossible)[0]
    for text, figure, unread, impossible in zip(
        texts, found[1:], is_unread[1:], is_impossible[1:], strict=True
    ):
        is_blank = not (text or "").strip()
        assert not (unread and impossible)
        assert is_blank == (bool(np.isnan(figure)) and not unread)
        if not (is_blank or unread or impossible):
            assert 0 <= figure <= 500
            assert figure == int(figure)


def test_what_a_version_says_differs_by_each_figure_and_is_as_before_without() -> None:
    says = np.full(5, 7, np.uint64)
    figures = np.array([[np.nan, np.nan], [2, np.nan], [np.nan, 2], [2, 3], [3, 2]], np.float32)
    found = with_figures(says, figures)
    assert found[0] == 7
    assert len(set(found.tolist())) == 5
    assert (with_figures(says, np.empty((5, 0), np.float32)) == says).all()
