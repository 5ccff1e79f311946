"""All ordered sets: the truth for small pools, beside which the other strategies are tested."""

from __future__ import annotations

from itertools import permutations
from math import perm

from workbench.search.finalists import best_set
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask, in_steps


def exhaustive(task: SearchTask) -> tuple[int, ...]:
    """The best of all ordered sets of ``size`` (n!/(n-k)! evaluations)."""
    task.check_base()
    sets = [ids for ids in permutations(task.ids, min(task.size, len(task.ids))) if task.fits(ids)]
    return best_set(task, dict(zip(sets, in_steps(task.objective, sets), strict=True)))


EXHAUSTIVE = Strategy(
    "exhaustive", "Exhaustive search", "Exhaustive: all ordered sets", "Tries all ordered sets.", exhaustive,
    sets_searched=lambda candidates, size, options: perm(candidates, min(size, candidates)), offered=False)
