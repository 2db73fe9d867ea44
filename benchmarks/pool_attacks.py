"""What an outsider solves for: the reports of single areas of a pool, from answers alone.

    python -m benchmarks.pool_attacks WORKSPACE

The workspace has published issues (that of `make demo`, say). Each attack asks a route as holders
of keys may, computes what share of its pool's missing-person reports every pooled area has, and is
compared with the truth, the share of the raw reports of the last observed year:

- forecasts, directly: the rows of the type itself;
- totals on types: hourly totals of an area are regressed on its place's hourly calls by type;
- grades: the same with the totals of each grade;
- explanations: the mean of the rows there;
- shifts: expected reports by shift of /v1/missing-persons, added up to the week;
- issue over issue: the change between the two last issues.

Told: by how much the shares found differ from the public ones (the pool's chances) at most, and the
correlation of that difference with what the truth differs by. An attack that learns nothing has a
correlation around 0 (no number: no difference at all).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fastapi.testclient import TestClient

from features.pool_decision import decisions
from forewatch.areas import AreaTree
from forewatch.pools import Pool
from serving.api.app import create_app
from serving.pooling import settle_pools
from serving.workspace import Workspace

KIND = "missing_person"
_LIMIT = 500
_NOTHING = 1e-5  # answers are rounded to a millionth of a call


@dataclass(frozen=True)
class Outsider:
    """Somebody with a key and a list of areas."""

    client: TestClient
    week: str
    tree: AreaTree
    modelled: str

    def rows(self, route: str, issue: int | None = None, **asked: str | list[str]) -> pd.DataFrame:
        """Return all rows of an answer, page after page."""
        found: list[dict[str, Any]] = []
        chosen = {} if issue is None else {"issue": str(issue)}
        while True:
            page = {"week": self.week, "limit": str(_LIMIT), "offset": str(len(found))}
            answer = self.client.get(f"/v1/{route}", params=asked | chosen | page)
            answer.raise_for_status()
            found += answer.json()["rows"]
            if len(answer.json()["rows"]) < _LIMIT:
                return pd.DataFrame(found)

    def place(self, area: str) -> str:
        """Return the modelled area that holds another."""
        return self.tree.ancestor_in(area, self.tree.cut(self.modelled))


def main() -> None:
    """Try every attack on a workspace and print what each one learned."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("workspace", type=Path)
    workspace = Workspace(parser.parse_args().workspace)
    history = settle_pools(workspace)
    years = decisions(history)[KIND]
    pools = years[max(years)].pools
    since = history.observed_until - pd.Timedelta(days=365)
    counts = history.counts
    own = counts[(counts["call_type"] == KIND) & (counts["start"] >= since)]
    reports = own.groupby("area", observed=False)["count"].sum()
    outsider = _outsider(workspace)
    rows = {}
    for name, attack in ATTACKS.items():
        rows[name] = _learned(pools, reports, attack(outsider, pools))
    print(pd.DataFrame(rows).T.to_string())


def _outsider(workspace: Workspace) -> Outsider:
    key = workspace.keys().create("attack", ("forecasts:read",))
    client = TestClient(
        create_app(workspace), "http://localhost", headers={"Authorization": f"Bearer {key}"}
    )
    issue = workspace.issues().latest()
    days = issue.forecast.rates.force_days
    monday = days[days.day_of_week == 0][2].isocalendar()  # an earlier issue reaches it, too
    week = f"{monday.year}-W{monday.week:02d}"
    return Outsider(client, week, issue.tree, issue.profile.levels.modelled)


def _learned(
    pools: tuple[Pool, ...], reports: pd.Series, found: dict[str, float]
) -> dict[str, Any]:
    """Return how far the shares found lie from the public ones, and towards the truth."""
    away, true = [], []
    for pool in pools:
        told = np.array([found[leaf] for leaf in pool.leaves])
        real = reports[list(pool.leaves)].to_numpy(np.float64)
        if not np.isfinite(told).all() or abs(told.sum()) < _NOTHING:
            continue
        away += list(told / told.sum() - np.array(pool.chances))
        true += list(real / real.sum() - np.array(pool.chances))
    moved = np.abs(away).max() if away else np.nan
    related = np.corrcoef(away, true)[0, 1] if len(away) > 1 and moved > _NOTHING else np.nan
    return {"areas": len(away), "furthest from public": moved, "correlation": related}


def _leaves(pools: tuple[Pool, ...]) -> list[str]:
    return [leaf for pool in pools for leaf in pool.leaves]


def directly(who: Outsider, pools: tuple[Pool, ...]) -> dict[str, float]:
    """Read the rows of the type."""
    rows = who.rows("forecasts", area=_leaves(pools), call_type=[KIND], by="week")
    return dict(zip(rows["area"], rows["mean"], strict=True))


def explained(who: Outsider, pools: tuple[Pool, ...]) -> dict[str, float]:
    """Read the means of the explanations."""
    rows = who.rows("explanations", area=_leaves(pools), call_type=[KIND], by="week")
    return dict(zip(rows["area"], rows["mean"], strict=True))


def totals_on_types(who: Outsider, pools: tuple[Pool, ...]) -> dict[str, float]:
    """Solve for the type's share in each area's total."""
    return _regressed(who, pools, [])


def grades(who: Outsider, pools: tuple[Pool, ...]) -> dict[str, float]:
    """Solve for it with the totals of each grade."""
    return _regressed(who, pools, ["each"])


def _regressed(who: Outsider, pools: tuple[Pool, ...], grade: list[str]) -> dict[str, float]:
    found = {}
    for leaf in _leaves(pools):
        whole, parts = leaf, who.place(leaf)
        total = who.rows("forecasts", area=[whole], grade=grade, by="hour")
        by_type = who.rows("forecasts", area=[parts], call_type=["each"], grade=grade, by="hour")
        columns = by_type.pivot_table(
            index=["grade", "start"], columns="call_type", values="mean", sort=False
        )
        y = total.set_index(["grade", "start"])["mean"].reindex(columns.index)
        share, *_ = np.linalg.lstsq(columns.to_numpy(), y.to_numpy(), rcond=None)
        kind = list(columns).index(KIND)
        found[leaf] = float(share[kind] * columns[KIND].sum())
    return found


def shifts(who: Outsider, pools: tuple[Pool, ...]) -> dict[str, float]:
    """Add up the shifts of missing-person demand."""
    rows = who.rows("missing-persons", area=_leaves(pools), by="shift")
    sums = rows.groupby("area")["expected"].sum()
    return {str(area): float(value) for area, value in sums.items()}


def issue_over_issue(who: Outsider, pools: tuple[Pool, ...]) -> dict[str, float]:
    """Take the difference of the two last issues."""
    listed = who.client.get("/v1/issues").json()["issues"]
    numbers = sorted(each["number"] for each in listed)
    if numbers[:-1] == []:
        return dict.fromkeys(_leaves(pools), np.nan)
    means = []
    for number in numbers[-2:]:
        rows = who.rows("forecasts", number, area=_leaves(pools), call_type=[KIND], by="week")
        means.append(rows.set_index("area")["mean"])
    return {str(area): float(change) for area, change in (means[1] - means[0]).items()}


ATTACKS: dict[str, Callable[[Outsider, tuple[Pool, ...]], dict[str, float]]] = {
    "forecasts": directly,
    "totals on types": totals_on_types,
    "grades": grades,
    "explanations": explained,
    "shifts": shifts,
    "issue over issue": issue_over_issue,
}


if __name__ == "__main__":
    main()
