"""Keys for some areas: what lies outside is not told by any route, present or future."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from starlette.testclient import TestClient

from forewatch.areas import Area, AreaTree
from forewatch.errors import OutOfReach, UnknownArea, UnknownView
from forewatch.freshness import Behind, ObservationEnd
from models.recent_sizes import SpreadFactors
from planning import freshness
from planning.issues import NOT_FORECAST, Issue, Part
from serving import problems
from serving.api.rota import FEED
from serving.api.service import NEEDS, Need
from serving.duty_records import DutyRecord
from serving.keys import SCOPES_WITHIN_AREAS
from serving.page.addresses import ACCESSIBILITY, HELP, SIGN_IN, SIGN_OUT
from serving.page.screens import SCREEN_BY_KEY
from serving.page.signing_in import LINK
from serving.page.static_files import STATIC
from serving.reach import Reach

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]

# Routes for everybody: they tell nothing of any area.
# The key of a feed or a screen stands in its address: see test_rota_calendar.py, test_screen.py.
KEYLESS = {
    *("/openapi.json", "/health/live", "/health/ready", FEED, SCREEN_BY_KEY, SIGN_IN, SIGN_OUT),
    *("/", LINK, HELP, ACCESSIBILITY, STATIC),
}
# How a route that needs more than its path is asked. One that takes areas is asked for each name of
# `NAMES` as well, so that "area" stays the one name for them.
ASKED = {
    "/v1/forecasts": "week=2026-W43&by=week",
    "/v1/explanations": "week=2026-W43&by=week",
    "/v1/missing-persons": "week=2026-W43&by=week",
    "/v1/rota/requirements": "week=2026-W43",
}
# Views of the page, which tell what they don't know in their own words.
VIEWS = {
    "/week": "week=2026-W43",
    "/shift/2026-10-24/late": "",
    "/worries": "week=2026-W43",
    "/accuracy": "lead=7",
    "/missing": "week=2026-W43",
    "/events": "",
    "/views": "",
    "/download/forecasts.csv": "week=2026-W43&by=week",
    "/download/accuracy.csv": "lead=7",
    "/download/events.csv": "",
    "/screen": "",
    "/brief": "week=2026-W43",
    "/brief.pdf": "week=2026-W43",
}
ROTA = "/v1/rota/requirements"
HIDDEN = ("town", "south", "south-1", "south-2")
NAMES = ("town", "south", "south-2", "force", "district", "beat", "north", "north-2", "elsewhere")


class Route(NamedTuple):
    """A route that a key opens."""

    path: str
    method: str
    need: Need


def needed(dependant: Dependant) -> Iterator[Need]:
    """What a route asks of keys, wherever it says so."""
    if dependant.call in NEEDS:
        yield NEEDS[dependant.call]
    for below in dependant.dependencies:
        yield from needed(below)


def routes(bench: Bench) -> list[Route]:
    """Every route of the app but those for everybody; a route without a need stops the test."""
    found = []
    for context in iter_route_contexts(bench.app.routes):
        path, route = str(context.path), context.original_route
        if path in KEYLESS:
            continue
        assert isinstance(route, APIRoute), path
        needs = list(needed(route.dependant))
        assert len(needs) == 1, f"{path} has to say once what it needs of a key, and of its areas"
        found += [Route(path, method, needs[0]) for method in context.methods or ()]
    return found


def addresses(route: Route) -> Iterator[str]:
    """How a route is asked: as it is, and for each name if it takes areas."""
    path = route.path.replace("{number}", "1").replace("{period:path}", "2026-10-24/late")
    if "{table}.{form}" in path:
        files = [view for view in VIEWS if view.startswith("/download/")]
        yield from (each for file in files for each in addresses(route._replace(path=file)))
        return
    if path.endswith("/views/{view_id}"):
        names = ("control-room", "of-north", "of-south")
        yield from (path.replace("{view_id}", name) for name in names)
        return
    assert "{" not in path, f"say in this test what stands in {path}"
    asked = (ASKED | VIEWS).get(path)
    yield f"{path}?{asked}" if asked else path
    if asked is not None:
        for name in NAMES:
            yield f"{path}?{asked}&area={name}"
            if path == "/v1/missing-persons":
                yield f"{path}?{ASKED[path]}&reserved_hours={name}:3"


@pytest.fixture
def two_issues(bench: Bench, make_issue: MakeIssue, missing: Part) -> Bench:
    """A bench whose latest issue has missing-person demand and notes on areas."""
    notes = ("sarima left out south-1/violence", "a level of violence, North: shop", "for all")
    bench.issues().publish(replace(make_issue(), notes=notes).with_part("missing", missing))
    return bench


def client(bench: Bench, *areas: str) -> TestClient:
    """A client whose key sees these areas."""
    token = bench.keys().create("some", SCOPES_WITHIN_AREAS, areas=areas)
    return TestClient(bench.app, "http://localhost", headers={"X-API-Key": token})


def text_of(answer: Any) -> str:
    """What an answer says, that of each file where it is an archive."""
    if answer.headers["content-type"] == "application/pdf":
        read = PdfReader(io.BytesIO(answer.content))
        return f"{read.metadata}" + "".join(page.extract_text() for page in read.pages)
    if answer.headers["content-type"] != "application/zip":
        return str(answer.text)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    # as areas stand in JSON and in CSV
    lines = "\n".join(archive.read(name).decode() for name in archive.namelist())
    return lines + re.sub(r"[^,\n]+", r'"\g<0>"', lines)


def test_every_route_says_what_it_does_about_areas(bench: Bench) -> None:
    declared = {route.path: route.need for route in routes(bench)}
    assert {path for path, need in declared.items() if need.areas == "within"} >= set(ASKED)
    # What tells of the whole force is never opened by a scope that a key for some areas can have.
    for path, need in declared.items():
        assert (need.areas == "whole") == (need.scope not in SCOPES_WITHIN_AREAS), path


def test_no_route_tells_a_key_for_a_beat_of_other_areas(two_issues: Bench) -> None:
    # What a key for a district is told is held against another town in test_other_areas.py.
    hidden = (*HIDDEN, "force", "district", "north", "north-2")
    some = client(two_issues, "north-1")
    for route in routes(two_issues):
        for address in addresses(route):
            answer = some.request(route.method, address)
            if route.need.areas == "whole":
                assert answer.status_code == 403, address
            elif route.method == "POST":
                assert answer.status_code == 422, address  # nothing was sent
            elif not any(part in address for part in ("area=", "hours=", "/of-")):
                assert answer.status_code == 200, address  # else nothing was looked at
            told = text_of(answer) + str(answer.headers)
            told = told.replace('"modelled":"district"', "")  # the name of a level, and no area
            for area in hidden:
                if f"'{area}'" in told and f"={area}" in address:
                    told = told.replace(f"'{area}'", "")  # the name that was asked for, said back
                assert f'"{area}"' not in told, (address, answer.text)
                assert f"'{area}'" not in told, (address, answer.text)
                assert f'"{area.title()}"' not in told, (address, answer.text)
                assert f"{area}/" not in told, (address, answer.text)


def test_a_view_out_of_reach_is_answered_like_one_that_is_not_there(two_issues: Bench) -> None:
    some = client(two_issues, "north")
    within = ["control-room", "of-north"]
    assert [view["id"] for view in some.get("/v1/views").json()["views"]] == within
    for name in ("of-south", "of-nowhere"):
        answer = some.get(f"/v1/views/{name}?week=2026-W43")
        expected = problems.problem_of(UnknownView(name, within))
        assert (answer.status_code, answer.json()) == (404, expected)
    assert {*areas_told(some.get("/v1/views/control-room?week=2026-W43"))} == {"north"}


def test_an_area_out_of_reach_is_answered_like_one_that_is_not_there(two_issues: Bench) -> None:
    some = client(two_issues, "north")
    for path, asked in ASKED.items():
        for area in (*HIDDEN, "force", "elsewhere", "southern"):
            expected = problems.problem_of(
                UnknownArea(area, ("north", "north-1", "north-2", "district", "beat"))
            )
            for question in (f"area={area}", f"area=north&area={area}"):
                answer = some.get(f"{path}?{asked}&{question}")
                assert (answer.status_code, answer.json()) == (404, expected)


def test_the_name_of_an_area_out_of_reach_means_nothing(two_issues: Bench) -> None:
    some = client(two_issues, "north")
    for path, asked in ASKED.items():
        assert {*areas_told(some.get(f"{path}?{asked}&area=NORTH"))} == {"north"}
        for name in ("South", "SOUTH-1", "Town"):
            answer = some.get(f"{path}?{asked}&area={name}")
            near = ("north", "north-1", "north-2", "district", "beat")
            assert (answer.status_code, answer.json()) == (
                404,
                problems.problem_of(UnknownArea(name, near)),
            )


def test_what_tells_of_the_whole_force_is_for_keys_that_see_it(two_issues: Bench) -> None:
    # No key for some areas is made with such a scope; one that has it all the same gets nowhere.
    path = two_issues.root / "keys.json"
    (key,) = json.loads(path.read_bytes())
    path.write_text(json.dumps([key | {"areas": ["north"]}]))
    for address in ("/v1/models", "/metrics"):
        said = two_issues.refused(address, 403)
        assert said["type"] == "urn:forewatch:problem:out-of-reach"
        assert "for the areas north, and this tells of the whole force" in said["detail"]


def test_what_lies_outside_changes_nothing_that_is_told(
    bench: Bench, make_issue: MakeIssue, missing: Part
) -> None:
    def told(factor: float, place: int) -> dict[str, str]:
        """All that a key for the north is told where one place has more calls."""
        made = make_issue()
        base = np.array(made.forecast.rates.base)
        base[place] *= factor
        reports = np.array(missing.forecast.rates.base)
        reports[place] *= factor
        rates = replace(made.forecast.rates, base=base, baseline=base * 0.9)
        more = replace(missing.forecast, rates=replace(missing.forecast.rates, base=reports))
        number = (
            bench.issues()
            .publish(
                made.with_whole(forecast=replace(made.forecast, rates=rates)).with_part(
                    "missing", replace(missing, forecast=more)
                )
            )
            .number
        )
        return {
            address: some.get(f"{address}&issue={number}").text.replace(f'"issue":{number}', "")
            for route in routes(bench)
            for address in addresses(route)
            if route.path in ASKED and route.method == "GET"
        }

    some = client(bench, "north")
    before = told(1.0, 0)
    assert told(3.0, 1) == before
    changed = told(3.0, 0)
    assert (
        changed["/v1/forecasts?week=2026-W43&by=week"]
        != before["/v1/forecasts?week=2026-W43&by=week"]
    )


def test_the_plan_of_other_areas_changes_nothing_that_is_told(bench: Bench) -> None:
    def told(area: str, officers: int) -> dict[str, str]:
        """All that a key for the north is told of the rota where one area plans more."""
        day = pd.Timestamp("2026-10-24")
        shift = {"role": "response", "shift": "late", "force_day": day, "figure": "planned"}
        rows = [
            {"area": each, **shift, "officers": officers if each == area else 3, "late": False}
            for each in ("north", "south")
        ]
        known = pd.DataFrame(rows).assign(known_at=pd.Timestamp("2026-10-01T00:00Z"))
        bench.record = DutyRecord(known.astype({"officers": "int32"}))
        history = bench.root / "history" / ".confirmed"
        history.mkdir(parents=True, exist_ok=True)
        (history / "plan.json").write_text(f"{area} {officers}")
        some = client(bench, "north")
        addresses = [f"{ROTA}?week=2026-W43{more}" for more in ("", "&by=half-hour", "&area=beat")]
        return {address: some.get(address).text for address in addresses}

    before = told("north", 3)
    assert all('"planned":3' in text for text in before.values() if "north-1" not in text)
    assert told("south", 30) == before
    assert told("north", 30) != before


def areas_told(answer: Any) -> list[str]:
    return [row["area"] for row in rows_of(answer.json())]


def rows_of(said: Any) -> Any:
    """The rows of a page, which are shifts in the rota contract."""
    return said["rows"] if "rows" in said else said["shifts"]


def test_without_an_area_a_key_gets_each_of_its_own(two_issues: Bench) -> None:
    asked = "/v1/forecasts?week=2026-W43&by=week"
    assert areas_told(client(two_issues, "north").get(asked)) == ["north"]
    several = client(two_issues, "south-2", "north", "north-1")
    assert areas_told(several.get(asked)) == ["north", "south-2"]
    assert areas_told(several.get(f"{asked}&area=beat")) == ["north-1", "north-2", "south-2"]
    assert areas_told(two_issues.client.get(asked)) == ["town"]


def test_a_pool_is_told_by_its_areas_within_reach_and_how_many_others(two_issues: Bench) -> None:
    for path, asked in ASKED.items():
        for areas, told in (
            (("north-1",), "north-1, 1 out of reach"),
            (("north",), "north"),
            (("north-1", "north-2"), "north-1, north-2"),
        ):
            said = client(two_issues, *areas).get(f"{path}?{asked}&area=north-1").json()
            assert {row["pooled"] for row in rows_of(said)} == {told}, (path, areas)


def test_the_catalogue_is_the_tree_within_reach(two_issues: Bench) -> None:
    said = client(two_issues, "south-2", "north").get("/v1/areas").json()
    assert said["levels"] == ["district", "beat"]
    assert [(each["id"], each["parent"], each["level"]) for each in said["areas"]] == [
        ("north", None, "district"),
        ("north-1", "north", "beat"),
        ("north-2", "north", "beat"),
        ("south-2", None, "beat"),
    ]


def test_notes_that_name_other_areas_are_left_out(two_issues: Bench) -> None:
    some = client(two_issues, "north")
    left = ["a level of violence, North: shop", "for all"]
    assert some.get("/v1/issues/2").json()["notes"] == left
    assert some.get("/v1/issues").json()["issues"][0]["notes"] == left
    assert some.get("/v1/forecasts?week=2026-W43").json()["notes"] == left
    assert len(two_issues.get("/v1/issues/2")["notes"]) == 3


def test_how_the_whole_force_varied_lately_is_told_to_those_who_see_it(
    make_issue: Callable[..., Issue],
) -> None:
    tree, notes = make_issue().tree, [*SpreadFactors(1.2, 1.1).note(), "for all"]
    assert Reach(("north",)).notes(tree, notes) == ["for all"]
    assert Reach().notes(tree, notes) == notes


def test_why_an_issue_was_withdrawn_names_no_other_area(two_issues: Bench) -> None:
    some, store = client(two_issues, "north"), two_issues.issues()
    for number, why, told in (
        (1, "North-1 was wrong", ": North-1 was wrong"),
        (2, "as south-1", ""),
    ):
        store.decide("withdraw", number, "ann", why, two_issues.now)
        asked = f"/v1/forecasts?week=2026-W43&issue={number}"
        for address in (asked, f"/v1/issues/{number}"):
            said = some.get(address).json()["withdrawn"]
            assert said == f"withdrawn on 2026-10-13 by ann{told}", address
            assert two_issues.client.get(address).json()["withdrawn"].endswith(why)
        row = some.get(asked, headers={"Accept": "text/csv"}).text.splitlines()[1]
        assert f"by ann{told}," in row


def test_what_is_behind_in_all_the_force_is_told_without_its_number_of_calls(
    bench: Bench, make_issue: MakeIssue
) -> None:
    made = make_issue()
    until = made.forecast.data_until - pd.Timedelta(days=20)
    row = Behind("town", "violence", until, "no call since where 5,078 were to be expected")
    found = ObservationEnd(made.forecast.data_until, (row,))
    bench.issues().publish(
        replace(made, observed=found, notes=freshness.notes(found, "Europe/London")).with_whole(
            forecast=replace(made.forecast, data_until=until)
        )
    )
    some = client(bench, "north")
    for address in ("/v1/forecasts?week=2026-W43&call_type=violence", "/v1/issues/2"):
        assert "5,078" in bench.client.get(address).text
        assert "5,078" not in some.get(address).text
    (state,) = {row["state"] for row in some.get("/v1/forecasts?week=2026-W43").json()["rows"]}
    assert state == "stale"
    # Who watches the process has no key at all.
    said = bench.stranger.get("/health/ready").text
    assert "the data are older than 8 days" in said
    assert "5,078" not in said
    assert "violence" not in said


def test_why_there_is_no_missing_person_demand_names_no_other_area(
    bench: Bench, make_issue: MakeIssue
) -> None:
    notes = (f"x{NOT_FORECAST}too few reports in south-1", f"x{NOT_FORECAST}too few in north-1")
    bench.issues().publish(replace(make_issue(), notes=notes))
    said = client(bench, "north").get("/v1/missing-persons?week=2026-W43").json()["detail"]
    assert "too few in north-1" in said
    assert "south" not in said


def test_the_same_question_of_two_keys_has_two_answers_and_tags(two_issues: Bench) -> None:
    asked = "/v1/forecasts?week=2026-W43&by=week"
    keys = [two_issues.client, client(two_issues, "north"), client(two_issues, "south")]
    for _ in range(2):  # the second time from what was kept
        found = [one.get(asked) for one in keys]
        assert [areas_told(each) for each in found] == [["town"], ["north"], ["south"]]
    tags = {each.headers["etag"] for each in found}
    assert len(tags) == 3
    north = keys[1].get(asked, headers={"If-None-Match": found[0].headers["etag"]})
    assert north.status_code == 200


def test_pages_follow_each_other_within_reach(two_issues: Bench) -> None:
    some = client(two_issues, "north", "south-1")
    page = some.get("/v1/forecasts?week=2026-W43&area=beat&limit=5")
    found = areas_told(page)
    while (following := page.json()["next"]) is not None:
        page = some.get(following)
        found += areas_told(page)
    assert found == ["north-1"] * 7 + ["north-2"] * 7 + ["south-1"] * 7


def test_a_key_for_areas_of_another_time_is_told_so(two_issues: Bench) -> None:
    answer = client(two_issues, "west").get("/v1/forecasts?week=2026-W43")
    assert answer.status_code == 403
    assert "the issue has none of the areas of this key (west)" in answer.json()["detail"]
    assert client(two_issues, "west").get("/v1/areas").json()["areas"] == []


# By itself


@st.composite
def trees(draw: st.DrawFn) -> AreaTree:
    """Trees of up to 12 areas and any shape."""
    count = draw(st.integers(1, 12))
    areas = [Area("a0", "A 0")]
    for i in range(1, count):
        parent = draw(st.integers(0, i - 1))
        areas.append(Area(f"a{i}", f"A {i}", f"a{parent}"))
    return AreaTree(tuple(areas), tuple(f"level{i}" for i in range(12)))


@given(trees(), st.data())
def test_a_reach_is_whole_subtrees_and_nothing_beside_them(
    tree: AreaTree, data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(tree.ids), min_size=1, max_size=4))
    reach = Reach(tuple(chosen))
    expected = {below for area in chosen for below in tree.below(area)}
    assert set(reach.seen(tree)) == expected
    assert {below for top in reach.tops(tree) for below in tree.below(top)} == expected
    tops = reach.tops(tree)
    assert not any(a != b and b in tree.below(a) for a in tops for b in tops)
    assert reach.area_ids(tree, ()) == tops
    for area in tree.ids:
        if area in expected:
            assert reach.area_ids(tree, [area]) == (area,)
        else:
            with pytest.raises(UnknownArea) as found:
                reach.area_ids(tree, [area])
            told = expected | {tree.area(each).name for each in expected}
            assert set(found.value.near) <= told | set(reach.levels(tree))
    for level in reach.levels(tree):
        assert set(reach.area_ids(tree, [level])) == set(tree.at_level(level)) & expected


def test_the_whole_force_is_asked_as_it_was_named(make_issue: MakeIssue) -> None:
    tree = make_issue().tree
    assert Reach().area_ids(tree, ["district", "town"]) == ("north", "south", "town")
    with pytest.raises(UnknownArea, match="no area 'nonsense'"):
        Reach().area_ids(tree, ["nonsense"])
    assert Reach().levels(tree) == tree.levels
    assert Reach().notes(tree, ["south"]) == ["south"]
    assert Reach(("north", "a")).text == Reach(("a", "north")).text
    with pytest.raises(OutOfReach, match="none of the areas of this key"):
        Reach(("west",)).area_ids(tree, ())


def test_a_note_is_kept_if_a_name_is_only_part_of_a_word(make_issue: MakeIssue) -> None:
    tree = make_issue().tree
    notes = ["southern roads", "north-11", "SOUTH: closed", "town"]
    assert Reach(("north",)).notes(tree, notes) == ["southern roads", "north-11"]


def test_notes_that_count_over_areas_which_they_do_not_name_are_for_the_whole_force() -> None:
    areas = (
        Area("town", "Town"),
        *(Area(each, each.title(), "town") for each in ("north", "south")),
    )
    tree = AreaTree(areas, ("force", "area"))
    notes = (
        "22 events are not in the forecast: Fair (north, 2023-01-07), and 17 more",
        "1,204 more series have ended",
        "12 days were storms of a series and were learned as usual ones",
        "judged on 11 origins instead of 12: the history is short",
    )
    assert Reach(("north",)).notes(tree, notes) == [notes[-1]]
    assert Reach().notes(tree, notes) == [*notes]


def test_a_reason_that_names_another_area_is_told_without_it_and_once(
    bench: Bench, make_issue: MakeIssue
) -> None:
    made = make_issue()
    until = made.forecast.data_until - pd.Timedelta(days=20)
    found = ObservationEnd(made.forecast.data_until, (Behind("town", "", until, "south-1 is off"),))
    old = replace(made.forecast, data_until=until)
    bench.issues().publish(replace(made, observed=found).with_whole(forecast=old))
    some, why = client(bench, "north"), "not observed for longer than is allowed"
    rows = some.get("/v1/forecasts?week=2026-W43").json()["rows"]
    assert {(row["state"], row["reason"]) for row in rows} == {("stale", why)}
    shown = some.get("/week?week=2026-W43", headers={"Accept": "text/html"}).text
    assert "south-1" not in shown
    assert shown.count(f"Stale: {why}.") == 1
