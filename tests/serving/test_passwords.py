"""What may be a password, and the work that looking at one takes."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from forewatch.errors import SettingsError
from serving.accounts.passwords import (
    LEAST_CHARACTERS,
    MOST_CHARACTERS,
    PasswordDigests,
    check_password,
)

GOOD = "four words none relate"


@pytest.mark.parametrize(
    "password",
    [
        GOOD, "x9$kQ2#vLp0!", "vierzehnBäume im Hof", "4815162342 77gx", "æøåñ " * 25,
        "the police dog ate my sandwich",
    ],
)  # fmt: skip
def test_long_enough_and_not_among_the_first_tried_is_enough(password: str) -> None:
    check_password(password, "ann.lee")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "the password has 5 characters; give it 12 to 128"),
        ("", "the password has 0 characters"),
        ("x y" * 50, "the password has 150 characters"),
        ("aaaaaaaaaaaaaaa", "tried first"),
        ("abababababababab", "tried first"),
        ("123456789012", "tried first"),
        ("987654321098", "tried first"),
        ("qwertyuiop123", "tried first"),
        ("Password2026!", "tried first"),
        ("Forewatch-Police-1", "tried first"),
        ("ann.lee.ann.lee", "tried first"),
        ("Lee2026!Ann2026", "tried first"),
    ],
)
def test_what_is_too_short_too_long_or_tried_first_is_refused(password: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        check_password(password, "ann.lee")
    assert not password or password not in str(refused.value)


@given(st.text(min_size=0, max_size=200))
def test_every_text_is_taken_or_refused_in_words(text: str) -> None:
    length = len(unicodedata.normalize("NFKC", text))
    try:
        check_password(text, "ann")
    except SettingsError:
        return
    assert LEAST_CHARACTERS <= length <= MOST_CHARACTERS


def test_a_digest_fits_its_password_alone_however_it_was_composed() -> None:
    digests = PasswordDigests()
    kept = digests.digest("Vierzehn B\u00e4ume im Hof")
    assert kept.startswith("$argon2id$")
    assert digests.fits(kept, "Vierzehn Ba\u0308ume im Hof")
    assert not digests.fits(kept, "vierzehn B\u00e4ume im Hof")
    assert digests.digest(GOOD) != digests.digest(GOOD)
    assert GOOD not in kept


def test_nobodys_password_costs_the_same_work_and_fits_nothing() -> None:
    digests = PasswordDigests()
    kept = digests.digest(GOOD)
    before = digests.computed
    tries = [(kept, "wrong words of length"), (None, GOOD), (kept, GOOD * 100), (None, "")]
    for number, (digest, password) in enumerate(tries, 1):
        assert not digests.fits(digest, password)
        assert digests.computed == before + number
    assert digests.fits(kept, GOOD)


def test_a_damaged_digest_fits_nothing_and_one_of_other_parameters_is_outdated() -> None:
    digests = PasswordDigests()
    assert not digests.fits("$argon2id$nonsense", GOOD)
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD)
    assert digests.fits(weak, GOOD)
    assert digests.is_outdated(weak)
    assert not digests.is_outdated(digests.digest(GOOD))
