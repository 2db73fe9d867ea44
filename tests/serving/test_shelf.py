from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from forewatch.errors import DamagedIssue
from planning.issues import Issue
from serving.api import schemas
from serving.api.shelf import Bodies, Body, Shelf

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]

WEEK = {"week": "2026-W43"}  # 169 hours: the clocks go back on its Sunday
ASKED = "/v1/forecasts?week=2026-W43"


def rows(bench: Bench, **asked: Any) -> list[dict[str, Any]]:
    said = bench.get("/v1/forecasts", **(WEEK | asked))
    found: list[dict[str, Any]] = said["rows"]
    return found


# Issues that come while the app runs


def test_an_earlier_issue_can_always_be_asked(bench: Bench, make_issue: MakeIssue) -> None:
    before = rows(bench, issue=1)
    for version in "89abcdef":
        bench.issues().publish(make_issue().with_whole(model_version=version))
    assert bench.get("/v1/forecasts", **WEEK)["issue"] == 9
    assert [bench.get("/v1/forecasts", **WEEK, issue=n)["issue"] for n in range(1, 10)] == list(
        range(1, 10)
    )
    assert rows(bench, issue=1) == before
    detail = bench.refused(ASKED + "&issue=12", 404)["detail"]
    assert detail == "no issue 12; the latest is 9, the first 1"


def test_a_damaged_new_issue_leaves_the_last_good_one_in_service(
    bench: Bench, make_issue: MakeIssue
) -> None:
    bench.issues().publish(make_issue())
    spoilt = bench.root / "issues" / "000002" / "arrays.npz"
    kept = spoilt.read_bytes()
    spoilt.unlink()
    assert bench.get("/v1/forecasts", **WEEK)["issue"] == 1
    assert "issue 2 can't be read" in bench.refused("/health/ready", 503)["reasons"][0]
    assert "issue 2 can't be read" in bench.refused(ASKED + "&issue=2", 503)["detail"]
    spoilt.write_bytes(kept)
    assert bench.get("/health/ready") == {"status": "ready", "issue": 2, "notes": []}
    assert bench.get("/v1/forecasts", **WEEK)["issue"] == 2


def test_a_damaged_newer_issue_stays_reported_while_folders_come_and_go(
    bench: Bench, make_issue: MakeIssue
) -> None:
    folder = bench.root / "issues"
    bench.issues().publish(make_issue())
    (folder / "000002" / "arrays.npz").unlink()
    assert "issue 2 can't be read" in bench.refused("/health/ready", 503)["reasons"][0]
    (folder / "000002").rename(bench.root / "away")
    assert bench.get("/health/ready")["issue"] == 1
    (bench.root / "away").rename(folder / "000002")
    assert "issue 2 can't be read" in bench.refused("/health/ready", 503)["reasons"][0]
    (folder / "000002" / "issue.json").unlink()
    assert "issue.json is not there" in bench.refused("/health/ready", 503)["reasons"][0]
    assert bench.get("/v1/forecasts", **WEEK)["superseded_by"] == 2


def test_an_issue_whose_folder_is_gone_is_served_on_and_reported(
    bench: Bench, make_issue: MakeIssue
) -> None:
    bench.issues().publish(make_issue())
    assert bench.get("/v1/forecasts", **WEEK)["issue"] == 2
    (bench.root / "issues" / "000002").rename(bench.root / "away")
    (reason,) = bench.refused("/health/ready", 503)["reasons"]
    assert reason.startswith("the folder of issue 2, which is served from memory, is gone")
    assert bench.get("/v1/forecasts", **WEEK)["issue"] == 2


def test_where_nobody_knows_what_was_withdrawn_the_issue_at_hand_stays(
    bench: Bench, make_issue: MakeIssue
) -> None:
    assert bench.get("/v1/forecasts", **WEEK)["issue"] == 1
    (bench.root / "issues" / "decisions.json").write_text("{")
    (reason,) = bench.refused("/health/ready", 503)["reasons"]
    assert reason.startswith("issues/decisions.json can't be read, so nobody knows")
    assert bench.get("/v1/forecasts", **WEEK)["issue"] == 1
    assert bench.get("/v1/areas")["issue"] == 1
    bench.issues().publish(make_issue())
    assert bench.get("/v1/forecasts", **WEEK)["issue"] == 1
    bench.refused("/v1/forecasts", 503, **WEEK, issue=2)
    with pytest.raises(DamagedIssue, match="nobody knows"):
        Shelf(bench.issues()).latest()


def test_issues_are_listed_newest_first_without_the_unreadable(
    bench: Bench, make_issue: MakeIssue
) -> None:
    for _ in range(3):
        bench.issues().publish(make_issue())
    (bench.root / "issues" / "000003" / "issue.json").unlink()
    (bench.root / "issues" / "000003" / "issue.json").write_text("{")
    said = bench.get("/v1/issues", limit=3)
    schemas.Issues.model_validate(said)
    assert [each["number"] for each in said["issues"]] == [4, 2]
    assert (said["unreadable"], said["total"]) == ([3], 4)
    assert [each["number"] for each in bench.get(said["next"])["issues"]] == [1]
    assert bench.get("/v1/issues/4") == said["issues"][0]


def test_readers_never_see_half_of_a_new_issue(bench: Bench, make_issue: MakeIssue) -> None:
    shelf = Shelf(bench.issues())
    seen: list[tuple[int, str]] = []

    def read() -> None:
        while (issue := shelf.latest().issue).number < 8:
            seen.append((issue.number, issue.model_version))

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(2, 9):
        bench.issues().publish(make_issue().with_whole(model_version=f"v{number}"))
    for reader in readers:
        reader.join()
    assert set(seen) <= {(1, "7")} | {(n, f"v{n}") for n in range(2, 8)}
    assert seen
    assert shelf.latest().issue.number == 8


def test_a_shelf_without_a_readable_issue_says_so(empty: Bench, make_issue: MakeIssue) -> None:
    empty.issues().publish(make_issue())
    (empty.root / "issues" / "000001" / "arrays.npz").unlink()
    with pytest.raises(DamagedIssue, match="issue 1 can't be read"):
        Shelf(empty.issues()).latest()
    assert "can't be read" in empty.refused(ASKED, 503)["detail"]


def test_answers_are_kept_until_the_room_is_full() -> None:
    bodies = Bodies(max_bytes=100)
    for n in range(11):
        bodies.keep(str(n), Body(bytes(10), None))
        bodies.get("0")
    assert [n for n in range(11) if bodies.get(str(n))] == [0, *range(2, 11)]
    bodies.keep("large", Body(bytes(11), None))
    assert bodies.get("large") is None
    bodies.keep("0", Body(b"new", "next"))
    assert bodies.get("0") == Body(b"new", "next")


def test_rendered_answers_never_hold_more_than_thirty_two_megabytes() -> None:
    bodies = Bodies()
    for n in range(40):
        bodies.keep(str(n), Body(bytes(2**20), None))
    held = [n for n in range(40) if bodies.get(str(n))]
    assert held == [*range(8, 40)]
    for _ in range(40):  # the same answer, anew, takes no more room
        bodies.keep("39", Body(bytes(2**20), None))
    assert bodies.get("8")
