"""Columns about persons, and of free text, that Forewatch never takes in, known by their names.

A column is judged by its name alone, so that nothing of it has to be read:

1. The name is written plainly: one kind of letter and digit for all that look alike, no accents, no
   signs that can't be seen.
2. It is cut into words, at signs, digits and capitals; words run together are cut where known words
   meet ("callerlastname" is caller, last, name).
3. A word of `personal_words.toml` refuses the column, in any of its nine languages, unless a word
   beside it says that it is about a place, a code or an event ("beat_name", "type_description").
   What a body has ("age_group", "health_status") stays refused beside a code: only a place makes it
   harmless.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any

from anyascii import anyascii

from forewatch.errors import PersonalData

_LONGEST_SHOWN = 40  # characters of a name that a message shows
_MOST_SHOWN = 20  # names
_LONGEST_WORD = 64  # letters; longer ones are looked through for stems only
_SHORTEST_PIECE = 3  # letters of a known word inside a longer one, at its end two
# Cyrillic and Greek letters that look like Latin ones, and the Latin ones in the same order.
_LOOK_ALIKE = str.maketrans(
    "авеёкмнорстухіјѕԁһԛԝӏАВЕЁКМНОРСТУХІЈЅҺԚԜαβεικνορτυχγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳ",
    "abeekmhopctyxijsdhqwlABEEKMHOPCTYXIJSHQWabeikvoptuxynwABEZHIKMNOPTYXcj",
)
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_LINKS = "(?:s|n|en|es|er|e)?"  # what German, Dutch and Swedish put between the parts of a word
# Cells, not names: a number, date, time, e-mail address, telephone number, postcode, sentence.
_VALUES = re.compile(
    r"[+-]?\d[\d.,' ]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{1,2}[:.h]\d{2}\b.*|\S+@\S+\.\S+"
    r"|[+(]?\d[\d ()/-]{5,}|[A-Za-z]{1,2}\d[\dA-Za-z]? ?\d[A-Za-z]{2}|(?:\S+\s+){5,}\S+",
    re.DOTALL,
)
# One of these among the names is enough: no column is called after a moment or an address.
_NO_NAME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4},? \d{1,2}:\d{2}.*"
    r"|\S+@\S+\.\S+|\d+\w? [^\W\d_].*",
    re.DOTALL,
)
_LONGEST_CELL = 300  # characters by which a cell is told from a name
_FOUR_DIGITS = 1 << 16  # signs below it are written with four hexadecimal digits
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}  # of files that are no CSV of ours
_LOOKS_LIKE_A_ROW = "a first line that looks like a row, not like a header"


@dataclass(frozen=True)
class _Words:
    """The words of all languages by their use, as the head of `personal_words.toml` says."""

    words: frozenset[str]
    stems: re.Pattern[str]
    doubtful: frozenset[str]
    texts: frozenset[str]
    of_bodies: frozenset[str]
    whole: frozenset[str]
    accented: frozenset[str]
    persons: frozenset[str]
    tells: frozenset[str]
    things: frozenset[str]
    others: frozenset[str]
    places: frozenset[str]
    measures: frozenset[str]
    person_and_tell: re.Pattern[str]

    @cached_property
    def pieces(self) -> frozenset[str]:
        """What words that run together may be cut into."""
        return (
            self.words | self.doubtful | self.texts | self.persons | self.tells | self.things
            | self.others | self.places | _BESIDE
        )  # fmt: skip


_OF_TIME = frozenset(["date", "time", "day", "hour", "hours", "minutes", "month", "year", "week"])
# Words of no meaning here, that stand glued to others.
_BESIDE = frozenset(
    ["first", "last", "full", "home", "work", "call", "caller", "contact", "vehicle", "the", "of"]
)


@lru_cache(maxsize=4096)  # the same parameters come with every request
def about_persons(column: str) -> bool:
    """Return whether a column's name says that it is about persons, or free text.

    >>> [about_persons(name) for name in ("CallerDOB", "Straße", "beat_name", "officer_initiated")]
    [True, True, False, False]
    """
    known = _word_lists()
    seen = _visible(column)
    plain = anyascii(seen.translate(_LOOK_ALIKE))
    words = _words(plain)
    if known.accented.intersection(re.findall(r"[^\W\d_]+", seen.casefold())) or _names_who(plain):
        return True
    if len(words) == 1 and words & (known.whole | known.persons):
        return True
    run_together = re.sub(r"[^a-z0-9]", "", plain.casefold())
    letters = re.sub(r"[0-9]", "", run_together)
    words |= {letters} | {piece for word in words for piece in _split_word(word)}
    words -= _harmless(words)
    if words & (known.words | known.doubtful | known.texts) or (
        words & known.persons and words & known.tells
    ):
        return True
    return bool(
        known.stems.search(run_together)
        or known.stems.search(letters)
        or any(known.person_and_tell.fullmatch(word[-_LONGEST_WORD:]) for word in words)
    )


def refuse_persons(
    file: str,
    columns: Iterable[str],
    used: Iterable[str],
    refused: Iterable[str],
    allowed: Iterable[str] = (),
) -> None:
    """Stop before a column about persons is read, or is there without a word about it.

    Args:
        file: name of the file, for the message.
        columns: every column of the file.
        used: columns that the mapping reads.
        refused: columns that the mapping lists as never read.
        allowed: standard columns of the table that only look personal (the name of an event).

    Raises:
        PersonalData: if the mapping uses such a column, or the file has one that the mapping
            doesn't refuse.
    """
    offered = list(columns)
    personal = {name for name in offered if about_persons(name)} - set(allowed)
    read = sorted(name for name in set(used) - set(allowed) if about_persons(name))
    if read:
        raise PersonalData(
            f"the mapping reads {_word_list(read)}: columns about persons or free text are never "
            "taken in; map another column, or strip these at the source"
        )
    if silent := sorted(personal - set(refused)):
        if _is_a_row(offered):
            raise PersonalData(
                f"{file} begins with {_LOOKS_LIKE_A_ROW}, and some of it reads like names of "
                "columns about persons; give the file a header, and strip what is about persons"
            )
        names = _word_list(silent, quote='"')
        raise PersonalData(
            f"{file} carries columns about persons or free text: {_word_list(silent)}; strip them "
            f"at the source, or write refuse = [{names}] into the mapping: they are then never read"
        )


def columns_text(names: Iterable[str], sought: Iterable[str] | None = None) -> str:
    """Return the names of a file's columns for a message; none where they may be a row's cells.

    Args:
        names: of the columns.
        sought: the names that are looked for; where none of them is there, nor any word of the
            list, the first line may be no header.

    >>> columns_text(["ref", "received_at"]), columns_text(["17", "2026-05-01 10:00", "north"])
    ('ref, received_at', 'a first line that looks like a row, not like a header')
    """
    listed = list(names)
    if sought is not None and not set(sought) & set(listed) and not any(map(_has_a_word, listed)):
        return f"{len(listed):,} others: if its first line is no header, give it one"
    if len(listed) == 1:
        for between, word in _SEPARATORS.items():
            if between in listed[0]:
                return f"one column, with {word} in its name: save the file with commas between"
    return _LOOKS_LIKE_A_ROW if _is_a_row(listed) else _word_list(listed)


def quote_text(text: str) -> str:
    """Return a text of a file in quotes for a message: cut short, what can't be seen written out.

    >>> print(quote_text("x" * 50))
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    return f"'{_short(text)}'"


def _has_a_word(name: str) -> bool:
    """Return whether a name holds a word that names of columns are made of."""
    known = _word_lists()
    return bool(_words(anyascii(_visible(name))) & (known.pieces | known.measures | _OF_TIME))


def _is_a_row(names: Sequence[str]) -> bool:
    cut = [name.strip()[:_LONGEST_CELL] for name in names]
    values = sum(bool(_VALUES.fullmatch(name)) for name in cut)
    is_mostly_values = values > 0 and 3 * values >= len(names)
    return is_mostly_values or any(_NO_NAME.fullmatch(name) for name in cut)


def _word_list(names: Sequence[str], quote: str = "") -> str:
    listed = ", ".join(f"{quote}{_short(name, quote)}{quote}" for name in names[:_MOST_SHOWN])
    more = len(names) - _MOST_SHOWN
    return f"{listed} and {more} more" if more > 0 else listed


def _short(text: str, quote: str = "") -> str:
    cut = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
    return "".join(_toml_text(sign, quote) for sign in cut)


def _toml_text(sign: str, quote: str) -> str:
    """Return a sign as TOML would write it between such quotes, or as it is without quotes."""
    if quote and sign in (quote, "\\"):
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    number = ord(sign)
    long = f"\\u{number:04x}" if number < _FOUR_DIGITS else f"\\U{number:08x}"
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(sign, long)


def _visible(text: str) -> str:
    """Return a text in the usual forms of its letters, without signs that can't be seen."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    composed = unicodedata.normalize("NFKC", seen)
    # combining signs that no letter has taken in, such as a joiner or a stroke through it
    return "".join(
        sign for sign in composed if unicodedata.category(sign) not in ("Cf", "Mn", "Me")
    )


def _words(plain: str) -> set[str]:
    """Return the words of a name, cut at capitals and not; letters that stand alone as one word."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    found: set[str] = set()
    for text in (spaced, plain):
        words = re.findall(r"[a-z]+", text.casefold())
        found.update(words)
        joined = "".join(word if len(word) == 1 else " " for word in words)
        found.update(word for word in joined.split() if len(word) > 1)
    return found


def _names_who(plain: str) -> bool:
    """Return whether a name ends like "reported_by": what stands there is a person."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).casefold()
    return bool(re.search(r"[a-z](?:ed|en)[^a-z]+by[^a-z]*$", spaced))


def _harmless(words: set[str]) -> frozenset[str]:
    """Return the doubtful words that are harmless by the words beside them."""
    known = _word_lists()
    if words & known.persons:
        return frozenset()
    if words & known.places:
        return known.doubtful | known.texts
    if words & known.things:
        return (known.doubtful | known.texts) - known.of_bodies
    found = known.doubtful - known.of_bodies if words & known.others else frozenset[str]()
    return found | (known.texts if words & known.measures else frozenset())


def _split_word(word: str) -> list[str]:
    """Return the known words that a word consists of, the longest first; [] if there are none."""
    if not _SHORTEST_PIECE < len(word) <= _LONGEST_WORD:
        return []
    ends: dict[int, list[str]] = {len(word): []}
    known = _word_lists().pieces
    for start in range(len(word) - 2, -1, -1):
        for end in range(len(word), start, -1):
            piece = word[start:end]
            long = len(piece) >= _SHORTEST_PIECE or (len(piece) > 1 and end == len(word) and start)
            if end in ends and long and piece in known:
                ends[start] = [piece, *ends[end]]
                break
    return ends.get(0, [])


@cache
def _word_lists() -> _Words:
    text = resources.files("sources").joinpath("personal_words.toml").read_text(encoding="utf-8")
    languages = list(tomllib.loads(text).values())
    uses = ("words", "doubtful", "texts", "of_bodies", "whole", "persons", "tells", "things",
            "others", "places", "measures")  # fmt: skip
    found = {use: frozenset(_forms(_listed_words(languages, use))) for use in uses}
    stems = _forms(_listed_words(languages, "stems"))
    persons, tells = ("|".join(sorted(found[use])) for use in ("persons", "tells"))
    return _Words(
        **found,
        accented=frozenset(_listed_words(languages, "accented")),
        stems=re.compile("|".join(sorted(stems))),
        person_and_tell=re.compile(f".*(?:{persons}){_LINKS}(?:{tells}){_LINKS}"),
    )


def _listed_words(languages: Sequence[Mapping[str, Any]], use: str) -> list[str]:
    lists = (language.get(use, "") for language in languages)
    groups = (group.values() if isinstance(group, dict) else [group] for group in lists)
    return [word for group in groups for words in group for word in words.split()]


def _forms(words: Iterable[str]) -> set[str]:
    """Return the words without accents, and with two letters for those that are so written."""
    return {anyascii(form) for word in words for form in (word, word.translate(_TWO_LETTERS))}
