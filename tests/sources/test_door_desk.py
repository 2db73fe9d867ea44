"""The desk at which the tests of the import door hand in their inputs, and tests of the desk.

An input is a file's bytes, a mapping, and what must come of it: a receipt part by part, or an error
and what it says. Whatever is refused must leave the history as it was and tell no cell's text.
"""

from __future__ import annotations

import gzip
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from forewatch.doubts import ACCEPTABLE, Acceptable
from forewatch.errors import DataError, ForewatchError
from forewatch.profile import Profile
from sources.calls import import_calls
from sources.history import history
from sources.import_options import ImportOptions
from sources.lake import Lake
from sources.mapping import call_mapping
from sources.receipts import LineCount, Receipt
from sources.tables import import_table

AT = pd.Timestamp("2026-12-31", tz="UTC")
HEADER = "ref,received_at,area,type,memo"
COUNTS_HEADER = "start,area,call_type,grade,count"
IDS = ("north", "south", "unknown", "theft", "noise", "immediate", "routine", "force")
_LONGEST_CODE, _SHORTEST_TEXT = 40, 4  # characters of a code that is shown; of a text looked for
_NUMBERS = re.compile(r"[\d:.,+\-/TZ ]*")


def profile(zone: str = "Europe/London", day_starts_at: str = "07:00") -> Profile:
    return Profile.model_validate(
        {
            "force": {
                "id": "f",
                "name": "Force",
                "zone": zone,
                "day_starts_at": time.fromisoformat(day_starts_at),
            },
            "levels": {"names": ["force", "district"], "modelled": "district"},
            "areas": [
                {"id": "f", "name": "Force"},
                {"id": "north", "name": "North", "parent": "f", "lat": 51.2, "lon": -3.5},
                {"id": "south", "name": "South", "parent": "f", "lat": 51.4, "lon": -2.6},
                {"id": "unknown", "name": "Unknown", "parent": "f"},
            ],
            "call_types": [{"id": "theft", "name": "Theft"}, {"id": "noise", "name": "Noise"}],
            "grades": ["immediate", "routine"],
            "covariates": [
                {"id": "heat", "name": "Heat", "known": "forecast"},
                {"id": "feet", "name": "Footfall", "known": "measured", "level": "district"},
            ],
        }
    )


def calls_mapping(top: str = "", tail: str = "", *, memo: str = "memo") -> str:
    """The mapping of HEADER; *top* stands before its tables, *tail* after them."""
    refuse = f'refuse = ["{memo}"]\n' if memo else ""
    return (
        f'{top}\n{refuse}[columns]\nreference = "ref"\nreceived_at = "received_at"\n'
        f'area = "area"\ncall_type = "type"\n[constants]\ngrade = "routine"\n{tail}\n'
    )


def call_rows(n: int = 20, memo: str = "ok", *, first: str = "2026-01-05") -> list[str]:
    """So many calls, four a day at 08:00, 11:00, 14:00 and 17:00, in north and south by turns."""
    days = pd.date_range(first, periods=n // 4 + 1)
    return [
        f"r{i:02d},{days[i // 4].date()} {8 + 3 * (i % 4):02d}:00:00,"
        f"{('north', 'south')[i % 2]},{('noise', 'theft', 'theft')[i % 3]},{memo}"
        for i in range(n)
    ]


def text(*rows: str, header: str = HEADER) -> bytes:
    """A CSV of lines, each ended by LF."""
    return "".join(f"{line}\n" for line in (header, *rows)).encode()


FORCE = profile()


@dataclass(frozen=True)
class Receives:
    """A receipt, part by part; `lines` are header, blank, rows and further lines.

    Without `total` the history then counts as many calls as were taken.
    """

    taken: int = 0
    unchanged: int = 0
    superseded: int = 0
    filtered: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[int, int, int, int] | None = None
    total: int | None = None

    @property
    def rows(self) -> int:
        kept = self.taken + self.unchanged + self.superseded
        return kept + sum(self.filtered.values()) + sum(self.quarantined.values())


@dataclass(frozen=True)
class Refuses:
    """An error, and a regular expression for what it must say."""

    says: str
    error: type[ForewatchError] = DataError


@dataclass(frozen=True)
class Input:
    """A file, how it is read, and what must come of it."""

    id: str
    content: bytes
    comes: Receives | Refuses
    table: str = "calls"
    mapping: str | bytes = calls_mapping()
    name: str = "file.csv"
    accept: tuple[Acceptable, ...] = ()
    profile: Profile = FORCE

    @property
    def how(self) -> bytes:
        """The mapping as a file holds it."""
        return self.mapping if isinstance(self.mapping, bytes) else self.mapping.encode()


def cases(inputs: Iterable[Input]) -> pytest.MarkDecorator:
    """One test for each input, by its id."""
    listed = list(inputs)
    return pytest.mark.parametrize("given", listed, ids=[each.id for each in listed])


class Desk:
    """A workspace's lake and quarantine, and imports into them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = Lake(folder / "history")
        self.quarantine = folder / "quarantine"

    def take(
        self, given: Input, *, at: pd.Timestamp = AT, dry: bool = False, name: str | None = None
    ) -> Receipt:
        file, how = self.folder / (name or given.name), self.folder / "mapping.toml"
        file.write_bytes(given.content)
        how.write_bytes(given.how)
        tree = given.profile.tree()
        options = ImportOptions(frozenset(given.accept), is_dry_run=dry)
        if given.table == "calls":
            return import_calls(
                self.lake, given.profile, tree, file, call_mapping(how, given.profile, tree),
                self.quarantine, extracted_at=at, options=options,
            )  # fmt: skip
        return import_table(
            self.lake, given.profile, tree, given.table, file, how,
            imported_at=at, quarantine=self.quarantine, options=options,
        )  # fmt: skip

    def kept(self) -> dict[str, bytes]:
        """Every file of the history but the lock and the key."""
        files = (path for path in self.lake.root.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.lake.root)): path.read_bytes()
            for path in files
            if path.name not in (".lock", "reference.key")
        }

    def check(self, given: Input) -> None:
        """Hand an input in and compare what came with what must; a third are tried dry before."""
        if isinstance(given.comes, Refuses):
            for name, content in _standing(given.table, b'"hour"' in given.how):
                (self.lake.root / name).parent.mkdir(parents=True, exist_ok=True)
                (self.lake.root / name).write_bytes(content)
        before, version = self.kept(), self.lake.version()
        is_tried = zlib.crc32(given.id.encode()) % 3 == 0
        tried = self._outcome(given, dry=True) if is_tried else None
        assert not self.quarantine.exists()
        assert (self.kept(), self.lake.version()) == (before, version)
        outcome = self._outcome(given, dry=False)
        assert tried is None or type(tried) is type(outcome)
        if isinstance(given.comes, Refuses):
            assert isinstance(outcome, given.comes.error), outcome
            assert re.search(given.comes.says, str(outcome)), str(outcome)
            assert told(str(outcome), given.content) == []
            assert (self.kept(), self.lake.version()) == (before, version)
            return
        assert isinstance(outcome, Receipt), outcome
        if isinstance(tried, Receipt):
            assert replace(tried, is_dry_run=False) == outcome
        self._compare(outcome, given.comes, given)

    def _outcome(self, given: Input, *, dry: bool) -> Receipt | ForewatchError:
        try:
            return self.take(given, dry=dry)
        except ForewatchError as error:
            return error

    def _compare(self, receipt: Receipt, want: Receives, given: Input) -> None:
        found = {
            "taken": receipt.taken,
            "unchanged": receipt.unchanged,
            "superseded": receipt.superseded,
            "filtered": dict(receipt.filtered),
            "quarantined": dict(receipt.quarantined),
        }
        assert found == {name: getattr(want, name) for name in found}
        assert receipt.rows == want.rows
        if want.lines is not None:
            header, blank, rows, further = want.lines
            is_gz = given.name.lower().endswith(".gz")
            physical = physical_lines(gzip.decompress(given.content) if is_gz else given.content)
            assert receipt.lines == LineCount(physical, header, blank, rows, further)
        if given.table in ("calls", "counts") and (want.taken or want.total is not None):
            total = want.taken if want.total is None else want.total
            assert sum(self.cells(given.profile).values()) == total

    def cells(self, of: Profile | None = None) -> Counter[tuple[str, str, str]]:
        """The counts as they stand: local start of the interval, area, call type."""
        of = of or FORCE
        found = history(self.lake, of).counts
        local = found["start"].dt.tz_convert(of.force.zone).dt.strftime("%Y-%m-%d %H:%M")
        cells: Counter[tuple[str, str, str]] = Counter()
        for start, area, kind, n in zip(
            local, found["area"], found["call_type"], found["count"], strict=True
        ):
            cells[start, str(area), str(kind)] += int(n)
        return Counter({cell: n for cell, n in cells.items() if n})


@cache
def _standing(table: str, by_hour: object) -> tuple[tuple[str, bytes], ...]:
    """The files of a history that something was imported into before."""
    if table == "counts":
        row = f"2025-03-01{' 10:00' if by_hour else ''},north,theft,routine,7"
        how = COUNTS_BY_HOUR if by_hour else COUNTS_BY_DAY
        given = Input("standing", text(row, header=COUNTS_HEADER), Receives(1), "counts", how)
    else:
        given = Input("standing", text("base-1,2025-03-01 10:00,north,theft,x"), Receives(1))
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        assert desk.take(given).taken == 1
        return (
            *desk.kept().items(),
            ("reference.key", (desk.lake.root / "reference.key").read_bytes()),
        )


COUNTS_BY_DAY = 'resolution = "day"\n[observed]\nareas = "all"\n'
COUNTS_BY_HOUR = 'resolution = "hour"\n[observed]\nareas = "all"\n'


def physical_lines(content: bytes) -> int:
    """Line ends of a text (CR LF, LF or CR), that of an unended last line included."""
    ends = len(re.findall(rb"\r\n|\n|\r", content))
    return ends + (bool(content) and content[-1:] not in (b"\n", b"\r"))


def told(message: str, content: bytes) -> list[str]:
    """The texts of cells below the first line that a message tells and no code can be."""
    lines = content.decode("utf-8", "replace").splitlines()[1:]
    cells = Counter(cell.strip(' "') for line in lines for cell in re.split(r"[,;\t|]", line))
    return [
        cell
        for cell, n in cells.items()
        if len(cell) >= _SHORTEST_TEXT
        and (n == 1 or len(cell) > _LONGEST_CODE)
        and not _NUMBERS.fullmatch(cell)
        and cell.casefold() not in IDS
        and cell in message
    ]


def test_the_desk_finds_what_a_message_tells() -> None:
    content = text("r1,soon,north,theft,Ann Other", "r2,soon,north,2026-05-01 10:00,ok")
    assert told("line 2: 'Ann Other' of north, soon", content) == ["Ann Other"]


def test_the_desk_sees_a_history_that_changes(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    before = desk.kept()
    desk.take(Input("one", text(*call_rows(4)), Receives(4)))
    assert before == {}
    assert any(name.endswith(".parquet") for name in desk.kept())
    assert desk.cells()["2026-01-05 08:00", "north", "noise"] == 1


@pytest.mark.parametrize(
    ("content", "lines"),
    [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\r\nb\rc\n\n", 4), (b"a\r\n\r\n", 2)],
)
def test_the_desk_counts_lines(content: bytes, lines: int) -> None:
    assert physical_lines(content) == lines


def test_everything_acceptable_has_a_name() -> None:
    assert set(ACCEPTABLE) == {"quarantine", "corrections", "dates", "counts"}
