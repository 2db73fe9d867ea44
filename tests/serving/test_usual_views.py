"""What is made of a new issue before anybody asks."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from planning.issues import Issue
from serving.charts.chart import Chart
from serving.charts.look import LOOKS, Look
from serving.drawing import Drawing, Drawings
from serving.page.usual_views import UsualViews, usual_questions
from serving.site import create_site

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench


class Orders(Drawings):
    """Remembers what is to be drawn ahead, and draws nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def draw_ahead(self, charts: Iterable[Chart], looks: Iterable[Look] = LOOKS) -> None:
        del looks
        self.names += [chart.name for chart in charts]

    def drawing(self, chart: Chart, look: Look, wait_seconds: float = 1) -> Drawing:
        del chart, look, wait_seconds
        return Drawing(gzip.compress(b"<svg></svg>"))


def test_usual_views_are_next_and_this_week_of_the_force_and_its_districts(bench: Bench) -> None:
    serving = bench.app.state.service
    first, later = usual_questions(serving.shelf.latest().issue, serving)
    assert [view for each in first for view in each.boards] == list(bench.views)
    areas = ("town", "north", "south")
    asked = [
        [(each.view, each.state["week"], each.state["area"]) for each in some if not each.boards]
        for some in (first, later)
    ]
    beside = [(view, "2026-W43", area) for area in areas for view in ("accuracy", "missing")]
    assert asked == [
        [("week", "2026-W43", area) for area in areas],
        [*(("week", "2026-W42", area) for area in areas), *beside],
    ]


@pytest.mark.parametrize("issues", [1, 2])
def test_charts_are_ordered_once_for_each_issue(
    bench: Bench, make_issue: Callable[..., Issue], issues: int
) -> None:
    orders = Orders()
    app = create_site(bench, clock=lambda: bench.now, drawings=orders)
    ahead = UsualViews(app.state.service, app.state.view_records)

    async def looked() -> None:
        for number in range(issues):
            if number:
                bench.issues().publish(replace(make_issue(), notes=("another",)))
            for _ in range(2):  # the second finds nothing new
                await ahead.look()
                await ahead.done()

    asyncio.run(looked())
    bands = Counter(name for name in orders.names if name.startswith("Expected calls from"))
    # Ordered ahead, and again when the page is made: of three areas, this week and the next.
    assert [*bands.values()] == [2 * issues] * 6


def test_a_usual_view_is_kept_for_whoever_asks_and_however(bench: Bench) -> None:
    app = create_site(bench, clock=lambda: bench.now, drawings=Orders())
    ahead = UsualViews(app.state.service, app.state.view_records)

    async def looked() -> None:
        await ahead.look()
        await ahead.done()

    asyncio.run(looked())
    asked: list[bytes] = []
    answer = app.state.service.workers.answer

    async def counted(job: bytes, *more: Any) -> bytes:
        asked.append(job)
        return cast("bytes", await answer(job, *more))

    app.state.service.workers.answer = counted
    whole = {"X-API-Key": bench.keys().create("all", ("forecasts:read",))}
    client = TestClient(app, "http://localhost", headers=whole)
    usual = ("/week", "/week?area=south", "/week?week=2026-W43&area=", "/views/control-room")
    for address in usual:
        assert client.get(address).status_code == 200
    assert not asked
    tags = {client.get(address).headers["etag"] for address in ("/week", usual[2])}
    assert len(tags) == 1
    assert client.get("/week?area=south-1").status_code == 200
    assert len(asked) == 1


def test_a_new_day_makes_the_usual_views_anew(bench: Bench) -> None:
    orders = Orders()
    app = create_site(bench, clock=lambda: bench.now, drawings=orders)
    ahead = UsualViews(app.state.service, app.state.view_records)

    async def looked() -> int:
        await ahead.look()
        await ahead.done()
        return len(orders.names)

    async def days() -> list[int]:
        first = await looked()
        same = await looked()
        bench.now += pd.Timedelta(days=1)
        return [first, same, await looked()]

    first, same, later = asyncio.run(days())
    assert first == same
    assert later > same
