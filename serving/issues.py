"""Use cases: looking at the issues that were published, and deciding which may be served."""

from __future__ import annotations

from datetime import UTC, datetime

from forewatch.errors import DamagedIssue, NoIssue
from serving.issue_folder import IssueFolder
from serving.printing import Columns, columns_of
from serving.withdrawals import Act
from serving.workspace import Workspace

_COLUMNS = ("issue", "status", "published", "origin", "data until", "model", "remark")


def issue_list(workspace: Workspace) -> Columns:
    """Return columns of a row an issue, the newest first.

    Raises:
        DamagedIssue: if nobody knows what was withdrawn.
    """
    store = workspace.issue_folder()
    served = next(store.in_service(), 0)
    return columns_of(
        _COLUMNS, (_row(store, number, served) for number in reversed(store.numbers()))
    )


def decide(workspace: Workspace, act: Act, number: int, by: str, reason: str) -> str:
    """Take an issue out of service, or back into it, and say what is served now.

    Raises:
        UnknownIssue: if the number was never published here.
        SettingsError: if no reason is given, or the issue stands so already.
    """
    store, now = workspace.issues(), datetime.now(UTC)
    store.decide(act, number, by, reason, now)
    done = f"issue {number} is " + ("withdrawn" if act == "withdraw" else "restored")
    try:
        latest = store.latest()
    except (NoIssue, DamagedIssue) as error:
        return f"{done}; {error}"
    stale = f", which is stale: {why}" if (why := latest.why_stale(now)) else ""
    return f"{done}; served is issue {latest.number}{stale}"


def _row(store: IssueFolder, number: int, served: int) -> tuple[str, ...]:
    try:
        about, standing = store.about(number), store.standing(number)
    except DamagedIssue as error:
        return (str(number), "damaged", "", "", "", "", str(error))
    if standing.withdrawn:
        status = "withdrawn"
    elif standing.is_draft:
        status = "draft"
    else:
        status = "served" if number == served else "superseded"
    instants = (about[name][:16] for name in ("published_at", "origin", "data_until"))
    return (str(number), status, *instants, about["model_version"], standing.withdrawn)
