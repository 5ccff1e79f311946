"""Tests: flips of signs for paired differences, and Holm's correction for several tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXACT_ITEMS = 12                     # up to here all 2ⁿ flips of signs are looked at
FLIPS = 20_000


def sign_flip_test(differences: Floats, rng: np.random.Generator) -> float:
    """The two-sided probability of a sum as far from zero if each item's sign were a coin's.

    Exact up to EXACT_ITEMS; else FLIPS random flips, the flip that was seen counted among them.
    """
    items = len(differences)
    seen = abs(differences.sum())
    exact = items <= EXACT_ITEMS
    if exact:
        bits = np.arange(2**items)[:, None] >> np.arange(items)
        signs = 1.0 - 2.0 * (bits & 1)
    else:
        signs = rng.integers(0, 2, size=(FLIPS, items)) * 2.0 - 1.0
    as_far = int((np.abs(signs @ differences) >= seen * (1 - 1e-9) - 1e-12).sum())
    return as_far / len(signs) if exact else (as_far + 1) / (FLIPS + 1)


def holm(p: Sequence[float]) -> list[float]:
    """The p of several tests, in their order, corrected so that the chance of any wrong "different" among them stays
    below the level that each is held against (Holm 1979)."""
    order = sorted(range(len(p)), key=p.__getitem__)
    corrected, largest = [0.0] * len(p), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, p[at] * (len(p) - rank)))
        corrected[at] = largest
    return corrected
