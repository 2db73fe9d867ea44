from collections.abc import Callable

import numpy as np
import pytest

from features.panel import Panel
from forewatch.errors import DataError, NotEnoughHistory, NotFitted
from models.seasonal_means import SameWeekday8, SameWeekday26

PanelOf = Callable[..., Panel]


def cycle(weeks: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """One place: 10 w + d calls of the first type on day d of week w, 3 of the second."""
    first = (10 * np.arange(weeks)[:, None] + np.arange(7)).ravel()
    return np.stack([first, np.full(weeks * 7, 3)], axis=1)[:, None, :].astype(float)


def test_a_day_is_the_mean_of_its_last_eight_weekdays(panel_of: PanelOf) -> None:
    panel = panel_of(cycle(12), horizon=14)  # 10 weeks known: weeks 2 to 9 are the last eight
    found = SameWeekday8().fit(panel).predict(panel)
    wanted = 55 + np.arange(7)  # (2 + … + 9) / 8 = 5.5
    series = panel.series("d0", "t0")
    assert found[:, series] == pytest.approx(np.tile(wanted, 2))
    assert found[:, panel.series("d0", "t1")] == pytest.approx(3)


def test_unknown_days_are_left_out_of_the_mean(panel_of: PanelOf) -> None:
    calls = cycle(12)
    calls[9 * 7] = np.nan  # the last known Monday
    panel = panel_of(calls, horizon=7)
    found = SameWeekday8().fit(panel).predict(panel)[:, panel.series("force", "t0")]
    assert found[0] == pytest.approx(10 * np.mean([3, 4, 5, 6, 7, 8, 10]))
    assert found[1] == pytest.approx(10 * np.mean(range(3, 11)) + 1)


def test_a_weekday_never_seen_takes_the_mean_of_the_series(panel_of: PanelOf) -> None:
    calls = cycle(5)
    calls[np.arange(35) % 7 == 2] = np.nan
    panel = panel_of(calls, horizon=7)
    found = SameWeekday8().fit(panel).predict(panel)[:, panel.series("force", "t0")]
    known = [10 * w + d for w in range(4) for d in (0, 1, 3, 4, 5, 6)]
    assert found[2] == pytest.approx(np.mean(known))


def test_a_series_without_a_call_is_not_impossible(panel_of: PanelOf) -> None:
    calls = np.zeros((35, 1, 1))
    panel = panel_of(calls, horizon=7)
    assert SameWeekday8().fit(panel).predict(panel) == pytest.approx(0.5 / 29)


def test_a_place_without_history_takes_an_equal_share(panel_of: PanelOf) -> None:
    calls = np.full((35, 3, 2), 4.0)
    calls[:, 2] = np.nan  # and so is the force: its other places stand for it
    panel = panel_of(calls, horizon=7)
    found = SameWeekday8().fit(panel).predict(panel)
    assert found[:, panel.series("d2")] == pytest.approx(8)
    assert found[:, panel.series("force")] == pytest.approx(24)
    assert found[:, panel.series("d2", "t0")] == pytest.approx(4)


def test_without_a_single_known_day_there_is_no_forecast(panel_of: PanelOf) -> None:
    panel = panel_of(np.full((35, 1, 1), np.nan), horizon=7)
    with pytest.raises(NotEnoughHistory, match="no series has a single known day"):
        SameWeekday8().fit(panel).predict(panel)


def test_it_must_be_fitted_to_the_same_series(panel_of: PanelOf) -> None:
    panel = panel_of(cycle(5), horizon=7)
    with pytest.raises(NotFitted, match="same_weekday_26 is not fitted; call fit\\(\\) first"):
        SameWeekday26().predict(panel)
    other = panel_of(np.ones((35, 1, 3)), horizon=7)
    with pytest.raises(DataError, match="differs: d0/t2; train again"):
        SameWeekday26().fit(panel).predict(other)
