"""The shifts most likely to be short, and what to decide on now."""

from __future__ import annotations

from typing import Any

import numpy as np

from planning.tables import Values
from serving.page.worries import HOW_TO_PLAN, decisions, worries

ROWS = [
    # shift, day, state, needed, planned, gap, chance
    ("early", "2026-10-24", "forecast", 5, 5, 0, 0.2),
    ("late", "2026-10-24", "forecast", 8, 6, 2, 0.7),
    ("night", "2026-10-24", "forecast", 7, 4, 3, 0.7),
    ("early", "2026-10-25", "no_plan", 5, np.nan, np.nan, np.nan),
    ("late", "2026-11-25", "no_forecast", np.nan, 6, np.nan, np.nan),
]
TIMES = {"early": ("T06:00", "T14:00"), "late": ("T14:00", "T22:00"), "night": ("T22:00", "T23:59")}


def values(rows: list[Any]) -> Values:
    shift, day, state, needed, planned, gap, chance = (
        [row[i] for row in rows] for i in range(len(ROWS[0]))
    )
    of = {"start": 0, "end": 1}
    instants = {
        name: np.array(
            [f"{d}{TIMES[s][at]}" for d, s in zip(day, shift, strict=True)], dtype="M8[us]"
        )
        for name, at in of.items()
    }
    return {
        "area": np.array(["north"] * len(rows), object),
        "area_name": np.array(["<North>"] * len(rows), object),
        "shift": np.array(shift, object),
        "shift_name": np.array([f"{each.title()}s" for each in shift], object),
        "force_day": np.array(day, "M8[D]"),
        "state": np.array(state, object),
        "on_duty": np.array(needed, float),
        "planned": np.array(planned, float),
        "gap": np.array(gap, float),
        "p_short_at_tightest": np.array(chance, float),
        "last_cheap_day": np.array(["2026-10-14"] * len(rows), "M8[D]"),
        "change_cost": np.zeros(len(rows)),
        "late_cost": np.full(len(rows), 1480.0),
        **instants,
    }


def address(area: str, period: str) -> str:
    return f"/shift/{period}?area={area}"


def test_the_likeliest_come_first_and_among_equals_who_lacks_more() -> None:
    found = worries(values(ROWS), "Europe/London", address)
    assert found.likely is not None
    assert [row[0].text for row in found.likely.rows] == [
        "Sat 24 Oct, Nights (23:00 to 00:59)",
        "Sat 24 Oct, Lates (15:00 to 23:00)",
        "Sat 24 Oct, Earlys (07:00 to 15:00)",
    ]
    assert found.likely.rows[1][0].address == "/shift/2026-10-24/late?area=north"
    assert [cell.text for cell in found.likely.rows[0]][1:] == [
        "<North>", "▼ 3", "about 7 in 10 (70 %)", "7", "4"]  # fmt: skip
    assert [row[2].mark for row in found.likely.rows] == ["short", "short", ""]
    assert found.sentences[0].startswith("2 of 3 shifts with a plan are more likely than not")
    assert found.unplanned == "1 of 4 shifts have no plan: nothing is said of them."


def test_only_so_many_are_told() -> None:
    found = worries(values(ROWS), "Europe/London", address, most=1)
    assert found.likely is not None
    assert [row[0].text[:18] for row in found.likely.rows] == ["Sat 24 Oct, Nights"]


def test_without_a_plan_the_page_says_how_to_bring_one() -> None:
    found = worries(values(ROWS[3:]), "Europe/London", address)
    assert (found.sentences, found.likely) == ((HOW_TO_PLAN,), None)
    assert "forewatch import plan FILE" in HOW_TO_PLAN


def test_a_quiet_week_is_said_to_be_one() -> None:
    found = worries(values(ROWS[:1]), "Europe/London", address)
    assert found.sentences == ("No shift of 1 with a plan is more likely than not to be short.",)


def test_decisions_say_until_when_and_what_it_costs() -> None:
    table = decisions(values(ROWS[1:2]), "Europe/London", "GBP", address)
    assert table is not None
    told = [cell.text for cell in table.rows[0]][2:]
    assert told == ["▼ 2", "about 7 in 10 (70 %)", "8", "6", "Wed 14 Oct", "0", "1,480"]
    assert len(table.head) == len(table.rows[0])
    assert decisions(values([]), "Europe/London", "GBP", address) is None
