"""The roles of people: a ladder, on which each may do what those before it may."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["viewer", "planner", "analyst"]
# Look; record plans and judgements; look into the models.
ROLES: tuple[Role, ...] = get_args(Role)
