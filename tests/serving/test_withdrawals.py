"""What was taken out of service stays out, is read by its number, and says so with every answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from forewatch.errors import DamagedIssue, NoIssue, SettingsError, UnknownIssue
from planning.issues import Issue
from serving.issue_store import IssueStore
from serving.standing import Standing
from serving.withdrawals import Withdrawals

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]
NOW = pd.Timestamp("2026-10-13T09:00Z")
WEEK = {"week": "2026-W43"}
WHY = "withdrawn on 2026-10-13 by ann: wrong extract"


@pytest.fixture
def store(tmp_path: Path, make_issue: MakeIssue) -> IssueStore:
    """Two issues and a draft."""
    found = IssueStore(tmp_path / "issues")
    for _ in range(2):
        found.publish(make_issue())
    found.publish(replace(make_issue(), is_draft=True))
    return found


def withdraw(store: IssueStore, number: int, reason: str = "wrong extract") -> None:
    store.decide("withdraw", number, "ann", reason, NOW)


def test_a_draft_is_read_by_its_number_and_never_served(store: IssueStore) -> None:
    assert store.numbers() == (1, 2, 3)
    assert store.latest().number == 2
    assert store.read(3).is_draft
    assert store.standing(3) == Standing(is_draft=True)
    assert store.standing(2) == Standing()
    assert store.standing(1) == Standing(superseded_by=2)


def test_withdrawing_the_latest_serves_the_one_before_until_it_is_restored(
    store: IssueStore,
) -> None:
    withdraw(store, 2)
    assert store.latest().number == 1
    assert store.read(2).number == 2
    assert store.standing(2) == Standing(withdrawn=WHY)
    assert store.standing(1) == Standing()
    withdraw(store, 1, "so was that")
    with pytest.raises(NoIssue, match="no issue is in service: those up to 3 are drafts or were"):
        store.latest()
    store.decide("restore", 2, "bob", "it was the right one", NOW)
    assert store.latest().number == 2
    assert store.standing(1) == Standing(2, "withdrawn on 2026-10-13 by ann: so was that")
    acts = [(each.act, each.issue, each.by) for each in store.withdrawals.decisions()]
    assert acts == [("withdraw", 2, "ann"), ("withdraw", 1, "ann"), ("restore", 2, "bob")]


def test_decisions_that_make_no_sense_are_refused_with_what_was_found(store: IssueStore) -> None:
    with pytest.raises(UnknownIssue, match="no issue 7; the latest is 3"):
        withdraw(store, 7)
    with pytest.raises(SettingsError, match="say why"):
        withdraw(store, 1, " \n ")
    with pytest.raises(SettingsError, match="issue 1 is not withdrawn"):
        store.decide("restore", 1, "ann", "why", NOW)
    withdraw(store, 1, "two\nlines")
    with pytest.raises(SettingsError, match="issue 1 was withdrawn on 2026-10-13 by ann: two l"):
        withdraw(store, 1)


@pytest.mark.parametrize("damage", [b"", b"[]", b"{", None])
def test_decisions_that_cant_be_read_are_never_taken_for_none(
    store: IssueStore, damage: bytes | None
) -> None:
    withdraw(store, 2)
    path = store.root / "decisions.json"
    altered = path.read_bytes().replace(b'"issue": 2', b'"issue": 1')
    path.write_bytes(altered if damage is None else damage)
    for read in (store.latest, lambda: store.standing(2), store.withdrawals.decisions):
        with pytest.raises(DamagedIssue, match="nobody knows which issues were withdrawn"):
            read()
    with pytest.raises(DamagedIssue):
        withdraw(store, 1)


def _decide(root: Path, number: int) -> None:
    Withdrawals(root).decide("withdraw", number, "ann", "at once", NOW)


def test_decisions_made_at_once_are_all_kept(tmp_path: Path) -> None:
    spawn = get_context("spawn")
    workers = [spawn.Process(target=_decide, args=(tmp_path, n)) for n in range(1, 4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(Withdrawals(tmp_path).reasons()) == [1, 2, 3]
    assert json.loads((tmp_path / "decisions.json").read_bytes())["sha256"]


# Over HTTP, while the app runs


def answered(bench: Bench, path: str = "/v1/forecasts", **asked: Any) -> dict[str, Any]:
    said: dict[str, Any] = bench.get(path, **(WEEK | asked))
    return {name: said[name] for name in ("issue", "superseded_by", "withdrawn", "draft")}


def test_every_answer_says_how_its_issue_stands(bench: Bench, make_issue: MakeIssue) -> None:
    tag = bench.client.get("/v1/forecasts", params=WEEK | {"issue": 1}).headers["etag"]
    bench.issues().publish(make_issue())
    bench.issues().publish(replace(make_issue(), is_draft=True))
    for path in ("/v1/forecasts", "/v1/explanations"):
        one = {"issue": 1, "superseded_by": 2, "withdrawn": "", "draft": False}
        assert answered(bench, path, issue=1) == one
        assert answered(bench, path) == one | {"issue": 2, "superseded_by": None}
        assert answered(bench, path, issue=3) == {
            "issue": 3,
            "superseded_by": None,
            "withdrawn": "",
            "draft": True,
        }
    # A client that kept the answer is not told that nothing changed.
    again = bench.client.get(
        "/v1/forecasts", params=WEEK | {"issue": 1}, headers={"If-None-Match": tag}
    )
    assert again.status_code == 200
    withdraw(bench.issues(), 2)
    assert answered(bench)["issue"] == 1
    assert answered(bench, issue=2)["withdrawn"] == WHY
    assert answered(bench, issue=1)["superseded_by"] is None
    listed = {each["number"]: each for each in bench.get("/v1/issues")["issues"]}
    assert {n: (each["withdrawn"], each["draft"]) for n, each in listed.items()} == {
        3: ("", True),
        2: (WHY, False),
        1: ("", False),
    }
    assert bench.get("/v1/areas")["issue"] == bench.get("/v1/call-types")["issue"] == 1
    bench.issues().decide("restore", 2, "ann", "good after all", NOW)
    assert answered(bench) == {"issue": 2, "superseded_by": None, "withdrawn": "", "draft": False}


def test_rows_of_a_csv_say_it_too(bench: Bench, make_issue: MakeIssue) -> None:
    bench.issues().publish(make_issue())
    withdraw(bench.issues(), 1)
    text = bench.client.get(
        "/v1/forecasts", params=WEEK | {"issue": 1}, headers={"Accept": "text/csv"}
    ).text
    head, first, *_ = (line.split(",") for line in text.splitlines())
    row = dict(zip(head, first, strict=True))
    assert (row["superseded_by"], row["withdrawn"], row["draft"]) == ("2", WHY, "false")


def test_all_withdrawn_is_not_ready_and_serves_nothing(bench: Bench) -> None:
    assert answered(bench)["issue"] == 1
    withdraw(bench.issues(), 1)
    assert "no issue is in service" in bench.refused("/v1/forecasts?week=2026-W43", 503)["detail"]
    assert "no issue is in service" in bench.refused("/health/ready", 503)["reasons"][0]
    assert answered(bench, issue=1)["withdrawn"] == WHY
