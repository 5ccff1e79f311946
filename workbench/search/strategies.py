"""The strategies by name. A new one is a function of a SearchTask added here (see docs/adding-a-strategy.md)."""

from __future__ import annotations

from itertools import permutations

from workbench.search.baselines import diverse_set, random_set, top_k_set
from workbench.search.beam import beam
from workbench.search.best_random import best_random
from workbench.search.finalists import best_set
from workbench.search.greedy import greedy, greedy_rounds
from workbench.search.improvement import swap
from workbench.search.similarity import nearest, set_coverage
from workbench.search.task import SearchTask, Strategy, in_steps
from workbench.search.vote_k import fast_vote_k, vote_k


def random(task: SearchTask) -> tuple[int, ...]:
    """One random set; looks at no score."""
    task.check_base()
    return random_set(task.ids, task.size, task.fits, task.rng)


def top_k(task: SearchTask) -> tuple[int, ...]:
    """The best by single gain: one round of the greedy search, then its first ``size``."""
    rounds = greedy_rounds(task, 1)
    return top_k_set(rounds[0].ranking, task.size, task.fits) if rounds else ()


def diverse(task: SearchTask) -> tuple[int, ...]:
    """Stratified by source; looks at no score."""
    task.check_base()
    return diverse_set(task.candidates, task.size, task.fits, task.rng)


def exhaustive(task: SearchTask) -> tuple[int, ...]:
    """The best of all ordered sets of ``size`` (n!/(n-k)! evaluations): the truth for small pools."""
    task.check_base()
    sets = [ids for ids in permutations(task.ids, min(task.size, len(task.ids))) if task.fits(ids)]
    return best_set(task, dict(zip(sets, in_steps(task.objective, sets), strict=True)))


STRATEGIES: dict[str, Strategy] = {
    "greedy": greedy,
    "beam": beam,
    "swap": swap,
    "best_random": best_random,
    "random": random,
    "top_k": top_k,
    "diverse": diverse,
    "exhaustive": exhaustive,
    "nearest": nearest,
    "set_coverage": set_coverage,
    "vote_k": vote_k,
    "fast_vote_k": fast_vote_k,
}
