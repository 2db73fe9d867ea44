"""Tables on the screen and off it."""

import numpy as np
import pandas as pd

from serving.printing import frame_lines


def test_texts_stand_left_and_numbers_right() -> None:
    frame = pd.DataFrame({"area": ["bristol", "x"], "calls": [1234.5, 7.0], "n": [3, 12]})
    assert frame_lines(frame).splitlines() == [
        "area       calls   n",
        "bristol  1,234.5   3",
        "x            7.0  12",
    ]


def test_unknown_is_a_dash_and_never_zero() -> None:
    frame = pd.DataFrame({"calls": [np.nan, 0.0], "note": [None, ""]})
    assert frame_lines(frame).splitlines()[1:] == ["    -  -", "    0"]


def test_an_empty_table_is_its_head() -> None:
    assert frame_lines(pd.DataFrame({"a": [], "b": []})) == "a  b"
