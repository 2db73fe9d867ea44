"""Over which time the imports of calls were complete, and the holes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from forewatch.clock import utc_instant
from forewatch.tables import UNOBSERVED, check

# Two extracts that end and begin at their last and first call leave a quiet night between them;
# a longer hole, or one that both files state, was not observed.
_QUIET = 86_400_000_000


@dataclass(frozen=True)
class Span:
    """A half-open span in microseconds since 1970, UTC, and whether its ends were stated."""

    start: int
    until: int
    is_start_stated: bool = False
    is_until_stated: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able facts for a commit, from which `spans_of` reads them back."""
        return {
            "observed_from": utc_instant(self.start).isoformat(),
            "observed_until": utc_instant(self.until).isoformat(),
            "observed_stated": [self.is_start_stated, self.is_until_stated],
        }


def spans_of(imports: list[dict[str, Any]]) -> tuple[Span, ...]:
    """Return the spans of all imports, joined where they touch or leave only a quiet night."""
    found = sorted(
        (
            Span(
                pd.Timestamp(past["observed_from"]).value // 1000,
                pd.Timestamp(past["observed_until"]).value // 1000,
                *past["observed_stated"],
            )
            for past in imports
            if "observed_from" in past
        ),
        key=lambda span: span.start,
    )
    joined: list[Span] = []
    for span in found:
        is_stated = joined and joined[-1].is_until_stated and span.is_start_stated
        if joined and span.start - joined[-1].until <= (0 if is_stated else _QUIET):
            last = joined.pop()
            later = max(last, span, key=lambda one: one.until)
            joined.append(
                Span(last.start, later.until, last.is_start_stated, later.is_until_stated)
            )
        else:
            joined.append(span)
    return tuple(joined)


def is_within(span: Span, spans: tuple[Span, ...]) -> bool:
    """Return whether one of disjoint spans holds the whole of another."""
    return any(one.start <= span.start and span.until <= one.until for one in spans)


def holes(spans: tuple[Span, ...]) -> pd.DataFrame:
    """Return the time between disjoint ascending spans: start, end (UTC), area "" (the force)."""
    return windows([(a.until, b.start, "") for a, b in pairwise(spans)])


def windows(rows: Sequence[tuple[int, int, str]]) -> pd.DataFrame:
    """Return windows (start and end in microseconds since 1970, area) as rows of UNOBSERVED."""
    found = pd.DataFrame(rows, columns=list(UNOBSERVED.columns))
    times = {name: pd.to_datetime(found[name], unit="us", utc=True) for name in ("start", "end")}
    return check("unobserved", found.assign(**times))
