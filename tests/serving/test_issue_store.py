from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import DamagedIssue, NoIssue, UnknownIssue
from forewatch.freshness import ObservationEnd
from forewatch.rates import Rates
from planning.issues import Issue, Part
from planning.past_counts import PastCounts
from serving import issue_parts
from serving.issue_store import IssueStore

MakeIssue = Callable[..., Issue]


@pytest.fixture
def store(tmp_path: Path) -> IssueStore:
    return IssueStore(tmp_path / "issues")


def test_an_issue_comes_back_as_it_was_published(store: IssueStore, make_issue: MakeIssue) -> None:
    made = store.publish(make_issue())
    read = store.read(1)
    plain = [f.name for f in fields(Issue) if f.name not in ("parts", "observed")]
    assert [getattr(read, name) for name in plain] == [getattr(made, name) for name in plain]
    assert read.observed == ObservationEnd(made.forecast.data_until)
    assert (read.forecast.origin, read.forecast.data_until) == (made.forecast.origin,) * 2
    assert list(read.parts) == list(made.parts)
    for f in fields(Rates):
        one, two = (getattr(issue.forecast.rates, f.name) for issue in (made, read))
        np.testing.assert_array_equal(one, two)
        assert type(one) is type(two)
    assert read.forecast.rates.edges.dtype == made.forecast.rates.edges.dtype
    np.testing.assert_array_equal(read.forecast.shocks.sd, made.forecast.shocks.sd)
    np.testing.assert_array_equal(read.forecast.shocks.dispersion, made.forecast.shocks.dispersion)
    assert read.forecast.shocks.lead_days == (0, 7)
    for name in ("level", "logs"):
        one, two = (getattr(issue.forecast.factors, name) for issue in (made, read))
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype


def test_an_issue_without_factors_is_read_and_has_none(
    store: IssueStore, make_issue: MakeIssue
) -> None:
    made = make_issue()
    plain = made.with_whole(forecast=replace(made.forecast, factors=None))
    store.publish(plain)
    assert store.read(1).forecast.factors is None
    with np.load(store.root / "000001" / "arrays.npz") as arrays:
        assert not [name for name in arrays if "factors" in name]


def test_parts_of_the_forces_own_come_back_in_their_place(
    store: IssueStore, make_issue: MakeIssue
) -> None:
    made = make_issue()
    why = made.forecast.factors
    assert why is not None
    logs = np.concatenate([why.logs, why.logs[:1]])
    own = replace(why, logs=logs, names=(*why.names, "weather"))
    store.publish(made.with_whole(forecast=replace(made.forecast, factors=own)))
    read = store.read(1).forecast.factors
    assert read is not None
    assert (read.names, read.parts[-2:]) == (own.names, ("weather", "other"))


def test_factors_of_other_code_are_left_alone(
    store: IssueStore, make_issue: MakeIssue, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish(make_issue())
    monkeypatch.setattr(issue_parts, "FACTORS", ("weekday", "weather"))
    read = store.read(1).forecast
    assert (read.factors, read.rates.places) == (None, ("north", "south"))


def test_missing_person_demand_comes_back_as_it_was_published(
    store: IssueStore, make_issue: MakeIssue, missing: Part
) -> None:
    store.publish(make_issue().with_part("missing", missing))
    read = store.read(1).casework
    assert read is not None
    assert read.uncalibrated == missing.uncalibrated
    assert (read.model_version, read.forecast.factors) == ("3", None)
    for f in fields(Rates):
        one, two = (getattr(each.forecast.rates, f.name) for each in (missing, read))
        np.testing.assert_array_equal(one, two)
    assert read.known is not None
    assert missing.known is not None
    assert read.known.leaves == missing.known.leaves
    assert read.known.edges.equals(missing.known.edges)
    np.testing.assert_array_equal(read.known.count, missing.known.count)
    # Beside it the calls are what they were, and the summary says nothing of counts.
    np.testing.assert_array_equal(read.forecast.rates.places, ("north", "south"))
    assert store.read(1).forecast.rates.call_types == ("missing_person", "violence")
    assert "parts" not in store.about(1)


def test_an_issue_of_an_earlier_format_is_refused_with_what_to_do(
    store: IssueStore, make_issue: MakeIssue
) -> None:
    store.publish(make_issue())
    file = store.root / "000001" / "issue.json"
    about = json.loads(file.read_text("utf-8"))
    del about["pools"], about["sha256"]  # what issues were before: without them, and then signed
    about["format"] = 1
    about["sha256"] = sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    file.unlink()
    file.write_text(json.dumps(about), "utf-8")
    with pytest.raises(
        DamagedIssue, match=r"is of format 1.*publish a new one with 'forewatch iss"
    ):
        store.read(1)


def test_pools_come_back_as_they_were_published(store: IssueStore, make_issue: MakeIssue) -> None:
    pools = {"missing_person": (("north-1", "north-2"), ("south-1", "south-2"))}
    store.publish(replace(make_issue(), pools=pools))
    assert store.read(1).pools == pools
    assert "pools" not in store.about(1)


def test_numbers_ascend_and_each_issue_stays_what_it_was(
    store: IssueStore, make_issue: MakeIssue
) -> None:
    first = store.publish(make_issue())
    second = store.publish(make_issue(pd.Timestamp("2026-10-19")).with_whole(model_version="8"))
    assert (first.number, second.number, store.numbers()) == (1, 2, (1, 2))
    assert store.latest().model_version == "8"
    assert store.read(1).model_version == "7"
    assert store.newest() == store.newest(known=1) == store.newest(known=2) == 2


def test_the_summary_needs_no_arrays(store: IssueStore, make_issue: MakeIssue) -> None:
    store.publish(make_issue())
    (store.root / "000001" / "arrays.npz").unlink()
    about = store.about(1)
    assert (about["first"], about["until"]) == ("2026-10-12T06:00:00Z", "2026-11-16T07:00:00Z")
    assert about["notes"] == ["made by hand"]
    assert not {"profile", "tree", "rates"} & set(about)


def test_what_was_never_published_is_said_to_be_so(
    store: IssueStore, make_issue: MakeIssue
) -> None:
    with pytest.raises(NoIssue, match="no issue published yet; run 'forewatch issue'"):
        store.latest()
    with pytest.raises(UnknownIssue, match="no issue 3; none is published"):
        store.read(3)
    store.publish(make_issue())
    with pytest.raises(UnknownIssue, match="no issue 3; the latest is 1, the first 1"):
        store.about(3)


def test_a_changed_file_is_noticed(store: IssueStore, make_issue: MakeIssue) -> None:
    store.publish(make_issue())
    folder = store.root / "000001"
    assert [path.stat().st_mode & 0o222 for path in folder.iterdir()] == [0, 0]
    for name, mend in (("arrays.npz", b"PK"), ("issue.json", b"{}"), ("issue.json", b"[1")):
        kept = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / name).write_bytes(mend)
        with pytest.raises(DamagedIssue, match=r"issue 1 can't be read: .*; restore its folder"):
            store.read(1)
        (folder / name).write_bytes(kept)
    assert store.read(1).number == 1


def test_arrays_that_were_changed_and_are_still_arrays_are_noticed(
    store: IssueStore, make_issue: MakeIssue
) -> None:
    store.publish(make_issue())
    path = store.root / "000001" / "arrays.npz"
    with np.load(path) as held:
        arrays = dict(held)
    name = next(name for name in arrays if name.endswith("base"))
    arrays[name] = arrays[name] * 2
    path.unlink()
    np.savez(path, allow_pickle=False, **arrays)
    with pytest.raises(DamagedIssue, match=r"arrays\.npz is not what was published"):
        store.read(1)


def test_an_altered_description_is_noticed_too(store: IssueStore, make_issue: MakeIssue) -> None:
    store.publish(make_issue())
    path = store.root / "000001" / "issue.json"
    said = json.loads(path.read_bytes())
    path.unlink()
    path.write_text(json.dumps(said | {"model_version": "9"}))
    with pytest.raises(DamagedIssue, match=r"issue\.json is not what was published"):
        store.about(1)


def test_publishers_at_the_same_time_get_different_numbers(
    store: IssueStore, make_issue: MakeIssue
) -> None:
    versions: dict[int, str] = {}

    def publish(name: str) -> None:
        for _ in range(5):
            versions[store.publish(make_issue(days=2).with_whole(model_version=name)).number] = name

    threads = [Thread(target=publish, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.numbers() == tuple(range(1, 21))
    assert {n: store.read(n).model_version for n in store.numbers()} == versions


# The children are killed at each place where publishing touches the disk, by the interpreter's own
# audit events: no clean-up of ours runs.
_KILLED = """
import os, sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from conftest import issue_of_the_town
from serving.issue_store import IssueStore

root = Path(sys.argv[1])
issue = issue_of_the_town(days=2)
WRITES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
for step in range(100):
    if (child := os.fork()) == 0:
        left = step
        def watch(event, arguments):
            global left
            if event in WRITES and str(root) in str(arguments[0]):
                if left == 0:
                    os._exit(9)
                left -= 1
        sys.addaudithook(watch)
        IssueStore(root).publish(issue)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    store = IssueStore(root)
    print(status, len(store.numbers()), len({{store.read(n).number for n in store.numbers()}}))
    if status == 0:
        break
"""


def test_a_crash_at_any_point_leaves_whole_issues_only(
    store: IssueStore, make_issue: MakeIssue, root: Path
) -> None:
    store.publish(make_issue(days=2))
    script = _KILLED.format(root=str(root), tests=str(Path(__file__).parent))
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(store.root)],
        capture_output=True,
        text=True,
        check=True,
        env={"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    said = [[int(word) for word in line.split()] for line in run.stdout.splitlines()]
    assert len(said) >= 6  # folder, two files, their folder, the rename, what comes after it
    assert [status for status, _, _ in said] == [9] * (len(said) - 1) + [0]
    assert all(published == readable for _, published, readable in said)
    # Killed before the rename nothing is published; the last, unharmed publisher gets the next one.
    assert said[0][1] == 1
    assert said[-1][1] == max(store.numbers()) == len(store.numbers())
    assert any(path.name.startswith(".unpublished-") for path in store.root.iterdir())


def test_calls_before_an_issue_come_back(store: IssueStore, make_issue: MakeIssue) -> None:
    days = pd.date_range("2026-10-10", periods=2, freq="D", unit="us")
    past = PastCounts(days, ("north-1", "south-1"), np.array([[1.0, np.nan], [7.0, 8.0]]),
                      days[:1], np.arange(48.0).reshape(2, 1, 24))  # fmt: skip
    store.publish(replace(make_issue(), past=past))
    read = store.read(1)
    assert read.past is not None
    assert (read.past.leaves, list(read.past.force_days)) == (past.leaves, list(days))
    np.testing.assert_array_equal(read.past.count, past.count)
    assert list(read.past.hour_days) == list(days[:1])
    np.testing.assert_array_equal(read.past.hour_count, past.hour_count)
    assert "past" not in store.about(1)


def test_an_issue_of_before_has_none(store: IssueStore, make_issue: MakeIssue) -> None:
    store.publish(make_issue())
    assert store.read(1).past is None
