"""The one list of columns about persons, and of free text, that Forewatch never takes in.

A column is judged by its name alone, so that nothing of it has to be read: the name is cut into
words ("CallerDOB" is caller, dob), and a word of the list refuses the column, unless a word beside
it says that it is about a place, a code or an event ("beat_name", "type_description"). What a body
has ("age_group", "health_status") stays refused beside a code: only a place makes it harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from forewatch.errors import PersonalData


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words that say it alone. Source: DOMAIN.md, guardrails; the special categories of Article 9 GDPR.
_WORDS = _listed(
    """
    dob birth birthdate born age ages sex gender pronouns ethnicity ethnic race nationality religion
    faith belief sexuality orientation disability health medical diagnosis medication condition
    phone telephone tel mobile cell msisdn imei imsi cli email mail address addr street road house
    postcode postal zip zipcode uprn what3words occupation employer passport ssn nhs nino licence
    license plate vrm vrn vin registration surname forename firstname lastname nickname alias
    fullname maiden initials signature warning warnings marker markers note notes remark remarks
    narrative comment comments disposition freetext synopsis circumstances transcript
    vulnerable vulnerability vulnerabilities disabled pregnant dementia autism marital relationship
    photo photograph hair eyes clothing tattoo
    """
)
# Words that say it unless a word of _ABOUT_THINGS stands beside them.
_UNLESS_QUALIFIED = _listed(
    """
    name names text description descriptions desc detail details summary health age condition
    registration marker note road
    """
)
_ABOUT_THINGS = _listed(
    """
    area beat district division sector zone ward region station force board authority county city
    town village parish type code category nature group class grade priority event holiday file
    table shift status unit column version source
    """
)
# Of those above, what a body has: codes and classes of it are about persons still.
_OF_BODIES = _listed("age health condition")
_PLACES = _listed(
    """
    area beat district division sector zone ward region station board authority county city town
    village parish file table version source
    """
)
# A person, next to any word that would give the person away.
_PERSONS = _listed(
    """
    officer caller victim suspect offender witness informant complainant subject person misper
    operator dispatcher reporter patient child driver owner keeper
    parent carer individual
    """
)
_GIVES_AWAY = _listed(
    "name names id ident identity number no ref reference collar badge contact who risk score grade"
)
# Run together without a sign between the words.
_RUN_TOGETHER = re.compile(
    r"dateofbirth|birthdate|firstname|lastname|fullname|surname|forename|phonenumber|telephone"
    r"|emailaddress|postcode|zipcode|streetname|freetext|ethnicit|nationalit|religio|narrative"
    r"|officername|callername|collarnumber|badgenumber|vehiclereg|numberplate|homeaddress"
)


def about_persons(column: str) -> bool:
    """Return whether a column's name says that it is about persons, or free text.

    >>> [about_persons(name) for name in ("CallerDOB", "Street", "beat_name", "officer_initiated")]
    [True, True, False, False]
    """
    words = _words(column)
    if words & _UNLESS_QUALIFIED and not words & _PERSONS and words & _ABOUT_THINGS:
        harmless = _UNLESS_QUALIFIED if words & _PLACES else _UNLESS_QUALIFIED - _OF_BODIES
        words = words - harmless
    found = words & (_WORDS | _UNLESS_QUALIFIED) or (words & _PERSONS and words & _GIVES_AWAY)
    return bool(found) or bool(_RUN_TOGETHER.search("".join(re.findall(r"[a-z]", column.lower()))))


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
    personal = {name for name in columns if about_persons(name)} - set(allowed)
    read = sorted(name for name in set(used) - set(allowed) if about_persons(name))
    if read:
        raise PersonalData(
            f"the mapping reads {', '.join(read)}: columns about persons or free text are never "
            "taken in; map another column, or strip these at the source"
        )
    if silent := sorted(personal - set(refused)):
        names = ", ".join(f'"{name}"' for name in silent)
        raise PersonalData(
            f"{file} carries columns about persons or free text: {', '.join(silent)}; strip them "
            f"at the source, or write refuse = [{names}] into the mapping: they are then never read"
        )


def _words(column: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", column)
    return set(re.findall(r"[a-z0-9]+", spaced.casefold()))
