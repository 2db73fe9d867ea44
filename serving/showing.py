"""What answers of every kind say beside their numbers, and how many digits they show."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet as pq

from planning.issues import Issue
from serving.standing import Standing

_POOLS_SHOWN = 5


def decimals(mean: pd.Series) -> int:
    """Return how many decimals keep the smallest mean from looking like zero, 1 to 4.

    >>> decimals(pd.Series([12.3, 0.04]))
    3
    """
    least = mean[mean > 0].min()
    return int(np.clip(1 - np.floor(np.log10(least)), 1, 4)) if least > 0 else 1


def about_issue(issue: Issue, standing: Standing) -> dict[str, str | int]:
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
        **standing.texts(),
    }


def origin_line(issue: Issue, standing: Standing, now: pd.Timestamp) -> str:
    """Return which issue an answer is from, and what its reader must know of it, line by line."""
    zone, until = issue.profile.force.zone, issue.forecast.data_until
    head = (
        f"{issue.profile.force.name}, issue {issue.number}, data until "
        f"{until.tz_convert(zone):%Y-%m-%d %H:%M}, times in {zone}"
    )
    lines = [head, *standing.lines(issue.number)]
    if why := issue.why_stale(now):
        lines.append(f"STALE: {why}")
    return "\n".join(lines)


def told_together(frame: pd.DataFrame) -> list[str]:
    """Return which areas' calls are known together only, each pool once."""
    pools = [text for text in dict.fromkeys(frame["pooled"]) if text]
    rest = len(pools) - _POOLS_SHOWN
    more = [f"and {rest} more pools; see 'forewatch pools'"] * (rest > 0)
    return [
        *(
            f"pooled: {areas}: of some calls in these areas only the sum is known"
            for areas in pools[:_POOLS_SHOWN]
        ),
        *more,
    ]


def reasons(frame: pd.DataFrame) -> list[str]:
    """Return why rows are not forecast, each reason once with its areas and call types."""
    what = ["area", *(["call_type"] if "call_type" in frame else [])]
    return [
        f"{state}: {reason} ({', '.join(dict.fromkeys(part[what].agg(' '.join, axis=1)))})"
        for (state, reason), part in frame[frame["reason"] != ""].groupby(["state", "reason"])
    ]


def parquet(about: dict[str, Any], frame: pd.DataFrame) -> bytes:
    """Return a frame as a Parquet file whose metadata "forewatch" says where it came from."""
    plain, said = io.BytesIO(), io.BytesIO()
    frame.to_parquet(plain, index=False)
    table = pq.read_table(plain)
    metadata = {**(table.schema.metadata or {}), b"forewatch": json.dumps(about).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), said)
    return said.getvalue()


def _text(instant: pd.Timestamp) -> str:
    return instant.tz_convert("UTC").tz_localize(None).isoformat() + "Z"
