"""What is new in a file of calls, compared with the versions of calls that are known.

Every version of a call stays: a correction is a further version, known from its own time on. A row
of a file is one of four things:

1. *new*: the first version of its call;
2. *superseding*: it says something else than the version before it;
3. *unchanged*: the lake has that version;
4. *duplicate*: the file itself says the same twice.

With a column updated_at, versions are put in the order of that time, whatever file brought them.
Without one, the last row of the file about a call is what the file says of it: it is compared with
the newest known version, and a correction counts as known from the extract on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.hashes import Hashes, hash_pairs
from sources.attendance import with_figures
from sources.records import Records
from sources.wall_clock import NONE, Flags, Micros

NEW, SUPERSEDING, UNCHANGED, DUPLICATE = range(4)
MOVED_US = 12 * 3_600_000_000  # a correction that moves its call by so much mends a wrong date


@dataclass(frozen=True)
class Versions:
    """Known versions of calls, in the order in which they were stored; shapes (versions,).

    Args:
        reference: keyed hash of the source's reference.
        received: when the call was received, microseconds since 1970, UTC.
        known: since when the version is known, microseconds since 1970.
        content: hash of all that the version says.
    """

    reference: Hashes
    received: Micros
    known: Micros
    content: Hashes

    def of(self, which: Flags) -> Versions:
        """Return the versions where a mask is True."""
        return Versions(*(getattr(self, name)[which] for name in vars(self)))


NO_VERSIONS = Versions(
    np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint64)
)


@dataclass(frozen=True)
class Standings:
    """What each row of a file is; both shapes (rows,).

    Args:
        kind: NEW, SUPERSEDING, UNCHANGED or DUPLICATE.
        known: since when it is known, microseconds since 1970, UTC.
        moved: superseding rows that move their call by `MOVED_US` or more from its first version.
        repeated: rows that say something else of a call than an earlier row of the same file, where
            the file says nothing of when a row was written.
    """

    kind: NDArray[np.int8]
    known: Micros
    moved: int = 0
    repeated: int = 0


def content(received: Micros, codes: tuple[NDArray[np.int16] | NDArray[np.int8], ...]) -> Hashes:
    """Return a hash of what a version says; 64 bits, compared only within one reference."""
    packed = np.zeros(received.size, np.int64)
    for code in codes:
        packed = (packed << 14) + code + 1
    return hash_pairs(packed.view(np.uint64), received.view(np.uint64))


def standings(
    records: Records, known: Versions, extracted_at: int, *, read_anew: bool = False
) -> Standings:
    """Return what each row of a file is, beside the versions that are known.

    Args:
        records: the rows, in the file's order.
        known: every stored version.
        extracted_at: when the file was made, microseconds since 1970.
        read_anew: the same file was read otherwise before; what it says now is known from now on,
            whenever its rows were written.
    """
    has_times = len(records) > 0 and bool((records.updated != NONE).any())
    dated = has_times and not read_anew
    if read_anew and known.known.size:  # later than whatever it said before
        extracted_at = max(extracted_at, int(known.known.max()) + 1)
    since = np.where(records.updated == NONE, records.received, records.updated)
    kind = np.full(len(records), NEW, np.int8)
    ascending = np.sort(records.reference)
    twice = ascending[1:][ascending[1:] == ascending[:-1]]
    references = pd.Series(records.reference)
    rows = np.flatnonzero(references.isin(twice) | references.isin(known.reference))
    moved = repeated = 0
    if rows.size:
        some = records.at(rows)
        codes = (some.area, some.call_type, some.grade, some.state)
        says = with_figures(content(some.received, codes), some.attendance)
        stored = known.of(pd.Series(known.reference).isin(some.reference).to_numpy())
        found = Versions(some.reference, some.received, since[rows], says)
        if dated:
            kind[rows] = _by_time(found, stored)
        else:
            kind[rows] = _by_extract(found, stored, extracted_at)
            since[rows] = np.where(kind[rows] == SUPERSEDING, extracted_at, since[rows])
        moved = _far_moves(found.of(kind[rows] == SUPERSEDING), stored, found)
        repeated = 0 if has_times else _contradictions(found)
    return Standings(kind, since, moved, repeated)


def _contradictions(rows: Versions) -> int:
    """Return how many rows say something else of their call than the row of it before."""
    order = np.argsort(rows.reference, kind="stable")
    follows, repeats = _beside_the_one_before(rows.reference[order], rows.content[order])
    return int((follows & ~repeats).sum())


def _far_moves(corrections: Versions, stored: Versions, rows: Versions) -> int:
    """Return how many corrections move their call far from where its first version had it."""
    if not corrections.reference.size:
        return 0
    parts = [
        each.of(pd.Series(each.reference).isin(corrections.reference).to_numpy())
        for each in (stored, rows)
    ]
    first = pd.Series(
        np.concatenate([part.received for part in parts]),
        np.concatenate([part.reference for part in parts]),
    )
    first = first[~first.index.duplicated()]
    before = first.reindex(corrections.reference).to_numpy()
    return int((np.abs(corrections.received - before) >= MOVED_US).sum())


def _by_time(rows: Versions, stored: Versions) -> NDArray[np.int8]:
    said = hash_pairs(hash_pairs(rows.reference, rows.known.view(np.uint64)), rows.content)
    held = hash_pairs(hash_pairs(stored.reference, stored.known.view(np.uint64)), stored.content)
    kind = np.where(pd.Series(said).isin(held), UNCHANGED, NEW).astype(np.int8)
    left = np.flatnonzero(kind == NEW)
    reference = np.concatenate([stored.reference, rows.reference[left]])
    known = np.concatenate([stored.known, rows.known[left]])
    says = np.concatenate([stored.content, rows.content[left]])
    order = np.lexsort((known, reference))  # stable: stored before the file's, each in its order
    follows, repeats = _beside_the_one_before(reference[order], says[order])
    # of versions written at one instant each is kept: another order would change which is the last
    ties = follows & np.append(False, known[order][1:] == known[order][:-1])
    repeats &= ties | ~np.append(ties[1:], False)
    is_row = order >= stored.reference.size
    after_row = np.concatenate([[False], is_row[:-1]])
    found = np.where(follows, SUPERSEDING, NEW)
    found = np.where(repeats, np.where(after_row, DUPLICATE, UNCHANGED), found)
    kind[left[order[is_row] - stored.reference.size]] = found[is_row]
    # a version older than the stored ones comes first in its chain, and still corrects its call
    older = (kind == NEW) & pd.Series(rows.reference).isin(stored.reference).to_numpy()
    kind[older] = SUPERSEDING
    return kind


def _by_extract(rows: Versions, stored: Versions, extracted_at: int) -> NDArray[np.int8]:
    order = np.argsort(rows.reference, kind="stable")
    reference, says = rows.reference[order], rows.content[order]
    follows, repeats = _beside_the_one_before(reference, says)
    kind = np.where(repeats, DUPLICATE, np.where(follows, SUPERSEDING, NEW)).astype(np.int8)
    newest = np.lexsort((stored.known, stored.reference))
    ends = stored.reference[newest]
    newest = newest[np.append(ends[1:] != ends[:-1], True)[: ends.size]]
    at = np.searchsorted(stored.reference[newest], reference)
    is_known = pd.Series(reference).isin(stored.reference).to_numpy()
    at = newest[np.where(is_known, at, 0)] if newest.size else np.zeros(reference.size, np.int64)

    held = pd.Series(hash_pairs(reference, says)).isin(hash_pairs(stored.reference, stored.content))
    told = is_known & ~repeats & held.to_numpy()
    last = np.flatnonzero(~repeats)
    last = last[np.append(reference[last][1:] != reference[last][:-1], True)[: last.size]]
    is_last = np.zeros(reference.size, bool)
    is_last[last] = True
    if stored.reference.size:
        moved_on = (stored.content[at] != says) & (stored.known[at] < extracted_at)
        fresh = is_known & ~repeats & ~told
        reopened = is_last & (moved_on | pd.Series(reference).isin(reference[fresh]).to_numpy())
        kind[is_known & ~repeats] = SUPERSEDING
        kind[told & ~reopened] = UNCHANGED
    found = np.empty_like(kind)
    found[order] = kind
    return found


def _beside_the_one_before(reference: Hashes, says: Hashes) -> tuple[Flags, Flags]:
    """Return which sorted rows follow one of the same call, and which of these repeat it."""
    same = np.zeros(reference.size, bool)
    same[1:] = reference[1:] == reference[:-1]
    repeats = same.copy()
    repeats[1:] &= says[1:] == says[:-1]
    return same, repeats
