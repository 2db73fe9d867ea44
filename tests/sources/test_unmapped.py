"""Codes that nobody mapped are told so that a person can map them, and nothing else is told."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import UnmappedCodes
from sources.crosswalk import translate_codes
from sources.lines import LineAccount
from sources.unmapped import UnmappedCode, stop_if_unmapped, unmapped_codes

TYPES = {"asb": "ASB", "theft": "Theft and handling"}
KEY = b"key"


def codes(*texts: str | None) -> pd.Series:
    return pd.Series(texts, dtype="str").astype("category")


def told(found: dict[str, list[UnmappedCode]], account: LineAccount | None = None) -> str:
    with pytest.raises(UnmappedCodes) as caught:
        stop_if_unmapped("file.csv", found, account, KEY, "[crosswalk]")
    return str(caught.value)


def test_a_missing_code_is_not_an_unmapped_code() -> None:
    given = codes("asb", "??", None, "??")
    assert unmapped_codes(given, translate_codes(given, "identity", TYPES)) == [
        UnmappedCode("??", 2, 2)
    ]


def test_a_code_that_leads_to_an_id_the_profile_lacks_is_unmapped() -> None:
    given = codes("T1")
    assert unmapped_codes(given, translate_codes(given, {"T1": "burglary"}, TYPES)) == [
        UnmappedCode("T1", 1, 1)
    ]


def test_every_code_is_told_with_its_rows_the_most_frequent_first() -> None:
    found = {"area": [], "call_type": [UnmappedCode("A", 2, 1), UnmappedCode("B", 3, 2)]}
    assert told(found | {"grade": [UnmappedCode("9", 2, 4)]}) == (
        "file.csv uses 3 codes without a mapping; nothing was imported:\n"
        "  call_type 'B': 3 rows\n  call_type 'A': 2 rows\n  grade '9': 2 rows\n"
        'add them to the mapping ([crosswalk]), also to leave them out (to "exclude")'
    )
    stop_if_unmapped("file.csv", {"area": []}, None, KEY, "[crosswalk]")


def test_what_is_long_or_comes_once_is_told_by_line_and_digest() -> None:
    once, long = "Jane Doe", "a sentence that a person wrote about somebody"
    found = {"area": [UnmappedCode(once, 1, 2), UnmappedCode(long, 5, 3)]}
    account = LineAccount(9, blank=1, first=np.array([2, 5, 9]))
    said = told(found, account)
    assert once not in said
    assert long not in said
    digest = hashlib.blake2b(once.encode(), key=KEY, digest_size=6).hexdigest()
    assert f"area at line 5 (not shown: long, or in few rows; digest {digest}): 1 rows" in said
    assert "area at line 9" in said


def test_a_column_of_many_rare_texts_is_no_column_of_codes() -> None:
    names = [UnmappedCode(f"Person {i}", 10, i + 1) for i in range(200)]
    said = told({"call_type": names})
    assert "Person" not in said
    assert "call_type: 190 more that are not shown" in said
    often = [UnmappedCode(f"CODE{i}", 60, i + 1) for i in range(200)]
    assert "CODE199" in told({"call_type": often})


def test_a_code_keeps_its_first_row_and_its_whole_time() -> None:
    joined = UnmappedCode("A", 2, 3, (5, 9)).joined(UnmappedCode("A", 1, 7, (2, 6)))
    assert joined == UnmappedCode("A", 3, 3, (2, 9))
