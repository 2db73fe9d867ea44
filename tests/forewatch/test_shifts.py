from datetime import time

import pytest

from forewatch.shifts import STANDARD_SHIFTS, WEEKDAYS, DutyShift, uncovered_spans


def shift(start: str, end: str, **more: object) -> DutyShift:
    """A shift that nothing else is said of."""
    return DutyShift.model_validate({"id": "s", "name": "S", "start": start, "end": end, **more})


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [("07:00", "17:00", 600), ("21:30", "07:30", 600), ("14:00", "00:00", 600),
     ("07:00", "07:00", 1440)],
)  # fmt: skip
def test_a_shift_that_ends_at_or_before_its_start_ends_the_next_day(
    start: str, end: str, minutes: int
) -> None:
    assert shift(start, end).length_minutes == minutes


@pytest.mark.parametrize("day_starts_at", [time(0), time(7), time(7, 15), time(23, 45)])
def test_the_standard_shifts_leave_no_half_hour_wherever_the_day_begins(
    day_starts_at: time,
) -> None:
    assert uncovered_spans(STANDARD_SHIFTS, day_starts_at) == []


def test_a_half_hour_without_a_shift_is_named_each_day() -> None:
    found = uncovered_spans([shift("07:00", "21:30"), shift("22:00", "07:00")], time(7))
    assert found[0] == "Monday 21:30–22:00"
    assert len(found) == len(WEEKDAYS)


def test_a_half_hour_covered_in_part_is_not_covered_and_one_handed_over_within_is() -> None:
    night = shift("22:00", "07:00")
    assert uncovered_spans([shift("07:00", "21:55"), night], time(7))[0] == "Monday 21:30–22:00"
    handed = [shift("07:00", "21:45"), shift("21:45", "07:00")]
    assert uncovered_spans(handed, time(7)) == []


def test_a_shift_of_some_weekdays_covers_those_alone_and_sundays_night_ends_on_monday() -> None:
    weekend = shift("07:00", "07:00", weekdays=["sat", "sun"])
    assert uncovered_spans([weekend], time(0)) == ["Monday 07:00–Saturday 07:00"]
    assert uncovered_spans([weekend], time(7)) == ["Monday 07:00–Saturday 07:00"]


def test_a_shift_before_the_start_of_the_day_belongs_to_the_force_day_before() -> None:
    # Of Sunday's force-day (07:00 on), the shift at 06:00 is that of Monday's early hours.
    sundays = shift("06:00", "07:00", weekdays=["sun"])
    rest = shift("07:00", "06:00")
    found = uncovered_spans([sundays, rest], time(7))
    assert found == [f"{day} 06:00–07:00" for day in (
        "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")]  # fmt: skip


def test_without_shifts_the_whole_week_is_uncovered() -> None:
    assert uncovered_spans([], time(7)) == ["the whole week"]
