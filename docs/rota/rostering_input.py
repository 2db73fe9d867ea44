"""Turns an answer into an instance of the nurse-rostering benchmarks (schedulingbenchmarks.org).

Open rostering solvers read this text format, with its lines of comment. Shifts and cover come from
the answer; who there is, days off and requests are of the duty system: it fills those sections.

    python rostering_input.py AREA < answer.json > instance.txt
"""

import json
import sys
from datetime import date, datetime, timedelta
from statistics import median_low

# Readers take the first line of a section for the names of its columns, so it is always there.
HEADS = {
    "SHIFTS": "# ShiftID, Length in mins, Shifts which cannot follow this shift | separated",
    "STAFF": "# ID, MaxShifts, MaxTotalMinutes, MinTotalMinutes, MaxConsecutiveShifts, "
    "MinConsecutiveShifts, MinConsecutiveDaysOff, MaxWeekends",
    "DAYS_OFF": "# EmployeeID, DayIndexes (start at zero)",
    "SHIFT_ON_REQUESTS": "# EmployeeID, Day, ShiftID, Weight",
    "SHIFT_OFF_REQUESTS": "# EmployeeID, Day, ShiftID, Weight",
    "COVER": "# Day, ShiftID, Requirement, Weight for under, Weight for over",
}
WEEK = 7


def half_hours(shift):
    """Yield the instants at which half-hours of a shift begin."""
    at, end = (datetime.fromisoformat(shift[name]) for name in ("start", "end"))
    while at < end:
        yield at
        at += timedelta(minutes=30)


def instance(document, area):
    """Return horizon, shifts and cover of one area; unknown need stops it, for it is not 0."""
    if not (shifts := [each for each in document["shifts"] if each["area"] == area]):
        areas = ", ".join(dict.fromkeys(each["area"] for each in document["shifts"]))
        raise ValueError(f"nothing is told of {area!r}; the answer has {areas or 'no shifts'}")
    if unknown := [each["shift_id"] for each in shifts if each["on_duty"] is None]:
        raise ValueError(f"nothing is known of {', '.join(unknown)}; ask for fewer days")
    need = {}
    for series in (each for each in document["cover"] if each["area"] == area):
        start = datetime.fromisoformat(series["start"])
        for i, officers in enumerate(series["need"]):
            need[start + timedelta(minutes=30 * i)] = officers
    days = [date.fromisoformat(each["force_day"]) for each in shifts]
    # Solvers count weekends from a Monday, so the horizon is whole weeks from one on.
    monday = min(days) - timedelta(days=min(days).weekday())
    horizon = ((max(days) - monday).days // WEEK + 1) * WEEK
    # By the wall clock: a night of a changed clock has the id and length of any other.
    lengths = {}
    for each in shifts:
        lengths.setdefault(each["shift"], []).append(round(each["hours"] * 60))
    rows = {name: [] for name in HEADS}
    rows["SHIFTS"] = [f"{name},{median_low(found)}," for name, found in lengths.items()]
    for day, each in zip(days, shifts, strict=True):
        # An officer too few weighs more where more of the shift is at the height of its day.
        told = [need[at] for at in half_hours(each) if at in need]
        tight = sum(officers == max(told) for officers in told) / len(told)
        under = round(100 * (1 + tight))
        rows["COVER"].append(f"{(day - monday).days},{each['shift']},{each['on_duty']},{under},1")
    head = ("# Day 0 is a Monday:", f"# {monday}; days without cover were not asked for")
    sections = [("HORIZON", *head, str(horizon))]
    sections += [(name, HEADS[name], *lines) for name, lines in rows.items()]
    return "\n\n".join("\n".join(("SECTION_" + name, *lines)) for name, *lines in sections) + "\n"


if __name__ == "__main__":
    print(instance(json.load(sys.stdin), sys.argv[1]), end="")
