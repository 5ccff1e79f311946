"""One random set: what a search has to beat."""

from __future__ import annotations

from workbench.search.baselines import random_set
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask


def random(task: SearchTask) -> tuple[int, ...]:
    """One random set; looks at no score."""
    task.check_base()
    return random_set(task.ids, task.size, task.fits, task.rng)


RANDOM = Strategy("random", "Random set", "Random sets only", "Takes a random set.", random,
                  sees_references=False, by_chance=True)
