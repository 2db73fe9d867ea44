"""Which issues were taken out of service, by whom and why; a withdrawal can be taken back.

An issue itself is never changed. What was decided about issues stands beside them in one file, each
decision for good, written whole under a lock with a digest: a file that is not what was written is
never read as "nothing was withdrawn".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from forewatch.durable import write_file
from forewatch.errors import DamagedIssue, SettingsError
from forewatch.locks import hold_lock
from serving.standing import REASON_AFTER

_FILE = "decisions.json"
Act = Literal["withdraw", "restore"]
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class Withdrawal:
    """Who took which issue out of service, or back into it, when (UTC, ISO) and why."""

    act: Act
    issue: int
    by: str
    decided_at: str
    reason: str


class Withdrawals:
    """The decisions about the issues of a folder."""

    def __init__(self, root: Path) -> None:
        """Remember the folder; the file is made by the first decision."""
        self._path = root / _FILE
        self._lock = root / ".decisions.lock"

    def decisions(self) -> tuple[Withdrawal, ...]:
        """Return every decision, oldest first.

        Raises:
            DamagedIssue: if the file is not what was written.
        """
        try:
            held: Mapping[str, Any] = json.loads(self._path.read_bytes())
            found = held["decisions"]
            _stop_if_altered(found, held["sha256"])
            return tuple(Withdrawal(**each) for each in found)
        except FileNotFoundError:
            return ()
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise DamagedIssue(
                f"{self._path.parent.name}/{_FILE} can't be read, so nobody knows which issues "
                f"were withdrawn: {error}; restore it from a copy"
            ) from error

    def reasons(self) -> dict[int, str]:
        """Return why each withdrawn issue was; raises as `decisions` does."""
        last = {each.issue: each for each in self.decisions()}
        return {
            number: f"withdrawn on {each.decided_at[:10]} by {each.by}{REASON_AFTER}{each.reason}"
            for number, each in last.items()
            if each.act == "withdraw"
        }

    def decide(self, act: Act, issue: int, by: str, reason: str, now: datetime) -> None:
        """Take an issue out of service, or back into it.

        Args:
            act: which.
            issue: its number; it exists.
            by: who decides.
            reason: why, in words.
            now: the present instant, UTC.

        Raises:
            SettingsError: if no reason is given, or the issue stands so already.
            DamagedIssue: if the earlier decisions can't be read.
        """
        said = " ".join(reason.split())
        if not said:
            raise SettingsError("say why; the reason is told with every answer from the issue")
        with hold_lock(self._lock):
            already = self.reasons().get(issue)
            if act == "withdraw" and already is not None:
                raise SettingsError(f"issue {issue} was {already}")
            if act == "restore" and already is None:
                raise SettingsError(f"issue {issue} is not withdrawn; nothing is to be taken back")
            new = Withdrawal(act, issue, by, now.isoformat(timespec="seconds"), said)
            rows = [asdict(each) for each in (*self.decisions(), new)]
            content = {"decisions": rows, "sha256": _digest(rows)}
            write_file(self._path, json.dumps(content, indent=1).encode())

    def changed_ns(self) -> int:
        """Return when a decision was written last, nanoseconds since 1970; 0: there is none."""
        stamp = self.stamp()
        return 0 if stamp is None else stamp[1]

    def stamp(self) -> Stamp:
        """Return what changes whenever a decision is written; None while there is none."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _stop_if_altered(decisions: list[dict[str, Any]], sha256_: str) -> None:
    if sha256_ != _digest(decisions):
        raise ValueError("it is not what was written")


def _digest(decisions: list[dict[str, Any]]) -> str:
    return sha256(json.dumps(decisions, sort_keys=True).encode()).hexdigest()
