"""Would a test notice? Small faults are put into the code, and the tests of that line are run.

    python -m benchmarks.mutants [--mutants 200] [--seed 1] [--rooms planning forewatch]

1. The tests are run once with coverage, which notes for each line the tests that pass it. That is
   kept in --folder, and used again. With --by-name it is the tests that import the module: quicker
   to begin, and less sharp.
2. Places where the code compares, reckons, joins conditions, gives numbers or returns are drawn by
   the seed, each with one change (`<` for `<=`, `+` for `-`, a number one larger, None for what was
   returned).
3. For each, the tests that pass its line are run on a copy of the project, the module's own first,
   until one fails. A mutant that outlives them survived.

Mutants that change nothing anybody could see are named in mutants_equivalent.toml, with the reason,
and set aside. Survivors are printed as they stand there: to be killed by a test, or named.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import coverage
import numpy as np

_ROOMS = ("planning", "forewatch", "serving")
# Generated texts, and the way a process is started: what runs them is not a test of a line.
_LEFT_OUT = ("reference.py", "settings_reference.py", "__main__.py")
_EQUIVALENT = Path(__file__).with_name("mutants_equivalent.toml")
_MOST_TESTS = 60
_TIMEOUT_SECONDS = 240
# Imported once, before a process is forked for each mutant; none of ours is among them.
_HEAVY = ["numpy", "pandas", "scipy.stats", "pyarrow.dataset", "pydantic", "fastapi.testclient"]
_HEAVY += ["hypothesis", "deltalake", "click.testing", "starlette.testclient"]
# Pytest warns of plugins that are imported before it begins.
_OPTIONS = ["-q", "-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one place.

    Args:
        file: relative to the project.
        line: its number, from 1.
        before: the statement's line as it stands, without blanks around it.
        change: what is in the place of what.
        place: number of the node in a walk over the file, and which part of it is changed.
    """

    file: str
    line: int
    before: str
    change: str
    place: tuple[int, int]

    def applied(self, text: str) -> str:
        """Return the whole file with the change; comments are left out."""
        tree = ast.parse(text)
        number, kind = self.place
        found = next(node for n, node in enumerate(ast.walk(tree)) if n == number)
        changed = _changed(found, kind)
        if changed is not None and changed is not found:
            _Exchange(found, changed).visit(tree)
        return ast.unparse(ast.fix_missing_locations(tree))

    @property
    def name(self) -> tuple[str, str, str]:
        """What identifies it while lines move."""
        return self.file, self.before, self.change


def mutants_of(file: str, text: str) -> Iterator[Mutant]:
    """Yield every mutant of a file's text."""
    tree = ast.parse(text)
    lines = text.splitlines()
    skipped = _annotations(tree)
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in skipped:
            continue
        for kind in range(len(getattr(node, "ops", "x"))):
            changed = _changed(copy.deepcopy(node), kind)
            if changed is not None:
                line: int = node.lineno  # type: ignore[attr-defined]
                change = f"{ast.unparse(node)} -> {ast.unparse(changed)}"
                yield Mutant(file, line, lines[line - 1].strip(), change, (number, kind))


class _Exchange(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _changed(node: ast.AST, kind: int) -> ast.AST | None:
    """Return what stands in a node's place, or the node itself, changed; None to leave it."""
    match node:
        case ast.Compare() if type(node.ops[kind]) in _COMPARISONS:
            node.ops[kind] = _COMPARISONS[type(node.ops[kind])]()
        case ast.BinOp() | ast.AugAssign() if type(node.op) in _ARITHMETIC and not _is_text(node):
            node.op = _ARITHMETIC[type(node.op)]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.Return(value=ast.expr()) if not _is_none(node.value):
            node.value = ast.Constant(None)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            return node.operand
        case ast.Constant(value=bool()):
            return ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as number):
            return ast.Constant(number + 1)
        case _:
            return None
    return node


def _is_none(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.AST) -> bool:
    """Return whether texts or types are joined, where another sign makes no sense."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant | ast.JoinedStr)]
    return any(isinstance(part, ast.JoinedStr) or isinstance(part.value, str) for part in parts)


def _annotations(tree: ast.AST) -> set[int]:
    """Return the nodes inside annotations, decorators and the guard of type checkers."""
    found: list[ast.AST | None] = []
    for node in ast.walk(tree):
        found += [getattr(node, "annotation", None), getattr(node, "returns", None)]
        found += getattr(node, "decorator_list", [])
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            found.append(node)
    return {id(inner) for node in found if node is not None for inner in ast.walk(node)}


def drawn(root: Path, rooms: list[str], left_out: list[str], seed: int) -> list[Mutant]:
    """Return all mutants of the rooms without some files, in an order drawn by the seed."""
    every = [
        mutant
        for room in rooms
        for path in sorted((root / room).rglob("*.py"))
        if path.name not in _LEFT_OUT and str(path.relative_to(root)) not in left_out
        for mutant in mutants_of(str(path.relative_to(root)), path.read_text(encoding="utf-8"))
    ]
    order = np.random.default_rng(seed).permutation(len(every))
    return [every[i] for i in order]


def passes(project: Path, tests: list[str], kept: Path) -> coverage.CoverageData:
    """Return which tests pass which lines, as a run of the tests found, or an earlier one."""
    if not kept.exists():
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        command += ["--cov", "--cov-context=test", "--cov-report=", "--cov-fail-under=0"]
        files = {"COVERAGE_FILE": str(kept)}
        done = subprocess.run(command, cwd=project, env=os.environ | files, check=False)  # noqa: S603
        if done.returncode:
            raise SystemExit("the tests fail as they are; mend that first")
    data = coverage.CoverageData(str(kept))
    data.read()
    return data


def tests_of(mutant: Mutant, data: coverage.CoverageData, project: Path) -> list[str]:
    """Return the tests that pass a mutant's line, the module's own first."""
    by_line = data.contexts_by_lineno(str(project / mutant.file))
    contexts = set(by_line.get(mutant.line, ()))
    if contexts <= {""}:  # run as the module is imported: whoever passes any line of it
        contexts = {context for each in by_line.values() for context in each}
    names = sorted({context.split("|")[0] for context in contexts} - {""})
    own = f"/test_{Path(mutant.file).stem}"
    names.sort(key=lambda name: (own not in name, "end_to_end" in name))
    return names[:_MOST_TESTS]


def tests_by_name(mutant: Mutant, roots: list[str], project: Path) -> list[str]:
    """Return the files of tests that import a mutant's module, its own first."""
    module = mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    room, _, name = module.rpartition(".")
    wanted = (f"from {module} import", f"import {module}", f"from {room} import {name}")
    files = sorted(path for each in roots for path in (project / each).rglob("*.py"))
    own = f"test_{Path(mutant.file).stem}.py"
    found = [
        path
        for path in files
        if path.name == own
        or (path.name.startswith("test_") and any(text in path.read_text() for text in wanted))
    ]
    found.sort(key=lambda path: (path.name != own, "end_to_end" in path.parts))
    return [str(path.relative_to(project)) for path in found]


def survives(mutant: Mutant, tests: list[str], project: Path) -> bool:
    """Return whether all of the tests pass on a project with the mutant in it."""
    file = project / mutant.file
    kept = file.read_text(encoding="utf-8")
    file.write_text(mutant.applied(kept), encoding="utf-8")
    try:
        return _passed(tests, project)
    finally:
        file.write_text(kept, encoding="utf-8")


def _passed(tests: list[str], project: Path) -> bool:
    child = os.fork()
    if child == 0:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.chdir(project)
        sys.path[0] = str(project)
        sys.dont_write_bytecode = True
        import pytest  # noqa: PLC0415

        os._exit(int(pytest.main([*_OPTIONS, *tests])))
    until = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.killpg(child, 9)  # it runs for ever: somebody would notice
    os.waitpid(child, 0)
    return False


def copied(root: Path, to: Path) -> Path:
    """Return a copy of what git knows of the project, in which the mutants live."""
    if not to.exists():
        names = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607
            cwd=root, check=True, capture_output=True, text=True,
        ).stdout.splitlines()  # fmt: skip
        for name in names:
            if (root / name).is_file():
                (to / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, to / name)
    return to


def main() -> int:
    """Run what was asked for and print the survivors and the share that was killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mutants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rooms", nargs="+", default=list(_ROOMS))
    parser.add_argument("--leave-out", nargs="+", default=[], help="files of the rooms")
    parser.add_argument("--tests", nargs="+", default=["tests"])
    parser.add_argument("--folder", type=Path, default=None, help="kept, and used again")
    parser.add_argument(
        "--skip", type=int, default=0, help="mutants of an earlier run to pass over"
    )
    parser.add_argument("--by-name", action="store_true", help="tests by imports, not coverage")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="forewatch-mutants-"))
    root = Path(__file__).parents[1]
    project = copied(root, folder / "project")
    data = None if asked.by_name else passes(project, asked.tests, folder / "coverage")
    held = tomllib.loads(_EQUIVALENT.read_text(encoding="utf-8")) if _EQUIVALENT.exists() else {}
    equivalent = {(each["file"], each["line"], each["change"]) for each in held.get("mutant", [])}
    for name in _HEAVY:
        importlib.import_module(name)
    counts = {"killed": 0, "survived": 0, "equivalent": 0, "no test passes": 0}
    chosen = drawn(project, asked.rooms, asked.leave_out, asked.seed)[: asked.mutants]
    for number, mutant in enumerate(chosen[asked.skip :], asked.skip + 1):
        if data is None:
            tests = tests_by_name(mutant, asked.tests, project)
        else:
            tests = tests_of(mutant, data, project)
        if number == asked.skip + 1 and not _passed(tests, project):
            raise SystemExit(f"{tests} fail without any mutant; mend that first")
        if mutant.name in equivalent:
            verdict = "equivalent"
        elif not tests:
            verdict = "no test passes"
        else:
            verdict = "survived" if survives(mutant, tests, project) else "killed"
        counts[verdict] += 1
        print(f"{number}/{len(chosen)} {verdict}: {mutant.file}:{mutant.line}", file=sys.stderr)
        if verdict in {"survived", "no test passes"}:
            print(f"{verdict}: {mutant.file}:{mutant.line}\n  {mutant.before}\n  {mutant.change}")
        sys.stdout.flush()
    judged = sum(counts.values()) - counts["equivalent"]
    print(counts, f"killed of those that are not equivalent: {counts['killed'] / judged:.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
