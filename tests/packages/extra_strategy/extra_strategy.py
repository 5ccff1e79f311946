"""A search strategy as a researcher's own package brings it."""

from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask


def longest(task: SearchTask) -> tuple[int, ...]:
    """The longest answers that fit; ties by id."""
    task.check_base()
    chosen: tuple[int, ...] = ()
    for candidate in sorted(task.candidates, key=lambda candidate: (-len(candidate.answer), candidate.id or 0)):
        if candidate.id is not None and len(chosen) < task.size and task.fits((*chosen, candidate.id)):
            chosen = (*chosen, candidate.id)
    return chosen


LONGEST = Strategy("longest", "Longest answers", "Longest answers first", "Takes the candidates with the most text.",
                   longest, sees_references=False, compared_as="longest answers")
