"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

# What is being done, how much of it is done, and how much there is in all (0: not known).
Progress = Callable[[str, int, int], None]


def silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""
