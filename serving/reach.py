"""Which areas somebody may see: one value, given with the key or account that asks.

What lies outside is answered like what isn't there: a question about it gets the same words as one
about a name that nobody ever gave, and the near names offered are those within reach. Sums above
the areas within reach are not told either, because they hold what lies outside.

Every question is put through `Reach.area_ids` before `planning` sees it, so that nothing below this
room knows of keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forewatch.areas import AreaTree
from forewatch.errors import OutOfReach
from planning import names
from serving.standing import REASON_AFTER, Standing

_ELSEWHERE = "not observed for longer than is allowed"  # where the reason names such an area
# What notes say of more areas or series than they name.
_OVER_AREAS = re.compile(
    r"\d more\b|\bdays were storms of a series\b|\bthan the training alone would make them\b"
)


@dataclass(frozen=True)
class Reach:
    """The whole force, or some areas with everything below them.

    Args:
        areas: ids, in the order given; None means the whole force. An area that a tree doesn't
            have brings nothing there.
    """

    areas: tuple[str, ...] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.areas is None

    @property
    def text(self) -> str:
        """The reach as a text, the same for the same areas: "" for the whole force."""
        return "" if self.areas is None else " ".join(sorted(self.areas))

    def seen(self, tree: AreaTree) -> tuple[str, ...]:
        """Return the areas of a tree within reach, in its order."""
        if self.areas is None:
            return tree.ids
        there = [area for area in self.areas if area in tree.ids]
        found = {below for area in there for below in tree.below(area)}
        return tuple(area for area in tree.ids if area in found)

    def tops(self, tree: AreaTree) -> tuple[str, ...]:
        """Return the highest areas within reach, in the tree's order."""
        seen = set(self.seen(tree))
        return tuple(
            area for area in tree.ids if area in seen and tree.area(area).parent not in seen
        )

    def levels(self, tree: AreaTree) -> tuple[str, ...]:
        """Return the names of the levels at which areas within reach stand, from above."""
        there = {tree.level(area) for area in self.seen(tree)}
        return tuple(level for level in tree.levels if self.is_whole or level in there)

    def area_ids(self, tree: AreaTree, texts: Sequence[str]) -> tuple[str, ...]:
        """Return the ids of the areas that somebody asks about, by ids, names or levels' names.

        A level's name stands for the areas within reach at it, and no text for the highest areas
        within reach, each by itself: a sum of some areas is no area.

        Raises:
            UnknownArea: for a text that means nothing within reach, with near names within it.
            BadQuestion: for the name of several areas within reach.
            OutOfReach: if the tree has nothing within reach.
        """
        seen = None if self.is_whole else self.seen(tree)
        if seen == ():
            raise OutOfReach(
                f"the issue has none of the areas of this key ({self.text}) or account; ask for "
                "those of today, or for an issue of the time of these"
            )
        return names.area_ids(tree, texts or self.tops(tree), seen)

    def listed(self, tree: AreaTree, areas: Sequence[str]) -> str:
        """Return areas as a text: those within reach by id, the number of leaf areas out of it."""
        seen, named, hidden = set(self.seen(tree)), [], 0
        for area in areas:
            leaves = [area] if area in seen else tree.leaves_of(area)
            named += [leaf for leaf in leaves if leaf in seen]
            hidden += sum(leaf not in seen for leaf in leaves)
        return names.POOLED_BETWEEN.join([*named, *([f"{hidden} out of reach"] if hidden else [])])

    def notes(self, tree: AreaTree, notes: Iterable[str]) -> list[str]:
        """Return the notes that tell of no area out of reach.

        Those name none by its id or name, and count nothing over areas that they leave out.
        """
        if self.is_whole:
            return list(notes)
        seen = set(self.seen(tree))
        hidden = [area for area in tree.areas if area.id not in seen]
        texts = {text.casefold() for area in hidden for text in (area.id, area.name)}
        return [
            note
            for note in notes
            if not (_names_any(note.casefold(), texts) or _OVER_AREAS.search(note))
        ]

    def reason(self, tree: AreaTree, why: str) -> str:
        """Return why something is stale, without the area where it names one out of reach."""
        return why if self.notes(tree, [why]) else _ELSEWHERE

    def standing(self, tree: AreaTree, standing: Standing) -> Standing:
        """Return how an issue stands; why it was withdrawn only where that names no other area."""
        when = standing.withdrawn.partition(REASON_AFTER)[0]
        is_told = bool(self.notes(tree, [standing.withdrawn]))
        return standing if is_told else standing._replace(withdrawn=when)


def _names_any(note: str, texts: set[str]) -> bool:
    """Return whether one of the names stands in a note as whole words."""
    # Looking for the letters first is many times faster than a pattern of every name.
    return any(
        name in note and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", note) for name in texts
    )
