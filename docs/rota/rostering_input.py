"""Turns an answer into an instance of the nurse-rostering benchmarks (schedulingbenchmarks.org).

Open rostering solvers read this text format. Shifts and cover come from the answer; SECTION_STAFF,
days off and requests are of the duty system, which knows its people: they are added there.

    python rostering_input.py < answer.json > instance.txt
"""

import json
import sys
from datetime import date, datetime, timedelta
from statistics import median_low


def half_hours(shift):
    """Yield the instants at which half-hours of a shift begin."""
    at, end = (datetime.fromisoformat(shift[name]) for name in ("start", "end"))
    while at < end:
        yield at
        at += timedelta(minutes=30)


def instance(document, area):
    """Return horizon, shifts and cover of one area; unknown need stops it, for it is not 0."""
    shifts = [each for each in document["shifts"] if each["area"] == area]
    if unknown := [each["shift_id"] for each in shifts if each["on_duty"] is None]:
        raise ValueError(f"nothing is known of {', '.join(unknown)}; ask for fewer days")
    need = {}
    for series in (each for each in document["cover"] if each["area"] == area):
        start = datetime.fromisoformat(series["start"])
        for i, officers in enumerate(series["need"]):
            need[start + timedelta(minutes=30 * i)] = officers
    first = min(date.fromisoformat(each["force_day"]) for each in shifts)
    days = [(date.fromisoformat(each["force_day"]) - first).days for each in shifts]
    lines = ["SECTION_HORIZON", str(max(days) + 1), "", "SECTION_SHIFTS"]
    # By the wall clock: a night of a changed clock has the id and length of any other.
    lengths = {}
    for each in shifts:
        lengths.setdefault(each["shift"], []).append(round(each["hours"] * 60))
    lines += [f"{name},{median_low(found)}," for name, found in lengths.items()]
    lines += ["", "SECTION_COVER"]
    for day, each in zip(days, shifts, strict=True):
        # An officer too few weighs more where more of the shift is at the height of its day.
        told = [need[at] for at in half_hours(each) if at in need]
        tight = sum(officers == max(told) for officers in told) / len(told)
        lines.append(f"{day},{each['shift']},{each['on_duty']},{round(100 * (1 + tight))},1")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    answer = json.load(sys.stdin)
    for name in dict.fromkeys(each["area"] for each in answer["shifts"]):
        print(instance(answer, name))
