"""Grades: how urgent a call is, in the force's own scale; by default the five standard ones."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from forewatch.frozen import Frozen, Identifier, with_standard

Work = Literal["urgent", "deferrable"]


class Grade(Frozen):
    """How urgent a call is."""

    id: Identifier
    """Used in mappings, questions and answers."""
    name: str
    """As a person reads it."""
    work: Work
    """urgent: somebody must be free at once; deferrable: it can wait within the force-day."""
    target_minutes: float | None = Field(default=None, gt=0)
    """Minutes within which the force means to attend; left out: it has no such aim."""


# The scale onto which forces map their own. Source of the minutes: what forces in England publish
# for their most urgent calls, 15 in towns and 20 in the country.
STANDARD_GRADES = (
    Grade(id="immediate", name="Immediate", work="urgent", target_minutes=15),
    Grade(id="priority", name="Priority", work="urgent"),
    Grade(id="routine", name="Routine", work="deferrable"),
    Grade(id="appointment", name="Appointment", work="deferrable"),
    Grade(id="no_deployment", name="No deployment", work="deferrable"),
)


def grades_of(given: Any) -> Any:  # noqa: ANN401 - as pydantic has it
    """Return what settings say of grades, with the standard ones in the place of their ids.

    Raises:
        ValueError: if there is no grade at all, or an id that is no standard grade's.
    """
    return with_standard(given, STANDARD_GRADES, "grades", "id, name and work")
