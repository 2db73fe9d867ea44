"""Which rows of a file are new, for chains of versions whose answer is known by thinking."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.records import Records
from sources.versions import (
    DUPLICATE,
    NEW,
    NO_VERSIONS,
    SUPERSEDING,
    UNCHANGED,
    Standings,
    Versions,
    content,
    standings,
)
from sources.wall_clock import NONE

Row = tuple[int, str, int | None]  # reference, what it says, when it was written
EXTRACTED = 1_000
LETTERS = {NEW: "n", SUPERSEDING: "s", UNCHANGED: "u", DUPLICATE: "d"}


def records(rows: Sequence[Row]) -> Records:
    says = np.array([ord(text) for _, text, _ in rows], np.int16)
    zeros = np.zeros(len(rows), np.int16)
    updated = np.array([NONE if at is None else at for _, _, at in rows], np.int64)
    return Records(
        np.arange(1, len(rows) + 1), np.array([r for r, _, _ in rows], np.uint64),
        np.full(len(rows), 10, np.int64), updated,
        says, zeros, zeros, np.zeros(len(rows), np.int8), np.empty((len(rows), 0), np.float32),
    )  # fmt: skip


def nothing() -> Versions:
    return NO_VERSIONS


def stored(known: Versions, rows: Records, found: Standings) -> Versions:
    """The versions that the lake holds after an import."""
    kept = (found.kind == NEW) | (found.kind == SUPERSEDING)
    says = content(rows.received, (rows.area, rows.call_type, rows.grade, rows.state))
    return Versions(
        np.concatenate([known.reference, rows.reference[kept]]),
        np.concatenate([known.received, rows.received[kept]]),
        np.concatenate([known.known, found.known[kept]]),
        np.concatenate([known.content, says[kept]]),
    )


def kinds(*files: Sequence[Row]) -> list[str]:
    """What the rows of each file are, the files imported one after the other."""
    known, letters = nothing(), []
    for number, rows in enumerate(files):
        found = standings(records(rows), known, EXTRACTED + number)
        letters.append("".join(LETTERS[int(kind)] for kind in found.kind))
        known = stored(known, records(rows), found)
    return letters


def a(says: str, at: int | None = None) -> Row:
    return (7, says, at)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # without a time of writing
        ([[a("A"), (8, "A", None)]], ["nn"]),
        ([[a("A"), a("A")]], ["nd"]),
        ([[a("A"), a("B")], [a("A"), a("B")]], ["ns", "uu"]),
        ([[a("A")], [a("B")], [a("B")]], ["n", "s", "u"]),
        ([[a("A")], [a("B")], [a("A")]], ["n", "s", "s"]),  # corrected back, by a later extract
        ([[a("A"), a("B"), a("A")], [a("A"), a("B"), a("A")]], ["nss", "uuu"]),
        ([[a("A")], [a("B"), a("A")], [a("B"), a("A")]], ["n", "ss", "uu"]),
        ([[a("A")], [a("A"), a("A"), a("B")]], ["n", "uds"]),
        # with one
        ([[a("A", 20), a("B", 30)], [a("A", 20), a("B", 30)]], ["ns", "uu"]),
        ([[a("B", 30)], [a("A", 20)], [a("A", 20), a("B", 30)]], ["n", "s", "uu"]),
        ([[a("A", 20), a("A", 30)], [a("A", 20), a("A", 30)]], ["nd", "uu"]),
        ([[a("A", 20)], [a("A", 40)]], ["n", "u"]),  # touched, and nothing changed
        ([[a("A", 20), a("B", 30), a("A", 40)], [a("B", 30)]], ["nss", "u"]),
        ([[a("A", 20), a("B", 20)], [a("A", 20), a("B", 20)]], ["ns", "uu"]),
        ([[a("B", 30), a("A", 20)]], ["sn"]),  # the file's order does not matter
    ],
)
def test_each_row_is_what_it_is(files: list[list[Row]], expected: list[str]) -> None:
    assert kinds(*files) == expected


def test_a_correction_without_a_time_is_known_from_the_extract_on() -> None:
    found = standings(records([a("A"), a("B")]), nothing(), EXTRACTED)
    assert found.known.tolist() == [10, EXTRACTED]


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(1, 3), st.sampled_from("AB"), st.integers(11, 14)), max_size=8
        ),
        max_size=4,
    )
)
def test_with_times_of_writing_a_file_again_is_nothing_new(files: list[list[Row]]) -> None:
    twice = kinds(*(rows for rows in files for _ in range(2)))
    assert set("".join(twice[1::2])) <= {"u", "d"}


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("AB"), st.none()), max_size=10))
def test_without_them_the_same_file_again_is_nothing_new(rows: list[Row]) -> None:
    first, second = kinds(rows, rows)
    assert set(second) <= {"u", "d"}
    assert first.count("n") == len({reference for reference, _, _ in rows})
