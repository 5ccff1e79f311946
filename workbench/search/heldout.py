"""The honest end of a search: its set on questions that it never saw, beside sets that cost nothing to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.domain import AnswerScore, Interval, RankedCandidate, SetEvaluation
from workbench.search.baselines import diverse_set, random_set, top_k_set
from workbench.search.intervals import by_question, mean_logprob
from workbench.search.task import SearchTask
from workbench.search.work import compared_with
from workbench.statistics.crossed import crossed_difference
from workbench.statistics.intervals import mean_intervals


@dataclass(frozen=True, slots=True)
class ProposedSet:
    """A set to be measured: how it came about, its label, and its demonstrations in order."""

    strategy: str
    label: str
    ids: tuple[int, ...]

    def measured(self, answers: tuple[AnswerScore, ...]) -> SetEvaluation:
        return SetEvaluation(self.strategy, self.label, self.ids, mean_logprob(answers), answers)


CHOSEN = "chosen"


def sets_to_measure(
    task: SearchTask,
    strategy: str,
    chosen: tuple[int, ...],
    first_ranking: Sequence[RankedCandidate],
    random_sets: int,
    rng: np.random.Generator,
) -> list[ProposedSet]:
    """The base, the chosen set, and the baselines: each as large as the chosen set, where the budget allows.

    The best by single gain is there only if candidates were scored singly (``first_ranking`` is not empty). Each
    random set has a stream of its own, so that a set does not depend on how many there are.
    """
    size = len(chosen)
    streams = rng.spawn(random_sets + 1)
    sets = [ProposedSet("base", "base", ()), ProposedSet(strategy, CHOSEN, chosen)]
    if first_ranking and strategy != "top_k":
        sets.append(ProposedSet("top_k", "best by single gain", top_k_set(first_ranking, size, task.fits)))
    if strategy != "diverse":
        spread = diverse_set(task.candidates, size, task.fits, streams[0])
        sets.append(ProposedSet("diverse", "one of each source", spread))
    if task.options.embedding_baselines and task.embeddings is not None and chosen:
        same = replace(task, size=size)
        sets += [ProposedSet(other.name, other.compared_as, other(same)) for other in compared_with()
                 if other.name != strategy]
    for seed, stream in enumerate(streams[1:]):
        sets.append(ProposedSet("random", f"random {seed}", random_set(task.ids, size, task.fits, stream)))
    return sets


def difference_to_random(
    chosen: Sequence[AnswerScore], random: Sequence[Sequence[AnswerScore]], rng: np.random.Generator
) -> Interval | None:
    """Chosen minus the mean of the random sets, in nats per answer, with its 95 % interval, paired over questions.

    With several random sets the interval is over questions and sets: how far the chosen set is from a set drawn at
    random. With one it is said of that set only. None without random sets.
    """
    if not random:
        return None
    sums, counts = by_question([chosen, *random])
    if len(random) > 1 and len(counts) > 1:
        return crossed_difference(sums[:1], sums[1:], counts).interval
    return mean_intervals((sums[0] - sums[1:].mean(axis=0))[None, :], counts, rng)[0]


def random_mean(random: Sequence[Sequence[AnswerScore]]) -> float | None:
    """Mean over the random sets, in nats per answer; None without any."""
    return float(np.mean([mean_logprob(answers) for answers in random])) if random else None
