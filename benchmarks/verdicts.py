"""The gate's verdict on two engines by their backtest files, as if both were recipes of one engine.

    python -m benchmarks.verdicts SET WORKSPACE CHALLENGER.parquet CHAMPION.parquet

A workspace holds models of one engine only, so no engine is judged against an older one there. Here
what each forecast from the same origins (`python -m benchmarks.accuracy SET --work DIR --rows FILE`
in two checkouts; the workspace is DIR/SET) is scored by level and block of days ahead and handed to
`models.gate`. The honest baseline is the 8-week mean of the first file. Exit code 4: refused.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cases import EIGHT, case
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.accuracy.scoring import Blocks, Case, label, losses
from forewatch.arrays import Array, Index
from forewatch.errors import DataError
from models.comparison import change_of, weekly
from models.gate import GateEvidence, judge
from models.verdict import Rule, Verdict
from serving.workspace import Workspace

_CHALLENGER, _CHAMPION = "challenger", "champion"
_REFUSED = 4


def verdict(judged: Case, blocks: Blocks) -> Verdict:
    """Return the gate's verdict, from what both engines and the mean of 8 weeks forecast.

    Args:
        judged: with the contenders challenger, champion and 8 weeks.
        blocks: blocks of days ahead.

    Raises:
        DataError: if there is a level and block of which nothing was forecast by all and happened.
    """
    rule, judged = Rule(), _shared(judged, blocks)
    return judge(evidence(judged, blocks, _CHALLENGER), evidence(judged, blocks, _CHAMPION), rule)


def _shared(judged: Case, blocks: Blocks) -> Case:
    """Return the case with counts where all forecast, unknown elsewhere."""
    named = {one.name: one for one in judged.contenders}
    told = [np.isfinite(named[name].mean) for name in (_CHALLENGER, _CHAMPION, EIGHT)]
    counts = np.where(np.all(told, axis=0), judged.counts, np.nan)
    lead, of_level = judged.targets.lead_day, np.array(judged.level)
    for level in dict.fromkeys(judged.level):
        for block in blocks:
            at = (lead >= block[0]) & (lead <= block[1])
            if not np.isfinite(counts[np.ix_(at, of_level == level)]).any():
                raise DataError(
                    f"level {level}, days {label(block)}: no day was forecast by both files and "
                    "the mean of 8 weeks, and counted; give files of the same origins and series"
                )
    return replace(judged, counts=counts)


def evidence(judged: Case, blocks: Blocks, name: str) -> GateEvidence:
    """Return what the origins say of one contender beside the 8-week mean."""
    named = {one.name: one for one in judged.contenders}
    rule, rows = Rule(), []
    for level in dict.fromkeys(judged.level):
        series = np.flatnonzero(np.array(judged.level) == level)
        for block in blocks:
            lead = judged.targets.lead_day
            at = np.flatnonzero((lead >= block[0]) & (lead <= block[1]))
            part = np.ix_(at, series)
            counts, scale = judged.counts[part], np.ones((len(at), len(series)))
            found = {
                f"{prefix}{loss}": values
                for prefix, who in (("", name), ("baseline_", EIGHT))
                for loss, values in losses(named[who], part, counts, scale).items()
                if loss in rule.losses
            }
            rows.append(_sums(judged, at, found).assign(level=level, block=label(block)))
    sums = weekly(pd.concat(rows))
    return GateEvidence(_scores(sums, rule), sums)


def _sums(judged: Case, at: Index, found: dict[str, Array]) -> pd.DataFrame:
    """Return sums of losses over series by row; what one of the two doesn't know is in none."""
    known = np.all([np.isfinite(values) for values in found.values()], axis=0)
    summed = {name: np.where(known, values, 0).sum(1) for name, values in found.items()}
    origin = judged.targets.origins[judged.targets.origin[at]]
    return pd.DataFrame({"origin": origin, "week": judged.week[at], "n": known.sum(1)} | summed)


def _scores(sums: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    rows = []
    for (level, block), part in sums.groupby(["level", "block"], sort=False):
        row = {"level": str(level), "block": str(block), "n": float(part["n"].sum())}
        for loss in rule.losses:
            baseline = f"baseline_{loss}"
            row |= {each: part[each].sum() / part["n"].sum() for each in (loss, baseline)}
            ends = change_of(part, loss, baseline)
            names = (f"{loss}_vs_baseline{end}" for end in ("", "_low", "_high"))
            row |= dict(zip(names, ends, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    """Judge, and say why."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", choices=list(PROTOCOLS))
    parser.add_argument("workspace", type=Path)
    parser.add_argument(_CHALLENGER, type=Path)
    parser.add_argument(_CHAMPION, type=Path)
    asked = parser.parse_args()
    protocol = PROTOCOLS[asked.set]
    files = {_CHALLENGER: asked.challenger, _CHAMPION: asked.champion}
    judged, _ = case(Workspace(asked.workspace).history(), protocol, files)
    said = verdict(judged, protocol.blocks)
    print("passed" if said.passed else "refused")
    print("\n".join(f"- {reason}" for reason in said.reasons))
    if not said.passed:
        raise SystemExit(_REFUSED)


if __name__ == "__main__":
    main()
