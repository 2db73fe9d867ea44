"""What answers of every kind say beside their numbers, and how many digits they show."""

from __future__ import annotations

import numpy as np
import pandas as pd

from planning.issues import Issue


def decimals(mean: pd.Series) -> int:
    """Return how many decimals keep the smallest mean from looking like zero, 1 to 4.

    >>> decimals(pd.Series([12.3, 0.04]))
    3
    """
    least = mean[mean > 0].min()
    return int(np.clip(1 - np.floor(np.log10(least)), 1, 4)) if least > 0 else 1


def about_issue(issue: Issue) -> dict[str, str | int]:
    """Return what each row of a file, or its head, says of the issue."""
    forecast_ = issue.forecast
    return {
        "issue": issue.number,
        "origin": _text(forecast_.origin),
        "data_until": _text(forecast_.data_until),
        "published_at": _text(issue.published_at),
        "model_version": issue.model_version,
        "zone": issue.profile.force.zone,
        "unit": "calls",
    }


def _text(instant: pd.Timestamp) -> str:
    return instant.tz_convert("UTC").tz_localize(None).isoformat() + "Z"
