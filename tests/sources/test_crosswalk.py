import pandas as pd
import pytest

from forewatch.errors import UnmappedCodes
from sources.crosswalk import EXCLUDE, slug, stop_if_unmapped, translated, unmapped

TYPES = {"theft": "Theft and handling", "asb": "Antisocial behaviour"}


def codes(*texts: str | None) -> pd.Series:
    return pd.Series(texts, dtype="str").astype("category")


def test_a_slug_keeps_letters_and_digits_only() -> None:
    assert slug("CARDIAC/RESPIRATORY ARREST/DEATH") == "cardiac-respiratory-arrest-death"
    assert slug("SICK PERSON - SPECIFIC") == "sick-person-specific"
    assert slug(" (A.I.C.D) ") == "a-i-c-d"


def test_identity_takes_an_id_or_a_name_whatever_its_case() -> None:
    found = translated(codes("ASB", "theft AND handling", "asb"), "identity", TYPES)
    assert found.tolist() == ["asb", "theft", "asb"]


def test_a_table_of_codes_takes_only_what_it_names() -> None:
    found = translated(codes("T1", "theft", "X", None), {"T1": "theft", "X": EXCLUDE}, TYPES)
    assert found[[0, 2]].tolist() == ["theft", "exclude"]
    assert found.isna().tolist() == [False, True, False, True]


def test_a_missing_code_is_not_an_unmapped_code() -> None:
    given = codes("??", None, "??", "asb")
    assert unmapped(given, translated(given, "identity", TYPES)) == {"??": 2}


def test_a_code_that_leads_to_an_id_the_profile_lacks_is_unmapped() -> None:
    given = codes("T1")
    assert unmapped(given, translated(given, {"T1": "burglary"}, TYPES)) == {"T1": 1}


def test_unmapped_codes_stop_with_every_code_and_its_rows() -> None:
    with pytest.raises(
        UnmappedCodes, match=r"call_type: 'A' \(3 rows\), 'B' \(1 rows\); grade: '9'"
    ):
        stop_if_unmapped({"area": {}, "call_type": {"A": 3, "B": 1}, "grade": {"9": 2}})
    stop_if_unmapped({"area": {}})
