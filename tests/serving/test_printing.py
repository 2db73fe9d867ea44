"""Tables on the screen and off it."""

from serving.printing import Columns, columns_of, table_lines

NAN = float("nan")


def test_texts_stand_left_and_numbers_right() -> None:
    columns: Columns = {"area": ["bristol", "x"], "calls": [1234.5, 7.0], "n": [3, 12]}
    assert table_lines(columns).splitlines() == [
        "area       calls   n",
        "bristol  1,234.5   3",
        "x            7.0  12",
    ]


def test_fractions_have_as_few_decimals_as_all_of_them_need_and_three_at_most() -> None:
    columns: Columns = {"a": [2.0004, 1.0], "b": [2.0006, NAN], "c": [0.25, 10.0]}
    assert table_lines(columns).splitlines()[1:] == ["2  2.001   0.25", "1      -  10.00"]


def test_unknown_is_a_dash_and_never_zero() -> None:
    columns: Columns = {"calls": [NAN, 0.0], "note": [None, ""]}
    assert table_lines(columns).splitlines()[1:] == ["    -  -", "    0"]


def test_an_empty_table_is_its_head() -> None:
    assert table_lines(columns_of(("a", "b"), ())) == "a  b"
