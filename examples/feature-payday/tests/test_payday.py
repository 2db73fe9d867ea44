"""Pay days keep what every maker promises, and are where the calendar has them."""

from collections.abc import Callable

import pandas as pd
import pytest
from forewatch_feature_payday import PAYDAY, paydays

from features.asof import AsOf
from features.declaration import Maker
from models.testing import MAKER_CHECKS, small_history


@pytest.mark.parametrize("check", MAKER_CHECKS, ids=lambda check: str(check.__name__))
def test_it_keeps_what_makers_promise(check: Callable[[Maker], None]) -> None:
    check(PAYDAY)


def test_pay_days_are_the_last_working_days_good_friday_is_none() -> None:
    history = small_history()
    days = pd.date_range("2024-03-25", "2024-07-03", unit="us")
    found = paydays(AsOf(history, history.observed_until), days, ("small",))
    paid = days[found["payday"][:, 0] > 0].strftime("%m-%d").tolist()
    assert paid == ["03-28", "04-30", "05-31", "06-28"]
    after = days[found["after_payday"][:, 0] > 0].strftime("%m-%d").tolist()
    assert after == ["03-29", "03-30", "05-01", "05-02", "06-01", "06-02", "06-29", "06-30"]
