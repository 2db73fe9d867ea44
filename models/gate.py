"""The gate: which trained engine may become the champion, and why.

A challenger passes if, on past origins and with nothing judged by what saw it,

1. at no published level and block of leads it is worse than the honest baseline by more than 1 %
   in CRPS or in mean absolute error, as far as the scores can tell (the 95 % interval of the
   difference lies above 0) and in no case by more than 5 %;
2. at the whole force, over all leads, its CRPS is lower than the baseline's;
3. against a champion judged on the same origins, the same holds with the champion in the
   baseline's place, a tie at the whole force being enough.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.verdict import Rule, Verdict

TOLERANCE = 0.01  # FORECASTING: never worse than the honest baseline by more than 1 %
_IN_NO_CASE = 0.05  # a difference that no lack of evidence excuses
_TIE = 0.002


def judge(challenger: pd.DataFrame, champion: pd.DataFrame | None, rule: Rule) -> Verdict:
    """Return the verdict on a challenger.

    Args:
        challenger: its scores, see `models.judging.score_table`; the first level is the force.
        champion: the champion's scores on the same past origins; None if there is no champion.
        rule: what is compared.
    """
    against = _against_baseline(challenger, rule)
    kept = [] if champion is None else _against_champion(challenger, champion, rule)
    reasons = against + kept
    if reasons:
        return Verdict(passed=False, reasons=tuple(reasons))
    ratio = _overall(challenger, "crps") / _overall(challenger, "baseline_crps") - 1
    good = [f"CRPS of the whole force is {-ratio:.1%} below the {rule.baseline}'s"]
    good.append("nowhere worse than the baseline by more than 1 % beyond chance")
    if champion is not None:
        good.append("nowhere worse than the champion on the same origins")
    return Verdict(passed=True, reasons=tuple(good))


def _against_baseline(scores: pd.DataFrame, rule: Rule) -> list[str]:
    reasons = []
    for _, row in scores.iterrows():
        for loss in rule.losses:
            low = row.get(f"{loss}_vs_baseline_low", np.nan)
            if found := _worse(row[loss], row[f"baseline_{loss}"], low):
                reasons.append(f"{_where(row)}: {loss} {found} than the {rule.baseline}")
    ours, theirs = _overall(scores, "crps"), _overall(scores, "baseline_crps")
    if not ours < theirs:
        reasons.append(
            f"whole force, all leads: CRPS {ours:.3f} is not below the {rule.baseline}'s "
            f"{theirs:.3f}"
        )
    return reasons


def _against_champion(challenger: pd.DataFrame, champion: pd.DataFrame, rule: Rule) -> list[str]:
    both = challenger.merge(champion, on=["level", "block"], suffixes=("", "_champion"))
    if len(both) < len(champion):
        missing = set(champion["level"]) - set(challenger["level"])
        return [f"the champion is judged at {', '.join(sorted(missing))}, the challenger is not"]
    reasons = [
        f"{_where(row)}: {loss} {found} than the champion"
        for _, row in both.iterrows()
        for loss in rule.losses
        if (found := _worse(row[loss], row[f"{loss}_champion"], np.nan))
    ]
    ours, theirs = _overall(challenger, "crps"), _overall(champion, "crps")
    if ours > theirs * (1 + _TIE):
        reasons.append(
            f"whole force, all leads: CRPS {ours:.3f} is above the champion's {theirs:.3f}"
        )
    return reasons


def _worse(ours: float, theirs: float, low: float) -> str:
    """Return in words by how much ours is worse, "" if it is not, as far as can be told.

    Args:
        ours: our loss.
        theirs: the loss compared with.
        low: lower bound of the relative difference; NaN where it is not known.
    """
    ratio = ours / theirs - 1 if theirs > 0 else 0.0
    sure = not low <= 0
    if ratio <= TOLERANCE or (ratio <= _IN_NO_CASE and not sure):
        return ""
    return f"{ratio:.1%} worse"


def _where(row: pd.Series) -> str:
    return f"level {row['level']}, days {row['block']}"


def _overall(scores: pd.DataFrame, loss: str) -> float:
    """Return the loss of the whole force over all blocks of leads."""
    root = scores[scores["level"] == scores["level"].iloc[0]]
    return float(np.average(root[loss], weights=root["n"]))
