"""Small faults that can be put into code: where, and what stands there instead."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Generated texts, and the way a process is started: what runs them is not a test of a line.
_LEFT_OUT = ("reference.py", "settings_reference.py", "__main__.py")
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
