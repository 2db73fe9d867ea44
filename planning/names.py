"""Names as a person writes them: an id, or the name of an area or call type, whatever the case."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from forewatch.areas import AreaTree
from forewatch.errors import BadQuestion, UnknownArea

POOLED_BETWEEN = ", "  # ids of areas in a text
_MOST_SHOWN = 10
_NO_WORD = re.compile(r"[\W_]+")


def id_meant(text: str, names: Mapping[str, str]) -> str | None:
    """Return the id that a text means; None if it means none.

    Args:
        text: an id, or a name; the case of a name doesn't matter.
        names: the name of each id.

    Raises:
        BadQuestion: if several have the name.

    >>> id_meant("BRISTOL", {"a1": "Bristol", "a2": "Bath"})
    'a1'
    """
    if text in names:
        return text
    folded = text.strip().casefold()
    found = [i for i, name in names.items() if folded in (i.casefold(), name.casefold())]
    if len(found) > 1:
        more = "" if len(found) <= _MOST_SHOWN else f" and {len(found) - _MOST_SHOWN} more"
        raise BadQuestion(
            f"{text!r} may mean {', '.join(found[:_MOST_SHOWN])}{more}; give one of these ids"
        )
    return found[0] if found else None


def says_more(name: str, of: str) -> bool:
    """Return whether a name is more than its id written nicely.

    >>> says_more("South Side", of="south_side"), says_more("Yate", of="d7")
    (False, True)
    """
    return _NO_WORD.sub(" ", name.casefold()).strip() != _NO_WORD.sub(" ", of.casefold()).strip()


def ids_and_names(names: Mapping[str, str]) -> tuple[str, ...]:
    """Return what may be written for ids: they themselves, and the names that say more."""
    return (*names, *(name for i, name in names.items() if says_more(name, of=i)))


def area_names(tree: AreaTree, within: Collection[str]) -> dict[str, str]:
    """Return the names of areas of a tree, in its order."""
    return {each.id: each.name for each in tree.areas if each.id in within}


def area_ids(
    tree: AreaTree, texts: Sequence[str], within: Collection[str] | None = None
) -> tuple[str, ...]:
    """Return the ids of the areas that texts mean, each once.

    Args:
        tree: the force's.
        texts: ids, names, or levels' names for all areas at it.
        within: the areas that may be meant; None: all.

    Raises:
        UnknownArea: for a text that means none, with the near ones among these.
        BadQuestion: for the name of several.
    """
    seen = frozenset(tree.ids if within is None else within)
    found: dict[str, None] = {}
    for text in texts:
        if text in seen:
            found[text] = None
        else:
            found.update(dict.fromkeys(_areas_meant(tree, text, seen)))
    return tuple(found)


def _areas_meant(tree: AreaTree, text: str, seen: Collection[str]) -> tuple[str, ...]:
    """Return the areas within reach that a level's or an area's name means."""
    held = {tree.level(area) for area in seen}
    levels = [level for level in tree.levels if level in held or len(seen) == len(tree.ids)]
    if text in levels:
        return tuple(area for area in tree.at_level(text) if area in seen)
    names = area_names(tree, seen)
    area = id_meant(text, names)
    if area is None:
        raise UnknownArea(text, (*ids_and_names(names), *levels))
    return (area,)
