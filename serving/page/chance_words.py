"""Probabilities as planners say them: so many in ten."""

from __future__ import annotations

import math

from serving.charts.words import percent_text

_NEVER, _RARE, _SURE = 0.001, 0.05, 0.95
_NEAR_THE_ENDS = 0.425  # from a half: beyond, tenths would double or halve what is left


def chance_words(chance: float) -> str:
    """Return a probability in words.

    >>> [chance_words(p) for p in (0.71, 0.02, 0.99, 0.06, 0.0, float("nan"))]
    ['about 7 in 10', 'less than 1 in 20', 'more than 19 in 20', 'about 1 in 20', 'next to none', \
'unknown']
    """
    if not math.isfinite(chance):
        return "unknown"
    if chance < _NEVER:
        return "next to none"
    if chance < _RARE:
        return "less than 1 in 20"
    if chance > _SURE:
        return "more than 19 in 20"
    parts = 10 if abs(chance - 0.5) < _NEAR_THE_ENDS else 20
    return f"about {round(parts * chance)} in {parts}"


def chance_with_percent(chance: float) -> str:
    """Return a probability in words, with the number for who compares.

    >>> chance_with_percent(0.52), chance_with_percent(0.0), chance_with_percent(float("nan"))
    ('about 5 in 10 (52 %)', 'next to none', 'unknown')
    """
    words = chance_words(chance)
    return words if not chance >= _NEVER else f"{words} ({percent_text(chance)})"


def of_ten(share: float) -> str:
    """Return a share that was promised.

    >>> of_ten(0.8)
    '8 of 10'
    """
    return f"{10 * share:g} of 10"
