"""Views that are being made: each once at a time, however many people ask for it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from serving.api.shelf import Body


class ViewsUnderWay:
    """What is being made at this moment, by its tag; for one event loop."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._bodies: dict[str, asyncio.Future[Body | None]] = {}

    async def body(self, tag: str, make: Callable[[], Awaitable[Body]]) -> Body:
        """Return a view that somebody has made already, or have it made.

        Args:
            tag: of the view.
            make: makes it; whatever it raises is for who asked with it, and the next one tries.
        """
        while (waited := self._bodies.get(tag)) is not None:
            if (found := await asyncio.shield(waited)) is not None:
                return found
        made = self._bodies[tag] = asyncio.get_running_loop().create_future()
        body: Body | None = None
        try:
            body = await make()
        finally:
            del self._bodies[tag]
            made.set_result(body)
        return body
