"""What docs/rota holds: golden answers as the code gives them, and consumers that read them.

`python -m tests.contracts.test_rota_documents` writes the golden answers anew.
"""

from __future__ import annotations

import json
import runpy
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pandas as pd
import pytest

from tests.serving.conftest import Bench
from tests.serving.test_rota_api import PATH, issue, plan

DOCS = Path(__file__).parents[2] / "docs" / "rota"
NAMES = ("ordinary", "stale", "unmet-and-pooled")


def golden(name: str, folder: Path) -> dict[str, Any]:
    """The answer of the test's town that a golden file holds."""
    bench = Bench(folder, record=plan(early=3, night=1))
    bench.issues().publish(issue(minimum=4) if name == "unmet-and-pooled" else issue())
    asked = {
        "ordinary": {"from": "2026-10-24", "to": "2026-10-26", "area": "north"},
        "stale": {"from": "2026-11-15", "to": "2026-11-17", "area": "north"},
        "unmet-and-pooled": {"from": "2026-10-24", "to": "2026-10-25", "area": "north-1"},
    }[name]
    if name == "stale":
        bench.now += pd.Timedelta(days=10)
    found: dict[str, Any] = bench.get(PATH, **asked)
    return found


def text(name: str, folder: Path) -> str:
    return json.dumps(golden(name, folder), indent=1) + "\n"


def kept(name: str) -> Any:
    return json.loads((DOCS / f"golden-{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_answer_is_what_the_code_gives_and_fits_the_schema(
    name: str, tmp_path: Path
) -> None:
    assert kept(name) == json.loads(text(name, tmp_path))
    schema = json.loads((DOCS / "requirements-1.0.schema.json").read_text(encoding="utf-8"))
    assert list(jsonschema_rs.iter_errors(schema, kept(name))) == []


def test_the_golden_answers_hold_what_they_are_for() -> None:
    ordinary, stale, unmet = (kept(name) for name in NAMES)
    assert {each["plan_state"] for each in ordinary["shifts"]} == {"told", "no_plan"}
    assert stale["stale"]
    assert {each["state"] for each in stale["shifts"]} == {"stale", "no_forecast"}
    assert unmet["unmet"]
    assert unmet["shifts"][0]["pooled"] == "north"


def zeros(value: Any) -> Any:
    """The same document with every null turned into 0."""
    if isinstance(value, dict):
        return {name: zeros(each) for name, each in value.items()}
    if isinstance(value, list):
        return [zeros(each) for each in value]
    return 0 if value is None else value


@pytest.mark.parametrize("name", NAMES)
def test_the_consumer_refuses_nulls_that_were_turned_into_zero(name: str) -> None:
    requirements: Callable[[Any], Any] = runpy.run_path(str(DOCS / "consumer.py"))["requirements"]
    rows = list(requirements(kept(name)))
    assert len(rows) == len(kept(name)["shifts"])
    with pytest.raises(ValueError, match="must be null"):
        list(requirements(zeros(kept(name))))
    with pytest.raises(ValueError, match="reads contract 1"):
        list(requirements(kept(name) | {"contract": "2.0"}))


def places(value: Any, name: str, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where nulls of numbers stand in the field of a row."""
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in places(each, name, (*at, key))]
    if isinstance(value, list):
        return [found for i, each in enumerate(value) for found in places(each, name, (*at, i))]
    return [at] if value is None else []


@pytest.mark.parametrize("rows", ["shifts", "cover"])
def test_the_consumer_refuses_any_single_null_of_a_row_that_is_not_forecast(rows: str) -> None:
    requirements: Callable[[Any], Any] = runpy.run_path(str(DOCS / "consumer.py"))["requirements"]
    document = kept("stale")
    number = [each["state"] for each in document[rows]].index("no_forecast")
    fields = {
        "shifts": ("on_duty", "demand", "work_hours", "short", "short_as_needed", "gap"),
        "cover": ("need", "mean", "variance", "unrounded_need", "work_hours_quantile"),
    }[rows]
    for name in fields:
        found = places(document[rows][number][name], name, (name,))
        assert found
        for at in found:
            turned = kept("stale")
            held = turned[rows][number]
            for key in at[:-1]:
                held = held[key]
            held[at[-1]] = 0
            with pytest.raises(ValueError, match=f"{name} of .* must be null"):
                list(requirements(turned))


def test_the_consumer_tells_shifts_that_are_gone() -> None:
    requirements: Callable[[Any], Any] = runpy.run_path(str(DOCS / "consumer.py"))["requirements"]
    gone = {"shift_id": "north/response/2026-10-24/x", "start": "then", "end": "later"}
    rows = list(requirements(kept("ordinary") | {"gone": [gone]}))
    assert rows[-1] == ("north/response/2026-10-24/x", "then", "later", "gone")


def test_the_consumer_is_short() -> None:
    assert len((DOCS / "consumer.py").read_text(encoding="utf-8").splitlines()) < 40


def test_the_rostering_input_has_the_cover_and_never_takes_unknown_for_none() -> None:
    run = runpy.run_path(str(DOCS / "rostering_input.py"))
    instance: Callable[[Any, str], str] = run["instance"]
    found = sections(instance([kept("ordinary")], "north"))
    assert found["SHIFTS"] == ["early,600,", "late,600,", "night,600,"]
    first = kept("ordinary")["shifts"][0]
    assert len(found["COVER"]) == 6
    assert found["COVER"][0].startswith(f"5,early,{first['on_duty']},")
    with pytest.raises(ValueError, match="nothing is known of"):
        instance([kept("stale")], "north")
    with pytest.raises(ValueError, match="nothing is told of 'south'; the answer has north"):
        instance([kept("ordinary")], "south")
    for part in ({"next": "/v1/…"}, {"offset": 400}):
        with pytest.raises(ValueError, match="a page is missing"):
            instance([kept("ordinary") | part], "north")
    with pytest.raises(ValueError, match="ask without changed_since"):
        instance([kept("ordinary") | {"changed_since": 3}], "north")
    assert run["warnings"]([kept("ordinary") | {"unmet": []}], "north") == []
    assert run["warnings"]([kept("stale")], "north")[0].startswith("STALE: the data are older")
    assert "(minimum)" in run["warnings"]([kept("unmet-and-pooled")], "north-1")[0]


def test_the_rostering_input_takes_pages_and_shifts_that_begin_at_a_quarter() -> None:
    instance: Callable[[Any, str], str] = runpy.run_path(str(DOCS / "rostering_input.py"))[
        "instance"
    ]
    whole = kept("ordinary")
    days = ("2026-10-24", "2026-10-25")
    parts = [
        whole
        | {
            "offset": number,
            "next": None if number else "/v1/…",
            **{
                name: [each for each in whole[name] if each["force_day"] == day]
                for name in ("shifts", "cover")
            },
        }
        for number, day in enumerate(days)
    ]
    assert instance(parts, "north") == instance([whole], "north")
    quarter = kept("ordinary")
    for each in quarter["shifts"]:
        each["start"] = each["start"].replace(":00:00Z", ":15:00Z").replace(":30:00Z", ":45:00Z")
    assert len(sections(instance([quarter], "north"))["COVER"]) == 6


def sections(text: str) -> dict[str, list[str]]:
    """Sections of an instance as readers of the benchmarks take them.

    A section ends at an empty line. Its first line names columns, whatever it holds; before the
    horizon stand two lines of comment.
    """
    found = {}
    for part in text.strip().split("\n\n"):
        name, *lines = part.splitlines()
        comments = 2 if name == "SECTION_HORIZON" else 1
        assert all(line.startswith("# ") for line in lines[:comments])
        found[name.removeprefix("SECTION_")] = lines[comments:]
    return found


def test_the_rostering_input_has_every_section_and_begins_on_a_monday() -> None:
    run = runpy.run_path(str(DOCS / "rostering_input.py"))
    found = sections(run["instance"]([kept("ordinary")], "north"))
    requests = ["SHIFT_ON_REQUESTS", "SHIFT_OFF_REQUESTS"]
    assert [*found] == ["HORIZON", "SHIFTS", "STAFF", "DAYS_OFF", *requests, "COVER"]
    # Saturday and Sunday are days 5 and 6, from which solvers count weekends.
    assert found["HORIZON"] == ["7"]
    assert {row.split(",")[0] for row in found["COVER"]} == {"5", "6"}
    under = [int(row.split(",")[3]) for row in found["COVER"]]
    assert all(100 <= weight <= 200 for weight in under)


if __name__ == "__main__":
    for each in NAMES:
        with tempfile.TemporaryDirectory() as made:
            (DOCS / f"golden-{each}.json").write_text(text(each, Path(made)), encoding="utf-8")
