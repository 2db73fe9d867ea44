"""The kinds of periods that answers have rows for."""

from typing import Literal, get_args

By = Literal["hour", "shift", "day", "week"]
BYS: tuple[By, ...] = get_args(By)
