"""How an issue stands among the others: what every answer from it says beside its numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

REASON_AFTER = ": "  # between who withdrew an issue and why


class Standing(NamedTuple):
    """How an issue stands.

    Args:
        superseded_by: number of the issue that took its place; None where none did.
        withdrawn: when, by whom and why it was taken out of service; "" where it wasn't.
        is_draft: whether it never was in service.
    """

    superseded_by: int | None = None
    withdrawn: str = ""
    is_draft: bool = False

    def about(self) -> dict[str, Any]:
        """Return the fields that answers say it in."""
        return {
            "superseded_by": self.superseded_by,
            "withdrawn": self.withdrawn,
            "draft": self.is_draft,
        }

    def texts(self) -> dict[str, str | int]:
        """Return the same for each row of a file of rows, "" where there is nothing to say."""
        said = self.about()
        by = "" if self.superseded_by is None else self.superseded_by
        return said | {"superseded_by": by, "draft": str(self.is_draft).lower()}

    def lines(self, number: int) -> tuple[str, ...]:
        """Return the same for a person: nothing for the issue that is served."""
        said = []
        if self.withdrawn:
            said.append(f"ISSUE {number} WAS {self.withdrawn.upper()[:9]}{self.withdrawn[9:]}")
        if self.is_draft:
            said.append(f"issue {number} is a draft: it never was the forecast in service")
        if self.superseded_by is not None:
            said.append(f"issue {number} is superseded by issue {self.superseded_by}")
        return tuple(said)
