"""Named holidays, their eves and the days after: which day has which mark, and how sure it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.public_holidays import felt_names
from features.special_days import SpecialDays, special_days
from forewatch.history import History
from forewatch.profile import Calendar

MakeVillage = Callable[..., History]
US = {"zone": "America/New_York", "holiday_country": "US", "holiday_subdivision": "CA"}
ENGLAND = {"zone": "Europe/London", "holiday_country": "GB", "holiday_subdivision": "ENG"}


def marks(found: SpecialDays, first: str, date: str, area: int = 0) -> dict[str, float]:
    """Return the marks of a date by name."""
    number = (pd.Timestamp(date) - pd.Timestamp(first)).days
    here = np.flatnonzero(found.day == number)
    return {found.names[found.name[i]]: float(found.share[i, area]) for i in here}


def of(history: History, first: str, days: int, areas: tuple[str, ...] = ("shire",)) -> SpecialDays:
    view = AsOf(history, history.observed_until)
    return special_days(view, pd.date_range(first, periods=days, unit="us"), areas)


def holidays(**columns: list[Any]) -> dict[str, dict[str, list[Any]]]:
    rows = len(columns["date"])
    told: dict[str, list[Any]] = {
        "kind": ["bank_holiday"] * rows,
        "area": [""] * rows,
        "known_at": [pd.NaT] * rows,
    }
    return {"holidays": {**columns, **{k: v for k, v in told.items() if k not in columns}}}


def test_a_holiday_its_eve_and_the_day_after_have_its_name(village: MakeVillage) -> None:
    found = of(village(force=ENGLAND), "2026-08-01", 60)
    assert marks(found, "2026-08-01", "2026-08-30") == {"eve of Late Summer Bank Holiday": 1}
    assert marks(found, "2026-08-01", "2026-08-31") == {"Late Summer Bank Holiday": 1}
    assert marks(found, "2026-08-01", "2026-09-01") == {"after Late Summer Bank Holiday": 1}
    assert marks(found, "2026-08-01", "2026-08-20") == {}


def test_a_holiday_beside_another_is_no_eve_and_no_day_after(village: MakeVillage) -> None:
    found = of(village(force=ENGLAND), "2026-12-01", 40)
    assert marks(found, "2026-12-01", "2026-12-24") == {"eve of Christmas Day": 1}
    assert marks(found, "2026-12-01", "2026-12-25") == {"Christmas Day": 1}
    # Boxing Day of 2026 is a Saturday; the Monday is taken off for it
    assert marks(found, "2026-12-01", "2026-12-26") == {"Boxing Day": 1, "on a weekend": 1}
    assert marks(found, "2026-12-01", "2026-12-27") == {
        "after Boxing Day": 1,
        "eve of Boxing Day": 1,
    }
    assert marks(found, "2026-12-01", "2026-12-28") == {"Boxing Day (observed)": 1}


def test_a_day_before_the_first_has_its_day_after_among_the_days(village: MakeVillage) -> None:
    found = of(village(force=ENGLAND), "2026-09-01", 3)
    assert marks(found, "2026-09-01", "2026-09-01") == {"after Late Summer Bank Holiday": 1}


def test_easter_moves_with_its_name(village: MakeVillage) -> None:
    found = of(village(force=ENGLAND), "2025-01-01", 900)
    for friday in ("2025-04-18", "2026-04-03", "2027-03-26"):
        assert marks(found, "2025-01-01", friday) == {"Good Friday": 1}


def test_a_substitute_day_alone_is_the_holiday_itself(village: MakeVillage) -> None:
    dates = [pd.Timestamp("2026-10-05"), pd.Timestamp("2026-11-02"), pd.Timestamp("2026-11-01")]
    names = ["Founders (observed)", "Harvest (substitute day)", "Harvest"]
    found = of(village(tables=holidays(date=dates, name=names)), "2026-10-01", 40)
    assert marks(found, "2026-10-01", "2026-10-05") == {"Founders": 1}
    assert marks(found, "2026-10-01", "2026-11-02") == {"Harvest (substitute day)": 1}


def test_two_names_on_one_day_share_it(village: MakeVillage) -> None:
    found = of(village(force=US), "2026-11-01", 20)
    assert marks(found, "2026-11-01", "2026-11-11") == {"Veterans Day": 1}
    dates = [pd.Timestamp("2026-10-07")]
    found = of(village(tables=holidays(date=dates, name=["Fair; Flood"])), "2026-10-01", 20)
    assert marks(found, "2026-10-01", "2026-10-07") == {"Fair": 0.5, "Flood": 0.5}


def test_a_holiday_of_one_district_is_its_share_of_the_force(village: MakeVillage) -> None:
    table = holidays(date=[pd.Timestamp("2026-10-07")], name=["Fair"], area=["coast"])
    found = of(village(tables=table), "2026-10-01", 20, ("shire", "town", "coast"))
    shares = [marks(found, "2026-10-01", "2026-10-07", i)["Fair"] for i in range(3)]
    assert shares == pytest.approx([1 / 3, 0, 1])
    assert found.kind[6] == pytest.approx([1 / 3, 0])


def test_a_holiday_without_a_name_has_no_mark_and_is_special(village: MakeVillage) -> None:
    dates = [pd.Timestamp("2026-10-07")]
    found = of(village(tables=holidays(date=dates, name=["bank_holiday"])), "2026-10-01", 20)
    assert found.names == ()
    assert found.kind[5:8].tolist() == [[0, 1], [1, 0], [0, 1]]


def test_forces_have_lists_of_their_own(village: MakeVillage) -> None:
    english, american = (of(village(force=force), "2026-01-01", 366) for force in (ENGLAND, US))
    assert "Good Friday" in english.names
    assert "Good Friday" not in american.names
    assert {"Thanksgiving Day", "Cesar Chavez Day"} <= set(american.names)


def test_what_is_declared_ordinary_is_a_day_like_others(village: MakeVillage) -> None:
    history = village(force=US)
    calendar = Calendar(ordinary=("cesar chavez day", "Christmas Day"))
    profile = history.profile.model_copy(update={"calendar": calendar})
    declared = replace(history, profile=profile)
    found = of(declared, "2026-01-01", 366)
    assert marks(found, "2026-01-01", "2026-03-31") == {}
    assert found.kind[(pd.Timestamp("2026-03-31") - pd.Timestamp("2026-01-01")).days].sum() == 0
    assert "Thanksgiving Day" in found.names
    assert "Christmas Day" not in found.names
    assert len(AsOf(declared, declared.observed_until).holidays()) == len(
        AsOf(history, history.observed_until).holidays()
    )


def test_of_two_names_one_may_be_ordinary() -> None:
    assert felt_names("Presidents' Day; Susan B. Anthony Day", ["Presidents' Day"]) == (
        "Susan B. Anthony Day"
    )
    assert felt_names("Christmas Day (observed)", ["christmas day"]) == ""


def doubts(times: int) -> np.ndarray[Any, Any]:
    """Of a holiday on day 10 of ten ahead, that was on so many of the days before."""
    days = np.array([*range(times), 10], np.int64)
    kind = np.zeros((20, 2))
    kind[10] = [1, 0]
    names = np.zeros(len(days), np.int64)
    special = SpecialDays(("Fair",), days, names, np.ones((len(days), 1)), kind)
    return special.doubt(np.ones(10, bool))


def test_the_more_often_a_holiday_was_seen_the_surer_it_is() -> None:
    assert doubts(0)[0].tolist() == [5, 0]  # 1 + 1 ÷ 0.25
    assert doubts(1)[0].tolist() == [pytest.approx(1.8), 0]  # 1 + 1 ÷ 1.25
    assert doubts(3)[0, 0] < doubts(1)[0, 0]
    assert doubts(3)[1:].sum() == 0


def test_areas_with_the_same_marks_are_alike(village: MakeVillage) -> None:
    table = holidays(date=[pd.Timestamp("2026-10-07")], name=["Fair"], area=["coast"])
    found = of(village(tables=table), "2026-10-01", 20, ("town", "coast", "old", "bay"))
    assert found.alike(np.array([0, 1, 2, 3, 2])).tolist() == [0, 1, 0, 1, 0]
