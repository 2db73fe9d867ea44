"""A view is made once at a time."""

from __future__ import annotations

import asyncio

import pytest

from forewatch.errors import Overloaded
from serving.api.shelf import Body
from serving.page.views_under_way import ViewsUnderWay


class Maker:
    """Makes a view when it is let, or fails so often first."""

    def __init__(self, failures: int = 0) -> None:
        self.made = 0
        self.let = asyncio.Event()
        self._failures = failures

    async def make(self) -> Body:
        self.made += 1
        number = self.made
        await self.let.wait()
        await asyncio.sleep(0)  # as who asks a worker does
        if number <= self._failures:
            raise Overloaded("not now", 1)
        return Body(b"page", None)


def test_a_view_that_many_ask_for_at_once_is_made_once() -> None:
    async def asked() -> tuple[list[Body], int]:
        views, maker = ViewsUnderWay(), Maker()
        waiting = [asyncio.create_task(views.body("tag", maker.make)) for _ in range(5)]
        await asyncio.sleep(0)
        maker.let.set()
        return await asyncio.gather(*waiting), maker.made

    bodies, made = asyncio.run(asked())
    assert [body.content for body in bodies] == [b"page"] * 5
    assert made == 1


def test_who_waited_for_what_failed_tries_it_again() -> None:
    async def asked() -> tuple[list[Body | BaseException], int]:
        views, maker = ViewsUnderWay(), Maker(failures=1)
        waiting = [asyncio.create_task(views.body("tag", maker.make)) for _ in range(3)]
        await asyncio.sleep(0)
        maker.let.set()
        return await asyncio.gather(*waiting, return_exceptions=True), maker.made

    bodies, made = asyncio.run(asked())
    assert isinstance(bodies[0], Overloaded)
    assert [body.content for body in bodies[1:] if isinstance(body, Body)] == [b"page"] * 2
    assert made == 2


def test_who_hangs_up_leaves_the_others_waiting_for_the_next() -> None:
    async def asked() -> tuple[Body, int]:
        views, maker = ViewsUnderWay(), Maker()
        first, second = (asyncio.create_task(views.body("tag", maker.make)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        maker.let.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await second, maker.made

    body, made = asyncio.run(asked())
    assert body.content == b"page"
    assert made == 2


def test_views_of_other_tags_do_not_wait() -> None:
    async def asked() -> int:
        views, maker = ViewsUnderWay(), Maker()
        waiting = [asyncio.create_task(views.body(tag, maker.make)) for tag in "ab"]
        await asyncio.sleep(0)
        maker.let.set()
        await asyncio.gather(*waiting)
        return maker.made

    assert asyncio.run(asked()) == 2
