"""Local improvement: after greedy search, demonstrations are exchanged as long as the set gets better by it."""

from __future__ import annotations

from itertools import combinations

from workbench.search.finalists import settled
from workbench.search.greedy import greedy, greedy_sets
from workbench.search.intervals import mean_logprob
from workbench.search.options import SearchOptions
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask, in_steps

Ids = tuple[int, ...]

LEAST_GAIN = 1e-4                    # nats per answer: below it, two ways to compute the same set may differ


def swap(task: SearchTask) -> Ids:
    """Greedy search, then ``swap_passes`` passes of ``improved``.

    A search that was broken off takes greedy's rounds over and does the improvement again from its start.
    """
    found = greedy(task)
    return improved(task, found) if found else found


def improved(task: SearchTask, ids: Ids) -> Ids:
    """Place by place the best other candidate, then the best exchange of two places; again until nothing gains.

    Never worse on the search questions than ``ids``.
    """
    answers = task.objective.evaluate([ids])[0]
    for _ in range(task.options.swap_passes):
        before = ids
        for place in range(len(ids) + 1):
            sets = [other for other in neighbours(task.ids, ids, place) if task.fits(other)]
            found = in_steps(task.objective, sets, len(answers))
            scores = {ids: answers, **dict(zip(sets, found, strict=True))}
            compared = settled(task, scores) or scores
            other = min(compared, key=lambda one: (-mean_logprob(compared[one]), one))
            gained = mean_logprob(compared[other]) - mean_logprob(compared.get(ids, answers))
            if gained > LEAST_GAIN:
                ids, answers = other, scores[other]
                task.watch.log("good", f"Better by {gained:.3f} nats per answer: {', '.join(map(str, ids))}.")
        if ids == before:
            break
    return ids


def neighbours(pool: Ids, ids: Ids, place: int) -> list[Ids]:
    """``ids`` with any other candidate at ``place``; after the last place, with any two places exchanged."""
    if place < len(ids):
        return [(*ids[:place], id, *ids[place + 1 :]) for id in pool if id not in ids]
    return [_exchanged(ids, *pair) for pair in combinations(range(len(ids)), 2)]


def _exchanged(ids: Ids, one: int, other: int) -> Ids:
    changed = list(ids)
    changed[one], changed[other] = ids[other], ids[one]
    return tuple(changed)


def _sets_searched(candidates: int, size: int, options: SearchOptions) -> int:
    size = min(size, candidates)
    neighbouring = size * (candidates - size) + size * (size - 1) // 2
    return greedy_sets(candidates, size) + 1 + options.swap_passes * neighbouring


SWAP = Strategy(
    "swap", "Greedy search, then swaps", "Greedy, then swaps while they gain",
    "Builds a set round by round, then exchanges single demonstrations and places while that gains.", swap,
    sets_searched=_sets_searched, options=("racing", "swap_passes"), scores_singly=True)
