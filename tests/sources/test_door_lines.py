"""Every physical line of a CSV is accounted for: quotes, line ends, blank lines, headers."""

from __future__ import annotations

from pathlib import Path

from forewatch.errors import MissingColumns, PersonalData
from tests.sources.test_door_desk import (
    COUNTS_BY_DAY,
    COUNTS_HEADER,
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
ALL = Receives(taken=20, lines=(1, 0, 20, 0))
BROKEN = "more or fewer cells than the header"
SWALLOWED = (
    r"line {} reads as a row by itself .* close it at the source, or write quoting = \"none\""
)
SAYS_QUOTE = (
    "reads as a row by itself|is no header.*a quote that nothing closes|cut short or something else"
)


def changed(row: int, old: str, new: str, *more: tuple[int, str, str]) -> bytes:
    """The twenty calls with a text of some rows changed."""
    rows = list(ROWS)
    for at, before, after in ((row, old, new), *more):
        assert before in rows[at]
        rows[at] = rows[at].replace(before, after)
    return text(*rows)


def columns_turned(rows: list[str], header: str = HEADER) -> bytes:
    """The same calls with the free text as the first column."""
    return text(
        *(",".join([*row.split(",")[-1:], *row.split(",")[:-1]]) for row in rows),
        header=",".join([*header.split(",")[-1:], *header.split(",")[:-1]]),
    )


def quoted(*memos: str) -> list[str]:
    """Calls whose free texts are given, in quotes."""
    return [row.removesuffix("ok") + f'"{memo}"' for row, memo in zip(ROWS, memos, strict=False)]


STRAY = (
    # case 01, 20 calls, one free text begins with a quote that nothing closes
    Input("case-01", changed(2, "ok", '"see log'), Refuses(SWALLOWED.format(5))),
    Input(
        "case-01-two-quotes",
        changed(2, "ok", '"see log', (15, "ok", '"see log')),
        Refuses(SWALLOWED.format(5)),
    ),
    Input("first-row", changed(0, "ok", '"see log'), Refuses(SWALLOWED.format(3))),
    Input("next-to-last-row", changed(18, "ok", '"log'), Refuses(SWALLOWED.format(21))),
    # nothing is swallowed: the quote is the last cell's and its line is the last
    Input("last-row", changed(19, "ok", '"log'), Receives(20, lines=(1, 0, 20, 0))),
    Input("last-row-no-newline", changed(19, "ok", '"log')[:-1], ALL),
    Input("lone-quote-at-the-end", changed(19, ",ok", ',"'), ALL),
    Input(
        "ten-lines-apart", changed(3, "ok", '"a', (13, "ok", 'b"')), Refuses(SWALLOWED.format(6))
    ),
    Input("one-line-apart", changed(3, "ok", '"a', (4, "ok", 'b"')), Refuses(SWALLOWED.format(6))),
    Input("in-the-reference", changed(2, "r02", '"r02'), Refuses(SWALLOWED.format(5))),
    Input("in-the-time", changed(2, "2026", '"2026'), Refuses(SWALLOWED.format(5))),
    Input("in-the-area", changed(2, "north", '"north'), Refuses(SWALLOWED.format(5))),
    Input("in-the-type", changed(2, ",theft", ',"theft'), Refuses(SWALLOWED.format(5))),
    Input("three-quotes", changed(2, "ok", '"""x'), Refuses(SWALLOWED.format(5))),
    Input(
        "quote-swallows-quoted-cells",
        text(ROWS[0].removesuffix("ok") + '"open', *quoted(*["shut"] * 20)[1:]),
        Refuses(SWALLOWED.format(3)),
    ),
    Input(
        "free-text-first",
        columns_turned([*ROWS[:2], ROWS[2].removesuffix("ok") + '"see log', *ROWS[3:]]),
        Refuses(SWALLOWED.format(5)),
    ),
    Input("by-CRLF", changed(2, "ok", '"x').replace(b"\n", b"\r\n"), Refuses(SWALLOWED.format(5))),
    Input("by-CR", changed(2, "ok", '"x').replace(b"\n", b"\r"), Refuses(SWALLOWED.format(5))),
    Input("after-a-mark", b"\xef\xbb\xbf" + changed(2, "ok", '"x'), Refuses(SWALLOWED.format(5))),
    Input(
        "between-blank-lines",
        changed(2, "ok", '"x').replace(b"\n", b"\n\n"),
        Refuses(SWALLOWED.format(9)),
    ),
    Input("in-the-header", PLAIN.replace(b"memo", b'"memo', 1), Refuses(SAYS_QUOTE)),
    Input(
        "in-the-header-of-a-short-file",
        text(*ROWS[:2]).replace(b"memo", b'"memo', 1),
        Refuses(SAYS_QUOTE),
    ),
    Input(
        "in-the-header-and-a-row",
        changed(2, "ok", 'x"').replace(b"memo", b'"memo', 1),
        Refuses(SAYS_QUOTE),
    ),
    Input("in-a-used-header", PLAIN.replace(b",area", b',"area', 1), Refuses(SAYS_QUOTE)),
    Input("within-a-cell", changed(2, "ok", 'a 5" nail'), ALL),
    Input("after-a-blank", changed(2, "ok", ' "see log'), ALL),
    Input("closed-and-more", changed(2, "ok", '"see" log'), ALL),
    Input("doubled-within", changed(2, "ok", '"he said ""no"""'), ALL),
    Input("a-comma-in-quotes", changed(2, "ok", '"a, b, c"'), ALL),
    Input("mapped-cells-quoted", changed(2, "north,theft", '"north","theft"'), ALL),
    Input("empty-quotes", changed(2, "ok", '""'), ALL),
)
LETTERS = tuple(
    Input(f"letters-{given.id}", given.content, ALL, mapping=calls_mapping('quoting = "none"'))
    for given in STRAY
    if given.id in ("case-01", "case-01-two-quotes", "ten-lines-apart", "three-quotes", "last-row")
)
NONE = calls_mapping('quoting = "none"')
BREAKS = (
    Input("a-break", text(*quoted("one\ntwo", "x")), Receives(2, lines=(1, 0, 2, 1))),
    Input(
        "breaks-CRLF",
        text(*quoted("one\ntwo\nthree", "x", "y\n")).replace(b"\n", b"\r\n"),
        Receives(3, lines=(1, 0, 3, 3)),
    ),
    Input("a-blank-line-within", text(*quoted("one\n\ntwo")), Receives(1, lines=(1, 0, 1, 2))),
    Input("commas-within", text(*quoted("a,b,c,d,e\nf,g,h,i,j")), Receives(1, lines=(1, 0, 1, 1))),
    Input(
        "a-time-within",
        text(*quoted("called\n2026-01-05 08:00:00, again")),
        Receives(1, lines=(1, 0, 1, 1)),
    ),
    Input("only-breaks", text(*quoted("\n\n\n")), Receives(1, lines=(1, 0, 1, 3))),
    Input("CR-within", text(*quoted("one\rtwo")), Receives(1, lines=(1, 0, 1, 1))),
    Input("at-the-end", text(*quoted("x", "one\ntwo"))[:-1], Receives(2, lines=(1, 0, 2, 1))),
    Input(
        "a-row-that-was-pasted", text(*quoted(f"see\n{ROWS[7]}\n")), Refuses(SWALLOWED.format(3))
    ),
    Input(
        "a-row-with-a-Latin-1-time",
        text(*quoted(f"see\n{ROWS[7]}\n")).replace(b"2026-01-06 17", b"2026-01-06\xe9 17"),
        Receives(1, lines=(1, 0, 1, 2)),
    ),
    Input(
        "a-break-in-the-header",
        text(*ROWS).replace(b"memo", b'"notes\n(free)"', 1),
        Receives(20, lines=(2, 0, 20, 0)),
        mapping=calls_mapping(memo="notes\\n(free)"),
    ),
    Input(
        "a-break-in-a-code",
        changed(2, "north", '"nor\nth"', (4, "north", '"nor\nth"')),
        Refuses(r"area at line 4 \(not shown.*: 2 rows"),
    ),
    Input(
        "letters-a-break",  # each half of the row is a row with the wrong number of cells
        text(*ROWS[:10], ROWS[10].removesuffix("ok") + '"one', 'two"'),
        Receives(11, quarantined={BROKEN: 1}, lines=(1, 0, 12, 0)),
        mapping=NONE,
    ),
)
ENDS = (
    Input("LF", PLAIN, ALL),
    Input("CRLF", PLAIN.replace(b"\n", b"\r\n"), ALL),
    Input("CR", PLAIN.replace(b"\n", b"\r"), ALL),
    Input("mixed", PLAIN.replace(b"\n", b"\r\n", 7).replace(b"north", b"south"), ALL),
    Input("no-newline-at-the-end", PLAIN[:-1], ALL),
    Input("CRLF-none-at-the-end", PLAIN.replace(b"\n", b"\r\n")[:-2], ALL),
    Input("three-blank-at-the-end", PLAIN + b"\n\n\n", Receives(20, lines=(1, 3, 20, 0))),
    Input("blank-CRLF", PLAIN + b"\r\n\r\n", Receives(20, lines=(1, 2, 20, 0))),
    Input("blank-at-the-start", b"\n\n" + PLAIN, Receives(20, lines=(1, 2, 20, 0))),
    Input("blank-between", PLAIN.replace(b"\n", b"\n\n"), Receives(20, lines=(1, 21, 20, 0))),
    Input("a-line-of-blanks", text(*ROWS[:9], "   ", *ROWS[9:]), Receives(20, lines=(1, 1, 20, 0))),
    Input("a-line-of-tabs", PLAIN + b"\t\t\n", Receives(20, lines=(1, 1, 20, 0))),
    Input("a-mark", b"\xef\xbb\xbf" + PLAIN, ALL),
    Input("a-mark-and-quotes", b"\xef\xbb\xbf" + PLAIN.replace(b"ref", b'"ref"', 1), ALL),
    Input(
        "a-mark-and-blank-lines",
        b"\xef\xbb\xbf" + PLAIN + b"\n\n",
        Receives(20, lines=(1, 2, 20, 0)),
    ),
    Input(
        "every-cell-quoted", b'"' + PLAIN.replace(b",", b'","').replace(b"\n", b'"\n"')[:-1], ALL
    ),
    Input(
        "a-line-separator-within",  # U+2028 and U+0085 end no line of a CSV
        changed(2, "ok", "a\u2028b\u0085c"),
        ALL,
    ),
)
WIDTHS = (
    Input(
        "one-cell-more",
        changed(2, "ok", "ok,more"),
        Receives(19, quarantined={BROKEN: 1}, lines=(1, 0, 20, 0)),
    ),
    Input(
        "one-cell-fewer",
        changed(2, ",ok", ""),
        Receives(19, quarantined={BROKEN: 1}, lines=(1, 0, 20, 0)),
    ),
    Input(
        "one-word",
        text(*ROWS[:5], "total", *ROWS[5:]),
        Receives(20, quarantined={BROKEN: 1}, lines=(1, 0, 21, 0)),
    ),
    Input(
        "a-footer-of-control-z",
        PLAIN + b"\x1a",
        Receives(20, quarantined={BROKEN: 1}, lines=(1, 0, 21, 0)),
    ),
    Input(
        "broken-and-blank-and-further",
        text(*quoted("a\nb", "c"), *ROWS[2:9], "", ROWS[9] + ",x"),
        Receives(9, quarantined={BROKEN: 1}, lines=(1, 1, 10, 1)),
    ),
    Input(
        "a-broken-row-of-two-lines",
        text(*ROWS[:9], ROWS[9].removesuffix("ok") + '"a\nb",x'),
        Receives(9, quarantined={BROKEN: 1}, lines=(1, 0, 10, 1)),
    ),
    Input(
        "every-row-longer",
        text(*(row + "," for row in ROWS)),
        Refuses(r"20 of 20 rows can't be taken.*more or fewer cells than the header \(20\)"),
    ),
    Input(
        "only-commas",  # a row with every cell blank is a row
        text(*ROWS, ",,,,"),
        Receives(20, quarantined={"no reference": 1}, lines=(1, 0, 21, 0)),
    ),
)
HEADERS = (
    Input("header-only", text(), Receives(lines=(1, 0, 0, 0))),
    Input("header-only-no-newline", HEADER.encode(), Receives(lines=(1, 0, 0, 0))),
    Input(
        "a-header-cut-short", HEADER[:15].encode(), Refuses("lacks area, type; it", MissingColumns)
    ),
    Input("empty", b"", Refuses("is empty: not even a header")),
    Input("only-newlines", b"\n\n\n", Refuses("is empty: not even a header")),
    Input("only-a-mark", b"\xef\xbb\xbf", Refuses("is empty: not even a header")),
    Input(
        "no-header",
        text(*ROWS[1:], header=ROWS[0]),
        Refuses("first line.*header", MissingColumns),
    ),
    Input(
        "semicolons",
        PLAIN.replace(b",", b";"),
        Refuses("seem to be parted by ';': export it with commas", MissingColumns),
    ),
    Input("tabs", PLAIN.replace(b",", b"\t"), Refuses("parted by '.t': export", MissingColumns)),
    Input("bars", PLAIN.replace(b",", b"|"), Refuses(r"parted by '\|': export", MissingColumns)),
    Input("one-column", b"ref\nr1\n", Refuses("lacks received_at, area, type", MissingColumns)),
    # case 17, two columns of one name, and the mapping reads it
    Input(
        "case-17",
        PLAIN.replace(b"type,memo", b"area,memo", 1),
        Refuses("several columns named area, .* rename or drop all but one"),
        mapping=calls_mapping()
        .replace('call_type = "type"\n', "")
        .replace("[constants]", '[constants]\ncall_type = "theft"'),
    ),
    Input(
        "doubled-reference",
        text(*(f"{row},x" for row in ROWS), header=HEADER + ",ref"),
        Refuses("several columns named ref"),
    ),
    Input(
        "doubled-time",
        text(*(f"{row},x" for row in ROWS), header=HEADER + ",received_at"),
        Refuses("several columns named received_at"),
    ),
    Input("doubled-unread", text(*(f"{r},x,y" for r in ROWS), header=HEADER + ",beat,beat"), ALL),
    Input(
        "doubled-in-counts",
        text("2026-01-01,north,theft,routine,1,2", header=COUNTS_HEADER + ",count"),
        Refuses("several columns named count"),
        "counts",
        COUNTS_BY_DAY,
    ),
    Input(
        "doubled-in-tourism",
        text("north,2026-01,1,2,2026-02-10", header="area,month,visitors,visitors,published_at"),
        Refuses("several columns named visitors"),
        "tourism",
        "",
    ),
    Input(
        "header-twice",  # the header again as a row, where two files were put together
        text(*ROWS[:10], HEADER, *ROWS[10:]),
        Receives(20, quarantined={"unreadable received_at": 1}, lines=(1, 0, 21, 0)),
        mapping=calls_mapping(),
    ),
    Input(
        "two-thousand-columns",
        text(
            *(row + ",x" * 1995 for row in ROWS),
            header=HEADER + "".join(f",c{i}" for i in range(1995)),
        ),
        ALL,
    ),
    Input(
        "names-with-blanks",
        PLAIN.replace(b"received_at", b"received at ", 1),
        Refuses("lacks received_at; it has ref, received at , area", MissingColumns),
    ),
    Input(
        "silent-free-text",
        PLAIN.replace(b"memo", b"notes"),
        Refuses(r'carries columns about persons.*refuse = \["notes"\]', PersonalData),
    ),
)


@cases((*STRAY, *LETTERS, *BREAKS, *ENDS, *WIDTHS, *HEADERS))
def test_every_line_is_accounted_for(given: Input, tmp_path: Path) -> None:
    Desk(tmp_path).check(given)


def test_rows_after_a_multi_line_cell_are_quarantined_by_their_own_line(tmp_path: Path) -> None:
    bad = "r99,,north,theft,ok"
    given = Input(
        "lines", text(*quoted("a\nb\nc", "d"), "", bad, *ROWS[2:]), Receives(), name="calls.csv"
    )
    desk = Desk(tmp_path)
    receipt = desk.take(given)
    assert dict(receipt.quarantined) == {"no received_at": 1}
    (file,) = desk.quarantine.iterdir()
    # 1 header, 2 to 4 the first call, 5 the second, 6 blank, 7 the bad one
    assert [line.split(",")[2] for line in file.read_text().splitlines()] == ["line", "7"]
