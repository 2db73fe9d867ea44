"""What docs/guides/other-tools.md says of our side: the key's header, `next`, totals, the forms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from tests.serving.conftest import Bench, issue_of_the_town, missing_of_the_town

BASE = "http://localhost"


@pytest.fixture
def tools(tmp_path: Path) -> Bench:
    """One issue that holds next week."""
    made = Bench(tmp_path)
    made.issues().publish(issue_of_the_town().with_part("missing", missing_of_the_town()))
    return made


@pytest.fixture
def guide(root: Path) -> str:
    return (root / "docs" / "guides" / "other-tools.md").read_text(encoding="utf-8")


def with_header(bench: Bench) -> TestClient:
    return TestClient(bench.app, BASE, headers={"X-API-Key": bench.token})


def test_the_loop_of_the_power_bi_script_reads_every_row(tools: Bench, guide: str) -> None:
    (first,) = re.findall(r'First = "([^"]+)"', guide)
    assert first.endswith("&limit=5000")
    first = first.replace("limit=5000", "limit=5")
    client, rows, pages = with_header(tools), list[dict[str, Any]](), 0
    address: str | None = first
    while address is not None:  # as List.Generate does
        said = client.get(f"{BASE}/{address}").json()
        rows += said["rows"]
        pages += 1
        address = None if said["next"] is None else said["next"].lstrip("/")
    assert pages > 2
    assert len(rows) == said["total_rows"] == 2 * 2 * 7
    typed = re.findall(r'\{"(\w+)", type', guide)
    assert typed
    assert {*typed} <= rows[0].keys()


def test_next_stays_with_the_issue_of_the_first_page(tools: Bench) -> None:
    asked = {"area": "district", "by": "day", "week": "next", "limit": 5}
    first = tools.get("/v1/forecasts", **asked)
    tools.issues().publish(issue_of_the_town())
    assert first["next"].startswith("/v1/forecasts?area=district")
    assert tools.get(first["next"])["issue"] == first["issue"] == 1
    assert tools.get("/v1/forecasts", **asked)["issue"] == 2


def test_the_loop_of_the_qlik_script_reads_every_row(tools: Bench, guide: str) -> None:
    script = guide[guide.index("LIB CONNECT") :]
    script = script[: script.index("```")]
    *_, told = script.split("WITH CONNECTION")
    assert '/v1/forecasts"' in told
    query = dict(re.findall(r'QUERY "(\w+)" "([^"]+)"', told))
    number = tools.get("/v1/issues", limit=1)["issues"][0]["number"]
    client, rows, offset, total = with_header(tools), list[dict[str, Any]](), 0, 1
    while offset < total:
        values = {"$(vIssue)": str(number), "$(vOffset)": str(offset), "5000": "5"}
        asked = {name: values.get(value, value) for name, value in query.items()}
        said = client.get("/v1/forecasts", params=asked | {"week": "next"}).json()
        rows, total, offset = rows + said["rows"], said["total_rows"], offset + 5
    assert len(rows) == total > 5
    (fields,) = re.findall(r'\(SELECT ([^)]+) FROM "rows"\)', script)
    assert {*re.findall(r'"(\w+)"', fields)} <= rows[0].keys()


def test_the_settings_of_the_qlik_connection_are_parameters(tools: Bench, guide: str) -> None:
    (line,) = re.findall(r"\| Query parameters \| (.+) \|", guide)
    asked = dict(re.findall(r"`(\w+)` = `(\w+)`", line))
    answer = with_header(tools).get("/v1/forecasts", params=asked | {"limit": "5"})
    assert answer.status_code == 200
    (path,) = re.findall(r"\| Next URL path \| `(\w+)`", guide)
    following = answer.json()[path]
    assert dict(parse_qsl(urlsplit(following).query))["offset"] == "5"
    assert with_header(tools).get(following).status_code == 200


def test_the_key_goes_in_either_header_and_never_in_the_address(tools: Bench) -> None:
    stranger = TestClient(tools.app, BASE)
    for header in ({"X-API-Key": tools.token}, {"Authorization": f"Bearer {tools.token}"}):
        assert stranger.get("/v1/issues", headers=header).status_code == 200
    assert stranger.get("/v1/issues", params={"key": tools.token}).status_code == 401


def test_the_addresses_of_the_guide_are_there(tools: Bench, guide: str) -> None:
    paths = {*re.findall(r"`(/v1/[a-z/-]+[a-z])`", guide)}
    assert len(paths) >= 6
    for path in paths:
        answer = with_header(tools).get(path, params={"format": "xlsx"})
        assert answer.status_code == 200, path
    assert with_header(tools).get("/v1/issues/latest/export?format=csv").status_code == 200
