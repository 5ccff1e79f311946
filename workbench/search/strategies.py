"""The strategies by name. A new one is a function of a SearchTask added here (see docs/adding-a-strategy.md)."""

from __future__ import annotations

from itertools import permutations

from workbench.search.baselines import diverse_set, random_set, top_k_set
from workbench.search.beam import beam
from workbench.search.best_random import best_random
from workbench.search.greedy import greedy, greedy_rounds
from workbench.search.improvement import swap
from workbench.search.intervals import mean_logprob
from workbench.search.task import SearchTask, Strategy


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
    answers = task.objective.evaluate(sets)
    scored = [(-mean_logprob(found), ids) for ids, found in zip(sets, answers, strict=True)]
    return min(scored)[1] if scored else ()


STRATEGIES: dict[str, Strategy] = {
    "greedy": greedy,
    "beam": beam,
    "swap": swap,
    "best_random": best_random,
    "random": random,
    "top_k": top_k,
    "diverse": diverse,
    "exhaustive": exhaustive,
}
