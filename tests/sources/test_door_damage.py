"""Random tables of calls with random damage: lines always balance, and no undamaged call is lost.

Undamaged calls are of 2026, those that are damaged of 2025: whatever becomes of these, the counts
of 2026 must be those of a plain count over the undamaged calls.
"""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from forewatch.doubts import ACCEPTABLE
from forewatch.errors import ForewatchError
from tests.sources.test_door_desk import (
    HEADER,
    Desk,
    Input,
    Receives,
    calls_mapping,
    physical_lines,
)

MEMOS = ("ok", "", "two words", '"a, b"', '"one\ntwo"', '"he said ""no"""', "Öre", '"x\n\ny,z"')
DAMAGES = (
    "cut", "doubled", "swapped", "quoted", "quoted within", "Latin-1", "lost cell", "blanked cell",
    "one cell more", "blank line", "line break", "comma",
)  # fmt: skip
WHOLE_FILE = ("none", "CRLF", "CR", "mark", "no newline at the end", "blank end", "gzip", "UTF-16",
              "cut file", "quoting = none")  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A call as drawn: its day and minute, and positions in the lists below."""

    day: int
    minute: int
    area: int
    kind: int
    memo: str
    damage: str  # "" for none
    where: int  # which cell, or how far in the line


AREAS, KINDS = ("north", "south", "unknown"), ("theft", "noise")
calls = st.builds(
    Call,
    day=st.integers(1, 28),
    minute=st.integers(0, 1439),
    area=st.integers(0, 2),
    kind=st.integers(0, 1),
    memo=st.sampled_from(MEMOS),
    damage=st.sampled_from(("",) * 20 + DAMAGES),
    where=st.integers(0, 60),
)


def cells_of(number: int, call: Call) -> list[str]:
    year = 2025 if call.damage else 2026
    clock = f"{call.minute // 60:02d}:{call.minute % 60:02d}"
    when = f"{year}-02-{call.day:02d} {clock}:00"
    return [f"c{number}", when, AREAS[call.area], KINDS[call.kind], call.memo]


def swapped(cells: list[str], where: int) -> str:
    one, other = where % 5, (where + 1) % 5
    out = list(cells)
    out[one], out[other] = out[other], out[one]
    return ",".join(out)


def with_cell(cells: list[str], where: int, change: Callable[[str], str]) -> str:
    out = list(cells)
    out[where % 5] = change(out[where % 5])
    return ",".join(out)


def written(number: int, call: Call) -> bytes:
    """The bytes of a call's line or lines, damaged as it says."""
    cells, where = cells_of(number, call), call.where
    line = ",".join(cells)
    damaged = {
        "cut": line[: where % len(line)],
        "doubled": f"{line}\n{line}",
        "swapped": swapped(cells, where),
        "quoted": with_cell(cells, where, lambda cell: f'"{cell}'),
        "quoted within": with_cell(cells, where, lambda cell: f'{cell}"x'),
        "lost cell": ",".join(cell for i, cell in enumerate(cells) if i != where % 5),
        "blanked cell": with_cell(cells, where, lambda _: " "),
        "one cell more": f"{line},{where}",
        "blank line": f"{line}\n" + " " * (where % 3),
        "line break": f"{line[: where % len(line)]}\n{line[where % len(line) :]}",
        "comma": f"{line[: where % len(line)]},{line[where % len(line) :]}",
    }
    content = damaged.get(call.damage, line).encode()
    return content + b"\xe9" if call.damage == "Latin-1" else content


def whole(lines: list[bytes], change: str, where: int) -> bytes:
    content = b"".join(line + b"\n" for line in [HEADER.encode(), *lines])
    if change == "cut file":
        return content[: len(HEADER) + 1 + where]
    changed = {
        "CRLF": content.replace(b"\n", b"\r\n"),
        "CR": content.replace(b"\n", b"\r"),
        "mark": b"\xef\xbb\xbf" + content,
        "no newline at the end": content[:-1],
        "blank end": content + b"\n\n\n",
        "UTF-16": content.decode("latin-1").encode("utf-16"),
        "gzip": content,
    }
    return changed.get(change, content)


def plain_count(table: list[Call]) -> Counter[tuple[str, str, str]]:
    """The undamaged calls by local hour, area and type."""
    return Counter(
        (f"2026-02-{c.day:02d} {c.minute // 60:02d}:00", AREAS[c.area], KINDS[c.kind])
        for c in table
        if not c.damage
    )


@settings(max_examples=60)
@given(
    table=st.lists(calls, min_size=1, max_size=25),
    change=st.sampled_from(("none",) * 5 + WHOLE_FILE),
    cut=st.integers(0, 900),
)
def test_lines_balance_and_no_undamaged_call_is_lost(
    tmp_path_factory: pytest.TempPathFactory, table: list[Call], change: str, cut: int
) -> None:
    content = whole([written(i, call) for i, call in enumerate(table)], change, cut)
    desk = Desk(tmp_path_factory.mktemp("damage"))
    given_ = Input(
        "damaged",
        gzip.compress(content) if change == "gzip" else content,
        Receives(),
        mapping=calls_mapping('quoting = "none"' if change == "quoting = none" else ""),
        name="calls.csv.gz" if change == "gzip" else "calls.csv",
        accept=ACCEPTABLE,
    )
    try:
        receipt = desk.take(given_)
    except ForewatchError as error:
        event(f"refused: {type(error).__name__}")
        assert (desk.kept(), desk.lake.names()) == ({}, ())
        return
    event("received")
    assert receipt.lines is not None
    assert receipt.lines.physical == physical_lines(content)
    parts = (receipt.lines.header, receipt.lines.blank, receipt.rows, receipt.lines.further)
    assert sum(parts) == physical_lines(content)
    if change in ("cut file", "quoting = none"):  # then any call may be damaged
        return
    # a file that holds no call that can be taken has no history
    found = desk.cells() if receipt.taken else Counter[tuple[str, str, str]]()
    undamaged = Counter({cell: n for cell, n in found.items() if cell[0] >= "2026"})
    assert undamaged == plain_count(table)


@settings(max_examples=25)
@given(
    table=st.lists(calls, min_size=2, max_size=20),
    order=st.randoms(use_true_random=False),
)
def test_calls_in_any_order_of_lines_are_the_same_calls(
    tmp_path_factory: pytest.TempPathFactory, table: list[Call], order: random.Random
) -> None:
    tame = [Call(**{**vars(call), "damage": ""}) for call in table]
    lines = [written(i, call) for i, call in enumerate(tame)]
    order.shuffle(lines)
    desk = Desk(tmp_path_factory.mktemp("order"))
    content = whole(lines, "none", 0)
    receipt = desk.take(Input("shuffled", content, Receives(), accept=ACCEPTABLE))
    assert receipt.taken == len(table)
    assert desk.cells() == plain_count(tame)


def test_the_damage_reaches_what_it_names() -> None:
    call = Call(3, 605, 0, 0, "ok", "lost cell", 2)
    assert written(7, call) == b"c7,2025-02-03 10:05:00,theft,ok"
    assert written(7, Call(3, 605, 0, 0, "ok", "", 2)) == b"c7,2026-02-03 10:05:00,north,theft,ok"
    assert written(7, Call(3, 605, 0, 0, "ok", "quoted", 4)).endswith(b',theft,"ok')
