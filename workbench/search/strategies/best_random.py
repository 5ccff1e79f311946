"""The best of k random sets: what any search has to beat at the same number of evaluations."""

from __future__ import annotations

import numpy as np

from workbench.search.baselines import random_set
from workbench.search.finalists import best_set
from workbench.search.greedy import greedy_sets
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask, in_steps

Ids = tuple[int, ...]


def best_random(task: SearchTask) -> Ids:
    """The best of ``random_tries`` random sets. Keeps nothing between: when broken off it is done again."""
    task.check_base()
    return best_of_random(task, task.options.random_tries or greedy_sets(len(task.ids), task.size), task.rng)


def best_of_random(task: SearchTask, tries: int, rng: np.random.Generator) -> Ids:
    """The best of ``tries`` random ordered sets of the task's size (a set drawn twice counts once), ties by ids."""
    drawn = [random_set(task.ids, task.size, task.fits, rng) for _ in range(tries)]
    sets = [ids for ids in dict.fromkeys(drawn) if ids]
    found = in_steps(task.objective, sets)
    return best_set(task, dict(zip(sets, found, strict=True)))


BEST_RANDOM = Strategy(
    "best_random", "Best of random sets", "Best of many random sets", "Tries many random sets and takes the best.",
    best_random,
    sets_searched=lambda candidates, size, options: options.random_tries or greedy_sets(candidates, size),
    options=("random_tries",), by_chance=True)
