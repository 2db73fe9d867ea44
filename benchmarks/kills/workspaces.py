"""A small workspace that has been through everything, what is done to it, and what it then says."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from forewatch.doubts import ACCEPTABLE
from models.artefacts import read_version
from models.register import Register
from models.report import Report
from models.subject import Training
from models.verdict import Verdict
from serving import issuing, training, verifying
from serving.cli import cli
from serving.subjects import FIRST, SUBJECTS
from serving.workspace import Workspace
from sources.lake import TABLES
from sources.synthetic import demo_force, write

UNTIL = "2026-11-23"
RECIPE = """
[training]
members = ["same_weekday_8", "loglinear"]
[training.origins]
folds = 4
horizon_days = 28
"""
Facts = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """Something that changes a workspace.

    Args:
        name: what it is called in the table.
        grows: the fact that is longer by one afterwards.
        do: does it and returns an exit code; the number makes each one different.
    """

    name: str
    grows: str
    do: Callable[[Path, int], int]


class Again(Training):
    """A training whose model was there before."""

    def report(self) -> Report:
        """Return a page without anything on it."""
        return Report("Again", (), {}, {})


def run(root: Path, *arguments: str) -> int:
    """Run a command in this process and return its exit code."""
    try:
        cli(["-w", str(root), *arguments], prog_name="forewatch")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def make(folder: Path) -> Path:
    """Make the workspace, with the files to import beside it; return its folder."""
    root, extract = folder / "workspace", folder / "extract"
    force = demo_force(
        seed=3, weeks=40, districts=2, beats_per_district=2, call_types=3, calls_per_week=300
    )
    write(force, extract)
    root.mkdir()
    text = (extract / "forewatch.toml").read_text(encoding="utf-8")
    (root / "forewatch.toml").write_text(text + RECIPE, encoding="utf-8")
    mapping = ("--extracted-at", UNTIL, "--mapping", str(extract / "mapping.toml"))
    way: tuple[tuple[str, ...], ...] = (
        ("import", "tourism", str(extract / "tourism.csv")),
        ("import", "holidays", str(extract / "school_holidays.csv")),
        ("import", "calls", str(extract / "calls.csv"), *mapping),
        ("train", "--jobs", "1", "--subject", "demand"),
        ("models", "promote", "1", "--force", "--reason", "a benchmark"),
        ("issue", "--days", "14"),
        ("keys", "create", "first"),
    )
    for command in way:
        if code := run(root, *command):
            raise RuntimeError(f"{' '.join(command)} ended with {code}")
    for number in range(2):
        _register(root, number)
    run(root, "models", "promote", "2", "--force", "--reason", "a benchmark")
    return root


def facts(root: Path) -> Facts:
    """Return all that a workspace says that must never change behind anybody's back."""
    workspace = Workspace(root)
    lake, register = workspace.lake(), workspace.register(FIRST)
    found: Facts = {
        f"import {name}": [_digest(each) for each in lake.imports(name)] for name in TABLES
    }
    found |= {f"table {name}": _table(lake.table(name)) for name in TABLES}
    store = workspace.issues()
    found["issues"] = [store.published(number).sha256 for number in store.numbers()]
    found["keys"] = [_digest([key.id, key.sha256]) for key in workspace.keys().list()]
    found["versions"] = [_version(register, number) for number in range(len(register.versions()))]
    found["decisions"] = [_digest([d.act, d.version, d.by, d.reason]) for d in register.decisions()]
    champion = register.champion()
    found["champion"] = None if champion is None else champion.version
    found["disagreements"] = _disagreements(workspace, register)
    return found


def _disagreements(workspace: Workspace, register: Register) -> list[str]:
    """Return where the parts of a workspace contradict each other, or are not as written."""
    found = [note] if (note := register.outside_note()) else []
    if json.loads(workspace.snapshot(FIRST.name).read_bytes()) != register.snapshot():
        found.append("the snapshot is not what the register holds")
    damage = (error for _, errors in verifying.damage(workspace) for error in errors)
    found += damage
    for subject in SUBJECTS:
        if getattr(workspace.register(subject), "is_unfinished", False):
            found.append(f"an act on the models of {subject.title} is unfinished")
    return found


def acts(extract: Path) -> tuple[Act, ...]:
    """Return what is done, with files of the folder to import."""
    return (
        Act("import calls", "import calls", lambda root, n: _import_calls(root, extract, n)),
        Act("import events", "import events", lambda root, n: _import_events(root, extract, n)),
        Act("issue", "issues", lambda root, _: _issue(root)),
        Act("promote", "decisions", _promote),
        Act("rollback", "decisions", lambda root, n: run(
            root, "models", "rollback", "--reason", f"kill {n}")),
        Act("keys create", "keys", lambda root, n: run(root, "keys", "create", f"key {n}")),
        Act("register a training", "versions", _register),
    )  # fmt: skip


def _issue(root: Path) -> int:
    issuing.publish_issue(Workspace(root), origin=None, days=14, progress=lambda *_: None)
    return 0


def _promote(root: Path, number: int) -> int:
    """Promote the version after the present champion, in turn, with a reason of its own."""
    register = Workspace(root).register(FIRST)
    numbers = [one.version for one in register.versions()]
    champion = register.champion()
    at = numbers.index(champion.version) + 1 if champion is not None else 0
    chosen = numbers[at % len(numbers)]
    return run(root, "models", "promote", chosen, "--force", "--reason", f"kill {number}")


def _register(root: Path, number: int) -> int:
    """Keep the champion's state as one more training, as the end of a training does."""
    workspace = Workspace(root)
    register = workspace.register(FIRST)
    model = FIRST.restore(read_version(register, register.version("1")), ())
    scores = pd.DataFrame([{"level": "force", "block": "1-7", "crps": 1.0 + number}])
    again, verdict = Again(model, scores, (), pd.DataFrame()), Verdict(passed=True, reasons=())
    training.keep(workspace, FIRST, again, verdict, pd.Timestamp(UNTIL, tz="UTC"), {})
    return 0


def _import_calls(root: Path, extract: Path, number: int) -> int:
    """Import 200 calls with references that no other file has."""
    head, *lines = (extract / "calls.csv").read_text(encoding="utf-8").splitlines()
    first = (number * 37) % (len(lines) - 200)
    column = head.replace('"', "").split(",").index(_reference(extract))
    rows = [line.split(",") for line in lines[first : first + 200]]
    for row in rows:
        row[column] = f"{row[column]}{number:04d}"
    file = root.parent / f"calls-{number}.csv"
    file.write_text("\n".join([head, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    mapping = ("--extracted-at", UNTIL, "--mapping", str(extract / "mapping.toml"))
    doubts = [part for doubt in ACCEPTABLE for part in ("--accept", doubt)]
    return run(root, "import", "calls", str(file), *mapping, *doubts)


def _import_events(root: Path, extract: Path, number: int) -> int:
    """Import the events with one of them under another name each time."""
    head, *lines = (extract / "events.csv").read_text(encoding="utf-8").splitlines()
    file = root.parent / f"events-{number}.csv"
    rows = [f"Fair {number},{lines[0].partition(',')[2]}", *lines[1:]]
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return run(root, "import", "events", str(file))


def _reference(extract: Path) -> str:
    mapping = tomllib.loads((extract / "mapping.toml").read_text(encoding="utf-8"))
    return str(mapping["columns"]["reference"])


def _version(register: Register, place: int) -> str:
    one = register.versions()[place]
    return _digest([one.version, one.run_id, register.scores(one), register.params(one)])


def _table(frame: pd.DataFrame | None) -> str | None:
    if frame is None:
        return None
    return hashlib.sha256(pd.util.hash_pandas_object(frame).to_numpy().tobytes()).hexdigest()[:16]


def _digest(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
