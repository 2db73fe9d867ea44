"""Notice of a change of duty in England and Wales: how a shift stands, and what a change costs.

A day is a force-day: the 24 hours from the time that the chief officer fixes, so that the night of
31 December is no duty on a public holiday. Clear days lie between the day of notice and the day of
duty; neither of the two counts.

1. A shift that no published roster holds yet may be planned freely.
2. In a published roster a duty can be moved for nothing while enough clear days are left, because
   the rest day is given on another date: 15 for duty on a rest day, 8 on a public holiday.
3. After that its hours are paid at time and a half on a rest day.
4. Duty on a public holiday is paid at double time whatever the notice: no other date is given for
   it. What comes too late costs a day off besides.

Source:
    Police Regulations 2003 (SI 2003/527), determinations of the Secretary of State: Annex E under
    regulation 22 (duty, publication of rosters), Annex H under regulations 24 and 26 (rest days and
    public holidays; with fewer than 8 days' notice double time and another day off, "in any other
    case" double time), as substituted from 1 January 2019 (Home Office circular 001/2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array, Mask
from forewatch.duty import officer_hour_cost
from forewatch.staffing import Staffing

NoticeClass = Literal["free", "roster_published", "rest_day", "public_holiday", "past"]
_DAY_OFF_HOURS = 8.0
NOTICE_CLASSES: tuple[NoticeClass, ...] = get_args(NoticeClass)


@dataclass(frozen=True)
class NoticeRules:
    """Clear days that a change must leave, and what it costs with fewer.

    Args:
        rest_day_clear_days: for duty on a rest day.
        public_holiday_clear_days: for duty on a public holiday.
        roster_days: force-days before a duty by which its roster is published.
        hour_cost: of an officer on duty, in the force's currency.
        rest_day_factor: of pay with fewer clear days.
        public_holiday_factor: of pay on a public holiday, whatever the notice.
        day_off_hours: of the day off that is given besides for a public holiday with fewer.
    """

    rest_day_clear_days: int = 15
    public_holiday_clear_days: int = 8
    roster_days: int = 31
    hour_cost: float = 32.0
    rest_day_factor: float = 1.5
    public_holiday_factor: float = 2.0
    day_off_hours: float = _DAY_OFF_HOURS

    @classmethod
    def of(cls, staffing: Staffing) -> Self:
        """Return the rules with the rates of a force."""
        rates = staffing.rates
        return cls(
            roster_days=rates.roster_days,
            hour_cost=officer_hour_cost(staffing),
            rest_day_factor=rates.rest_day_factor,
            public_holiday_factor=rates.public_holiday_factor,
            day_off_hours=_DAY_OFF_HOURS if rates.public_holiday_day_off else 0.0,
        )


@dataclass(frozen=True)
class Notices:
    """How shifts stand, one each in the order asked.

    Args:
        classes: what rule a change falls under when notice is given on the day asked.
        clear_days: between that day and the duty; negative for duties of the past.
        last_cheap_day: the last force-day (local date) on which notice costs nothing more.
        change_cost: what is paid for the duty of one officer who gets notice on the day asked; 0
            while a rest day can be given on another date, NaN for duties of the past.
        late_cost: the same after the last cheap day.
        rules: by which they stand.
    """

    classes: tuple[NoticeClass, ...]
    clear_days: NDArray[np.int64]
    last_cheap_day: pd.DatetimeIndex
    change_cost: Array
    late_cost: Array
    rules: NoticeRules


def clear_days(noticed: pd.Timestamp, duty: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Return the whole days between a day of notice and days of duty, all local dates.

    >>> clear_days(pd.Timestamp("2026-12-02"), pd.DatetimeIndex(["2026-12-18"])).tolist()
    [15]
    """
    return np.asarray((duty.normalize() - noticed.normalize()).days - 1, dtype=np.int64)


def last_cheap_day(
    duty: pd.DatetimeIndex, is_holiday: Mask, rules: NoticeRules
) -> pd.DatetimeIndex:
    """Return the last local date on which notice of a change leaves the clear days it needs.

    >>> days = pd.DatetimeIndex(["2026-12-18", "2026-12-25"])
    >>> last_cheap_day(days, np.array([False, True]), NoticeRules()).day.tolist()
    [2, 16]
    """
    wanted = np.where(is_holiday, rules.public_holiday_clear_days, rules.rest_day_clear_days)
    return duty.normalize() - pd.to_timedelta(wanted + 1, unit="D")


def notices(
    duty: pd.DatetimeIndex,
    hours: Array,
    is_holiday: Mask,
    noticed: pd.Timestamp,
    rules: NoticeRules,
) -> Notices:
    """Return how shifts stand for whoever gives notice of a change on a day.

    Args:
        duty: force-day (local date) of each shift, shape (shifts,).
        hours: its real length, those of a clock change counted.
        is_holiday: whether that force-day is a public holiday where the shift is worked.
        noticed: force-day (local date) of the notice.
        rules: the clear days that are wanted, and rates.
    """
    clear = clear_days(noticed, duty)
    cheap = last_cheap_day(duty, is_holiday, rules)
    is_late = np.asarray(cheap < noticed.normalize(), dtype=bool)
    chosen = np.select(
        [clear < -1, is_late & is_holiday, is_late, clear + 1 < rules.roster_days],
        [NOTICE_CLASSES.index(name) for name in ("past", "public_holiday", "rest_day",
                                                 "roster_published")],
        NOTICE_CLASSES.index("free"),
    )  # fmt: skip
    ordinary = hours * rules.hour_cost * rules.rest_day_factor
    holiday = hours * rules.hour_cost * rules.public_holiday_factor
    late = np.where(is_holiday, holiday + rules.day_off_hours * rules.hour_cost, ordinary)
    in_time = np.where(is_holiday, holiday, 0.0)
    return Notices(
        tuple(NOTICE_CLASSES[i] for i in chosen),
        clear,
        cheap,
        np.where(clear < -1, np.nan, np.where(is_late, late, in_time)),
        late,
        rules,
    )


def decide_now(
    stand: Notices,
    p_short: Array,
    officers_short: Array,
    noticed: pd.Timestamp,
    *,
    least_chance: float = 0.5,
    within_days: int = 7,
) -> NDArray[np.intp]:
    """Return the shifts to decide on now, as positions: the dearest first.

    They are short with at least this probability, and the last day on which a change costs nothing
    more is one of the next days. Dear is what it costs more to mend later all that is short. Where
    a shift lacks officers and nobody can tell how probably it is short, because no plan of one that
    overlaps it is known, it is to be decided on too.

    Args:
        stand: how the shifts stand on the day of notice.
        p_short: probability that each is short; NaN where it is unknown.
        officers_short: officers that each lacks; NaN where it is unknown.
        noticed: force-day (local date) of the notice.
        least_chance: below it a shift isn't said to be short.
        within_days: how many days ahead the last cheap day may lie; today is 0.
    """
    left = np.asarray((stand.last_cheap_day - noticed.normalize()).days)
    is_due = (left >= 0) & (left <= within_days)
    is_short = ~(p_short < least_chance) & (officers_short > 0)  # NaN: nobody can say it isn't
    found = np.flatnonzero(is_due & is_short)
    dear = (stand.late_cost - stand.change_cost)[found] * officers_short[found]
    return found[np.lexsort([found, left[found], -dear])]
