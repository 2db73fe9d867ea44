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
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from forewatch.durable import sync_file
from forewatch.errors import NoIssue
from forewatch.profile import Profile
from planning.issues import Issue
from serving.issue_folder import (
    ABOUT,
    FORMAT,
    IssueFolder,
    about_digest,
    damaged_issue,
    issue_tree,
)
from serving.issue_parts import (
    Arrays,
    instant_text,
    observed_about,
    observed_of,
    part_about,
    part_arrays,
    part_of,
    past_arrays,
    past_of,
)

_ARRAYS = "arrays.npz"
_HIDDEN = ".unpublished-"


class StoredIssue(NamedTuple):
    """An issue as read, and the digest that stands for all of its content."""

    issue: Issue
    sha256: str


class IssueStore(IssueFolder):
    """The folder of issues, with the numbers in them."""

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
                _write(folder / ABOUT, _json(issue.numbered(number), digest))
                sync_file(folder)
                if self._claimed(folder, number):
                    return issue.numbered(number)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def latest(self) -> Issue:
        """Return the issue in service.

        Raises:
            NoIssue: if there is none.
            DamagedIssue: if it can't be read, or nobody knows which it is.
        """
        for number in self.in_service():
            return self.read(number)
        raise NoIssue(self.why_none())

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
                raise damaged_issue(number, f"{_ARRAYS} is not what was published")
            with np.load(io.BytesIO(arrays), allow_pickle=False) as found:
                return StoredIssue(_issue(about, dict(found)), about["sha256"])
        except (OSError, KeyError, TypeError, ValueError, BadZipFile, ValidationError) as error:
            raise damaged_issue(number, str(error)) from error

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


def _write(path: Path, content: bytes) -> None:
    """Write a file that is on the disk, and read-only, when this returns."""
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())


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
        "past": None if issue.past is None else list(issue.past.leaves),
        "profile": issue.profile.model_dump(mode="json"),
        "tree": {
            "levels": list(issue.tree.levels),
            "areas": [asdict(area) for area in issue.tree.areas],
        },
        "arrays_sha256": arrays_sha256,
    }
    about["sha256"] = about_digest(about)
    return json.dumps(about, indent=1).encode()


def _arrays(issue: Issue) -> bytes:
    arrays: Arrays = {}
    for name, part in issue.parts.items():
        arrays |= part_arrays(name, part)
    arrays |= past_arrays(issue.past)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _issue(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Issue:
    return Issue(
        number=about["number"],
        published_at=pd.Timestamp(about["published_at"]),
        parts={name: part_of(name, held, arrays) for name, held in about["parts"].items()},
        profile=Profile.model_validate(about["profile"]),
        tree=issue_tree(about),
        models=about["models"],
        data_version=about["data_version"],
        notes=tuple(about["notes"]),
        pools={kind: tuple(map(tuple, pools)) for kind, pools in about["pools"].items()},
        observed=observed_of(about["observed"]),
        is_draft=about["draft"],
        past=past_of(about.get("past"), arrays),
    )
