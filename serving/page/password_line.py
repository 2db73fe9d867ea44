"""The line in which passwords wait to be looked at, one at a time, in a thread of their own.

To look at one takes tens of milliseconds of a core and 9 MiB, which the system's allocator keeps
for each thread that ever did it: hence always the same thread. One at a time leaves the other cores
to whoever is signed in, however many try; Argon2 lets go of Python's lock, so the process of the
connections goes on. Of one address only a few wait, so that nobody fills the line alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from forewatch.errors import Overloaded

Found = TypeVar("Found")
MOST_WAITING = 40  # the last of them waits about two seconds
MOST_OF_ADDRESS = 10


class PasswordLine:
    """Who waits; for one thread."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._thread = ThreadPoolExecutor(1, "passwords")
        self._waiting: Counter[str] = Counter()

    async def look(self, address: str, work: Callable[[], Found]) -> Found:
        """Return what a piece of work comes to, in its turn.

        Args:
            address: that it is for.
            work: done in a thread.

        Raises:
            Overloaded: if too many wait.
        """
        if self._waiting.total() >= MOST_WAITING or self._waiting[address] >= MOST_OF_ADDRESS:
            raise Overloaded("too many sign in at this moment; try again in a few seconds", 2)
        self._waiting[address] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]
