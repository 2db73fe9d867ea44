"""Every list and every answer comes as JSON, CSV and a workbook, by the address or by Accept."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from serving.api import costs, media
from serving.settings import ServingSettings
from tests.serving.conftest import Bench, issue_of_the_town, missing_of_the_town

# Each route whose answer is a table, how it is asked, and where its entries stand in JSON.
TABLES: dict[str, tuple[dict[str, Any], str]] = {
    "/v1/forecasts": ({"week": "2026-W43", "area": "district", "limit": 5}, "rows"),
    "/v1/explanations": ({"week": "2026-W43", "area": "district", "limit": 5}, "rows"),
    "/v1/missing-persons": ({"week": "2026-W43", "limit": 5}, "rows"),
    "/v1/views/control-room": ({"week": "2026-W43", "limit": 5}, "rows"),
    "/v1/rota/requirements": ({"week": "2026-W43", "limit": 5}, "shifts"),
    "/v1/issues": ({}, "issues"),
    "/v1/areas": ({}, "areas"),
    "/v1/call-types": ({}, "call_types"),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(tmp_path_factory.mktemp("forms"))
    for _ in range(3):
        made.issues().publish(issue_of_the_town().with_part("missing", missing_of_the_town()))
    return made


def test_no_table_is_forgotten(bench: Bench) -> None:
    told = {
        path
        for path, operations in bench.app.openapi()["paths"].items()
        if any(
            each["name"] == "format" and "xlsx" in str(each["schema"])
            for each in operations.get("get", {}).get("parameters", [])
        )
    }
    assert told == {path.replace("control-room", "{view_id}") for path in TABLES}


@pytest.mark.parametrize("path", TABLES)
def test_a_table_is_the_same_rows_in_every_form(path: str, bench: Bench) -> None:
    asked, entries = TABLES[path]
    document = bench.get(path, **asked, format="json")
    text = bench.client.get(path, params=asked | {"format": "csv"})
    book = bench.client.get(path, params=asked | {"format": "xlsx"})
    assert text.headers["content-type"].startswith(media.CSV)
    assert book.headers["content-type"] == media.XLSX
    header, *lines = csv.reader(io.StringIO(text.text))
    sheet = load_workbook(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert len(lines) == len(sheet) - 1 == len(document[entries]) > 0
    assert header[: len(sheet[0])] == sheet[0]
    # what the address asks for counts for more than what a tool sends by itself
    for form, answer in (("csv", text), ("xlsx", book)):
        other = {"Accept": "application/json, text/html;q=0.5"}
        again = bench.client.get(path, params=asked | {"format": form}, headers=other)
        assert again.content == answer.content
        known = {"If-None-Match": answer.headers["etag"]}
        assert (
            bench.client.get(path, params=asked | {"format": form}, headers=known).status_code
            == 304
        )
    # and Accept alone does as well
    accept = {"Accept": media.XLSX}
    assert bench.client.get(path, params=asked, headers=accept).content == book.content
    assert bench.client.get(path, params=asked | {"format": "pdf"}).status_code == 422


@pytest.mark.parametrize("path", ["/v1/forecasts", "/v1/views/control-room", "/v1/issues"])
def test_the_next_page_is_in_the_form_of_the_first(path: str, bench: Bench) -> None:
    asked = TABLES[path][0] | {"format": "csv", "limit": 2}
    first = bench.client.get(path, params=asked)
    following = first.links["next"]["url"]
    assert "format=csv" in following
    second = bench.client.get(following)
    assert second.headers["content-type"].startswith(media.CSV)
    assert second.text.splitlines()[0] == first.text.splitlines()[0]
    assert second.text != first.text


def test_lists_tell_a_key_its_own_areas_in_every_form(bench: Bench) -> None:
    token = bench.keys().create("north", ("forecasts:read",), areas=("north",))
    key = {"Authorization": f"Bearer {token}"}
    answer = bench.client.get("/v1/areas", params={"format": "csv"}, headers=key)
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["area"] for row in found] == ["north", "north-1", "north-2"]
    assert found[0]["parent"] == ""


def test_a_workbook_costs_more_than_a_document(tmp_path: Path) -> None:
    plain, book = (costs.weights("forecast", form).row for form in (media.JSON, media.XLSX))
    assert book > plain == costs.weights("forecast", media.CSV).row
    bench = Bench(tmp_path, settings=ServingSettings(max_cost=40))
    bench.issues().publish(issue_of_the_town())
    asked = {"week": "2026-W43", "area": "district", "by": "hour"}
    assert bench.client.get("/v1/forecasts", params=asked).status_code == 200
    said = bench.refused("/v1/forecasts", 422, **asked, format="xlsx")
    assert "limit=" in said["detail"]
