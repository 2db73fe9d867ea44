"""Periods on an axis of real time: a day of 25 hours is longer than others, none is drawn twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from serving.charts.chart import Row, plain_text
from serving.charts.words import day_text, local_times, period_text, short_day_text

_ONE_HOUR = pd.Timedelta("1h")
_SHORT_HOURS = 50  # up to which hours of the day are labelled
_DAY_HOURS = 20  # periods of so many hours or more are labelled in their middle
_WEEK_HOURS = 160
_LABEL_HOURS = 10  # that a day's label needs beside it


@dataclass(frozen=True)
class SpecialTime:
    """Something special in a stretch of time.

    Args:
        start, end: of it, instants.
        text: what it is.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    text: str


@dataclass(frozen=True)
class TimeAxis:
    """The axis of some periods, in hours from the first one's start.

    Args:
        starts, ends: of the periods by the force's clock, in their order.
        days: the first and the last, force-days where the table names them.
    """

    starts: pd.DatetimeIndex
    ends: pd.DatetimeIndex
    days: tuple[pd.Timestamp, pd.Timestamp]

    @classmethod
    def of(cls, frame: pd.DataFrame, zone: str) -> TimeAxis:
        """Return the axis of a table with the columns start and end, instants, and force_day.

        Raises:
            ValueError: if it has no rows.
        """
        if not len(frame):
            raise ValueError("a chart of no periods says nothing; ask for one at least")
        starts = local_times(frame["start"], zone)
        days = frame.get("force_day", starts)
        return cls(
            starts,
            local_times(frame["end"], zone),
            (pd.Timestamp(min(days)), pd.Timestamp(max(days))),
        )

    @property
    def hours(self) -> float:
        """Length of the axis."""
        return self.at(self.ends.max())

    def at(self, moment: pd.Timestamp) -> float:
        """Return where an instant is on it."""
        return round((moment - self.starts[0]) / _ONE_HOUR, 3)

    def middles(self) -> list[float]:
        """Return where the middle of each period is."""
        starts, ends = (
            ((moments - self.starts[0]) / _ONE_HOUR).tolist()
            for moments in (self.starts, self.ends)
        )
        pairs = zip(starts, ends, strict=True)
        return [round((round(start, 3) + round(end, 3)) / 2, 3) for start, end in pairs]

    def text(self, number: int) -> str:
        """Return a period in words."""
        return period_text(self.starts[number], self.ends[number])

    def texts(self) -> list[str]:
        """Return each period in words."""
        pairs = zip(self.starts, self.ends, strict=True)
        return [period_text(start, end) for start, end in pairs]

    def span_text(self) -> str:
        """Return the first and the last day in words.

        >>> hours = pd.date_range("2026-11-30", periods=25, freq="h", tz="UTC")
        >>> day = pd.Timestamp("2026-11-30")
        >>> TimeAxis(hours[:-1], hours[1:], (day, day)).span_text()
        'on Monday 30 November'
        """
        if len(self.starts) == 1:
            return self.text(0)
        first, last = map(day_text, self.days)
        return f"on {first}" if first == last else f"from {first} to {last}"

    def period_word(self) -> str:
        """Return what several of its periods are called."""
        hours = (self.ends[0] - self.starts[0]) / _ONE_HOUR
        if hours >= _WEEK_HOURS:
            return "weeks"
        return "days" if hours >= _DAY_HOURS else "hours" if hours <= 1 else "shifts"

    def ticks(self) -> list[Row]:
        """Return where labels stand and what they say: days, or hours of a day or two."""
        if self._is_of_days:
            said = [
                self._day(start, end) for start, end in zip(self.starts, self.ends, strict=True)
            ]
            rows = zip(self.middles(), said, strict=True)
            return [{"x": x, "text": text, "is_day": True} for x, text in rows]
        if self.hours > _SHORT_HOURS:
            return self._day_ticks()
        return self._hour_ticks()

    @property
    def _is_of_days(self) -> bool:
        return (self.ends[0] - self.starts[0]) / _ONE_HOUR >= _DAY_HOURS

    @staticmethod
    def _day(start: pd.Timestamp, end: pd.Timestamp) -> str:
        is_week = (end - start) / _ONE_HOUR >= _WEEK_HOURS
        return f"{start.day} {start:%b}" if is_week else short_day_text(start)

    def _day_ticks(self) -> list[Row]:
        """Return midnights, and the beginning; labels stand after them."""
        nights = pd.date_range(self.starts[0].ceil("D", ambiguous=True), self.ends.max(), freq="D")
        days = [*([self.starts[0]] if nights[0] > self.starts[0] else []), *nights]
        ends = [*days[1:], self.ends.max()]
        return [
            {"x": self.at(day), "text": short_day_text(day), "is_day": True, "is_after": True}
            for day, end in zip(days, ends, strict=True)
            if (end - day) / _ONE_HOUR >= _LABEL_HOURS
        ]

    def _hour_ticks(self) -> list[Row]:
        """Return every third hour of the clock; midnight has the day."""
        zone = self.starts.tz
        first, last = (each.tz_convert("UTC") for each in (self.starts[0], self.ends.max()))
        hours = pd.date_range(first.ceil("h"), last, freq="h")
        local = [each for each in hours.tz_convert(zone) if each.hour % 3 == 0]
        return [
            {
                "x": self.at(each),
                "text": f"{each:%H:%M}" if each.hour else short_day_text(each),
                "is_day": each.hour == 0,
            }
            for each in local
        ]

    def letters(self, marks: Sequence[SpecialTime]) -> tuple[list[Row], tuple[str, ...]]:
        """Return marks that lie on the axis as rows with a letter each, and what letters mean."""
        rows: list[Row] = []
        notes: list[str] = []
        zone = self.starts.tz
        for mark in sorted(marks, key=lambda mark: mark.start):
            first, last = max(self.at(mark.start), 0.0), min(self.at(mark.end), self.hours)
            if last < first or (last == first and mark.end > mark.start):
                continue
            letter = _letter(len(rows))
            span = period_text(mark.start.tz_convert(zone), mark.end.tz_convert(zone))
            rows.append({"x": first, "x2": last, "letter": letter})
            notes.append(f"{letter}: {plain_text(mark.text)}, {span}")
        return rows, tuple(notes)


def _letter(number: int) -> str:
    """Return A to Z, then AA, AB and so on.

    >>> _letter(0), _letter(25), _letter(26)
    ('A', 'Z', 'AA')
    """
    before, at = divmod(number, 26)
    return (_letter(before - 1) if before else "") + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[at]
