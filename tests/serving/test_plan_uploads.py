"""A plan sent over HTTP: taken once, by the rules of an import, and only where a key may write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from forewatch.tables import PLAN
from serving.api.plans import MOST_BYTES
from serving.workspace import Workspace
from tests.serving.conftest import Bench
from tests.serving.test_duty_plans import TOWN

ROW = {"area": "north", "shift": "late", "date": "2026-10-28", "planned": 3}


@pytest.fixture
def planning(tmp_path: Path) -> Bench:
    (tmp_path / "forewatch.toml").write_text(TOWN, encoding="utf-8")
    return Bench(tmp_path)


def send(bench: Bench, *rows: Any, name: str = "a", token: str | None = None) -> Any:
    headers = {"Idempotency-Key": name} if name else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    return bench.client.post("/v1/rota/plan", headers=headers, json={"rows": list(rows)})


def standing(bench: Bench) -> Any:
    found = Workspace(bench.root).lake().table(PLAN.name)
    return [] if found is None else found.to_dict("records")


def refused(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_a_plan_is_taken_once_however_often_it_is_sent(planning: Bench) -> None:
    first = send(planning, ROW, {**ROW, "shift": "night", "planned": 2, "rostered": 4})
    assert first.status_code == 200, first.text
    assert first.json()["rows"] == first.json()["taken"] == 2
    assert "Idempotent-Replayed" not in first.headers
    held = standing(planning)
    assert {(each["shift"], each["figure"], each["officers"]) for each in held} == {
        ("late", "planned", 3),
        ("night", "planned", 2),
        ("night", "rostered", 4),
    }
    again = send(planning, ROW, {**ROW, "shift": "night", "planned": 2, "rostered": 4})
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert standing(planning) == held
    said = refused(send(planning, {**ROW, "planned": 9}), 422)
    assert "was used for another plan" in said
    # Under another name it is a later version, and the earlier one stays.
    assert send(planning, {**ROW, "planned": 9}, name="b").json()["taken"] == 1
    assert len(standing(planning)) == 4
    # Another key's name is its own.
    other = planning.keys().create("other", ("plan:write",))
    assert send(planning, {**ROW, "planned": 9}, token=other).json()["unchanged"] == 1


def test_rows_that_cant_be_taken_are_counted_by_reason_and_put_aside(planning: Bench) -> None:
    good = [{**ROW, "date": f"2026-11-{day:02d}"} for day in range(1, 29)]
    bad = [{**ROW, "planned": -1}, {**ROW, "date": "2026-10-27", "planned": 1.5}]
    receipt = send(planning, *good, *bad).json()
    assert receipt["taken"] == 28
    assert receipt["quarantined"] == {
        "planned is negative": 1,
        "planned is a fraction of an officer": 1,
    }
    assert len(list((planning.root / "quarantine").glob("plan-*.csv"))) == 1
    assert not list(planning.root.glob(".plan-*"))


def test_what_cant_be_meant_is_refused_whole_with_what_to_do(planning: Bench) -> None:
    said = refused(send(planning, ROW, {**ROW, "shift": "LX"}), 422)
    assert "uses 1 codes without a mapping; nothing was imported" in said
    assert "collar" in refused(send(planning, {**ROW, "collar_number": 12}, name="b"), 422)
    said = refused(send(planning, {**ROW, "area": "nroth"}, name="c"), 422)
    assert "area 'nroth': 1 rows" in said
    bad = [{**ROW, "date": f"2026-11-{day:02d}", "planned": -1} for day in range(1, 9)]
    said = refused(send(planning, *bad, name="d"), 422)
    assert "8 of 8 rows can't be taken" in said
    assert "Mend these rows and send it again" in said
    assert "--accept" not in said
    assert "quarantine/" not in said
    assert standing(planning) == []


@pytest.mark.parametrize(
    ("content", "kind", "status", "said"),
    [
        (b"{", "application/json", 422, "the plan is no JSON"),
        (b"[]", "application/json", 422, "the plan is no table"),
        (b'{"rows": []}', "application/json", 422, "the plan has 0 rows"),
        (b'{"rows": [{"area": ["a"]}]}', "application/json", 422, "cells are texts and numbers"),
        (b"[" * 100_000, "application/json", 422, "lists lie within lists without end"),
        (
            b'{"rows": [{"planned": 1, "planned": 2}]}',
            "application/json",
            422,
            "planned stands twice",
        ),
        (b"area,shift", "text/csv", 415, "send application/json"),
        (b" " * (MOST_BYTES + 1), "application/json", 413, "send it in parts"),
    ],
)
def test_what_is_no_plan_is_refused(
    planning: Bench, content: bytes, kind: str, status: int, said: str
) -> None:
    headers = {"Idempotency-Key": "a", "Content-Type": kind}
    answer = planning.client.post("/v1/rota/plan", headers=headers, content=content)
    assert said in refused(answer, status)


def test_a_plan_needs_a_name_and_a_key_that_may_write(planning: Bench) -> None:
    assert "idempotency-key" in refused(send(planning, ROW, name=""), 422).lower()
    reader = planning.keys().create("reader", ("forecasts:read",))
    assert "lacks the scope plan:write" in refused(send(planning, ROW, token=reader), 403)
    nobody = TestClient(planning.app, "http://localhost")
    answer = nobody.post("/v1/rota/plan", json={"rows": [ROW]}, headers={"Idempotency-Key": "a"})
    assert "no API key" in refused(answer, 401)
    assert standing(planning) == []


def test_a_key_for_some_areas_writes_those_alone(planning: Bench) -> None:
    token = planning.keys().create("north", ("plan:write",), areas=("north",))
    beat = {**ROW, "area": "north-1"}
    assert send(planning, ROW, beat, token=token).json()["taken"] == 2
    outside = refused(send(planning, ROW, {**ROW, "area": "south"}, name="b", token=token), 422)
    assert outside.startswith("no area 'south'; near names: north")
    level = refused(send(planning, {**ROW, "area": "district"}, name="c", token=token), 422)
    assert "no area" in level
    assert {each["area"] for each in standing(planning)} == {"north", "north-1"}
    (planning.root / "rota-plan.toml").write_text('[crosswalk]\narea = { north = "south" }\n')
    said = refused(send(planning, {**ROW, "planned": 8}, name="d", token=token), 403)
    assert "send the plan with a key for all areas" in said


def test_a_receipt_tells_a_key_for_some_areas_of_its_own_rows_alone(planning: Bench) -> None:
    token = planning.keys().create("north", ("plan:write",), areas=("north",))
    good = [{**ROW, "date": f"2026-11-{day:02d}"} for day in range(1, 29)]
    bad = {**ROW, "date": "2026-10-27", "planned": 999_999}
    receipt = send(planning, *good, bad, token=token).json()
    assert receipt["quarantined"] == {"planned is more than the force has": 1}
    (note,) = receipt["notes"]
    assert "rows are of shifts that had begun when they were told" in note
    (reason,) = send(planning, *good, bad, name="b").json()["quarantined"]
    assert reason.startswith("planned is more than the force has (")


SHIFTS_OF_AREAS = """
[[staffing.shifts]]
id = "{area}-day"
name = "Day of {area}"
start = 07:00:00
end = 19:00:00
areas = ["{area}"]
code = "{area}7"
[[staffing.shifts]]
id = "{area}-night"
name = "Night of {area}"
start = 19:00:00
end = 07:00:00
areas = ["{area}"]
"""


PLAIN = '[crosswalk.shift]\nD1 = "north-day"\nD2 = "south-day"\n'
DATED = """
[[crosswalk.shift]]
to = "north-day"
codes = ["D1"]
[[crosswalk.shift]]
to = "south-day"
codes = ["D2"]
from = 2026-10-01
"""


@pytest.mark.parametrize("mapping", ["", PLAIN, DATED])
def test_a_shift_of_other_areas_is_told_like_one_that_is_nowhere(
    tmp_path: Path, mapping: str
) -> None:
    own = "".join(SHIFTS_OF_AREAS.format(area=area) for area in ("north", "south"))
    (tmp_path / "forewatch.toml").write_text(TOWN + own, encoding="utf-8")
    if mapping:
        (tmp_path / "rota-plan.toml").write_text(mapping, encoding="utf-8")
    bench = Bench(tmp_path)
    token = bench.keys().create("north", ("plan:write",), areas=("north",))
    mine = ["north-day", "north7", "Night of north", *(["D1"] if mapping else [])]
    rows = [{**ROW, "shift": code, "date": f"2026-11-0{i}"} for i, code in enumerate(mine, 1)]
    assert send(bench, *rows, name="mine", token=token).json()["taken"] == len(mine)
    said = set()
    for code in ("south-day", "SOUTH-DAY", "south7", "Night of south", "D2", "nowhere"):
        answer = send(bench, {**ROW, "shift": code}, name=code.replace(" ", ""), token=token)
        said.add(refused(answer, 422).replace(code, "…"))
    assert len(said) == 1
    # Somebody of the whole force is told that there is such a shift, and not in the north.
    answer = send(bench, {**ROW, "shift": "south-day"}, name="all")
    assert "1 of 1 rows can't be taken" in refused(answer, 422)
    assert {each["area"] for each in standing(bench)} == {"north"}


def test_what_is_wrong_with_the_mapping_is_told_without_what_it_leads_to(planning: Bench) -> None:
    token = planning.keys().create("north", ("plan:write",), areas=("north",))
    mapping = '[crosswalk]\nshift = { L10 = "of-the-south" }\n'
    (planning.root / "rota-plan.toml").write_text(mapping, encoding="utf-8")
    said = refused(send(planning, {**ROW, "shift": "L10"}, token=token), 422)
    assert "uses 1 codes without a mapping" in said
    dated = '[[crosswalk.shift]]\nto = "of-the-south"\ncodes = ["L10"]\nfrom = 2026-10-01\n'
    (planning.root / "rota-plan.toml").write_text(dated, encoding="utf-8")
    said = refused(send(planning, {**ROW, "shift": "L10"}, name="b", token=token), 422)
    assert said == "rota-plan.toml can't be used; a person with a key for all areas has to mend it"
    assert "of-the-south" in refused(send(planning, {**ROW, "shift": "L10"}, name="c"), 422)


def test_the_duty_systems_own_codes_stand_in_a_file_of_the_workspace(planning: Bench) -> None:
    mapping = '[[crosswalk.shift]]\nto = "late"\ncodes = ["L10"]\nfrom = 2026-10-01\n'
    (planning.root / "rota-plan.toml").write_text(mapping, encoding="utf-8")
    assert send(planning, {**ROW, "shift": "L10"}).json()["taken"] == 1
    assert standing(planning)[0]["shift"] == "late"
