"""What the gate compares, and what it says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What the gate compares.

    Args:
        losses: columns of the scores that may not be worse.
        baseline: the honest baseline, as a sentence names it.
    """

    losses: tuple[str, ...] = ("crps", "mae")
    baseline: str = "8-week baseline"


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger may become champion, and the reasons in words."""

    passed: bool
    reasons: tuple[str, ...]
