"""Passwords: what may be one, and the digests that are kept of them.

A digest takes tens of milliseconds and 9 MiB, so that whoever steals the database can't try many.
An account that isn't there, or has no password, costs the same work as one with a wrong password.

Source:
    OWASP, Password Storage Cheat Sheet (Argon2id with 9 MiB, four passes, one lane); OWASP ASVS
    4.0.3, 2.1 (12 to 128 characters, no composition rules, common ones refused); NIST SP 800-63B-4,
    3.1.1 (NFKC before hashing; words of the context are refused).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from forewatch.errors import SettingsError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 128
_MOST_READ = 1024  # characters of what is sent; nobody waits for more to be normalised
_MEMORY_KIB = 9_216
_PASSES = 4
_LANES = 1
_LEAST_DIFFERENT = 5
_LEAST_OWN = 5  # characters that are left without what everybody tries
# What people lengthen a password with, and what would be tried of a service of this kind.
_TRIED = (
    *("password", "passw0rd", "letmein", "welcome", "qwertyuiop", "qwerty", "azerty", "asdfghjkl"),
    *("iloveyou", "changeme", "administrator", "admin", "secret", "forewatch", "forecast"),
    *("constabulary", "police", "planner", "analyst", "viewer", "demand", "january", "february"),
    *("monday", "summer", "winter", "spring", "autumn", "abcdefgh", "abcdef", "abcd", "abc"),
)
_LEAST_NAME = 3  # characters of a part of the account's name that is looked for
_WORD = re.compile(r"[^\W_]+")
_DIGITS_AND_SIGNS = re.compile(r"[\d\W_]+")


def check_password(password: str, account: str) -> None:
    """Stop where a text can't be an account's password.

    Raises:
        SettingsError: saying what it lacks; never the text itself.
    """
    text = _normal(password)
    if not LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS:
        raise SettingsError(
            f"the password has {len(text)} characters; give it {LEAST_CHARACTERS} to "
            f"{MOST_CHARACTERS}, such as four words that have nothing to do with each other"
        )
    folded = text.casefold()
    own = folded
    names = [part for part in _WORD.findall(account.casefold()) if len(part) >= _LEAST_NAME]
    for tried in (*names, *_TRIED):
        own = own.replace(tried, " ")
    letters = _DIGITS_AND_SIGNS.sub("", own)
    # Words of one's own, or signs and digits that are no row of the keyboard and no year.
    if len(set(folded)) < _LEAST_DIFFERENT or (
        len(letters) < _LEAST_OWN and (own != folded or _is_row(folded))
    ):
        raise SettingsError(
            "the password is one of those that are tried first (few different characters, a row of "
            "keys, the account's name, a common word); take four words that have nothing to do "
            "with each other"
        )


def _is_row(text: str) -> bool:
    """Return whether most characters follow the one before, up or down or the same."""
    steps = [abs(ord(b) - ord(a)) for a, b in pairwise(text)]
    return sum(step <= 1 for step in steps) * 2 > len(steps)


def _normal(password: str) -> str:
    """Return a password as it is counted and hashed, however the keyboard composed it."""
    return unicodedata.normalize("NFKC", password)


class PasswordDigests:
    """Makes digests and compares with them; counts how many were computed."""

    def __init__(self) -> None:
        """Begin with nothing computed."""
        self.computed = 0

    def digest(self, password: str) -> str:
        """Return what is kept of a password: Argon2's text, with its parameters and its salt."""
        self.computed += 1
        return self._hasher.hash(_normal(password))

    def fits(self, digest: str | None, password: str) -> bool:
        """Return whether a password is that of a digest.

        None, and a password that is too long to be one, take as long as any other.
        """
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

        text, nobodys = _normal(password[:_MOST_READ]), self._nobodys
        is_one = digest is not None and len(text) <= MOST_CHARACTERS
        self.computed += 1
        try:
            fits = self._hasher.verify(digest if digest and is_one else nobodys, text)
        except (VerificationError, InvalidHashError):
            return False
        return fits and is_one

    def is_outdated(self, digest: str) -> bool:
        """Return whether a digest was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(digest)

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher  # noqa: PLC0415 - commands without passwords need none

        return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)

    @cached_property
    def _nobodys(self) -> str:
        """A digest of today's parameters that no password fits, as far as anybody knows."""
        return self._hasher.hash(self._hasher.hash(""))
