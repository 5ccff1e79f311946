"""The best by single gain: what one gets by scoring each candidate alone."""

from __future__ import annotations

from workbench.search.baselines import top_k_set
from workbench.search.greedy import greedy_rounds
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask


def top_k(task: SearchTask) -> tuple[int, ...]:
    """One round of the greedy search, then its first ``size``."""
    rounds = greedy_rounds(task, 1)
    return top_k_set(rounds[0].ranking, task.size, task.fits) if rounds else ()


TOP_K = Strategy(
    "top_k", "Best by single gain", "Top by single gain", "Tries each candidate alone and takes the best.", top_k,
    sets_searched=lambda candidates, size, options: 1 + candidates, scores_singly=True)
