"""What was said and what came, in words for people who aren't statisticians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from planning.accuracy import PROMISED, Held, PastScore, outcome, told_sayings
from serving.charts.accuracy import accuracy_chart
from serving.charts.chart import Chart
from serving.charts.words import amount_text, count_text, percent_text, short_day_text
from serving.page.chance_words import of_ten
from serving.page.plain_table import Cell, PlainTable, plain_table

LEADS_DAYS = (1, 7, 14, 28)
WHOLE_NUMBERS = (
    f"A range is of whole numbers, so it holds at least its share: where few calls come, more "
    f"than {of_ten(PROMISED)} lie in it."
)
UNTIL_THEN = (
    "No week is over yet of which an issue spoke so long ahead. Until issues have come true, this "
    "shows the tests on past weeks that the model went through when it was trained: it was given "
    "what was known then and no more, and held to what came."
)
NO_PAST = (
    "This issue was published before the calls that came were kept with it; the next one has them."
)
_NOT_KNOWN = "not known yet"
_OUTCOMES = {"": "–", "inside": "✓ yes", "above": "▲ above", "below": "▼ below"}


@dataclass(frozen=True)
class Hindsight:
    """How far what issues said of past weeks held.

    Args:
        sentences: the first is the one to read.
        chart: of the weeks; None where there is none.
        table: of the weeks; None likewise.
        gap: on weeks of which no issue spoke in time; "" where there are none.
    """

    sentences: tuple[str, ...]
    chart: Chart | None = None
    table: PlainTable | None = None
    gap: str = ""


def hindsight(
    told: Mapping[str, pd.DataFrame], place: tuple[str, str], lead_days: int, weeks: int
) -> Hindsight:
    """Return how far what was said of an area held.

    Args:
        told: sayings about weeks and about days, each with what came (`planning.accuracy`).
        place: name of the area, and IANA name of the force's time zone.
        lead_days: days ahead that were asked for.
        weeks: that were looked at.
    """
    where, zone = place
    by_week, by_day = (Held.of(told[by]) for by in ("week", "day"))
    said = told_sayings(told["week"])
    missed = weeks - len(said)
    ahead = days_ahead_words(lead_days)
    gap = (
        f"Of {missed} of the last {weeks} weeks no issue spoke {ahead} before they began."
        if missed
        else ""
    )
    if not by_day.known:
        return Hindsight((UNTIL_THEN,), gap=gap if len(said) else "")
    sentences = [
        held_sentence(by_week, "weeks", where) if by_week.known else "No whole week is known yet.",
        held_sentence(by_day, "days", where),
        *([miss_sentence(by_week, "week")] if by_week.known else []),
        miss_sentence(by_day, "day"),
    ]
    chart = accuracy_chart(said, zone, where, promised=PROMISED)
    return Hindsight(tuple(sentences), chart, _week_table(said, zone, where), gap)


def days_ahead_words(lead_days: int) -> str:
    """Return how far ahead, in words.

    >>> days_ahead_words(1), days_ahead_words(10), days_ahead_words(28)
    ('at least 1 day', 'at least 10 days', 'at least 4 weeks')
    """
    length, unit = (lead_days // 7, "week") if lead_days % 7 == 0 else (lead_days, "day")
    return f"at least {length} {unit}{'s' * (length != 1)}"


def held_sentence(held: Held, periods: str, where: str) -> str:
    """Return whether as many counts lay in the range as were promised.

    >>> held_sentence(Held(8, 10, 1, 1, 1), "weeks", "Bath")
    'In 8 of 10 weeks the count in Bath lay in the range, as promised (at least 8 of 10).'
    """
    first = f"In {held.inside} of {held.known} {periods} the count in {where} lay in the range"
    least = f"at least {of_ten(PROMISED)}"
    if held.is_as_promised:
        return f"{first}, as promised ({least})."
    if held.may_be_chance:
        return f"{first}. {least.capitalize()} were promised; so few {periods} may be chance."
    return (
        f"{first}: fewer than promised ({least}), and chance alone hardly explains it. Take the "
        "ranges as too narrow."
    )


def miss_sentence(held: Held, period: str) -> str:
    """Return by how much the forecast missed, and the mean of the last 8 weeks beside it.

    >>> miss_sentence(Held(8, 10, 20, 25, 400), "day")
    "The forecast missed a day's count by 20 calls on average (5 % of it), the mean of the last 8 \
weeks by 25: 20 % less."
    """
    share = f" ({percent_text(held.miss / held.level)} of it)" if held.level > 0 else ""
    first = (
        f"The forecast missed a {period}'s count by {amount_text(held.miss, 'calls')} on average"
        f"{share}, the mean of the last 8 weeks by {count_text(held.baseline_miss)}"
    )
    if not held.baseline_miss > 0:
        return f"{first}."
    gain = 1 - held.miss / held.baseline_miss
    if percent_text(abs(gain)) in ("0 %", "below 1 %"):
        return f"{first}: the same."
    return f"{first}: {percent_text(abs(gain))} {'less' if gain > 0 else 'MORE'}."


def _week_table(said: pd.DataFrame, zone: str, where: str) -> PlainTable:
    starts = pd.DatetimeIndex(said["start"]).tz_convert(zone)
    weeks = cast("list[dict[str, float]]", said.to_dict("records"))
    rows = [
        [
            f"{short_day_text(start)} {start:%b}",
            count_text(week["mean"]),
            f"{count_text(week['low'])} to {count_text(week['high'])}",
            count_text(week["actual"]) if np.isfinite(week["actual"]) else Cell(_NOT_KNOWN),
            _outcome(week["low"], week["high"], week["actual"]),
            count_text(week["baseline"]),
            f"{week['issue']:g}",
        ]
        for start, week in zip(starts, weeks, strict=True)
    ]
    head = ("Week from", "Said", f"Range for {of_ten(PROMISED)}", "Came", "In the range?")
    return plain_table(
        f"Calls a week in {where}: what was said, and what came",
        (*head, "Mean of 8 weeks", "Issue"),
        rows,
    )


def _outcome(low: float, high: float, actual: float) -> Cell:
    found = outcome(low, high, actual)
    return Cell(_OUTCOMES[found], is_text=True, mark="short" * (found in ("above", "below")))


def training_sentences(score: PastScore, version: str, level: str) -> tuple[str, ...]:
    """Return what the tests of a training came to, in shares only: they are of every such area.

    Args:
        score: of days so far ahead.
        version: of the model.
        level: of the areas, as a noun: "district".
    """
    held = round(100 * score.held)
    near = "as promised" if held >= 100 * PROMISED - 3 else "fewer than promised"
    gain = score.gain
    better = f"{percent_text(abs(gain))} {'less' if gain > 0 else 'MORE'}"
    first = (
        f"Tests of model version {version}, {days_words(score.days_ahead)} ahead: {held} of 100 "
        f"counts of a {level}'s day lay in the range for {of_ten(PROMISED)}, {near}."
    )
    return first, f"The forecast missed by {better} than the mean of the last 8 weeks."


def days_words(block: str) -> str:
    """Return a block of days ahead.

    >>> days_words("1-7"), days_words("29+")
    ('1 to 7 days', '29 days or more')
    """
    return f"{block.removesuffix('+')} days or more" if block.endswith("+") else (
        f"{block.replace('-', ' to ')} days"
    )  # fmt: skip


def training_table(scores: Sequence[PastScore], level: str, *, with_counts: bool) -> PlainTable:
    """Return the tests of a training by how far ahead.

    Args:
        scores: of a level of areas.
        level: its name.
        with_counts: whether calls are told: those of all areas, for who may see them all.
    """
    head = ["Days ahead", "In the range, of 100", "Misses less than the mean of 8 weeks by"]
    more = ["Misses by, calls a day", "Mean of 8 weeks misses by", "Days judged"]
    rows = [
        [
            days_words(each.days_ahead),
            f"{round(100 * each.held)}",
            percent_text(each.gain),
            *(
                [count_text(each.miss), count_text(each.baseline_miss), f"{each.days:,}"]
                if with_counts
                else []
            ),
        ]
        for each in scores
    ]
    shown = head + (more if with_counts else [])
    return plain_table(f"Tests on past weeks, each {level} and day", shown, rows)
