"""Two versions on the same past origins: what each lost, and whether chance explains it.

Sums of losses are kept by level, block of leads, origin and calendar week. Where two versions were
judged on the same origins, these are compared sum by sum, see `models.scores.paired_change`.
"""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from forewatch.errors import RegistryError
from models.register import Register, Version
from models.scores import paired_change

LOSSES = "losses.csv"  # a version's own, among the files of its report
EPOCH = "1970-01-05"  # the Monday from which weeks are counted
_THEIRS = "_theirs"
_TOLD = 2  # origins
_WHERE = ["level", "block", "origin", "week"]
_SEED, _DRAWS = 11, 2_000


def losses_of_recipe(fingerprint: str) -> str:
    """Return the name of the file of what another recipe lost on a version's origins."""
    return f"losses-{fingerprint}.csv"


def weekly(rows: pd.DataFrame) -> pd.DataFrame:
    """Return sums of losses by level, block, origin and week.

    Args:
        rows: level, block, origin (an instant), week (number of the calendar week), n (how many
            values are summed) and losses.
    """
    found = rows.groupby(_WHERE, sort=False, observed=True).sum().reset_index()
    return found.assign(origin=found["origin"].map(pd.Timestamp.isoformat))


def read_losses(text: str) -> pd.DataFrame:
    """Return the sums of losses that a file holds."""
    return pd.read_csv(io.StringIO(text), dtype={"level": str, "block": str, "origin": str})


def of_versions(register: Register, one: Version, two: Version) -> pd.DataFrame:
    """Return how two versions compare, see `side_by_side`.

    Where the recipe of one was fitted again beside the other, it is compared there.

    Raises:
        RegistryError: if they were judged on no past origin in common.
    """
    found = side_by_side(*_losses(register, one, two))
    if found.empty:
        raise RegistryError(
            f"versions {one.version} and {two.version} were judged on no past origin in common; "
            "'forewatch models show' has the scores of each, and a training compares its version "
            "with the champion of the time on the same origins"
        )
    return found


def _losses(register: Register, one: Version, two: Version) -> tuple[pd.DataFrame, pd.DataFrame]:
    for own, other in ((one, two), (two, one)):
        again = register.report_text(own, losses_of_recipe(other.tags.get("recipe", "")))
        if again is not None:
            held, beside = _loss_sums(register, own), read_losses(again)
            return (held, beside) if own is one else (beside, held)
    return _loss_sums(register, one), _loss_sums(register, two)


def _loss_sums(register: Register, version: Version) -> pd.DataFrame:
    text = register.report_text(version, LOSSES)
    if text is None:
        raise RegistryError(
            f"version {version.version} holds no losses by week to compare it by; train again"
        )
    return read_losses(text)


def side_by_side(ours: pd.DataFrame, theirs: pd.DataFrame, loss: str = "crps") -> pd.DataFrame:
    """Return one row a level and block: origins, ours, theirs, change, low, high.

    Args:
        ours: sums of losses, see `weekly`.
        theirs: the same of the other version; weeks that only one of them was judged on, or on
            other counts, are left out.
        loss: the loss.

    Returns:
        Means of the loss, the relative change and its 95 % interval; no rows where no origin is
        common to both.
    """
    both = paired_sums(ours, theirs)
    rows = []
    for (level, block), part in both.groupby(["level", "block"], sort=False):
        own, other = part[loss], part[f"{loss}{_THEIRS}"]
        change, low, high = change_of(part, loss, f"{loss}{_THEIRS}")
        rows.append(
            {"level": level, "block": block, "origins": part["origin"].nunique()}
            | {"ours": own.sum() / part["n"].sum(), "theirs": other.sum() / part["n"].sum()}
            | {"change": change, "low": low, "high": high}
        )
    return pd.DataFrame(rows)


def paired_sums(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Return the sums that two versions have in common, the other's columns ending in _theirs."""
    return ours.merge(theirs, on=[*_WHERE, "n"], suffixes=("", _THEIRS))


def change_of(sums: pd.DataFrame, ours: str, theirs: str) -> tuple[float, float, float]:
    """Return how one column of sums lies relative to another, with its 95 % interval.

    Args:
        sums: of one level and block, see `weekly`.
        ours: name of the one column.
        theirs: name of the other.
    """
    where = sums["week"], sums["origin"]
    return paired_change(sums[ours], sums[theirs], where, _SEED, _DRAWS)


def deciding_origins(sums: pd.DataFrame, ours: str, theirs: str) -> str:
    """Return in words from which origins most of what was lost more comes, "" for none.

    Args:
        sums: of one level and block, see `weekly`.
        ours: name of the one column.
        theirs: name of the other.
    """
    more = sums.assign(lost=sums[ours] - sums[theirs])
    by_origin = more.groupby("origin")["lost"].sum().sort_values(ascending=False)
    told = []
    for origin in by_origin[by_origin > 0].index[:_TOLD]:
        by_week = more[more["origin"] == origin].groupby("week")["lost"].sum()
        week = pd.Timestamp(EPOCH) + pd.Timedelta(weeks=int(by_week.idxmax()))
        at = pd.Timestamp(str(origin)).tz_convert("UTC")
        told.append(f"{at:%Y-%m-%dT%H:%MZ} (week of {week:%Y-%m-%d})")
    return " and ".join(told)


def said_of_chance(low: float, high: float) -> str:
    """Return in a word whether chance explains a change with such an interval.

    >>> said_of_chance(-0.04, -0.01), said_of_chance(-0.02, 0.03), said_of_chance(0.01, 0.02)
    ('better', 'chance', 'worse')
    """
    if low <= 0 <= high or np.isnan(low):
        return "chance"
    return "better" if high < 0 else "worse"
