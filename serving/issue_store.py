"""Issues on disk: published once, whole or not at all, under a number of their own.

1. An issue is written into a hidden folder beside the others and flushed to the disk.
2. The folder is renamed to the next number. A rename onto an existing issue fails, so two
   publishers never share a number: the one that comes second takes the one after.
3. Nothing is changed afterwards: files are read-only, and their digests are checked on reading.
4. Served is the newest that is no draft and was not withdrawn (`serving.withdrawals`).

A crash before step 2 leaves a hidden folder that nobody reads. An issue holds its profile and area
tree too, so that a past one can be asked for again after the force has changed.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from forewatch.areas import Area, AreaTree
from forewatch.durable import sync_file
from forewatch.errors import DamagedIssue, NoIssue, UnknownIssue
from forewatch.profile import Profile
from planning.issues import Issue
from serving.issue_parts import (
    Arrays,
    instant_text,
    observed_about,
    observed_of,
    part_about,
    part_arrays,
    part_of,
)
from serving.standing import Standing
from serving.withdrawals import Act, Stamp, Withdrawals

FORMAT = 3
_ABOUT = "issue.json"
_ARRAYS = "arrays.npz"
_HIDDEN = ".unpublished-"
_DIGITS = 6
# What the summary of an issue leaves out of issue.json: what only a reader of arrays needs.
_INSIDE = (
    "format",
    "profile",
    "tree",
    "parts",
    "pools",
    "arrays_sha256",
)


class StoredIssue(NamedTuple):
    """An issue as read, and the digest that stands for all of its content."""

    issue: Issue
    sha256: str


class Mark(NamedTuple):
    """What changes when an issue is published, withdrawn or restored."""

    newest: int = 0
    decisions: Stamp = None


class IssueStore:
    """The folder of published issues, one sub-folder each: 000001, 000002 and so on."""

    def __init__(self, root: Path) -> None:
        """Remember the folder; it is made when the first issue is published."""
        self.root = root
        self.withdrawals = Withdrawals(root)

    def publish(self, issue: Issue) -> Issue:
        """Return the issue as published: complete, under the next free number."""
        self.root.mkdir(parents=True, exist_ok=True)
        folder = self.root / f"{_HIDDEN}{secrets.token_hex(8)}"
        folder.mkdir()
        try:
            arrays = _arrays(issue)
            _write(folder / _ARRAYS, arrays)
            digest = sha256(arrays).hexdigest()
            number = self.newest()
            while True:
                number += 1
                _write(folder / _ABOUT, _json(issue.numbered(number), digest))
                sync_file(folder)
                if self._claimed(folder, number):
                    return issue.numbered(number)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

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

    def latest(self) -> Issue:
        """Return the issue in service.

        Raises:
            NoIssue: if there is none.
            DamagedIssue: if it can't be read, or nobody knows which it is.
        """
        for number in self.in_service():
            return self.read(number)
        raise NoIssue(self.why_none())

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

    def decide(self, act: Act, number: int, by: str, reason: str, now: pd.Timestamp) -> None:
        """Take an issue out of service, or back into it, damaged or not.

        Raises:
            UnknownIssue: if the number was never published here.
            SettingsError, DamagedIssue: as `Withdrawals.decide` does.
        """
        if number not in self.numbers():
            raise UnknownIssue(self._unknown(number))
        self.withdrawals.decide(act, number, by, reason, now)

    def read(self, number: int) -> Issue:
        """Return a published issue.

        Raises:
            UnknownIssue: if the number was never published here.
            DamagedIssue: if its files are not those that were published.
        """
        return self.published(number).issue

    def published(self, number: int) -> StoredIssue:
        """Return a published issue with its digest; raises as `read` does."""
        about = self._about(number)
        try:
            arrays = (self._folder(number) / _ARRAYS).read_bytes()
            if sha256(arrays).hexdigest() != about["arrays_sha256"]:
                raise DamagedIssue(_damage(number, f"{_ARRAYS} is not what was published"))
            with np.load(io.BytesIO(arrays), allow_pickle=False) as found:
                return StoredIssue(_issue(about, dict(found)), about["sha256"])
        except (OSError, KeyError, TypeError, ValueError, BadZipFile, ValidationError) as error:
            raise DamagedIssue(_damage(number, str(error))) from error

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
        return _tree(self._about(number))

    def _about(self, number: int) -> dict[str, Any]:
        path = self._folder(number) / _ABOUT
        try:
            about: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            if self._folder(number).exists():
                raise DamagedIssue(_damage(number, f"{_ABOUT} is not there")) from None
            raise UnknownIssue(self._unknown(number)) from None
        except (OSError, ValueError) as error:
            raise DamagedIssue(_damage(number, str(error))) from error
        if not isinstance(about, dict) or about.get("sha256") != _digest(about):
            raise DamagedIssue(_damage(number, f"{_ABOUT} is not what was published"))
        if about.get("number") != number:
            raise DamagedIssue(_damage(number, f"it says that it is {about.get('number')}"))
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

    def _claimed(self, folder: Path, number: int) -> bool:
        """Rename to the number, unless another publisher has it."""
        try:
            folder.rename(self._folder(number))
        except OSError:
            if self._folder(number).exists():
                return False
            raise
        sync_file(self.root)
        return True


def _damage(number: int, why: str) -> str:
    return f"issue {number} can't be read: {why}; restore its folder or publish a new issue"


def _write(path: Path, content: bytes) -> None:
    """Write a file that is on the disk, and read-only, when this returns."""
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())


def _digest(about: dict[str, Any]) -> str:
    content = {name: value for name, value in about.items() if name != "sha256"}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _json(issue: Issue, arrays_sha256: str) -> bytes:
    forecast = issue.forecast
    about: dict[str, Any] = {
        "format": FORMAT,
        "number": issue.number,
        "published_at": instant_text(issue.published_at),
        "origin": instant_text(forecast.origin),
        "data_until": instant_text(forecast.data_until),
        "first": instant_text(forecast.rates.edges[0]),
        "until": instant_text(forecast.rates.edges[-1]),
        "step": forecast.rates.step,
        "model_version": issue.model_version,
        "models": dict(issue.models),
        "data_version": issue.data_version,
        "notes": list(issue.notes),
        "draft": issue.is_draft,
        "observed": observed_about(issue.freshness.observed),
        "parts": {name: part_about(part) for name, part in issue.parts.items()},
        "pools": {kind: [list(pool) for pool in pools] for kind, pools in issue.pools.items()},
        "profile": issue.profile.model_dump(mode="json"),
        "tree": {
            "levels": list(issue.tree.levels),
            "areas": [asdict(area) for area in issue.tree.areas],
        },
        "arrays_sha256": arrays_sha256,
    }
    about["sha256"] = _digest(about)
    return json.dumps(about, indent=1).encode()


def _arrays(issue: Issue) -> bytes:
    arrays: Arrays = {}
    for name, part in issue.parts.items():
        arrays |= part_arrays(name, part)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _issue(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Issue:
    return Issue(
        number=about["number"],
        published_at=pd.Timestamp(about["published_at"]),
        parts={name: part_of(name, held, arrays) for name, held in about["parts"].items()},
        profile=Profile.model_validate(about["profile"]),
        tree=_tree(about),
        models=about["models"],
        data_version=about["data_version"],
        notes=tuple(about["notes"]),
        pools={kind: tuple(map(tuple, pools)) for kind, pools in about["pools"].items()},
        observed=observed_of(about["observed"]),
        is_draft=about["draft"],
    )


def _tree(about: dict[str, Any]) -> AreaTree:
    areas = tuple(Area(**area) for area in about["tree"]["areas"])
    return AreaTree(areas, tuple(about["tree"]["levels"]))
