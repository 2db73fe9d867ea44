"""Turns an answer into an instance of the nurse-rostering benchmarks (schedulingbenchmarks.org).

Open rostering solvers read this text format, with its lines of comment. Shifts and cover come from
the answer; who there is, days off and requests are of the duty system: it fills those sections.

    python rostering_input.py AREA URL KEY from=… to=… area=… > instance.txt

All pages are read. That data are stale, and what no shift can cover, is said on standard error:
the format has no place for it.
"""

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
HALF_HOUR = timedelta(minutes=30)


def during(shift, curve):
    """Return the officers of the half-hours that a shift lies in, whenever it begins."""
    begin, end = (datetime.fromisoformat(shift[name]) for name in ("start", "end"))
    return [told for at, told in curve.items() if at < end and at + HALF_HOUR > begin]


def warnings(pages, area):
    """Return what an instance can't say: that data are stale, and cover that no shift can give."""
    stale = {f"STALE: {page['why_stale']}" for page in pages if page["stale"]}
    unmet = [each for page in pages for each in page["unmet"] if each["area"] == area]
    return [
        *stale,
        *(
            f"UNMET: {each['start']} to {each['end']}, {each['officers']:.1f} officers, "
            f"{each['hours']:.1f} hours ({each['why']})"
            for each in unmet
        ),
    ]


def instance(pages, area):
    """Return horizon, shifts and cover of one area; unknown need stops it, for it is not 0.

    The pages are all of an answer. What officers do that can wait is in the shifts' numbers and in
    `on_duty` of cover; `need` of cover is without it.
    """
    if pages[0]["offset"] or pages[-1]["next"]:
        raise ValueError("a page is missing; follow `next` from the first one on")
    if any(page["changed_since"] is not None for page in pages):
        raise ValueError("only what moved is told; ask without changed_since")
    every = [each for page in pages for each in page["shifts"]]
    if not (shifts := [each for each in every if each["area"] == area]):
        areas = ", ".join(dict.fromkeys(each["area"] for each in every))
        raise ValueError(f"nothing is told of {area!r}; the answer has {areas or 'no shifts'}")
    if unknown := [each["shift_id"] for each in shifts if each["on_duty"] is None]:
        raise ValueError(f"nothing is known of {', '.join(unknown)}; ask for fewer days")
    curve = {}
    for series in (each for page in pages for each in page["cover"] if each["area"] == area):
        start = datetime.fromisoformat(series["start"])
        curve |= {start + HALF_HOUR * i: told for i, told in enumerate(series["on_duty"])}
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
        told = during(each, curve)
        tight = sum(officers == max(told) for officers in told) / len(told)
        under = round(100 * (1 + tight))
        rows["COVER"].append(f"{(day - monday).days},{each['shift']},{each['on_duty']},{under},1")
    head = ("# Day 0 is a Monday:", f"# {monday}; days without cover were not asked for")
    sections = [("HORIZON", *head, str(horizon))]
    sections += [(name, HEADS[name], *lines) for name, lines in rows.items()]
    return "\n\n".join("\n".join(("SECTION_" + name, *lines)) for name, *lines in sections) + "\n"


if __name__ == "__main__":
    from consumer import pages as every_page

    found = list(every_page(*sys.argv[2:4], "&".join(sys.argv[4:])))
    print(*warnings(found, sys.argv[1]), sep="\n", file=sys.stderr)
    print(instance(found, sys.argv[1]), end="")
