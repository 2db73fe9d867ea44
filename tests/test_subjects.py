"""Only the wiring names a subject by its text, so that the next one touches its own folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from serving.subjects import NAMES, SUBJECTS

ROOT = Path(__file__).parents[1]
ROOMS = ("forewatch", "features", "models", "planning", "sources")


def named_by_text(source: str) -> Iterator[int]:
    """Yield the lines that hold the name of a subject as a text of its own."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in NAMES:
            yield node.lineno


def test_only_serving_and_its_own_declaration_name_a_subject() -> None:
    own = {ROOT / one.package.replace(".", "/") / "subject.py" for one in SUBJECTS}
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py") if file not in own]
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in files
        for line in named_by_text(file.read_text(encoding="utf-8"))
    ]
    assert len(files) > 100
    assert len(own) == len(SUBJECTS)
    assert found == []


def test_a_name_in_code_is_seen_and_one_in_prose_is_not() -> None:
    assert list(named_by_text(f'"""Of {NAMES[0]}."""\nkind = "{NAMES[0]}"\n')) == [2]
