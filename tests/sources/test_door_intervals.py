"""Files of counts by the hour or less: shorter intervals are summed, or the file is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from forewatch.errors import ImplausibleImport, SettingsError
from tests.sources.test_door_counts import counts, day_file, days, of
from tests.sources.test_door_desk import (
    COUNTS_BY_DAY,
    COUNTS_BY_HOUR,
    Desk,
    Input,
    Receives,
    Refuses,
    cases,
    profile,
)

ALL_AREAS = '[observed]\nareas = "all"\n'
BY_QUARTER = f'resolution = "hour"\ninterval_minutes = 15\n{ALL_AREAS}'
BY_HALF = f'resolution = "hour"\ninterval_minutes = 30\n{ALL_AREAS}'


def every(minutes: int, n: int, first: str = "2026-01-01 10:00", count: object = 1) -> list[str]:
    return [
        of(f"{at:%Y-%m-%d %H:%M}", count)
        for at in pd.date_range(first, periods=n, freq=f"{minutes}min")
    ]


def hour_file(
    id_: str, comes: Receives | Refuses, *rows: str, mapping: str = COUNTS_BY_HOUR,
    day_starts_at: str = "07:00", zone: str = "Europe/London",
) -> Input:  # fmt: skip
    force = profile(zone, day_starts_at)
    return Input(id_, counts(*rows), comes, "counts", mapping, profile=force)


QUARTERS = [*every(15, 8)]  # from 10:00 to 11:59
SUMS = (
    hour_file("quarters", Receives(8, total=8), *QUARTERS, mapping=BY_QUARTER),
    hour_file(
        "quarters-taken-for-hours",
        Refuses(r"6 of 8 rows begin elsewhere \(rows are at :00, :15, :30, :45\).*interval_min"),
        *QUARTERS,
    ),
    hour_file("halves", Receives(4, total=4), *every(30, 4), mapping=BY_HALF),
    hour_file("halves-taken-for-hours", Refuses("2 of 4 rows begin elsewhere"), *every(30, 4)),
    hour_file(
        "quarters-taken-for-halves",
        Refuses("is of an interval of 30 minutes.*4 of 8 rows begin elsewhere"),
        *QUARTERS,
        mapping=BY_HALF,
    ),
    hour_file(
        "hours-taken-for-quarters",
        Refuses("all 9 rows begin at a whole hour: they are figures by hour"),
        *every(60, 9),
        mapping=BY_QUARTER,
    ),
    hour_file(
        "begins-within-an-hour",
        Receives(8, quarantined={"the file begins or ends within this hour": 2}),
        *every(15, 10, "2026-01-01 09:30"),
        mapping=BY_QUARTER,
    ),
    hour_file(
        "ends-within-an-hour",
        Receives(8, quarantined={"the file begins or ends within this hour": 1}),
        *every(15, 9),
        mapping=BY_QUARTER,
    ),
    hour_file(
        "a-span-that-is-stated-is-believed",
        Receives(9),
        *every(15, 9),
        mapping=BY_QUARTER + 'from = "2026-01-01 10:00"\nuntil = "2026-01-01 13:00"\n',
    ),
    hour_file(
        "sums-beyond-a-million",
        Refuses(r"count is beyond 10⁶ \(4 rows\)", ImplausibleImport),
        *every(15, 4, count=300_000),
        *every(15, 60, "2026-01-01 11:00"),
        mapping=BY_QUARTER,
    ),
    hour_file(
        "five-minutes", Receives(24, total=24), *every(5, 24), mapping=BY_QUARTER.replace("15", "5")
    ),
    hour_file(
        "seven-minutes",
        Refuses("interval_minutes", SettingsError),
        *every(7, 24),
        mapping=BY_QUARTER.replace("15", "7"),
    ),
    hour_file(
        "an-hour-of-60-minutes",
        Refuses("interval_minutes", SettingsError),
        *every(60, 4),
        mapping=BY_QUARTER.replace("15", "60"),
    ),
    day_file(
        "intervals-of-days",
        Refuses("belongs to resolution = .hour.", SettingsError),
        *days(3),
        mapping=f"interval_minutes = 15\n{COUNTS_BY_DAY}",
    ),
    hour_file(
        "quarters-of-a-day-at-half-past",
        Receives(8, total=8),
        *every(15, 8, "2026-01-01 10:30"),
        mapping=BY_QUARTER,
        day_starts_at="07:30",
    ),
)
GRIDS = (
    hour_file(
        "a-day-at-07:30", Receives(5), *every(60, 5, "2026-01-01 07:30"), day_starts_at="07:30"
    ),
    hour_file(
        "hours-beside-the-grid",
        Refuses(r"the force.s hours begin at :30; but 5 of 5 rows.*rows are at :00"),
        *every(60, 5),
        day_starts_at="07:30",
    ),
    hour_file("Kathmandu", Receives(5), *every(60, 5), zone="Asia/Kathmandu"),
    hour_file(
        "Kathmandu-at-07:45",
        Receives(5),
        *every(60, 5, "2026-01-01 07:45"),
        zone="Asia/Kathmandu",
        day_starts_at="07:45",
    ),
    hour_file(
        "hours-of-UTC-in-Kathmandu",
        Refuses("5 of 5 rows begin elsewhere"),
        *every(60, 5),
        mapping='time.zone = "UTC"\n' + COUNTS_BY_HOUR,
        zone="Asia/Kathmandu",
    ),
    hour_file(
        "one-off-the-grid",
        Receives(
            29,
            quarantined={
                "start is not the beginning of an hour": 1,
                "another row lies within the same hour": 1,
            },
        ),
        *every(60, 30),
        of("2026-01-01 12:30"),
    ),
    hour_file(
        "seconds-off-the-grid",
        Receives(30, quarantined={"start is not the beginning of an hour": 1}),
        *every(60, 30),
        of("2026-01-03 12:00:01"),
    ),
    hour_file(
        "an-hour-that-never-was",
        Receives(
            9,
            quarantined={"start can't be read, or is an hour that the clock jumped over": 1},
        ),
        *every(60, 9, "2026-03-28 12:00"),
        of("2026-03-29 01:00"),
    ),
    hour_file(
        "an-hour-that-comes-twice",
        Receives(3, total=6),
        of("2026-10-25 01:00", 1),
        of("2026-10-25 01:00", 2),
        of("2026-10-25 02:00", 3),
    ),
    hour_file(
        "an-hour-three-times",
        Refuses("3 of 5 rows can't be taken.*twice"),
        of("2026-10-25 01:00", 1),
        of("2026-10-25 01:00", 2),
        of("2026-10-25 01:00", 3),
        of("2026-10-25 01:00", 4),
        of("2026-10-25 02:00", 3),
    ),
    day_file("07:00-is-the-day", Receives(1), of("2026-01-01 07:00")),
    day_file("midnight-is-the-day", Receives(1), of("2026-01-01T00:00")),
    day_file(
        "noon-is-no-day", Refuses("start is not the beginning of a day"), of("2026-01-01 12:00")
    ),
    day_file("compact", Receives(1), of("20260101")),
    day_file(
        "the-day-is-not-over",
        Receives(20, quarantined={"the interval had not ended at the time of the import": 1}),
        *days(20),
        of("2026-12-31"),
    ),
)
MONTHS = (
    day_file(
        "a-month", Refuses("start '2026-01' is a month, and a day belongs there"), of("2026-01")
    ),
    day_file("a-month-among-days", Refuses("'2026-03' is a month"), *days(40), of("2026-03")),
    day_file("a-year", Refuses("'2026' is a month"), of("2026")),
    hour_file("a-month-for-an-hour", Refuses("'2026-01' is a month"), of("2026-01")),
    day_file(
        "a-format-of-months",
        Refuses("has no day", SettingsError),
        of("2026-01"),
        mapping=f'time.format = "%Y-%m"\n{COUNTS_BY_DAY}',
    ),
    hour_file(
        "a-format-of-days",
        Refuses("has no hour; write resolution = .day.", SettingsError),
        of("2026-01-01"),
        mapping=f'time.format = "%Y-%m-%d"\n{COUNTS_BY_HOUR}',
    ),
    day_file(
        "a-contradictory-format",
        Refuses("write %I with %p", SettingsError),
        *days(3),
        mapping=f'time.format = "%Y-%m-%d %H %p"\n{COUNTS_BY_DAY}',
    ),
)


@cases((*SUMS, *GRIDS, *MONTHS))
def test_intervals_are_those_of_the_mapping_or_refused(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given)


def test_quarters_are_summed_to_their_hours(tmp_path: Path) -> None:
    rows = [of(f"2026-01-01 {10 + i // 4}:{15 * (i % 4):02d}", i) for i in range(8)]
    desk = Desk(tmp_path)
    desk.take(hour_file("quarters", Receives(8), *rows, mapping=BY_QUARTER))
    want = {"2026-01-01 10:00": 0 + 1 + 2 + 3, "2026-01-01 11:00": 4 + 5 + 6 + 7}
    assert {start: n for (start, _, _), n in desk.cells().items()} == want


@pytest.mark.parametrize("bad", ["many", "", "nan"])
def test_an_hour_with_an_unknown_quarter_is_unknown(tmp_path: Path, bad: str) -> None:
    rows = [*every(15, 40), of("2026-01-01 20:00"), of("2026-01-01 20:15", bad),
            *every(15, 42, "2026-01-01 20:30")]  # fmt: skip
    desk = Desk(tmp_path)
    desk.take(hour_file("unknown-quarter", Receives(), *rows, mapping=BY_QUARTER))
    by_hour = Counter({start: n for (start, _, _), n in desk.cells().items()})
    assert by_hour["2026-01-01 19:00"] == 4
    assert by_hour["2026-01-01 20:00"] != 3  # three quarters are not the hour
