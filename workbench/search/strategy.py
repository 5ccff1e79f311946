"""What a search strategy is, and all that form, command line, report and progress ask of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.search.options import SearchOptions
from workbench.search.task import SearchTask


def _none(candidates: int, size: int, options: SearchOptions) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to choose a set of demonstrations.

    ``function`` returns the chosen ids in the order in which they stand in the prompt; fewer than ``task.size`` when
    no more fit. ``name`` stands in specifications and on the command line, ``title`` in a job's name, ``choice`` in
    the form, ``words`` below it: what it does, in a sentence.

    ``sets_searched`` and ``answers_drawn`` say, for so many candidates and a set of this size, how many sets are scored
    on the search questions and how many candidates' instructions the model answers itself; at most, where that is not
    known before. ``options`` are the SearchOptions that go with it, by name. ``scores_singly``: its first round scores
    each candidate alone. ``by_chance``: it draws sets at random, so that the best of as many random sets is no
    comparison. ``compared_as`` is its label where its set is reported beside another strategy's ("": it is not); such a
    strategy evaluates nothing. ``offered``: in the form and on the command line.
    """

    name: str
    title: str
    choice: str
    words: str
    function: Callable[[SearchTask], tuple[int, ...]]
    sets_searched: Callable[[int, int, SearchOptions], int] = _none
    answers_drawn: Callable[[int, int, SearchOptions], int] = _none
    options: tuple[str, ...] = ()
    scores_singly: bool = False
    sees_references: bool = True
    uses_embeddings: bool = False
    by_chance: bool = False
    compared_as: str = ""
    offered: bool = True

    @property
    def raced(self) -> bool:
        """Whether its rounds can be raced."""
        return "racing" in self.options

    @property
    def searches(self) -> bool:
        """Whether it evaluates sets that it has thought of: then as many random ones are a fair comparison."""
        return self.sets_searched is not _none and not self.by_chance

    def __call__(self, task: SearchTask) -> tuple[int, ...]:
        return self.function(task)
