"""Fast vote-k (Su et al., "Selective Annotation Makes Language Models Better Few-Shot Learners", arXiv 2209.01975,
section 2.2 and appendix): candidates that stand for many others and differ from those that were chosen already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.search.similarity import Floats, candidate_vectors, first_fitting
from workbench.search.task import SearchTask

NEIGHBOURS, SHARE = 150, 0.1         # the paper's k of the graph; of a small pool no more than this share
DISCOUNT = 10.0                      # the paper's rho
_ROWS = 1024                         # similarities to all others computed at once


def vote_k(task: SearchTask) -> tuple[int, ...]:
    """Looks at the candidates only, neither at questions nor at scores; ties by id.

    Each candidate votes for its nearest neighbours; a vote weighs less, by DISCOUNT, for each of the voter's neighbours
    that is chosen already.
    """
    task.check_base()
    ids, chosen = task.ids, tuple[int, ...]()
    near = neighbours(candidate_vectors(task), min(NEIGHBOURS, max(1, int(SHARE * len(ids)))))
    taken = np.zeros(len(ids), bool)
    while len(chosen) < task.size:
        at = first_fitting(task, ids, votes_for(near, taken), chosen)
        if at is None:
            break
        chosen, taken[at] = (*chosen, ids[at]), True
    return chosen


def votes_for(near: NDArray[np.int64], taken: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What each candidate gets: Σ over the voters that are not taken of DISCOUNT^-(taken ones among the voter's
    neighbours). ``near`` is ``(candidates, neighbours)``."""
    weight = np.where(taken, 0.0, DISCOUNT ** -taken[near].sum(axis=1, dtype=np.float64))
    return np.asarray(np.bincount(near.ravel(), np.repeat(weight, near.shape[1]), minlength=len(near)), np.float64)


def neighbours(vectors: Floats, count: int) -> NDArray[np.int64]:
    """For each unit vector the places of its ``count`` nearest others by cosine, at most all ``(vectors, count)``."""
    count = min(count, len(vectors) - 1)
    found = np.empty((len(vectors), count), np.int64)
    for start in range(0, len(vectors), _ROWS):
        likeness = vectors[start : start + _ROWS] @ vectors.T
        rows = np.arange(len(likeness))
        likeness[rows, start + rows] = -np.inf
        found[start : start + _ROWS] = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
    return found
