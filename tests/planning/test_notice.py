"""Clear days by a table of dates, and what a change costs."""

from datetime import date, time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.clock import Clock
from forewatch.shifts import Shift
from forewatch.staffing import Staffing
from planning.notice import NoticeRules, clear_days, decide_now, last_cheap_day, notices

LONDON = Clock("Europe/London", time(7))
NIGHT = Shift(id="night", name="Nights", start=time(21, 30), end=time(7, 30))

# duty, is a public holiday, the last day on which notice leaves 15 or 8 clear days: by a calendar
TABLE = [
    ("2026-12-18", False, "2026-12-02"),
    ("2026-12-25", True, "2026-12-16"),
    ("2026-12-28", True, "2026-12-19"),  # Boxing Day, which fell on a Saturday
    ("2026-12-31", False, "2026-12-15"),  # its night is no duty on New Year's Day
    ("2027-01-01", True, "2026-12-23"),
    ("2027-01-16", False, "2026-12-31"),
    ("2027-03-01", False, "2027-02-13"),  # a February of 28 days
    ("2028-03-01", False, "2028-02-14"),  # of 29
    ("2028-02-29", False, "2028-02-13"),
    ("2028-03-16", False, "2028-02-29"),
    ("2027-03-26", True, "2027-03-17"),  # Good Friday, two days before the clock moves
    ("2027-03-28", False, "2027-03-12"),  # 23 hours
    ("2027-03-29", True, "2027-03-20"),  # Easter Monday, the clock moved between
    ("2027-04-05", False, "2027-03-20"),
    ("2026-10-25", False, "2026-10-09"),  # 25 hours
    ("2026-11-02", False, "2026-10-17"),
    ("2027-05-03", True, "2027-04-24"),
    ("2027-08-30", True, "2027-08-21"),
    ("2026-12-17", False, "2026-12-01"),
    ("2026-12-16", False, "2026-11-30"),
]


@pytest.mark.parametrize(("duty", "is_holiday", "last"), TABLE)
def test_the_last_cheap_day_is_the_calendars(duty: str, is_holiday: bool, last: str) -> None:  # noqa: FBT001 (a row of the table)
    found = last_cheap_day(pd.DatetimeIndex([duty]), np.array([is_holiday]), NoticeRules())
    assert found[0] == pd.Timestamp(last)


def test_the_table_has_twenty_dates() -> None:
    assert len({duty for duty, _, _ in TABLE}) == 20


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(0, 60))
def test_clear_days_are_the_dates_strictly_between(duty: date, before: int) -> None:
    day = pd.Timestamp(duty)
    noticed = day - pd.Timedelta(days=before)
    between = pd.date_range(noticed, day)[1:-1]
    expected = len(between) if before else -1
    assert clear_days(noticed, pd.DatetimeIndex([day])).tolist() == [expected]


def stand(
    duty: str, noticed: str, *, is_holiday: bool = False, hours: float = 10.0
) -> tuple[str, float, float]:
    found = notices(
        pd.DatetimeIndex([duty]),
        np.array([hours]),
        np.array([is_holiday]),
        pd.Timestamp(noticed),
        NoticeRules(hour_cost=40.0),
    )
    return found.classes[0], float(found.change_cost[0]), float(found.late_cost[0])


def test_a_rest_day_is_dear_from_the_day_after_the_last_cheap_one() -> None:
    assert stand("2026-12-18", "2026-12-02") == ("roster_published", 0.0, 600.0)
    assert stand("2026-12-18", "2026-12-03") == ("rest_day", 600.0, 600.0)


def test_a_public_holiday_is_dear_under_eight_clear_days_and_gives_a_day_off() -> None:
    in_time = stand("2026-12-25", "2026-12-16", is_holiday=True)
    assert in_time == ("roster_published", 800.0, 1120.0)
    assert stand("2026-12-25", "2026-12-17", is_holiday=True) == ("public_holiday", 1120.0, 1120.0)


@pytest.mark.parametrize("noticed", ["2026-09-01", "2026-12-02", "2026-12-10", "2026-12-16"])
def test_a_public_holiday_is_double_time_whatever_the_notice(noticed: str) -> None:
    # Annex H: with eight days' notice or more double time, with fewer a day off of 8 hours besides.
    _, now, later = stand("2026-12-25", noticed, is_holiday=True)
    assert now == 10 * 40.0 * 2
    assert later - now == 8 * 40.0


def test_a_shift_is_free_until_its_roster_is_published() -> None:
    assert stand("2027-01-02", "2026-12-02")[0] == "free"  # 31 days ahead
    assert stand("2027-01-02", "2026-12-03")[0] == "roster_published"


def test_the_day_of_duty_is_dear_and_the_day_after_is_past() -> None:
    assert stand("2026-12-18", "2026-12-18")[0] == "rest_day"
    name, cost, _ = stand("2026-12-18", "2026-12-19")
    assert name == "past"
    assert np.isnan(cost)


def test_the_night_of_new_years_eve_is_no_public_holiday_and_the_hours_of_october_are_paid() -> (
    None
):
    night = LONDON.shifts([NIGHT], pd.Timestamp("2026-12-31"), 1)
    assert night["end"][0] == pd.Timestamp("2027-01-01T07:30Z")
    assert night["force_day"][0] == pd.Timestamp("2026-12-31")
    long = LONDON.shifts([NIGHT], pd.Timestamp("2026-10-24"), 1)
    hours = (long["end"] - long["start"]).dt.total_seconds().to_numpy() / 3600
    assert hours.tolist() == [11.0]
    found = stand("2026-10-24", "2026-10-20", hours=hours[0])
    assert found == ("rest_day", 660.0, 660.0)


def test_notice_before_seven_in_the_morning_is_of_the_day_before() -> None:
    night = LONDON.force_day(pd.DatetimeIndex(["2026-12-03T06:59Z", "2026-12-03T07:00Z"]))
    assert [stand("2026-12-18", str(day))[0] for day in night] == ["roster_published", "rest_day"]


def test_the_rates_are_those_of_the_profile() -> None:
    given = {"officer_hour": 50.0, "public_holiday_day_off": False, "roster_days": 28}
    rules = NoticeRules.of(Staffing.model_validate({"rates": given}))
    assert (rules.hour_cost, rules.day_off_hours, rules.roster_days) == (50.0, 0.0, 28)
    assert NoticeRules.of(Staffing()) == NoticeRules()


def decided(p_short: list[float], lacking: list[float], within_days: int = 7) -> list[int]:
    """What to decide on 1 December, of six duties of ten hours."""
    duty = pd.DatetimeIndex(
        ["2026-12-18", "2026-12-20", "2026-12-25", "2026-12-16", "2026-12-17", "2026-12-24"]
    )
    is_holiday = np.array([False, False, True, False, False, False])
    noticed = pd.Timestamp("2026-12-01")
    rules = NoticeRules(hour_cost=40.0)
    stand = notices(duty, np.full(6, 10.0), is_holiday, noticed, rules)
    chosen = decide_now(
        stand, np.array(p_short), np.array(lacking), noticed, within_days=within_days
    )
    return [int(i) for i in chosen]


def test_decide_now_holds_what_is_short_and_cheap_for_a_week_more_the_dearest_first() -> None:
    # Cheap until 2, 4 and 16 December, until yesterday, today, and until the 8th.
    assert decided([0.9] * 6, [1.0, 2.0, 3.0, 3.0, 1.0, 1.0]) == [1, 4, 0, 5]


def test_decide_now_reaches_as_far_as_asked() -> None:
    # Waiting costs time and a half of a rest day, and of the holiday, dear already, its day off.
    assert decided([0.9] * 6, [1.0] * 6, within_days=15) == [4, 0, 1, 5, 2]
    assert decided([0.9] * 6, [1.0] * 6, within_days=0) == [4]


def test_decide_now_leaves_out_what_is_hardly_short_or_has_no_plan() -> None:
    assert decided([0.49, 0.5, 0.9, 0.9, np.nan, 0.9], [1.0, 1.0, 1.0, 1.0, np.nan, 0.0]) == [1]


def test_a_shift_that_lacks_officers_is_decided_on_though_the_one_beside_it_has_no_plan() -> None:
    assert decided([np.nan, 0.1, 0.9, 0.9, np.nan, 0.1], [3.0, 1.0, 1.0, 1.0, 1.0, 0.0]) == [0, 4]
