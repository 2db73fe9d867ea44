from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from features.panel import Panel
from models.missing.members import Members, blend_reports
from models.missing.reports import Reports
from models.missing.settings import MissingRecipe

RECIPE = MissingRecipe()


def reports_of(panel: Panel, counts: NDArray[np.float64]) -> Reports:
    places = len(panel.places)
    ahead = np.ones((len(panel.horizon), places))
    return Reports(
        panel, counts, counts, ahead, np.arange(1, places + 1), np.full(places, 1 / places)
    )


def forecast(seen: Reports, name: str) -> NDArray[np.float64]:
    found: NDArray[np.float64] = (
        Members(RECIPE).fit(seen).predict(seen)[[str(one) for one in RECIPE.members].index(name)]
    )
    return found


@pytest.fixture
def panel(panel_of: Callable[..., Panel]) -> Panel:
    return panel_of(np.ones((756, 2, 1)), 28)


def test_constant_reports_are_forecast_by_every_member(panel: Panel) -> None:
    seen = reports_of(panel, np.full((728, 2), 3.0))
    found = Members(RECIPE).fit(seen).predict(seen)
    assert found == pytest.approx(np.full((8, 28, 2), 3.0), rel=0.01)


def test_a_rise_of_one_place_is_followed_there_only_by_the_local_members(panel: Panel) -> None:
    counts = np.full((728, 2), 2.0)
    counts[-60:, 1] = 4.0
    seen = reports_of(panel, counts)
    before = forecast(seen, "season").mean(0)
    local, recent = forecast(seen, "local").mean(0), forecast(seen, "recent").mean(0)
    assert local[1] > 1.25 * before[1]  # 4 came: waves go back to their mean
    assert local[0] == pytest.approx(before[0], rel=0.15)
    assert local[0] < recent[0]  # the force's rise is spread over both
    # by hand: half of the last weeks, half-life 60 days, hold twice what was before
    assert recent[0] / before[0] == pytest.approx(recent[1] / before[1])


def test_what_was_learned_stays_and_recent_reports_move_on(panel: Panel) -> None:
    early = reports_of(panel, np.full((728, 2), 2.0))
    later = reports_of(panel, np.full((728, 2), 4.0))
    learned = Members(RECIPE).fit(early)
    assert learned.predict(later).mean() == pytest.approx(
        2 * learned.predict(early).mean(), rel=0.01
    )
    restored = Members(RECIPE).restored(learned.state())
    assert np.array_equal(restored.predict(later), learned.predict(later))


def test_a_force_without_a_report_expects_little_but_not_nothing(panel: Panel) -> None:
    found = (
        Members(RECIPE)
        .fit(reports_of(panel, np.zeros((728, 2))))
        .predict(reports_of(panel, np.zeros((728, 2))))
    )
    assert (found > 0).all()
    assert found.sum(2).max() < 0.01


def test_the_blend_takes_the_weights_of_the_block_of_each_day() -> None:
    predicted = np.stack([np.ones((10, 2)), np.full((10, 2), 3.0)])
    found = blend_reports(predicted, np.array([[1.0, 0.0], [0.5, 0.5]]), (0, 7))
    assert np.array_equal(found[:7], np.ones((7, 2)))
    assert np.array_equal(found[7:], np.full((3, 2), 2.0))
