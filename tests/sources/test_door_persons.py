"""Nothing about persons comes in: two thousand planted rows, and a search of all that is kept.

Each planted text holds one of a few marks. What is searched are the bytes of every file, Parquet
decoded, names of files, and everything that was said: any mark found is a person who got in.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from anyascii import anyascii
from click.testing import CliRunner

from serving.cli import cli
from tests.sources.test_door_desk import (
    COUNTS_BY_DAY,
    COUNTS_HEADER,
    HEADER,
    Desk,
    Input,
    Receives,
    calls_mapping,
    text,
)

N = 2000
PROFILE = """
grades = ["immediate", "routine"]
[force]
id = "f"
name = "Force"
zone = "Europe/London"
[levels]
names = ["force", "district"]
modelled = "district"
[[areas]]
id = "f"
name = "Force"
[[areas]]
id = "north"
name = "North"
parent = "f"
[[areas]]
id = "south"
name = "South"
parent = "f"
[[call_types]]
id = "theft"
name = "Theft"
[[call_types]]
id = "noise"
name = "Noise"
"""
# Every word of a planted text begins with the first mark, or the text is one of numbers.
MARK, PHONE, BORN = "Žqvö", "2079460958", "1961"
PERSONS = [
    {
        "name": f"{MARK}nna {MARK}lsen{i:04d}",
        "phone": f"+44 {PHONE}{i:04d}",
        "mail": f"{MARK}nna.{MARK}lsen{i:04d}@{MARK}post.example",
        "address": f"{i} {MARK}straße",
        "born": f"{1 + i % 28:02d}.03.{BORN}",
    }
    for i in range(N)
]
KINDS = tuple(PERSONS[0])
WIDE_HEADER = f"{HEADER},status,updated,caller_name,phone,email,address,dob"
REFUSED = 'refuse = ["caller_name", "phone", "email", "address", "dob"]'


def forms() -> list[bytes]:
    """The marks as they could be written anywhere."""
    texts = {MARK, MARK.casefold(), MARK.upper(), anyascii(MARK), anyascii(MARK).casefold()}
    texts |= {unicodedata.normalize("NFD", MARK), json.dumps(MARK)[1:-1], ascii(MARK)[1:-1]}
    texts |= {PHONE, f"03.{BORN}", f"{BORN}-03", f"{BORN}03"}
    codings = ("utf-8", "utf-16-le", "utf-16-be", "latin-1")
    found = {text.encode(coding, "ignore") for text in texts for coding in codings}
    return sorted(each for each in found if len(each) > 3)


# Six digits also come by chance in the middle of a hash; a date has two more at most.
SHORT = f"{BORN}03".encode()
FORMS = re.compile(
    b"|".join(re.escape(each) for each in forms() if each != SHORT)
    + rb"|(?<![0-9])"
    + SHORT
    + rb"(?:[0-9]{2})?(?![0-9])"
)


def kept(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that a folder holds: names, bytes, and the values of Parquet files."""
    for path in sorted(folder.rglob("*")):
        yield f"name of {path}", str(path.relative_to(folder)).encode()
        if path.is_file():
            yield str(path), path.read_bytes()
        if path.suffix == ".parquet":
            table = pyarrow.parquet.read_table(path)
            yield f"values of {path}", repr(table.to_pydict()).encode("utf-8", "replace")
            yield f"schema of {path}", repr(table.schema.to_string()).encode()


def planted_in(folder: Path) -> list[str]:
    return [where for where, content in kept(folder) if FORMS.search(content)]


@dataclass(frozen=True)
class Hand:
    """A workspace whose commands are run, and all that they said."""

    folder: Path
    said: list[str]

    def imports(self, *words: str, content: bytes, name: str, mapping: str = "") -> int:
        """Import a file from outside the workspace; return the exit code."""
        outside = self.folder.parent / "outside"
        outside.mkdir(exist_ok=True)
        (outside / name).write_bytes(content)
        (outside / "map.toml").write_text(mapping, encoding="utf-8")
        args = ["-w", str(self.folder), "import", *words, str(outside / name)]
        result = CliRunner().invoke(cli, [*args, "--mapping", str(outside / "map.toml")])
        self.said.append(f"{' '.join(words)} {name}: {result.output}{result.stderr}")
        assert result.exit_code in (0, 2), self.said[-1]
        return result.exit_code


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "forewatch.toml").write_text(PROFILE, encoding="utf-8")
    return Hand(folder, [])


def call(i: int, **more: str) -> list[str]:
    """A call whose cells that no mapping reads, and whose reference, are about a person."""
    person = PERSONS[i]
    at = f"2024-05-{1 + i % 28:02d} {i % 24:02d}:{i % 60:02d}:00"
    cells = {
        "ref": person["name"], "received_at": at, "area": ("north", "south")[i % 2],
        "type": ("theft", "noise")[i % 2], "memo": f"{person['name']} {person['born']}",
        "status": f"{MARK}live {person['phone']}" if i % 9 else f"test {person['mail']}",
        "updated": at, "caller_name": person["name"], "phone": person["phone"],
        "email": person["mail"], "address": person["address"], "dob": person["born"],
    }  # fmt: skip
    return [*(cells | more).values()]


# Rows that can't be taken for each reason that there is, in the order of the numbers below.
BAD: tuple[dict[str, str], ...] = (
    {"ref": ""},
    {"received_at": ""},
    {"received_at": f"{MARK}nna {MARK}lsen"},
    {"received_at": f"14.03.{BORN}"},
    {"received_at": f"+44 {PHONE}0001"},
    {"received_at": "2024-03-31 01:30:00"},
    {"received_at": "1900-01-01 00:00:00"},
    {"received_at": "2099-01-01 00:00:00"},
    {"updated": f"{MARK}nna {MARK}lsen"},
    {"updated": "2099-01-01 00:00:00"},
    {"area": ""},
    {"type": ""},
)


def call_table() -> list[list[str]]:
    """The two thousand calls; each twentieth can't be taken, for one reason after the other."""
    return [call(i, **(BAD[i // 20 % len(BAD)] if i % 20 == 0 else {})) for i in range(N)]


def csv(header: str, rows: list[list[str]], *broken: str) -> bytes:
    return text(*map(",".join, rows), *broken, header=header)


def columnar(header: str, rows: list[list[str]]) -> bytes:
    names, out = header.split(","), io.BytesIO()
    columns = zip(*rows, strict=True)
    table = pa.table({n: pa.array(list(c)) for n, c in zip(names, columns, strict=True)})
    pyarrow.parquet.write_table(table, out)
    return out.getvalue()


FILTER = '[[filters]]\nreason = "test"\ncolumn = "status"\npatterns = ["^test"]\n'
CALLS = calls_mapping(REFUSED, FILTER, memo="").replace(
    "[constants]", 'updated_at = "updated"\n[constants]'
)
# The mapping of a column by mistake: what is read then is about persons.
MISTAKES = {
    "area": CALLS.replace('area = "area"', 'area = "memo"'),
    "type": CALLS.replace('call_type = "type"', 'call_type = "memo"'),
    "grade": CALLS.replace('[constants]\ngrade = "routine"', 'grade = "memo"'),
    "time": CALLS.replace('received_at = "received_at"', 'received_at = "memo"'),
    "updated": CALLS.replace('updated_at = "updated"', 'updated_at = "memo"'),
    "refused": CALLS.replace('area = "area"', 'area = "caller_name"'),
    "format": CALLS + "[time]\nformat = '%d.%m.%Y %H:%M'\n",
    "silent": CALLS.replace(REFUSED, ""),
    "lost": CALLS.replace('area = "area"', 'area = "beat"'),
}


def of_calls(hand: Hand) -> None:
    rows = call_table()
    plain = csv(WIDE_HEADER, rows, f"{PERSONS[1]['name']},x", ",".join([*rows[2], "x"]))
    assert hand.imports("calls", content=plain, name="calls.csv", mapping=CALLS) == 0
    wide = columnar(WIDE_HEADER, rows)
    assert hand.imports("calls", content=wide, name="calls.parquet", mapping=CALLS) == 0
    for name, mapping in MISTAKES.items():
        for content, file in ((plain, f"{name}.csv"), (wide, f"{name}.parquet")):
            assert hand.imports("calls", content=content, name=file, mapping=mapping) == 2
    quoted = plain.replace(f",{MARK}nna".encode(), f',"{MARK}nna'.encode(), 1)
    short = [f"{p['name']},2024-01-01 10:00,north,theft,ok" for p in PERSONS]
    for name, content in {
        "headless": plain.split(b"\n", 1)[1],
        "headless-short": text(*short[1:], header=short[0]),
        "headless-names": text(*(p["name"] for p in PERSONS[1:]), header=PERSONS[0]["name"]),
        "headless-semicolons": plain.split(b"\n", 1)[1].replace(b",", b";"),
        "semicolons": plain.replace(b",", b";"),
        "quoted": quoted,
        "quoted-header": plain.replace(b"caller_name", b'"caller_name', 1),
        "doubled": plain.replace(b"caller_name", b"area", 1),
        "latin": plain.decode().replace("Ž", "Z").replace("north", "nörth").encode("latin-1"),
        "wide": plain.decode().encode("utf-16"),
        "broken": plain.replace(b"north,", b"north,,"),
        "zeros": plain.replace(b"north", b"nor\0th"),
    }.items():  # fmt: skip
        assert hand.imports("calls", content=content, name=f"{name}.csv", mapping=CALLS) == 2
        hand.imports("calls", "--accept", "quarantine", "--dry-run", content=content,
                     name=f"{name}.csv", mapping=CALLS)  # fmt: skip
    nested = pyarrow.parquet.read_table(io.BytesIO(wide))
    nested = nested.set_column(2, "area", pa.array([{"name": p["name"]} for p in PERSONS]))
    pyarrow.parquet.write_table(nested, out := io.BytesIO())
    assert hand.imports("calls", content=out.getvalue(), name="n.parquet", mapping=CALLS) == 2


def of_counts(hand: Hand) -> None:
    header = f"{COUNTS_HEADER},memo,caller_name"
    refuse = 'refuse = ["caller_name"]\n' + COUNTS_BY_DAY
    days = [str(day.date()) for day in pd.date_range("2019-01-01", periods=N)]
    rows = [[day, "north", "theft", "routine", "1", p["address"], p["name"]]
            for day, p in zip(days, PERSONS, strict=True)]  # fmt: skip
    for i in range(0, N, 25):
        rows[i][(0, 4)[i // 25 % 2]] = PERSONS[i][KINDS[i // 25 % len(KINDS)]]
    plain = csv(header, rows, f"{PERSONS[1]['name']},x")
    wide, accept = columnar(header, rows), ("--accept", "quarantine")
    assert hand.imports("counts", *accept, content=plain, name="counts.csv", mapping=refuse) == 0
    assert hand.imports("counts", *accept, content=wide, name="counts.parquet", mapping=refuse) == 0
    mistakes = [(name, "memo") for name in COUNTS_HEADER.split(",")]
    for ours, theirs in (*mistakes, ("area", "caller_name")):
        mapping = f'{refuse}[columns]\n{ours} = "{theirs}"\n'
        for content, name in ((plain, f"{ours}.csv"), (wide, f"{ours}.parquet")):
            assert hand.imports("counts", content=content, name=name, mapping=mapping) == 2
    headless = plain.split(b"\n", 1)[1]
    assert hand.imports("counts", content=headless, name="headless.csv", mapping=refuse) == 2
    quoted = plain.replace(b",routine", b',"routine', 1)
    assert hand.imports("counts", content=quoted, name="quoted.csv", mapping=refuse) == 2


TABLES = {
    "tourism": ("area,month,visitors,published_at", "north,2024-07,{n},2024-09-10"),
    "events": ("name,area,start,end,attendance_high,announced_at",
               "Fair {n},north,2024-08-09,2024-08-11,20,2024-01-15"),
    "holidays": ("date,kind,area,announced_at", "{day},fair,north,2024-01-01"),
    "unobserved": ("start,end,area", "{day}T07:00,{day}T09:00,north"),
    "breaks": ("start,end,kind,reason,decided_by,announced_at",
               "{day},,level,right care {n},gold,2024-01-01"),
}  # fmt: skip


def of_tables(hand: Hand) -> None:
    days = [str(day.date()) for day in pd.date_range("2019-01-01", periods=N)]
    for table, (header, good) in TABLES.items():
        names = header.split(",")
        of_words = [names.index(each) for each in ("name", "reason", "decided_by") if each in names]
        places = [i for i in range(len(names)) if i not in of_words and names[i] != "area"]
        wide = f"{header},memo,caller_name"
        rows = [[*good.format(n=i + 1, day=days[i]).split(","), p["address"], p["name"]]
                for i, p in enumerate(PERSONS[:200])]  # fmt: skip
        if table == "tourism":
            rows = [[row[0], f"{1900 + i // 12}-{1 + i % 12:02d}", *row[2:]]
                    for i, row in enumerate(rows)]  # fmt: skip
        # a person's text in each column that isn't free text, in rows that then can't be taken
        for i in range(0, 200, 10):
            at = places[i // 10 % len(places)]
            rows[i][at] = PERSONS[i][KINDS[i // 10 % len(KINDS)]]
            for word in of_words:
                rows[i][word] = PERSONS[i]["name"]
        refuse = 'refuse = ["caller_name"]\n'
        for content, name in ((csv(wide, rows, f"{PERSONS[1]['name']},x"), f"{table}.csv"),
                              (columnar(wide, rows), f"{table}.parquet")):  # fmt: skip
            assert hand.imports(table, content=content, name=name, mapping=refuse) == 0
            assert hand.imports(table, content=content, name=name) == 2  # not refused
            if "area" in names:
                wrong = refuse + '[columns]\narea = "memo"\n'
                assert hand.imports(table, content=content, name=name, mapping=wrong) == 2
        headless = csv(wide, rows).split(b"\n", 1)[1]
        assert hand.imports(table, content=headless, name="headless.csv", mapping=refuse) == 2


def is_mode(path: Path, mode: int) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == mode


def keeps_modes(folder: Path) -> bool:
    probe = folder / "probe"
    probe.touch()
    probe.chmod(0o600)
    kept_it = os.name == "posix" and is_mode(probe, 0o600)
    probe.unlink()
    return kept_it


def stop_at_what_others_can_read(folder: Path) -> None:
    if not keeps_modes(folder.parent):
        pytest.skip("this file system keeps no modes")
    quarantined = list((folder / "quarantine").rglob("*"))
    assert quarantined
    assert [path for path in quarantined if not is_mode(path, 0o600)] == []
    assert is_mode(folder / "history", 0o700)
    assert is_mode(folder / "history" / "reference.key", 0o600)


@pytest.mark.parametrize("subject", [of_calls, of_counts, of_tables])
def test_no_planted_person_comes_in(
    hand: Hand, caplog: pytest.LogCaptureFixture, subject: Callable[[Hand], None]
) -> None:
    caplog.set_level(logging.DEBUG)
    subject(hand)
    told = [said for said in (*hand.said, caplog.text) if FORMS.search(said.encode())]
    assert (told, planted_in(hand.folder)) == ([], [])
    quarantine = b"".join(path.read_bytes() for path in (hand.folder / "quarantine").iterdir())
    assert b"more or fewer cells" in quarantine  # the broken rows were refused, not overlooked
    stop_at_what_others_can_read(hand.folder)


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_search_finds_what_is_there(tmp_path: Path, kind: str, coding: str) -> None:
    for i in (0, 999, N - 1):
        (tmp_path / "planted.bin").write_bytes(b"\0x" + PERSONS[i][kind].encode(coding))
        assert len(planted_in(tmp_path)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_search_finds_what_parquet_packs(tmp_path: Path, kind: str) -> None:
    table = pa.table({"x": [person[kind] for person in PERSONS]})
    pyarrow.parquet.write_table(table, tmp_path / "packed.parquet", compression="zstd")
    assert any(where.startswith("values of") for where in planted_in(tmp_path))


def test_the_search_finds_names_without_their_accents(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text(anyascii(PERSONS[3]["name"]), encoding="utf-8")
    assert len(planted_in(tmp_path)) == 1


def test_a_date_of_birth_in_the_column_of_times_is_not_kept(tmp_path: Path) -> None:
    rows = [f"r{i},{BORN}-03-{1 + i % 28:02d} 00:00:00,north,theft,x" for i in range(40)]
    desk = Desk(tmp_path)
    given = Input("born", text(*rows), Receives(), accept=("quarantine",))
    receipt = desk.take(given, name="calls.csv")
    assert dict(receipt.quarantined) == {"received before 1990": 40}
    assert planted_in(desk.quarantine) == []
    assert planted_in(desk.lake.root) == []


def test_a_telephone_number_in_the_column_of_counts_is_not_kept(tmp_path: Path) -> None:
    rows = [f"2024-01-{1 + i:02d},north,theft,routine,44{PHONE}{i:04d}" for i in range(28)]
    desk = Desk(tmp_path)
    content = text(*rows, header=COUNTS_HEADER)
    given = Input("phones", content, Receives(), "counts", COUNTS_BY_DAY,
                  accept=("quarantine", "counts"))  # fmt: skip
    receipt = desk.take(given, name="counts.csv")
    assert dict(receipt.quarantined) == {"count is beyond 10⁶": 28}
    assert planted_in(desk.quarantine) == []
