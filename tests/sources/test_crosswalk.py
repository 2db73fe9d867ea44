import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.crosswalk import EXCLUDE, slug, translate_codes

TYPES = {"theft": "Theft and handling", "asb": "Antisocial behaviour"}


def codes(*texts: str | None) -> pd.Series:
    return pd.Series(texts, dtype="str").astype("category")


def test_a_slug_keeps_letters_and_digits_only() -> None:
    assert slug("CARDIAC/RESPIRATORY ARREST/DEATH") == "cardiac-respiratory-arrest-death"
    assert slug("SICK PERSON - SPECIFIC") == "sick-person-specific"
    assert slug(" (A.I.C.D) ") == "a-i-c-d"


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Åre", "are"),
        ("Öre", "ore"),
        ("CAFÉ", "cafe"),
        ("A\u030are", "are"),  # the ring as a sign of its own
        ("Łódź Górna", "lodz-gorna"),
        ("Straße", "strasse"),
        ("Ynys Môn", "ynys-mon"),
        ("北区", "beiqu"),
        ("!?", ""),
    ],
)
def test_letters_of_every_alphabet_give_an_id(name: str, made: str) -> None:
    assert slug(name) == made


@given(st.text(st.characters(max_codepoint=126), max_size=30))
def test_the_id_of_an_ascii_name_is_what_it_always_was(name: str) -> None:
    assert slug(name) == re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


@given(st.text(max_size=30))
def test_an_id_is_lower_case_latin_or_nothing(name: str) -> None:
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug(name))


def test_two_spellings_of_a_code_may_lead_to_one_id() -> None:
    found = translate_codes(codes("Café", "CAFE", "café"), "slug", {"cafe": "Café"})
    assert found.tolist() == ["cafe"] * 3


def test_identity_takes_an_id_or_a_name_whatever_its_case() -> None:
    found = translate_codes(codes("ASB", "theft AND handling", "asb"), "identity", TYPES)
    assert found.tolist() == ["asb", "theft", "asb"]


def test_a_table_of_codes_takes_only_what_it_names() -> None:
    found = translate_codes(codes("T1", "theft", "X", None), {"T1": "theft", "X": EXCLUDE}, TYPES)
    assert found[[0, 2]].tolist() == ["theft", "exclude"]
    assert found.isna().tolist() == [False, True, False, True]
