"""Kills, power cuts, flipped bits: does a workspace keep what it confirmed, and say what it lost?

    python -m benchmarks.kills [--kills 300] [--cuts 60] [--bits 60] [--seed 1] [--only kills,cuts]

It takes a C compiler (watch.c), and about two seconds a kill.

- *Kills*: an import, issue, promotion, rollback, new key or the end of a training is killed: half
  of them before one of its changes of the disk (file, name, flush; drawn over all of them,
  whichever library makes it), half after a time.
- *Power cuts*: the same acts, whole or killed on the way; then all that was not flushed is dropped,
  or in half of the cuts a drawn part of it (powercut.py).
- *Bits*: one bit of a file of history, issues, register or keys is flipped.

After each the workspace is opened again. Counted is: whether what was there before is still there
and unchanged, whether what was confirmed is there, whether the parts agree (`check --deep`, alias
and decisions, the snapshot), and exits of 70.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.kills import watching
from benchmarks.kills.powercut import Disk, copy
from benchmarks.kills.watching import End
from benchmarks.kills.workspaces import Act, Facts, acts, facts, make, run
from serving.subjects import FIRST
from serving.workspace import Workspace

_LIVES = 12  # acts on one copy of the workspace before the next
_WORST = (0, 1)  # of four rounds over the acts; the others draw what is left
_BITS_OF = ("history", "issues", "mlruns", "keys.json")


class Bench:
    """A workspace, the acts on it, and a table of how they went.

    Args:
        folder: for everything.
        seed: draws acts, numbers and moments.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(seed)
        self.table: Counter[tuple[str, str]] = Counter()
        self.template = folder / "workspace"
        self.acts = acts(folder / "extract")
        self.typical: dict[str, End] = {}

    def prepare(self) -> None:
        """Make the workspace, and measure each act once."""
        if not self.template.exists():
            said("making the workspace")
            self._apart(lambda: make(self.folder).is_dir() - 1, "the workspace")
        # Opened once here, so that no forked process has to import and prepare MLflow anew.
        Workspace(copy(self.template, self.folder / "warm")).registry(FIRST)
        for number, act in enumerate(self.acts):
            root = copy(self.template, self.folder / "measured")
            end = watching.run(lambda: act.do(root, 9_000 + number), root, self.folder / "beside")  # noqa: B023
            if end.code:
                raise RuntimeError(f"{act.name} ended with {end.code}: {self._output()}")
            self.typical[act.name] = end
            said(f"{act.name}: {end.seconds:.2f} s, {end.changes} changes and flushes")

    def kills(self, n: int) -> None:
        """Kill acts, on one workspace after the other."""
        root, before = self._fresh()
        for number in range(n):
            if number % _LIVES == 0:
                root, before = self._fresh()
            act = self.acts[int(self.rng.integers(len(self.acts)))]
            end = self._killed(act, root, number)
            before = self._judge(("kill", act), root, before, end)
            said(f"kill {number + 1}/{n}: {act.name}, ended {end.code}", number)

    def cuts(self, n: int) -> None:
        """Cut the power after an act, or on the way."""
        for number in range(n):
            root, before = self._fresh()
            act = self.acts[number % len(self.acts)]
            kept = copy(root, self.folder / "kept")
            disk = Disk(root, kept, self.folder / "beside" / "aside")
            is_whole = number // len(self.acts) % 2 == 0
            end = self._ended(act, root, number) if is_whole else self._killed(act, root, number)
            disk.replay(self.folder / "beside" / "log")
            if unseen := disk.unseen():
                raise RuntimeError(
                    f"{act.name} changed files that the log says nothing of: {unseen}"
                )
            left = self.folder / "left"
            shutil.rmtree(left, ignore_errors=True)
            disk.cut(left, self.rng, worst=number // len(self.acts) % 4 in _WORST)
            self._judge(("cut", act), left, before, end)
            said(f"power cut {number + 1}/{n}: {act.name}, ended {end.code}", number)

    def bits(self, n: int) -> None:
        """Flip bits, one at a time."""
        root, before = self._fresh()
        files = sorted(
            path
            for part in _BITS_OF
            for path in ([root / part] if (root / part).is_file() else (root / part).rglob("*"))
            if path.is_file() and path.stat().st_size
        )
        for number in range(n):
            path = files[int(self.rng.integers(len(files)))]
            whole = path.read_bytes()
            damaged = bytearray(whole)
            damaged[int(self.rng.integers(len(whole)))] ^= 1 << int(self.rng.integers(8))
            mode = path.stat().st_mode
            path.chmod(0o600)
            path.write_bytes(damaged)
            what = path.relative_to(root).parts[0]
            if what == "mlruns":
                what = "tables" if path.suffix == ".db" else "artefacts"
            self._judge_bit(what, root, before)
            path.write_bytes(whole)
            path.chmod(mode)
            said(f"bit {number + 1}/{n}: {path.relative_to(root)}", number)

    def _fresh(self) -> tuple[Path, Facts]:
        root = copy(self.template, self.folder / "used")
        found = self._facts(root, "models", "list")
        if found is None or found["disagreements"]:
            raise RuntimeError(
                f"the workspace is not sound to begin with: {found} {self._output()}"
            )
        return root, found

    def _ended(self, act: Act, root: Path, number: int) -> End:
        return watching.run(lambda: act.do(root, number), root, self.folder / "beside")

    def _killed(self, act: Act, root: Path, number: int) -> End:
        typical = self.typical[act.name]
        by_number = bool(self.rng.integers(2))
        at = int(self.rng.integers(1, typical.changes + 1)) if by_number else 0
        after = 0.0 if by_number else float(self.rng.uniform(0.01, typical.seconds * 1.2))
        return watching.run(
            lambda: act.do(root, number),
            root,
            self.folder / "beside",
            kill_before=at,
            kill_after_seconds=after,
        )

    def _judge(self, what: tuple[str, Act], root: Path, before: Facts, end: End) -> Facts:
        """Count how an act went, and return what the workspace says now."""
        kind, act = what
        row = f"{kind}: {act.name}"
        self.table[row, "n"] += 1
        if end.code not in {0, 2, -9}:
            self._fault(row, f"exit {end.code}", end.code, self._output())
        after = self._facts(root, "models", "list")
        if after is None:
            self._fault(row, "not opened again", end, self._output())
            return self._fresh()[1]
        if after["disagreements"]:
            self._fault(row, "disagrees", end, after["disagreements"])
        if changed := _changed(before, after, act):
            self._fault(row, "changed", end, changed)
        grown = len(after[act.grows]) > len(before[act.grows])
        if end.code == 0 and not grown:
            self._fault(row, "confirmed and lost", end, act.grows)
        self.table[
            row, "confirmed" if end.code == 0 else "there all the same" if grown else "undone"
        ] += 1
        return after

    def _judge_bit(self, what: str, root: Path, before: Facts) -> None:
        row = f"bit: {what}"
        self.table[row, "n"] += 1
        after = self._facts(root, "check", "--deep")
        if after is None or after["disagreements"]:
            self.table[row, "found"] += 1
        elif after == before:
            self.table[row, "without effect"] += 1
        else:
            self._fault(row, "silent", 0, [name for name in before if before[name] != after[name]])

    def _facts(self, root: Path, *looks: str) -> Facts | None:
        """Return what a process of its own finds in the workspace; None if it can't open it."""
        file = self.folder / "facts.json"
        file.unlink(missing_ok=True)

        def look() -> int:
            code = run(root, *looks)
            if code not in {0, 1, 2}:
                return code
            file.write_text(json.dumps(facts(root)), encoding="utf-8")
            return 0

        end = watching.run(look, root, self.folder / "looked")
        if end.code == 70:  # noqa: PLR2004 - a fault of ours, see serving.cli.group
            self._fault("opening", "exit 70", 0, self._output("looked"))
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def _apart(self, act: Callable[[], int], what: str) -> None:
        if watching.run(act, self.folder / "nothing", self.folder / "beside").code:
            raise RuntimeError(f"{what} could not be made: {self._output()}")

    def _output(self, beside: str = "beside") -> str:
        return (self.folder / beside / "output").read_text(errors="replace")[-1_500:]

    def _fault(self, row: str, what: str, end: object, why: object) -> None:
        self.table[row, f"FAULT {what}"] += 1
        print(f"FAULT {row}: {what} ({end}): {why}", flush=True)


def _changed(before: Facts, after: Facts, act: Act) -> list[str]:
    """Return the facts that are not as before, apart from what the act adds."""
    wrong = []
    for name, old in before.items():
        new = after[name]
        if name == act.grows:
            if new[: len(old)] != old or len(new) > len(old) + 1:
                wrong.append(name)
        elif name == "champion" and act.grows == "decisions":
            if new != old and len(after["decisions"]) == len(before["decisions"]):
                wrong.append(name)
        elif name == act.grows.replace("import", "table"):
            if new != old and len(after[act.grows]) == len(before[act.grows]):
                wrong.append(name)
        elif new != old and name != "disagreements":
            wrong.append(name)
    return wrong


def said(what: str, number: int = 0) -> None:
    """Say how far it is, now and then."""
    if number % 10 == 0:
        print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main() -> int:
    """Run what was asked for, print the table, and return 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, n in (("kills", 300), ("cuts", 60), ("bits", 60), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=n)
    parser.add_argument("--only", default="kills,cuts,bits")
    parser.add_argument(
        "--folder", type=Path, default=None, help="kept, and used again if it is there"
    )
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="forewatch-kills-"))
    folder.mkdir(parents=True, exist_ok=True)
    watching.start_again_watched(
        folder, ["-m", "benchmarks.kills", *sys.argv[1:], "--folder", str(folder)]
    )
    (folder / "nothing").mkdir(exist_ok=True)
    bench = Bench(folder, asked.seed)
    bench.prepare()
    try:
        for name in asked.only.split(","):
            getattr(bench, name)(getattr(asked, name))
    except KeyboardInterrupt:
        print("stopped; so far:")
    columns = sorted({column for _, column in bench.table})
    print("\t".join(["", *columns]))
    for row in sorted({row for row, _ in bench.table}):
        print("\t".join([row, *(str(bench.table[row, column]) for column in columns)]))
    faults = sum(n for (_, column), n in bench.table.items() if column.startswith("FAULT"))
    print(f"{faults} faults")
    return min(faults, 1)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
