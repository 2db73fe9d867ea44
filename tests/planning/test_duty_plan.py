"""The plan beside the need: what is unknown stays unknown, and moves mend what is short."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forewatch.staffing import Base
from forewatch.tables import PLAN
from planning.duty_plan import AreaPlan, NoticeDay, PlanLookup, area_plan, base_numbers, plan_moves
from planning.issues import Issue
from planning.notice import NoticeRules
from planning.staffing import staffing

FIRST = pd.Timestamp("2026-10-19")
NOTICE = NoticeDay(pd.Timestamp("2026-10-12"), NoticeRules(hour_cost=30.0))
PERCENTILE = 80


def plan_rows(issue: Issue, *areas: str, figure: str = "planned") -> pd.DataFrame:
    """A plan with as many officers as each shift needs."""
    found = staffing(issue, first=FIRST, days=7, areas=areas, percentile=PERCENTILE)
    parts = [
        pd.DataFrame(
            {
                "area": each.area,
                "role": "response",
                "shift": each.shifts["shift"],
                "force_day": each.shifts["force_day"],
                "figure": figure,
                "officers": each.shifts["on_duty"],
                "late": False,
                "known_at": pd.Timestamp("2026-10-01", tz="UTC"),
            }
        )
        for each in found.areas
    ]
    return pd.concat(parts, ignore_index=True).astype(PLAN.columns)


def plans(issue: Issue, rows: pd.DataFrame, *areas: str) -> list[AreaPlan]:
    found = staffing(issue, first=FIRST, days=7, areas=areas, percentile=PERCENTILE)
    return [area_plan(each, lookup(rows), NOTICE) for each in found.areas]


def lookup(rows: pd.DataFrame) -> PlanLookup:
    return PlanLookup.of(rows, "response", pd.date_range(FIRST, periods=7))


def moved(found: list[AreaPlan], bases: tuple[int, ...] = (0, 0)) -> dict[str, Any]:
    most = [np.full(len(each.planned), np.inf) for each in found]
    moves = plan_moves(found, bases[: len(found)], most, PERCENTILE, 10)
    ids = [name for each in found for name in each.staffing.shifts["shift_id"]]
    named = [
        ("" if one.source is None else ids[one.source], ids[one.target], one.officers)
        for one in moves.moves
    ]
    return {"moves": named, "cost": moves.cost, "short": float(np.nansum(moves.still_short))}


def change(rows: pd.DataFrame, area: str, shift: str, day: str, by: int) -> None:
    here = (rows["area"] == area) & (rows["shift"] == shift) & (rows["force_day"] == day)
    assert here.sum() == 1
    rows.loc[here, "officers"] += by


def test_a_plan_of_what_is_needed_has_no_gap_and_nothing_to_move(october: Issue) -> None:
    rows = plan_rows(october, "north")
    (found,) = plans(october, rows, "north")
    assert found.gap.tolist() == [0.0] * len(found.gap)
    needed = found.staffing.shifts["p_short_at_tightest"].to_numpy()
    # Nobody told of the night before, which the first early shift overlaps.
    assert np.isnan(found.short.p_short_at_tightest[0])
    assert found.short.p_short_at_tightest[1:] == pytest.approx(needed[1:])
    assert moved([found]) == {"moves": [], "cost": 0, "short": 0.0}


def test_duties_in_the_wrong_shift_are_moved_back_for_nothing(october: Issue) -> None:
    rows = plan_rows(october, "north")
    of_night = (rows["shift"] == "night") & (rows["force_day"] == "2026-10-21")
    all_of_it = int(rows.loc[of_night, "officers"].iloc[0])
    change(rows, "north", "early", "2026-10-21", by=all_of_it)
    change(rows, "north", "night", "2026-10-21", by=-all_of_it)
    (found,) = plans(october, rows, "north")
    assert sorted(found.gap[found.gap != 0]) == [-all_of_it, all_of_it]
    night = int(np.argmax(found.gap))
    needed = found.staffing.shifts["p_short_at_tightest"].to_numpy()
    assert found.short.p_short_at_tightest[night] > needed[night]
    mended = moved([found])
    day = "north/response/2026-10-21"
    assert {(source, target) for source, target, _ in mended["moves"]} == {
        (f"{day}/early", f"{day}/night")
    }
    assert (mended["cost"], mended["short"]) == (0.0, 0.0)


def test_duties_move_between_the_areas_of_a_base_only(october: Issue) -> None:
    rows = plan_rows(october, "north", "south")
    change(rows, "north", "night", "2026-10-21", by=1)
    change(rows, "south", "night", "2026-10-21", by=-1)
    both = plans(october, rows, "north", "south")
    # The day lacks hours of work: an officer of any of its shifts mends that, and costs nothing.
    north, south = (f"{area}/response/2026-10-21/early" for area in ("north", "south"))
    assert moved(both)["moves"] == [(north, south, 1)]
    alone = moved(both, (0, 1))
    assert alone == moved(both[1:])
    # Ten hours of somebody's rest day, nine days ahead, at 30 an hour and time and a half.
    assert alone["cost"] == 450.0
    assert [source for source, _, _ in alone["moves"]] == [""]


def test_a_shift_without_a_plan_is_unknown_and_left_alone(october: Issue) -> None:
    rows = plan_rows(october, "north")
    gone = (rows["shift"] == "late") & (rows["force_day"] == "2026-10-21")
    (found,) = plans(october, rows[~gone], "north")
    late = (found.staffing.shifts["shift"] == "late").to_numpy() & (
        found.staffing.shifts["force_day"] == "2026-10-21"
    ).to_numpy()
    assert np.isnan(found.planned).tolist() == late.tolist()
    assert np.isnan(found.gap[late]).all()
    assert np.isnan(found.short.share_of_time_short[late]).all()
    assert moved([found])["moves"] == []


def test_what_was_worked_and_rostered_stands_beside_what_was_planned(october: Issue) -> None:
    rows = plan_rows(october, "north", figure="worked")
    (found,) = plans(october, rows, "north")
    assert np.isfinite(found.worked).all()
    assert np.isnan(found.planned).all()
    assert np.isnan(found.rostered).all()


def test_holidays_are_those_of_the_area(october: Issue) -> None:
    days = {"north": frozenset([pd.Timestamp("2026-10-21")])}
    (need,) = staffing(october, first=FIRST, days=7, areas=["north"]).areas
    found = area_plan(need, lookup(plan_rows(october, "north")), replace(NOTICE, holidays=days))
    of_day = (need.shifts["force_day"] == "2026-10-21").to_numpy()
    # Eight clear days lie between 12 and 21 October, so the holiday can still be moved cheaply.
    names = np.array(found.stand.classes)
    assert set(names[of_day]) == {"roster_published"}
    assert set(names[~of_day]) == {"rest_day"}


def test_areas_have_the_number_of_their_base(october: Issue) -> None:
    bases = (Base(id="b", name="B", areas=("north", "south-1")),)
    own = october.profile.staffing.model_copy(update={"bases": bases})
    profile = october.profile.model_copy(update={"staffing": own})
    areas = ["north-1", "south-2", "south-1", "north-2"]
    assert base_numbers(profile, october.tree, areas) == [0, 1, 0, 0]
