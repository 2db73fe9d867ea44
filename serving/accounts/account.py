"""An account: somebody who may sign in, as what, and how much they see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from serving.accounts.roles import Role
from serving.accounts.viewers import Viewer
from serving.reach import Reach


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in; instants and days are those of UTC.

    Args:
        id: never given again.
        name: that they sign in with.
        role: what they may do.
        areas: ids of the areas that they see with all below them; None: the whole force.
        password: Argon2's digest; None: they can't sign in by password.
        epoch: what sessions have to name.
        created_at: when it was made.
        disabled_at: when it was disabled; None: it is good.
        signed_in_on: the last day on which they signed in; None: never.
    """

    id: int
    name: str
    role: Role
    areas: tuple[str, ...] | None
    password: str | None
    epoch: int
    created_at: datetime
    disabled_at: datetime | None
    signed_in_on: date | None

    @property
    def viewer(self) -> Viewer:
        """Who looks when they are signed in."""
        return Viewer(f"account:{self.id}", self.name, Reach(self.areas), self.role)

    @property
    def is_good(self) -> bool:
        """Whether it opens anything."""
        return self.disabled_at is None
