"""What is made of a new issue before anybody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from planning.issues import Issue
from serving.charts.chart import Chart
from serving.charts.look import LOOKS, Look
from serving.drawing import Drawings
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


def test_usual_views_are_next_and_this_week_of_the_force_and_its_districts(bench: Bench) -> None:
    serving = bench.app.state.service
    found = list(usual_questions(serving.shelf.latest().issue, serving))
    asked = [(view, question["week"], question["area"]) for view, question in found]
    areas = ("town", "north", "south")
    once = [(view, "2026-W43", area) for area in areas for view in ("week", "accuracy", "missing")]
    assert asked == once + [("week", "2026-W42", area) for area in areas]


@pytest.mark.parametrize("issues", [1, 2])
def test_charts_are_ordered_once_for_each_issue(
    bench: Bench, make_issue: Callable[..., Issue], issues: int
) -> None:
    orders = Orders()
    app = create_site(bench, clock=lambda: bench.now, drawings=orders)
    ahead = UsualViews(app.state.service)

    async def looked() -> None:
        for number in range(issues):
            if number:
                bench.issues().publish(replace(make_issue(), notes=("another",)))
            for _ in range(2):  # the second finds nothing new
                await ahead.look()
                await ahead.done()

    asyncio.run(looked())
    bands = [name for name in orders.names if name.startswith("Expected calls from")]
    assert len(bands) == 6 * issues
