"""Would a test notice? Small faults are put into the code, and the tests of that line are run.

    python -m benchmarks.mutants [--mutants 200] [--seed 1] [--rooms planning forewatch]

1. The tests are run once with coverage, which notes for each line the tests that pass it. That is
   kept in --folder, and used again. With --by-name it is the tests that import the module: quicker
   to begin, and less sharp.
2. Places where the code compares, reckons, joins conditions, gives numbers or returns are drawn by
   the seed, each with one change (`<` for `<=`, `+` for `-`, a number one larger, None for what was
   returned).
3. For each, the tests that pass its line are run on a copy of the project, the module's own first,
   until one fails. A mutant that outlives them survived; one with which no test ends
   for two minutes, on a machine that has nothing else to do, counts as killed.
4. The tests that failed are run once without any mutant. What one told that fails then, too, is
   doubtful, and judged anew by the next run; name it as --unfit.

Mutants that change nothing anybody could see are named in mutants_equivalent.toml, with the reason,
and set aside. Survivors are printed as they stand there: to be killed by a test, or named.

With --folder a run goes on where an earlier one of the same code stopped. --again then judges those
that survived by the tests that were written since (files of tests that differ from the copy's).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import coverage

from benchmarks.mutations import Mutant, drawn

if TYPE_CHECKING:
    import pytest

_ROOMS = ("planning", "forewatch", "serving")
_EQUIVALENT = Path(__file__).with_name("mutants_equivalent.toml")
_MOST_TESTS = 60
_DOCUMENTED = "tests/test_documented.py"
_SURVIVED = ("survived", "no test passes")
_DOUBTFUL = "doubtful"  # by a test that fails as it is
_SILENT_SECONDS = 120
# Imported once, before a process is forked for each mutant; none of ours is among them.
_HEAVY = ["numpy", "pandas", "scipy.stats", "pyarrow.dataset", "pydantic", "fastapi.testclient"]
_HEAVY += ["hypothesis", "deltalake", "click.testing", "starlette.testclient", "holidays"]
_HEAVY += ["schemathesis.pytest.plugin", "sklearn.base", "prometheus_client", "uvicorn", "requests"]
_HEAVY += ["xdist.plugin", "pytest_cov.plugin", "pytest"]
# Pytest warns of plugins that are imported before it begins.
_OPTIONS = ["-q", "-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


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
    # Run as the module is imported: whoever passes any line of it, and what is written from it.
    is_of_import = contexts <= {""}
    if is_of_import:
        contexts = {context for each in by_line.values() for context in each}
    names = sorted({context.rpartition("|")[0] for context in contexts if context})
    own = f"/test_{Path(mutant.file).stem}"
    # Of the others some of every file: the one that is about the line may be any of them.
    files = [name.partition("::")[0] for name in names]
    turn = {name: files[:i].count(files[i]) for i, name in enumerate(names)}
    names.sort(key=lambda name: (own not in name, "end_to_end" in name, turn[name]))
    return [_DOCUMENTED] * is_of_import + names[:_MOST_TESTS]


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


def verdict_of(mutant: Mutant, tests: list[str], project: Path) -> tuple[str, str]:
    """Return what the tests say of a project with the mutant in it, and the test that failed."""
    if not tests:
        return "no test passes", ""
    own = [
        each for each in tests if f"/test_{Path(mutant.file).stem}" in each or each == _DOCUMENTED
    ]
    rest = [test for test in tests if test not in own]
    file = project / mutant.file
    kept = file.read_text(encoding="utf-8")
    file.write_text(mutant.applied(kept), encoding="utf-8")
    try:
        # the module's own first, alone: most need no other, and files take long to collect
        status, failed = tests_end(own, project) if own else (0, "")
        if status == 0 and rest:
            status, failed = tests_end(rest, project)
    finally:
        file.write_text(kept, encoding="utf-8")
    if status is None:
        return "timed out", ""
    return ("survived", "") if status == 0 else ("killed", failed)


class _Failures:
    """A plugin of pytest's that writes a line for each test into a pipe: its name if it failed."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def _write(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        os.write(self._pipe, f"{report.nodeid if report.failed else ''}\n".encode())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._write(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._write(report)


def tests_end(tests: list[str], project: Path) -> tuple[int | None, str]:
    """Return how pytest ended, None if no test did for long, and the first test that failed."""
    reading, writing = os.pipe()
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

        os._exit(int(pytest.main([*_OPTIONS, *tests], plugins=[_Failures(writing)])))
    os.close(writing)
    os.set_blocking(reading, False)  # a server that a test left behind may hold the other end
    heard, status = bytearray(), None
    with open(reading, "rb", buffering=0) as pipe:  # noqa: PTH123 - not a path
        until = time.monotonic() + _SILENT_SECONDS
        while status is None and time.monotonic() < until:
            ended, how = os.waitpid(child, os.WNOHANG)
            status = os.waitstatus_to_exitcode(how) if ended else None
            while line := pipe.read(4096):
                heard += line
                until = time.monotonic() + _SILENT_SECONDS
            time.sleep(0.05)
    if status is None:
        os.killpg(child, 9)
        os.waitpid(child, 0)
    return status, heard.decode().strip().partition("\n")[0]


def copied(root: Path, folder: Path) -> Path:
    """Return a copy of what git knows of the project, in which the mutants live.

    It is made anew from the one that the folder keeps: a run that was killed left its mutant in it.
    """
    source, project = folder / "source", folder / "project"
    if not source.exists():
        for name in _names(root):
            if (root / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, source / name)
    if project.exists():
        shutil.rmtree(project)
    shutil.copytree(source, project)
    return project


def tests_since(root: Path, folder: Path) -> list[str]:
    """Return the files of tests that differ from the kept copy's, and put them into it."""
    found = []
    for name in _names(root):
        path, kept = root / name, folder / "source" / name
        if not (name.startswith("tests/") and path.is_file()):
            continue
        if not kept.exists() or kept.read_bytes() != path.read_bytes():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, kept)
            found.append(name)
    return [name for name in found if Path(name).name.startswith("test_")]


def _names(root: Path) -> list[str]:
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    return subprocess.run(  # noqa: S603
        command, cwd=root, check=True, capture_output=True, text=True
    ).stdout.splitlines()


class Verdicts:
    """What was said of the mutants, by number, in a file that a later run reads.

    Args:
        path: one line of JSON for each verdict, in the order they were given; the last one holds.
        chosen: the mutants of this run.
    """

    def __init__(self, path: Path, chosen: list[Mutant]) -> None:
        self._path, self._chosen = path, chosen
        self._found: dict[int, str] = {}
        self._failed: dict[int, str] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            told = json.loads(line)
            number = told["number"]
            if number < len(chosen) and [*chosen[number].name] != told["name"]:
                raise SystemExit(f"{path} is of other mutants; take another --folder")
            self._found[number], self._failed[number] = told["verdict"], told["failed"]

    def is_open(self, number: int, *, again: bool) -> bool:
        """Return whether a mutant is still to be judged, or to be judged again if it survived."""
        found = self._found.get(number)
        return found in _SURVIVED if again else found in (None, _DOUBTFUL)

    def add(self, number: int, verdict: str, failed: str) -> None:
        """Keep what is said of a mutant, and which test failed."""
        self._found[number], self._failed[number] = verdict, failed
        told = {"number": number, "name": self._chosen[number].name, "verdict": verdict}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told | {"failed": failed}) + "\n")

    def doubt(self, project: Path) -> list[str]:
        """Take back what tests said that fail without any mutant, too, and return these tests."""
        found: list[str] = []
        killers = sorted(set(self._failed.values()) - {""})
        while killers and (end := tests_end(killers, project))[0] != 0:
            if end[1] not in killers:
                raise SystemExit(f"{end[1] or killers}: no end without a mutant; mend that first")
            killers.remove(end[1])
            found.append(end[1])
            for number in [n for n, test in self._failed.items() if test == end[1]]:
                self.add(number, _DOUBTFUL, "")
        return found

    def table(self, equivalent: set[tuple[str, str, str]]) -> str:
        """Return the survivors, the counts and the share; what is equivalent is set aside."""
        said = {
            number: "equivalent" if mutant.name in equivalent else self._found[number]
            for number, mutant in enumerate(self._chosen)
            if mutant.name in equivalent or number in self._found
        }
        lines = [
            f"{verdict}: {mutant.file}:{mutant.line}\n  {mutant.before}\n  {mutant.change}"
            for number, verdict in said.items()
            if verdict in _SURVIVED
            for mutant in [self._chosen[number]]
        ]
        counts = Counter(said.values())
        judged = len(said) - counts["equivalent"]
        killed = counts["killed"] + counts["timed out"]
        lines.append(f"judged {len(said)} of {len(self._chosen)}: {dict(counts)}")
        lines.append(f"killed of those that are not equivalent: {killed}/{judged}")
        return "\n".join(lines) + (f" ({killed / judged:.1%})" if judged else "")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mutants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rooms", nargs="+", default=list(_ROOMS))
    parser.add_argument("--leave-out", nargs="+", default=[], help="files of the rooms")
    parser.add_argument("--tests", nargs="+", default=["tests"])
    parser.add_argument("--folder", type=Path, default=None, help="kept, and used again")
    parser.add_argument("--by-name", action="store_true", help="tests by imports, not coverage")
    parser.add_argument("--unfit", nargs="+", default=[], help="tests, or files, to do without")
    parser.add_argument("--again", action="store_true", help="survivors, by the tests since")
    return parser.parse_args()


def main() -> int:
    """Run what was asked for and print the survivors and the share that was killed."""
    asked = _arguments()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="forewatch-mutants-"))
    folder.mkdir(parents=True, exist_ok=True)
    root = Path(__file__).parents[1]
    since = tests_since(root, folder) if asked.again else []
    project = copied(root, folder)
    by_name = asked.by_name or asked.again
    data = None if by_name else passes(project, asked.tests, folder / "coverage")
    held = tomllib.loads(_EQUIVALENT.read_text(encoding="utf-8")) if _EQUIVALENT.exists() else {}
    equivalent = {(each["file"], each["line"], each["change"]) for each in held.get("mutant", [])}
    for name in _HEAVY:
        importlib.import_module(name)
    chosen = drawn(project, asked.rooms, asked.leave_out, asked.seed)[: asked.mutants]
    verdicts = Verdicts(folder / "verdicts.jsonl", chosen)
    if since and tests_end(since, project)[0] != 0:
        raise SystemExit(f"{since} fail without any mutant; mend that first")
    for number, mutant in enumerate(chosen if since or not asked.again else ()):
        if mutant.name in equivalent or not verdicts.is_open(number, again=asked.again):
            continue
        if asked.again:
            tests = since
        elif data is None:
            tests = tests_by_name(mutant, asked.tests, project)
        else:
            tests = tests_of(mutant, data, project)
        fit = [test for test in tests if test not in asked.unfit]
        verdict, failed = verdict_of(mutant, fit, project)
        verdicts.add(number, verdict, failed)
        print(f"{number} {verdict}: {mutant.file}:{mutant.line} {failed}", file=sys.stderr)
    if unfit := verdicts.doubt(project):
        print("leave out --unfit, which fail without a mutant:", *unfit)
    print(verdicts.table(equivalent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
