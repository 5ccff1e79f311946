"""How much a search has to score, before it starts. Free of numpy, so that a form can ask."""

from __future__ import annotations

from math import factorial

from workbench.search.options import EMBEDDING, EXHAUSTIVE, RACED, SearchOptions

RANKED = (*RACED, "beam")            # strategies whose first ranking gives a set of its own to compare with


def sets_searched(strategy: str, candidates: int, rounds: int, options: SearchOptions) -> int:
    """How many sets are scored on the search questions, at most where that is not known before."""
    n, k = candidates, min(rounds, candidates)
    greedy = greedy_sets(n, k)
    sets = {
        "greedy": greedy,
        "top_k": 1 + n,
        "beam": 1 + n + sum(n - number for number in range(1, k)) * options.beam_width,
        "swap": greedy + 1 + options.swap_passes * (k * (n - k) + k * (k - 1) // 2),
        "best_random": options.random_tries or greedy,
    }.get(strategy, 0)
    if options.order == "likelihood" and k > 1:
        sets += factorial(min(k, EXHAUSTIVE))
    if options.equal_evaluations and strategy != "best_random":
        sets *= 2
    return sets


def first_stage(size: int) -> int:
    """How many of a set vote-k chooses by votes alone: a tenth, at least one (arXiv 2209.01975, section 2.1)."""
    return max(1, size // 10)


def answers_drawn(strategy: str, candidates: int, rounds: int) -> int:
    """How many candidates' instructions the model answers itself before the set is chosen."""
    size = min(rounds, candidates)
    return candidates - first_stage(size) if strategy == "vote_k" and size > first_stage(size) else 0


def sets_reported(strategy: str, random_sets: int, options: SearchOptions) -> int:
    """How many sets are scored on the held-out questions."""
    compared = sum(name != strategy for name in EMBEDDING) if options.embedding_baselines else 0
    return 3 + (strategy in RANKED) + options.equal_evaluations + compared + random_sets


def greedy_sets(candidates: int, rounds: int) -> int:
    """How many sets an exact greedy search evaluates at most: the base and each round's candidates."""
    return 1 + sum(candidates - round for round in range(min(rounds, candidates)))
