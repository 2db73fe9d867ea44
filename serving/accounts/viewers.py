"""Who looks: a name, a role and a reach, whether of a session, of an API key or of a screen."""

from __future__ import annotations

from dataclasses import dataclass

from forewatch.errors import MissingRole
from serving.accounts.roles import ROLES, Role
from serving.keys import Key
from serving.reach import Reach


@dataclass(frozen=True)
class Viewer:
    """Who asks: the one thing that a route or a use case knows of its asker.

    Args:
        id: of the key or the account; limits are counted by it.
        name: of the key or the account.
        reach: the areas that they see.
        role: what they may do on the page. What a key may do beyond looking is in its scopes.
        board: the one board that they see; None: all that there are.
    """

    id: str
    name: str
    reach: Reach
    role: Role = "viewer"
    board: str | None = None

    @classmethod
    def of_key(cls, key: Key) -> Viewer:
        """Return who asks with a key."""
        return cls(key.id, key.name, key.reach, board=key.board)

    @property
    def areas(self) -> tuple[str, ...] | None:
        """Ids of the areas that they see with all below them; None: the whole force."""
        return self.reach.areas

    def has_role(self, role: Role) -> bool:
        """Return whether they may do what a role may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def refuse_below(self, role: Role) -> None:
        """Raise MissingRole unless they may do what a role may."""
        if not self.has_role(role):
            raise MissingRole(
                f"this is for the role {role}, and {self.name!r} has the role {self.role}; ask "
                "whoever keeps the accounts for it"
            )
