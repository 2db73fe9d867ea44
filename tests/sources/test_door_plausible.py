"""Results that can hardly be meant stop an import, and a person may accept each by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forewatch.doubts import Acceptable
from forewatch.errors import ImplausibleImport, SettingsError
from tests.sources.test_door_desk import (
    COUNTS_BY_DAY,
    COUNTS_HEADER,
    Desk,
    Input,
    Receives,
    Refuses,
    call_rows,
    calls_mapping,
    cases,
    text,
)

YEAR = pd.date_range("2026-01-01", "2026-12-30")


def quarantine(
    id_: str, bad: int, rows: int, comes: str, share: str = "", accept: tuple[Acceptable, ...] = ()
) -> Input:
    """So many of the rows without an area, and what comes: "taken", or what is said."""
    lines = call_rows(rows)
    for i in range(bad):
        lines[i] = lines[i].replace(",north,", ",,").replace(",south,", ",,")
    aside = {"no area": bad} if bad else {}
    taken = Receives(rows - bad, quarantined=aside, lines=(1, 0, rows, 0))
    outcome = taken if comes == "taken" else Refuses(comes, ImplausibleImport)
    mapping = calls_mapping(f"most_quarantined = {share}" if share else "")
    return Input(id_, text(*lines), outcome, mapping=mapping, accept=accept)


SHARES = (
    quarantine("none", 0, 20, "taken"),
    quarantine("a-fifth", 4, 20, "taken"),
    quarantine(
        "more-than-a-fifth", 5, 20, r"5 of 20 rows .* = 20%: no area \(5\); .*--accept quar"
    ),
    quarantine("all", 20, 20, r"20 of 20 rows can't be taken"),
    quarantine("accepted", 20, 20, "taken", accept=("quarantine",)),
    quarantine("another-thing-accepted", 5, 20, "5 of 20 rows", accept=("dates", "counts")),
    quarantine("half-allowed", 10, 20, "taken", "0.5"),
    quarantine("more-than-half", 11, 20, "most_quarantined = 50%", "0.5"),
    quarantine("none-allowed", 1, 20, "1 of 20 rows .* = 0%", "0"),
    quarantine("all-allowed", 20, 20, "taken", "1.0"),
    quarantine("one-of-one", 1, 1, "1 of 1 rows"),
    Input(
        "a-share-beyond-one",
        text(*call_rows()),
        Refuses("less than or equal to 1", SettingsError),
        mapping=calls_mapping("most_quarantined = 20"),
    ),
    Input(
        "a-negative-share",
        text(*call_rows()),
        Refuses("greater than or equal", SettingsError),
        mapping=calls_mapping("most_quarantined = -0.1"),
    ),
    Input(
        "broken-rows-count",
        text(*call_rows(15), "x", "y", "z", "u", "v"),
        Refuses(r"5 of 20 rows.*more or fewer cells than the header \(5\)", ImplausibleImport),
    ),
    Input(
        "filtered-rows-are-none",  # rows that a rule leaves out are no failures
        text(*call_rows(20)),
        Receives(0, filtered={"other": 20}),
        mapping=calls_mapping(tail='[areas]\nnorth = "exclude"\nsouth = "exclude"'),
    ),
    Input(
        "of-counts",
        text(
            *["2026-01-01,,theft,routine,1"] * 2,
            "2026-01-01,north,theft,routine,1",
            header=COUNTS_HEADER,
        ),
        Refuses(r"2 of 3 rows.*area is missing \(2\)", ImplausibleImport),
        "counts",
        COUNTS_BY_DAY,
    ),
    Input(
        "of-tourism",
        text("north,2026-01,x,2026-02-10", header="area,month,visitors,published_at"),
        Refuses(r"1 of 1 rows.*visitors is no number", ImplausibleImport),
        "tourism",
        "",
    ),
    Input(
        "of-tourism-with-a-share",
        text("north,2026-01,x,2026-02-10", header="area,month,visitors,published_at"),
        Receives(quarantined={"visitors is no number": 1}),
        "tourism",
        "most_quarantined = 1",
    ),
)


def restarting(per: Callable[[pd.Timestamp], object]) -> bytes:
    """Five calls a day for ninety days, numbered anew in each period."""
    numbers: dict[object, int] = {}
    rows = []
    for day in pd.date_range("2026-01-01", periods=90):
        for hour in range(8, 13):
            n = numbers[per(day)] = numbers.get(per(day), -1) + 1
            rows.append(
                f"{n:03d},{day.date()} {hour:02d}:00:00,{('north', 'south')[hour % 2]},theft,"
            )
    return text(*rows)


def anew(period: str) -> str:
    return calls_mapping(f'reference_restarts = "{period}"')


DAILY = restarting(lambda day: day)
MONTHLY = restarting(lambda day: day.month)
NEVER = restarting(lambda _: "")
WHOLE = Receives(450, lines=(1, 0, 450, 0))
RESTARTS = (
    # case 06, call numbers begin again each day; the numbers of 89 days repeat the first day's
    Input(
        "case-06",
        DAILY,
        Refuses(
            r"445 of 450 rows would correct.*map a column that is unique.*reference_restarts = "
            r'"day".*--accept corrections',
            ImplausibleImport,
        ),
    ),
    Input("daily-by-day", DAILY, WHOLE, mapping=anew("day")),
    Input(
        "daily-by-month", DAILY, Refuses("would correct", ImplausibleImport), mapping=anew("month")
    ),
    Input("monthly", MONTHLY, Refuses("295 of 450 rows would correct", ImplausibleImport)),
    Input("monthly-by-month", MONTHLY, WHOLE, mapping=anew("month")),
    Input("monthly-by-day", MONTHLY, WHOLE, mapping=anew("day")),
    Input(
        "monthly-by-year", MONTHLY, Refuses("295 of 450", ImplausibleImport), mapping=anew("year")
    ),
    Input("never", NEVER, WHOLE),
    Input("never-by-year", NEVER, WHOLE, mapping=anew("year")),
    Input("by-week", NEVER, Refuses("reference_restarts", SettingsError), mapping=anew("week")),
    Input(
        "case-06-accepted",
        DAILY,
        Receives(5, superseded=445, total=5),
        accept=("corrections",),
    ),
)
YEARLY = text(*(f"{i},{year}-03-05 10:00,north,theft," for year in (2023, 2024, 2025)
                for i in range(1, 9)))  # fmt: skip
BY_YEAR = (
    Input("yearly", YEARLY, Refuses("16 of 24 rows would correct", ImplausibleImport)),
    Input("yearly-by-year", YEARLY, Receives(24), mapping=anew("year")),
    Input(
        "a-year-begins-at-the-force-s-midnight",
        text("1,2026-01-01 00:00,north,theft,", "1,2025-12-31 23:59,north,theft,"),
        Receives(2),
        mapping=anew("year"),
    ),
    Input(
        "a-day-begins-at-midnight-of-summer-time",  # 22:59 and 23:00 UTC
        text("1,2026-06-30 23:59,north,theft,", "1,2026-07-01 00:00,north,theft,"),
        Receives(2),
        mapping=anew("day"),
    ),
    Input(
        "a-correction-within-its-day",
        text("1,2026-06-30 10:00,north,theft,", "1,2026-06-30 10:00,south,theft,"),
        Receives(1, superseded=1, total=1),
        mapping=anew("day"),
    ),
)


def swapped(days: Iterable[pd.Timestamp]) -> list[pd.Timestamp]:
    """Days as a spreadsheet writes them that takes the month for the day where it can."""
    return [day.replace(month=day.day, day=day.month) if day.day <= 12 else day for day in days]


def on(days: Iterable[pd.Timestamp]) -> bytes:
    return text(*(f"r{i},{day.date()} 10:00,north,theft," for i, day in enumerate(days)))


def taken(id_: str, days: Iterable[pd.Timestamp]) -> Input:
    listed = list(days)
    return Input(id_, on(listed), Receives(len(listed)))


def doubted(id_: str, days: Iterable[pd.Timestamp], says: str) -> Input:
    return Input(id_, on(days), Refuses(f"day and month look swapped: .*{says}", ImplausibleImport))


RANDOM = np.random.default_rng(7)
EARLY = [day for day in YEAR if day.day <= 12]
DATES = (
    taken("a-year", YEAR),
    taken("a-year-backwards", reversed(YEAR)),
    taken("a-year-in-any-order", [YEAR[i] for i in RANDOM.permutation(len(YEAR))]),
    taken("weekdays", [day for day in YEAR if day.day_of_week < 5]),
    taken("weekends", [day for day in YEAR if day.day_of_week > 4]),
    taken("each-day-with-a-chance-of-a-tenth", YEAR[RANDOM.random(len(YEAR)) < 0.1]),
    taken("the-first-days-of-a-month", pd.date_range("2026-03-01", "2026-03-12")),
    taken("one-day", [pd.Timestamp("2026-03-05")] * 10),
    taken("without-a-summer", [day for day in YEAR if day.month not in (7, 8)]),
    doubted(
        "days-beyond-the-twelfth-lost", swapped(EARLY), "days of a month beyond the 12th|span|jump"
    ),
    doubted("only-early-days", EARLY, "beyond the 12th have no row, of the others 0%"),
    doubted("a-spreadsheet-s-year", swapped(YEAR), "the date jumps by more than a week"),
    doubted(
        "twelve-days-of-March",
        swapped(pd.date_range("2026-03-01", "2026-03-12")),
        "the dates span 335 days, and 12 the other way round",
    ),
    Input("accepted-dates", on(EARLY), Receives(len(EARLY)), accept=("dates",)),
    Input(
        "counts-of-swapped-days",
        text(
            *(f"{day.date()},north,theft,routine,1" for day in sorted(swapped(EARLY))),
            header=COUNTS_HEADER,
        ),
        Refuses("day and month look swapped", ImplausibleImport),
        "counts",
        COUNTS_BY_DAY,
    ),
    Input(
        "month-first-read-as-day-first",
        text(*(f"r{i},{day:%m/%d/%Y} 10:00,north,theft," for i, day in enumerate(YEAR))),
        Refuses(
            "(?s)unreadable received_at.*day and month look swapped.*--accept", ImplausibleImport
        ),
        mapping=calls_mapping(tail='[time]\nformat = "%d/%m/%Y %H:%M"'),
    ),
    Input(
        "two-doubts-and-one-accepted",
        text(*(f"r{i},{day:%m/%d/%Y} 10:00,north,theft," for i, day in enumerate(YEAR))),
        Refuses(r"day and month look swapped.*--accept dates$", ImplausibleImport),
        mapping=calls_mapping(tail='[time]\nformat = "%d/%m/%Y %H:%M"'),
        accept=("quarantine",),
    ),
)


@cases((*SHARES, *RESTARTS, *BY_YEAR, *DATES))
def test_what_can_hardly_be_meant_stops(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given)


def moved(rows: list[str], n: int, by: pd.Timedelta) -> bytes:
    """The rows with the first n moved in time."""
    out = []
    for i, row in enumerate(rows):
        cells = row.split(",")
        if i < n:
            cells[1] = str(pd.Timestamp(cells[1]) + by)
        out.append(",".join(cells))
    return text(*out)


@pytest.mark.parametrize(
    ("rows", "n", "by", "is_meant"),
    [
        (20, 2, "1D", True),
        (20, 3, "1D", False),
        (20, 20, "1h", True),
        (20, 20, "11h", True),
        (20, 20, "12h", False),
        (500, 10, "1D", True),
        (500, 11, "1D", False),
        (500, 11, "-7D", False),
    ],
)
def test_a_second_file_that_moves_calls_by_half_a_day_is_doubted(
    tmp_path: Path, rows: int, n: int, by: str, *, is_meant: bool
) -> None:
    desk, first = Desk(tmp_path), call_rows(rows)
    at = pd.Timestamp("2026-09-01", tz="UTC")
    desk.take(Input("first", text(*first), Receives(rows)), at=at)
    before = (desk.kept(), desk.cells())
    second = Input("second", moved(first, n, pd.Timedelta(by)), Receives(), name="second.csv")
    if is_meant:
        receipt = desk.take(second)
        assert (receipt.taken, receipt.unchanged, receipt.superseded) == (0, rows - n, n)
        assert sum(desk.cells().values()) == rows
    else:
        with pytest.raises(ImplausibleImport, match=f"{n} of {rows} rows would correct"):
            desk.take(second)
        assert (desk.kept(), desk.cells()) == before


def test_numbers_that_begin_anew_in_the_next_file_are_doubted_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for i, day in enumerate(("2026-01-05", "2026-01-06")):
        given = Input(day, text(*call_rows(4, first=day)), Receives(4), name=f"{day}.csv")
        if i == 0:
            desk.take(given)
        else:
            with pytest.raises(ImplausibleImport, match="4 of 4 rows would correct"):
                desk.take(given)
    assert sum(desk.cells().values()) == 4


def test_the_quarantine_that_a_message_names_is_there(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(ImplausibleImport) as error:
        desk.take(quarantine("all", 20, 20, ""))
    (file,) = desk.quarantine.iterdir()
    assert f"quarantine/{file.name};" in str(error.value)
    assert len(file.read_text().splitlines()) == 21
    assert desk.lake.names() == ()
