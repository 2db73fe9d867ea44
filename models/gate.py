"""The gate: which trained engine may become the champion, and why.

A challenger passes if, on past origins and with nothing judged by what saw it,

1. at no published level and block of leads it is worse than the honest baseline by more than 1 %
   in CRPS or in mean absolute error, beyond what chance explains (the 95 % interval of the
   difference lies above 0, see `models.scores.paired_change`);
2. at the whole force, over all leads, its CRPS is lower than the baseline's;
3. against a champion judged on the same origins, the same holds with the champion in the
   baseline's place, a tie at the whole force being enough.

What chance explains, and is more than 5 %, is told where it passes; what is refused is told with
the origins and weeks that decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models.comparison import change_of, deciding_origins, paired_sums
from models.verdict import Rule, Verdict

TOLERANCE = 0.01  # FORECASTING: never worse than the honest baseline by more than 1 %
_TOLD = 0.05  # a difference that is told though chance explains it
_TIE = 0.002
_CHAMPION = "champion"


@dataclass(frozen=True)
class GateEvidence:
    """What past origins say of a recipe.

    Args:
        scores: see `models.judging.score_table`; the first level is the force.
        losses: sums of losses by week and origin, see `models.comparison.weekly`; none where only
            means are known: no chance is told from them.
    """

    scores: pd.DataFrame
    losses: pd.DataFrame = field(default_factory=pd.DataFrame)

    def at(self, level: str, block: str) -> pd.DataFrame:
        """Return the sums of a level and block."""
        if self.losses.empty:
            return self.losses
        found = self.losses
        return found[(found["level"] == level) & (found["block"] == block)]


@dataclass(frozen=True)
class _Loss:
    """A loss that is larger than another by more than is tolerated.

    Args:
        where: level and block, in words.
        loss: its name.
        other: what it is compared with.
        change: ours ÷ theirs − 1.
        low, high: 95 % interval of the change; NaN: nothing is known of it.
        origins: how many there are; 0 where nobody knows.
        decided: the origins that most of it comes from, in words.
    """

    where: str
    loss: str
    other: str
    change: float
    low: float
    high: float
    origins: int
    decided: str

    @property
    def is_chance(self) -> bool:
        """Whether chance explains it."""
        return self.low <= 0

    def __str__(self) -> str:
        """Say it."""
        said = f"{self.where}: {self.loss} {self.change:.1%} worse than the {self.other}"
        if not np.isfinite(self.low):
            return said
        of = f", {self.origins} origins" if self.origins else ""
        said += f" (95 % interval {self.low:+.1%} to {self.high:+.1%}{of})"
        if self.is_chance:
            return f"{said}: chance explains it"
        return f"{said}; most of it from {self.decided}" if self.decided else said


def judge(challenger: GateEvidence, champion: GateEvidence | None, rule: Rule) -> Verdict:
    """Return the verdict on a challenger.

    Args:
        challenger: what past origins say of it.
        champion: what the same origins say of the champion; None if there is no champion.
        rule: what is compared.
    """
    found = [*_against_baseline(challenger, rule)]
    reasons = [str(each) for each in found if not each.is_chance]
    ours, theirs = (_overall(challenger.scores, name) for name in ("crps", "baseline_crps"))
    if not ours < theirs:
        reasons.append(
            f"whole force, all leads: CRPS {ours:.3f} is not below the {rule.baseline}'s "
            f"{theirs:.3f}"
        )
    if champion is not None:
        beside = [*_against_champion(challenger, champion, rule)]
        found += beside
        reasons += [str(each) for each in beside if not each.is_chance]
        reasons += _lost_to(challenger.scores, champion.scores)
    if reasons:
        return Verdict(passed=False, reasons=tuple(reasons))
    good = [f"CRPS of the whole force is {1 - ours / theirs:.1%} below the {rule.baseline}'s"]
    good.append("nowhere worse than the baseline by more than 1 % beyond chance")
    if champion is not None:
        good.append("nowhere worse than the champion on the same origins beyond chance")
    good += [str(each) for each in found if each.change > _TOLD]
    return Verdict(passed=True, reasons=tuple(good))


def _against_baseline(challenger: GateEvidence, rule: Rule) -> Iterator[_Loss]:
    for _, row in challenger.scores.iterrows():
        for loss in rule.losses:
            baseline, name = f"baseline_{loss}", f"{loss}_vs_baseline"
            change = _change(row[loss], row[baseline])
            if change > TOLERANCE:
                low, high = (float(row.get(f"{name}_{end}", np.nan)) for end in ("low", "high"))
                sums = challenger.at(row["level"], row["block"])
                told = _origins(sums, loss, baseline)
                yield _Loss(_where(row), loss, rule.baseline, change, low, high, *told)


def _against_champion(
    challenger: GateEvidence, champion: GateEvidence, rule: Rule
) -> Iterator[_Loss]:
    both = challenger.scores.merge(
        champion.scores, on=["level", "block"], suffixes=("", f"_{_CHAMPION}")
    )
    for _, row in both.iterrows():
        for loss in rule.losses:
            change = _change(row[loss], row[f"{loss}_{_CHAMPION}"])
            if change > TOLERANCE:
                sums = _beside(challenger, champion, row["level"], row["block"])
                names = loss, f"{loss}_theirs"
                low, high = change_of(sums, *names)[1:] if len(sums) else (np.nan, np.nan)
                told = _origins(sums, *names)
                yield _Loss(_where(row), loss, _CHAMPION, change, low, high, *told)


def _beside(one: GateEvidence, two: GateEvidence, level: str, block: str) -> pd.DataFrame:
    ours, theirs = one.at(level, block), two.at(level, block)
    return ours if ours.empty or theirs.empty else paired_sums(ours, theirs)


def _origins(sums: pd.DataFrame, ours: str, theirs: str) -> tuple[int, str]:
    """Return how many origins there are, and which decided; nothing where nobody knows."""
    if sums.empty or theirs not in sums:
        return 0, ""
    told = sums[sums["n"] > 0]
    return told["origin"].nunique(), deciding_origins(told, ours, theirs)


def _lost_to(challenger: pd.DataFrame, champion: pd.DataFrame) -> Iterator[str]:
    missing = set(champion["level"]) - set(challenger["level"])
    if missing:
        yield f"the champion is judged at {', '.join(sorted(missing))}, the challenger is not"
        return
    ours, theirs = _overall(challenger, "crps"), _overall(champion, "crps")
    if ours > theirs * (1 + _TIE):
        yield f"whole force, all leads: CRPS {ours:.3f} is above the champion's {theirs:.3f}"


def _change(ours: float, theirs: float) -> float:
    return ours / theirs - 1 if theirs > 0 else 0.0


def _where(row: pd.Series) -> str:
    return f"level {row['level']}, days {row['block']}"


def _overall(scores: pd.DataFrame, loss: str) -> float:
    """Return the loss of the whole force over all blocks of leads."""
    root = scores[scores["level"] == scores["level"].iloc[0]]
    return float(np.average(root[loss], weights=root["n"]))
