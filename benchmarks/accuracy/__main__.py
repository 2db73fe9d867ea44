"""The command: build, backtest, score, print; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from benchmarks.accuracy import periods, regret, southwest, workspaces
from benchmarks.accuracy.cases import case
from benchmarks.accuracy.protocols import PROTOCOLS, Protocol, Published
from benchmarks.accuracy.running import ROOT, forewatch
from benchmarks.accuracy.scoring import Case, scored
from benchmarks.accuracy.tables import Table, tables
from serving.workspace import Workspace

OURS = "ours"
STEPS = {"1d": "day", "1h": "hour", "shift": "shift"}


@dataclass(frozen=True)
class Found:
    """What a run gives: tables to print, all scores in one frame, and lines about the run."""

    tables: list[Table]
    scores: pd.DataFrame
    notes: list[str]


def options() -> argparse.ArgumentParser:
    """Return the options of the command."""
    found = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    found.add_argument("set", choices=list(PROTOCOLS))
    found.add_argument("data", nargs="?", type=Path, help="default: the set's in ../shared/data")
    found.add_argument("--jobs", type=int, default=2, help="processes of the backtest")
    found.add_argument("--folds", type=int, help="only so many origins, from the first")
    found.add_argument(
        "--step", choices=list(STEPS), default="1d", help="hours and shifts: laguna only"
    )
    found.add_argument(
        "--work", type=Path, help="keep the workspace here (imported again each run)"
    )
    found.add_argument("--rows", type=Path, help="keep the backtest file here")
    found.add_argument("--score", type=Path, help="score this backtest file, run none")
    found.add_argument("--name", default=OURS, help="name of the forecaster of --score")
    found.add_argument("--peers", type=Path, nargs="+", default=[], help="more backtest files")
    found.add_argument("--training", type=Path, help="TOML with a [training] table, for trials")
    found.add_argument("--out", type=Path, help="folder for the tables (Markdown and CSV)")
    return found


def main() -> None:
    """Do as asked."""
    asked = options().parse_args()
    protocol = PROTOCOLS[asked.set]
    if asked.folds:
        protocol = replace(protocol, folds=min(asked.folds, protocol.folds))
    if asked.step != "1d" and not protocol.hours:
        raise SystemExit(
            f"{protocol.name} has no {STEPS[asked.step]}s to score; leave out --step {asked.step}"
        )
    with tempfile.TemporaryDirectory() as scratch:
        work = asked.work or Path(scratch)
        data = asked.data or ROOT.parent / "shared" / "data" / protocol.folder
        training = asked.training.read_text(encoding="utf-8") if asked.training else ""
        workspaces.build(protocol.name, data, work / protocol.name, training)
        found = _found(asked, protocol, Workspace(work / protocol.name), Path(scratch))
    for table in found.tables:
        print(table.text())
    print("\n".join(found.notes))
    if asked.out:
        _write(asked.out, f"{protocol.name}-{asked.step}", found)


def _found(
    asked: argparse.Namespace, protocol: Protocol, workspace: Workspace, scratch: Path
) -> Found:
    """Run or take the backtest, score it."""
    notes = []
    file = asked.score
    if file is None:
        file = asked.rows or scratch / "rows.parquet"
        notes.append(_backtest(asked, protocol, workspace, file))
    notes += [_told(peer) for peer in asked.peers]
    history = workspace.history()
    files = {asked.name: file} | {
        peer.stem.removeprefix(f"{protocol.name}-"): peer for peer in asked.peers
    }
    whole, _ = case(history, protocol, files)
    found, all_scores = [], []
    cases = {STEPS[asked.step]: whole}
    if asked.step == "1h":
        cases["day"] = periods.days(whole)
    if protocol.name == "demo":
        true = regret.known(workspaces.demo_force().truth, whole, history)
        cases["day"] = replace(whole, contenders=(*whole.contenders, true))
        found += regret.tables(cases["day"], protocol.blocks)
    if protocol.name == "swast":
        found += southwest.tables(whole)
    for what, one in cases.items():
        table = scored(one, protocol.blocks)
        all_scores.append(table.assign(by=what))
        found += tables(table, _published(protocol, what), scaled=protocol.scaled, what=what)
    notes.append(_size(whole))
    return Found(found, pd.concat(all_scores, ignore_index=True), notes)


def _published(protocol: Protocol, what: str) -> Published:
    return protocol.published if what == "day" else {}


def _backtest(
    asked: argparse.Namespace, protocol: Protocol, workspace: Workspace, file: Path
) -> str:
    """Run the product's backtest and say what it took."""
    taken = forewatch(
        workspace.root,
        "backtest",
        *("--first-origin", protocol.first_origin, "--every", f"{protocol.every_days}d"),
        *("--folds", str(protocol.folds), "--horizon", f"{protocol.horizon_days}d"),
        *("--step", asked.step, "--levels", ",".join(protocol.levels)),
        *("--jobs", str(asked.jobs), "--out", file.resolve()),
    )
    return f"backtest of {protocol.folds} origins, {asked.jobs} jobs: {taken}"


def _told(peer: Path) -> str:
    """Return what stands beside a peer's file about its time and memory."""
    beside = peer.with_suffix(".json")
    if not beside.exists():
        return f"{peer.stem}: time and memory unknown"
    said = json.loads(beside.read_text(encoding="utf-8"))
    return f"{peer.stem}: " + ", ".join(f"{key} {value}" for key, value in said.items())


def _size(case: Case) -> str:
    targets = case.targets
    return (
        f"{len(targets.origins)} origins from {targets.origins[0]} to {targets.origins[-1]}, "
        f"{len(targets.series)} series"
    )


def _write(folder: Path, name: str, found: Found) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join([*(table.markdown() for table in found.tables), *found.notes, ""])
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    found.scores.to_csv(folder / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()
