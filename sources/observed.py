"""Which intervals imported counts have spoken about, by area and call type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.clock import utc_instant
from sources.lake import Lake

Span = tuple[int, int]  # microseconds since 1970, UTC, half-open
Scope = frozenset[tuple[str, str]]  # area, call type
Holes = dict[tuple[str, str], list[Span]]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ObservedSpans:
    """Disjoint ascending spans by area and call type; nothing was stated outside of them.

    Args:
        step: of the counts; None before the first import.
        spans: (area, call type) to its spans.
    """

    step: Literal["hour", "day"] | None = None
    spans: dict[tuple[str, str], tuple[Span, ...]] = field(default_factory=dict)

    def with_span(
        self, scope: Scope, start: pd.Timestamp, until: pd.Timestamp, holes: Holes | None = None
    ) -> ObservedSpans:
        """Return the spans after a file that was complete in *scope* from *start* to *until*.

        Args:
            scope: area and call type of each series that the file is complete over.
            start: UTC.
            until: UTC.
            holes: spans by area and call type of which the file says nothing that can be taken;
                what was stated of them before stands.
        """
        new = (start.value // 1000, until.value // 1000)
        spans = {
            pair: merge_spans(
                (*self.spans.get(pair, ()), *subtract_span(new, (holes or {}).get(pair, [])))
            )
            for pair in scope
        }
        return ObservedSpans(self.step, self.spans | spans)

    def with_cells(self, cells: Holes) -> ObservedSpans:
        """Return the spans after single intervals were stated, by area and call type."""
        spans = {
            pair: merge_spans((*self.spans.get(pair, ()), *found)) for pair, found in cells.items()
        }
        return ObservedSpans(self.step, self.spans | spans)

    def holds(
        self,
        starts: Ints,
        area: Ints,
        call_type: Ints,
        areas: tuple[str, ...],
        call_types: tuple[str, ...],
    ) -> NDArray[np.bool_]:
        """Return for each cell whether something was stated of it.

        Args:
            starts: microseconds since 1970.
            area: positions in *areas*.
            call_type: positions in *call_types*.
            areas: ids.
            call_types: ids.
        """
        found = np.zeros(starts.size, bool)
        for spans in set(self.spans.values()):  # few are distinct: one file covers many pairs
            alike = np.array([[self.spans.get((a, t)) == spans for t in call_types] for a in areas])
            bounds = np.array(spans, np.int64).ravel()
            inside = np.searchsorted(bounds, starts, side="right") % 2 == 1
            found |= inside & alike[area, call_type]
        return found

    def as_dict(self, step: str) -> dict[str, Any]:
        """Return JSON-able facts for a commit, from which `of_lake` reads them back."""
        bounds = [b for spans in self.spans.values() for span in spans for b in span]
        by_area: dict[str, dict[str, list[Span]]] = {}
        for (area, call_type), spans in sorted(self.spans.items()):
            by_area.setdefault(area, {})[call_type] = list(spans)
        return {
            "step": step,
            "observed_from": utc_instant(min(bounds)).isoformat() if bounds else None,
            "observed_until": utc_instant(max(bounds)).isoformat() if bounds else None,
            "observed": by_area,
        }


def of_lake(lake: Lake) -> ObservedSpans:
    """Return what the imports of counts have spoken about so far."""
    imports = lake.imports("counts")
    if not imports:
        return ObservedSpans()
    last = imports[-1]
    spans = {
        (area, call_type): tuple((int(a), int(b)) for a, b in found)
        for area, by_type in last["observed"].items()
        for call_type, found in by_type.items()
    }
    return ObservedSpans(last["step"], spans)


def subtract_span(whole: Span, holes: list[Span]) -> list[Span]:
    """Return what is left of a span.

    >>> subtract_span((0, 9), [(2, 3), (8, 12), (3, 4)])
    [(0, 2), (4, 8)]
    """
    left, start = [], whole[0]
    for hole_start, hole_until in merge_spans(tuple(holes)):
        if hole_start > start:
            left.append((start, min(hole_start, whole[1])))
        start = max(start, hole_until)
    return [*left, (start, whole[1])] if start < whole[1] else left


def merge_spans(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the same time as ascending spans that neither touch nor overlap.

    >>> merge_spans(((5, 7), (0, 2), (2, 3), (6, 9)))
    ((0, 3), (5, 9))
    """
    found: list[Span] = []
    for start, until in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((start, until))
    return tuple(found)
