"""What a person reads of an answer: its heading, the columns that tell rows apart, the legend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forewatch.areas import AreaTree
from planning.issues import Issue, Part
from planning.tables import Table
from planning.uses import USES
from serving import answers
from serving.answers import EXPLANATIONS, FORECASTS, MISSING_PERSONS, OFFERS
from serving.reach import Reach
from serving.standing import Standing
from serving.writers.terminal import columns_for_people, legend, remarks, table_text, texts

NOW = pd.Timestamp("2026-10-13T06:00Z")


@pytest.fixture
def issue(make_issue: Callable[..., Issue], missing: Part) -> Issue:
    return make_issue().with_part("missing", missing)


def said(issue: Issue, kind: str = FORECASTS.name, **asked: Any) -> Table:
    """The answer to a question about a week of the issue."""
    offer = OFFERS[kind]
    query = offer.query.model_validate({"week": "2026-W43"} | asked)
    question = answers.question(offer, issue, query, Reach())
    table = answers.answer_table(offer, issue, Standing(), question, NOW)
    return replace(table, heading=answers.heading(offer, issue, Standing(), question, NOW))


def names(table: Table) -> list[str]:
    return [each.name for each in columns_for_people(table)]


def cells(table: Table) -> dict[str, list[str]]:
    return texts(table, columns_for_people(table))


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"by": "week"}, "expected calls in 2026-W43: Town, all call types, all grades"),
        (
            {"area": ["north", "south"], "call_type": ["violence"]},
            "expected calls by day: 2 areas, Violence, all grades",
        ),
        (
            {"by": "week", "kind": EXPLANATIONS.name, "area": ["north-1"]},
            "what the expected calls are made of in 2026-W43: North-1, all call types, all grades",
        ),
    ],
)
def test_the_heading_names_what_was_asked_and_counts_what_is_many(
    issue: Issue, asked: dict[str, Any], line: str
) -> None:
    heading = said(issue, **asked).heading
    assert heading[0] == "Town, issue 0, data until 2026-10-12 07:00, times in Europe/London"
    assert heading[-1] == line


def test_the_heading_of_missing_person_demand_says_its_uses_and_where_no_model_stands_behind_it(
    issue: Issue, missing: Part
) -> None:
    one = said(issue, MISSING_PERSONS.name, by="week", area=["north"]).heading
    assert one[1:] == (
        "missing-person demand in 2026-W43: North, in reports and officer-hours (13 a case)",
        USES,
    )
    many = said(issue, MISSING_PERSONS.name, area=["north", "south"]).heading
    assert many[1].startswith("missing-person demand by day: 2 areas, in reports")
    stood_in = issue.with_part("missing", replace(missing, is_baseline=True))
    assert (
        said(stood_in, MISSING_PERSONS.name).heading[1].startswith("BY THE BASELINE, the shrunken ")
    )


def test_a_table_has_columns_only_for_what_tells_its_rows_apart(issue: Issue) -> None:
    assert names(said(issue, by="week"))[:3] == ["mean", "q05", "q10"]
    days = said(issue, area=["north", "south"], call_type=["each"])
    assert names(days)[:4] == ["period", "start_local", "area", "call_type"]
    assert cells(days)["start_local"][0] == "Mon 19 Oct 07:00"
    shifts = said(issue, by="shift")
    assert names(shifts)[:3] == ["period", "start_local", "end_local"]
    assert cells(shifts)["end_local"][:2] == ["Mon 15:00", "Mon 23:00"]
    alone = said(issue, MISSING_PERSONS.name, by="week", area=["north"])
    assert names(alone)[0] == "expected"
    assert "band" not in names(alone)


def test_names_stand_beside_ids_that_say_less(issue: Issue) -> None:
    areas = [
        replace(each, name="Old Town") if each.id == "north" else each for each in issue.tree.areas
    ]
    renamed = replace(issue, tree=AreaTree(tuple(areas), issue.tree.levels))
    found = cells(said(renamed, by="week", area=["district"]))
    assert (found["area"], found["area_name"]) == (["north", "south"], ["Old Town", "South"])
    assert "area_name" not in names(said(issue, area=["district"]))


def test_rows_that_are_not_forecast_say_so_in_the_table_and_below(issue: Issue) -> None:
    late = said(issue, week="2026-W47", area=["beat"])
    assert set(cells(late)["state"]) == {"no_forecast"}
    (line,) = [each for each in remarks(late) if each.startswith("no_forecast")]
    assert line.startswith("no_forecast: the period does not lie within the issue's horizon (")
    assert "state" not in names(said(issue))


def test_lines_below_name_at_most_five_rows_and_are_at_most_five(issue: Issue) -> None:
    many = said(issue, area=["town", "district", "beat"], week="2026-W47", call_type=["each"])
    assert "and 9 more)" in next(each for each in remarks(many) if "no_forecast" in each)


def test_numbers_keep_the_decimals_of_the_smallest_mean_and_the_noise_floor_one(
    issue: Issue,
) -> None:
    found = said(issue, by="hour", area=["north-1"])
    least = found.frame["mean"].min()
    assert 0.1 < least < 1
    table = cells(found)
    assert [float(cell) for cell in table["mean"]] == found.frame["mean"].round(2).tolist()
    floor = [float(cell) for cell in table["noise_floor"]]
    assert np.array_equal(floor, found.frame["noise_floor"].round(1))


def test_chances_are_shown_to_the_hundredth_and_hours_to_the_tenth(issue: Issue) -> None:
    kept = ["north:4.0", "south:30.5"]
    found = said(issue, MISSING_PERSONS.name, area=["north", "south"], reserved_hours=kept)
    table, exact = cells(found), found.frame
    assert list(table)[:3] == ["period", "start_local", "area"]
    for name, decimals in (("p_at_least_1", 2), ("p_over", 2), ("landing_mean", 1)):
        shown_numbers = [float(cell) for cell in table[name]]
        assert shown_numbers == exact[name].round(decimals).tolist()
        assert shown_numbers != exact[name].round(decimals - 1).tolist()
    assert [float(cell) for cell in table["reserved_hours"]] == exact["reserved_hours"].tolist()
    assert all(cell.partition(" ")[0] in "✓?!~" for cell in table["band"])


def test_unknown_numbers_are_dashes(issue: Issue) -> None:
    assert set(cells(said(issue, week="2026-W47"))["mean"]) == {"-"}


def test_the_legend_says_unit_and_meaning_of_each_column_of_numbers_once(issue: Issue) -> None:
    lines = legend(columns_for_people(said(issue, at_least="1,2,5")))
    assert lines[0].split("  ")[0] == "mean"
    assert lines[0].endswith("expected calls")  # which says its unit
    assert any(line.endswith("known at the origin, in calls") for line in lines)
    (quantiles,) = [line for line in lines if line.startswith("q05 … q95")]
    assert "5 in 100 outcomes stay at or below" in quantiles
    (chances,) = [line for line in lines if "p_at_least" in line]
    assert chances.startswith("p_at_least_1 … p_at_least_5")
    assert len(lines) == 5


def test_the_text_of_a_table_is_heading_table_legend_and_remarks(issue: Issue) -> None:
    found = said(issue, MISSING_PERSONS.name, area=["beat"], by="week", reserved_hours=["4"])
    above, below, said_of_rows = table_text(found).split("\n\n")
    assert above.splitlines()[: len(found.heading)] == [*found.heading]
    assert len(above.splitlines()) == len(found.heading) + 1 + 4
    assert below.startswith("expected")
    assert said_of_rows.splitlines()[0] == (
        "pooled: north: of some calls in these areas only the sum is known"
    )
    assert "not calibrated: never judged on past origins (north-1, north-2," in said_of_rows
