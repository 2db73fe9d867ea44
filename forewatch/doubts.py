"""What an import may doubt, and a person accept by name; the doubts arise in `sources`."""

from __future__ import annotations

from typing import Literal, get_args

# quarantine: too many rows can't be taken; corrections: they move calls by days; dates: day and
# month look swapped; counts: numbers that can be no counts.
Acceptable = Literal["quarantine", "corrections", "dates", "counts"]
ACCEPTABLE: tuple[Acceptable, ...] = get_args(Acceptable)
