"""Issues that were published, by what they say of themselves: nothing of their numbers is read."""

from __future__ import annotations

from planning.issues import PublishedIssue
from serving.issue_folder import IssueFolder


def published_issues(folder: IssueFolder) -> tuple[PublishedIssue, ...]:
    """Return the issues that are in service or were followed by others, the newest first.

    Drafts, and those that were withdrawn, are not among them.

    Raises:
        DamagedIssue: if the description of one can't be read.
    """
    found = [PublishedIssue.of(folder.about(number)) for number in folder.in_service()]
    return tuple(sorted(found, key=lambda each: each.published_at, reverse=True))
