"""The history of a force from its lake: the ledger of counts, and the tables beside it.

A call's versions become changes of counts: +1 in the hour, area, call type and grade of a version
from the time it is known, and −1 there from the time the next version is known. An hour's calls are
known at its end at the earliest: a forecast made within an hour does not know a part of it. Hours
are those of the force-days, counted from the time at which these begin (`forewatch.clock`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.clock import Clock, intervals_of, utc_instant, utc_instants
from forewatch.errors import NotEnoughHistory, SettingsError
from forewatch.history import History, Step
from forewatch.profile import Profile
from forewatch.tables import BESIDE, check, empty
from sources.areas import tree as area_tree
from sources.lake import Lake
from sources.observed import of_lake
from sources.records import STATES, TAKEN
from sources.spans import Span, holes, spans_of, windows
from sources.stored import ints, positions, stop_if_gone

Ints = NDArray[np.int64]
_ENCODED = ("area", "call_type", "grade", "state")


@dataclass(frozen=True)
class _Counts:
    """A ledger of counts, what it is complete over, and the windows it says nothing of."""

    ledger: pd.DataFrame
    step: Step
    spans: tuple[Span, ...]
    unobserved: pd.DataFrame
    stated_until: Mapping[tuple[str, str], pd.Timestamp] | None = None


def history(lake: Lake, profile: Profile, *, counted: bool = True) -> History:
    """Return everything that is known of the force, from its calls or from its counts.

    Args:
        lake: the tables.
        profile: the force's.
        counted: whether the counts are read; else their ledger is empty.

    Raises:
        NotEnoughHistory: if nothing was imported yet.
        SettingsError: if the lake holds both calls and counts, or no areas are known.
        DataError: if the lake uses an area, call type or grade that the profile no longer has.
    """
    while True:
        version = lake.version()
        found = _history(lake, profile, version, counted=counted)
        if lake.version() == version:  # else an import came in between: read again
            return found


def _history(lake: Lake, profile: Profile, version: str, *, counted: bool) -> History:
    tree = area_tree(lake, profile)
    names = set(lake.names())
    if {"calls", "counts"} <= names:
        raise SettingsError(
            "this history holds calls and counts, and would count calls twice; keep them in "
            "workspaces of their own"
        )
    if not names & {"calls", "counts"}:
        raise NotEnoughHistory(
            "the history is empty; run 'forewatch import calls' or 'forewatch import counts' first"
        )
    of_calls = "calls" in names
    read = _of_calls if of_calls else _of_counts
    counts = read(lake, profile, tree, counted=counted)
    if not counts.spans:
        raise NotEnoughHistory("no call could be taken so far; look into the quarantine folder")
    beside = {name: lake.table(name) for name in BESIDE}
    tables = {n: empty(n) if t is None else check(n, t) for n, t in beside.items()}
    windows = [w for w in (tables.pop("unobserved"), counts.unobserved) if len(w)]
    return History(
        profile=profile,
        tree=tree,
        step=counts.step,
        observed_from=utc_instant(counts.spans[0].start),
        observed_until=utc_instant(counts.spans[-1].until),
        counts=counts.ledger,
        **tables,
        unobserved=check("unobserved", pd.concat(windows)) if windows else empty("unobserved"),
        version=version,
        stated_until=counts.stated_until,
    )


def _of_calls(lake: Lake, profile: Profile, tree: AreaTree, *, counted: bool) -> _Counts:
    wanted = ["reference_hash", "received_at", "known_at", "import_id", "row", *_ENCODED]
    table = lake.arrow("calls", wanted, encoded=_ENCODED) if counted else None
    counts = empty("counts") if table is None else ledger(table, profile, tree)
    spans = spans_of(lake.imports("calls"))
    return _Counts(counts, "hour", spans, holes(spans))


def _of_counts(lake: Lake, profile: Profile, tree: AreaTree, *, counted: bool) -> _Counts:
    table = lake.arrow("counts", encoded=("area", "call_type", "grade")) if counted else None
    frame = empty("counts") if table is None else table.to_pandas()
    ids = {"area": tree.leaves, "call_type": profile.call_type_ids, "grade": profile.grade_ids}
    for name, known in ids.items():
        stop_if_gone(name, set(frame[name].unique()), known)
        # Not astype: dtypes that differ in the order of their categories alone count as equal.
        frame[name] = frame[name].cat.set_categories(list(known))
    found = of_lake(lake)
    ends = sorted({bound for spans in found.spans.values() for span in spans for bound in span})
    whole = Span(ends[0], ends[-1]) if ends else None
    silent = [(*hole, area) for area in tree.leaves for hole in _silence(found.spans, area, whole)]
    return _Counts(
        check("counts", frame),
        found.step or "hour",
        (whole,) if whole else (),
        windows(silent),
        {pair: utc_instant(spans[-1][1]) for pair, spans in found.spans.items() if spans},
    )


def _silence(
    spans: dict[tuple[str, str], tuple[tuple[int, int], ...]], area: str, whole: Span | None
) -> list[tuple[int, int]]:
    """Return the windows in which a call type of an area has no counts; all time, if none has."""
    if whole is None:
        return []
    of_area = {found for (place, _), found in spans.items() if place == area}
    if not of_area:
        return [(whole.start, whole.until)]
    windows: set[tuple[int, int]] = set()
    for found in of_area:
        bounds = [whole.start, *(bound for span in found for bound in span), whole.until]
        windows |= {(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True) if a < b}
    return sorted(windows)


def ledger(versions: pa.Table, profile: Profile, tree: AreaTree) -> pd.DataFrame:
    """Return the changes of counts that versions of calls amount to, as the table COUNTS.

    Args:
        versions: rows of the table "calls", in any order.
        profile: names the call types and grades, and says when force-days begin.
        tree: names the areas.
    """
    ids = (tree.leaves, profile.call_type_ids, tuple(profile.grade_ids))
    cell = np.zeros(versions.num_rows, np.int64)
    for name, known in zip(_ENCODED[:3], ids, strict=True):
        cell = cell * len(known) + np.maximum(positions(versions, name, known), 0)
    is_taken = positions(versions, "state", STATES) == TAKEN
    received = ints(versions, "received_at")
    edges = Clock.of(profile).hour_grid(received)
    hour = intervals_of(edges, received)
    per_hour = math.prod(map(len, ids))
    key = hour * per_hour + cell
    reference = ints(versions, "reference_hash")
    end = edges[hour + 1]
    known_at = np.maximum(ints(versions, "known_at"), end)

    ascending = np.sort(reference)
    twice = ascending[1:][ascending[1:] == ascending[:-1]]
    is_corrected = pd.Series(reference).isin(twice).to_numpy()
    single = is_taken & ~is_corrected
    prompt = single & (known_at == end)
    keys, counts = np.unique(key[prompt], return_counts=True)
    ends = edges[keys // per_hour + 1]

    late = single & ~prompt
    order = _chains(versions, np.flatnonzero(is_corrected))
    changes = _changes(reference, key, ints(versions, "known_at"), is_taken, order)
    changed_at = np.maximum(changes[1], edges[changes[0] // per_hour + 1])
    rest = pd.DataFrame(
        {
            "key": np.concatenate([key[late], changes[0]]),
            "known_at": np.concatenate([known_at[late], changed_at]),
            "count": np.concatenate([np.ones(late.sum(), np.int64), changes[2]]),
        }
    )
    sums = rest.groupby(["key", "known_at"])["count"].sum()
    sums = sums[sums != 0]
    late_keys, late_ends = (sums.index.get_level_values(i).to_numpy(np.int64) for i in (0, 1))
    return _frame(
        np.concatenate([keys, late_keys]),
        np.concatenate([ends, late_ends]),
        np.concatenate([counts, sums.to_numpy(np.int64)]),
        ids,
        edges,
    )


def _chains(versions: pa.Table, which: Ints) -> Ints:
    """Return rows of calls with several versions: by call, and in it as they became known."""
    some = versions.take(pa.array(which))
    columns = [ints(some, n) for n in ("row", "import_id", "known_at", "reference_hash")]
    order: Ints = which[np.lexsort(columns)]
    return order


def _changes(
    reference: Ints, key: Ints, known_at: Ints, is_taken: NDArray[np.bool_], order: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return the keys, times and signs of what each version in a chain adds and takes back."""
    same = reference[order][1:] == reference[order][:-1]
    adds = order[is_taken[order]]
    before, after = order[:-1][same], order[1:][same]
    takes = is_taken[before]
    return (
        np.concatenate([key[adds], key[before[takes]]]),
        np.concatenate([known_at[adds], known_at[after[takes]]]),
        np.concatenate([np.ones(adds.size, np.int64), np.full(int(takes.sum()), -1)]),
    )


def _frame(
    key: Ints, known_at: Ints, count: Ints, ids: tuple[tuple[str, ...], ...], edges: Ints
) -> pd.DataFrame:
    """Return the changes as the table COUNTS; a key is the hour's number and the cell's."""
    columns: dict[str, pd.Categorical[str]] = {}
    code, rest = key, key
    for name, known in reversed(list(zip(_ENCODED[:3], ids, strict=True))):
        rest, code = np.divmod(rest, len(known))
        columns[name] = pd.Categorical.from_codes(code, categories=pd.Index(known))
    return pd.DataFrame(
        {
            "start": utc_instants(edges[rest]),
            **{name: columns[name] for name in _ENCODED[:3]},
            "count": count.astype(np.int32),
            "known_at": utc_instants(known_at),
        }
    )
