"""How far a student prefers what its teacher prefers (arXiv 2312.17055, section on preference consistency)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.statistics.rank_correlation import kendall_tau


@dataclass(frozen=True, slots=True)
class Consistency:
    """Shares over examples: the student's best (worst) subset is the teacher's; ``tau`` is the mean Kendall tau-b
    (0 for an example whose subsets one of them scores alike).

    ``best_hits`` and ``worst_hits`` hold one 0/1 an example, ``taus`` one tau, for intervals and paired tests.
    """

    best: float
    worst: float
    tau: float
    best_hits: tuple[float, ...]
    worst_hits: tuple[float, ...]
    taus: tuple[float, ...]


def consistency(teacher: Sequence[Sequence[float]], student: Sequence[Sequence[float]]) -> Consistency:
    """Both are preference scores ``(examples, subsets)``, in any monotone scale (the paper: 500 examples × 5 subsets).

    Where a model scores several subsets equally highest, a hit counts by the share of its choice that is right: the
    overlap of both models' best subsets over the student's number of them. Raises ValueError for different shapes.
    """
    t, s = np.asarray(teacher, dtype=float), np.asarray(student, dtype=float)
    if t.shape != s.shape or t.ndim != 2 or t.shape[1] < 2:
        raise ValueError(f"teacher {t.shape} and student {s.shape} must both be (examples, subsets ≥ 2)")
    best, worst = _hits(t, s), _hits(-t, -s)
    taus = np.nan_to_num([kendall_tau(scores, learnt) for scores, learnt in zip(t, s, strict=True)])
    return Consistency(float(best.mean()), float(worst.mean()), float(taus.mean()),
                       tuple(best.tolist()), tuple(worst.tolist()), tuple(taus.tolist()))


def _hits(teacher: NDArray[np.float64], student: NDArray[np.float64]) -> NDArray[np.float64]:
    right = teacher == teacher.max(1, keepdims=True)
    chosen = student == student.max(1, keepdims=True)
    share: NDArray[np.float64] = (right & chosen).sum(1) / chosen.sum(1)
    return share
