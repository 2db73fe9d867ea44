"""The kinds of periods that answers have rows for."""

from typing import Literal

By = Literal["hour", "shift", "day", "week"]
