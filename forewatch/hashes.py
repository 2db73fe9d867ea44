"""Hashes of pairs of numbers, for keys of two parts that are compared and never told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


def hash_pairs(one: Hashes, other: Hashes) -> Hashes:
    """Return a hash of each pair of numbers.

    Source: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators (the
    finaliser of SplitMix64).
    """
    z = one * np.uint64(0x9E3779B97F4A7C15) + other
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = z ^ (z >> np.uint64(31))
    return mixed
