from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from sources.observed import ObservedSpans, merge_spans

SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda p: (p[0], p[0] + p[1])), max_size=6
)


@given(SPANS)
def test_joined_spans_hold_the_same_time_and_never_touch(spans: list[tuple[int, int]]) -> None:
    found = merge_spans(tuple(spans))
    held = {t for a, b in found for t in range(a, b)}
    assert held == {t for a, b in spans for t in range(a, b)}
    assert all(a[1] < b[0] for a, b in pairwise(found))


@given(SPANS, SPANS)
def test_a_cell_is_held_where_its_own_pair_was_stated(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    spans = {("a", "t"): merge_spans(tuple(first)), ("b", "t"): merge_spans(tuple(second))}
    starts = np.tile(np.arange(40), 2)
    area = np.repeat([0, 1], 40)
    found = ObservedSpans("day", spans).holds(starts, area, np.zeros(80, int), ("a", "b"), ("t",))
    oracle = [
        any(x <= t < y for x, y in (first, second)[a]) for t, a in zip(starts, area, strict=True)
    ]
    assert found.tolist() == oracle


def test_another_file_adds_its_span_to_its_scope_only() -> None:
    day = [pd.Timestamp(f"2024-01-0{i}", tz="UTC") for i in range(1, 5)]
    once = ObservedSpans().with_span(frozenset({("a", "t"), ("b", "t")}), day[0], day[1])
    twice = once.with_span(frozenset({("a", "t")}), day[2], day[3])
    assert len(twice.spans["a", "t"]) == 2
    assert len(twice.spans["b", "t"]) == 1
    about = twice.as_dict("day")
    assert about["observed_from"] == "2024-01-01T00:00:00+00:00"
    assert about["observed_until"] == "2024-01-04T00:00:00+00:00"
