"""A set that is spread over the sources of its demonstrations."""

from __future__ import annotations

from workbench.search.baselines import diverse_set
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask


def diverse(task: SearchTask) -> tuple[int, ...]:
    """Stratified by source; looks at no score."""
    task.check_base()
    return diverse_set(task.candidates, task.size, task.fits, task.rng)


DIVERSE = Strategy("diverse", "Diverse set", "Diverse: spread over the sources",
                   "Takes candidates of as many sources as there are.", diverse, sees_references=False)
