"""What stands around every view: navigation, choices, warnings, and where the numbers come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A link.

    Args:
        text: of it.
        address: where it leads to.
        is_here: whether that is what is shown already.
    """

    text: str
    address: str
    is_here: bool = False


@dataclass(frozen=True)
class Option:
    """One thing that may be chosen.

    Args:
        value: of the parameter; "" for what a view shows unless told otherwise.
        text: as a person reads it.
        is_chosen: whether it is shown now.
    """

    value: str
    text: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Choice:
    """What may be chosen for one parameter of the address.

    Args:
        name: of the parameter.
        label: of the field.
        options: in their order.
    """

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Complaint:
    """Something of the address that was not found or can't be read; the rest is shown.

    Args:
        text: what was wrong, what was found, what to do.
        near: what may have been meant.
        status: of the answer.
    """

    text: str
    near: tuple[Link, ...]
    status: int


@dataclass(frozen=True)
class PageFrame:
    """What stands around a view.

    Args:
        force: name of the force.
        where: name of the area that is shown.
        when: the time that is shown, in words.
        navigation: links to the views, for the same area and week.
        path: of the view, to which the choices are sent.
        choices: what may be chosen.
        others: what else the address says, name and value, and stays when something is chosen.
        complaints: of the address.
        warnings: bars across the view: stale, superseded, a newer issue that can't be read.
        source: lines on where the numbers come from.
        notes: of the issue, within the viewer's reach.
    """

    force: str
    where: str
    when: str
    navigation: tuple[Link, ...]
    path: str
    choices: tuple[Choice, ...]
    others: tuple[tuple[str, str], ...]
    complaints: tuple[Complaint, ...]
    warnings: tuple[str, ...]
    source: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def status(self) -> int:
        """Of the answer: 200, or the first complaint's."""
        return self.complaints[0].status if self.complaints else 200
