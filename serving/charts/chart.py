"""What every chart is before it is drawn: plain values, a name, and a summary in words."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, get_args

from serving.charts.look import Look

Kind = Literal[
    "bands",
    "breakdown",
    "distribution",
    "need_and_plan",
    "curve",
    "accuracy",
    "reliability",
    "reasons",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Row = dict[str, Any]
_LONGEST_NAME = 60  # characters of a name in a drawing
# Unicode's bidirectional characters: what they open lasts to the end of the line.
_RIGHT_TO_LEFT = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
_CONTROLS = {"Cc", "Cs", "Co", "Cn"}


@dataclass(frozen=True)
class Chart:
    """A chart, as plain values.

    Args:
        kind: what it is.
        name: accessible name: what is shown, of where and when.
        summary: one or two sentences made from its values.
        rows: of its marks, as JSON values; None for what is unknown.
        facts: what holds for all of it, as JSON values.
        notes: what letters in the drawing stand for, a line each.
    """

    kind: Kind
    name: str
    summary: str
    rows: tuple[Row, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def job(self, look: Look) -> bytes:
        """Return what another process needs to draw it; equal for equal drawings."""
        return f'{{"chart":{self._written},"look":{_json_text(asdict(look))}}}'.encode()

    @classmethod
    def of_job(cls, job: bytes) -> tuple[Chart, Look]:
        """Return the chart and the look of a job."""
        told = json.loads(job)
        values, look = told["chart"], Look(**told["look"])
        tuples = {name: tuple(values[name]) for name in ("rows", "notes")}
        return cls(**(values | tuples)), look

    @cached_property
    def _written(self) -> str:
        """The chart as JSON: a page asks for it in several looks, and again to show it."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return _json_text(values | {"facts": dict(self.facts)})


def _json_text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, allow_nan=False, sort_keys=True, separators=(",", ":"))


def known(value: float, decimals: int = 4) -> float | None:
    """Return a number as drawings have it: short, and None where it is unknown."""
    return round(float(value), decimals) if math.isfinite(value) else None


def plain_text(text: str, longest: int = _LONGEST_NAME) -> str:
    r"""Return a name as text that changes nothing around it, shortened where it is too long.

    Control characters go, and what is written from right to left, or could turn what follows, is
    isolated.

    >>> plain_text("St\tPaul's <b>")
    "St Paul's <b>"
    >>> plain_text("a\u202eb") == "\u2068a\u202eb\u2069"
    True
    """
    shown = "".join(" " if unicodedata.category(each) in _CONTROLS else each for each in text)
    if len(shown) > longest:
        shown = f"{_cut(shown, longest - 1)}…"
    if any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in shown):
        return f"{_ISOLATE}{shown}{_END_OF_ISOLATE}"
    return shown


def _cut(text: str, length: int) -> str:
    """Return the beginning of a text, without half a number: 450,000 isn't 450,0."""
    begin, last = text[:length], text[:length].rpartition(" ")[0]
    is_in_number = text[length - 1 : length + 1].strip(",.").isdigit()
    return (last if is_in_number and last else begin).rstrip()
