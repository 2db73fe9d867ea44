"""Covariates of the force's own: what a day and an area have, as known, and what stands in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.catalogue import features_at
from features.covariates import COVARIATES
from forewatch.history import History
from forewatch.profile import Covariate
from forewatch.tables import check, empty

MakeVillage = Callable[..., History]
See = Callable[..., list[float]]
ORIGIN = pd.Timestamp("2026-11-23T07:00Z")


def of(known: str, **more: Any) -> Covariate:
    return Covariate.model_validate({"id": "heat", "name": "Heat", "known": known, **more})


def rows(*values: tuple[str, str, float, str]) -> pd.DataFrame:
    """Start, area, value, known_at of the covariate."""
    frame = pd.DataFrame(list(values), columns=["start", "area", "value", "known_at"])
    for name in ("start", "known_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601").dt.as_unit("us")
    return check("covariates", frame.assign(covariate="heat"))


@pytest.fixture
def see(village: MakeVillage) -> See:
    """Give the covariate's column of an area for some force-days."""

    def seen(covariate: Covariate, table: pd.DataFrame, area: str, *days: str) -> list[float]:
        made = village()
        profile = made.profile.model_copy(update={"covariates": (covariate,)})
        view = AsOf(replace(made, profile=profile, covariates=table), ORIGIN)
        assert [f.name for f in COVARIATES.features(view)] == ["covariate_heat"]
        assert features_at(view)[-1].name == "covariate_heat"
        found = COVARIATES.make(view, pd.DatetimeIndex(days).as_unit("us"), (area,))
        return [float(value) for value in found["covariate_heat"][:, 0]]

    return seen


def same(found: list[float], wanted: list[float]) -> None:
    np.testing.assert_allclose(found, wanted)


def test_a_day_has_the_mean_of_its_hours_in_steps_beyond_nothing(see: See) -> None:
    table = rows(
        ("2026-11-20T07:00", "", 20.0, "2026-11-20T08:00"),
        ("2026-11-20T19:00", "", 30.0, "2026-11-20T20:00"),
        ("2026-11-21T06:00", "", 40.0, "2026-11-21T07:00"),  # still the force-day of the 20th
        ("2026-11-21T07:00", "", 12.0, "2026-11-21T08:00"),
    )
    heat = of("measured", nothing=10, step=4)
    same(see(heat, table, "town", "2026-11-20", "2026-11-21"), [5.0, 0.5])


def test_areas_have_their_own_their_parts_mean_or_the_value_above(see: See) -> None:
    when = ("2026-11-20T07:00", "2026-11-20T08:00")
    heat = of("measured", level="district")
    table = rows((when[0], "town", 2.0, when[1]), (when[0], "coast", 4.0, when[1]))
    for area, value in (("town", 2.0), ("shire", 3.0), ("old", 2.0), ("bay", 4.0)):
        same(see(heat, table, area, "2026-11-20"), [value])
    one = rows((when[0], "town", 2.0, when[1]))
    same(see(heat, one, "shire", "2026-11-20"), [2.0])
    same(see(heat, one, "coast", "2026-11-20"), [np.nan])


def test_the_latest_that_was_known_stands(see: See) -> None:
    table = rows(
        ("2026-11-24T07:00", "", 1.0, "2026-11-20T07:00"),
        ("2026-11-24T07:00", "", 2.0, "2026-11-23T07:00"),
        ("2026-11-24T07:00", "", 3.0, "2026-11-23T07:01"),
        ("2026-11-25T07:00", "", 9.0, "2026-11-24T07:00"),
    )
    same(see(of("forecast"), table, "town", "2026-11-24", "2026-11-25"), [2.0, np.nan])


def test_a_day_without_an_announcement_has_nothing_of_it(see: See) -> None:
    table = rows(("2026-11-25T07:00", "", 1.0, "2026-11-01T00:00"))
    payday = of("announced", nothing=0)
    same(see(payday, table, "town", "2026-11-24", "2026-11-25", "2027-11-25"), [0.0, 1.0, 0.0])
    same(see(payday, empty("covariates"), "town", "2026-11-25"), [0.0])


def test_what_stands_in_is_what_the_profile_says(see: See) -> None:
    # Saturdays have 10 in November and 20 in May, other days 1; the last 364 days mean all weeks.
    days = pd.date_range("2024-11-24", "2026-11-21")
    high = np.where(days.month.isin([10, 11, 12]), 10.0, 20.0)
    values = np.where(days.day_of_week == 5, high, 1.0)
    known = [f"{day + pd.Timedelta(days=1):%Y-%m-%d}T06:00" for day in days]
    table = rows(
        *((f"{d:%Y-%m-%d}T07:00", "", v, k) for d, v, k in zip(days, values, known, strict=True))
    )
    ahead = ("2026-11-28", "2026-11-29", "2027-05-22")  # Saturday, Sunday, Saturday
    same(see(of("measured"), table, "town", *ahead), [np.nan] * 3)
    year = see(of("measured", beyond="last_year"), table, "town", *ahead)
    same(year, [values[-364:].mean()] * 3)
    same(see(of("measured", beyond="climatology"), table, "town", *ahead), [10.0, 1.0, 20.0])
    assert np.isnan(
        see(of("measured", beyond="climatology"), empty("covariates"), "town", "2026-11-28")[0]
    )


def test_a_covariate_is_declared_as_the_profile_has_it(village: MakeVillage) -> None:
    made = village()
    heat = of("measured", unit="°C", nothing=15, step=5, prior=0.2, part="weather")
    profile = made.profile.model_copy(update={"covariates": (heat,)})
    (feature,) = COVARIATES.features(AsOf(replace(made, profile=profile), ORIGIN))
    assert (feature.meaning, feature.unit, feature.part) == ("Heat", "5 °C from 15", "weather")
    assert feature.prior is not None
    assert (feature.prior.sd, feature.prior.child_sd) == (0.2, 0.1)
    assert feature.known == "days before the origin, as measured by then; nothing beyond"
