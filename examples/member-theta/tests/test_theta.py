"""Theta keeps what every member promises, and follows a trend."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from forewatch_member_theta import Theta

from features.asof import AsOf
from features.panel import panel
from models.testing import MEMBER_CHECKS, small_history


@pytest.mark.parametrize("check", MEMBER_CHECKS, ids=lambda check: str(check.__name__))
def test_it_keeps_what_members_promise(check: Callable[[type[Theta]], None]) -> None:
    check(Theta)


def test_it_goes_on_with_half_of_a_trend() -> None:
    history = small_history()
    seen = panel(AsOf(history, history.observed_until), 28)
    line = 100 + 0.2 * np.arange(len(seen.days))  # 0.2 calls a day more each day
    rising = replace(seen, counts=np.repeat(line[:, None], len(seen.keys), axis=1))
    found = Theta().fit(rising).predict(rising)[:, 0]
    weeks = found.reshape(4, 7).mean(1)
    assert np.diff(weeks) == pytest.approx(np.full(3, 0.1 * 7), rel=0.1)
