"""The members of the engine by name."""

from __future__ import annotations

from models.base import Member
from models.boosting import Boosting
from models.loglinear import Loglinear
from models.sarima import Sarima
from models.seasonal_means import SameWeekday8, SameWeekday26, SameWeekday52

MEMBERS: dict[str, type[Member]] = {
    "same_weekday_8": SameWeekday8,
    "same_weekday_26": SameWeekday26,
    "same_weekday_52": SameWeekday52,
    "loglinear": Loglinear,
    "sarima": Sarima,
    "boosting": Boosting,
}
