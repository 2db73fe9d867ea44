"""Writes docs/openapi.json and docs/rota/…: `python -m serving.api.reference [FILE]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from forewatch.profile import Profile
from serving.api.app import create_app
from serving.api.rota_schemas import schema_text
from serving.duty_records import UNKNOWN, DutyRecords
from serving.issue_store import IssueStore
from serving.keys import KeyRing
from serving.views import View

_FILE = Path("docs/openapi.json")
_SCHEMA = Path("docs/rota/requirements-1.0.schema.json")


class _NoWorkspace:
    """A workspace without anything in it: the document doesn't depend on one."""

    root = Path()

    def snapshot(self, subject: str) -> Path:
        """Return the file of no register."""
        return Path(f"models-{subject}.json")

    def profile_now(self) -> Profile:
        """Return no profile."""
        raise NotImplementedError

    def views_now(self) -> tuple[View, ...]:
        """Return no views."""
        return ()

    def issues(self) -> IssueStore:
        """Return no issues."""
        return IssueStore(Path("issues"))

    def keys(self) -> KeyRing:
        """Return no keys."""
        return KeyRing(Path("keys.json"))

    def duty_records(self) -> DutyRecords:
        """Return no records."""
        return DutyRecords(Path("history"), lambda _: UNKNOWN)


def openapi_text() -> str:
    """Return the OpenAPI document as it is checked in."""
    return json.dumps(create_app(_NoWorkspace()).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else _FILE
    target.write_text(openapi_text(), encoding="utf-8")
    if target == _FILE:
        _SCHEMA.write_text(schema_text(), encoding="utf-8")
