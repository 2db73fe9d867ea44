"""The issues that answers are read from: the latest, and a few earlier ones that were asked for.

A new issue is noticed by its folder and swapped in whole. A request takes its issue from the shelf
once and keeps it, so that an issue published meanwhile never changes an answer half-way.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

import pandas as pd
from cachetools import LRUCache

from forewatch.areas import AreaTree
from forewatch.errors import DamagedIssue, NoIssue, UnknownIssue
from planning.issues import Issue, PublishedIssue
from serving.fitness import unfit
from serving.issue_folder import Mark
from serving.issue_store import IssueStore
from serving.standing import Standing

_MAX_OPEN = 2  # earlier issues kept in memory; one of 9 districts × 12 types × 91 days has 8 MB
_MAX_BODY_BYTES = 32 * 2**20  # rendered answers kept, of all issues


class Body(NamedTuple):
    """A rendered answer.

    Args:
        content: what is sent.
        next_page: address of its next page; None where there is none.
        rows: how many it has.
        is_passing: whether something couldn't be read, so that it mustn't be kept.
        status: of the answer; a page that says what wasn't found still shows the rest.
    """

    content: bytes
    next_page: str | None
    rows: int = 0
    is_passing: bool = False
    status: int = 200

    def written(self) -> bytes:
        """Return the answer for another process: a line of JSON, then the content."""
        return (
            json.dumps([self.next_page, self.rows, self.is_passing, self.status]).encode()
            + b"\n"
            + self.content
        )

    @classmethod
    def read(cls, written: bytes) -> Body:
        """Return the answer that was written."""
        head, _, content = written.partition(b"\n")
        return cls(content, *json.loads(head))


class Bodies:
    """Rendered answers by question, the least recently used dropped first."""

    def __init__(self, max_bytes: int = _MAX_BODY_BYTES) -> None:
        """Keep up to so many bytes."""
        self._bodies: LRUCache[str, Body] = LRUCache(max_bytes, lambda body: len(body.content))
        self._lock = Lock()

    def get(self, question: str) -> Body | None:
        """Return the answer rendered before, if it is still kept."""
        with self._lock:
            return self._bodies.get(question)

    def keep(self, question: str, body: Body) -> None:
        """Keep an answer; one that is larger than a tenth of the room isn't kept."""
        if len(body.content) * 10 <= self._bodies.maxsize:
            with self._lock:
                self._bodies[question] = body


@dataclass(frozen=True)
class OpenIssue:
    """An issue in memory, with the digest of its content."""

    issue: Issue
    sha256: str


class Shelf:
    """Opens issues of a store; safe to use from several threads."""

    def __init__(self, store: IssueStore) -> None:
        """Remember the store; nothing is read yet."""
        self.bodies = Bodies()
        self._store = store
        self._lock = Lock()
        self._latest: OpenIssue | None = None
        self._tried = Mark()  # what was there when reading was last tried
        self._unreadable: DamagedIssue | None = None
        self._earlier: OrderedDict[int, OpenIssue] = OrderedDict()
        self._about: dict[int, dict[str, Any]] = {}
        self._trees: dict[int, AreaTree] = {}
        self._standings: tuple[Mark, dict[int, Standing]] = (Mark(), {})

    def latest(self) -> OpenIssue:
        """Return the newest issue in service that can be read.

        Raises:
            NoIssue: if none is in service.
            DamagedIssue: if none of them can be read.
        """
        # While another thread reads a new issue, the one at hand answers without waiting.
        if self._store.mark(self._tried) != self._tried and self._lock.acquire(
            blocking=self._latest is None
        ):
            try:
                self._advance()
            finally:
                self._lock.release()
        if self._latest is None:
            raise self._unreadable or NoIssue(self._store.why_none())
        return self._latest

    def issue(self, number: int | None) -> OpenIssue:
        """Return the issue of a number, or the latest for None.

        Raises:
            UnknownIssue, DamagedIssue: if there is none, or it can't be read.
            NoIssue: if the latest is asked for and none is in service.
        """
        latest = self.latest() if number is None else self._latest
        if latest is not None and number in (None, latest.issue.number):
            return latest
        if number is None:
            raise NoIssue(self._store.why_none())
        with self._lock:
            if number in self._earlier:
                self._earlier.move_to_end(number)
                return self._earlier[number]
        opened = OpenIssue(*self._store.published(number))
        with self._lock:
            self._earlier[number] = opened
            while len(self._earlier) > _MAX_OPEN:
                self._earlier.popitem(last=False)
        return opened

    def at_hand(self, number: int | None) -> OpenIssue | None:
        """Return the issue of a number, or the latest for None, if no file has to be read for it.

        For the loop that serves everybody: it looks for a newer issue, and reads nothing.
        """
        latest = self._latest
        if latest is None or self._store.mark(self._tried) != self._tried:
            return None
        if number is None or number == latest.issue.number:
            return latest
        return self._earlier.get(number)

    @property
    def damage(self) -> str:
        """Why a newer issue than the one at hand isn't served; "" where there is none."""
        return str(self._unreadable) if self._unreadable else ""

    def published(self) -> tuple[PublishedIssue, ...]:
        """Return the issues that are in service or were followed by others, the newest first.

        Drafts, those that were withdrawn and those that can't be read are not among them.

        Raises:
            DamagedIssue: if nobody knows what was withdrawn.
        """
        withdrawn, found = self._store.withdrawals.reasons(), []
        for number in self.numbers():
            with suppress(DamagedIssue, UnknownIssue):
                about = self.about(number)
                if number not in withdrawn and not about["draft"]:
                    found.append(PublishedIssue.of(about))
        return tuple(sorted(found, key=lambda each: each.published_at, reverse=True))

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers published, ascending."""
        return self._store.numbers()

    def about(self, number: int) -> dict[str, Any]:
        """Return what an issue says of itself; raises as `IssueStore.about` does."""
        if number not in self._about:
            self._about[number] = self._store.about(number)
        return self._about[number]

    def tree(self, number: int) -> AreaTree:
        """Return the areas of an issue, without opening it; raises as `IssueStore.about` does."""
        if number not in self._trees:
            tree = self._store.tree(number)
            # Trees seldom change: most issues share one in memory.
            like = next(reversed(self._trees.values()), tree)
            self._trees[number] = like if like == tree else tree
        return self._trees[number]

    def standing(self, number: int) -> Standing:
        """Return how an issue stands.

        Where nobody knows what was withdrawn, the one at hand stands as when it was taken.

        Raises:
            DamagedIssue: if nobody knows it of another one.
        """
        mark = self._store.mark(self._tried)
        held_at, held = self._standings
        if held_at != mark:
            held_at, held = self._standings = (mark, {})
        if number not in held:
            try:
                held[number] = self._store.standing(number)
            except DamagedIssue:
                if self._latest is None or number != self._latest.issue.number:
                    raise
                return Standing()
        return held[number]

    def changed_at(self) -> pd.Timestamp:
        """Return when which issue is served may have changed last, UTC; it only grows.

        Raises:
            NoIssue: if nothing was published.
            DamagedIssue: if the newest can't be read.
        """
        numbers = self._store.numbers()
        if not numbers:
            raise NoIssue(self._store.why_none())
        published = pd.Timestamp(self.about(numbers[-1])["published_at"])
        decided = pd.Timestamp(self._store.withdrawals.changed_ns(), unit="ns", tz="UTC")
        return max(published, decided)

    def unready(self, now: pd.Timestamp) -> tuple[str, ...]:
        """Return why forecasts should not be taken from here at *now*; nothing if they may."""
        with self._lock:
            self._advance()  # a folder may have gone, or have come back
        try:
            issue = self.latest().issue
        except (NoIssue, DamagedIssue) as error:
            return (str(error),)
        reasons = [str(self._unreadable)] if self._unreadable else []
        return (*reasons, *unfit(issue, self._store.numbers(), now))

    def _advance(self) -> None:
        """Open the newest readable issue in service, if it is not the one at hand.

        Where nobody knows what was withdrawn, the one at hand stays.
        """
        tried = Mark(self._store.newest(), self._store.withdrawals.stamp())
        at_hand = self._latest.issue.number if self._latest else 0
        unreadable: DamagedIssue | None = None
        found: OpenIssue | None = None
        try:
            for number in self._store.in_service():
                if number == at_hand:
                    found = self._latest
                    break
                try:
                    found = OpenIssue(*self._store.published(number))
                    break
                except (DamagedIssue, UnknownIssue) as error:
                    unreadable = unreadable or DamagedIssue(str(error))
            number = found.issue.number if found else 0
            # One whose folder has gone is served on, not an older one.
            if number > at_hand or at_hand in self._store.withdrawals.reasons():
                self._latest = found
        except DamagedIssue as error:
            unreadable = error
        self._unreadable, self._tried = unreadable, tried
