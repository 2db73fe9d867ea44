"""Kinds of area: what places are like, in the force's own words; by default the four standard ones.

Places of one kind lend each other their hours, and trees learn what a kind does to demand.
"""

from __future__ import annotations

from typing import Any

from forewatch.frozen import Frozen, Identifier, with_standard

MIXED = "mixed"  # of an area that says no kind, and of sums of several: there always is this one


class AreaKind(Frozen):
    """What an area is like."""

    id: Identifier
    """Used for areas, in the profile and in imported files."""
    name: str
    """As a person reads it."""


STANDARD_AREA_KINDS = (
    AreaKind(id="urban", name="Urban"),
    AreaKind(id="rural", name="Rural"),
    AreaKind(id="coast", name="Coast"),
    AreaKind(id=MIXED, name="Mixed"),
)


def area_kinds_of(given: Any) -> Any:  # noqa: ANN401 - as pydantic has it
    """Return what settings say of kinds, with the standard ones in the place of their ids.

    Raises:
        ValueError: if there is no kind at all, or an id that is no standard kind's.
    """
    return with_standard(given, STANDARD_AREA_KINDS, "area_kinds", "id and name")


def with_mixed(kinds: tuple[AreaKind, ...]) -> tuple[AreaKind, ...]:
    """Return the kinds with "mixed" among them, as the last where it was left out."""
    is_there = any(kind.id == MIXED for kind in kinds)
    return kinds if is_there else (*kinds, STANDARD_AREA_KINDS[-1])
