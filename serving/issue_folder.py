"""The folder of issues: which there are, how they stand, and what each says of itself.

Nothing here needs the numbers of an issue (`serving.issue_store` has them), so that listing issues
and keys takes no time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from forewatch.areas import Area, AreaTree
from forewatch.errors import DamagedIssue, UnknownIssue
from serving.standing import Standing
from serving.withdrawals import Act, Stamp, Withdrawals

FORMAT = 3
ABOUT = "issue.json"
_DIGITS = 6
# What the summary of an issue leaves out of issue.json: what only a reader of arrays needs.
_INSIDE = (
    "format",
    "profile",
    "tree",
    "parts",
    "pools",
    "past",
    "arrays_sha256",
)


class Mark(NamedTuple):
    """What changes when an issue is published, withdrawn or restored."""

    newest: int = 0
    decisions: Stamp = None


class IssueFolder:
    """The folder of published issues, one sub-folder each: 000001, 000002 and so on."""

    def __init__(self, root: Path) -> None:
        """Remember the folder; it is made when the first issue is published."""
        self.root = root
        self.withdrawals = Withdrawals(root)

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers published, ascending."""
        if not self.root.is_dir():
            return ()
        names = (entry.name for entry in os.scandir(self.root))
        return tuple(sorted(int(name) for name in names if name.isdecimal()))

    def newest(self, known: int = 0) -> int:
        """Return the highest number published, 0 if none; cheap when *known* is (nearly) it."""
        if not known:
            return max(self.numbers(), default=0)
        while self._folder(known + 1).exists():
            known += 1
        return known

    def mark(self, known: Mark) -> Mark:
        """Return the present mark; cheap when *known* is (nearly) it."""
        return Mark(self.newest(known.newest), self.withdrawals.stamp())

    def in_service(self) -> Iterator[int]:
        """Yield the numbers that may be served, the newest first.

        One whose description can't be read is among them, as far as it was not withdrawn.

        Raises:
            DamagedIssue: if nobody knows what was withdrawn.
        """
        withdrawn = self.withdrawals.reasons()
        for number in reversed(self.numbers()):
            if number not in withdrawn and not self._is_draft(number):
                yield number

    def why_none(self) -> str:
        """Return why no issue is in service, and what to do."""
        if not (number := self.newest()):
            return "no issue published yet; run 'forewatch issue'"
        return (
            f"no issue is in service: those up to {number} are drafts or were withdrawn; run "
            "'forewatch issue', or 'forewatch issues restore'"
        )

    def standing(self, number: int) -> Standing:
        """Return how an issue stands.

        Raises:
            DamagedIssue: if nobody knows what was withdrawn.
        """
        served = next(self.in_service(), 0)
        return Standing(
            superseded_by=served if served > number else None,
            withdrawn=self.withdrawals.reasons().get(number, ""),
            is_draft=self._is_draft(number),
        )

    def decide(self, act: Act, number: int, by: str, reason: str, now: datetime) -> None:
        """Take an issue out of service, or back into it, damaged or not.

        Raises:
            UnknownIssue: if the number was never published here.
            SettingsError, DamagedIssue: as `Withdrawals.decide` does.
        """
        if number not in self.numbers():
            raise UnknownIssue(self._unknown(number))
        self.withdrawals.decide(act, number, by, reason, now)

    def about(self, number: int) -> dict[str, Any]:
        """Return what an issue says of itself, without profile, tree and arrays.

        Raises:
            UnknownIssue: if the number was never published here.
            DamagedIssue: if its description is not what was published.
        """
        about = self._about(number)
        return {name: value for name, value in about.items() if name not in _INSIDE}

    def tree(self, number: int) -> AreaTree:
        """Return the areas of an issue, without its arrays; raises as `about` does."""
        return issue_tree(self._about(number))

    def _about(self, number: int) -> dict[str, Any]:
        path = self._folder(number) / ABOUT
        try:
            about: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            if self._folder(number).exists():
                raise damaged_issue(number, f"{ABOUT} is not there") from None
            raise UnknownIssue(self._unknown(number)) from None
        except (OSError, ValueError) as error:
            raise damaged_issue(number, str(error)) from error
        if not isinstance(about, dict) or about.get("sha256") != about_digest(about):
            raise damaged_issue(number, f"{ABOUT} is not what was published")
        if about.get("number") != number:
            raise damaged_issue(number, f"it says that it is {about.get('number')}")
        if about.get("format") != FORMAT:
            raise DamagedIssue(
                f"issue {number} is of format {about.get('format')}, this code reads format "
                f"{FORMAT}; publish a new one with 'forewatch issue'"
            )
        return about

    def _is_draft(self, number: int) -> bool:
        try:
            return bool(self._about(number)["draft"])
        except (UnknownIssue, DamagedIssue):
            return False  # what can't be read is told when it is

    def _unknown(self, number: int) -> str:
        there = self.numbers()
        has = f"the latest is {there[-1]}, the first {there[0]}" if there else "none is published"
        return f"no issue {number}; {has}"

    def _folder(self, number: int) -> Path:
        return self.root / f"{number:0{_DIGITS}d}"


def damaged_issue(number: int, why: str) -> DamagedIssue:
    """Return the error for an issue that is not what was published."""
    return DamagedIssue(
        f"issue {number} can't be read: {why}; restore its folder or publish a new issue"
    )


def about_digest(about: dict[str, Any]) -> str:
    """Return the digest of what an issue says of itself, arrays and all."""
    content = {name: value for name, value in about.items() if name != "sha256"}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def issue_tree(about: dict[str, Any]) -> AreaTree:
    """Return the areas of what an issue says of itself."""
    areas = tuple(Area(**area) for area in about["tree"]["areas"])
    return AreaTree(areas, tuple(about["tree"]["levels"]))
