"""Each piece of code fits on a screen and is found by its name.

Files have up to 450 lines, functions up to 50 without docstring; no two modules of a room define
the same public name.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["uv"]["build-backend"]["module-name"]
MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 50
# What every subject says of itself, in a module of its own (`models.subject.Subject`).
SAID_BY_EACH = {("models", "fit"), ("models", "train")}


def sources() -> dict[str, str]:
    """Every module of the packages, by its path in the checkout."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def function_lengths(source: str) -> Iterator[tuple[str, int]]:
    """Name and lines of each function from its `def` on, without its docstring's lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring


def public_names(source: str) -> Iterator[str]:
    """Functions and classes that a module defines for others."""
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if not name.startswith("_"):
                yield name


def test_no_two_modules_of_a_room_define_the_same_name() -> None:
    found = defaultdict(list)
    for path, source in sources().items():
        for name in public_names(source):
            found[path.split("/")[0], name].append(path)
    assert {k: v for k, v in found.items() if len(v) > 1 and k not in SAID_BY_EACH} == {}


def test_functions_fit_on_a_screen() -> None:
    lengths = {
        f"{path}:{name}": lines
        for path, source in sources().items()
        for name, lines in function_lengths(source)
    }
    assert {name: n for name, n in lengths.items() if n > MAX_FUNCTION_LINES} == {}


def test_files_stay_short() -> None:
    lengths = {path: len(source.splitlines()) for path, source in sources().items()}
    assert {path: n for path, n in lengths.items() if n > MAX_FILE_LINES} == {}


def test_the_length_of_a_function_leaves_its_docstring_out() -> None:
    source = (
        '@cache\ndef three() -> int:\n    """Two.\n\n    Lines.\n    """\n    x = 1\n    return x\n'
    )
    assert list(function_lengths(source)) == [("three", 3)]
