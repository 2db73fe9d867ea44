"""Change the future, and nothing that was known before it moves: every feature, at any origin.

The future of an origin is whatever became known after it: counts that begin at or after it, late
calls and corrections, tourism figures published later, events and holidays announced later, windows
that turn out unobserved later. It is torn out, multiplied and replaced; the views must not differ.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import AsOf
from features.cube import cube, grade_counts, leaf_counts
from features.levels import same_weekday, trailing
from features.panel import panel
from features.pipeline import PlaceTimeFeatures
from forewatch.history import History
from forewatch.profile import Profile
from forewatch.tables import TABLES, check

FIRST = pd.Timestamp("2022-07-01T06:00Z").as_unit("us")
DAYS = 500  # with the jubilee behind, and the state funeral and the coronation still to come
HOUR_US = 3_600_000_000
ORIGIN_HOURS = st.integers(60 * 24, DAYS * 24)


@pytest.fixture(scope="module")
def history() -> History:
    """A random force: late and corrected calls, tables published all along the way."""
    profile = Profile.model_validate(
        {
            "force": {
                "id": "shire",
                "name": "Shire",
                "zone": "Europe/London",
                "holiday_country": "GB",
                "holiday_subdivision": "ENG",
            },
            "areas": [
                {"id": "shire", "name": "Shire"},
                *(
                    {"id": f"d{i}", "name": "D", "parent": "shire", "lat": 51 + i / 9, "lon": -3}
                    for i in range(2)
                ),
                *({"id": f"b{i}", "name": "B", "parent": f"d{i % 2}"} for i in range(4)),
            ],
            "call_types": [{"id": "theft", "name": "Theft"}, {"id": "noise", "name": "Noise"}],
            "grades": ["immediate", "routine"],
            "covariates": [
                {"id": "rain", "name": "Rain", "known": "forecast", "beyond": "climatology"},
                {
                    "id": "feet",
                    "name": "Footfall",
                    "known": "measured",
                    "beyond": "last_year",
                    "level": "district",
                },
                {"id": "works", "name": "Road works", "known": "announced", "level": "beat"},
            ],
        }
    )
    rng = np.random.default_rng(11)
    return History(
        profile,
        profile.tree(),
        "hour",
        FIRST,
        FIRST + pd.Timedelta(days=DAYS),
        random_counts(profile, rng, rows=8_000, first_hour=0),
        tourism=check("tourism", random_tourism(rng)),
        events=check("events", random_events(rng)),
        holidays=check("holidays", random_holidays(rng)),
        unobserved=check("unobserved", random_windows(rng, first_hour=0)),
        breaks=check("breaks", random_breaks(rng)),
        covariates=check("covariates", random_covariates(rng)),
        version="now",
    )


def hours_after_first(hours: Any) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(FIRST + pd.to_timedelta(hours, unit="h")).as_unit("us")


def random_counts(
    profile: Profile, rng: np.random.Generator, rows: int, first_hour: int
) -> pd.DataFrame:
    hours = rng.integers(first_hour, max(DAYS * 24, first_hour + 24), rows)
    late = np.where(rng.random(rows) < 0.3, rng.integers(1, 24 * 60, rows), 1)

    def drawn(names: tuple[str, ...]) -> "pd.Categorical[str]":
        return pd.Categorical.from_codes(
            rng.integers(0, len(names), rows), pd.Index(names, dtype="str")
        )

    frame = pd.DataFrame(
        {
            "start": hours_after_first(hours),
            "area": drawn(profile.tree().leaves),
            "call_type": drawn(profile.call_type_ids),
            "grade": drawn(profile.grade_ids),
            "count": np.where(rng.random(rows) < 0.05, -1, rng.integers(1, 4, rows)),
            "known_at": hours_after_first(hours + late),
        }
    )
    return check("counts", frame)


def random_tourism(rng: np.random.Generator) -> pd.DataFrame:
    months = pd.date_range("2021-06-01", periods=28, freq="MS")
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "area": area,
                    "month": months,
                    "visitors": rng.uniform(10, 100, len(months)),
                    "known_at": (months + pd.Timedelta(days=delay)).tz_localize("UTC"),
                }
            )
            for area, delay in (("d0", 75), ("b1", 60), ("b1", 140))  # b1 is revised
        ]
    )


def random_events(rng: np.random.Generator, n: int = 60) -> pd.DataFrame:
    start = rng.integers(0, (DAYS + 60) * 24, n)
    return pd.DataFrame(
        {
            "name": [f"event {i}" for i in range(n)],
            "area": rng.choice(["shire", "d0", "d1", "b0", "b3"], n),
            "start": hours_after_first(start),
            "end": hours_after_first(start + rng.integers(1, 72, n)),
            "attendance_low": rng.uniform(100, 1000, n),
            "attendance_high": rng.uniform(1000, 9000, n),
            "known_at": hours_after_first(start - rng.integers(1, 2000, n)),
        }
    )


def random_holidays(rng: np.random.Generator, n: int = 60) -> pd.DataFrame:
    day = rng.integers(0, DAYS + 60, n)
    return pd.DataFrame(
        {
            "date": (FIRST + pd.to_timedelta(day, unit="D")).tz_localize(None).normalize(),
            "kind": rng.choice(["school_holiday", "carnival", "strike"], n),
            "name": "some day",
            "area": rng.choice(["", "d0", "b1"], n),
            "known_at": hours_after_first(day * 24 - rng.integers(-500, 2000, n)),
        }
    )


def random_breaks(rng: np.random.Generator, n: int = 16) -> pd.DataFrame:
    start = rng.integers(0, (DAYS + 60) * 24, n)
    end = hours_after_first(start + rng.integers(24, 2_000, n))
    kind = rng.choice(["level", "ramp", "pulse", "recode", "exclude"], n)
    return pd.DataFrame(
        {
            "start": hours_after_first(start),
            "end": pd.Series(end).where(kind != "level"),
            "area": rng.choice(["", "d0", "d1"], n),
            "call_type": rng.choice(["", "theft"], n),
            "kind": kind,
            "expected_ratio": np.where(rng.random(n) < 0.5, rng.uniform(0.5, 2, n), np.nan),
            "reason": "a change",
            "decided_by": "board",
            "known_at": hours_after_first(start + rng.integers(-2000, 500, n)),
        }
    )


def random_covariates(rng: np.random.Generator, n: int = 2_000) -> pd.DataFrame:
    """Hours of rain told ahead and again, footfall told later, road works told long before."""
    covariate = rng.choice(["rain", "feet", "works"], n)
    start = rng.integers(0, (DAYS + 60) * 24, n)
    area = np.select(
        [covariate == "feet", covariate == "works"],
        [rng.choice(["d0", "d1"], n), rng.choice(["b0", "b1", "b3"], n)],
        "",
    )
    lead = np.select(
        [covariate == "feet", covariate == "works"],
        [-rng.integers(1, 900, n), rng.integers(1, 3_000, n)],
        rng.integers(-24, 200, n),
    )
    return pd.DataFrame(
        {
            "covariate": covariate,
            "area": area,
            "start": hours_after_first(start),
            "value": rng.uniform(0, 5, n),
            "known_at": hours_after_first(start - lead),
        }
    ).drop_duplicates(["covariate", "area", "start", "known_at"])


def random_windows(rng: np.random.Generator, first_hour: int) -> pd.DataFrame:
    start = rng.integers(first_hour, max(DAYS * 24, first_hour + 24), 5)
    return pd.DataFrame(
        {
            "start": hours_after_first(start),
            "end": hours_after_first(start + rng.integers(1, 40, 5)),
            "area": rng.choice(["", "d0", "b1"], 5),
        }
    )


def with_another_future(history: History, origin: pd.Timestamp, seed: int) -> History:
    """Return the history whose every row that was not known at the origin is another one."""
    rng = np.random.default_rng(seed)
    counts = history.counts
    known = (counts["known_at"] <= origin) & (counts["start"] < origin)
    ahead_hours = int((origin - FIRST) / pd.Timedelta(hours=1)) + 1
    other = random_counts(history.profile, rng, rows=3_000, first_hour=ahead_hours)
    late = counts[~known & (counts["start"] < origin)]  # corrections of the past, known later
    late = late.assign(count=late["count"] * 50 + 1)
    windows = history.unobserved
    past = windows[windows["start"] < origin].copy()
    past["end"] = past["end"].where(past["end"] < origin, past["end"] + pd.Timedelta(days=9))

    def other_than_known(table: str, made: pd.DataFrame) -> pd.DataFrame:
        old: pd.DataFrame = getattr(history, table)
        made = check(table, made)
        later = made[made["known_at"] > origin]
        return pd.concat([old[old["known_at"] <= origin], later], ignore_index=True)

    changed = pd.concat([counts[known], late, other]).sample(frac=1, random_state=1)
    return replace(
        history,
        observed_until=max(history.observed_until - pd.Timedelta(days=seed % 40), origin),
        counts=check("counts", changed),
        tourism=other_than_known("tourism", random_tourism(rng).assign(visitors=1e6)),
        events=other_than_known("events", random_events(rng)),
        holidays=other_than_known("holidays", random_holidays(rng).assign(kind="earthquake")),
        breaks=other_than_known("breaks", random_breaks(rng).assign(expected_ratio=9.0)),
        covariates=other_than_known("covariates", random_covariates(rng).assign(value=1e3)),
        unobserved=check(
            "unobserved", pd.concat([past, random_windows(rng, ahead_hours)], ignore_index=True)
        ),
    )


@settings(max_examples=10)
@given(hours=ORIGIN_HOURS, seed=st.integers(0, 1_000))
def test_another_future_moves_no_view(history: History, hours: int, seed: int) -> None:
    origin = FIRST + pd.Timedelta(hours=hours)
    now = AsOf(history, origin)
    other = AsOf(with_another_future(history, origin, seed), origin)
    assert now.known_until == other.known_until
    for name in ("counts", "holidays", "unknown"):
        pd.testing.assert_frame_equal(getattr(now, name)(), getattr(other, name)(), obj=name)
    told = [table for table in TABLES if "known_at" in table.key]
    assert len(told) >= 4
    for table in told:
        ours, theirs = now.published(table), other.published(table)
        pd.testing.assert_frame_equal(ours, theirs, obj=table.name)


@settings(max_examples=10)
@given(hours=ORIGIN_HOURS, seed=st.integers(0, 1_000))
def test_another_future_moves_no_count_and_no_feature(
    history: History, hours: int, seed: int
) -> None:
    origin = FIRST + pd.Timedelta(hours=hours)
    now = AsOf(history, origin)
    other = AsOf(with_another_future(history, origin, seed), origin)
    same(cube(now).counts, cube(other).counts)
    same(leaf_counts(now, 50), leaf_counts(other, 50))
    same(grade_counts(now, 50), grade_counts(other, 50))
    ours, theirs = panel(now, 40), panel(other, 40)
    assert ours.covariates.names == theirs.covariates.names
    pd.testing.assert_frame_equal(ours.keys, theirs.keys)
    same(ours.counts, theirs.counts)
    same(ours.hours, theirs.hours)
    same(ours.happened, theirs.happened)
    assert (ours.ahead is None) == (theirs.ahead is None)
    if ours.ahead is not None and theirs.ahead is not None:
        same(ours.ahead, theirs.ahead)
    names = ours.covariates.names
    same(ours.covariates.named(names), theirs.covariates.named(names))
    at = np.array([len(ours.days)])
    same(trailing(ours.counts, at), trailing(theirs.counts, at))
    same(same_weekday(ours.counts, at, 8), same_weekday(theirs.counts, at, 8))
    rows = pd.DataFrame({"day": ours.horizon, "area": "b1"})
    same(PlaceTimeFeatures(now).fit_transform(rows), PlaceTimeFeatures(other).fit_transform(rows))


@settings(max_examples=10)
@given(hours=ORIGIN_HOURS, later=st.integers(0, 2_000))
def test_a_later_view_led_back_sees_what_the_earlier_saw(
    history: History, hours: int, later: int
) -> None:
    origin = FIRST + pd.Timedelta(hours=hours)
    led_back = AsOf(history, origin + pd.Timedelta(hours=later)).at(origin)
    pd.testing.assert_frame_equal(led_back.counts(), AsOf(history, origin).counts())


def test_the_other_future_is_another(history: History) -> None:
    """The tests above can fail: seen from a year later the two histories differ everywhere."""
    origin = FIRST + pd.Timedelta(days=200)
    changed = with_another_future(history, origin, seed=3)
    later = FIRST + pd.Timedelta(days=450)
    ours, theirs = panel(AsOf(history, later), 40), panel(AsOf(changed, later), 40)
    past = ours.days < origin.tz_localize(None) - pd.Timedelta(days=1)
    assert (ours.counts[past] != theirs.counts[past]).any()
    assert (ours.counts[~past] != theirs.counts[~past]).mean() > 0.5
    assert ours.covariates.names != theirs.covariates.names
    own = ("covariate_rain", "covariate_feet", "covariate_works")
    for name in ("tourism_pressure", "event_here_thousands", "school_holiday", *own):
        ours_of, theirs_of = (seen.covariates.named((name,)) for seen in (ours, theirs))
        assert not np.array_equal(ours_of, theirs_of, equal_nan=True), name


def same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_array_equal(ours, theirs)
