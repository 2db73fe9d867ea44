"""Kinds of files and encodings: a table comes in whole, anything else is named for what it is."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from forewatch.errors import DataError, MissingColumns
from sources.tabular import texts
from tests.sources.test_door_desk import (
    COUNTS_BY_DAY,
    HEADER,
    Desk,
    Input,
    Receives,
    Refuses,
    call_rows,
    calls_mapping,
    cases,
    text,
)

ROWS = call_rows(20)
PLAIN = text(*ROWS)
ALL = Receives(taken=20)
WHOLE = Receives(taken=20, lines=(1, 0, 20, 0))
TEN_MEGABYTES = "x" * 10_000_000


def zipped() -> bytes:
    """A workbook as a spreadsheet saves it: a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return out.getvalue()


def table(**more: pa.Array) -> pa.Table:
    """The twenty calls as texts, with some columns changed or added."""
    cells = [row.split(",") for row in ROWS]
    columns = {name: pa.array([c[i] for c in cells]) for i, name in enumerate(HEADER.split(","))}
    return pa.table(columns | more)


def packed(of: pa.Table) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(of, out)
    return out.getvalue()


def columnar(**more: pa.Array) -> bytes:
    return packed(table(**more))


def of_counts(counts: pa.Array) -> bytes:
    days = pa.array(["2026-01-01", "2026-01-02", "2026-01-03"]).cast(pa.date32())
    same = {name: pa.array([text] * 3) for name, text in
            (("area", "north"), ("call_type", "theft"), ("grade", "routine"))}  # fmt: skip
    return packed(pa.table({"start": days, **same, "count": counts}))


def doubled_names() -> bytes:
    whole = table()
    names = ["area" if name == "memo" else name for name in whole.column_names]
    return packed(whole.rename_columns(names))


COLUMNAR = columnar()
FOOTER = int.from_bytes(COLUMNAR[-8:-4], "little") + 8
TIMES = table()["received_at"].combine_chunks()
MOMENTS = TIMES.cast(pa.timestamp("us"))
NUMBERS = pa.array(range(20))
FEW = pa.array([*range(18), None, None])
ENCODINGS = (
    Input("UTF-16-with-mark", PLAIN.decode().encode("utf-16"), Refuses("is UTF-16 text; .* UTF-8")),
    Input("UTF-16-LE", PLAIN.decode().encode("utf-16-le"), Refuses("UTF-16 text without a mark")),
    Input("UTF-16-BE", PLAIN.decode().encode("utf-16-be"), Refuses("UTF-16 text without a mark")),
    Input("UTF-32", PLAIN.decode().encode("utf-32"), Refuses("is (UTF-16|UTF-32|binary)")),
    Input("Latin-1-unread", PLAIN.replace(b",ok\n", b",\xe9\n", 3), WHOLE),
    Input("Latin-1-unread-name", PLAIN.replace(b"memo", b"m\xe9mo", 1), WHOLE),
    Input(
        "Latin-1-in-a-code",
        PLAIN.replace(b",north,", b",n\xf6rth,", 3),
        Refuses("a letter that is no UTF-8"),
    ),
    Input(
        "Latin-1-in-a-reference",
        PLAIN.replace(b"r07", b"r\xf67", 1),
        Refuses("a letter that is no UTF-8"),
    ),
    Input(
        "Latin-1-in-a-time",
        PLAIN.replace(b"2026-01-06 08", b"2026-01-06\xa008", 1),
        Refuses("a letter that is no UTF-8"),
    ),
    Input(
        "Latin-1-and-a-broken-row",
        PLAIN.replace(b",ok\n", b",\xe9,\xe9\n", 1),
        Refuses("a letter that is no UTF-8"),
    ),
    Input("NUL", PLAIN.replace(b"ok", b"o\0k", 1), Refuses("is binary, not text")),
    Input("NUL-at-the-end", PLAIN + b"\0", Refuses("is binary, not text")),
    Input("UTF-8-letters", PLAIN.replace(b"ok", "Öre 北区 🚓".encode()), WHOLE),
)
CSV = "a CSV in UTF-8"
GZIPPED = gzip.compress(PLAIN)
# of random letters, so that half of the packed bytes are half of the rows
LONG = text(*(f"{row}{zlib.crc32(row.encode()) ** 9}" for row in call_rows(20_000)))
KINDS = (
    Input("a-workbook", zipped(), Refuses(f"an Excel workbook; it should be {CSV}")),
    Input("an-old-workbook", b"\xd0\xcf\x11\xe0\xa1\xb1" + bytes(500), Refuses("old Excel")),
    Input("a-PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", Refuses("is a PDF")),
    Input("Parquet-named-csv", COLUMNAR, Refuses("is a Parquet file")),
    Input("gzip-named-csv", GZIPPED, Refuses("is a gzipped file")),
    Input("an-SQLite-file", b"SQLite format 3\0" + bytes(200), Refuses("an SQLite database")),
    Input("random-bytes", bytes(i * 37 % 256 for i in range(4000)), Refuses("binary, not text")),
    Input("csv-named-parquet", PLAIN, Refuses("can't be read as Parquet"), name="file.parquet"),
    Input("csv-named-gz", PLAIN, Refuses("can't be unpacked"), name="file.csv.gz"),
    Input("workbook-named-gz", zipped(), Refuses("can't be unpacked"), name="file.csv.gz"),
    Input("empty-gz", b"", Refuses("unpacked|empty"), name="file.csv.gz"),
    Input("gz", GZIPPED, WHOLE, name="file.csv.gz"),
    Input("GZ-in-capitals", GZIPPED, WHOLE, name="FILE.CSV.GZ"),
    Input(
        "gz-of-several-members",
        b"".join(gzip.compress(line + b"\n") for line in PLAIN.splitlines()),
        WHOLE,
        name="file.csv.gz",
    ),
    Input(
        "gz-cut-short",
        gzip.compress(LONG)[:-200_000],
        Refuses("cut short|can.t be read"),
        name="file.csv.gz",
    ),
    Input("gz-without-its-last-bytes", GZIPPED[:-8], Refuses("cut short"), name="file.csv.gz"),
    Input("gz-and-bytes-after-it", GZIPPED + b"junk", Refuses("export it again"), name="f.csv.gz"),
    Input(
        "gz-of-UTF-16",
        gzip.compress(PLAIN.decode().encode("utf-16")),
        Refuses("is UTF-16 text"),
        name="file.csv.gz",
    ),
    Input("gz-of-gz", gzip.compress(GZIPPED), Refuses("a gzipped file"), name="file.csv.gz"),
    Input("a-workbook-of-counts", zipped(), Refuses("an Excel workbook"), "counts", COUNTS_BY_DAY),
    Input("UTF-16-breaks", PLAIN.decode().encode("utf-16"), Refuses("UTF-16"), "breaks", ""),
    Input("a-PDF-of-tourism", b"%PDF-1.7\n", Refuses("a PDF"), "tourism", ""),
    Input("empty-holidays", b"", Refuses("is empty"), "holidays", ""),
)
PARQUET = (
    Input("plain", COLUMNAR, ALL),
    Input("PQ", COLUMNAR, ALL, name="FILE.PQ"),
    Input("timestamps", columnar(received_at=MOMENTS), ALL),
    Input("timestamps-in-seconds", columnar(received_at=TIMES.cast(pa.timestamp("s"))), ALL),
    Input("timestamps-in-ns", columnar(received_at=TIMES.cast(pa.timestamp("ns"))), ALL),
    Input("timestamps-in-UTC", columnar(received_at=MOMENTS.cast(pa.timestamp("us", "UTC"))), ALL),
    Input("dictionary", columnar(area=table()["area"].combine_chunks().dictionary_encode()), ALL),
    Input("int-references", columnar(ref=NUMBERS), ALL),
    Input("large-strings", columnar(area=table()["area"].cast(pa.large_string())), ALL),
    Input("bytes", columnar(area=table()["area"].cast(pa.binary())), ALL),
    Input("int-codes", columnar(type=NUMBERS), Refuses("20 codes without a mapping")),
    Input(
        "nulls-in-references",
        columnar(ref=FEW),
        Receives(18, quarantined={"no reference": 2}),
    ),
    Input(
        "nulls-in-areas",
        columnar(area=pa.array(["north"] * 17 + [None] * 3)),
        Receives(17, quarantined={"no area": 3}),
    ),
    Input("all-null", columnar(area=pa.nulls(20)), Refuses("20 of 20 rows.* no area")),
    Input("int-times", columnar(received_at=NUMBERS), Refuses("unreadable received_at")),
    Input(
        "dates-for-times",
        columnar(received_at=MOMENTS.cast(pa.date32(), safe=False)),
        Refuses("unreadable received_at"),
    ),
    Input("struct", columnar(area=pa.array([{"id": "north"}] * 20)), Refuses("plain columns")),
    Input("list", columnar(area=pa.array([["north"]] * 20)), Refuses("plain columns")),
    Input("struct-unread", columnar(memo=pa.array([{"a": {"b": "north"}}] * 20)), ALL),
    Input("list-unread", columnar(memo=pa.array([["north"]] * 20)), ALL),
    Input(
        "bytes-that-are-no-text",
        columnar(area=pa.array([b"\xff\xfe"] * 20)),
        Refuses("export it again"),
    ),
    Input(
        "no-rows",
        packed(table()[:0]),
        Receives(),
    ),
    Input("doubled-names", doubled_names(), Refuses("several columns named area")),
    Input(
        "a-column-less",
        columnar(area=pa.array(["north"] * 20)),
        Refuses("lacks beat; it has ref, received_at", MissingColumns),
        mapping=calls_mapping().replace('"area"', '"beat"'),
    ),
    Input("cut-short", COLUMNAR[:-40], Refuses("can't be read as Parquet")),
    Input("empty", b"", Refuses("can't be read as Parquet")),
    Input(
        "damaged-footer",
        COLUMNAR[:-FOOTER] + b"\xff" * (FOOTER - 8) + COLUMNAR[-8:],
        Refuses("can't be read"),
    ),
    Input("damaged-pages", COLUMNAR[:4] + bytes(400) + COLUMNAR[404:], Refuses("can't be read")),
    Input(
        "int-counts", of_counts(pa.array([1, 2, 3])), Receives(3, total=6), "counts", COUNTS_BY_DAY
    ),
    Input(
        "float-counts",
        of_counts(pa.array([1.0, 2.0, 3.0])),
        Receives(3, total=6),
        "counts",
        COUNTS_BY_DAY,
    ),
    Input(
        "decimal-counts",
        of_counts(pa.array([1, 2, 3]).cast(pa.decimal128(22, 2))),
        Receives(3, total=6),
        "counts",
        COUNTS_BY_DAY,
    ),
    Input(
        "nan-counts",
        of_counts(pa.array([1.0, float("nan"), 3.0])),
        Receives(2, quarantined={"count is no number": 1}, total=4),
        "counts",
        COUNTS_BY_DAY,
        accept=("quarantine",),
    ),
)


@cases((*ENCODINGS, *KINDS))
def test_a_file_is_read_or_named_for_what_it_is(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given)


@cases(PARQUET)
def test_parquet_of_any_type_comes_in_or_is_refused(given: Input, tmp_path: Path) -> None:
    name = given.name if given.name.endswith("PQ") else "file.parquet"
    Desk(tmp_path).check(Input(**{**vars(given), "name": name}))


def test_times_of_parquet_with_a_zone_are_those_instants(tmp_path: Path) -> None:
    summer = pa.array(["2026-07-01 10:30:00"]).cast(pa.timestamp("us"))
    row = {"ref": ["a"], "area": ["north"], "type": ["theft"], "memo": [""]}
    cells = []
    for name, kind in (("wall", pa.timestamp("us")), ("utc", pa.timestamp("us", "UTC"))):
        desk = Desk(tmp_path / name)
        desk.folder.mkdir()
        content = packed(pa.table({**row, "received_at": summer.cast(kind)}))
        desk.take(Input(name, content, Receives(1), name="f.parquet"))
        cells += [*desk.cells()]
    # the wall clock of London is an hour ahead of UTC in July
    assert cells == [("2026-07-01 10:00", "north", "theft"), ("2026-07-01 11:00", "north", "theft")]


@pytest.mark.parametrize("at", [0, 10, 19])
def test_a_cell_of_ten_megabytes_loses_no_call(tmp_path: Path, at: int) -> None:
    rows = [f"{row}{TEN_MEGABYTES * (i == at)}" for i, row in enumerate(ROWS)]
    Desk(tmp_path).check(Input("long", text(*rows), WHOLE))


def test_a_folder_or_nothing_under_the_name_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name in ("folder.csv", "nothing.csv"):
        with pytest.raises(DataError, match=f"no file {name}"):
            texts(tmp_path / name, ("ref",))


def test_the_three_kinds_of_files_hold_the_same_calls(tmp_path: Path) -> None:
    found = []
    for name, content in (("a.csv", PLAIN), ("a.csv.gz", GZIPPED), ("a.parquet", COLUMNAR)):
        desk = Desk(tmp_path / name)
        desk.folder.mkdir()
        desk.take(Input(name, content, ALL, name=name))
        found.append(desk.cells())
    frame = pd.read_csv(io.BytesIO(PLAIN), parse_dates=["received_at"])
    hour = frame["received_at"].dt.strftime("%Y-%m-%d %H:00")
    want = frame.groupby([hour, "area", "type"]).size().to_dict()
    assert found == [want, want, want]
