"""How much a search has to score, before it starts."""

from __future__ import annotations

from math import factorial

from workbench.search.options import EXHAUSTIVE, SearchOptions
from workbench.search.strategies import strategies
from workbench.search.strategy import Strategy


def sets_searched(strategy: Strategy, candidates: int, rounds: int, options: SearchOptions) -> int:
    """How many sets are scored on the search questions, at most where that is not known before."""
    size = min(rounds, candidates)
    sets = strategy.sets_searched(candidates, size, options)
    if options.order == "likelihood" and size > 1:
        sets += factorial(min(size, EXHAUSTIVE))
    if options.equal_evaluations and not strategy.by_chance:
        sets *= 2
    return sets


def sets_reported(strategy: Strategy, random_sets: int, options: SearchOptions) -> int:
    """How many sets are scored on the held-out questions."""
    compared = sum(other.name != strategy.name for other in compared_with()) if options.embedding_baselines else 0
    best_by_single_gain = strategy.scores_singly and strategy.name != "top_k"
    return 3 + best_by_single_gain + options.equal_evaluations + compared + random_sets


def compared_with() -> list[Strategy]:
    """Strategies that compare texts and score nothing: their sets are reported beside the chosen one if asked for."""
    return [strategy for strategy in strategies().values() if strategy.compared_as]
