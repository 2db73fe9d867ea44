"""Issues that were published, by what they say of themselves: nothing of their numbers is read."""

from __future__ import annotations

import pandas as pd

from planning.issues import PublishedIssue
from serving.issue_folder import IssueFolder


def published_issues(folder: IssueFolder) -> tuple[PublishedIssue, ...]:
    """Return the issues that are in service or were followed by others, the newest first.

    Drafts, and those that were withdrawn, are not among them.

    Raises:
        DamagedIssue: if the description of one can't be read.
    """
    found = []
    for number in folder.in_service():
        about = folder.about(number)
        names = ("published_at", "first", "until")
        found.append(PublishedIssue(number, *(pd.Timestamp(about[name]) for name in names)))
    return tuple(sorted(found, key=lambda each: each.published_at, reverse=True))
