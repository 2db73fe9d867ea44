"""A code means what the crosswalk says for the day of the call, and nothing else."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import SettingsError
from sources.codes import MISSING, UNMAPPED, Codes, exclusion_code
from sources.crosswalk import Entry
from sources.unmapped import UnmappedCode

IDS = {"violence": "Violence", "missing_person": "Missing person"}


def entry(to: str, *codes: str, **more: object) -> Entry:
    return Entry.model_validate({"to": to, "codes": codes, **more})


def codes(*entries: Entry, falls_back: bool = False) -> Codes:
    return Codes("call type", IDS, entries, falls_back=falls_back, zone="Europe/London")


def meanings(found: Codes, texts: list[str | None], *times: str) -> list[int]:
    received = np.array([pd.Timestamp(t, tz="UTC").value // 1000 for t in times])
    distinct = [text for text in dict.fromkeys(texts) if text is not None]
    rows = np.array([-1 if text is None else distinct.index(text) for text in texts], np.int32)
    return [int(i) for i in found.positions([*distinct], rows, received)]


def test_a_code_changes_its_meaning_at_local_midnight() -> None:
    found = codes(
        entry("violence", "X1", until=date(2026, 7, 1)),
        entry("missing_person", "X1", **{"from": date(2026, 7, 1)}),
    )
    day_before, day = "2026-06-30T22:59:59", "2026-06-30T23:00:00"  # midnight is 23:00 UTC
    assert meanings(found, ["X1", "X1"], day_before, day) == [0, 1]


def test_a_code_means_nothing_outside_its_dates() -> None:
    found = codes(entry("violence", "X1", **{"from": date(2026, 1, 1), "until": date(2027, 1, 1)}))
    texts = ["X1", "X1", "X1"]
    times = "2025-12-31T23:59", "2026-06-01T00:00", "2027-01-01T00:00"
    assert meanings(found, [*texts], *times) == [UNMAPPED, 0, UNMAPPED]


def test_blank_unknown_and_excluded_codes_are_three_things() -> None:
    found = codes(
        entry("exclude", "T", reason="test"), entry("exclude", "E"), entry("violence", "V")
    )
    texts = [" V ", None, "  ", "W", "T", "E"]
    assert meanings(found, texts, *["2026-01-01"] * 6) == [
        0, MISSING, MISSING, UNMAPPED, exclusion_code("test"), exclusion_code("other"),
    ]  # fmt: skip


def test_without_a_crosswalk_codes_are_ids_or_names_whatever_their_case() -> None:
    found = codes(falls_back=True)
    texts = ["VIOLENCE", "missing person", "missing_person", "missing"]
    assert meanings(found, [*texts], *["2026-01-01"] * 4) == [0, 1, 1, UNMAPPED]
    strict = codes(entry("violence", "V"))
    assert meanings(strict, ["violence"], "2026-01-01") == [UNMAPPED]


def test_a_code_with_two_meanings_at_once_is_refused() -> None:
    with pytest.raises(SettingsError) as error:
        codes(entry("violence", "X"), entry("missing_person", "X", **{"from": date(2026, 1, 1)}))
    assert str(error.value) == (
        "call type 'X' means two things at once; give its entries in the crosswalk dates that "
        "don't overlap"
    )


def test_unmapped_codes_are_counted_with_their_first_and_last_day() -> None:
    found = codes(entry("violence", "V"))
    rows = np.array([0, 0, 1], np.int32)
    for shift in (0, 10):
        numbers = np.array([1, 2, 4]) + shift
        found.note_unmapped(["A", "B"], rows, np.array([5, 3, 7]) + shift, numbers)
    assert found.unmapped == {
        "A": UnmappedCode("A", 4, 1, (3, 15)), "B": UnmappedCode("B", 2, 4, (7, 17)),
    }  # fmt: skip
